"""A receiver of traces in a process of its own: OTLP/HTTP with protobuf bodies, as an OpenTelemetry Collector takes them. What came is told at ``/spans``."""

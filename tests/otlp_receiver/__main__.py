"""``python -m tests.otlp_receiver PORT``."""

from __future__ import annotations

import sys

from aiohttp import web
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse


class Receiver:
    def __init__(self) -> None:
        self._spans: list[dict[str, object]] = []

    async def take(self, request: web.Request) -> web.Response:
        """POST /v1/traces; aiohttp has unpacked a compressed body by its Content-Encoding."""
        if request.content_type != "application/x-protobuf":
            raise web.HTTPUnsupportedMediaType(text=request.content_type)
        sent = ExportTraceServiceRequest.FromString(await request.read())
        for resource in sent.resource_spans:
            service = next((field.value.string_value for field in resource.resource.attributes if field.key == "service.name"), "")
            for scope in resource.scope_spans:
                self._spans.extend(
                    {"service": service, "trace": span.trace_id.hex(), "id": span.span_id.hex(), "parent": span.parent_span_id.hex()}
                    | {"name": span.name, "attributes": MessageToDict(span).get("attributes", [])}
                    for span in scope.spans
                )
        return web.Response(body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf")

    async def tell(self, _request: web.Request) -> web.Response:
        return web.json_response(self._spans)


def main() -> None:
    receiver = Receiver()
    app = web.Application()
    app.add_routes([web.post("/v1/traces", receiver.take), web.get("/spans", receiver.tell)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()

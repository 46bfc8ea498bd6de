"""Recall, false replacements, cost per real edit, and throughput of redaction: ``python -m bench.redaction``."""

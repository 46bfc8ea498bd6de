"""Personal data and secrets leave a text here, before it reaches any durable topic but the raw ones."""

from contracts.sources.model import ENTITIES, RedactionPolicy
from streams.redact.redactor import Redacted, Redactor

__all__ = ["ENTITIES", "Redacted", "RedactionPolicy", "Redactor"]

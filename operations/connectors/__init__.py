"""``headrace connectors …``: what an operator does with the sources of ``sources.yaml``."""

from operations.connectors.commands import app

__all__ = ["app"]

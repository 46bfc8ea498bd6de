"""``headrace verify``: recomputes what the index must hold from the source tables, compares, and repairs."""

from operations.verify.command import verify

__all__ = ["verify"]

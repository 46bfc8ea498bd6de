"""Postgres sources: from ``sources.yaml`` to a running Debezium connector, its publication and slot, and back to nothing.

``plan`` is pure; ``observe`` reads, ``apply`` and ``delete`` write, and each of them is safe to run again.
"""

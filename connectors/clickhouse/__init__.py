"""Rows of ClickHouse tables into ``source.*``: a poller by (updated_at, key, version) with a safety lag, records and cursor in one Kafka transaction."""

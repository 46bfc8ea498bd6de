"""ClickHouse's own engine behind its HTTP interface: stands in for a server where none is installed. Every query is answered by the real engine, in process."""

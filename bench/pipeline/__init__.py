"""Benchmarks of the whole path on the real servers: freshness under load, the first load, start-up and memory."""

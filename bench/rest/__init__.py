"""Benchmarks of REST sources: the vendor's test server in a process of its own, and everything of ours as shipped."""

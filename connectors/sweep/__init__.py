"""Sweeps: what no webhook told is found by asking, and written to ``hints.*`` for the collector to fetch."""

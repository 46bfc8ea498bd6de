"""The faults of tests/e2e for hours: ``python -m bench.chaos --rounds 100 --seed 1``."""

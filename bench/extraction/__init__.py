"""What comes back of PDFs and scans, and how fast: ``python -m bench.extraction``."""

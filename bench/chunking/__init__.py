"""What an edit costs in chunks, against fixed windows and a recursive splitter: ``python -m bench.chunking``."""

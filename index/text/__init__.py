"""Pure functions over text that indexing and querying must do alike: sentences and BM25 terms."""

"""The index itself: embedding, collections, manifests, the write protocol, and reading with both gates."""

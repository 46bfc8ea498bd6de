"""Rows of Postgres as the connector writes them and as SQL reads them, related rows included: pure, for whoever reads a row or makes a document of it."""

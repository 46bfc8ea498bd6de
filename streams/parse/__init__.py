"""Texts of other formats to Markdown, in which headings, lists, tables and code keep their structure for the chunker."""

from streams.parse.html import to_markdown

__all__ = ["to_markdown"]

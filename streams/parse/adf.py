"""Atlassian Document Format, version 1, to HTML: what Jira Cloud's REST v3 and Confluence Cloud's ``atlas_doc_format`` hold.

Every node of the documented schema has a rule in ``adf_nodes``; one that is not known keeps its text. Text is never dropped but for ``placeholder``, which
only the editor shows. A document that is not ADF, or is nested deeper than any editor makes it, raises MalformedAdfError.

Vendor's pages: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure and
https://developer.atlassian.com/platform/framework/adf-builder/technical/about-adf/.
"""

from __future__ import annotations

from collections.abc import Iterator

from streams.parse.adf_node import MalformedAdfError, Node, decoded, read
from streams.parse.adf_nodes import rule_of
from streams.parse.fragments import MAX_DEPTH, written

__all__ = ["MalformedAdfError", "to_html"]


def to_html(document: object) -> str:
    """The HTML of a ``doc`` node, decoded or as JSON text. Raises MalformedAdfError."""
    root = read(decoded(document) if isinstance(document, str | bytes) else document)
    if root.kind != "doc":
        raise MalformedAdfError("the root is no doc")
    if root.version != 1:
        raise MalformedAdfError("the version is not 1")
    return written(root, _parts, lambda: MalformedAdfError(f"nested deeper than {MAX_DEPTH} levels"))


def _parts(node: Node) -> Iterator[str | Node]:
    return rule_of(node.kind)(node)

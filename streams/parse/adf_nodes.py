"""What each node of the Atlassian Document Format turns into: ready markup and the nodes to go on with, in order.

Structure of the nodes: https://developer.atlassian.com/platform/framework/adf-builder/reference/nodes/NAME/ (NAME as in ``_RULES``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from streams.parse.adf_inline import Parts, card, date, emoji, media, mention, status, text
from streams.parse.adf_node import Node, decoded, read
from streams.parse.fragments import code_block, escaped, note, opening, title_line

Rule = Callable[[Node], Parts]

_DEEPEST_HEADING: Final = 6
_BLOCKS: Final = frozenset({"paragraph", "bulletList", "orderedList", "taskList", "codeBlock", "mediaSingle", "mediaGroup"})
"""What may follow the first paragraph of an item and writes elements of its own."""


def rule_of(kind: str) -> Rule:
    return _RULES.get(kind, _unknown)


def _inside(name: str) -> Rule:
    """A rule that puts the content between two tags."""

    def rule(node: Node) -> Parts:
        yield f"<{name}>"
        yield from node.content()
        yield f"</{name}>"

    return rule


def _transparent(node: Node) -> Parts:
    yield from node.content()


def _unknown(node: Node) -> Parts:
    """A node that came after this was written, or of an app: whatever of it is text."""
    yield escaped(" ".join(word for word in (node.text, *_texts(node)) if word))
    yield from node.content()


def _texts(node: Node) -> Iterator[str]:
    return (value for name in ("title", "text", "shortName", "url") if isinstance(value := node.attrs.get(name), str))


def _heading(node: Node) -> Parts:
    level = max(1, min(node.number("level", 1), _DEEPEST_HEADING))
    return _inside(f"h{level}")(node)


def _ordered_list(node: Node) -> Parts:
    start = node.number("order", 1)
    yield opening("ol", {"start": str(start) if start != 1 else ""})
    yield from node.content()
    yield "</ol>"


def _item(lead: str) -> Rule:
    """An item of a list. Its first paragraph stands in the item itself, which is how the normaliser knows that it is the item's text."""

    def rule(node: Node) -> Parts:
        yield f"<li>{lead}"
        content = node.content()
        first, second = next(content, None), next(content, None)
        if first is not None and first.kind == "paragraph" and (second is None or second.kind in _BLOCKS):
            yield from first.content()
        elif first is not None:
            yield first
        yield from chain((second,) if second is not None else (), content)
        yield "</li>"

    return rule


def _task(node: Node) -> Parts:
    """https://developer.atlassian.com/platform/framework/adf-builder/reference/nodes/taskItem/; state is TODO or DONE."""
    return _item("[x] " if node.word("state") == "DONE" else "[ ] ")(node)


def _code(node: Node) -> Parts:
    """The content is text nodes without marks; any other node is a guest whose text is kept."""
    children = list(node.content())
    texts = [child.text for child in children if child.kind == "text"]
    yield code_block("".join(texts), node.word("language"))
    yield from (child for child in children if child.kind != "text")


def _panel(node: Node) -> Parts:
    """https://developer.atlassian.com/platform/framework/adf-builder/reference/nodes/panel/; panelType is info, note, warning, success, error, tip or custom."""
    yield f"<div>{title_line(node.word('panelType') or 'panel')}"
    yield from node.content()
    yield "</div>"


def _expand(node: Node) -> Parts:
    yield f"<div>{title_line('', node.word('title'))}"
    yield from node.content()
    yield "</div>"


def _cell(name: str) -> Rule:
    """https://developer.atlassian.com/cloud/jira/platform/apis/document/nodes/table_cell/; colspan and rowspan are numbers."""

    def rule(node: Node) -> Parts:
        spans = {span: str(count) for span in ("colspan", "rowspan") if (count := node.number(span, 1)) > 1}
        yield opening(name, spans)
        yield from node.content()
        yield f"</{name}>"

    return rule


def _table(node: Node) -> Parts:
    yield "<table><tbody>"
    yield from node.content()
    yield "</tbody></table>"


def _in_paragraph(rule: Rule) -> Rule:
    def wrapped(node: Node) -> Parts:
        yield "<p>"
        yield from rule(node)
        yield "</p>"

    return wrapped


def _extension(node: Node) -> Parts:
    """What an app or a macro shows cannot be had here: its body is kept; without one, its text or key stands for it.

    A table inside a table's cell arrives as an extension whose parameter ``adf`` is the table as JSON text (atlaskit's adf-utils, nested-table-transform).
    """
    nested = node.table("parameters").get("adf") if node.word("extensionKey") == "nested-table" else None
    if isinstance(nested, str):
        yield read(decoded(nested))
    elif node.children:
        yield from _inside("div")(node)
    else:
        yield from _in_paragraph(_inline_extension)(node)


def _inline_extension(node: Node) -> Parts:
    yield note("extension", node.word("text") or node.word("extensionKey"))
    yield from node.content()


def _nothing(_: Node) -> Parts:
    return iter(())


def _break(_: Node) -> Parts:
    yield "<br>"


def _rule(_: Node) -> Parts:
    yield "<hr>"


_RULES: Final[dict[str, Rule]] = {
    "doc": _transparent,
    "paragraph": _inside("p"),
    "heading": _heading,
    "text": text,
    "hardBreak": _break,
    "rule": _rule,
    "blockquote": _inside("blockquote"),
    "codeBlock": _code,
    "panel": _panel,
    "expand": _expand,
    "nestedExpand": _expand,
    "bulletList": _inside("ul"),
    "orderedList": _ordered_list,
    "listItem": _item(""),
    "taskList": _inside("ul"),
    "taskItem": _task,
    "blockTaskItem": _task,
    "decisionList": _inside("ul"),
    "decisionItem": _item("Decision: "),
    "table": _table,
    "tableRow": _inside("tr"),
    "tableHeader": _cell("th"),
    "tableCell": _cell("td"),
    "mention": mention,
    "emoji": emoji,
    "date": date,
    "status": status,
    "inlineCard": card,
    "blockCard": _in_paragraph(card),
    "embedCard": _in_paragraph(card),
    "media": _in_paragraph(media),
    "mediaInline": media,
    "mediaSingle": _transparent,
    "mediaGroup": _transparent,
    "caption": _inside("p"),
    "layoutSection": _inside("div"),
    "layoutColumn": _inside("div"),
    "extension": _extension,
    "inlineExtension": _inline_extension,
    "bodiedExtension": _extension,
    "multiBodiedExtension": _extension,
    "extensionFrame": _inside("div"),
    "placeholder": _nothing,
}

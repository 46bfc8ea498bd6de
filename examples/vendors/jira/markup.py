"""Between the Atlassian Document Format, wiki markup, and HTML.

REST v3 speaks documents (https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/), REST v2 and webhooks speak wiki markup
(https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all), ``renderedFields`` HTML. What is stored goes both ways: ADF to wiki covers the
nodes that texts are made of; wiki to ADF covers headings, lists, code, quotes, bold, links and mentions. How Jira itself converts each node is not verified.
"""

from __future__ import annotations

import html
import re
from typing import Any, Final

from examples.vendors.jira.model import Markup

Node = dict[str, Any]
_INLINE: Final = re.compile(
    r"\*(?P<strong>[^*\n]+)\*|\[~(?:accountid:)?(?P<mention>[^\]]+)\]|\[(?P<label>[^|\]\n]+)\|(?P<href>[^\]\n]+)\]|\{\{(?P<code>[^}]+)\}\}"
)
_CODE: Final = re.compile(r"(?<!\{)\{code(?::(?P<language>\w+))?\}(?!\})\n?(?P<text>.*?)\n?\{code\}", re.DOTALL)
_LIST: Final = re.compile(r"(?P<mark>[*#])\s+(?P<text>.*)")
_HEADING: Final = re.compile(r"h(?P<level>[1-6])\.\s+(?P<text>.*)")


def is_document(value: object) -> bool:
    """Whether a value could be a document: a root node of type "doc", version 1, with content."""
    return isinstance(value, dict) and value.get("type") == "doc" and value.get("version") == 1 and isinstance(value.get("content"), list)


def to_document(markup: Markup) -> Node:
    if isinstance(markup, dict):
        return markup
    blocks: list[Node] = []
    at = 0
    for code in _CODE.finditer(markup):
        blocks += _blocks(markup[at : code.start()])
        attrs = {"attrs": {"language": code["language"]}} if code["language"] else {}
        blocks.append({"type": "codeBlock", **attrs, "content": [{"type": "text", "text": code["text"]}]})
        at = code.end()
    return {"type": "doc", "version": 1, "content": blocks + _blocks(markup[at:])}


def to_wiki(markup: Markup) -> str:
    return markup if isinstance(markup, str) else "\n\n".join(filter(None, (_wiki_block(node) for node in markup.get("content", ()))))


def to_html(markup: Markup) -> str:
    return "".join(_html(node) for node in to_document(markup).get("content", ()))


def _blocks(wiki: str) -> list[Node]:
    return [block for part in re.split(r"\n\s*\n", wiki.strip()) if part.strip() for block in _block(part.strip())]


def _block(part: str) -> list[Node]:
    lines = part.splitlines()
    if heading := _HEADING.match(lines[0]):
        rest = "\n".join(lines[1:])
        return [{"type": "heading", "attrs": {"level": int(heading["level"])}, "content": _inline(heading["text"])}, *(_block(rest) if rest else [])]
    items = [_LIST.fullmatch(line) for line in lines]
    if all(items):
        marks = [item for item in items if item]
        kind = "bulletList" if marks[0]["mark"] == "*" else "orderedList"
        return [{"type": kind, "content": [{"type": "listItem", "content": [_paragraph(item["text"])]} for item in marks]}]
    if part.startswith("bq. "):
        return [{"type": "blockquote", "content": [_paragraph(part[4:])]}]
    return [{"type": "rule"}] if part == "----" else [_paragraph(part)]


def _paragraph(text: str) -> Node:
    content: list[Node] = []
    for number, line in enumerate(text.splitlines()):
        content += ([{"type": "hardBreak"}] if number else []) + _inline(line)
    return {"type": "paragraph", "content": content}


def _inline(text: str) -> list[Node]:
    nodes: list[Node] = []
    at = 0
    for found in _INLINE.finditer(text):
        nodes += [{"type": "text", "text": text[at : found.start()]}] if found.start() > at else []
        nodes.append(_marked(found))
        at = found.end()
    return nodes + ([{"type": "text", "text": text[at:]}] if at < len(text) else [])


def _marked(found: re.Match[str]) -> Node:
    if found["mention"]:
        return {"type": "mention", "attrs": {"id": found["mention"], "text": f"@{found['mention']}"}}
    if found["href"]:
        return {"type": "text", "text": found["label"], "marks": [{"type": "link", "attrs": {"href": found["href"]}}]}
    if found["strong"]:
        return {"type": "text", "text": found["strong"], "marks": [{"type": "strong"}]}
    return {"type": "text", "text": found["code"], "marks": [{"type": "code"}]}


def _wiki_block(node: Node, depth: str = "") -> str:
    children = node.get("content", ())
    text = ""
    match node.get("type"):
        case "heading":
            text = f"h{node['attrs']['level']}. {_wiki_inline(node)}"
        case "bulletList" | "orderedList" as kind:
            mark = depth + ("*" if kind == "bulletList" else "#")
            text = "\n".join(_wiki_item(item, mark) for item in children)
        case "codeBlock":
            language = node.get("attrs", {}).get("language")
            text = f"{{code{':' + language if language else ''}}}\n{_wiki_inline(node)}\n{{code}}"
        case "rule":
            text = "----"
        case "table":
            text = "\n".join(_wiki_row(row) for row in children)
        case "blockquote":
            text = "\n".join(f"bq. {_wiki_block(child)}" for child in children)
        case _:
            nested = any("content" in child for child in children)
            text = "\n\n".join(_wiki_block(child) for child in children) if nested else _wiki_inline(node)
    return text


def _wiki_item(item: Node, mark: str) -> str:
    lists = {"bulletList", "orderedList"}
    return "\n".join(_wiki_block(child, mark) if child.get("type") in lists else f"{mark} {_wiki_block(child)}" for child in item.get("content", ()))


def _wiki_row(row: Node) -> str:
    cells = row.get("content", ())
    bar = "||" if cells and cells[0].get("type") == "tableHeader" else "|"
    return bar + bar.join(_wiki_block(cell).replace("\n", " ") for cell in cells) + bar


def _wiki_inline(node: Node) -> str:
    return "".join(_wiki_leaf(child) for child in node.get("content", ()))


def _wiki_leaf(node: Node) -> str:
    attrs = node.get("attrs", {})
    match node.get("type"):
        case "hardBreak":
            return "\n"
        case "mention":
            return f"[~accountid:{attrs.get('id', '')}]"
        case "inlineCard":
            return f"[{attrs.get('url', '')}]"
        case "emoji":
            return str(attrs.get("text") or attrs.get("shortName", ""))
    text = str(node.get("text", ""))
    for mark in node.get("marks", ()):
        match mark.get("type"):
            case "strong":
                text = f"*{text}*"
            case "em":
                text = f"_{text}_"
            case "code":
                text = f"{{{{{text}}}}}"
            case "link":
                text = f"[{text}|{mark['attrs']['href']}]"
    return text


_TAGS: Final = {
    "paragraph": "p",
    "bulletList": "ul",
    "orderedList": "ol",
    "listItem": "li",
    "codeBlock": "pre",
    "blockquote": "blockquote",
    "table": "table",
    "tableRow": "tr",
    "tableHeader": "th",
    "tableCell": "td",
    "strong": "b",
    "em": "em",
    "code": "tt",
}


def _html(node: Node) -> str:
    attrs = node.get("attrs", {})
    inner = "".join(_html(child) for child in node.get("content", ()))
    match node.get("type"):
        case "text":
            return _html_text(node)
        case "hardBreak":
            return "<br/>"
        case "rule":
            return "<hr/>"
        case "mention":
            return f'<a class="user-hover" rel="{html.escape(str(attrs.get("id", "")))}">{html.escape(str(attrs.get("text", "")))}</a>'
        case "heading":
            return f"<h{attrs['level']}>{inner}</h{attrs['level']}>"
    tag = _TAGS.get(str(node.get("type")))
    return f"<{tag}>{inner}</{tag}>" if tag else inner


def _html_text(node: Node) -> str:
    text = html.escape(str(node.get("text", "")), quote=False)
    for mark in node.get("marks", ()):
        if mark.get("type") == "link":
            text = f'<a href="{html.escape(mark["attrs"]["href"])}" rel="nofollow noreferrer">{text}</a>'
        elif tag := _TAGS.get(mark.get("type", "")):
            text = f"<{tag}>{text}</{tag}>"
    return text

from __future__ import annotations

import json
from typing import Any

import pytest
from html_outline import assert_in_order, outline
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.parse import adf, to_markdown
from streams.parse.fragments import MAX_DEPTH

Json = dict[str, Any]


def node(kind: str, *content: Json, **attrs: object) -> Json:
    return {"type": kind} | ({"content": list(content)} if content else {}) | ({"attrs": attrs} if attrs else {})


def text(value: str, *marks: str | Json) -> Json:
    return {"type": "text", "text": value} | ({"marks": [{"type": mark} if isinstance(mark, str) else mark for mark in marks]} if marks else {})


def paragraph(*content: Json | str) -> Json:
    return node("paragraph", *(text(part) if isinstance(part, str) else part for part in content))


def html(*content: Json) -> str:
    return adf.to_html({"version": 1, "type": "doc", "content": list(content)})


def markdown(*content: Json) -> str:
    return to_markdown(html(*content), "html")[0]


def test_marks_nest_with_the_first_outermost_and_colours_leave_no_trace() -> None:
    colour = {"type": "textColor", "attrs": {"color": "#97a0af"}}
    sub = {"type": "subsup", "attrs": {"type": "sub"}}
    assert html(paragraph(text("a", "strong", "em"), text("b", colour), text("c", sub), text("d", "strike", "underline", "code"))) == (
        "<p><strong><em>a</em></strong>b<sub>c</sub><s><u><code>d</code></u></s></p>"
    )


@pytest.mark.parametrize(
    ("href", "tag"),
    [
        ('https://example.com/?a=1&b="2"', '<a href="https://example.com/?a=1&amp;b=&quot;2&quot;">'),
        ("/wiki/x", '<a href="/wiki/x">'),
        ("javascript:alert(1)", "<a>"),
    ],
)
def test_links_lead_where_a_reader_may_follow(href: str, tag: str) -> None:
    assert html(paragraph(text("see", {"type": "link", "attrs": {"href": href}}))) == f"<p>{tag}see</a></p>"


def test_a_script_in_a_text_stays_a_text() -> None:
    assert html(paragraph("<script>alert(1)</script>")) == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert markdown(paragraph("<script>alert(1)</script>")) == "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("inline", "written"),
    [
        (node("mention", id="5b10", text="@Ann Lee"), "@Ann Lee"),
        (node("mention", id="5b10"), "@5b10"),
        (node("emoji", shortName=":smile:", text="😀"), "😀"),
        (node("emoji", shortName=":smile:"), ":smile:"),
        (node("date", timestamp="1767312000000"), '<time datetime="2026-01-02">2026-01-02</time>'),
        (node("date", timestamp="soon"), "soon"),
        (node("date", timestamp="9" * 30), "9" * 30),
        (node("status", text="IN PROGRESS", color="yellow"), "IN PROGRESS"),
        (node("inlineCard", url="https://example.com/"), '<a href="https://example.com/">https://example.com/</a>'),
        (node("inlineCard", data={"name": "Plan", "url": "https://example.com/"}), '<a href="https://example.com/">Plan</a>'),
        (node("mediaInline", id="1", collection="", type="file", alt="plan.pdf"), "[file: plan.pdf]"),
        (node("inlineExtension", extensionKey="chart", extensionType="x"), "[extension: chart]"),
        (node("hardBreak"), "<br>"),
        (node("placeholder", text="Type here"), ""),
        (node("hologram", text="kept"), "kept"),
    ],
)
def test_inline_nodes(inline: Json, written: str) -> None:
    assert html(paragraph(inline)) == f"<p>{written}</p>"


@pytest.mark.parametrize(
    ("block", "written"),
    [
        (node("heading", text("Top"), level=3), "<h3>Top</h3>"),
        (node("heading", text("Top"), level=9), "<h6>Top</h6>"),
        (node("blockquote", paragraph("said")), "<blockquote><p>said</p></blockquote>"),
        (node("rule"), "<hr>"),
        (node("codeBlock", text("a < b"), language="sql"), '<pre><code class="language-sql">a &lt; b</code></pre>'),
        (node("panel", paragraph("hot"), panelType="warning"), "<div><p><strong>Warning</strong></p><p>hot</p></div>"),
        (node("expand", paragraph("in"), title="More"), "<div><p><strong>More</strong></p><p>in</p></div>"),
        (node("nestedExpand", paragraph("in"), title=""), "<div><p>in</p></div>"),
        (node("orderedList", node("listItem", paragraph("c")), order=3), '<ol start="3"><li>c</li></ol>'),
        (node("decisionList", node("decisionItem", text("go"), state="DECIDED")), "<ul><li>Decision: go</li></ul>"),
        (node("blockCard", url="https://example.com/"), '<p><a href="https://example.com/">https://example.com/</a></p>'),
        (node("mediaGroup", node("media", id="7", type="file", collection="")), "<p>[file]</p>"),
        (
            node("mediaSingle", node("media", type="external", url="https://x.y/p.png"), node("caption", text("plan"))),
            "<p>[image: https://x.y/p.png]</p><p>plan</p>",
        ),
        (node("layoutSection", node("layoutColumn", paragraph("l"))), "<div><div><p>l</p></div></div>"),
        (node("extension", extensionKey="toc", extensionType="x"), "<p>[extension: toc]</p>"),
        (node("bodiedExtension", paragraph("body"), extensionKey="k", extensionType="x"), "<div><p>body</p></div>"),
        (node("extension", extensionKey="nested-table", extensionType="x", parameters={"adf": json.dumps(paragraph("deep"))}), "<p>deep</p>"),
        (node("hologram", paragraph("kept"), title="Named"), "Named<p>kept</p>"),
    ],
)
def test_block_nodes(block: Json, written: str) -> None:
    assert html(block) == written


def test_tasks_keep_their_state() -> None:
    tasks = node("taskList", node("taskItem", text("ship"), state="DONE"), node("taskItem", text("rest"), state="TODO"))
    assert html(tasks) == "<ul><li>[x] ship</li><li>[ ] rest</li></ul>"
    assert markdown(tasks) == "- [x] ship\n- [ ] rest"


def test_lists_come_through_the_normaliser_as_items() -> None:
    inner = node("orderedList", node("listItem", paragraph("inner item")))
    outer = node("bulletList", node("listItem", paragraph("outer item"), inner), node("listItem", paragraph("last item")))
    assert html(outer) == "<ul><li>outer item<ol><li>inner item</li></ol></li><li>last item</li></ul>"
    assert markdown(outer) == "- outer item\n  1. inner item\n- last item"


def test_headings_code_and_tables_come_through_the_normaliser() -> None:
    cells = [node("tableHeader", paragraph("Name"), colspan=2), node("tableCell", paragraph("Ann"), rowspan=1)]
    found = markdown(node("heading", text("Plan"), level=2), node("codeBlock", text("x = 1\ny = 2")), node("table", node("tableRow", *cells)))
    assert found == "## Plan\n\n```\nx = 1\ny = 2\n```\n\n| Name | | Ann |\n| --- | --- | --- |"
    assert '<th colspan="2"><p>Name</p></th><td><p>Ann</p></td>' in html(node("table", node("tableRow", *cells)))


def test_json_text_is_read() -> None:
    assert adf.to_html('{"version": 1, "type": "doc", "content": []}') == ""


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "no json",
        "[" * 100_000,
        {"type": "paragraph"},
        {"type": "doc", "version": 2},
        {"type": "doc", "content": {}},
        {"type": "doc", "content": ["text"]},
        {"type": "doc", "content": [{"type": 1}]},
        {"type": "doc", "content": [{"type": "text", "text": 1}]},
        {"type": "doc", "content": [{"type": "text", "text": "a", "marks": {}}]},
        {"type": "doc", "content": [{"type": "text", "text": "a", "marks": [{}]}]},
        {"type": "doc", "content": [{"type": "heading", "attrs": {"level": "1"}}]},
        {"type": "doc", "content": [{"type": "heading", "attrs": {"level": float("nan")}}]},
        {"type": "doc", "content": [{"type": "status", "attrs": {"text": []}}]},
        {"type": "doc", "content": [{"type": "panel", "attrs": []}]},
    ],
)
def test_what_is_no_document_has_one_named_error(document: object) -> None:
    with pytest.raises(adf.MalformedAdfError):
        adf.to_html(document)


@pytest.mark.parametrize("kind", ["blockquote", "hologram", "bodiedExtension"])
def test_ten_thousand_levels_have_the_same_error(kind: str) -> None:
    deep = paragraph("deep")
    for _ in range(10_000):
        deep = node(kind, deep)
    with pytest.raises(adf.MalformedAdfError, match="deeper"):
        html(deep)


def test_the_deepest_document_comes_through_the_normaliser() -> None:
    deep = node("listItem", paragraph(text("deepest words", "strong", "em", "strike", "underline", "code")))
    for _ in range(MAX_DEPTH // 2 - 2):
        deep = node("listItem", paragraph("word above"), node("bulletList", deep))
    assert markdown(node("bulletList", deep)).endswith("- ***~~`deepest words`~~***")


LEAF = st.text(min_size=1, max_size=8).map(lambda noise: f"k{noise}z")
MARKS = st.lists(st.sampled_from(["strong", "em", "code", "strike", "underline", "textColor", "hologram"]), max_size=3)


def _named(kind: str, attribute: str) -> st.SearchStrategy[Json]:
    return LEAF.map(lambda leaf: node(kind, **{attribute: leaf}))


INLINE = st.one_of(
    st.builds(lambda leaf, marks: text(leaf, *marks), LEAF, MARKS),
    *(
        _named(kind, attribute)
        for kind, attribute in [("mention", "text"), ("emoji", "shortName"), ("status", "text"), ("mediaInline", "alt"), ("inlineCard", "url")]
    ),
    _named("hologram", "text"),
    st.just(node("hardBreak")),
)
LEAVES = ("text", "shortName", "alt", "url", "title")


def _holding(kind: str, content: st.SearchStrategy[Json], title: st.SearchStrategy[Json] | None = None) -> st.SearchStrategy[Json]:
    attrs = title if title is not None else st.just({})
    return st.builds(lambda parts, given: {"type": kind, "content": parts, "attrs": given}, st.lists(content, max_size=3), attrs)


def _containers(blocks: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    item = _holding("listItem", blocks)
    row = _holding("tableRow", st.one_of(_holding("tableCell", blocks), _holding("tableHeader", blocks)))
    kinds = ("blockquote", "panel", "bodiedExtension", "layoutSection", "layoutColumn", "hologram")
    return st.one_of(
        *(_holding(kind, blocks) for kind in kinds),
        _holding("expand", blocks, LEAF.map(lambda leaf: {"title": leaf})),
        *(_holding(kind, item) for kind in ("bulletList", "orderedList")),
        _holding("taskList", _holding("taskItem", INLINE)),
        _holding("decisionList", _holding("decisionItem", INLINE)),
        _holding("table", row),
    )


SIMPLE = st.one_of(
    _holding("paragraph", INLINE),
    _holding("heading", INLINE),
    _holding("codeBlock", LEAF.map(text)),
    _holding("mediaSingle", _named("media", "alt")),
)
DOCUMENTS = st.lists(st.recursive(SIMPLE, _containers, max_leaves=12), max_size=5).map(lambda blocks: {"version": 1, "type": "doc", "content": blocks})


def _leaves(value: Json) -> list[str]:
    own = [value[name] for name in ("text",) if name in value] + [value.get("attrs", {})[name] for name in LEAVES if name in value.get("attrs", {})]
    return own + [leaf for child in value.get("content", []) for leaf in _leaves(child)]


@given(DOCUMENTS)
def test_every_text_is_in_the_html_in_order(document: Json) -> None:
    found, tags = outline(adf.to_html(document))
    assert_in_order(_leaves(document), found)
    assert not tags & {"script", "style", "k"}


WORD = st.text("abcdefgh", min_size=3, max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(WORD, WORD, WORD), min_size=1, max_size=4))
def test_every_word_comes_through_the_normaliser(words: list[tuple[str, str, str]]) -> None:
    blocks = [
        block
        for first, second, third in words
        for block in (
            node("heading", text(first), level=2),
            node("bulletList", node("listItem", paragraph(text(second, "strong")), node("orderedList", node("listItem", paragraph(third))))),
            node("panel", paragraph(first), panelType="info"),
            node("table", node("tableRow", node("tableCell", paragraph(second)), node("tableCell", paragraph(third)))),
        )
    ]
    leaves = [leaf for first, second, third in words for leaf in (first, second, third, "Info", first, second, third)]
    assert_in_order(leaves, markdown(*blocks))

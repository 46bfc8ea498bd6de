from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest
from html_outline import assert_in_order, outline
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.parse import confluence_storage, to_markdown
from streams.parse.confluence_storage import AttachmentReference, MalformedStorageError, PageReference
from streams.parse.fragments import MAX_DEPTH, clean


def html(storage: str) -> str:
    return confluence_storage.to_html(storage).html


def macro(kind: str, body: str = "", **parameters: str) -> str:
    given_parameters = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="{kind}" ac:schema-version="1">{given_parameters}{body}</ac:structured-macro>'


def rich(body: str) -> str:
    return f"<ac:rich-text-body>{body}</ac:rich-text-body>"


def plain(body: str) -> str:
    return f"<ac:plain-text-body><![CDATA[{body.replace(']]>', ']]]]><![CDATA[>')}]]></ac:plain-text-body>"


@pytest.mark.parametrize(
    ("storage", "written"),
    [
        (macro("code", plain("a < b &amp; ]]> c"), language="sql"), '<pre><code class="language-sql">a &lt; b &amp;amp; ]]&gt; c</code></pre>'),
        (macro("code", plain("x"), title="Bar.java"), "<p><strong>Bar.java</strong></p><pre><code>x</code></pre>"),
        (macro("noformat", plain(" two\n  lines")), "<pre><code> two\n  lines</code></pre>"),
        (macro("warning", rich("<p>hot</p>"), title="Look"), "<div><p><strong>Warning: Look</strong></p><p>hot</p></div>"),
        (macro("info", rich("<p>so</p>"), icon="false"), "<div><p><strong>Info</strong></p><p>so</p></div>"),
        (macro("expand", rich("<p>in</p>"), title="More"), "<div><p><strong>More</strong></p><p>in</p></div>"),
        (macro("toc", maxLevel="3"), ""),
        (macro("status", colour="Green", title="DONE"), "DONE"),
        (macro("status", colour="Green"), "Green"),
        (macro("jira", server="Jira", key="PROJ-1"), "PROJ-1"),
        (macro("jira", jqlQuery="project = X"), "[Jira issues: project = X]"),
        (macro("excerpt", rich("<p>kept</p>"), hidden="true"), "<p>kept</p>"),
        (macro("children"), "[lists the pages below this one]"),
        (macro("view-file", '<ac:parameter ac:name="name"><ri:attachment ri:filename="a.pdf"/></ac:parameter>'), "[file: a.pdf]"),
        (macro("of-an-app", rich("<p>kept</p>"), secret="dropped"), "<p>kept</p>"),
        (macro("of-an-app", plain("kept <b>")), "<pre><code>kept &lt;b&gt;</code></pre>"),
        (macro("info", rich(macro("code", plain("in a box")))), "<div><p><strong>Info</strong></p><pre><code>in a box</code></pre></div>"),
        ('<ac:macro ac:name="tip"><ac:rich-text-body>old</ac:rich-text-body></ac:macro>', "<div><p><strong>Tip</strong></p>old</div>"),
    ],
)
def test_macros(storage: str, written: str) -> None:
    assert html(storage) == written


@pytest.mark.parametrize(
    ("storage", "written"),
    [
        ('<ac:link><ri:page ri:content-title="Home" ri:space-key="S"/></ac:link>', '<span title="Home (S)">Home</span>'),
        (
            '<ac:link><ri:page ri:content-title="Home"/><ac:link-body>see <b>this</b></ac:link-body></ac:link>',
            '<span title="Home">see <strong>this</strong></span>',
        ),
        ('<ac:link ac:anchor="top"><ac:plain-text-link-body><![CDATA[up <]]></ac:plain-text-link-body></ac:link>', '<a href="#top">up &lt;</a>'),
        ('<ac:link><ri:attachment ri:filename="a.pdf"/></ac:link>', '<span title="a.pdf">a.pdf</span>'),
        ('<ac:link><ri:user ri:account-id="42"/></ac:link>', "<span>@Ann Lee</span>"),
        ('<ac:link><ri:user ri:userkey="43"/></ac:link>', "<span>@43</span>"),
        ('<ac:link><ri:url ri:value="https://x.y/?a&amp;b"/></ac:link>', '<a href="https://x.y/?a&amp;b">https://x.y/?a&amp;b</a>'),
        ('<ac:link><ri:space ri:space-key="TEST"/></ac:link>', "<span>TEST</span>"),
        ('<ac:image ac:alt="a plan"><ri:attachment ri:filename="p.png"/></ac:image>', "[image: a plan]"),
        ('<ac:image><ri:attachment ri:filename="p.png"/><ac:caption><p>so</p></ac:caption></ac:image>', "[image: p.png]<div><p>so</p></div>"),
        ('<ac:image><ri:url ri:value="https://x.y/p.png"/></ac:image>', "[image: https://x.y/p.png]"),
        ('<ac:emoticon ac:name="tick" ac:emoji-fallback="✅"/>', "✅"),
        ('<ac:emoticon ac:name="smile"/>', ":smile:"),
        ("<ac:placeholder>Type here</ac:placeholder>", ""),
        (
            '<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell><p>l</p></ac:layout-cell></ac:layout-section></ac:layout>',
            "<div><div><div><p>l</p></div></div></div>",
        ),
        ('<p><time datetime="2026-01-02" /></p>', '<p><time datetime="2026-01-02">2026-01-02</time></p>'),
        ('<ac:inline-comment-marker ac:ref="1">com</ac:inline-comment-marker>mented', "commented"),
        ('<td colspan="2" rowspan="3" class="x">c</td>', '<td colspan="2" rowspan="3">c</td>'),
        ("<p><del>gone</del><b>b</b><i>i</i><unknown>u</unknown></p>", "<p><s>gone</s><strong>b</strong><em>i</em>u</p>"),
        ('<a href="javascript:x">no</a><a href="https://x.y">yes</a>', '<a>no</a><a href="https://x.y">yes</a>'),
    ],
)
def test_elements(storage: str, written: str) -> None:
    assert confluence_storage.to_html(storage, {"42": "Ann Lee"}).html == written


def test_entities_that_xml_does_not_know_and_what_only_looks_like_one() -> None:
    assert html("<p>a&nbsp;&auml;&#8211;&#x41; &lt;script&gt; AT&T &unknown; &#60;b&#62;</p>") == (
        "<p>a\xa0ä–A &lt;script&gt; AT&amp;T &amp;unknown; &lt;b&gt;</p>"
    )
    assert html('<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[&nbsp;]]></ac:plain-text-body></ac:structured-macro>') == (
        "<pre><code>&amp;nbsp;</code></pre>"
    )


def test_tasks_keep_their_state_and_lose_their_ids() -> None:
    task = "<ac:task><ac:task-id>{}</ac:task-id><ac:task-status>{}</ac:task-status><ac:task-body><span>{}</span></ac:task-body></ac:task>"
    storage = f"<ac:task-list>{task.format(17, 'complete', 'shipped it')}{task.format(18, 'incomplete', 'open one')}</ac:task-list>"
    assert html(storage) == "<ul><li>[x] shipped it</li><li>[ ] open one</li></ul>"
    assert to_markdown(html(storage), "html")[0] == "- [x] shipped it\n- [ ] open one"


def test_an_adf_extension_says_its_content_once() -> None:
    node = '<ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>{}</ac:adf-node>'
    fallback = "<ac:adf-fallback><p>said</p></ac:adf-fallback>"
    content = "<ac:adf-content><p>said</p></ac:adf-content>"
    assert html(f"<ac:adf-extension>{node.format(content)}{fallback}</ac:adf-extension>") == "<div><p><strong>Note</strong></p><p>said</p></div>"
    assert html(f"<ac:adf-extension>{node.format('')}{fallback}</ac:adf-extension>").endswith("<p>said</p>")


def test_lists_come_through_the_normaliser_as_items() -> None:
    storage = "<ul><li><p>outer item</p><ol><li><p>inner item</p></li></ol></li><li>plain item</li></ul>"
    assert to_markdown(html(storage), "html")[0] == "- outer item\n  1. inner item\n- plain item"


def test_what_a_page_names_elsewhere_once_each() -> None:
    included = '<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Rules" ri:space-key="HR"/></ac:link></ac:parameter>'
    page = confluence_storage.to_html(
        macro("include", included)
        + macro("excerpt-include", "", page="HR:Terms")
        + rich(macro("include", included))
        + '<ac:link><ri:page ri:content-title="Only linked"/></ac:link>'
        + '<ac:image><ri:attachment ri:filename="p.png"><ri:page ri:content-title="Plans"/></ri:attachment></ac:image>'
        + macro("viewdoc", "", name="a.doc")
        + '<ac:link><ri:user ri:account-id="42"/></ac:link><ac:link><ri:user ri:account-id="42"/></ac:link>'
    )
    assert page.includes == (PageReference("Rules", "HR"), PageReference("Terms", "HR"))
    assert page.attachments == (AttachmentReference("p.png", PageReference("Plans")), AttachmentReference("a.doc"))
    assert page.users == ("42",)
    assert page.html.startswith("[includes page Rules (HR)][includes page Terms (HR)]")


@pytest.mark.parametrize(
    "storage",
    [
        "<p>open",
        "</storage><storage>",
        "<p></div>",
        '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]><p>&d;</p>',
        '<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><p/>',
        "<![CDATA[",
        "<p a='1' a='2'/>",
        "<div>" * 10_000 + "</div>" * 10_000,
        "<div>" * 10_000,
    ],
)
def test_what_is_no_storage_format_has_one_named_error(storage: str) -> None:
    with pytest.raises(MalformedStorageError) as error:
        html(storage)
    assert "passwd" not in str(error.value)


def test_the_deepest_page_comes_through_the_normaliser() -> None:
    deep = "<strong>" * (MAX_DEPTH - 1) + "deepest words" + "</strong>" * (MAX_DEPTH - 1)
    assert to_markdown(html(f"<p>{deep}</p>"), "html")[0].strip("*") == "deepest words"
    boxes = "".join(f'<ac:structured-macro ac:name="info">{"<ac:rich-text-body>"}' for _ in range(MAX_DEPTH // 2 - 1))
    ends = "</ac:rich-text-body></ac:structured-macro>" * (MAX_DEPTH // 2 - 1)
    assert to_markdown(html(f"{boxes}<p>deepest words</p>{ends}"), "html")[0].endswith("deepest words")


LEAF = st.text(min_size=1, max_size=8).map(lambda noise: f"k{clean(noise)}z")
Piece = tuple[str, list[str]]
"""Storage format, and the texts in it, in order."""


def _leaf(template: str, quoted: bool = False) -> st.SearchStrategy[Piece]:
    return LEAF.map(lambda leaf: (template.format(quoteattr(leaf) if quoted else escape(leaf)), [leaf]))


def _around(template: str, content: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
    return st.lists(content, max_size=3).map(
        lambda pieces: (template.replace("{}", "".join(piece[0] for piece in pieces)), [leaf for piece in pieces for leaf in piece[1]])
    )


INLINE = st.one_of(
    *(
        _leaf(template)
        for template in ("{}", "<strong>{}</strong>", "<del>{}</del>", "<odd>{}</odd>", "<code>{}</code>", "<ac:link><ac:link-body>{}</ac:link-body></ac:link>")
    ),
    *(
        _leaf(template, quoted=True)
        for template in (
            "<ac:link><ri:page ri:content-title={}/></ac:link>",
            "<ac:image ac:alt={}/>",
            "<ac:link><ri:user ri:account-id={}/></ac:link>",
            "<ac:emoticon ac:emoji-fallback={}/>",
        )
    ),
    _leaf(macro("status", title="{}")),
    _leaf(macro("jira", key="{}")),
    LEAF.map(lambda leaf: (macro("code", plain(leaf)), [leaf])),
)
SIMPLE = st.one_of(*(_around(template, INLINE) for template in ("<p>{}</p>", "<h2>{}</h2>", "{}")))


def _containers(blocks: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
    templates = ("<ul><li>{}</li></ul>", "<table><tbody><tr><td>{}</td></tr></tbody></table>", "<blockquote>{}</blockquote>", rich("{}"))
    task = "<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>{}</ac:task-body></ac:task></ac:task-list>"
    macros = [macro(name, rich("{}")) for name in ("info", "panel", "excerpt", "of-an-app")]
    layout = "<ac:layout><ac:layout-section><ac:layout-cell>{}</ac:layout-cell></ac:layout-section></ac:layout>"
    titled = st.tuples(LEAF, _around("{}", blocks)).map(lambda made: (macro("expand", rich(made[1][0]), title=escape(made[0])), [made[0], *made[1][1]]))
    return st.one_of(titled, *(_around(template, blocks) for template in (*templates, task, *macros, layout)))


@given(st.recursive(SIMPLE, _containers, max_leaves=12))
def test_every_text_is_in_the_html_in_order(piece: Piece) -> None:
    found, tags = outline(html(piece[0]))
    assert_in_order(piece[1], found)
    assert not any(":" in tag for tag in tags)


@given(st.text("<>/&;![]-?acdATD:#x1\"' =p", max_size=40))
def test_any_text_is_read_or_refused_by_name(storage: str) -> None:
    try:
        outline(html(storage))
    except MalformedStorageError:
        return


WORD = st.text("abcdefgh", min_size=3, max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(WORD, WORD, WORD), min_size=1, max_size=4))
def test_every_word_comes_through_the_normaliser(words: list[tuple[str, str, str]]) -> None:
    storage = "".join(
        f"<h2>{first}</h2><ul><li><p><em>{second}</em></p><ul><li><p>{third}</p></li></ul></li></ul>"
        + macro("note", rich(f"<p>{first}</p>{macro('code', plain(second))}"))
        + f"<table><tbody><tr><td>{third}</td></tr></tbody></table>"
        for first, second, third in words
    )
    leaves = [leaf for first, second, third in words for leaf in (first, second, third, "Note", first, second, third)]
    assert_in_order(leaves, to_markdown(html(storage), "html")[0])

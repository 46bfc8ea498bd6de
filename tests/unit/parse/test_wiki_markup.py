from __future__ import annotations

import pytest
from html_outline import assert_in_order, outline
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.parse import to_markdown, wiki_markup


@pytest.mark.parametrize(
    ("markup", "written"),
    [
        ("*bold* and _it_", "<p><strong>bold</strong> and <em>it</em></p>"),
        ("_*both*_ ??cite??", "<p><em><strong>both</strong></em> <cite>cite</cite></p>"),
        ("-gone- +new+ a^2^", "<p><s>gone</s> <ins>new</ins> a^2^</p>"),
        ("a {^}2{^}, H{~}2{~}O", "<p>a <sup>2</sup>, H<sub>2</sub>O</p>"),
        ("({{mono *x* <y>}})", "<p>(<code>mono *x* &lt;y&gt;</code>)</p>"),
        ("{color:red}*red*{color}", "<p><strong>red</strong></p>"),
        ("h2. Title *b*", "<h2>Title <strong>b</strong></h2>"),
        ("bq. said", "<blockquote>said</blockquote>"),
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("one \\\\ two", "<p>one <br> two</p>"),
        ("above\n----\nbelow", "<p>above</p><hr><p>below</p>"),
        (r"\*no\* \{code} \[x|#y]", "<p>*no* {code} [x|#y]</p>"),
        ("{noformat}\n*raw* <b>\n{noformat}", "<pre><code>*raw* &lt;b&gt;</code></pre>"),
        ("{code:java}\nint x;\n\n  y\n{code}", '<pre><code class="language-java">int x;\n\n  y</code></pre>'),
        ("{code:title=A.java|borderStyle=solid}x{code}", "<p><strong>A.java</strong></p><pre><code>x</code></pre>"),
        ("see {code}x{code} there", "<p>see </p><pre><code>x</code></pre><p> there</p>"),
        ("{quote}\nsaid\n\nmore\n{quote}\nafter", "<blockquote><p>said</p><p>more</p></blockquote><p>after</p>"),
        ("{panel:title=Box|bgColor=#fff}\nh1. In\n{panel}", "<div><p><strong>Box</strong></p><h1>In</h1></div>"),
        ("{quote}{panel}deep{panel}{quote}", "<blockquote><div><p>deep</p></div></blockquote>"),
    ],
)
def test_effects_and_blocks(markup: str, written: str) -> None:
    assert wiki_markup.to_html(markup) == written


@pytest.mark.parametrize(
    ("markup", "written"),
    [
        ("[text|https://x.y/a_b_c]", '<a href="https://x.y/a_b_c">text</a>'),
        ("[*b*|https://x.y|tip]", '<a href="https://x.y" title="tip"><strong>b</strong></a>'),
        ("[https://x.y]", '<a href="https://x.y">https://x.y</a>'),
        ("[mailto:a@x.y]", '<a href="mailto:a@x.y">a@x.y</a>'),
        ("see https://x.y/-a-/b_c.", 'see <a href="https://x.y/-a-/b_c">https://x.y/-a-/b_c</a>.'),
        ("[#top]", '<a href="#top">#top</a>'),
        ("[~ann]", "@Ann Lee"),
        ("[~accountid:5b:10]", "@5b:10"),
        ("[^plan.pdf]", "[file: plan.pdf]"),
        ("!plan.png!", "[image: plan.png]"),
        ("!plan.png|width=300, alt=The plan!", "[image: The plan]"),
        ("!plan.png|thumbnail!", "[image: plan.png]"),
        ("!plan.png|no property!", "!plan.png|no property!"),
        ("[x|javascript:alert(1)]", "[x|javascript:alert(1)]"),
        ("{anchor:here}there", "there"),
    ],
)
def test_links_and_images(markup: str, written: str) -> None:
    assert wiki_markup.to_html(markup, {"ann": "Ann Lee"}) == f"<p>{written}</p>"


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4 and a*b*c",
        "snake_case_name and __init__",
        "well-known - or - not, 2026-01-02",
        "--verbose -- really --- so",
        "C:\\temp\\new and \\\\server\\share",
        "[ ] [x] [1] [a|b] array[0]",
        "Hello! What! is.this!",
        "{unknown} {quote} {code} {panel:title=x}",
        "~5 and ~6, C++ and C++, ????",
        "(x) :) (/)",
        "-- a dash is no item",
        "*",
        "**",
        "- ",
        "#hash",
    ],
)
def test_what_is_no_markup_stays_as_it_is(text: str) -> None:
    assert wiki_markup.to_html(text) == f"<p>{text}</p>"


def test_a_script_in_a_text_stays_a_text() -> None:
    assert wiki_markup.to_html('<script>"&"</script>') == '<p>&lt;script&gt;"&amp;"&lt;/script&gt;</p>'


def test_lists_nest_and_mix() -> None:
    html = wiki_markup.to_html("* one\ngoes on\n*# two\n*# three\n* four\n# five\n*** six")
    assert (
        html
        == "<ul><li>one<br>goes on<ol><li>two</li><li>three</li></ol></li><li>four</li></ul><ol><li>five</li></ol><ul><li><ul><li><ul><li>six</li></ul></li></ul></li></ul>"
    )


def test_code_stays_in_the_item_it_stands_in() -> None:
    assert wiki_markup.to_html("# one\n{code}\nx\n\ny\n{code}\n# two") == "<ol><li>one<br><pre><code>x\n\ny</code></pre></li><li>two</li></ol>"


def test_tables_have_headers_and_cells_with_anything_in_them() -> None:
    html = wiki_markup.to_html("||a||b||\n|[x|https://y]|{code}p|q{code}|\n|two\nlines|\\|{{c|d}}|!p.png|width=3!\n|last|")
    assert html == (
        "<table><tbody><tr><th>a</th><th>b</th></tr>"
        '<tr><td><a href="https://y">x</a></td><td><pre><code>p|q</code></pre></td></tr>'
        "<tr><td>two<br>lines</td><td>|<code>c|d</code></td><td>[image: p.png]</td></tr><tr><td>last</td></tr></tbody></table>"
    )


def test_it_comes_through_the_normaliser() -> None:
    markup = "h2. Plan\n\nfirst *bold* words\n\n* item one\n** item two\n{code}\nx = 1\ny = 2\n{code}\n\n||Name||Age||\n|Ann|30|\n{quote}well said{quote}"
    expected = "## Plan\n\nfirst **bold** words\n\n- item one\n  - item two\n\n    ```\n    x = 1\n    y = 2\n    ```\n\n| Name | Age |\n| --- | --- |\n| Ann | 30 |\n\n> well said"
    assert to_markdown(wiki_markup.to_html(markup), "html")[0] == expected


def test_depth_has_a_bound_and_loses_nothing() -> None:
    text, _ = outline(wiki_markup.to_html("{panel:title=x}" * 5_000 + "deep" + "{panel}" * 5_000))
    assert "deep" in text
    assert to_markdown(wiki_markup.to_html("*" * 10 + " item words"), "html")[0].endswith("- item words")


@pytest.mark.parametrize(
    "unit", ["{code:a}", "{quote}", "{panel:a}", "[a|", "!a.", "{{a", "*a ", "|a", "\\\\", "{color:", "_*", "[", "!a://b ", "{quote}{panel}"]
)
def test_long_texts_of_unfinished_markup_take_no_longer_than_others(unit: str) -> None:
    """Were a step quadratic, this would end in the tests' timeout."""
    outline(wiki_markup.to_html(unit * (200_000 // len(unit))))


@given(st.text())
def test_any_text_has_nesting_tags(markup: str) -> None:
    outline(wiki_markup.to_html(markup))


@given(st.text("a*_-+^~?{}[]!|#\\\n .:/h1bq@=", max_size=60))
def test_any_markup_has_nesting_tags(markup: str) -> None:
    outline(wiki_markup.to_html(markup))


@given(
    st.lists(
        st.sampled_from(
            ["{code}", "{quote}", "{panel}", "{code:a|title=b}", "{noformat}", "{{", "}}", "[", "|https://x]", "!a.png", "!", "*", "x", "\n", "|", "# "]
        ),
        max_size=25,
    )
)
def test_any_order_of_macros_has_nesting_tags(parts: list[str]) -> None:
    markup = "".join(parts)
    text, _ = outline(wiki_markup.to_html(markup))
    assert text.count("x") == markup.count("x") or "[" in markup


@given(st.text("xyz*_-+^~?#\\|\n {}]", max_size=60))
def test_effects_lists_and_tables_lose_no_letter(markup: str) -> None:
    text, _ = outline(wiki_markup.to_html(markup))
    assert [letter for letter in text if letter in "xyz"] == [letter for letter in markup if letter in "xyz"]


@given(st.text("xyz <>&\"',;().0123456789äé", max_size=60))
def test_text_without_marks_stays_as_it_is(markup: str) -> None:
    text, tags = outline(wiki_markup.to_html(markup))
    assert text == markup or (not markup.strip() and text == "")
    assert tags <= {"p"}


LEAF = st.text("xyz<>&\"' ;,0123456789äé", min_size=1, max_size=8).map(lambda noise: f"k{noise}z")
Piece = tuple[str, list[str]]


def _with(template: str, leaves: int = 1) -> st.SearchStrategy[Piece]:
    return st.lists(LEAF, min_size=leaves, max_size=leaves).map(lambda found: (template.format(*found), found))


INLINE = st.one_of(
    *(
        _with(template)
        for template in ("{}", "*{}*", "_{}_", "-{}-", "+{}+", "{{{{{}}}}}", "{{color:red}}{}{{color}}", "_*{}*_", "[{}|https://x.y]", "!{}.png!", "[^{}.pdf]")
    )
)
LINE = st.lists(INLINE, min_size=1, max_size=3).map(lambda pieces: (" ".join(piece[0] for piece in pieces), [leaf for piece in pieces for leaf in piece[1]]))
BLOCK = st.one_of(
    st.tuples(st.sampled_from(["", "h1. ", "bq. ", "* ", "# ", "- ", "*# ", "** "]), LINE).map(lambda made: (f"{made[0]}{made[1][0]}\n", made[1][1])),
    st.tuples(st.sampled_from(["\n{quote}\n", "\n{panel}\n"]), LINE).map(lambda made: (f"{made[0]}{made[1][0]}{made[0]}", made[1][1])),
    LINE.map(lambda line: (f"{line[0]}\n\n", line[1])),
    _with("||{}||{}||\n|{}|{}|\n", 4),
    _with("\n{{code:java|title=t}}\n{}\n*{}*\n{{code}}\n", 2),
    _with("\n{{noformat}}{}{{noformat}}\n"),
    st.just(("\n----\n", [])),
)


@given(st.lists(BLOCK, max_size=6))
def test_every_text_is_in_the_html_in_order(pieces: list[Piece]) -> None:
    text, tags = outline(wiki_markup.to_html("".join(piece[0] for piece in pieces)))
    assert_in_order([leaf for piece in pieces for leaf in piece[1]], text)
    assert "script" not in tags


WORD = st.text("abcdefgh", min_size=3, max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(WORD, WORD, WORD), min_size=1, max_size=4))
def test_every_word_comes_through_the_normaliser(words: list[tuple[str, str, str]]) -> None:
    markup = "".join(
        f"h2. {first}\n* *{second}*\n** {third}\n\n{{quote}}{first}{{quote}}\n{{code}}{second}{{code}}\n||{third}||\n\n" for first, second, third in words
    )
    leaves = [leaf for first, second, third in words for leaf in (first, second, third) * 2]
    assert_in_order(leaves, to_markdown(wiki_markup.to_html(markup), "html")[0])

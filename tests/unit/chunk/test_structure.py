"""Atoms and their places."""

from streams.chunk.structure import Place, atoms


def places(body: str) -> list[tuple[str, Place]]:
    found = atoms(body, "markdown")
    assert "".join(body[atom.start : atom.end] for atom in found) == body
    return [(body[atom.start : atom.end].strip(), atom.place) for atom in found]


def test_places_of_markdown() -> None:
    body = "Intro one. Two.\n\n## Head\nUnder it. More.\n- item\n  - nested\n\nNew paragraph\n| a |\n| b |\n\n```\ncode\nmore\n```\n"
    assert places(body) == [
        ("Intro one.", Place.PARAGRAPH),
        ("Two.", Place.SENTENCE),
        ("## Head", Place.SECTION),
        ("Under it.", Place.UNDER_HEADING),
        ("More.", Place.SENTENCE),
        ("- item", Place.ITEM),
        ("- nested", Place.ITEM),
        ("New paragraph", Place.PARAGRAPH),
        ("| a |", Place.LINE),
        ("| b |", Place.LINE),
        ("```", Place.PARAGRAPH),
        ("code", Place.LINE),
        ("more", Place.LINE),
        ("```", Place.LINE),
    ]


def test_front_matter_is_one_block() -> None:
    assert places("---\ntitle: A\ntags: b\n---\n\nText.") == [
        ("---", Place.PARAGRAPH),
        ("title: A", Place.LINE),
        ("tags: b\n---", Place.LINE),
        ("Text.", Place.PARAGRAPH),
    ]


def test_a_thematic_break_is_no_front_matter_further_down() -> None:
    assert places("Text.\n\n---\n\nMore. Words.\n\n---\n")[-2:] == [("Words.", Place.SENTENCE), ("---", Place.PARAGRAPH)]


def test_headings_have_depth_and_plain_title() -> None:
    body = '### <a id="x">Deep</a> **bold** [link](/y) ###\n\nOver\n====\n\nUnder\n-----\n'
    assert [atom.heading for atom in atoms(body, "markdown") if atom.heading] == [(3, "Deep bold link"), (1, "Over"), (2, "Under")]

"""What each element of Confluence's storage format turns into, macros apart (``storage_macros``): ready markup and the elements to go on with, in order.

Vendor's page: https://confluence.atlassian.com/display/DOC/Confluence+Storage+Format (text effects, lists, links, images, tables, page layouts, emoticons,
instructional text). ``ac:adf-extension``, ``ac:inline-comment-marker`` and ``ac:emoji-fallback`` come from the cloud's editor and are on no page of the
vendor's; their shapes are those of public pages (not verified).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams.parse.fragments import escaped, link_opening, note, opening, title_line
from streams.parse.storage_macros import macro
from streams.parse.storage_parts import Parts, Rule, content
from streams.parse.storage_resources import MACROS, page_of, resource_in, user_of
from streams.parse.storage_tree import Element

_SAME: Final = "p h1 h2 h3 h4 h5 h6 strong em u s sub sup code pre small cite q blockquote ul ol dl dt dd table thead tbody tfoot tr th td caption div"
_OTHER: Final = "b=strong i=em del=s strike=s tt=code ins=u section=div article=div ac:layout=div ac:layout-section=div ac:layout-cell=div ac:caption=div"
_TAGS: Final = {name: name for name in _SAME.split()} | dict(pair.split("=") for pair in _OTHER.split())
_KEPT_ATTRIBUTES: Final = {"th": ("colspan", "rowspan"), "td": ("colspan", "rowspan"), "ol": ("start",)}
_BLOCKS: Final = frozenset({"p", "ul", "ol", "table", "blockquote", "pre", "div", "ac:task-list"})
_DROPPED: Final = frozenset({"ac:placeholder", "ac:parameter", "ac:default-parameter", "ac:task-id", "ac:task-uuid", "ac:task-status"})
_ADF_DROPPED: Final = frozenset({"ac:adf-attribute", "ac:adf-parameter", "ac:adf-mark"})


def rule_of(element: Element) -> Rule:
    """Elements without a rule are transparent: what is in them stays, in their place."""
    if element.name in _DROPPED or element.name in _ADF_DROPPED:
        return _nothing
    if element.name in MACROS:
        return macro
    return _RULES.get(element.name) or (_tagged if element.name in _TAGS else _transparent)


def _nothing(_: Element, __: Mapping[str, str]) -> Parts:
    return iter(())


def _transparent(element: Element, _: Mapping[str, str]) -> Parts:
    return content(element)


def _tagged(element: Element, _: Mapping[str, str]) -> Parts:
    name = _TAGS[element.name]
    yield opening(name, {key: element.attributes.get(key, "") for key in _KEPT_ATTRIBUTES.get(name, ())})
    yield from content(element)
    yield f"</{name}>"


def _break(_: Element, __: Mapping[str, str]) -> Parts:
    yield "<br>"


def _line(_: Element, __: Mapping[str, str]) -> Parts:
    yield "<hr>"


def _time(element: Element, _: Mapping[str, str]) -> Parts:
    """The editor's date has no text of its own: ``<time datetime="2026-01-02" />``."""
    moment = element.attributes.get("datetime", "")
    yield opening("time", {"datetime": moment})
    yield from content(element) if element.text().strip() else (escaped(moment),)
    yield "</time>"


def _anchor(element: Element, _: Mapping[str, str]) -> Parts:
    yield link_opening(element.attributes.get("href", ""), element.attributes.get("title", ""))
    yield from content(element)
    yield "</a>"


def _plain_image(element: Element, _: Mapping[str, str]) -> Parts:
    yield note("image", element.attributes.get("alt") or element.attributes.get("src", ""))


def _item(element: Element, _: Mapping[str, str]) -> Parts:
    yield "<li>"
    yield from item_content(element)
    yield "</li>"


def item_content(element: Element) -> Parts:
    """A list item's content. Its first paragraph stands in the item itself, which is how the normaliser knows that it is the item's text."""
    children = [child for child in element.children if not isinstance(child, str) or child.strip()]
    first, rest = (children[0], children[1:]) if children else ("", [])
    follows = rest[0] if rest else None
    if isinstance(first, Element) and first.name == "p" and (follows is None or (isinstance(follows, Element) and follows.name in _BLOCKS)):
        yield from content(first)
        yield from content(Element(element.name, {}, rest))
    else:
        yield from content(element)


def _task(element: Element, _: Mapping[str, str]) -> Parts:
    """``ac:task-status`` is ``complete`` or ``incomplete``."""
    status = next((found.text().strip() for found in element.elements("ac:task-status")), "")
    yield "<li>[x] " if status == "complete" else "<li>[ ] "
    for child in element.children:
        if isinstance(child, Element) and child.name == "ac:task-body":
            yield from item_content(child)
        else:
            yield child if isinstance(child, Element) else escaped(child)
    yield "</li>"


def _task_list(element: Element, _: Mapping[str, str]) -> Parts:
    yield "<ul>"
    yield from content(element)
    yield "</ul>"


def _link(element: Element, names: Mapping[str, str]) -> Parts:
    """The body that the link was given, or the name of what it leads to; a page's title and space stay with it as the tooltip."""
    target = resource_in(element)
    anchor = element.attributes.get("ac:anchor", "")
    label, href, title = _target(target, names) if target is not None else (anchor, f"#{anchor}" if anchor else "", "")
    body = Element(element.name, {}, [child for child in element.children if child is not target])
    yield link_opening(href, title) if href else opening("span", {"title": title})
    if body.text().strip() or any(isinstance(part, Element) and part.name == "ac:image" for part in body.descendants()):
        yield from content(body)
    else:
        yield escaped(label)
    yield "</a>" if href else "</span>"


def _target(resource: Element, names: Mapping[str, str]) -> tuple[str, str, str]:
    """(label, href, tooltip) of what a link leads to."""
    attributes = resource.attributes
    match resource.name:
        case "ri:user":
            user = user_of(resource)
            return f"@{names.get(user, user)}", "", ""
        case "ri:attachment":
            return attributes.get("ri:filename", ""), "", attributes.get("ri:filename", "")
        case "ri:url":
            url = attributes.get("ri:value", "")
            return url, url, ""
        case "ri:page" | "ri:blog-post":
            page = page_of(resource)
            return page.title, "", str(page)
        case _:
            return next((value for key in ("ri:space-key", "ri:key", "ri:content-id") if (value := attributes.get(key))), ""), "", ""


def _image(element: Element, _: Mapping[str, str]) -> Parts:
    """By its alternative text, or the name of the file: https://confluence.atlassian.com/display/DOC/Confluence+Storage+Format, section "Images"."""
    target = resource_in(element)
    source = "" if target is None else target.attributes.get("ri:filename") or target.attributes.get("ri:value", "")
    yield note("image", element.attributes.get("ac:alt") or source or element.attributes.get("ac:title", ""))
    yield from element.elements("ac:caption")


def _emoticon(element: Element, _: Mapping[str, str]) -> Parts:
    """The character itself in the cloud; a name such as ``smile`` in a data center."""
    attributes = element.attributes
    name = attributes.get("ac:name", "")
    yield escaped(attributes.get("ac:emoji-fallback") or attributes.get("ac:emoji-shortname") or (f":{name}:" if name else ""))


def _adf_extension(element: Element, _: Mapping[str, str]) -> Parts:
    """A node that the storage format has no element for. Its fallback says the same once more, for readers that do not know the node."""
    nodes = [child for child in element.elements("ac:adf-node") if any(True for _ in _adf_text(child))]
    yield from nodes or list(element.elements("ac:adf-node", "ac:adf-fallback"))


def _adf_text(element: Element) -> Parts:
    """Whether a node says anything beside its attributes."""
    waiting = list(element.children)
    while waiting:
        child = waiting.pop()
        if isinstance(child, str):
            yield from (child,) if child.strip() else ()
        elif child.name not in _ADF_DROPPED:
            yield from (child,) if child.name in MACROS or child.name.startswith("ri:") else ()
            waiting.extend(child.children)


def _adf_node(element: Element, _: Mapping[str, str]) -> Parts:
    kinds = (found.text().strip() for found in element.elements("ac:adf-attribute") if found.attributes.get("key") == "panel-type")
    name = {"decision-list": "ul", "decision-item": "li"}.get(element.attributes.get("type", ""), "div")
    yield f"<{name}>{title_line(next(kinds, 'panel')) if element.attributes.get('type') == 'panel' else ''}"
    yield from content(element)
    yield f"</{name}>"


_RULES: Final[Mapping[str, Rule]] = {
    "br": _break,
    "hr": _line,
    "time": _time,
    "a": _anchor,
    "img": _plain_image,
    "li": _item,
    "ac:link": _link,
    "ac:image": _image,
    "ac:task-list": _task_list,
    "ac:task": _task,
    "ac:emoticon": _emoticon,
    "ac:adf-extension": _adf_extension,
    "ac:adf-node": _adf_node,
}

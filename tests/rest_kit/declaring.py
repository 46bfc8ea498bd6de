"""A source as sources.yaml would declare it, so that a type that is missing in the union is told here and not by the first company that declares one."""

from __future__ import annotations

from pydantic import ValidationError

from contracts.sources.declared import TYPES, Sources
from contracts.sources.rest import RestSource


def declared(*, name: str, type_name: str, url: str, **more: object) -> RestSource:
    """With a token and a tenant, if nothing else is said."""
    return _parsed({"credentials": {"token": "env:VENDOR_TOKEN"}, "tenant": "acme", "name": name, "type": type_name, "url": url, **more})


def declared_again(source: RestSource) -> RestSource:
    """What comes of it when it is written down and read."""
    return _parsed(source.model_dump(mode="json", by_alias=True, exclude_unset=True))


def _parsed(source: dict[str, object]) -> RestSource:
    wanted = str(source["type"])
    assert wanted in TYPES, f"{wanted!r} is no type of sources.yaml: add its class, with Tag({wanted!r}), to the union Source in contracts/sources/declared.py"
    try:
        (found,) = Sources.model_validate({"sources": [source]}).rest
    except ValidationError as error:
        raise AssertionError(f"the world's source cannot be declared so: {error}") from error
    return found

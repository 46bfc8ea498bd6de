"""API keys: whose they are, what a wrong file says, what a change of the file does."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from index.reading import Access
from query_service.access import keys
from query_service.access.authenticate import authenticate
from query_service.access.keys import KeyFileError, KeyRing, read_keys
from query_service.problems import Problem


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _entry(name: str = "bot", key: str = "secret", rest: str = "tenant: acme, principals: [group:support]") -> str:
    return f"  - {{name: {name}, key_sha256: {_hash(key)}, {rest}}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.yaml"
    path.write_text("keys:\n" + _entry() + _entry("other", "2nd", "tenant: globex"))
    return path


def test_a_key_names_its_tenant_and_principals(file: Path) -> None:
    ring = KeyRing(file)
    caller = ring.caller("secret")
    assert caller is not None
    assert (caller.name, caller.access) == ("bot", Access("acme", frozenset({"group:support"})))
    other = ring.caller("2nd")
    assert other is not None
    assert other.access == Access("globex", frozenset())
    assert ring.caller("Secret") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "keys: Field required"),
        ("keys: []", "keys: Tuple should have at least 1 item"),
        ("keys:\n  - {name: a", "not YAML at line"),
        ("keys:\n" + _entry(rest="tenant: 'a b'"), "keys.0.tenant: Value error, not 1 to 64 characters"),
        ("keys:\n" + _entry(rest="tenant: a, principals: [support]"), "keys.0.principals.0: Value error, 'support' is neither user:NAME nor group:NAME"),
        ("keys:\n" + _entry(rest="tenant: a, principal: [group:x]"), "keys.0.principal: Extra inputs are not permitted"),
        ("keys:\n  - {name: a, key_sha256: mysecret, tenant: a}", "keys.0.key_sha256: String should match pattern"),
        ("keys:\n" + _entry() + _entry("two"), "keys.1.key_sha256: the same as keys.0.key_sha256"),
        ("keys:\n" + _entry() + _entry(key="two"), "keys.1.name: the same as keys.0.name"),
        ("just text", "record: Input should be a valid dictionary"),
    ],
)
def test_a_wrong_file_says_where_and_how(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(content)
    with pytest.raises(KeyFileError) as refused:
        read_keys(path)
    assert says in str(refused.value)
    assert str(path) in str(refused.value)
    assert "mysecret" not in str(refused.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"there is no such file.*hashlib.sha256"):
        KeyRing(tmp_path / "none.yaml")


def test_a_change_is_taken_up_and_a_wrong_one_is_not(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_RELOAD_SECONDS", 0.0)
    ring = KeyRing(file)
    file.write_text("keys:\n" + _entry("new", "third"))
    os.utime(file, ns=(time.time_ns() + 1, time.time_ns() + 1))
    assert ring.caller("secret") is None
    assert ring.caller("third") is not None
    file.write_text("keys: [")
    assert ring.caller("third") is not None
    file.unlink()
    assert ring.caller("third") is not None


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "No API key was sent"),
        ({"Authorization": "Basic Zm9v"}, "not of the form 'Bearer"),
        ({"Authorization": "Bearer"}, "not of the form 'Bearer"),
        ({"Authorization": "Bearer wrong"}, "not known here"),
        ({"X-API-Key": "x" * 100_000}, "not known here"),
        ({"X-API-Key": "secret", "Authorization": "Bearer secret"}, "send one of them"),
    ],
)
def test_without_a_good_key_nobody_comes_in(file: Path, headers: dict[str, str], says: str) -> None:
    with pytest.raises(Problem) as refused:
        authenticate(headers, KeyRing(file))
    assert refused.value.status == 401
    assert says in refused.value.detail
    assert refused.value.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer secret"}, {"authorization": "bearer  secret"}, {"X-API-Key": "secret"}])
def test_both_headers_do(file: Path, headers: dict[str, str]) -> None:
    from multidict import CIMultiDict  # noqa: PLC0415  # aiohttp's headers know no case

    assert authenticate(CIMultiDict(headers), KeyRing(file)).name == "bot"

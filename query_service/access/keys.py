"""API keys: a YAML file of SHA-256 hashes, each with the tenant and the principals that its holder reads as.

    keys:
      - name: support-bot
        key_sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        tenant: acme
        principals: [group:support]

The file is read again when it changed, at most once a second; a change that does not validate is logged, and the keys that were good stay in force.
Keys themselves are never in the file, in the log or in an error.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from pathlib import Path
from typing import Annotated, Final

import structlog
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from contracts.events import describe_validation
from contracts.identity import InvalidIdentityError, check_tenant
from index.reading import Access
from query_service.access.caller import Caller

HOW_TO_MAKE_ONE: Final = (
    'Make a key with  python3 -c "import secrets, hashlib; k = secrets.token_urlsafe(32); print(k, hashlib.sha256(k.encode()).hexdigest())"  '
    "and put its second word into the file:\n  keys:\n    - {name: me, key_sha256: <that hash>, tenant: <tenant>, principals: [group:staff]}"
)
_RELOAD_SECONDS: Final = 1.0
_log = structlog.get_logger("query_service")


class KeyFileError(Exception):
    """The file of API keys is missing or wrong; the message names the file, the place and the cure."""


def _principal(value: str) -> str:
    kind, _, name = value.partition(":")
    if kind not in {"user", "group"} or not name.strip():
        raise ValueError(f"{value!r} is neither user:NAME nor group:NAME")
    return value


def _tenant(value: str) -> str:
    try:
        return check_tenant(value)
    except InvalidIdentityError:
        raise ValueError("not 1 to 64 characters of A-Z a-z 0-9 _ -") from None


class _Key(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    key_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    tenant: Annotated[str, AfterValidator(_tenant)]
    principals: tuple[Annotated[str, AfterValidator(_principal)], ...] = ()


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[_Key, ...] = Field(min_length=1)


class KeyRing:
    """The keys of one file. Reading it at construction raises KeyFileError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys = read_keys(path)
        self._stamp = _stamp(path)
        self._checked_at = time.monotonic()

    def caller(self, key: str) -> Caller | None:
        """Whose key it is. Takes as long for a wrong key as for a right one: all hashes are compared, each in constant time."""
        self._read_again_if_changed()
        digest = hashlib.sha256(key.encode()).hexdigest()
        found: Caller | None = None
        for entry in self._keys:
            if hmac.compare_digest(entry.key_sha256, digest):
                found = Caller(entry.name, Access(entry.tenant, frozenset(entry.principals)))
        return found

    def _read_again_if_changed(self) -> None:
        now = time.monotonic()
        if now - self._checked_at < _RELOAD_SECONDS:
            return
        self._checked_at = now
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = read_keys(self._path)
        except KeyFileError as error:
            _log.error("api keys not reloaded, the old ones stay in force", reason=str(error))
            return
        _log.info("api keys reloaded", keys=len(self._keys))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def read_keys(path: Path) -> tuple[_Key, ...]:
    """The entries of a key file. Raises KeyFileError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeyFileError(f"{path}: there is no such file (HEADRACE_QUERY_API_KEYS_FILE). {HOW_TO_MAKE_ONE}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: cannot be read ({type(error).__name__}); check its permissions and that it is UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise KeyFileError(f"{path}: not YAML{where}; fix the line or write the file anew") from None
    try:
        keys = _KeyFile.model_validate(content if content is not None else {}).keys
    except ValidationError as error:
        raise KeyFileError(f"{path}: {describe_validation(error)}. {HOW_TO_MAKE_ONE}") from None
    _refuse_doubles(path, keys)
    return keys


def _refuse_doubles(path: Path, keys: tuple[_Key, ...]) -> None:
    for what in ("name", "key_sha256"):
        values = [getattr(key, what) for key in keys]
        for at, value in enumerate(values):
            if value in values[:at]:
                raise KeyFileError(f"{path}: keys.{at}.{what}: the same as keys.{values.index(value)}.{what}; each key needs its own")

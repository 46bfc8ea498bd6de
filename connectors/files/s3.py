"""A bucket of S3-compatible storage. The client signs, lists and retries; it is synchronous and called in threads.

An object's ETag is its stamp: listing and reading give the same, and writing the same bytes again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Final, TypeVar

import urllib3
from minio import Minio
from minio.credentials.providers import IamAwsProvider
from minio.datatypes import Object
from minio.error import MinioException, S3Error
from yarl import URL

from connectors.files.storage import Content, Refused, Stored
from connectors.rest.credentials import resolved
from contracts.sources.files import S3Source
from contracts.sources.rest import MIB
from rest_sources.api import ApiError, ApiRefusedError, ApiUnavailableError, ForbiddenError, UnexpectedAnswerError
from rest_sources.files.paths import Rules

_PAGE: Final = 1000
_PIECE: Final = 1 << 20
_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=60.0)
_RETRIES: Final = urllib3.Retry(total=4, backoff_factor=0.3, status_forcelist=(500, 502, 503, 504))
_GONE: Final = frozenset({"NoSuchKey", "NoSuchObject"})
_KEY_REFUSED: Final = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidTokenId", "ExpiredToken", "InvalidToken", "TokenRefreshRequired"})
_NOT_READABLE: Final = {
    "InvalidObjectState": "the object is in an archive tier; restore it, or exclude it in sources.yaml",
    "InvalidRequest": "the object needs a key of its own to be read (SSE-C); store it under the bucket's key, or exclude it in sources.yaml",
}
_Result = TypeVar("_Result")


class Bucket:
    """One bucket, or what of it begins with a prefix."""

    def __init__(self, client: Minio, source: S3Source, rules: Rules) -> None:
        self._client = client
        self._bucket = source.bucket
        self._prefix = source.prefix
        self._most_bytes = int(source.limits.max_mib * MIB)
        self._rules = rules

    @classmethod
    def of(cls, source: S3Source, rules: Rules, environ: Mapping[str, str]) -> Bucket:
        """Raises CredentialsError."""
        url, key = URL(source.url), source.credentials
        client = Minio(
            url.authority,
            access_key=resolved(source, key.access_key, "credentials.access_key", environ) if key else None,
            secret_key=resolved(source, key.secret_key, "credentials.secret_key", environ) if key else None,
            credentials=None if key else IamAwsProvider(),
            secure=url.scheme == "https",
            region=source.region,
            http_client=urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES, maxsize=source.concurrency),
        )
        if source.path_style:
            client.disable_virtual_style_endpoint()  # type: ignore[no-untyped-call]  # the one method without types
        else:
            client.enable_virtual_style_endpoint()  # type: ignore[no-untyped-call]
        return cls(client, source, rules)

    async def stat(self, path: str) -> Stored | None:
        """None: to ask for the head costs as much as to ask for a small object."""
        del path
        return None  # the type says that it may be something

    async def content(self, path: str) -> Content | Refused | None:
        try:
            return await self._asked(lambda: self._get(path))
        except S3Error as error:
            if error.code in _GONE:
                return None
            if error.code in _NOT_READABLE:
                return Refused("", _NOT_READABLE[error.code])
            if error.code == "AccessDenied":
                cause = f"Our key may not read one object of {self._bucket} (AccessDenied)."
                raise ForbiddenError(cause, "Allow it s3:GetObject, or exclude the object in sources.yaml.") from error
            raise self._explained(error) from error

    async def files(self, after: str) -> AsyncIterator[Sequence[Stored]]:
        listed = self._list(after)
        while True:
            try:
                page = await self._asked(lambda: list(islice(listed, _PAGE)))
            except S3Error as error:
                raise self._explained(error) from error
            if not page:
                return
            yield page

    def _list(self, after: str) -> Iterator[Stored]:
        start = self._prefix + after if after else None
        for item in self._client.list_objects(self._bucket, prefix=self._prefix or None, recursive=True, start_after=start):
            key = item.object_name or ""
            path = key.removeprefix(self._prefix)
            if path and not key.endswith("/") and self._rules.includes(path):
                yield _stored(path, item)

    def _get(self, path: str) -> Content | Refused | None:
        answer = self._client.get_object(self._bucket, self._prefix + path)
        try:
            etag, stated = answer.headers.get("ETag", "").strip('"'), answer.headers.get("Content-Length", "")
            data = None if stated.isdigit() and int(stated) > self._most_bytes else self._limited(answer)
            if data is None:
                reason = f"the object has {stated or 'more'} bytes, {self._most_bytes:,} are allowed; raise limits.max_mib of the source in sources.yaml, or exclude it"
                return Refused(etag, reason)
            return Content(Stored(path, etag, etag, 0, _time_us(answer.headers.get("Last-Modified", ""))), data)
        finally:
            answer.close()
            answer.release_conn()

    def _limited(self, answer: urllib3.BaseHTTPResponse) -> bytes | None:
        """The body; None where it is larger than allowed."""
        pieces, size = [], 0
        for piece in answer.stream(_PIECE):
            size += len(piece)
            if size > self._most_bytes:
                return None
            pieces.append(piece)
        return b"".join(pieces)

    async def _asked(self, call: Callable[[], _Result]) -> _Result:
        """Raises S3Error for an answer that says no, ApiUnavailableError where none comes."""
        try:
            return await asyncio.to_thread(call)
        except S3Error:
            raise
        except (MinioException, urllib3.exceptions.HTTPError, ValueError) as error:
            cure = "It is tried again later; if it lasts, look at the storage, and at the source's url in sources.yaml."
            raise ApiUnavailableError(f"The storage of {self._bucket} does not answer ({type(error).__name__}).", cure) from error

    def _explained(self, error: S3Error) -> ApiError:
        match error.code:
            case code if code in _KEY_REFUSED:
                return ApiRefusedError(f"The storage does not take our key ({code}).", "Check the source's credentials and region in sources.yaml.")
            case "AccessDenied":
                return ApiRefusedError(
                    f"Our key may not list {self._bucket} (AccessDenied).", "Allow it s3:ListBucket on the bucket and s3:GetObject on what is in it."
                )
            case "NoSuchBucket":
                return ApiUnavailableError(f"There is no bucket {self._bucket}.", "Make it, or change 'bucket' in sources.yaml.")
            case "SlowDown" | "InternalError" | "ServiceUnavailable":
                return ApiUnavailableError(f"The storage of {self._bucket} is overloaded ({error.code}).", "It is tried again later.")
            case code:
                return UnexpectedAnswerError(f"The storage of {self._bucket} answers {code}.", "Look this code up in the storage's documentation.")


def _time_us(text: str) -> int:
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1_000_000)
    except ValueError:
        return 0


def _stored(path: str, item: Object) -> Stored:
    etag = (item.etag or "").strip('"')
    return Stored(path, etag, etag, int(item.last_modified.timestamp() * 1_000_000) if item.last_modified else 0)

"""Sources of files: a folder, or a bucket of S3-compatible storage. Who may read a file is said by its path, for neither tells in the terms of a company's groups."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from wcmatch import glob
from yarl import URL

from contracts.sources.rest import Address, CollectedSource, Sweep
from contracts.sources.secrets import SecretReference

GLOB_FLAGS: Final = glob.GLOBSTAR | glob.DOTGLOB | glob.FORCEUNIX | glob.CASE
"""``*`` within a folder, ``**`` across folders, names that begin with a dot like any other."""
NOT_DOCUMENTS: Final = ("**/.*", "**/.*/**", "**/~$*", "**/*~", "**/*.tmp", "**/*.part", "**/*.crdownload")
"""Hidden files, an office program's locks, downloads and copies under way."""
_PATH: Final = "{path}"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _pattern(text: str) -> str:
    if not text or text.startswith("/") or ".." in PurePosixPath(text).parts:
        raise ValueError(f"{text!r} is no pattern of paths below the source: write, for example, hr/** or **/*.pdf, without a leading slash and without '..'")
    glob.compile(text, flags=GLOB_FLAGS)
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


def _link(text: str) -> str:
    if _PATH not in text or not text.startswith(("https://", "http://", "file://")):
        raise ValueError(f"{text!r} leads to no file: write an address that holds {_PATH}, such as https://files.company.example/{_PATH}")
    return text


def _folder(text: str) -> str:
    if not PurePosixPath(text).is_absolute():
        raise ValueError(f"{text!r} depends on where the collector is started: write the whole path, such as /srv/documents")
    return text


class AccessRule(_Part):
    """Who may read the files whose path fits. The first rule that fits holds, whatever the others say."""

    path: Pattern = Field(description="hr/** for everything below hr, **/*.pdf for every PDF, ** for all")
    allowed: tuple[str, ...] = Field(description="principals such as group:hr, user:ann@company.example, public; an empty list means nobody")


class FileLimits(_Part):
    """What one file may cost; beyond it the file is a dead letter, and the others go on."""

    max_mib: float = Field(default=50, gt=0, le=1024, description="larger files are not read")
    pages: int = Field(default=3000, ge=1, description="of a document")
    seconds: int = Field(default=400, ge=1, description="of one core, scanned pages included")
    memory_mib: int = Field(default=1024, ge=512, description="of the process that reads a file, its libraries (250 MiB) included")


class FileSweep(Sweep):
    """A listing of all files, whatever was told: when the collector starts, and from then on."""

    changed_minutes: float = Field(default=1e9, gt=0, description="a listing of files tells all or nothing: leave it out")
    access_minutes: float = Field(default=1e9, gt=0, description="who may read is said here, in sources.yaml: leave it out")
    all_hours: float = Field(default=1, gt=0, description="every file there is: finds what no event told")
    per_second: float = Field(default=100, gt=0, description="most files a second that a sweep has read")
    at_start: bool = True


class FileSource(CollectedSource):
    """What a folder and a bucket have in common."""

    include: tuple[Pattern, ...] = Field(default=("**",), min_length=1, description="paths of the files that are documents")
    exclude: tuple[Pattern, ...] = Field(default=NOT_DOCUMENTS, description="paths that are not, though they fit 'include'")
    access: tuple[AccessRule, ...] = Field(default=(), description="who may read, the first rule that fits; without one nobody")
    link: Annotated[str, AfterValidator(_link)] | None = Field(default=None, description="where a reader finds the file: an address with {path}")
    limits: FileLimits = FileLimits()
    languages: tuple[str, ...] = Field(default=("eng",), min_length=1, description="Tesseract's names of the languages in scans: eng, deu, fra")
    workers: int = Field(default=2, ge=1, le=64, description="files whose text is read at once, each in a process of its own")
    delete_after_move_seconds: float = Field(
        default=2, ge=0, le=600, description="how long a moved file's old document stays once the new one was written: its vectors are taken over meanwhile"
    )
    sweep: FileSweep = FileSweep()
    concurrency: int = Field(default=4, ge=1, le=256, description="files under way at once; each is in memory whole")

    @property
    def policy(self) -> str:
        """A fingerprint of all that makes a file's document beside the file. Another policy, and every file is read and written again."""
        kept = {"revision", "epoch", "tenant", "access", "link", "limits", "languages", "redaction", "chunking", "retention"}
        return hashlib.blake2b(self.model_dump_json(include=kept).encode(), digest_size=6).hexdigest()


class FolderSource(FileSource):
    """A folder of this machine, or mounted on it."""

    type: Literal["folder"]
    path: Annotated[str, AfterValidator(_folder)] = Field(description="the whole path of the folder")
    watch: Literal["events", "polling", "off"] = Field(
        default="events", description="how changes are noticed between sweeps: the system's events; polling where it tells none (network mounts); off"
    )
    follow_symlinks: bool = Field(default=False, description="read what links name, as long as it lies inside the folder")

    @model_validator(mode="after")
    def _no_webhook(self) -> Self:
        if self.webhook is not None:
            raise ValueError("a folder sends no webhooks: leave 'webhook' out, its changes are watched")
        return self


class S3Credentials(_Part):
    """The key that lists and reads. Without credentials those of the machine's role are taken (EC2, ECS, EKS)."""

    access_key: SecretReference = Field(description="env:NAME or file:/path")
    secret_key: SecretReference = Field(description="env:NAME or file:/path")


class S3Source(FileSource):
    """A bucket of AWS S3, MinIO, Ceph or another storage with their API."""

    type: Literal["s3"]
    url: Address = Field(description="the storage's address without the bucket: https://s3.eu-central-1.amazonaws.com; env:NAME takes it from the environment")
    bucket: str = Field(min_length=3, max_length=63)
    prefix: str = Field(default="", max_length=1000, description="only keys that begin so, such as public/; it is no part of a file's path here")
    region: str = Field(default="us-east-1", min_length=1, description="what requests are signed for")
    credentials: S3Credentials | None = None
    path_style: bool = Field(default=True, description="the bucket in the path; false puts it into the host's name, as AWS wants it of new buckets")

    @model_validator(mode="after")
    def _whole_prefix(self) -> Self:
        if self.prefix and (not self.prefix.endswith("/") or self.prefix.startswith("/")):
            raise ValueError(f"prefix {self.prefix!r} must name a folder of keys: write {self.prefix.strip('/')}/")
        if URL(self.url).path not in {"", "/"}:
            raise ValueError(f"{self.url!r} has a path: write the storage's address alone, and the bucket under 'bucket'")
        return self

# ruff: noqa: INP001 - a script that runs before the packages are installed, not part of one
"""Fetch Weaviate's released server for Linux: fetch_weaviate.py VERSION DESTINATION.

The archive is checked against the checksum published beside it and refused where there is none or it differs. Ends with one line and exit code 1
where the release page cannot be reached; setup/bootstrap then builds the server from source. Needs the standard library alone.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import platform
import sys
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

CONNECT_SECONDS = 3.0
RELEASES = "https://github.com/weaviate/weaviate/releases/download"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
BINARY = "weaviate"
_UNREACHABLE = (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException)


class FetchError(Exception):
    """Why there is no verified server."""


def read(url: str) -> bytes:
    """The body at ``url``; a server that is silent for CONNECT_SECONDS counts as unreachable."""
    with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as response:  # noqa: S310 - the address is built from the constant above
        body: bytes = response.read()
        return body


def verify(archive: bytes, address: str) -> None:
    """Compare with the published SHA-256, or with the MD5 where only that is published."""
    for kind in ("sha256", "md5"):
        try:
            published = read(f"{address}.{kind}").decode("ascii", errors="replace").split()
        except urllib.error.HTTPError as error:
            if error.code == http.client.NOT_FOUND:
                continue
            raise
        if not published or published[0].lower() != hashlib.new(kind, archive, usedforsecurity=kind == "sha256").hexdigest():
            raise FetchError(f"the archive's {kind} is not the published one")
        return
    raise FetchError("no checksum is published for the archive")


def extract(archive: bytes, destination: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            if member.isfile() and Path(member.name).name == BINARY:
                content = tar.extractfile(member)
                if content is not None:
                    destination.write_bytes(content.read())
                    destination.chmod(0o755)
                    return
    raise FetchError("the archive holds no server")


def fetch(version: str, destination: Path) -> None:
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise FetchError(f"no release for {platform.machine()}")
    address = f"{RELEASES}/v{version}/weaviate-v{version}-linux-{machine}.tar.gz"
    try:
        archive = read(address)
        verify(archive, address)
    except _UNREACHABLE as error:
        raise FetchError(f"the release page cannot be reached ({type(error).__name__})") from error
    extract(archive, destination)


def main(arguments: list[str]) -> int:
    version, destination = arguments
    try:
        fetch(version, Path(destination))
    except FetchError as error:
        sys.stderr.write(f"Not fetched: {error}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

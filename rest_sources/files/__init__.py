"""Files of a folder or a bucket: what their paths, their records and the storage's notifications mean. Reading them is connectors/files."""

from __future__ import annotations

from rest_sources.files.draft import draft
from rest_sources.files.notifications import s3_verifier
from rest_sources.files.paths import Rules, native_of, path_of

__all__ = ["Rules", "draft", "native_of", "path_of", "s3_verifier"]

"""``python -m index.convert MODEL FOLDER``: a sentence-transformers model to OpenVINO, in a process of its own.

Converting needs torch and holds more than a gigabyte for a minute; a worker that did it in its own process would hold that for ever.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def convert(model: str, folder: Path, revision: str | None) -> None:
    """Write the converted model to ``folder``, which appears by one rename. Raises OSError where there is no such model."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  # seconds to import: a model that is there already needs none of it

    draft = folder.with_suffix(f".{os.getpid()}")
    SentenceTransformer(model, backend="openvino", revision=revision).save_pretrained(str(draft))
    draft.rename(folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m index.convert", description=__doc__)
    parser.add_argument("model", help="a model's name or folder")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--revision", default=None)
    arguments = parser.parse_args()
    try:
        convert(arguments.model, arguments.folder, arguments.revision or None)
    except OSError as error:
        print(str(error).splitlines()[0], file=sys.stderr)  # noqa: T201  # read by whoever started this process
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

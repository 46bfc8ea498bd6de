"""The process that reads files: ``python -m connectors.extract.worker SETUP``. One request after the other from stdin, one answer each to what was stdout.

Its libraries meet whatever people and attackers upload. What they raise becomes a refusal with the exception's class and the place in the code, never its message (it may quote the
file); what kills the process is seen and told by the parent. After the answer to a file that took memory to its end the parent replaces the process.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from connectors.extract.confine import allow_cpu, confine
from connectors.extract.dispatch import extract
from connectors.extract.errors import NotExtractableError
from connectors.extract.frames import LENGTH, Answer, Refusal, Request, Setup, framed
from connectors.extract.ocr import Ocr
from connectors.extract.reading import OUT_OF_MEMORY, File, Reading, out_of_memory


def main() -> int:
    setup = Setup.model_validate_json(sys.argv[1])
    confine(setup.limits)
    requests, answers = sys.stdin.buffer, _private_stdout()
    ocr = Ocr(setup.languages)
    _send(answers, Answer(what="ready"))
    _silence()
    while header := requests.read(LENGTH.size):
        (length,) = LENGTH.unpack(header)
        request = Request.model_validate_json(requests.read(length))
        allow_cpu(setup.limits.cpu_seconds)
        _send(answers, answer(File(requests.read(request.length), request.name, request.media_type), Reading(setup.limits, ocr)))
    return 0


def answer(file: File, reading: Reading) -> Answer:
    """Never raises: what a library does on a malformed file is that file's fault (``dispatch``)."""
    try:
        return Answer(what="extracted", extracted=extract(file, reading))
    except NotExtractableError as error:
        refusal: NotExtractableError = error
    except MemoryError:
        refusal = out_of_memory(reading.limits)
    return Answer(what="refused", refusal=Refusal(kind=refusal.kind, cause=refusal.cause, cure=refusal.cure))


def _private_stdout() -> BinaryIO:
    """What a library prints must not become part of an answer."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def _silence() -> None:
    """Warnings of libraries quote the file; from here on nobody reads them."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)


def _send(answers: BinaryIO, message: Answer) -> None:
    answers.write(framed(message))
    answers.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MemoryError:  # outside a reader: the file's bytes, or the answer
        os._exit(OUT_OF_MEMORY)

"""What a receiver must withstand: ``python -m bench.rest.abuse --count 100000``.

Genuine deliveries of every vendor, freshly signed, are changed by Hypothesis in body, signature or signed time, with other headers added, taken away or wrong besides, and posted to a receiver in a process
of its own; then requests that are no HTTP any more go through raw sockets. Bar: none is accepted, none is answered 5xx, no hint is in Kafka, and neither a traceback nor an unforeseen error is in the receiver's log. At last genuine
deliveries are accepted, and the same ones again have no effect.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.pipeline.measure import machine, write
from bench.pipeline.servers import running
from bench.rest.genuine import CUSTOM, SECRET, SENDERS, Genuine
from bench.rest.hops import read_topic
from connectors.collect.app import topics_of
from contracts.hints import hints_topic
from contracts.settings import KafkaSettings, read
from contracts.sources import load_sources
from contracts.topic_admin import ensure_topics

ROOT: Final = Path(__file__).resolve().parents[2]
READY_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 30.0
RAW_SHARE: Final = 10
"""One raw request for so many deliveries."""
REPLAYS: Final = 20
_NOISE: Final = st.dictionaries(
    st.sampled_from(
        ["Content-Type", "Content-Encoding", "Accept", "X-Request-Id", "Authorization", "X-Hub-Signature", "X-Forwarded-For", "Cookie", "Traceparent"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, blacklist_characters="\x7f"), max_size=60)
    | st.sampled_from(["gzip", "deflate", "application/json", "Bearer x"]),
    max_size=3,
)


@dataclass(frozen=True, slots=True)
class Edit:
    """Of one text: at a share of its length a byte put in, changed or taken out, or the rest cut off."""

    what: str
    place: float
    value: int

    def of(self, text: bytes) -> bytes:
        at = int(self.place * len(text))
        match self.what:
            case "insert":
                return text[:at] + bytes([self.value]) + text[at:]
            case "replace":
                return text[:at] + bytes([self.value]) + text[at + 1 :]
            case "remove":
                return text[:at] + text[at + 1 :]
            case _:
                return text[:at]


EDITS: Final = st.lists(st.builds(Edit, st.sampled_from(["insert", "replace", "remove", "cut"]), st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4)


@dataclass(frozen=True, slots=True)
class Mutation:
    """What is changed of a genuine delivery; ``part`` is the body, or the number of a signing header."""

    source: str
    signed_for: str
    part: int
    edits: list[Edit]
    noise: Mapping[str, str]

    def of(self) -> Genuine | None:
        """None where nothing is changed that a signature covers."""
        good = SENDERS[self.signed_for]()
        headers, body = {**good.headers, **{name: value for name, value in self.noise.items() if name not in good.signing}}, good.body
        name = good.signing[self.part % len(good.signing)]
        if self.part < 0:
            body = _edited(body, self.edits)
        else:
            headers[name] = _printable(_edited(good.headers[name].encode(), self.edits))
        same = body == good.body and headers[name].strip().lower() == good.headers[name].lower()
        return None if same else Genuine(self.source, headers, body, good.signing)


MUTATIONS: Final = st.sampled_from(sorted(SENDERS)).flatmap(
    lambda source: st.builds(Mutation, st.just(source), st.just(source) | st.sampled_from(sorted(SENDERS)), st.integers(-2, 1), EDITS, _NOISE)
)


def _edited(text: bytes, edits: list[Edit]) -> bytes:
    for edit in edits:
        text = edit.of(text)
    return text


def _printable(text: bytes) -> str:
    """As a header's value: control characters are for the raw requests."""
    return "".join(character if character.isprintable() else "?" for character in text.decode("latin-1"))


@dataclass(slots=True)
class Receiver:
    """One in a process of its own, over a connection that is kept. ``answers`` counts statuses; 0 is a connection that was closed without one."""

    port: int
    answers: Counter[int] = field(default_factory=Counter)
    _connection: http.client.HTTPConnection | None = None

    def post(self, delivery: Genuine) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            headers = {name: value.encode("latin-1", "replace") for name, value in delivery.headers.items()}
            self._connection.request("POST", f"/webhooks/{delivery.source}", delivery.body, headers)  # type: ignore[arg-type]  # bytes are allowed
            response = self._connection.getresponse()
            status, body = response.status, response.read()
        except (http.client.HTTPException, ConnectionError):
            status, body = 0, b""
            self._connection.close()
            self._connection = None
        self.answers[status] += 1
        return status, body

    def raw(self, request: bytes) -> int:
        """The status of the first answer to these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS) as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(64)
            except OSError:
                answer = b""
        status = int(answer[9:12]) if answer.startswith(b"HTTP/1.") and answer[9:12].isdigit() else 0
        self.answers[status] += 1
        return status


def mutated(receiver: Receiver, count: int) -> None:
    """AssertionError with the smallest delivery that was accepted, or answered 5xx."""

    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
    @given(MUTATIONS)
    def refused(mutation: Mutation) -> None:
        if (delivery := mutation.of()) is not None:
            status, _ = receiver.post(delivery)
            assert status == 0 or 400 <= status < 500, (status, delivery)

    refused()


def broken(receiver: Receiver, count: int) -> None:
    """AssertionError with the smallest request that was accepted, or answered 5xx. Its signature is wrong from the beginning."""

    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(sorted(SENDERS)), EDITS, st.binary(max_size=200), st.sampled_from(["edited", "doubled", "chunked", "long", "binary"]))
    def withstood(source: str, edits: list[Edit], junk: bytes, how: str) -> None:
        request = _edited(_request(source), edits)
        match how:
            case "doubled":
                request += request
            case "chunked":
                request = request.replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nX-Was", 1) + junk
            case "long":
                request = request.replace(b"\r\n", b"\r\nX-Long: " + junk * 200 + b"\r\n", 1)
            case "binary":
                request = junk
            case _:
                pass
        status = receiver.raw(request)
        assert status == 0 or 400 <= status < 500, (status, request)

    withstood()


def _request(source: str) -> bytes:
    """Well-formed, and signed by nobody."""
    good = SENDERS[source]()
    headers = {**good.headers, **dict.fromkeys(good.signing, "sha256=" + "0" * 64), "Host": "127.0.0.1", "Content-Length": str(len(good.body))}
    return f"POST /webhooks/{source} HTTP/1.1\r\n".encode() + "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n" + good.body


def replayed(receiver: Receiver) -> list[str]:
    """What the receiver said to each genuine delivery and to its replays, where it was wrong."""
    wrong: list[str] = []
    for source, made in SENDERS.items():
        delivery = made()
        told = [_outcome(*receiver.post(delivery)) for _ in range(1 + REPLAYS)]
        if told != ["accepted"] + ["duplicate"] * REPLAYS:
            wrong.append(f"{source}: {told[:3]}")
    return wrong


def _outcome(status: int, body: bytes) -> str:
    return str(json.loads(body).get("outcome", status)) if status == 202 else str(status)


@contextmanager
def receiving(log: Path) -> Iterator[Receiver]:
    """A receiver that believes every vendor; the topics are made anew only where there are none."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "ABUSE": SECRET,
        "HEADRACE_SOURCES": str(log.with_name("sources.yaml")),
        "HEADRACE_WEBHOOKS_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "connectors.webhooks"], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        _await_ready(process, port, log)
        yield Receiver(port)
        if process.poll() is not None:
            raise SystemExit(f"the receiver ended with {process.returncode}: {log.read_text()[-500:]}")
    finally:
        process.terminate()
        process.wait(READY_SECONDS)


def _await_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:  # our own process
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the receiver did not start: {log.read_text()[-500:]}")


def write_sources(folder: Path) -> Path:
    path = folder / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": [_declared(name) for name in SENDERS]}))
    return path


def _declared(name: str) -> dict[str, Any]:
    more: dict[str, Any] = CUSTOM if name == "custom" else {}
    webhook = {**more.get("webhook", {}), "secret": "env:ABUSE", "per_second": 100_000}
    return {**more, "name": name, "type": name, "url": "http://127.0.0.1:9", "tenant": "bench", "credentials": {"token": "env:ABUSE"}, "webhook": webhook}


async def hints() -> int:
    """How many there are of all senders."""
    return sum([len(await read_topic(hints_topic(source))) for source in SENDERS])


def abuse(folder: Path, count: int) -> dict[str, Any]:
    """All of it; raises AssertionError with the smallest example that broke a rule."""
    kafka = read(KafkaSettings)
    declared = load_sources(write_sources(folder)).rest
    specs = [spec for source in declared for spec in topics_of(source, kafka.partitions)]
    asyncio.run(ensure_topics(kafka, specs))
    log, at_first = folder / "receiver.log", asyncio.run(hints())
    with receiving(log) as receiver:
        mutated(receiver, count)
        by_mutation, receiver.answers = receiver.answers, Counter()
        broken(receiver, max(100, count // RAW_SHARE))
        by_breaking, receiver.answers = receiver.answers, Counter()
        believed = asyncio.run(hints()) - at_first
        wrong = replayed(receiver)
        after = asyncio.run(hints()) - at_first - believed
    return {
        "answers_to_mutations": {str(status): times for status, times in sorted(by_mutation.items())},
        "answers_to_broken_requests": {str(status): times for status, times in sorted(by_breaking.items())},
        "hints_of_mutations": believed,
        "failures_in_log": sum(log.read_text(errors="replace").count(sign) for sign in ("Traceback", "unforeseen error")),
        "replays_wrong": wrong,
        "hints_of_genuine": {"deliveries": len(SENDERS), "posts": len(SENDERS) * (1 + REPLAYS), "hints": after},
        "bar": {"hints_of_mutations": 0, "failures_in_log": 0, "replays_wrong": 0, "hints_of_genuine": len(SENDERS)},
    }


def met(result: Mapping[str, Any]) -> bool:
    return (
        not result["hints_of_mutations"]
        and not result["failures_in_log"]
        and not result["replays_wrong"]
        and result["hints_of_genuine"]["hints"] == len(SENDERS)
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    chosen = parser.parse_args()
    before = machine()
    with running("kafka"), tempfile.TemporaryDirectory() as made:
        result = abuse(Path(made), chosen.count)
    print(json.dumps(result, indent=1))
    print(f"written: {write('rest-abuse', f'python -m bench.rest.abuse --count {chosen.count}', before, result)}")
    raise SystemExit(0 if met(result) else 1)

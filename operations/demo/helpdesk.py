"""The demo's second act: a help desk whose tickets and articles change, each change watched from the vendor's answer until every person finds what they may, and no more."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Final

import httpx
from rich.console import Console
from rich.markup import escape

from operations.demo.changes import LIMIT_SECONDS, Scene
from operations.demo.helpdesk_moves import MOVES, PEOPLE, TENANT, Move, Moved
from operations.demo.helpdesk_vendor import Helpdesk, credentials
from operations.demo.questions import Question, ask
from operations.demo.story import Verdict, tell
from operations.demo.watching import until

_INDEXED_SECONDS: Final = 120.0
_TOLD: Final = {"webhook": "", "sweep": "; Zendesk tells nobody, a sweep finds it"}


async def show_helpdesk(scene: Scene, verdict: Verdict, desk: Helpdesk, console: Console) -> None:
    """Raises TimeoutError where the seeded documents never came, httpx.HTTPError where the vendor refuses a change."""
    console.print("\n[bold]A help desk that speaks Zendesk's formats[/bold]: the vendor's answer → first search that shows it")
    if not await scene.watch.wait_for(lambda: desk.documents <= scene.watch.documents, _INDEXED_SECONDS):
        missing = sorted(doc_id for _, doc_id in desk.documents - scene.watch.documents)
        raise TimeoutError(f"{len(missing)} documents of the help desk were not indexed, {missing[0]} among them; see the logs of collect and normalize")
    console.print(f"  {len(desk.documents)} documents: tickets, their internal comments, articles; loaded by the first sweep")
    async for moved in _play(scene, verdict, desk, console):
        verdict.moves.append(moved)
        latency = f"{moved.seconds * 1000:6.0f} ms" if moved.seconds is not None else "[red]not seen[/red]"
        console.print(f"  {moved.move.told_by:<8} {latency}  {escape(moved.move.label)}{_TOLD[moved.move.told_by]}", highlight=False)
        verdict.failures += [f"help desk, {moved.move.label}: {wrong}" for wrong in moved.wrong]
        if moved.seconds is None:
            verdict.failures.append(f"help desk, {moved.move.label}: {moved.move.doc_id} was not searchable as it should be within {LIMIT_SECONDS:.0f} s")
        await _ask(scene, verdict, moved.move.asked_after, "after it", console)


async def _play(scene: Scene, verdict: Verdict, desk: Helpdesk, console: Console) -> AsyncIterator[Moved]:
    async with httpx.AsyncClient(base_url=desk.url, auth=credentials()) as vendor:
        for move in MOVES:
            await _ask(scene, verdict, move.asked_before, "before the edit", console)
            wrong = await _wrong_before(scene, move)
            answer = await vendor.request(move.method, move.path, json=move.body)
            answered = time.perf_counter()
            answer.raise_for_status()
            seconds = await until(lambda move=move: _arrived(scene, move), answered, LIMIT_SECONDS)  # type: ignore[misc]  # bound now, called in this round
            yield Moved(move, seconds, (*wrong, *await _leaks(scene, move)))


async def _arrived(scene: Scene, move: Move) -> bool:
    for person, phrase in (*move.finds, *move.keeps):
        if not await _shows(scene, move, person, phrase):
            return False
    for person, phrase in move.loses:
        if await _shows(scene, move, person, phrase):
            return False
    return True


async def _wrong_before(scene: Scene, move: Move) -> list[str]:
    """What must be there beforehand, so that its loss is one, and what must not."""
    wrong = [f"{person} did not find it beforehand" for person, phrase in (*move.loses, *move.keeps) if not await _shows(scene, move, person, phrase)]
    wrong += [f"{person} found it before it was written" for person, phrase in move.finds if await _shows(scene, move, person, phrase)]
    return wrong + await _leaks(scene, move)


async def _leaks(scene: Scene, move: Move) -> list[str]:
    return [f"{person} finds what they may not" for person, phrase in move.never if await _shows(scene, move, person, phrase)]


async def _shows(scene: Scene, move: Move, person: str, phrase: str) -> bool:
    return await scene.prober.shows(scene.callers.of(TENANT, PEOPLE[person]).key, phrase, move.doc_id)


async def _ask(scene: Scene, verdict: Verdict, questions: tuple[Question, ...], when: str, console: Console) -> None:
    for question in questions:
        tell(await ask(scene, question, when), verdict, console, brief=True)

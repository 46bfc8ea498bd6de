"""Any of all of: what the algebra says of a person is what the conditions say, and an account holds the principals of exactly what it may read."""

from __future__ import annotations

import asyncio
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rest_sources.jira import audience
from rest_sources.jira.audience import EVERYBODY, LOGGED_IN, NOBODY, Audience, all_of, any_of, group, of, principal, principals, user, written
from rest_sources.jira.directory import _filled
from rest_sources.jira.together import Together

PEOPLE = {"ann": {"a", "b"}, "bob": {"b"}, "cat": set[str]()}
ATOMS = [user("ann"), user("bob"), group("a"), group("b"), "*"]
AUDIENCES = st.lists(st.sampled_from(ATOMS), max_size=3).map(lambda atoms: of(*atoms)) | st.just(EVERYBODY)


def held(name: str) -> frozenset[str]:
    return frozenset({user(name), "*", *(group(one) for one in PEOPLE[name])})


def lets_in(readers: Audience, name: str) -> bool:
    return any(clause <= held(name) for clause in readers)


@given(st.lists(AUDIENCES, max_size=3))
def test_all_and_any_are_what_they_say(conditions: list[Audience]) -> None:
    for name in PEOPLE:
        assert lets_in(all_of(conditions), name) is all(lets_in(one, name) for one in conditions)
        assert lets_in(any_of(conditions), name) is any(lets_in(one, name) for one in conditions)


def test_the_shortest_form_is_kept() -> None:
    assert all_of([of(group("a"), user("ann")), of(group("a"))]) == of(group("a"))
    assert all_of([of(user("ann")), of(user("bob"))]) == NOBODY
    assert all_of([LOGGED_IN, of(group("a"))]) == of(group("a"))
    assert any_of([EVERYBODY, of(group("a"))]) == EVERYBODY
    assert all_of([]) == EVERYBODY


def test_principals_have_ids_and_combinations_one_of_their_own() -> None:
    readers = any_of([of(user("557058:f5"), group("7c2")), all_of([of(group("b41")), of(group("a b"))])])
    assert principals("wiki", readers) == ("group:wiki/7c2", "group:wiki/group:a%20b+group:b41", "user:wiki/557058:f5")
    assert principals("wiki", EVERYBODY) == ("public",)
    assert principals("wiki", LOGGED_IN) == ("group:wiki/*",)
    assert principals("wiki", NOBODY) == ()
    assert written(readers) == [["group:7c2"], ["group:a b", "group:b41"], ["user:557058:f5"]]


NAMED = ["?user:reporter/", "?user:assignee/", "?group:groupCustomField/x", "?group:comment"]


@given(st.lists(st.lists(st.sampled_from([*ATOMS, *NAMED]), max_size=3).map(lambda atoms: of(*atoms)), min_size=1, max_size=3))
def test_an_account_holds_every_combination_that_an_issue_can_ask_of_it(conditions: list[Audience]) -> None:
    """Whoever an issue names: what lets an account in is a principal that the account was given beforehand."""
    asked = {clause for clause in all_of(conditions) if len(clause) > 1}
    for reporter, assignee, one, other in product(PEOPLE, PEOPLE, "ab", "ab"):
        meant = dict(zip(NAMED, (user(reporter), user(assignee), group(one), group(other)), strict=True))
        concrete = all_of([frozenset(frozenset(meant.get(atom, atom) for atom in clause) for clause in readers) for readers in conditions])
        for name, joined in PEOPLE.items():
            own = {principal("j", frozenset({atom})) for atom in held(name)} | {"public"}
            own |= {principal("j", filled) for clause in asked for filled in _filled(clause, user(name), {group(one) for one in joined}, set(held(name)))}
            assert bool(own & set(principals("j", concrete))) is lets_in(concrete, name)


async def test_those_who_ask_together_share_an_answer_that_is_asked_after_them_all() -> None:
    together: Together[int] = Together()
    asked = 0

    async def question() -> int:
        nonlocal asked
        asked += 1
        mine = asked
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return mine

    early = [asyncio.create_task(together.ask("x", question)) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asked == 1
    late = [asyncio.create_task(together.ask("x", question)) for _ in range(5)]
    assert await asyncio.gather(*early) == [1] * 5
    assert await asyncio.gather(*late) == [2] * 5, "not the answer that was under way"


async def test_an_error_is_everybodys_and_the_next_asks_again() -> None:
    together: Together[int] = Together()

    async def failing() -> int:
        raise ValueError("no")

    async def working() -> int:
        return 1

    found = await asyncio.gather(*(together.ask("x", failing) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError] * 3
    assert await together.ask("x", working) == 1
    first, second = asyncio.create_task(together.ask("y", working)), asyncio.create_task(together.ask("y", working))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == 1
    assert audience.PUBLIC == "public"

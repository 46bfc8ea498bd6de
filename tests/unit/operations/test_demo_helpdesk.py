"""The demo's help desk: what its people hold is what their accounts give, and what its changes name stands in the seed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml
from aiohttp.test_utils import TestServer

from connectors.rest.http_api import HttpApi
from contracts.sources import load_sources
from examples.vendors.zendesk.permissions import visible
from examples.vendors.zendesk.routes import application
from examples.vendors.zendesk.seed import Seed, plant
from examples.vendors.zendesk.state import Desk
from operations.demo.helpdesk_moves import MOVES, PEOPLE, SOURCE, TENANT, Move
from operations.demo.helpdesk_vendor import credentials, write_sources
from operations.demo.home import EXAMPLE
from rest_sources.source import Account
from rest_sources.zendesk.accounts import read_accounts

SEED = (EXAMPLE / "helpdesk_seed.json").read_text()
USERS = {"agent": 1101, "workshop": 1102, "customer": 1201, "other customer": 1202}


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    plant(made, Seed.model_validate_json(SEED))
    return made


def test_each_person_holds_what_the_account_gives(desk: Desk) -> None:
    async def accounts() -> dict[str, Account]:
        async with TestServer(application(desk)) as server, HttpApi(str(server.make_url("/")), credentials()) as api:
            return {account.id: account async for account in read_accounts(api, SOURCE, articles=True)}

    found = asyncio.run(accounts())
    for person, user_id in USERS.items():
        assert set(PEOPLE[person]) | {"public"} == found[str(user_id)].principals, person


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.label)
def test_who_loses_a_document_sees_it_first_by_the_vendors_rules(desk: Desk, move: Move) -> None:
    kind, number = move.document.split("/")[:2]
    for person, _phrase in (*move.loses, *move.keeps):
        assert int(number) in visible(desk, USERS.get(person))[f"{kind}s"], person


def test_what_is_lost_or_kept_stands_in_the_seed() -> None:
    for move in MOVES:
        for _person, phrase in (*move.loses, *move.keeps):
            assert phrase in SEED, move.label


def test_the_merged_file_declares_both_sources(tmp_path: Path) -> None:
    path = write_sources(tmp_path)
    assert [source["name"] for source in yaml.safe_load(path.read_text())["sources"]] == ["company", SOURCE]
    connection = {f"HEADRACE_DEMO_{name}": "x" for name in ("HOST", "DATABASE", "USER", "PASSWORD")}
    desk = {"HEADRACE_DEMO_ZENDESK_URL": "http://127.0.0.1:1", "HEADRACE_DEMO_ZENDESK_TOKEN": "t", "HEADRACE_DEMO_ZENDESK_SECRET": "s"}
    declared = load_sources(path, {**connection, "HEADRACE_DEMO_PORT": "5432", **desk})
    assert declared.rest[0].tenant == TENANT

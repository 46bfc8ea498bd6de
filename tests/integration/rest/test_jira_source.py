"""Jira as a source, against its test server in a process of its own: what every source must pass, in both editions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests.integration.rest.jira_world import SEED, EditionName, JiraWorld, jira_process, jira_world, receiver
from tests.rest_kit.kit import RestSourceKit


@pytest.fixture(scope="module", params=["cloud", "datacenter"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, EditionName, dict[str, Any]]]:
    with jira_process(request.param) as url:
        yield url, request.param, httpx.post(f"{url}/_control/seed", json=SEED).raise_for_status().json()


@pytest.fixture
async def world(server: tuple[str, EditionName, dict[str, Any]]) -> AsyncIterator[JiraWorld]:
    """With a new project, in which nothing is restricted yet."""
    async with jira_world(*server, small_pages=True) as made, receiver(made) as hook:
        for project in await made.projects():
            await made.drop(f"project/{project}")
        await made.control("POST", "seed", {"projects": SEED["projects"]})
        await made.register(hook)
        yield made


class TestJira(RestSourceKit):
    """The kit, in both editions."""

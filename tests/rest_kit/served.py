"""What most Worlds have in common: a source that sources.yaml declares with little, its reader, and a vendor in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

import pytest

from rest_sources.catalog import type_of
from rest_sources.delivery import Delivery
from tests.rest_kit.declaring import declared
from tests.rest_kit.kit import RestSourceKit
from tests.rest_kit.vendor import Around, TextFiles, around_process
from tests.rest_kit.world import World


class VendorWorld(World):
    """Derive from it with ``type_name``, ``containers`` and the hands. The source is called like its type."""

    type_name: ClassVar[str]
    server: ClassVar[str] = ""
    """The module of the vendor's process; empty where the vendor is no process of its own."""
    secret = b"a-made-up-secret"

    def __init__(self, vendor: Around) -> None:
        self.vendor = vendor
        self.source = declared(name=self.type_name, type_name=self.type_name, url=vendor.url)
        self.reader = type_of(self.source).reader(self.source, vendor.api, TextFiles(vendor.api))

    async def deliveries(self) -> Sequence[Delivery]:
        """For vendors that answer after they have delivered."""
        return tuple(self.vendor.got)


class ServedSourceKit(RestSourceKit):
    """The kit on a vendor that is a process: derive a class with ``world_type``."""

    world_type: ClassVar[type[VendorWorld]]

    @pytest.fixture
    async def world(self) -> AsyncIterator[VendorWorld]:
        async with around_process(self.world_type.server, self.world_type.secret) as vendor:
            yield self.world_type(vendor)

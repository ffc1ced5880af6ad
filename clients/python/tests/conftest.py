from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support import AsyncFace, Face, MisbehavingServers, SyncFace

OpenFace = Callable[..., Face]


@pytest.fixture(scope="session")
def servers() -> Iterator[MisbehavingServers]:
    servers = MisbehavingServers()
    yield servers
    servers.stop()


@pytest.fixture(params=[SyncFace, AsyncFace], ids=["sync", "async"])
def open_client(request: pytest.FixtureRequest) -> Iterator[OpenFace]:
    """Makes clients of either kind, and closes them after the test."""
    opened: list[Face] = []

    def open_one(*args: Any, **options: Any) -> Face:
        opened.append(request.param(*args, **options))
        return opened[-1]

    yield open_one
    for face in opened:
        face.call("close", timeout_ms=50)

"""The table of behaviours, the servers that behave as it says, and one face for both clients."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Coroutine
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from sundial import AffectedOperation, AsyncQuotaClient, QuotaClient

T = TypeVar("T")

CLIENTS = Path(__file__).parents[2]
TABLE: dict[str, Any] = json.loads((CLIENTS / "behaviours.json").read_text())


class MisbehavingServers:
    """``misbehaving-server.mjs`` in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(CLIENTS / "misbehaving-server.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._control: str = json.loads(self._process.stdout.readline())["control"]

    def start(
        self, *servers: Any, scheme: str = "http", certificate: str | None = None, host: str | None = None
    ) -> list[str]:
        """Starts them afresh; answers their URLs, with ``host`` in place of their own."""
        answer = self._ask("PUT", "/servers", {"servers": servers, "certificate": certificate})
        self.authority: str | None = answer["authority"]
        origins: list[str] = answer["origins"]
        if host is not None:
            origins = [f"{host}:{origin.rpartition(':')[2]}" for origin in origins]
        return [f"{scheme}://{origin}" for origin in origins]

    def seen(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask("GET", "/seen", None)
        return answer

    def _ask(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._control + path, data, method=method)
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)

    def stop(self) -> None:
        self._process.communicate("", timeout=5)


class SyncFace:
    """Runs what a test does with ``QuotaClient``."""

    kind = QuotaClient

    def __init__(self, *args: Any, **options: Any) -> None:
        self.client = QuotaClient(*args, **options)

    def call(self, verb: str, *args: Any, **options: Any) -> Any:
        return getattr(self.client, verb)(*args, **options)

    def affected(self) -> list[AffectedOperation]:
        return list(self.client.affected())


class AsyncFace:
    """Runs the same with ``AsyncQuotaClient``, in an event loop of its own."""

    kind = AsyncQuotaClient

    def __init__(self, *args: Any, **options: Any) -> None:
        self.client = AsyncQuotaClient(*args, **options)
        self._closed = False

    @cached_property
    def _loop(self) -> asyncio.Runner:
        return asyncio.Runner()

    def call(self, verb: str, *args: Any, **options: Any) -> Any:
        async def called() -> Any:
            return await getattr(self.client, verb)(*args, **options)

        if self._closed:
            return None
        result = self._loop.run(called())
        if verb == "close":
            self._closed = True
            self._loop.close()
        return result

    def affected(self) -> list[AffectedOperation]:
        return list(self.client.affected())


Face = SyncFace | AsyncFace


def timed(function: Callable[[], T]) -> tuple[T, float]:
    """The result, and the milliseconds it took."""
    began = time.monotonic()
    result = function()
    return result, (time.monotonic() - began) * 1_000


def eventually(condition: Callable[[], bool], within_s: float = 5) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "It did not come true in time."
        time.sleep(0.01)


def in_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)

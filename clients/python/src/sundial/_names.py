"""Looks up host names, aside: the system's resolver may take half a minute."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any

Addresses = list[tuple[Any, ...]]
"""As a socket takes them, in the order of the system's preference."""


class Resolver:
    """In a thread of its own, one for each name at a time: one that hangs holds no thread that the program needs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[tuple[str, int], Future[Addresses]] = {}

    def look_up(self, host: str, port: int) -> Future[Addresses]:
        """Ends with the addresses, or with an ``OSError``."""
        with self._lock:
            future = self._running.get((host, port))
            if future is None:
                future = self._running[host, port] = Future()
                Thread(target=self._run, args=(host, port, future), daemon=True, name="sundial-dns").start()
            return future

    def _run(self, host: str, port: int, future: Future[Addresses]) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            future.set_result(list(dict.fromkeys(entry[4] for entry in found)))
        except Exception as error:
            future.set_exception(error if isinstance(error, OSError) else OSError(str(error)))
        finally:
            with self._lock:
                self._running.pop((host, port), None)


async def awaited(future: Future[Addresses]) -> Addresses:
    """A caller that is cancelled leaves it to the others that wait for it, and its event loop may end meanwhile."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        if not waiting.done():
            waiting.set_result(None)

    def tell(_: Future[Addresses]) -> None:
        # A loop that has ended has no caller left.
        if not loop.is_closed():
            loop.call_soon_threadsafe(end)

    future.add_done_callback(tell)
    await waiting
    return future.result()

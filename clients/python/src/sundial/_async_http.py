"""The asynchronous shell's I/O: one ``asyncio.timeout`` over all of an attempt."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable

import httpx

from ._endpoints import Endpoint
from ._options import KEEP_ALIVE_S, MAX_CONNECTIONS
from ._steps import Attempt, Outcome
from ._wire import Phase, Reading, failure, request


class AsyncHttp:
    """One pool of connections for each endpoint, so that one that hangs leaves the others' alone."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        headers: dict[str, str],
        tls: ssl.SSLContext | bool,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_ALIVE_S
        )
        self._traced = transport is None
        self._clients = {
            endpoint: httpx.AsyncClient(
                transport=transport or httpx.AsyncHTTPTransport(verify=tls, limits=limits, trust_env=False),
                headers=headers,
                follow_redirects=False,
                trust_env=False,
            )
            for endpoint in endpoints
        }
        # Not the pool's own bound: a request that is cancelled while it waits there can take a connection with it for ever.
        self._turns = {endpoint: asyncio.Semaphore(MAX_CONNECTIONS) for endpoint in self._clients}

    async def send(self, step: Attempt) -> Outcome:
        """Comes back by ``step.until``. Raises only what cancels the caller."""
        phase = Phase(step, traced=self._traced)
        try:
            async with asyncio.timeout(max(0.0, step.until - time.monotonic())):
                async with self._turns[step.endpoint]:
                    phase.begin()
                    return await self._exchange(step, phase)
        except TimeoutError:
            return phase.too_late()
        except Exception as error:
            return failure(error, phase)

    async def _exchange(self, step: Attempt, phase: Phase) -> Outcome:
        client = self._clients[step.endpoint]
        sent = request(client, step.endpoint, step.outgoing)
        # The attempt's own time-out is over all of it; httpx must not wait for less, nor for more.
        sent.extensions["timeout"] = httpx.Timeout(None).as_dict()
        sent.extensions["trace"] = phase.atrace
        response = await client.send(sent, stream=True)
        try:
            reading = Reading(response)
            async for chunk in response.aiter_raw():
                reading.add(chunk)
            return reading.answered()
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()

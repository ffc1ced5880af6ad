"""The asynchronous shell's I/O: one ``asyncio.timeout`` over all of an attempt.

The network below is the client's own for two reasons: names are looked up in a thread of the client, not in the event loop's own threads,
which a name server that hangs would fill; and each address of a host gets its part of the time that is left, while the usual quarter of
a second for the first one is longer than an attempt.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from ._endpoints import Endpoint
from ._names import Resolver, awaited
from ._options import KEEP_ALIVE_S, MAX_CONNECTIONS
from ._steps import Attempt, Outcome
from ._wire import Phase, Reading, failure, request

_UNTIL: ContextVar[float] = ContextVar("sundial_async_attempt_until")


class AsyncHttp:
    """One pool of connections for each endpoint, so that one that hangs leaves the others' alone."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        headers: dict[str, str],
        tls: ssl.SSLContext | bool,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        context = tls if isinstance(tls, ssl.SSLContext) else None
        self._traced = transport is None
        self._clients = {
            endpoint: httpx.AsyncClient(
                transport=transport or _Transport(context),
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
        token = _UNTIL.set(step.until)
        try:
            async with asyncio.timeout(max(0.0, step.until - time.monotonic())):
                async with self._turns[step.endpoint]:
                    phase.begin()
                    return await self._exchange(step, phase)
        except TimeoutError:
            return phase.too_late()
        except Exception as error:
            return failure(error, phase)
        finally:
            _UNTIL.reset(token)

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


class _Transport(httpx.AsyncBaseTransport):
    """httpx's own, over the client's network. Its errors are httpcore's."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=_Network(),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


class _Network(httpcore.AsyncNetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._resolver = Resolver()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Tries every address of the host, each with its part of the time that is left."""
        try:
            addresses = await awaited(self._resolver.look_up(host, port))
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error}") from error
        failed: Exception = httpcore.ConnectError(f"{host} has no address.")
        for index, address in enumerate(addresses):
            share = max(0.0, _UNTIL.get() - time.monotonic()) / (len(addresses) - index)
            try:
                return await self._inner.connect_tcp(address[0], port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

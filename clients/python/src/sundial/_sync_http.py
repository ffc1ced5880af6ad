"""The synchronous shell's I/O, with a deadline over everything: DNS, connecting, TLS, writing, headers and body.

httpx has a time-out for each phase and each read, so an answer that comes a byte at a time would never end. Here each operation on the
socket gets the time that is left of its attempt.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from threading import BoundedSemaphore
from typing import Any

import httpcore
import httpx

from ._endpoints import Endpoint
from ._names import Addresses, Resolver
from ._options import KEEP_ALIVE_S, MAX_CONNECTIONS
from ._steps import Attempt, Outcome
from ._wire import Phase, Reading, failure, request

WRITE_BYTES = 16_384
_UNTIL: ContextVar[float] = ContextVar("sundial_attempt_until")


def _left(too_late: type[httpcore.TimeoutException]) -> float:
    left = _UNTIL.get() - time.monotonic()
    if left <= 0:
        raise too_late("The time of this attempt is over.")
    return left


class SyncHttp:
    """One pool of connections for each endpoint, so that one that hangs leaves the others' alone."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        headers: dict[str, str],
        tls: ssl.SSLContext | bool,
        transport: httpx.BaseTransport | None,
    ) -> None:
        context = tls if isinstance(tls, ssl.SSLContext) else None
        self._traced = transport is None
        self._clients = {
            endpoint: httpx.Client(
                transport=transport or _Transport(context),
                headers=headers,
                follow_redirects=False,
                trust_env=False,
            )
            for endpoint in endpoints
        }
        # Not the pool's own bound: a request whose time ends while it waits there can take a connection with it for ever.
        self._turns = {endpoint: BoundedSemaphore(MAX_CONNECTIONS) for endpoint in self._clients}

    def send(self, step: Attempt) -> Outcome:
        """Comes back by ``step.until``, and never raises."""
        phase = Phase(step, traced=self._traced)
        turn = self._turns[step.endpoint]
        if not turn.acquire(timeout=max(0.0, step.until - time.monotonic())):
            return phase.too_late()
        token = _UNTIL.set(step.until)
        try:
            return self._exchange(step, phase)
        except Exception as error:
            return failure(error, phase)
        finally:
            _UNTIL.reset(token)
            turn.release()

    def _exchange(self, step: Attempt, phase: Phase) -> Outcome:
        client = self._clients[step.endpoint]
        sent = request(client, step.endpoint, step.outgoing)
        sent.extensions["timeout"] = httpx.Timeout(phase.begin()).as_dict()
        sent.extensions["trace"] = phase.trace
        response = client.send(sent, stream=True)
        try:
            reading = Reading(response)
            for chunk in response.iter_raw():
                reading.add(chunk)
                _left(httpcore.ReadTimeout)
            return reading.answered()
        finally:
            response.close()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


class _Transport(httpx.BaseTransport):
    """httpx's own, over a network that keeps the deadline. Its errors are httpcore's."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=_DeadlineNetwork(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        url = request.url
        answer = self._pool.handle_request(
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

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _DeadlineNetwork(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()
        self._resolver = Resolver()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Tries every address of the host, each with its part of the time that is left."""
        addresses = self._resolve(host, port)
        error: Exception = httpcore.ConnectError(f"{host} has no address.")
        for index, address in enumerate(addresses):
            share = _left(httpcore.ConnectTimeout) / (len(addresses) - index)
            try:
                stream = self._inner.connect_tcp(address[0], port, share, local_address, socket_options)
                return _DeadlineStream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    def _resolve(self, host: str, port: int) -> Addresses:
        try:
            return self._resolver.look_up(host, port).result(_left(httpcore.ConnectTimeout))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} was not found in time.") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error}") from error

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_BYTES):
            self._inner.write(buffer[start : start + WRITE_BYTES], _left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            left = _left(httpcore.ConnectTimeout)
            return _DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, left))
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

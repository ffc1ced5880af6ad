"""The client for asyncio programs."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from types import TracebackType
from typing import Self, TypeVar

import httpx

from ._async_http import AsyncHttp
from ._delivery import DELIVERY_ENDED
from ._fallback import Fallback
from ._held import AsyncHeldReservation, AsyncReservationContext
from ._journal import AffectedOperation
from ._monitor import OnAlarm
from ._options import headers, make_core, tls
from ._steps import Outcome, Pause, Steps
from ._subject import subject_of
from .contract import (
    Amounts,
    CheckRequest,
    Decision,
    OnExpiry,
    Reservation,
    ReservationAnswer,
    Subject,
    Usage,
)
from .errors import QuotaClientError

T = TypeVar("T")
LOG = logging.getLogger("sundial")

__all__ = ["AsyncHeldReservation", "AsyncQuotaClient"]


class AsyncQuotaClient:
    """Asks a Sundial service whether an operation may run, and counts it.

    The same as ``QuotaClient``, of which every verb and option has the whole description, with coroutines:
    ``decision = await client.check("ocr", user="u1")``. A verb that is cancelled is given up; what it may have counted is not
    journaled, since its caller was answered nothing.

    One client belongs to one event loop. ``await client.close()``, or ``async with``, delivers the journal before the loop ends.
    """

    def __init__(
        self,
        endpoints: str | Sequence[str],
        *,
        key: str | None = None,
        deadline_ms: float = 200,
        retries: int = 2,
        fallback: Fallback | Mapping[str, Fallback] = "allow",
        on_alarm: OnAlarm | None = None,
        alarm_error_rate: float = 0.05,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._core = make_core(endpoints, deadline_ms, retries, fallback, on_alarm, alarm_error_rate)
        self._http = AsyncHttp(self._core.endpoints, headers(key), tls(endpoints, ssl_context), transport)
        self._tending: asyncio.Task[None] | None = None

    async def check(
        self,
        resource: str,
        subject: Subject | None = None,
        *,
        amount: int | None = None,
        amounts: Amounts | None = None,
        operation_id: str | None = None,
        receipt: bool = False,
        **attributes: str,
    ) -> Decision:
        """See ``QuotaClient.check``."""
        counted = subject_of(subject, attributes)
        request = CheckRequest(resource, counted, amount, amounts, operation_id, receipt)
        return await self._run(self._core.check(request))

    async def check_batch(self, checks: Sequence[CheckRequest]) -> list[Decision | QuotaClientError]:
        """See ``QuotaClient.check_batch``."""
        return await self._run(self._core.check_batch(checks))

    async def usage(self, resource: str, subject: Subject | None = None, **attributes: str) -> Usage:
        """See ``QuotaClient.usage``."""
        counted = subject_of(subject, attributes)
        return await self._run(self._core.usage(resource, counted))

    async def reserve(
        self,
        resource: str,
        subject: Subject | None = None,
        *,
        amount: int | None = None,
        amounts: Amounts | None = None,
        operation_id: str | None = None,
        receipt: bool = False,
        ttl_ms: int | None = None,
        on_expiry: OnExpiry | None = None,
        **attributes: str,
    ) -> Decision:
        """See ``QuotaClient.reserve``."""
        counted = subject_of(subject, attributes)
        request = CheckRequest(resource, counted, amount, amounts, operation_id, receipt)
        return await self._run(self._core.reserve(request, ttl_ms, on_expiry))

    async def commit(
        self, reservation: str | Reservation, *, amount: int | None = None, amounts: Amounts | None = None
    ) -> ReservationAnswer:
        """See ``QuotaClient.commit``."""
        return await self._run(self._core.commit(reservation, amount, amounts))

    async def release(
        self, reservation: str | Reservation, *, reason: str | None = None
    ) -> ReservationAnswer:
        """See ``QuotaClient.release``."""
        return await self._run(self._core.release(reservation, reason))

    async def extend(
        self,
        reservation: str | Reservation,
        *,
        ttl_ms: int | None = None,
        amount: int | None = None,
        amounts: Amounts | None = None,
    ) -> Decision:
        """See ``QuotaClient.extend``."""
        return await self._run(self._core.extend(reservation, ttl_ms, amount, amounts))

    def reservation(
        self,
        resource: str,
        subject: Subject | None = None,
        *,
        amount: int | None = None,
        amounts: Amounts | None = None,
        operation_id: str | None = None,
        receipt: bool = False,
        ttl_ms: int | None = None,
        on_expiry: OnExpiry | None = None,
        **attributes: str,
    ) -> AsyncReservationContext:
        """Reserves around a block: commits when it ends, releases when it raises or is cancelled; see ``QuotaClient.reservation``.

        ::

            async with client.reservation("llm", user="u1", amounts={"tokens": 4000}) as held:
                answer = await ask_the_model()
                await held.commit(amounts={"tokens": answer.tokens})
        """
        counted = subject_of(subject, attributes)
        request = CheckRequest(resource, counted, amount, amounts, operation_id, receipt)
        return AsyncReservationContext(
            self, resource, lambda: self._run(self._core.reserve(request, ttl_ms, on_expiry))
        )

    def affected(self) -> Iterator[AffectedOperation]:
        """What the client decided and ended by itself, the oldest first: the last 10,000, delivered ones included."""
        return self._core.journal.affected()

    async def flush(self, *, timeout_ms: float = 5_000) -> int:
        """See ``QuotaClient.flush``."""
        await self._drive(self._core.delivery.flush(time.monotonic() + timeout_ms / 1_000))
        return self._core.journal.pending

    async def close(self, *, timeout_ms: float = 1_000) -> int:
        """See ``QuotaClient.close``."""
        if not self._core.closed:
            self._core.closed = True
            if self._tending is not None:
                self._tending.cancel()
                await asyncio.gather(self._tending, return_exceptions=True)
            await self.flush(timeout_ms=timeout_ms)
            await self._http.aclose()
        return self._core.journal.pending

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, verb: Steps[T]) -> T:
        result = await self._drive(verb)
        self._core.ended(result)
        self._tend()
        return result

    async def _drive(self, steps: Steps[T]) -> T:
        with closing(steps):
            outcome: Outcome | None = None
            while True:
                try:
                    step = steps.send(outcome)
                except StopIteration as done:
                    result: T = done.value
                    return result
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    outcome = None
                else:
                    outcome = await self._http.send(step)

    def _tend(self) -> None:
        """Begins to probe and deliver aside, where there is something to do and no task does it."""
        if self._core.delivery.idle() or self._core.closed:
            return
        if self._tending is None or self._tending.done():
            self._tending = asyncio.create_task(self._tend_aside(), name="sundial-delivery")

    async def _tend_aside(self) -> None:
        try:
            await self._drive(self._core.delivery.tend())
        except Exception:
            LOG.exception(DELIVERY_ENDED)

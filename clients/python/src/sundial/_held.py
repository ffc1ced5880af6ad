"""Reservations around a block of code."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .contract import Amounts, Decision, Reservation, ReservationAnswer
from .errors import RiskLimitExceeded

if TYPE_CHECKING:
    from .async_client import AsyncQuotaClient
    from .client import QuotaClient

LOG = logging.getLogger("sundial")


class _Held:
    """What a block knows of its reservation."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        """Of the reserve, or of the last ``extend``."""
        self.reservation: Reservation | None = decision.reservation
        """As it stood last; None where nothing had to be held."""
        self.ended = decision.reservation is None

    def _extended(self, decision: Decision) -> Decision:
        self.decision = decision
        if decision.reservation is not None:
            self.reservation = decision.reservation
        return decision

    def _nothing(self) -> ReservationAnswer:
        return ReservationAnswer(None, self.decision.limits, self.decision.degraded)


class HeldReservation(_Held):
    """What ``with client.reservation(…) as held`` binds."""

    def __init__(self, client: QuotaClient, decision: Decision) -> None:
        super().__init__(decision)
        self._client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.ended:
            return
        try:
            if kind is None:
                self.commit()
            else:
                self.release(reason=kind.__name__[:256])
        except Exception:
            _log_ending(self, kind)

    def commit(self, *, amount: int | None = None, amounts: Amounts | None = None) -> ReservationAnswer:
        """Counts what was really used; see ``QuotaClient.commit``."""
        if self.reservation is None:
            return self._nothing()
        answer = self._client.commit(self.reservation, amount=amount, amounts=amounts)
        self.ended = True
        return answer

    def release(self, *, reason: str | None = None) -> ReservationAnswer:
        """Gives all of it back; see ``QuotaClient.release``."""
        if self.reservation is None:
            return self._nothing()
        answer = self._client.release(self.reservation, reason=reason)
        self.ended = True
        return answer

    def extend(
        self, *, ttl_ms: int | None = None, amount: int | None = None, amounts: Amounts | None = None
    ) -> Decision:
        """Holds longer, or more; see ``QuotaClient.extend``."""
        if self.reservation is None:
            return self.decision
        return self._extended(
            self._client.extend(self.reservation, ttl_ms=ttl_ms, amount=amount, amounts=amounts)
        )


class AsyncHeldReservation(_Held):
    """What ``async with client.reservation(…) as held`` binds."""

    def __init__(self, client: AsyncQuotaClient, decision: Decision) -> None:
        super().__init__(decision)
        self._client = client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.ended:
            return
        try:
            if kind is None:
                await self.commit()
            else:
                await self.release(reason=kind.__name__[:256])
        except Exception:
            _log_ending(self, kind)

    async def commit(self, *, amount: int | None = None, amounts: Amounts | None = None) -> ReservationAnswer:
        """Counts what was really used; see ``AsyncQuotaClient.commit``."""
        if self.reservation is None:
            return self._nothing()
        answer = await self._client.commit(self.reservation, amount=amount, amounts=amounts)
        self.ended = True
        return answer

    async def release(self, *, reason: str | None = None) -> ReservationAnswer:
        """Gives all of it back; see ``AsyncQuotaClient.release``."""
        if self.reservation is None:
            return self._nothing()
        answer = await self._client.release(self.reservation, reason=reason)
        self.ended = True
        return answer

    async def extend(
        self, *, ttl_ms: int | None = None, amount: int | None = None, amounts: Amounts | None = None
    ) -> Decision:
        """Holds longer, or more; see ``AsyncQuotaClient.extend``."""
        if self.reservation is None:
            return self.decision
        return self._extended(
            await self._client.extend(self.reservation, ttl_ms=ttl_ms, amount=amount, amounts=amounts)
        )


class ReservationContext:
    """Made by ``QuotaClient.reservation``; entered once."""

    def __init__(self, client: QuotaClient, resource: str, reserve: Callable[[], Decision]) -> None:
        self._client, self._resource, self._reserve = client, resource, reserve

    def __enter__(self) -> HeldReservation:
        decision = self._reserve()
        if not decision.allowed:
            raise RiskLimitExceeded(self._resource, decision)
        self._held = HeldReservation(self._client, decision)
        return self._held

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.__exit__(kind, error, trace)


class AsyncReservationContext:
    """Made by ``AsyncQuotaClient.reservation``; entered once."""

    def __init__(
        self, client: AsyncQuotaClient, resource: str, reserve: Callable[[], Awaitable[Decision]]
    ) -> None:
        self._client, self._resource, self._reserve = client, resource, reserve

    async def __aenter__(self) -> AsyncHeldReservation:
        decision = await self._reserve()
        if not decision.allowed:
            raise RiskLimitExceeded(self._resource, decision)
        self._held = AsyncHeldReservation(self._client, decision)
        return self._held

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._held.__aexit__(kind, error, trace)


def _log_ending(held: _Held, kind: type[BaseException] | None) -> None:
    reservation = held.reservation
    LOG.exception(
        "Reservation %s of %s could not be %s; it ends when it expires.",
        reservation.id if reservation else "",
        reservation.resource if reservation else "",
        "committed" if kind is None else "released",
    )

"""The client for synchronous programs."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self, TypeVar

import httpx

from ._delivery import DELIVERY_ENDED
from ._fallback import Fallback
from ._fork import begin_in_children
from ._held import HeldReservation, ReservationContext
from ._journal import AffectedOperation
from ._monitor import OnAlarm
from ._options import headers, make_core, tls
from ._steps import Outcome, Pause, Steps
from ._subject import subject_of
from ._sync_http import SyncHttp
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

__all__ = ["HeldReservation", "QuotaClient"]


class QuotaClient:
    """Asks a Sundial service whether an operation may run, and counts it.

    Ask ``check`` right before a costly operation whose cost is known; ``check_batch`` for many; ``reservation`` around one whose
    cost is known afterwards; ``usage`` to show what is left. A refusal is an answer (``decision.allowed`` is false).

    **Every verb returns within ``deadline_ms`` + 15 ms, whatever the network and the service do.** It asks the endpoints in their
    order, each attempt for at most half of the time that is left, retries with the same operation id, and skips an endpoint that
    failed three times in a row until a probe finds it alive. Where none answers, ``fallback`` decides, and the decision says
    ``degraded.cause == "unreachable"``. What was decided so is kept (10,000 operations, in memory), and delivered when the service is
    back, so that afterwards the counters equal what was allowed.

    Raises ``QuotaClientError`` only for misuse: bad input, a refused key, a conflict.

    Safe for use by many threads (64 requests at once to an endpoint, then they wait their turn), and after a fork (the child has connections and a journal of its own). Make one client for a
    process, and ``close`` it, or use it as a context manager, so that the journal is delivered before the process ends.

    - ``endpoints``: one URL or up to 16, the preferred one first; all of them share one store.
    - ``key``: one of the service's check keys; None where it runs without keys.
    - ``deadline_ms``: for a whole call, 5 to 60,000; 200 by default.
    - ``retries``: how often a call asks an endpoint again, 0 to 10; going on to another endpoint is none. All calls together make
      at most 10 retries a second, or one for ten calls if that is more.
    - ``fallback``: ``"allow"`` (default), ``"deny"``, a function of ``Unanswered`` that answers one of them, or a mapping of these by
      resource, with ``default`` for all others. The function's own time counts on top of the deadline.
    - ``on_alarm``: called with an ``Alarm`` when calls fail in a pattern (12 in a row within a minute, more than ``alarm_error_rate`` of
      at least 100 calls in a minute, or 3 in each of 10 minutes), when that is over, and when the journal is full; in the thread that
      noticed it. The logger ``sundial`` has it too.
    - ``ssl_context``: for https endpoints with an authority of your own; the authorities of httpx by default.
    - ``transport``: an httpx transport in place of the client's own (tracing, tests). Its time is bounded by phase only.

    Proxies of the environment (``HTTPS_PROXY``) are not used.
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._make_core = partial(
            make_core, endpoints, deadline_ms, retries, fallback, on_alarm, alarm_error_rate
        )
        self._make_http = partial(
            SyncHttp, headers=headers(key), tls=tls(endpoints, ssl_context), transport=transport
        )
        self._begin()
        begin_in_children(self)

    def _begin(self) -> None:
        self._core = self._make_core()
        self._http = self._make_http(self._core.endpoints)
        self._closing = Event()
        self._tending = Lock()

    def check(
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
        """Asks and counts: ``client.check("ocr", user="u1")``.

        ``subject`` or keywords name who is counted. ``amount`` is what it takes of the meter ``units``: 0 (only look) to 2^53−1, 1 by
        default; ``amounts`` what it takes of other meters. ``operation_id`` (1–128 printable ASCII characters) names the operation:
        repeating it repeats the answer and counts once; made by the client where it is None. ``receipt``: an allowed decision is to
        carry a receipt for the program that does the costly work (``sundial.receipts``).
        """
        counted = subject_of(subject, attributes)
        request = CheckRequest(resource, counted, amount, amounts, operation_id, receipt)
        return self._run(self._core.check(request))

    def check_batch(self, checks: Sequence[CheckRequest]) -> list[Decision | QuotaClientError]:
        """Up to 1,000 checks in one request, each decided on its own, answered in order.

        One that could not be decided (its operation id was used for something else) has its error in its place, not raised. Bad input
        raises for the whole batch, before anything is counted. ``deadline_ms`` holds for the whole.
        """
        return self._run(self._core.check_batch(checks))

    def usage(self, resource: str, subject: Subject | None = None, **attributes: str) -> Usage:
        """What is used and left; writes nothing. Without an answer ``limits`` is empty and ``degraded`` says so."""
        counted = subject_of(subject, attributes)
        return self._run(self._core.usage(resource, counted))

    def reserve(
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
        """A check that holds what it takes until it is committed, released or expires; see ``reservation`` for the usual way.

        ``ttl_ms``: how long, 1,000 to 86,400,000 (a day), 60,000 by default. ``on_expiry``: ``release`` (default), or ``commit`` for
        callers that must not get a free pass by crashing. ``decision.reservation`` is None where it was refused. Where no endpoint
        answers, the client makes the reservation itself: its commit is reported later, its release is nothing.
        """
        counted = subject_of(subject, attributes)
        request = CheckRequest(resource, counted, amount, amounts, operation_id, receipt)
        return self._run(self._core.reserve(request, ttl_ms, on_expiry))

    def commit(
        self, reservation: str | Reservation, *, amount: int | None = None, amounts: Amounts | None = None
    ) -> ReservationAnswer:
        """Counts what was really used. A meter that is not named is counted as held, 0 gives it back, more is charged in full.

        Where no endpoint answers it is delivered later. Raises ``reservation-not-found`` and ``reservation-ended``.
        """
        return self._run(self._core.commit(reservation, amount, amounts))

    def release(self, reservation: str | Reservation, *, reason: str | None = None) -> ReservationAnswer:
        """Gives all of it back. ``reason``, at most 256 characters, is for the service's logs."""
        return self._run(self._core.release(reservation, reason))

    def extend(
        self,
        reservation: str | Reservation,
        *,
        ttl_ms: int | None = None,
        amount: int | None = None,
        amounts: Amounts | None = None,
    ) -> Decision:
        """Holds longer (``ttl_ms`` from now; it never shortens), or more (new totals, decided like a check).

        Go on with ``decision.reservation``: one that the client made itself has a new id then.
        """
        return self._run(self._core.extend(reservation, ttl_ms, amount, amounts))

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
    ) -> ReservationContext:
        """Reserves around a block: commits when it ends, releases when it raises.

        ::

            with client.reservation("llm", user="u1", amounts={"tokens": 4000}) as held:
                answer = ask_the_model()
                held.commit(amounts={"tokens": answer.tokens})

        Without ``commit`` in the block all is committed as held. A refusal raises ``RiskLimitExceeded``, and the block does not run. The
        endings that the block's end makes raise nothing; what goes wrong there is logged.
        """
        counted = subject_of(subject, attributes)
        request = CheckRequest(resource, counted, amount, amounts, operation_id, receipt)
        return ReservationContext(
            self, resource, lambda: self._run(self._core.reserve(request, ttl_ms, on_expiry))
        )

    def affected(self) -> Iterator[AffectedOperation]:
        """What the client decided and ended by itself, the oldest first: the last 10,000, delivered ones included.

        ``file.writelines(ndjson(client.affected()))`` writes it down.
        """
        return self._core.journal.affected()

    def flush(self, *, timeout_ms: float = 5_000) -> int:
        """Delivers the journal (``POST /reports``, and endings), within ``timeout_ms``.

        Answers how many operations are left; reservations that are committed when they expire, and are held still, are among them.
        """
        self._drive(self._core.delivery.flush(time.monotonic() + timeout_ms / 1_000), time.sleep)
        return self._core.journal.pending

    def close(self, *, timeout_ms: float = 1_000) -> int:
        """Delivers the journal within ``timeout_ms``, and ends all connections. Answers how many operations are lost by it."""
        if not self._core.closed:
            self._core.closed = True
            self.flush(timeout_ms=timeout_ms)
            self._closing.set()
            self._http.close()
        return self._core.journal.pending

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, verb: Steps[T]) -> T:
        result = self._drive(verb, time.sleep)
        self._core.ended(result)
        self._tend()
        return result

    def _drive(self, steps: Steps[T], sleep: Callable[[float], object]) -> T:
        http = self._http
        with closing(steps):
            outcome: Outcome | None = None
            while True:
                try:
                    step = steps.send(outcome)
                except StopIteration as done:
                    result: T = done.value
                    return result
                if isinstance(step, Pause):
                    sleep(step.seconds)
                    outcome = None
                else:
                    outcome = http.send(step)

    def _tend(self) -> None:
        """Begins to probe and deliver aside, where there is something to do and no thread does it."""
        if self._core.delivery.idle() or self._core.closed or not self._tending.acquire(blocking=False):
            return
        try:
            Thread(target=self._tend_aside, daemon=True, name="sundial-delivery").start()
        except RuntimeError:
            # The interpreter is shutting down: only close can deliver now.
            self._tending.release()

    def _tend_aside(self) -> None:
        tending, closing_ = self._tending, self._closing
        try:
            self._drive(self._core.delivery.tend(), lambda seconds: _wait(closing_, seconds))
        except _Closed:
            return
        except Exception:
            LOG.exception(DELIVERY_ENDED)
            return
        finally:
            tending.release()
        self._tend()


class _Closed(Exception):
    """The client was closed while its delivery waited."""


def _wait(closing_: Event, seconds: float) -> None:
    if closing_.wait(seconds):
        raise _Closed

"""One call: which endpoints it asks, for how long, how often, and what their answers mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

from ._answer import BrokenAnswer, parse, problem_error, read_problem
from ._budget import RetryBudget
from ._endpoints import Endpoint, Endpoints
from ._fallback import Unanswered
from ._steps import Answered, Failed, FailureCause, Outcome, Outgoing, Pause, Steps, attempt

T = TypeVar("T")

SHARE_OF_AN_ATTEMPT = 0.5
"""An attempt takes at most half of the time that is left, so that another endpoint or a retry has the rest."""
SHORTEST_ATTEMPT_S = 0.005
RETRY_INTERVAL_S = 0.02
"""Before the first retry of a call, doubled with each; a random share of 0.5 to 1 of it is waited."""
CODE = re.compile(r"[a-z][a-z0-9-]{0,63}")
DRILL = "drill-fault"
"""The operator rehearses an outage of one resource: no answer, and no fault of the endpoint."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """``outgoing`` is asked before each attempt; ``read`` makes the result of a 200, or raises ``BrokenAnswer`` or ``Undecided``."""

    resource: str | None
    outgoing: Callable[[], Outgoing]
    read: Callable[[Any], T]


class Undecided(Exception):
    """A whole answer that leaves something open which another attempt may decide; the endpoint is not to blame."""

    def __init__(self, status: int | None, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class _Fault:
    cause: FailureCause
    sent: bool
    detail: str
    status: int | None = None
    code: str | None = None
    retry_after_s: float | None = None
    of_endpoint: bool = True


class _Progress:
    """What has become of one call so far."""

    def __init__(self, retries: int) -> None:
        self.retries_left = retries
        self.retries_made = 0
        self.asked: set[Endpoint] = set()
        self.asked_this_round: set[Endpoint] = set()
        self.not_before: dict[Endpoint, float] = {}
        self.attempted = False
        self.fault = _Fault("circuit-open", False, "every endpoint is skipped after failures in a row")
        self.status: int | None = None
        self.code: str | None = None

    def failed(self, endpoint: Endpoint, fault: _Fault, now: float) -> None:
        self.fault = fault
        self.attempted = self.attempted or fault.sent
        if fault.status is not None:
            self.status, self.code = fault.status, fault.code
        if fault.retry_after_s is not None:
            self.not_before[endpoint] = now + fault.retry_after_s

    def unanswered(self, resource: str | None) -> Unanswered:
        return Unanswered(
            resource, self.fault.cause, self.status, self.code, self.attempted, self.fault.detail
        )


class Asker:
    """Asks the endpoints on behalf of all calls of one client."""

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        retries: int,
        clock: Callable[[], float],
        wall: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._endpoints = endpoints
        self._budget = RetryBudget()
        self._retries = retries
        self._clock, self._wall, self._random = clock, wall, random

    def ask(self, call: Call[T], deadline_at: float) -> Steps[T | Unanswered]:
        """The first good answer; ``Unanswered`` when time, retries or endpoints are used up.

        Raises ``QuotaClientError`` where a service says that the request is misuse.
        """
        self._budget.note_call(self._clock())
        progress = _Progress(self._retries)
        while True:
            endpoint = yield from self._next(progress, call.resource, deadline_at)
            if endpoint is None:
                return progress.unanswered(call.resource)
            now = self._clock()
            until = now + (deadline_at - now) * SHARE_OF_AN_ATTEMPT
            outcome = yield from attempt(endpoint, call.outgoing(), until)
            verdict = self._judge(outcome, call.read)
            if not isinstance(verdict, _Fault):
                self._endpoints.succeeded(endpoint, call.resource)
                if isinstance(verdict, Exception):
                    raise verdict
                return verdict[0]
            if verdict.of_endpoint:
                self._endpoints.failed(endpoint, self._clock(), call.resource)
            progress.failed(endpoint, verdict, self._clock())

    def _next(self, progress: _Progress, resource: str | None, deadline_at: float) -> Steps[Endpoint | None]:
        """Each usable endpoint once; then again, and that is a retry. None when there is no more to try."""
        endpoint = self._choose(progress, resource, deadline_at)
        if endpoint is None:
            return None
        if endpoint in progress.asked:
            if progress.retries_left == 0 or not self._budget.take(self._clock()):
                return None
            progress.retries_left -= 1
            yield Pause(self._pause(progress, endpoint, deadline_at))
            progress.retries_made += 1
        elif progress.not_before.get(endpoint, 0) > self._clock():
            return None
        left = deadline_at - self._clock()
        if progress.asked and left * SHARE_OF_AN_ATTEMPT < SHORTEST_ATTEMPT_S:
            return None
        progress.asked.add(endpoint)
        progress.asked_this_round.add(endpoint)
        return endpoint

    def _choose(self, progress: _Progress, resource: str | None, deadline_at: float) -> Endpoint | None:
        now = self._clock()
        latest = now + (deadline_at - now) * SHARE_OF_AN_ATTEMPT
        usable = [e for e in self._endpoints.usable(resource) if progress.not_before.get(e, 0) <= latest]
        fresh = [e for e in usable if e not in progress.asked_this_round]
        if not fresh:
            progress.asked_this_round.clear()
            fresh = usable
        return fresh[0] if fresh else None

    def _pause(self, progress: _Progress, endpoint: Endpoint, deadline_at: float) -> float:
        now = self._clock()
        interval = RETRY_INTERVAL_S * (1 << progress.retries_made) * (0.5 + 0.5 * self._random())
        longest = max(0.0, deadline_at - now) / 4
        return max(min(interval, longest), progress.not_before.get(endpoint, 0) - now)

    def _judge(self, outcome: Outcome, read: Callable[[Any], T]) -> tuple[T] | Exception | _Fault:
        if isinstance(outcome, Failed):
            of_endpoint = outcome.cause != "overloaded"
            return _Fault(
                outcome.cause, outcome.sent, outcome.detail, outcome.status, of_endpoint=of_endpoint
            )
        status = outcome.status
        try:
            body = parse(outcome.body)
            if status == 200:
                return (read(body),)
        except Undecided as undecided:
            detail = f"answered {undecided.code}"
            return _Fault("server-error", True, detail, undecided.status, undecided.code, of_endpoint=False)
        except BrokenAnswer as broken:
            body = None
            if status < 400:
                return _Fault("broken-answer", True, f"answered {status}, {broken}", status)
        return self._judge_refusal(outcome, body)

    def _judge_refusal(self, outcome: Answered, body: Any) -> Exception | _Fault:
        status = outcome.status
        problem = read_problem(body)
        code = None if problem is None or not CODE.fullmatch(problem["code"]) else str(problem["code"])
        if status >= 500 or status in (408, 429):
            return _Fault(
                "server-error",
                True,
                f"answered {status} {code or ''}".rstrip(),
                status,
                code,
                retry_after_s=self._retry_after(outcome.retry_after),
                of_endpoint=code != DRILL,
            )
        if (
            problem is not None
            and code is not None
            and status >= 400
            and problem.get("status", status) == status
        ):
            return problem_error(problem, status, outcome.request_id)
        return _Fault("broken-answer", True, f"answered {status}: is it a Sundial service?", status)

    def _retry_after(self, text: str | None) -> float | None:
        """Seconds, of a number or an HTTP date; None where it says neither."""
        if text is None:
            return None
        if text.isascii() and text.isdigit() and len(text) <= 9:
            return float(text)
        try:
            at: datetime = parsedate_to_datetime(text)
            return max(0.0, at.timestamp() - self._wall())
        except (ValueError, TypeError, OverflowError):
            return None

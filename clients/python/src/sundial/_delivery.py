"""Brings the journal to the service, and probes endpoints that calls skip. Both happen aside, never on a call's way."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from ._answer import BrokenAnswer, read_outcomes
from ._asking import Asker, Call
from ._endpoints import Endpoint, Endpoints
from ._fallback import Unanswered
from ._journal import AffectedOperation, Journal
from ._monitor import CallMonitor
from ._steps import Answered, Outgoing, Pause, Steps, attempt, ending_path
from .errors import QuotaClientError

MAX_REPORTS = 1_000
MAX_BODY_BYTES = 3 * 1024 * 1024
DELIVERY_S = 5.0
PROBE_S = 1.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
SETTLE_S = 1.0
"""How often a raised alarm is looked at while no call is made."""
DELIVERY_ENDED = (
    "The delivery of decisions that were made without the service failed; it begins again with the next call."
)
PROBE = Outgoing("GET", "health/live")


class Delivery:
    """The work aside of one client."""

    def __init__(
        self,
        endpoints: Endpoints,
        asker: Asker,
        journal: Journal,
        monitor: CallMonitor,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._endpoints, self._asker, self._journal = endpoints, asker, journal
        self._monitor = monitor
        self._clock, self._wall = clock, wall

    def idle(self) -> bool:
        """Whether there is nothing to probe, nothing to deliver, and no alarm that may end."""
        work = self._journal.pending > 0 or self._endpoints.next_probe_at() is not None
        return not work and not self._monitor.is_raised

    def tend(self) -> Steps[None]:
        """Probes and delivers until there is nothing to do."""
        pause = FIRST_PAUSE_S
        while not self.idle():
            yield Pause(self._until_next(pause))
            self._monitor.settle(self._clock())
            for endpoint in self._endpoints.due(self._clock()):
                yield from self._probe(endpoint, self._clock() + PROBE_S)
            if self._journal.pending and self._endpoints.usable():
                done = yield from self.deliver(self._clock() + DELIVERY_S)
                # What is left after a delivery that went well is due later: when a reservation expires.
                is_over = done and self._journal.pending == 0
                pause = FIRST_PAUSE_S if is_over else min(LONGEST_PAUSE_S, pause * 2)

    def _until_next(self, pause: float) -> float:
        waits = [SETTLE_S] if self._monitor.is_raised else []
        probe_at = self._endpoints.next_probe_at()
        if probe_at is not None:
            waits.append(max(0.0, probe_at - self._clock()))
        if self._journal.pending and self._endpoints.usable():
            waits.append(pause)
        return min(waits, default=pause)

    def flush(self, until: float) -> Steps[None]:
        """Delivers all of the journal, or what can be delivered ``until`` then; open circuits are probed at once."""
        pause = FIRST_PAUSE_S / 4
        while self._journal.has_due(self._wall()):
            for endpoint in self._endpoints:
                if endpoint.circuit == "open" and self._clock() < until:
                    yield from self._probe(endpoint, min(until, self._clock() + PROBE_S))
            done = yield from self.deliver(until)
            left = until - self._clock()
            if done or left <= 0:
                return
            yield Pause(min(pause, left))
            pause = min(LONGEST_PAUSE_S, pause * 2)

    def _probe(self, endpoint: Endpoint, until: float) -> Steps[None]:
        outcome = yield from attempt(endpoint, PROBE, until)
        alive = isinstance(outcome, Answered) and outcome.status < 500
        self._endpoints.probed(endpoint, alive, self._clock())

    def deliver(self, until: float) -> Steps[bool]:
        """Whether all that waited has been delivered. What another delivery is busy with is left to it."""
        reported = yield from self._deliver_reports(until)
        if not reported:
            return False
        ended = yield from self._deliver_endings(until)
        return ended and not self._journal.has_due(self._wall())

    def _deliver_reports(self, until: float) -> Steps[bool]:
        most = MAX_REPORTS
        while claimed := self._journal.claim(most, self._wall(), endings=False):
            try:
                texts = [json.dumps(operation.report(), separators=(",", ":")) for _, operation in claimed]
                if len(claimed) > 1 and sum(map(len, texts)) > MAX_BODY_BYTES:
                    most = len(claimed) // 2
                    continue
                body = f'{{"reports":[{",".join(texts)}]}}'.encode()
                ids = [operation.operation_id for _, operation in claimed]
                read = partial(read_outcomes, operation_ids=ids)
                call = Call(None, partial(Outgoing, "POST", "reports", body), read)
                outcomes = yield from self._asker.ask(call, min(until, self._clock() + DELIVERY_S))
                if isinstance(outcomes, Unanswered):
                    return False
                for (number, _), outcome in zip(claimed, outcomes, strict=True):
                    self._journal.settle(number, outcome)
            except QuotaClientError as error:
                # One bad report refuses the whole request: find it by halves.
                if error.status not in (400, 413, 422):
                    return False
                most = max(1, len(claimed) // 2)
                if len(claimed) == 1:
                    self._journal.settle(claimed[0][0], error.code)
            finally:
                self._journal.give_back(claimed)
        return True

    def _deliver_endings(self, until: float) -> Steps[bool]:
        while claimed := self._journal.claim(1, self._wall(), endings=True):
            [(number, operation)] = claimed
            try:
                answer = yield from self._asker.ask(
                    _ending(operation), min(until, self._clock() + DELIVERY_S)
                )
                if isinstance(answer, Unanswered):
                    return False
                self._journal.settle(number, "ended")
            except QuotaClientError as error:
                if error.status in (401, 403):
                    return False
                self._journal.settle(number, error.code)
            finally:
                self._journal.give_back(claimed)
        return True


def _ending(operation: AffectedOperation) -> Call[bool]:
    path = ending_path(operation.reservation_id or "", operation.kind)
    body = json.dumps(operation.ending).encode()
    return Call(operation.resource, partial(Outgoing, "POST", path, body), _read_anything)


def _read_anything(body: Any) -> bool:
    if isinstance(body, dict) and "reservation" in body:
        return True
    raise BrokenAnswer("an ending without its reservation")

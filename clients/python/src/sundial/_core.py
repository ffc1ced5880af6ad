"""The verbs, without I/O: what both clients do, written once. A shell drives each verb (see ``_steps``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from ._answer import (
    BrokenAnswer,
    problem_error,
    read_decision,
    read_problem,
    read_usage,
)
from ._asking import Asker, Call, Undecided
from ._delivery import Delivery
from ._endpoints import Endpoints
from ._fallback import Fallbacks, Unanswered
from ._gates import KnownGate, KnownGates
from ._input import MAX_BATCH_CHECKS, Complaints, check_body, collect_check, usage_query
from ._journal import AffectedOperation, Journal
from ._monitor import Alarms, CallMonitor, OnAlarm
from ._offline import iso
from ._receipt_text import offline_receipt
from ._steps import Outgoing, Steps
from .contract import CheckRequest, Decision, Degraded, Policy, Usage
from .errors import InputError, QuotaClientError

UNREACHABLE = "unreachable"
RETRYABLE_CODES = frozenset({"overloaded", "drill-fault"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a core knows of the world: ``clock`` in seconds that only grow, ``wall`` as Unix time, ``random`` from 0 to 1."""

    clock: Callable[[], float]
    wall: Callable[[], float]
    random: Callable[[], float]


class QuotaCore:
    """One client's state: endpoints, retry budget, fallbacks, journal. Safe for use by many threads."""

    def __init__(
        self,
        bases: Sequence[str],
        *,
        deadline_s: float,
        retries: int,
        fallbacks: Fallbacks,
        surroundings: Surroundings,
        on_alarm: OnAlarm | None = None,
        alarm_error_rate: float = 0.05,
    ) -> None:
        self.clock, self.wall = surroundings.clock, surroundings.wall
        alarms = Alarms(on_alarm)
        self.monitor = CallMonitor(alarm_error_rate, alarms.ring)
        self.endpoints = Endpoints(bases, surroundings.random)
        self.journal = Journal(on_lost=lambda capacity: alarms.journal_full(capacity, self.clock()))
        self.gates = KnownGates(self.clock, self.wall)
        self.closed = False
        self._deadline_s = deadline_s
        self.fallbacks = fallbacks
        self.asker = Asker(
            self.endpoints, retries=retries, clock=self.clock, wall=self.wall, random=surroundings.random
        )
        self.delivery = Delivery(
            self.endpoints, self.asker, self.journal, self.monitor, self.clock, self.wall
        )

    def deadline_at(self) -> float:
        """When a call that begins now is answered at the latest."""
        if self.closed:
            raise QuotaClientError("client-closed", "The client was closed: make another one.")
        return self.clock() + self._deadline_s

    def ended(self, result: object) -> None:
        """A verb has this result: the monitor counts it."""
        answers = result if isinstance(result, list) else [result]
        self.monitor.record(any(map(_is_unreachable, answers)), self.clock())

    def check(self, request: CheckRequest) -> Steps[Decision]:
        deadline_at = self.deadline_at()
        operation_id = request.operation_id or str(uuid4())
        call = Call(
            request.resource,
            post("check", check_body(request, operation_id)),
            partial(read_decision, operation_id=operation_id),
        )
        answer = yield from self.asker.ask(call, deadline_at)
        if isinstance(answer, Unanswered):
            return self._decide(request, operation_id, answer)
        self.learn(request.resource, answer)
        return answer

    def check_batch(self, requests: Sequence[CheckRequest]) -> Steps[list[Decision | QuotaClientError]]:
        deadline_at = self.deadline_at()
        if len(requests) == 0:
            return []
        batch = _Batch(requests)
        resources = {request.resource for request in requests}
        resource = resources.pop() if len(resources) == 1 else None
        answer = yield from self.asker.ask(Call(resource, batch.outgoing, batch.read), deadline_at)
        for request, result in zip(requests, batch.results, strict=True):
            if isinstance(result, Decision):
                self.learn(request.resource, result)
        if isinstance(answer, Unanswered):
            for index in batch.open:
                request = batch.requests[index]
                unanswered = replace(answer, resource=request.resource)
                batch.results[index] = self._decide(request, batch.ids[index], unanswered)
        return [result for result in batch.results if result is not None]

    def usage(self, resource: str, subject: dict[str, str]) -> Steps[Usage]:
        deadline_at = self.deadline_at()
        path = f"usage?{urlencode(usage_query(resource, subject))}"
        call = Call(resource, partial(Outgoing, "GET", path), read_usage)
        answer = yield from self.asker.ask(call, deadline_at)
        if isinstance(answer, Unanswered):
            return Usage(resource, subject, degraded=Degraded(UNREACHABLE))
        return answer

    def learn(self, resource: str, decision: Decision) -> None:
        """From what a service decided: the gate that it names, and that what was refused here is over."""
        self.gates.learn(resource, decision)
        if decision.allowed:
            self.journal.allowed(resource, decision.operation_id)

    def _decide(self, request: CheckRequest, operation_id: str, unanswered: Unanswered) -> Decision:
        policy, gate = self.verdict(unanswered)
        self.remember("check", request, operation_id, policy, unanswered, gate=gate)
        now = self.wall()
        receipt = offline_receipt(request, operation_id, now) if policy == "allow" else None
        return decided(operation_id, policy, receipt=receipt, **(gate.fields(now) if gate else {}))

    def verdict(self, unanswered: Unanswered) -> tuple[Policy, KnownGate | None]:
        """An operator's gate comes before the fallback."""
        known = self.gates.get(unanswered.resource)
        if known is None:
            return self.fallbacks.policy(unanswered), None
        return "allow" if known.gate.state == "open" else "deny", known

    def remember(
        self,
        kind: Any,
        request: CheckRequest,
        operation_id: str,
        policy: Policy,
        unanswered: Unanswered,
        *,
        decided_at_s: float | None = None,
        gate: KnownGate | None = None,
        **more: Any,
    ) -> None:
        """Writes into the journal; ``decided_at_s`` of the wall clock, now where it is None."""
        self.journal.add(
            AffectedOperation(
                kind=kind,
                operation_id=operation_id,
                resource=request.resource,
                subject=dict(request.subject),
                amount=request.amount,
                amounts=request.amounts,
                decided_at=iso(self.wall() if decided_at_s is None else decided_at_s),
                allowed=policy == "allow",
                policy=policy,
                attempted=unanswered.attempted,
                cause=unanswered.cause,
                status=unanswered.status,
                code=unanswered.code,
                detail=unanswered.detail,
                gate=None if gate is None else gate.gate.state,
                **more,
            )
        )


def decided(operation_id: str, policy: Policy, *, reason: str = "degraded", **more: Any) -> Decision:
    """By the client."""
    return Decision(
        allowed=policy == "allow",
        reason=reason,
        operation_id=operation_id,
        degraded=Degraded(UNREACHABLE, policy),
        **more,
    )


def _is_unreachable(answer: object) -> bool:
    degraded = getattr(answer, "degraded", None)
    return isinstance(degraded, Degraded) and degraded.cause == UNREACHABLE


class _Batch:
    """Checks of which some may be open still: another attempt asks only for those."""

    def __init__(self, requests: Sequence[CheckRequest]) -> None:
        if len(requests) > MAX_BATCH_CHECKS:
            raise QuotaClientError.invalid(InputError("checks", f"must be at most {MAX_BATCH_CHECKS}"))
        self.requests = requests
        self.ids = [request.operation_id or str(uuid4()) for request in requests]
        wrong = Complaints()
        self._bodies = [
            collect_check(request, self.ids[index], wrong, f"checks.{index}.")
            for index, request in enumerate(requests)
        ]
        wrong.settle()
        self.results: list[Decision | QuotaClientError | None] = [None] * len(requests)
        self.open = list(range(len(requests)))

    def outgoing(self) -> Outgoing:
        return post("check/batch", {"checks": [self._bodies[index] for index in self.open]})()

    def read(self, body: Any) -> bool:
        decisions = body.get("decisions") if isinstance(body, dict) else None
        if not isinstance(decisions, list) or len(decisions) != len(self.open):
            raise BrokenAnswer("not a decision for each check")
        answers = [
            self._read_entry(entry, self.ids[index])
            for entry, index in zip(decisions, self.open, strict=True)
        ]
        still_open = []
        for index, answer in zip(self.open, answers, strict=True):
            if isinstance(answer, Undecided):
                still_open.append((index, answer))
            else:
                self.results[index] = answer
        self.open = [index for index, _ in still_open]
        if still_open:
            raise still_open[0][1]
        return True

    @staticmethod
    def _read_entry(entry: Any, operation_id: str) -> Decision | QuotaClientError | Undecided:
        problem = read_problem(entry.get("error")) if isinstance(entry, dict) else None
        if problem is None:
            return read_decision(entry, operation_id)
        status = problem.get("status")
        status = status if isinstance(status, int) else None
        retryable = status is not None and (status >= 500 or status in (408, 429))
        if retryable or problem["code"] in RETRYABLE_CODES:
            return Undecided(status, problem["code"])
        return problem_error(problem, status, None)


def post(path: str, body: dict[str, Any]) -> Callable[[], Outgoing]:
    return partial(Outgoing, "POST", path, json.dumps(body, separators=(",", ":")).encode())

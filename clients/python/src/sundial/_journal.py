"""What was decided while no endpoint answered, until the service knows of it."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from threading import Lock
from typing import Any, Literal

from .contract import Amounts, Policy, Subject

MAX_OPERATIONS = 10_000


@dataclass(frozen=True, slots=True)
class AffectedOperation:
    """One operation that the client decided or ended by itself.

    ``kind``: the verb. ``decided_at``: ISO-8601 in UTC, of this machine's clock. ``attempted``: a request may have reached the
    service. ``cause``, ``status``, ``code`` and ``detail`` say why no endpoint answered; ``gate`` is the operator's
    gate that decided in place of the fallback. ``outcome``: None until the service knows
    of it, then ``counted``, ``already-counted``, ``voided``, ``late``, ``conflict``, ``ended`` (an ending that was repeated), or the
    code of the error with which it was refused. ``awaits_delivery`` is False for a reservation that the client made itself: its
    commit is reported, and its release is nothing. ``due_at``: not delivered before, in seconds of the wall clock: when a reservation
    expires that is committed then.
    """

    kind: Literal["check", "reserve", "commit", "release"]
    operation_id: str
    resource: str | None
    subject: Subject
    amount: int | None
    amounts: Amounts | None
    decided_at: str
    allowed: bool
    policy: Policy
    attempted: bool
    cause: str
    status: int | None = None
    code: str | None = None
    detail: str = ""
    gate: Literal["open", "closed"] | None = None
    outcome: str | None = None
    awaits_delivery: bool = True
    due_at: float = 0.0
    reservation_id: str | None = None
    ending: Mapping[str, Any] | None = None

    def report(self) -> dict[str, Any]:
        """As ``POST /reports`` takes it."""
        body: dict[str, Any] = {
            "operationId": self.operation_id,
            "resource": self.resource,
            "subject": dict(self.subject),
            "decidedAt": self.decided_at,
            "allowed": self.allowed,
            "policy": self.policy,
            "attempted": self.attempted,
        }
        if self.amount is not None:
            body["amount"] = self.amount
        if self.amounts is not None:
            body["amounts"] = dict(self.amounts)
        return body


def ndjson(operations: Iterable[AffectedOperation]) -> Iterator[str]:
    """For analysis and archives: each operation as a line of JSON, with the names that the Node.js client writes.

    ``file.writelines(ndjson(client.affected()))``
    """
    for operation in operations:
        more = {
            "kind": operation.kind,
            "cause": operation.cause,
            "status": operation.status,
            "code": operation.code,
            "gate": operation.gate,
            "reservationId": operation.reservation_id,
        }
        known = {name: value for name, value in more.items() if value is not None}
        line = {**operation.report(), **known, "outcome": operation.outcome}
        yield json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"


class Journal:
    """In memory, at most 10,000 operations. Full, it forgets the oldest delivered ones, then the oldest. Safe for many threads."""

    def __init__(
        self, capacity: int = MAX_OPERATIONS, on_lost: Callable[[int], None] = lambda capacity: None
    ) -> None:
        self._capacity, self._on_lost = capacity, on_lost
        self._lock = Lock()
        self._numbers = count()
        self._pending: OrderedDict[int, AffectedOperation] = OrderedDict()
        self._settled: OrderedDict[int, AffectedOperation] = OrderedDict()
        self._claimed: set[int] = set()
        self._refused: dict[tuple[str | None, str], int] = {}
        self.lost = 0
        """Operations that were forgotten before they could be delivered."""

    def add(self, operation: AffectedOperation) -> None:
        with self._lock:
            lost_before = self.lost
            if len(self._pending) + len(self._settled) >= self._capacity:
                self._forget_one()
            kept = self._pending if operation.awaits_delivery else self._settled
            number = next(self._numbers)
            kept[number] = operation
            if operation.awaits_delivery and not operation.allowed:
                self._refused[operation.resource, operation.operation_id] = number
            lost = self.lost > lost_before
        if lost:
            self._on_lost(self._capacity)

    def _forget_one(self) -> None:
        if self._settled:
            self._settled.popitem(last=False)
        else:
            number, operation = self._pending.popitem(last=False)
            self._no_longer_pending(number, operation)
            self.lost += 1

    def _no_longer_pending(self, number: int, operation: AffectedOperation) -> None:
        self._claimed.discard(number)
        name = operation.resource, operation.operation_id
        if self._refused.get(name) == number:
            del self._refused[name]

    def allowed(self, resource: str, operation_id: str) -> None:
        """The service allowed an operation that was refused here.

        Nothing is to be reported of the refusal: that would reverse what the service has counted since.
        """
        if self._refused:
            number = self._refused.get((resource, operation_id))
            if number is not None:
                self.settle(number, "voided")

    def affected(self) -> Iterator[AffectedOperation]:
        """All that is remembered now, the oldest first."""
        with self._lock:
            everything = sorted([*self._pending.items(), *self._settled.items()], key=lambda entry: entry[0])
        return (operation for _, operation in everything)

    @property
    def pending(self) -> int:
        """Operations that the service does not know of yet."""
        return len(self._pending)

    def has_due(self, now: float) -> bool:
        """Whether anything is to be delivered now; ``now`` of the wall clock."""
        with self._lock:
            return any(operation.due_at <= now for operation in self._pending.values())

    def withdraw(self, reservation_id: str) -> None:
        """Does not deliver what would be reported when a reservation expires: it ends otherwise."""
        with self._lock:
            for number, operation in list(self._pending.items()):
                if operation.due_at and operation.reservation_id == reservation_id:
                    del self._pending[number]
                    self._settled[number] = replace(operation, awaits_delivery=False)

    def claim(self, most: int, now: float, *, endings: bool) -> list[tuple[int, AffectedOperation]]:
        """The oldest that await delivery and that no other delivery has: reports, or endings. To be settled or given back."""
        with self._lock:
            claimed: list[tuple[int, AffectedOperation]] = []
            for number, operation in self._pending.items():
                if len(claimed) == most:
                    break
                is_wanted = (operation.ending is not None) == endings and operation.due_at <= now
                if is_wanted and number not in self._claimed:
                    claimed.append((number, operation))
            self._claimed.update(number for number, _ in claimed)
            return claimed

    def settle(self, number: int, outcome: str) -> None:
        with self._lock:
            operation = self._pending.pop(number, None)
            if operation is not None:
                self._no_longer_pending(number, operation)
                self._settled[number] = replace(operation, outcome=outcome)

    def give_back(self, claimed: Sequence[tuple[int, AffectedOperation]]) -> None:
        with self._lock:
            self._claimed.difference_update(number for number, _ in claimed)

"""The gates that decisions of the service named: where no endpoint answers, the client obeys them in its place."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from threading import Lock
from typing import Any

from .contract import Decision, Gate, OnDeny

LONGEST_UNHEARD_S = 600.0
"""A gate that no answer repeats is obeyed so long at most: an operator may have changed it meanwhile."""
MAX_KNOWN = 1_000
"""Resources of which a gate is known; beyond it the one that was learned first is forgotten."""


@dataclass(frozen=True, slots=True)
class KnownGate:
    """``on_deny`` is that of a closed gate, where a refusal named one; ``ends_at`` is a time of the client's clock."""

    gate: Gate
    on_deny: OnDeny | None
    ends_at: float

    def fields(self, wall: float) -> dict[str, Any]:
        """Of a decision that the client makes by it; ``wall`` is now, of the wall clock."""
        fields: dict[str, Any] = {"reason": f"gate-{self.gate.state}", "gate": self.gate}
        if self.gate.state == "closed":
            fields["on_deny"] = self.on_deny
            if self.gate.until is not None:
                left = datetime.fromisoformat(self.gate.until).timestamp() - wall
                fields["retry_after_ms"] = max(0, int(left * 1_000))
        return fields


class KnownGates:
    """Safe for use by many threads."""

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._clock, self._wall = clock, wall
        self._lock = Lock()
        self._known: OrderedDict[str, KnownGate] = OrderedDict()

    def learn(self, resource: str, decision: Decision) -> None:
        """Of every decision that a service made: one that names no gate ends what was known of the resource."""
        gate = decision.gate
        if gate is None and not self._known:
            return
        with self._lock:
            self._known.pop(resource, None)
            if gate is None:
                return
            left = inf
            if gate.until is not None:
                left = datetime.fromisoformat(gate.until).timestamp() - self._wall()
            on_deny = decision.on_deny if decision.reason == "gate-closed" else None
            ends_at = self._clock() + min(left, LONGEST_UNHEARD_S)
            self._known[resource] = KnownGate(gate, on_deny, ends_at)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)

    def get(self, resource: str | None) -> KnownGate | None:
        known = None if resource is None else self._known.get(resource)
        return known if known is not None and self._clock() < known.ends_at else None

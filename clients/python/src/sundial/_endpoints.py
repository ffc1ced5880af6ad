"""The addresses of one service, in order of preference, and which of them are worth asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Literal

FAILURES_TO_OPEN = 3
FIRST_PROBE_S = 0.1
LONGEST_PROBE_S = 5.0


class Endpoint:
    """One address with its circuit.

    ``closed``: asked. ``open``, after 3 failures in a row: skipped by calls, and probed aside, at first after 0.1 s, then after
    twice as long up to 5 s. ``trial``, after a probe that was answered: asked again, and one failure opens it. Where all of these
    failures were of one ``resource`` (its operator rehearses an outage of it, say), calls of that one alone skip it, until another
    fails too.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.circuit: Literal["closed", "open", "trial"] = "closed"
        self.failures = 0
        self.resource: str | None = None
        """The one that failed; None where several did, or one that is not known."""
        self.probe_after_s = FIRST_PROBE_S
        self.probe_at = 0.0

    def is_skipped(self, resource: str | None) -> bool:
        """By calls that are about this resource; None: about several."""
        return self.circuit == "open" and self.resource in (None, resource)


class Endpoints:
    """All endpoints of a client. Safe for use by many threads."""

    def __init__(self, bases: Sequence[str], random: Callable[[], float]) -> None:
        self._all = tuple(Endpoint(base) for base in bases)
        self._random = random
        self._lock = Lock()

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._all)

    def usable(self, resource: str | None = None) -> list[Endpoint]:
        """Those that calls about this resource may ask, the preferred one first."""
        return [endpoint for endpoint in self._all if not endpoint.is_skipped(resource)]

    def succeeded(self, endpoint: Endpoint, resource: str | None = None) -> None:
        with self._lock:
            if endpoint.circuit == "open" and not endpoint.is_skipped(resource):
                # The resource that is skipped may be in trouble still.
                return
            endpoint.circuit, endpoint.failures = "closed", 0
            endpoint.probe_after_s = FIRST_PROBE_S

    def failed(self, endpoint: Endpoint, now: float, resource: str | None = None) -> None:
        with self._lock:
            if endpoint.circuit == "open":
                if endpoint.resource != resource:
                    endpoint.resource = None
                return
            if endpoint.failures == 0:
                endpoint.resource = resource
            elif endpoint.resource != resource:
                endpoint.resource = None
            endpoint.failures += 1
            if endpoint.circuit == "trial" or endpoint.failures >= FAILURES_TO_OPEN:
                endpoint.circuit = "open"
                self._plan_probe(endpoint, now)

    def probed(self, endpoint: Endpoint, answered: bool, now: float) -> None:
        with self._lock:
            if endpoint.circuit != "open":
                return
            if answered:
                endpoint.circuit = "trial"
            else:
                self._plan_probe(endpoint, now)

    def due(self, now: float) -> list[Endpoint]:
        """Those to probe now."""
        return [endpoint for endpoint in self._all if endpoint.circuit == "open" and endpoint.probe_at <= now]

    def next_probe_at(self) -> float | None:
        """When the next probe is due; None where no circuit is open."""
        return min((endpoint.probe_at for endpoint in self._all if endpoint.circuit == "open"), default=None)

    def _plan_probe(self, endpoint: Endpoint, now: float) -> None:
        endpoint.probe_at = now + endpoint.probe_after_s * (0.75 + 0.5 * self._random())
        endpoint.probe_after_s = min(LONGEST_PROBE_S, endpoint.probe_after_s * 2)

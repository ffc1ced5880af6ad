"""How many retries all calls of a client may make together, so that retries never multiply an overload."""

from __future__ import annotations

from threading import Lock

FLOOR_PER_SECOND = 10
SHARE_OF_CALLS = 0.1


class RetryBudget:
    """In each second of the clock at most 10 retries, or a tenth of the calls of this second or the one before, if that is more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._second = 0
        self._calls = 0
        self._calls_before = 0
        self._retries = 0

    def note_call(self, now: float) -> None:
        with self._lock:
            self._advance(int(now))
            self._calls += 1

    def take(self, now: float) -> bool:
        """Whether one more retry may be made now; it is counted then."""
        with self._lock:
            self._advance(int(now))
            allowance = max(FLOOR_PER_SECOND, SHARE_OF_CALLS * max(self._calls, self._calls_before))
            if self._retries + 1 > allowance:
                return False
            self._retries += 1
            return True

    def _advance(self, second: int) -> None:
        if second <= self._second:
            return
        self._calls_before = self._calls if second == self._second + 1 else 0
        self._second, self._calls, self._retries = second, 0, 0

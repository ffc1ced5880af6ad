"""Alarms: what an operator should know once, and not once a call."""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

LOG = logging.getLogger("sundial")

MINUTE_S = 60.0
SLICE_S = 3.0
IN_A_ROW = 12
EACH_MINUTE = 3
MINUTES = 10
MIN_CALLS = 100
CALM_S = MINUTE_S
"""So long without any pattern ends the alarm."""
PAUSE_S = MINUTE_S
"""A note of one kind, at most so often."""
LEVELS = {"error": logging.ERROR, "info": logging.INFO}


@dataclass(frozen=True, slots=True)
class Alarm:
    """``calls-failing`` begins (``raised``) and ends (``cleared``); ``journal-full`` is ``noted``, at most once a minute."""

    name: Literal["calls-failing", "journal-full"]
    state: Literal["raised", "cleared", "noted"]
    severity: Literal["error", "info"]
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


OnAlarm = Callable[[Alarm], object]


class Alarms:
    """Logs each alarm, and calls ``on_alarm`` with it, which can fail no call."""

    def __init__(self, on_alarm: OnAlarm | None) -> None:
        if on_alarm is not None and not callable(on_alarm):
            raise TypeError(f"on_alarm must be a function, not {on_alarm!r}.")
        if inspect.iscoroutinefunction(on_alarm):
            raise TypeError("on_alarm must be a plain function: it is called where the alarm is noticed.")
        self._on_alarm = on_alarm
        self._noted_at: dict[str, float] = {}

    def ring(self, alarm: Alarm) -> None:
        LOG.log(LEVELS[alarm.severity], "%s", alarm.message)
        if self._on_alarm is None:
            return
        try:
            self._on_alarm(alarm)
        except Exception:
            LOG.exception("The function on_alarm failed.")

    def journal_full(self, capacity: int, now: float) -> None:
        """An operation was forgotten before it could be delivered."""
        if now - self._noted_at.get("journal-full", -PAUSE_S) < PAUSE_S:
            return
        self._noted_at["journal-full"] = now
        sentence = (
            f"The journal holds {capacity} operations: the oldest is forgotten for each new one, "
            "and what was decided without a service may never be counted."
        )
        self.ring(Alarm("journal-full", "noted", "error", sentence, {"capacity": capacity}))


@dataclass(slots=True)
class _Slice:
    starts_at: float
    calls: int = 0
    failed: int = 0


class CallMonitor:
    """One failed call is noise, a pattern is an alarm, and the patterns are those of the service's alarms.

    12 in a row within a minute, 3 in each minute for 10 minutes in a row, or more than a share of at least 100 calls in a minute. A
    call has failed when no service decided. Times are the client's clock; ``settle`` ends an alarm also when calls cease. Safe for use
    by many threads.
    """

    def __init__(self, error_rate: float, ring: Callable[[Alarm], None]) -> None:
        self._error_rate, self._ring = error_rate, ring
        self._lock = Lock()
        self._slices: deque[_Slice] = deque()
        self._minutes: deque[_Slice] = deque()
        self._row: deque[float] = deque(maxlen=IN_A_ROW)
        self._raised_at: float | None = None
        self._last_held_at = 0.0

    @property
    def is_raised(self) -> bool:
        return self._raised_at is not None

    def record(self, failed: bool, now: float) -> None:
        with self._lock:
            _count(self._slices, SLICE_S, MINUTE_S, failed, now)
            _count(self._minutes, MINUTE_S, MINUTES * MINUTE_S, failed, now)
            if failed:
                self._row.append(now)
            else:
                self._row.clear()
            alarm = self._look(now) if failed or self.is_raised else None
        if alarm is not None:
            self._ring(alarm)

    def settle(self, now: float) -> None:
        """Ends the alarm when no pattern has held for a minute."""
        with self._lock:
            alarm = self._look(now) if self.is_raised else None
        if alarm is not None:
            self._ring(alarm)

    def _look(self, now: float) -> Alarm | None:
        found = self._pattern(now)
        if found is not None:
            self._last_held_at = now
            if self._raised_at is not None:
                return None
            self._raised_at = now
            sentence = f"Sundial does not decide: {found[1]}. The fallback decides; look at the endpoints and the network."
            return Alarm("calls-failing", "raised", "error", sentence, {"pattern": found[0]})
        if self._raised_at is None or now - self._last_held_at < CALM_S:
            return None
        seconds = round(now - self._raised_at)
        self._raised_at = None
        sentence = f"Sundial decides again: no pattern of failed calls for a minute, after {seconds} s."
        return Alarm("calls-failing", "cleared", "info", sentence, {"seconds": seconds})

    def _pattern(self, now: float) -> tuple[str, str] | None:
        if len(self._row) == IN_A_ROW and now - self._row[0] <= MINUTE_S:
            return "consecutive", f"{IN_A_ROW} calls in a row failed within a minute"
        _forget(self._slices, now - MINUTE_S)
        calls = sum(part.calls for part in self._slices)
        failed = sum(part.failed for part in self._slices)
        if calls >= MIN_CALLS and failed > self._error_rate * calls:
            return "error-rate", f"{failed} of {calls} calls failed within a minute"
        _forget(self._minutes, now - MINUTES * MINUTE_S)
        if len(self._minutes) >= MINUTES and all(part.failed >= EACH_MINUTE for part in self._minutes):
            return "sustained", f"{EACH_MINUTE} calls or more failed in each of {MINUTES} minutes"
        return None


def _count(slices: deque[_Slice], length: float, kept: float, failed: bool, now: float) -> None:
    if not slices or now - slices[-1].starts_at >= length:
        _forget(slices, now - kept)
        slices.append(_Slice(now - now % length))
    slices[-1].calls += 1
    slices[-1].failed += failed


def _forget(slices: deque[_Slice], before: float) -> None:
    while slices and slices[0].starts_at < before:
        slices.popleft()

"""Reads the service's JSON. Whatever is not as a Sundial service answers is a ``BrokenAnswer``, never another exception."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from .contract import (
    Decision,
    DecisionWarning,
    Degraded,
    Gate,
    LimitState,
    OnDeny,
    Pack,
    Reservation,
    ReservationAnswer,
    TakenFromPack,
    Usage,
)
from .errors import InputError, QuotaClientError

T = TypeVar("T")


class BrokenAnswer(Exception):
    """Something answered, but not as a Sundial service does."""


def parse(body: bytes) -> Any:
    """JSON in UTF-8, without the NaN and Infinity that Python's reader would let pass.

    A letter that is none in UTF-8 (a proxy changed the encoding) stands in a sentence, and does not undo the decision.
    """
    try:
        return json.loads(body.decode("utf-8-sig", errors="replace"), parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswer(f"not JSON: {error}") from error


def _not_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def read_decision(body: Any, operation_id: str | None) -> Decision:
    """``operation_id`` is the one that was sent: the answer to another one came from a cache or a confused proxy."""
    answer = _object(body, "decision")
    if operation_id is not None and answer.get("operationId") != operation_id:
        raise BrokenAnswer("the decision is that of another operation")
    reservation = answer.get("reservation")
    return Decision(
        allowed=_typed(answer, "allowed", bool),
        reason=_typed(answer, "reason", str),
        operation_id=_typed(answer, "operationId", str),
        replayed=_typed(answer, "replayed", bool, False),
        would_deny=_typed(answer, "wouldDeny", bool, False),
        limits=_limits(answer),
        retry_after_ms=_optional(answer, "retryAfterMs", int),
        on_deny=_on_deny(answer.get("onDeny")),
        uncounted=tuple(str(meter) for meter in _typed(answer, "uncounted", list, [])),
        gate=_gate(answer.get("gate")),
        degraded=_degraded(answer.get("degraded")),
        rules_version=_typed(answer, "rulesVersion", int, 0),
        reservation=None if reservation is None else read_reservation(reservation),
        receipt=_optional(answer, "receipt", str),
        warnings=_warnings(answer),
        packs=_packs(answer),
        hint=_optional(answer, "hint", str),
        raw=answer,
    )


def read_usage(body: Any) -> Usage:
    answer = _object(body, "usage")
    return Usage(
        resource=_typed(answer, "resource", str),
        subject=_object(answer.get("subject"), "subject"),
        limits=_limits(answer),
        degraded=_degraded(answer.get("degraded")),
        rules_version=_typed(answer, "rulesVersion", int, 0),
        packs=_packs_left(answer),
    )


def read_reservation_answer(body: Any) -> ReservationAnswer:
    answer = _object(body, "answer")
    return ReservationAnswer(
        reservation=read_reservation(answer.get("reservation")),
        limits=_limits(answer),
        degraded=_degraded(answer.get("degraded")),
    )


def read_reservation(body: Any) -> Reservation:
    held = _object(body, "reservation")
    return Reservation(
        id=_typed(held, "id", str),
        operation_id=_typed(held, "operationId", str),
        resource=_typed(held, "resource", str),
        subject=_object(held.get("subject"), "subject"),
        state=_typed(held, "state", str),
        expires_at=_typed(held, "expiresAt", str),
        amounts=_object(held.get("amounts"), "amounts"),
        committed=None if held.get("committed") is None else _object(held["committed"], "committed"),
        overage=None if held.get("overage") is None else _object(held["overage"], "overage"),
        late=_typed(held, "late", bool, False),
        packs=_packs(held),
    )


def read_outcomes(body: Any, operation_ids: Sequence[str]) -> list[str]:
    """The outcomes of ``POST /reports``, one for each report and in their order."""
    results = [_object(result, "result") for result in _typed(_object(body, "answer"), "results", list)]
    if [result.get("operationId") for result in results] != list(operation_ids):
        raise BrokenAnswer("the results are not those of the reports")
    return [_typed(result, "outcome", str) for result in results]


def read_problem(body: Any) -> Mapping[str, Any] | None:
    """An RFC 9457 body with Sundial's ``code``; None where it is something else."""
    return body if isinstance(body, dict) and isinstance(body.get("code"), str) else None


def problem_error(problem: Mapping[str, Any], status: int | None, request_id: str | None) -> QuotaClientError:
    code = str(problem["code"])
    sentence = problem.get("detail") or problem.get("title") or code
    named = problem.get("requestId")
    errors = problem.get("errors")
    return QuotaClientError(
        code,
        str(sentence),
        status=status,
        errors=[
            InputError(str(error.get("path", "")), str(error.get("message", "")))
            for error in (errors if isinstance(errors, list) else [])
            if isinstance(error, dict)
        ],
        request_id=named if isinstance(named, str) else request_id,
    )


def _limits(answer: Mapping[str, Any]) -> tuple[LimitState, ...]:
    return tuple(_limit(_object(limit, "limit")) for limit in _typed(answer, "limits", list))


def _limit(limit: dict[str, Any]) -> LimitState:
    window = limit.get("window")
    if not isinstance(window, str | dict):
        raise BrokenAnswer("a limit without window")
    return LimitState(
        rule=_typed(limit, "rule", str),
        window=window,
        meter=_typed(limit, "meter", str, "units"),
        max=_optional(limit, "max", int),
        used=_typed(limit, "used", int),
        reserved=_typed(limit, "reserved", int, 0),
        remaining=_optional(limit, "remaining", int),
        exceeded=_typed(limit, "exceeded", bool, False),
        starts_at=_optional(limit, "startsAt", str),
        resets_at=_optional(limit, "resetsAt", str),
        time_zone=_typed(limit, "timeZone", str, "UTC"),
        mode=_typed(limit, "mode", str, "enforce"),
        source=_typed(limit, "source", str, "rule"),
        schedule=_optional(limit, "schedule", dict),
        soft=_typed(limit, "soft", bool, False),
    )


def _warnings(answer: Mapping[str, Any]) -> tuple[DecisionWarning, ...]:
    """Without those of a kind that this version does not know: they are in ``raw``."""
    warnings = [_object(warning, "warning") for warning in _typed(answer, "warnings", list, [])]
    return tuple(
        DecisionWarning(
            rule=_typed(warning, "rule", str),
            window=warning.get("window"),
            meter=_typed(warning, "meter", str, "units"),
            on_warn=_on_deny(warning.get("onWarn")),
            code=_optional(warning, "code", str),
            message=_optional(warning, "message", str),
        )
        for warning in warnings
        if isinstance(warning.get("window"), str | dict) or warning.get("code") == "unknown-zone"
    )


def _packs_left(answer: Mapping[str, Any]) -> tuple[Pack, ...]:
    packs = [_object(pack, "pack") for pack in _typed(answer, "packs", list, [])]
    return tuple(
        Pack(
            id=_typed(pack, "id", str),
            meter=_typed(pack, "meter", str),
            amount=_typed(pack, "amount", int),
            remaining=_typed(pack, "remaining", int),
            priority=_typed(pack, "priority", int),
            expires_at=_optional(pack, "expiresAt", str),
            created_at=_typed(pack, "createdAt", str),
            state=_typed(pack, "state", str),
        )
        for pack in packs
    )


def _packs(answer: Mapping[str, Any]) -> tuple[TakenFromPack, ...]:
    packs = [_object(pack, "pack") for pack in _typed(answer, "packs", list, [])]
    return tuple(
        TakenFromPack(
            id=_typed(pack, "id", str),
            meter=_typed(pack, "meter", str),
            taken=_typed(pack, "taken", int),
            remaining=_optional(pack, "remaining", int),
        )
        for pack in packs
    )


def _on_deny(value: Any) -> OnDeny | None:
    if value is None:
        return None
    flow = _object(value, "onDeny")
    return OnDeny(
        code=_typed(flow, "code", str),
        message=_optional(flow, "message", str),
        action=_optional(flow, "action", str),
        params=_object(flow.get("params", {}), "params"),
    )


def _gate(value: Any) -> Gate | None:
    """None for words that this version does not know."""
    if not isinstance(value, dict) or value.get("state") not in ("open", "closed"):
        return None
    until: Any = value.get("until")
    try:
        datetime.fromisoformat(until).timestamp()
    except (TypeError, ValueError, OverflowError):
        until = None
    return Gate(value["state"], until)


def _degraded(value: Any) -> Degraded | None:
    if value is None:
        return None
    degraded = _object(value, "degraded")
    return Degraded(_typed(degraded, "cause", str), _optional(degraded, "policy", str))


def _object(value: Any, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise BrokenAnswer(f"{what} is no object")


_ABSENT: Any = object()


def _typed(source: Mapping[str, Any], name: str, kind: type[T], default: T = _ABSENT) -> T:
    value = source.get(name, default)
    if value is _ABSENT or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BrokenAnswer(f"{name} is not of type {kind.__name__}")
    return value


def _optional(source: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    return None if source.get(name) is None else _typed(source, name, kind)

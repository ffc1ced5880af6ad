"""Reservations, without I/O: reserve, commit, release, extend, and what they become while no endpoint answers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Literal
from uuid import uuid4

from ._answer import read_decision, read_reservation_answer
from ._asking import Call
from ._core import UNREACHABLE, QuotaCore, decided, post
from ._fallback import Unanswered
from ._input import Complaints, add_amounts, add_reason, add_ttl, collect_check
from ._offline import OfflineReservation, is_offline, merged, overage, read_offline
from ._receipt_text import offline_receipt
from ._steps import Steps, ending_path
from .contract import (
    Amounts,
    CheckRequest,
    Decision,
    Degraded,
    OnExpiry,
    Reservation,
    ReservationAnswer,
)

DEFAULT_TTL_MS = 60_000


class ReservingCore(QuotaCore):
    """All verbs of a client."""

    def reserve(
        self, request: CheckRequest, ttl_ms: int | None, on_expiry: OnExpiry | None
    ) -> Steps[Decision]:
        deadline_at = self.deadline_at()
        operation_id = request.operation_id or str(uuid4())
        wrong = Complaints()
        body = collect_check(request, operation_id, wrong, "")
        add_ttl(body, ttl_ms, wrong)
        if on_expiry is not None:
            if on_expiry not in ("release", "commit"):
                wrong.add("on_expiry", "must be release or commit")
            body["onExpiry"] = on_expiry
        wrong.settle()
        read = partial(read_decision, operation_id=operation_id)
        answer = yield from self.asker.ask(
            Call(request.resource, post("reservations", body), read), deadline_at
        )
        if not isinstance(answer, Unanswered):
            self.learn(request.resource, answer)
            return answer
        return self._reserve_offline(request, operation_id, ttl_ms, on_expiry, answer)

    def _reserve_offline(
        self,
        request: CheckRequest,
        operation_id: str,
        ttl_ms: int | None,
        on_expiry: OnExpiry | None,
        unanswered: Unanswered,
    ) -> Decision:
        policy, gate = self.verdict(unanswered)
        by_gate = gate.fields(self.wall()) if gate else {}
        if policy == "deny":
            # Reported all the same: where the service holds it without an answer, the report gives it back.
            self.remember("reserve", request, operation_id, policy, unanswered, gate=gate)
            return decided(operation_id, policy, **by_gate)
        now = self.wall()
        offline = OfflineReservation(
            operation_id=operation_id,
            resource=request.resource,
            subject=dict(request.subject),
            amount=1 if request.amount is None else request.amount,
            amounts=dict(request.amounts or {}),
            decided_at=now,
            expires_at=now + (ttl_ms or DEFAULT_TTL_MS) / 1_000,
            policy=policy,
            attempted=unanswered.attempted,
            on_expiry=on_expiry or "release",
        )
        receipt = offline_receipt(request, operation_id, now, offline.expires_at)
        return replace(self._hold(offline, unanswered, by_gate), receipt=receipt)

    def _hold(self, offline: OfflineReservation, unanswered: Unanswered, by_gate: dict[str, Any]) -> Decision:
        """Nothing is reported before it is committed, be it by its expiry."""
        reservation = offline.reservation()
        is_committed_then = offline.on_expiry == "commit"
        self.remember(
            "reserve",
            CheckRequest(offline.resource, offline.subject, offline.amount, offline.amounts),
            offline.operation_id,
            offline.policy,
            unanswered,
            decided_at_s=offline.decided_at,
            reservation_id=reservation.id,
            awaits_delivery=is_committed_then,
            due_at=offline.expires_at if is_committed_then else 0.0,
        )
        return decided(offline.operation_id, offline.policy, reservation=reservation, **by_gate)

    def commit(
        self, reservation: str | Reservation, amount: int | None, amounts: Amounts | None
    ) -> Steps[ReservationAnswer]:
        deadline_at = self.deadline_at()
        body: dict[str, Any] = {}
        wrong = Complaints()
        add_amounts(body, amount, amounts, wrong)
        wrong.settle()
        reservation_id = _id(reservation)
        if not is_offline(reservation_id):
            return (yield from self._end("commit", reservation, body, deadline_at))
        held = read_offline(reservation_id)
        used, used_amounts = merged(held, amount, amounts)
        request = CheckRequest(held.resource, held.subject, used, used_amounts)
        why = Unanswered(
            held.resource, "no-connection", None, None, held.attempted, "it was reserved offline"
        )
        # Counted in the windows of the reserve, as a commit is.
        self.remember(
            "commit",
            request,
            held.operation_id,
            held.policy,
            why,
            decided_at_s=held.decided_at,
            reservation_id=reservation_id,
        )
        self.journal.withdraw(reservation_id)
        committed = {"units": used, **used_amounts}
        return ReservationAnswer(held.reservation("committed", committed), degraded=Degraded(UNREACHABLE))

    def release(self, reservation: str | Reservation, reason: str | None) -> Steps[ReservationAnswer]:
        deadline_at = self.deadline_at()
        body: dict[str, Any] = {}
        wrong = Complaints()
        add_reason(body, reason, wrong)
        wrong.settle()
        reservation_id = _id(reservation)
        if is_offline(reservation_id):
            held = read_offline(reservation_id)
            self.journal.withdraw(reservation_id)
            return ReservationAnswer(held.reservation("released"), degraded=Degraded(UNREACHABLE))
        return (yield from self._end("release", reservation, body, deadline_at))

    def _end(
        self,
        verb: Literal["commit", "release"],
        reservation: str | Reservation,
        body: dict[str, Any],
        deadline_at: float,
    ) -> Steps[ReservationAnswer]:
        known = reservation if isinstance(reservation, Reservation) else None
        call = Call(
            known.resource if known else None,
            post(ending_path(_id(reservation), verb), body),
            read_reservation_answer,
        )
        answer = yield from self.asker.ask(call, deadline_at)
        if not isinstance(answer, Unanswered):
            return answer
        request = CheckRequest(
            known.resource if known else "",
            known.subject if known else {},
            body.get("amount"),
            body.get("amounts"),
        )
        operation_id = known.operation_id if known else ""
        self.remember(
            verb, request, operation_id, "allow", answer, reservation_id=_id(reservation), ending=body
        )
        return ReservationAnswer(_ended(known, verb, body), degraded=Degraded(UNREACHABLE))

    def extend(
        self,
        reservation: str | Reservation,
        ttl_ms: int | None,
        amount: int | None,
        amounts: Amounts | None,
    ) -> Steps[Decision]:
        deadline_at = self.deadline_at()
        body: dict[str, Any] = {}
        wrong = Complaints()
        add_ttl(body, ttl_ms, wrong)
        add_amounts(body, amount, amounts, wrong)
        if not body:
            wrong.add("body", "must name ttl_ms, amount or amounts")
        wrong.settle()
        if is_offline(_id(reservation)):
            return self._extend_offline(read_offline(_id(reservation)), ttl_ms, amount, amounts)
        known = reservation if isinstance(reservation, Reservation) else None
        resource = known.resource if known else None
        read = partial(read_decision, operation_id=None)
        call = Call(resource, post(ending_path(_id(reservation), "extend"), body), read)
        answer = yield from self.asker.ask(call, deadline_at)
        if not isinstance(answer, Unanswered):
            return answer
        policy = self.fallbacks.policy(answer)
        return decided(known.operation_id if known else "", policy, reservation=known)

    def _extend_offline(
        self, held: OfflineReservation, ttl_ms: int | None, amount: int | None, amounts: Amounts | None
    ) -> Decision:
        total, totals = merged(held, amount, amounts)
        lasts_until = self.wall() + (ttl_ms or 0) / 1_000
        self.journal.withdraw(held.id())
        longer = replace(held, amount=total, amounts=totals, expires_at=max(held.expires_at, lasts_until))
        return self._hold(longer, _reserved_offline(held), {})


def _reserved_offline(held: OfflineReservation) -> Unanswered:
    detail = "it was reserved without a service"
    return Unanswered(held.resource, "no-connection", None, None, held.attempted, detail)


def _id(reservation: str | Reservation) -> str:
    return reservation.id if isinstance(reservation, Reservation) else reservation


def _ended(known: Reservation | None, verb: str, body: dict[str, Any]) -> Reservation | None:
    """How it stands when its ending has been delivered; None where only its id is known."""
    if known is None:
        return None
    if verb == "release":
        return replace(known, state="released")
    committed = {**known.amounts, **body.get("amounts", {})}
    if "amount" in body:
        committed["units"] = body["amount"]
    above = overage(known.amounts, committed)
    return replace(known, state="committed", committed=committed, overage=above)

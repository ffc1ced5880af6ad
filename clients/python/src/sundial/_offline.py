"""Reservations that the client makes itself while no endpoint answers.

Their id carries what a commit must report, so that it can be committed by any client, also in another process.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

from .contract import Amounts, OnExpiry, Policy, Reservation
from .errors import QuotaClientError

PREFIX = "offline."


@dataclass(frozen=True, slots=True)
class OfflineReservation:
    """What is known of it; ``decided_at`` and ``expires_at`` in seconds of the wall clock."""

    operation_id: str
    resource: str
    subject: dict[str, str]
    amount: int
    amounts: dict[str, int]
    decided_at: float
    expires_at: float
    policy: Policy
    attempted: bool
    on_expiry: OnExpiry

    def id(self) -> str:
        text = json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)
        return PREFIX + urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def reservation(self, state: str = "held", committed: Amounts | None = None) -> Reservation:
        return Reservation(
            id=self.id(),
            operation_id=self.operation_id,
            resource=self.resource,
            subject=self.subject,
            state=state,
            expires_at=iso(self.expires_at),
            amounts={"units": self.amount, **self.amounts},
            committed=committed,
            overage=None if committed is None else overage({"units": self.amount, **self.amounts}, committed),
        )


def overage(held: Amounts, committed: Amounts) -> Amounts | None:
    """By how much what was committed is above what was held, of each meter where it is."""
    above = {meter: units - held.get(meter, 0) for meter, units in committed.items()}
    return {meter: units for meter, units in above.items() if units > 0} or None


def is_offline(reservation_id: str) -> bool:
    return reservation_id.startswith(PREFIX)


def read_offline(reservation_id: str) -> OfflineReservation:
    """Raises ``QuotaClientError`` (``reservation-not-found``) for an id that no client made."""
    text = reservation_id.removeprefix(PREFIX)
    try:
        fields: Any = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        offline = OfflineReservation(**fields)
        whole = isinstance(offline.resource, str) and isinstance(offline.operation_id, str)
        if whole and offline.id() == reservation_id:
            return offline
    except (ValueError, TypeError, RecursionError):
        pass
    raise QuotaClientError("reservation-not-found", "No client made a reservation of this id.")


def iso(seconds: float) -> str:
    """Of the wall clock, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def merged(
    held: OfflineReservation, amount: int | None, amounts: Amounts | None
) -> tuple[int, dict[str, int]]:
    """What a commit counts: a meter that it does not name as held."""
    return held.amount if amount is None else amount, {
        **held.amounts,
        **cast("dict[str, int]", amounts or {}),
    }

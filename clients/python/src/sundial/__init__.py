"""Asks a Sundial quota service whether an operation may run; the business goes on when the service is away.

``QuotaClient`` for synchronous programs, ``AsyncQuotaClient`` for asyncio, ``risk_limit`` in front of functions.
"""

from ._fallback import Fallback, Unanswered
from ._held import AsyncHeldReservation, HeldReservation
from ._journal import AffectedOperation, ndjson
from ._monitor import Alarm
from .async_client import AsyncQuotaClient
from .client import QuotaClient
from .contract import (
    Amounts,
    CheckRequest,
    Decision,
    DecisionWarning,
    Degraded,
    Gate,
    LimitState,
    OnDeny,
    OnExpiry,
    Pack,
    Policy,
    Reservation,
    ReservationAnswer,
    Subject,
    TakenFromPack,
    Usage,
)
from .decorator import risk_limit, use_client
from .errors import InputError, QuotaClientError, RiskLimitExceeded

__all__ = [
    "AffectedOperation",
    "Alarm",
    "Amounts",
    "AsyncHeldReservation",
    "AsyncQuotaClient",
    "CheckRequest",
    "Decision",
    "DecisionWarning",
    "Degraded",
    "Fallback",
    "Gate",
    "HeldReservation",
    "InputError",
    "LimitState",
    "OnDeny",
    "OnExpiry",
    "Pack",
    "Policy",
    "QuotaClient",
    "QuotaClientError",
    "Reservation",
    "ReservationAnswer",
    "RiskLimitExceeded",
    "Subject",
    "TakenFromPack",
    "Unanswered",
    "Usage",
    "ndjson",
    "risk_limit",
    "use_client",
]

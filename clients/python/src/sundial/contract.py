"""What is asked and what is answered. Times are ISO-8601 texts with offset, as the service writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Subject = Mapping[str, str]
"""Who is counted: attribute name → value of 1–256 characters; at most 8 attributes."""

Amounts = Mapping[str, int]
"""Units by meter, each an integer from 0 to 2^53−1."""

Policy = Literal["allow", "deny"]
OnExpiry = Literal["release", "commit"]


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """One check of a batch; the fields are those of ``QuotaClient.check``."""

    resource: str
    subject: Subject = field(default_factory=dict)
    amount: int | None = None
    amounts: Amounts | None = None
    operation_id: str | None = None
    receipt: bool = False


@dataclass(frozen=True, slots=True)
class OnDeny:
    """The business flow that a refusal starts, as the operator wrote it into the rule."""

    code: str
    message: str | None = None
    action: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LimitState:
    """One limit of one rule, for one subject, in its concrete window.

    ``max`` and ``remaining`` are None where the limit is unlimited; ``starts_at`` and ``resets_at`` are None for the windows
    ``total`` and ``concurrent``. ``exceeded``: in a decision, this limit had no room for the amount; in usage, it has no room
    for one more unit. ``source`` says where ``max`` comes from; where that is ``schedule``, ``schedule`` is the entry of the rule that
    holds, with its ``index`` and until when (``until``). A ``soft`` limit never refuses.
    """

    rule: str
    window: str | Mapping[str, Any]
    meter: str
    max: int | None
    used: int
    reserved: int
    remaining: int | None
    exceeded: bool
    starts_at: str | None
    resets_at: str | None
    time_zone: str
    mode: str
    source: str
    schedule: Mapping[str, Any] | None = None
    soft: bool = False


@dataclass(frozen=True, slots=True)
class DecisionWarning:
    """What was amiss and did not stop the decision.

    Without ``code``: a soft limit (``window``, ``meter``) had no room for what was allowed and counted, and ``on_warn`` is what the
    operator wants to happen then. ``code`` ``unknown-zone``: the subject gives a time zone that does not exist, as ``message`` says;
    then ``window`` is None.
    """

    rule: str
    window: str | Mapping[str, Any] | None = None
    meter: str = "units"
    on_warn: OnDeny | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class TakenFromPack:
    """Units that an operation took from a pack, or that a reservation holds of it, where the limits had no room.

    ``remaining`` is what the pack had left after it; None in a reservation, and where an operation is repeated.
    """

    id: str
    meter: str
    taken: int
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Degraded:
    """The store did not decide. ``cause`` ``unreachable``: no endpoint answered, and the client's own fallback decided."""

    cause: str
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """What an operator set for the resource, or for all: ``open`` passes all, ``closed`` refuses all.

    ``until`` is an ISO-8601 text, None where it holds until it is changed. The client obeys it where no endpoint answers.
    """

    state: Literal["open", "closed"]
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """An operation whose units are held until it is committed or released, or until ``expires_at``.

    ``amounts`` names every meter that it took of, ``units`` included. ``committed``: what was counted in the end; ``overage``: by
    how much that is above what was held; ``late``: it was committed after it had expired. ``packs``: what it holds of packs, or has
    of them in the end.
    """

    id: str
    operation_id: str
    resource: str
    subject: Subject
    state: str
    expires_at: str
    amounts: Amounts
    committed: Amounts | None = None
    overage: Amounts | None = None
    late: bool = False
    packs: tuple[TakenFromPack, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a check, always with the state of every limit that was looked at.

    ``reason`` is ``ok``, ``limit-reached``, ``amount-exceeds-limit`` (waiting cannot help), ``too-many-holds``, ``no-rule``,
    ``degraded``, ``gate-open``, ``gate-closed``, ``braked`` or one of a later version. ``retry_after_ms`` is None where waiting does
    not help. ``degraded`` is None when the store decided. ``gate`` is None where no operator opened or closed the resource. ``warnings``
    are the soft limits that an allowed operation had no room in, and what was amiss with the subject. ``uncounted`` names meters
    that no rule counts (a misspelt one is seen). ``packs`` is what the operation took from packs. ``hint``, with ``no-rule``: the known
    resource with the most similar name.
    ``reservation`` is None for a check and for a refused reserve. ``receipt``, where it was asked for and the decision is allowed, is for
    the program that does the costly work; where no endpoint answered, an unsigned pass, which is refused while the gate of the resource
    is not open. ``raw`` is the answer as it came, with fields that this
    version does not know; empty where no endpoint answered.
    """

    allowed: bool
    reason: str
    operation_id: str
    replayed: bool = False
    would_deny: bool = False
    limits: tuple[LimitState, ...] = ()
    retry_after_ms: int | None = None
    on_deny: OnDeny | None = None
    uncounted: tuple[str, ...] = ()
    gate: Gate | None = None
    degraded: Degraded | None = None
    rules_version: int = 0
    reservation: Reservation | None = None
    receipt: str | None = None
    warnings: tuple[DecisionWarning, ...] = ()
    packs: tuple[TakenFromPack, ...] = ()
    hint: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Pack:
    """Units that were bought or given, used where the windows have no room. ``expires_at`` is None where it does not expire."""

    id: str
    meter: str
    amount: int
    remaining: int
    priority: int
    expires_at: str | None
    created_at: str
    state: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used and left. ``limits`` is empty where no endpoint answered (``degraded.cause`` is ``unreachable``).

    ``packs`` are the subject's packs that have units left, in the order in which they are used.
    """

    resource: str
    subject: Subject
    limits: tuple[LimitState, ...] = ()
    degraded: Degraded | None = None
    rules_version: int = 0
    packs: tuple[Pack, ...] = ()


@dataclass(frozen=True, slots=True)
class ReservationAnswer:
    """The answer to an ending.

    ``degraded.cause`` ``unreachable``: the ending is in the client's journal and is delivered later; ``reservation`` is then None
    where only its id was given. ``limits`` are the windows that its units were taken from.
    """

    reservation: Reservation | None
    limits: tuple[LimitState, ...] = ()
    degraded: Degraded | None = None

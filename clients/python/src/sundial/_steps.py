"""What the core asks of a shell, and what the shell answers. The core itself does no I/O, reads no clock of its own and never waits."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import quote

if TYPE_CHECKING:
    from ._endpoints import Endpoint

T = TypeVar("T")

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""A longer answer is broken."""

FailureCause = Literal[
    "timeout",
    "no-connection",
    "connection-lost",
    "broken-answer",
    "server-error",
    "circuit-open",
    "overloaded",
]
"""Why an endpoint gave no answer. ``no-connection``: no request was sent. ``circuit-open``: none was asked, after failures in a row.
``overloaded``: this client has as many calls under way as it has connections, and the endpoint is not to blame."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request. ``path`` is relative to an endpoint; a body is JSON."""

    method: Literal["GET", "POST"]
    path: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Send this, and come back by ``until`` (of the core's clock, in seconds) with what happened, whatever happens."""

    endpoint: Endpoint
    outgoing: Outgoing
    until: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole HTTP answer of at most ``MAX_ANSWER_BYTES``."""

    status: int
    body: bytes
    retry_after: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """No whole answer. ``sent``: a request may have reached the service; ``status`` where its headers came."""

    cause: FailureCause
    sent: bool
    detail: str
    status: int | None = None


Outcome = Answered | Failed
Step = Attempt | Pause
Steps = Generator[Step, Outcome | None, T]
"""A verb: yields steps, is sent their outcomes (None after a pause), returns its result."""


def attempt(endpoint: Endpoint, outgoing: Outgoing, until: float) -> Steps[Outcome]:
    outcome = yield Attempt(endpoint, outgoing, until)
    if outcome is None:
        raise RuntimeError("The shell must answer an attempt with its outcome.")
    return outcome


def ending_path(reservation_id: str, verb: str) -> str:
    """Of a reservation's ``commit``, ``release`` or ``extend``."""
    return f"reservations/{quote(reservation_id, safe='')}/{verb}"

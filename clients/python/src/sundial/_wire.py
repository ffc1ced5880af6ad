"""What both shells know of httpx: requests, the bound of an answer, and what its errors mean."""

from __future__ import annotations

import time

import httpcore
import httpx

from ._endpoints import Endpoint
from ._steps import MAX_ANSWER_BYTES, Answered, Attempt, Failed, FailureCause, Outgoing

TIMEOUTS = (TimeoutError, httpx.TimeoutException, httpcore.TimeoutException)
BROKEN = (
    httpx.RemoteProtocolError,
    httpx.DecodingError,
    httpcore.RemoteProtocolError,
    UnicodeError,
)
DISCONNECTED = "disconnected without sending"
CUT = "closed connection"


class Refused(Exception):
    """An answer that is not read to its end."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.detail)
        self.failed = failed


def request(
    client: httpx.Client | httpx.AsyncClient, endpoint: Endpoint, outgoing: Outgoing
) -> httpx.Request:
    json = {"content-type": "application/json"} if outgoing.body is not None else {}
    return client.build_request(
        outgoing.method, endpoint.base + outgoing.path, content=outgoing.body, headers=json
    )


class Reading:
    """An answer as its bytes come in; raises ``Refused`` as soon as it can be no good one."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._body = bytearray()
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding != "identity":
            raise Refused(self._broken(f"encoded as {encoding}, which was not asked for"))
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length[:20]) > MAX_ANSWER_BYTES:
            raise Refused(self._broken(f"longer than {MAX_ANSWER_BYTES} bytes"))

    def add(self, chunk: bytes) -> None:
        self._body += chunk
        if len(self._body) > MAX_ANSWER_BYTES:
            raise Refused(self._broken(f"longer than {MAX_ANSWER_BYTES} bytes"))

    def answered(self) -> Answered:
        headers = self._response.headers
        return Answered(
            self._response.status_code,
            bytes(self._body),
            headers.get("retry-after"),
            headers.get("x-request-id"),
        )

    def _broken(self, what: str) -> Failed:
        status = self._response.status_code
        return Failed("broken-answer", True, f"answered {status}, {what}", status)


class Phase:
    """How far one attempt came. Of a transport that is not the client's own the worst is supposed: that all of it was sent."""

    def __init__(self, step: Attempt, *, traced: bool) -> None:
        self._until = step.until
        self._enough_until = (time.monotonic() + step.until) / 2
        self._begun_at: float | None = None
        self.sent = not traced

    def begin(self) -> float:
        """It has its turn. Answers the seconds that are left of it."""
        self._begun_at = time.monotonic()
        return max(0.001, self._until - self._begun_at)

    def trace(self, event: str, info: object) -> None:
        """As httpcore tells it."""
        if event.endswith("send_request_headers.started"):
            self.sent = True

    async def atrace(self, event: str, info: object) -> None:
        self.trace(event, info)

    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def too_late(self) -> Failed:
        """More than half of the time went by before it had its turn: then the endpoint is not to blame."""
        if self._begun_at is None or self._begun_at > self._enough_until:
            return Failed("overloaded", self.sent, "More calls than connections: it had no turn in time.")
        return Failed("timeout", self.sent, "The time of this attempt is over.")


def failure(error: Exception, phase: Phase) -> Failed:
    """What an exception of httpx, or of anything below it, means."""
    if isinstance(error, Refused):
        return error.failed
    if phase.is_over() or isinstance(error, TIMEOUTS):
        return phase.too_late()
    return Failed(_cause(error, phase.sent), phase.sent, f"{type(error).__name__}: {error}"[:500])


def _cause(error: Exception, sent: bool) -> FailureCause:
    if not sent:
        return "no-connection"
    if isinstance(error, BROKEN) and not _lost(str(error)):
        return "broken-answer"
    return "connection-lost"


def _lost(sentence: str) -> bool:
    """httpx calls a connection that ended early a protocol error too."""
    return DISCONNECTED in sentence or CUT in sentence

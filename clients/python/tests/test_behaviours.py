"""Every broken service of the table, against both clients.

In every run: no exception but misuse, one operation id a call, and in the end the counted operations are the allowed ones, each once. What
depends on time (how long a call took, which attempt was too late) has to be as the table says in one of three runs: a machine that is busy
with other tests may take the processor away from client or server for longer than an attempt lasts.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support import TABLE, Face, MisbehavingServers, timed

from sundial import AffectedOperation, CheckRequest, Decision, QuotaClientError, Unanswered

TOLERANCE_MS = 15
RUNS = 3
NAME = "sundial.test"
BEHAVIOURS = [{**TABLE["defaults"], **behaviour} for behaviour in TABLE["behaviours"]]


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour["name"])
def test_a_service_that(
    behaviour: dict[str, Any],
    open_client: Callable[..., Face],
    servers: MisbehavingServers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "resolves" in behaviour:
        monkeypatch.setattr(socket, "getaddrinfo", name_server(**behaviour["resolves"]))
    for _ in range(RUNS):
        deviations = Run(behaviour, open_client, servers).deviations()
        if not deviations:
            return
    pytest.fail("\n".join(deviations))


def name_server(addresses: list[str], afterMs: int = 0) -> Callable[..., Any]:
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != NAME:
            return real(host, port, *args, **options)
        time.sleep(afterMs / 1_000)
        found = [real(address, port, *args, **options) for address in addresses]
        return [entry for entries in found for entry in entries]

    return getaddrinfo


class Run:
    """One client, as the behaviour wants it, against servers that are started afresh."""

    def __init__(
        self, behaviour: dict[str, Any], open_client: Callable[..., Face], servers: MisbehavingServers
    ) -> None:
        self._behaviour, self._expect, self._servers = behaviour, behaviour["expect"], servers
        self._options = {**TABLE["defaults"]["client"], **behaviour["client"]}
        self._reasons: list[Unanswered] = []
        self._allowed: list[str] = []
        self._requests = 0
        certificate = behaviour.get("certificate")
        urls = servers.start(
            *behaviour["servers"],
            scheme=behaviour["scheme"],
            certificate=certificate,
            host=NAME if "resolves" in behaviour else None,
        )
        trusted = servers.authority if certificate != "self-signed" else None
        self._face = open_client(
            urls,
            ssl_context=ssl.create_default_context(cadata=trusted) if trusted else None,
            deadline_ms=self._options["deadlineMs"],
            retries=self._options["retries"],
            fallback=self._fall_back,
        )

    def _fall_back(self, unanswered: Unanswered) -> Any:
        self._reasons.append(unanswered)
        return self._options["fallback"]

    def deviations(self) -> list[str]:
        for _ in range(self._behaviour.get("before", 0)):
            before = self._outcome()
            if isinstance(before, Decision) and before.allowed:
                self._allowed.append(before.operation_id)
        self._requests = len(self._servers.seen()["requests"])
        found = [deviation for _ in range(self._behaviour["calls"]) for deviation in self._call()]
        affected = [operation for operation in self._face.affected() if operation.gate is None]
        assert [operation.cause for operation in affected] == [reason.cause for reason in self._reasons]
        if self._can_be_told():
            assert self._face.call("flush", timeout_ms=5_000) == 0
            assert sorted(self._servers.seen()["counted"]) == sorted(self._allowed)
        return found

    def _can_be_told(self) -> bool:
        listening = any(isinstance(server, list) for server in self._behaviour["servers"])
        reached = self._behaviour["scheme"] == "http" or self._behaviour.get("certificate") == "trusted"
        late = self._behaviour.get("resolves", {}).get("afterMs", 0) > 0
        return listening and reached and not late

    def _call(self) -> Iterator[str]:
        reasons_before = len(self._reasons)
        answer, took_ms = timed(self._outcome)
        requests = self._servers.seen()["requests"][self._requests :]
        self._requests += len(requests)
        least, most = self._expect["requests"]
        if took_ms > self._options["deadlineMs"] + TOLERANCE_MS:
            yield f"took {took_ms:.1f} ms"
        if not least <= len(requests) <= most:
            yield f"{len(requests)} requests"
        if isinstance(answer, QuotaClientError):
            yield from different("code", answer.code, [self._expect.get("code")])
            yield from different("outcome", "error", [self._expect["outcome"]])
            return
        asked = [request["body"] for request in requests]
        checks = [check for body in asked for check in body.get("checks", [body])]
        assert {check["operationId"] for check in checks} <= {answer.operation_id}
        if answer.allowed:
            self._allowed.append(answer.operation_id)
        yield from different("allowed", answer.allowed, [self._expect.get("allowed")])
        degraded = answer.degraded is not None and answer.degraded.cause == "unreachable"
        yield from different("outcome", "degraded" if degraded else "decided", self._outcomes())
        if "reason" in self._expect:
            yield from different("reason", answer.reason, [self._expect["reason"]])
        if "onDeny" in self._expect:
            yield from different("on_deny", answer.on_deny and answer.on_deny.code, [self._expect["onDeny"]])
        by_gate = degraded and answer.gate is not None
        assert len(self._reasons) - reasons_before == (degraded and not by_gate)
        if degraded and self._expect["outcome"] == "degraded":
            yield from self._compare(self._face.affected()[-1])

    def _outcomes(self) -> list[str]:
        outcome = self._expect["outcome"]
        return ["decided", "degraded"] if outcome == "either" else [outcome]

    def _compare(self, reason: AffectedOperation) -> Iterator[str]:
        yield from different("cause", reason.cause, self._expect.get("cause", []))
        yield from different("attempted", reason.attempted, [self._expect.get("attempted")])
        for field in ("status", "code"):
            if field in self._expect:
                yield from different(field, getattr(reason, field), [self._expect[field]])

    def _outcome(self) -> Decision | QuotaClientError:
        verb = self._behaviour["verb"]
        try:
            if verb == "checkBatch":
                [entry] = self._face.call("check_batch", [CheckRequest("ocr", {"user": "u1"})])
                only: Decision | QuotaClientError = entry
                return only
            decision: Decision = self._face.call(verb, "ocr", user="u1")
            return decision
        except QuotaClientError as error:
            return error


def different(what: str, found: object, expected: list[Any]) -> Iterator[str]:
    if found not in expected:
        yield f"{what} {found!r}, not one of {expected!r}"

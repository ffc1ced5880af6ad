"""What a call does beyond the table: batches, usage, fail-over and fail-back, delivery."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support import Face, MisbehavingServers, eventually, in_loop, timed

from sundial import (
    AsyncQuotaClient,
    CheckRequest,
    Decision,
    Gate,
    QuotaClient,
    QuotaClientError,
    TakenFromPack,
)

OpenFace = Callable[..., Face]


def test_a_call_says_what_it_was_asked(open_client: OpenFace, servers: MisbehavingServers) -> None:
    face = open_client(servers.start([{}]), key="s3cret")
    face.call("check", "ocr", {"grade": "3"}, user="ü", amount=2, amounts={"tokens": 5}, operation_id="op 1")
    [request] = servers.seen()["requests"]
    assert (request["method"], request["path"]) == ("POST", "/check")
    assert request["headers"]["authorization"] == "Bearer s3cret"
    assert request["body"] == {
        "resource": "ocr",
        "subject": {"grade": "3", "user": "ü"},
        "amount": 2,
        "amounts": {"tokens": 5},
        "operationId": "op 1",
    }


def test_every_field_of_a_decision_is_read(open_client: OpenFace, servers: MisbehavingServers) -> None:
    limit = {
        "rule": "ocr-per-user",
        "mode": "enforce",
        "window": "day",
        "meter": "units",
        "timeZone": "Asia/Shanghai",
        "max": 10,
        "source": "rule",
        "used": 10,
        "reserved": 0,
        "remaining": 0,
        "startsAt": "2026-11-22T00:00:00+08:00",
        "resetsAt": "2026-11-23T00:00:00+08:00",
        "exceeded": True,
    }
    fields = {
        "allowed": False,
        "reason": "limit-reached",
        "limits": [limit, {**limit, "max": None, "remaining": None, "window": {"unit": "hour", "every": 5}}],
        "retryAfterMs": 5_000,
        "onDeny": {"code": "OCR_LIMIT", "action": "recharge-vip"},
        "uncounted": ["tokns"],
        "warnings": [
            {"rule": "soft", "window": "day", "meter": "units", "onWarn": {"code": "SOON"}},
            {"rule": "r", "code": "of-a-later-version"},
            {"rule": "own-day", "code": "unknown-zone", "message": "There is no zone Asia/Shangai."},
        ],
        "packs": [
            {"id": "p1", "meter": "units", "taken": 2, "remaining": 3},
            {"id": "p2", "meter": "units", "taken": 1},
        ],
        "gate": {"state": "open", "until": None},
        "hint": "ocr",
        "novelty": 1,
    }
    face = open_client(servers.start([{"body": {"decision": fields}}]))
    decision: Decision = face.call("check", "ocr", user="u1")
    assert not decision.allowed
    assert decision.retry_after_ms == 5_000
    assert decision.on_deny is not None and decision.on_deny.action == "recharge-vip"
    assert decision.uncounted == ("tokns",)
    warning, zone = decision.warnings
    assert (warning.rule, warning.window, warning.meter) == ("soft", "day", "units")
    assert (warning.code, zone.rule, zone.code, zone.window) == (None, "own-day", "unknown-zone", None)
    assert zone.message == "There is no zone Asia/Shangai."
    assert decision.packs == (TakenFromPack("p1", "units", 2, 3), TakenFromPack("p2", "units", 1, None))
    assert decision.gate == Gate("open", None)
    assert decision.hint == "ocr"
    assert warning.on_warn is not None and warning.on_warn.code == "SOON"
    first, second = decision.limits
    assert (first.rule, first.max, first.remaining, first.exceeded) == ("ocr-per-user", 10, 0, True)
    assert first.resets_at == "2026-11-23T00:00:00+08:00"
    assert (second.max, second.window) == (None, {"unit": "hour", "every": 5})
    assert decision.raw["novelty"] == 1


def test_a_batch_is_one_request(open_client: OpenFace, servers: MisbehavingServers) -> None:
    face = open_client(servers.start([{}]))
    checks = [CheckRequest("ocr", {"user": f"u{n}"}, operation_id=f"op-{n}") for n in range(3)]
    decisions = face.call("check_batch", checks)
    assert [decision.operation_id for decision in decisions] == ["op-0", "op-1", "op-2"]
    assert [request["path"] for request in servers.seen()["requests"]] == ["/check/batch"]
    assert face.call("check_batch", []) == []


def test_a_batch_asks_again_only_for_what_is_open(open_client: OpenFace, servers: MisbehavingServers) -> None:
    def entry(n: int) -> dict[str, Any]:
        return {"allowed": True, "reason": "ok", "operationId": f"op-{n}", "limits": [], "degraded": None}

    def error(n: int, code: str, status: int) -> dict[str, Any]:
        return {"operationId": f"op-{n}", "error": {"code": code, "title": code, "status": status}}

    first = [
        entry(0),
        error(1, "overloaded", 503),
        error(2, "operation-conflict", 409),
        error(3, "drill-fault", 500),
    ]
    steps = [
        {"body": {"json": {"decisions": first}}, "counts": False},
        {"body": {"json": {"decisions": [entry(1), error(3, "drill-fault", 500)]}}, "counts": False},
        {"body": {"json": {"decisions": [error(3, "drill-fault", 500)]}}, "counts": False},
    ]
    face = open_client(servers.start(steps))
    checks = [CheckRequest("ocr", {"user": "u"}, operation_id=f"op-{n}") for n in range(4)]
    decided, again, conflict, drilled = face.call("check_batch", checks)
    assert decided.reason == again.reason == "ok"
    assert isinstance(conflict, QuotaClientError) and conflict.code == "operation-conflict"
    assert drilled.degraded.cause == "unreachable"
    asked = [
        [check["operationId"] for check in request["body"]["checks"]]
        for request in servers.seen()["requests"]
    ]
    assert asked == [["op-0", "op-1", "op-2", "op-3"], ["op-1", "op-3"], ["op-3"]]
    [affected] = face.affected()
    assert (affected.operation_id, affected.code) == ("op-3", "drill-fault")


def test_a_drilled_resource_leaves_the_circuit_closed(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{"status": 500, "body": {"problem": "drill-fault"}}]), retries=0)
    for _ in range(5):
        face.call("check", "ocr", user="u1")
    assert len(servers.seen()["requests"]) == 5


def test_a_resource_whose_calls_alone_fail_is_alone_skipped(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    steps = [{"do": "reset"}, {"do": "reset"}, {"do": "reset"}, {}, {"do": "reset"}]
    face = open_client(servers.start(steps), retries=0)
    core = face.client._core
    core.endpoints._random = lambda: 1e6
    for _ in range(4):
        assert face.call("check", "ocr", user="u1").degraded is not None
    assert face.affected()[-1].cause == "circuit-open"
    assert face.call("check", "sms", user="u1").degraded is None
    assert face.call("check", "sms", user="u1").degraded is not None
    face.call("check", "llm", user="u1")
    assert face.affected()[-1].cause == "circuit-open"


def test_usage_is_empty_while_no_endpoint_answers(open_client: OpenFace, servers: MisbehavingServers) -> None:
    face = open_client(servers.start([{"do": "reset"}]))
    usage = face.call("usage", "ocr", user="u1")
    assert (usage.limits, usage.degraded.cause) == ((), "unreachable")
    assert face.affected() == []


def test_usage_escapes_what_it_asks(open_client: OpenFace, servers: MisbehavingServers) -> None:
    face = open_client(servers.start([{}]))
    face.call("usage", "ocr", user="a&b=ü /?")
    [request] = servers.seen()["requests"]
    assert request["path"] == "/usage?resource=ocr&user=a%26b%3D%C3%BC+%2F%3F"


def test_an_endpoint_that_failed_three_times_is_skipped_and_comes_back(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    urls = servers.start([{"do": "reset"}, {"do": "reset"}, {"do": "reset"}, {}], [{}])
    face = open_client(urls, retries=0)
    for _ in range(3):
        assert face.call("check", "ocr", user="u1").degraded is None
    main = [request for request in servers.seen()["requests"] if request["server"] == 0]
    assert len(main) == 3

    def asks_main() -> bool:
        assert face.call("check", "ocr", user="u1").degraded is None
        return any(request["server"] == 0 for request in servers.seen()["requests"][6:])

    eventually(asks_main)
    assert face.call("check", "ocr", user="u1").degraded is None
    assert servers.seen()["requests"][-1]["server"] == 0


def test_with_every_circuit_open_a_call_asks_nothing_and_takes_no_time(open_client: OpenFace) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        face = open_client(f"http://127.0.0.1:{unused.getsockname()[1]}", retries=2)
        face.call("check", "ocr", user="u1")
        decision, took_ms = timed(lambda: face.call("check", "ocr", user="u1"))
        assert decision.degraded.cause == "unreachable"
        assert took_ms < 15
        assert [operation.cause for operation in face.affected()] == ["no-connection", "circuit-open"]
        assert not any(operation.attempted for operation in face.affected())


def test_what_was_decided_alone_is_delivered_aside_when_the_service_is_back(
    servers: MisbehavingServers,
) -> None:
    with QuotaClient(servers.start([{"do": "close"}]), retries=0) as client:
        decision = client.check("ocr", user="u1", amount=3)
        eventually(lambda: [operation.outcome for operation in client.affected()] == ["counted"])
        [report] = servers.seen()["reports"]
        assert report.pop("decidedAt").endswith("+00:00")
        assert report == {
            "operationId": decision.operation_id,
            "resource": "ocr",
            "subject": {"user": "u1"},
            "amount": 3,
            "allowed": True,
            "policy": "allow",
            "attempted": True,
        }


def test_close_delivers_and_ends_the_client(open_client: OpenFace, servers: MisbehavingServers) -> None:
    face = open_client(servers.start([{"do": "close"}]), retries=0)
    face.call("check", "ocr", user="u1")
    assert face.call("close") == 0
    assert len(servers.seen()["reports"]) == 1
    assert face.affected()[0].outcome == "counted"


def test_a_closed_client_refuses_calls(servers: MisbehavingServers) -> None:
    client = QuotaClient(servers.start([{}]))
    client.close()
    with pytest.raises(QuotaClientError) as refused:
        client.check("ocr", user="u1")
    assert refused.value.code == "client-closed"


def test_flush_and_close_keep_their_bound_while_nothing_answers(open_client: OpenFace) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        face = open_client(f"http://127.0.0.1:{silent.getsockname()[1]}", deadline_ms=50)
        face.call("check", "ocr", user="u1")
        left, took_ms = timed(lambda: face.call("flush", timeout_ms=150))
        assert (left, took_ms < 165) == (1, True)
        left, took_ms = timed(lambda: face.call("close", timeout_ms=150))
        assert (left, took_ms < 250) == (1, True)


FALLBACK = {
    "default": "deny",
    "ocr": "allow",
    "llm": lambda unanswered: "allow" if unanswered.cause == "connection-lost" else "deny",
    "broken": lambda unanswered: 1 / 0,
    "odd": lambda unanswered: "perhaps",
}


@pytest.mark.parametrize(
    ("resource", "allowed"), [("ocr", True), ("sms", False), ("llm", True), ("broken", True), ("odd", True)]
)
def test_the_fallback_is_that_of_the_resource(
    resource: str, allowed: bool, open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{"do": "reset"}]), fallback=FALLBACK, retries=0)
    decision = face.call("check", resource, user="u1")
    assert decision.allowed is allowed
    assert decision.reason == "degraded"
    assert decision.degraded.policy == ("allow" if allowed else "deny")


@pytest.mark.parametrize(
    ("resource", "options", "path"),
    [
        ("", {"user": "u1"}, "resource"),
        ("o" * 129, {"user": "u1"}, "resource"),
        ("ocr", {"user": ""}, "subject.user"),
        ("ocr", {"user": 7}, "subject.user"),
        ("ocr", {"user": "\ud800"}, "subject.user"),
        ("ocr", {"User": "u1"}, "subject.User"),
        ("ocr", {"subject": {"resource": "a"}}, "subject.resource"),
        ("ocr", {"subject": {"user": "u1"}, "user": "u2"}, "subject.user"),
        ("ocr", {"subject": {f"a{n}": "1" for n in range(9)}}, "subject"),
        ("ocr", {"user": "u1", "amount": -1}, "amount"),
        ("ocr", {"user": "u1", "amount": 2**53}, "amount"),
        ("ocr", {"user": "u1", "amount": True}, "amount"),
        ("ocr", {"user": "u1", "amounts": {"units": 1}}, "amounts.units"),
        ("ocr", {"user": "u1", "amounts": {"tokens": 1.5}}, "amounts.tokens"),
        ("ocr", {"user": "u1", "operation_id": "é"}, "operation_id"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_sent(
    resource: str, options: dict[str, Any], path: str, open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{}]))
    for verb in ("check", "reserve"):
        with pytest.raises(QuotaClientError) as refused:
            face.call(verb, resource, **options)
        assert refused.value.code == "invalid-request"
        assert [error.path for error in refused.value.errors] == [path]
    assert servers.seen()["requests"] == []


@pytest.mark.parametrize(
    "options",
    [
        {"endpoints": []},
        {"endpoints": "sundial:3000"},
        {"endpoints": "http://user:pass@sundial"},
        {"endpoints": "http://sundial/?a=1"},
        {"endpoints": "http://sundial", "deadline_ms": 0},
        {"endpoints": "http://sundial", "retries": -1},
        {"endpoints": "http://sundial", "key": "a\nb"},
        {"endpoints": "http://sundial", "fallback": "perhaps"},
        {"endpoints": "http://sundial", "fallback": {"ocr": None}},
    ],
)
def test_options_that_can_never_work_are_refused_at_once(
    options: dict[str, Any], open_client: OpenFace
) -> None:
    with pytest.raises((TypeError, ValueError)):
        open_client(**options)


def test_the_path_of_an_endpoint_is_kept(open_client: OpenFace, servers: MisbehavingServers) -> None:
    [url] = servers.start([{}])
    open_client(f"{url}/quota").call("check", "ocr", user="u1")
    assert servers.seen()["requests"][0]["path"] == "/quota/check"


def test_many_threads_share_a_client(servers: MisbehavingServers) -> None:
    client = QuotaClient(servers.start([{}]), deadline_ms=5_000)
    allowed: list[bool] = []

    def call() -> None:
        for _ in range(10):
            allowed.append(client.check("ocr", user="u1").allowed)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert allowed == [True] * 160
    assert len(servers.seen()["counted"]) == 160


def test_more_calls_than_connections_are_no_fault_of_the_endpoint(
    servers: MisbehavingServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leave the connections free: cancelled in the queue of httpcore's pool, they took them with them."""
    monkeypatch.setattr("sundial._async_http.MAX_CONNECTIONS", 1)

    async def flood() -> tuple[list[Decision], Decision]:
        endpoint = servers.start([{"delayMs": 100}])
        async with AsyncQuotaClient(endpoint, deadline_ms=1_000, retries=0) as client:
            flooded = await asyncio.gather(*(client.check("ocr", user=f"u{n}") for n in range(30)))
            return list(flooded), await client.check("ocr", user="u")

    flooded, afterwards = in_loop(flood())
    degraded = [decision for decision in flooded if decision.degraded is not None]
    assert 20 <= len(degraded) < 30
    assert afterwards.degraded is None


def test_more_threads_than_connections_are_no_fault_of_the_endpoint(
    servers: MisbehavingServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sundial._sync_http.MAX_CONNECTIONS", 1)
    client = QuotaClient(servers.start([{"delayMs": 60}]), retries=0)
    with ThreadPoolExecutor(12) as threads:
        flooded = list(threads.map(lambda n: client.check("ocr", user=f"u{n}"), range(12)))
    assert sum(decision.degraded is not None for decision in flooded) >= 6
    assert "overloaded" in {operation.cause for operation in client.affected()}
    assert client.check("ocr", user="u").degraded is None
    client.close()


def test_a_forked_child_has_connections_and_a_journal_of_its_own(servers: MisbehavingServers) -> None:
    with QuotaClient(servers.start([{"do": "reset"}, {}]), retries=0) as client:
        client.check("ocr", user="u1")
        client.check("ocr", user="u1")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            decision = client.check("ocr", user="child")
            report = {"degraded": decision.degraded is not None, "affected": len(list(client.affected()))}
            os.write(writing, json.dumps(report).encode())
            os._exit(0)
        assert json.loads(os.read(reading, 1_000)) == {"degraded": False, "affected": 0}
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
        assert client.check("ocr", user="u1").degraded is None
        assert len(list(client.affected())) == 1


def test_a_slow_name_server_costs_no_more_than_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: time.sleep(1))
    client = QuotaClient("http://sundial.invalid", deadline_ms=100)
    decision, took_ms = timed(lambda: client.check("ocr", user="u1"))
    assert decision.degraded is not None
    assert took_ms <= 115
    assert [(operation.cause, operation.attempted) for operation in client.affected()] == [("timeout", False)]
    client.close(timeout_ms=1)


def test_connections_that_take_longer_than_an_attempt_are_made_by_the_delivery(
    servers: MisbehavingServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt gives its connection up; what is delivered aside has the time to make one that calls find."""
    [url] = servers.start([{}], host="localhost")
    real = socket.getaddrinfo

    def slow(*args: Any, **options: Any) -> Any:
        time.sleep(0.15)
        return real(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with QuotaClient(url, retries=0) as client:
        assert client.check("ocr", user="u1").degraded is not None
        eventually(lambda: [operation.outcome for operation in client.affected()] == ["counted"])
        assert client.check("ocr", user="u1").degraded is None


def test_a_dead_first_address_leaves_time_for_the_next_one(
    open_client: OpenFace, servers: MisbehavingServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connected to no server: its queue of connections is full, so that the system answers nothing."""
    with socket.socket() as full, socket.socket() as waiting:
        [url] = servers.start([{}], host="sundial.test")
        port = int(url.rpartition(":")[2])
        full.bind(("127.0.0.2", port))
        full.listen(0)
        waiting.connect(("127.0.0.2", port))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", port)) for n in (2, 1)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)
        face = open_client(url, deadline_ms=400, retries=0)
        assert face.call("check", "ocr", user="u1").degraded is None

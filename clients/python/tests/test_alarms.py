"""Alarms on a clock of their own, and as clients ring them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
from support import Face, MisbehavingServers, eventually
from test_properties import operation

from sundial import Alarm, QuotaClient, ndjson
from sundial._journal import Journal
from sundial._monitor import CallMonitor

OpenFace = Callable[..., Face]


class Watch:
    """A monitor, and what it rang."""

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []
        self.monitor = CallMonitor(0.05, self.alarms.append)

    def rang(self) -> list[str]:
        return [str(alarm.details.get("pattern", alarm.state)) for alarm in self.alarms]


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_12_failures_in_a_row_within_a_minute_are_an_alarm_once(watch: Watch) -> None:
    for n in range(11):
        watch.monitor.record(True, n * 5.0)
    assert watch.rang() == []
    watch.monitor.record(True, 55.0)
    watch.monitor.record(True, 55.1)
    assert watch.rang() == ["consecutive"]


def test_they_are_none_where_they_take_longer_or_one_between_is_decided(watch: Watch) -> None:
    for n in range(30):
        watch.monitor.record(True, n * 25.0)
    for n in range(11):
        watch.monitor.record(True, 800 + n / 100)
    watch.monitor.record(False, 801.0)
    for n in range(2):
        watch.monitor.record(True, 801.1 + n)
    assert watch.rang() == []


def test_more_than_a_twentieth_of_100_calls_within_a_minute_are_an_alarm(watch: Watch) -> None:
    for n in range(94):
        watch.monitor.record(False, n / 100)
    for n in range(5):
        watch.monitor.record(True, 1 + n / 100)
    watch.monitor.record(False, 1.1)
    assert watch.rang() == []
    watch.monitor.record(True, 1.2)
    assert watch.rang() == ["error-rate"]


def test_3_in_each_of_10_minutes_are_an_alarm(watch: Watch) -> None:
    for minute in range(10):
        for n in range(3):
            watch.monitor.record(False, minute * 60 + n * 10.0)
            watch.monitor.record(True, minute * 60 + n * 10 + 0.1)
    assert watch.rang() == ["sustained"]


def test_an_alarm_is_over_when_no_pattern_has_held_for_a_minute(watch: Watch) -> None:
    for n in range(12):
        watch.monitor.record(True, n / 100)
    watch.monitor.record(False, 1.0)
    watch.monitor.settle(50.0)
    assert watch.rang() == ["consecutive"]
    watch.monitor.settle(61.0)
    assert watch.rang() == ["consecutive", "cleared"]
    assert not watch.monitor.is_raised


def test_a_client_rings_once_and_a_function_that_fails_fails_no_call(
    open_client: OpenFace, servers: MisbehavingServers, caplog: pytest.LogCaptureFixture
) -> None:
    rung: list[Alarm] = []

    def ring(alarm: Alarm) -> None:
        rung.append(alarm)
        raise RuntimeError("boom")

    with caplog.at_level(logging.INFO, "sundial"):
        face = open_client(servers.start([{"status": 502, "body": {"text": ""}}]), retries=0, on_alarm=ring)
        for _ in range(14):
            assert face.call("check", "ocr", user="u1").allowed
    assert [(alarm.name, alarm.state, alarm.severity) for alarm in rung] == [
        ("calls-failing", "raised", "error")
    ]
    assert "look at the endpoints and the network" in caplog.text
    assert "The function on_alarm failed" in caplog.text


def test_an_alarm_ends_while_no_call_is_made(
    servers: MisbehavingServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sundial._delivery.SETTLE_S", 0.01)
    monkeypatch.setattr("sundial._monitor.MINUTE_S", 1.0)
    monkeypatch.setattr("sundial._monitor.CALM_S", 1.0)
    rung: list[str] = []
    urls = servers.start([{"status": 502, "body": {"text": ""}}])
    with QuotaClient(urls, retries=0, on_alarm=lambda alarm: rung.append(alarm.state)) as client:
        for _ in range(12):
            client.check("ocr", user="u1")
        assert rung == ["raised"]
        eventually(lambda: rung == ["raised", "cleared"])


def test_a_full_journal_is_an_alarm_once_a_minute() -> None:
    lost: list[int] = []
    journal = Journal(2, lost.append)

    for n in range(4):
        journal.add(operation(n))
    assert (lost, journal.lost) == ([2, 2], 2)


def test_what_can_never_be_called_is_refused_at_once(open_client: OpenFace) -> None:
    async def ring(alarm: Alarm) -> None: ...

    for options in ({"on_alarm": 5}, {"on_alarm": ring}, {"alarm_error_rate": 2}):
        with pytest.raises((TypeError, ValueError)):
            open_client("http://sundial", **options)


def test_affected_operations_are_written_as_lines_of_json(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{"status": 502, "body": {"text": ""}}]), retries=0)
    face.call("check", "ocr", user="ü", amount=2, amounts={"tokens": 5}, operation_id="op-1")
    face.call("flush")
    [line] = ndjson(face.affected())
    assert line.endswith("}\n")
    written = json.loads(line)
    assert written.pop("decidedAt")
    assert written == {
        "operationId": "op-1",
        "resource": "ocr",
        "subject": {"user": "ü"},
        "amount": 2,
        "amounts": {"tokens": 5},
        "allowed": True,
        "policy": "allow",
        "attempted": True,
        "kind": "check",
        "cause": "server-error",
        "status": 502,
        "outcome": "counted",
    }

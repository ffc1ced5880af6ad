"""Against the real service: check, batch and usage."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import Face

from sundial import CheckRequest, QuotaClientError, TakenFromPack

ROOT = Path(__file__).parents[3]
MAIN = ROOT / "apps/quota-service/dist/bundle/main.js"
RULES = """
rules:
  - { id: ocr-per-user, resource: ocr, per: [user], timeZone: Asia/Shanghai, onDeny: { code: OCR_LIMIT, action: recharge-vip }, limits: [{ window: day, max: 3 }] }
  - { id: llm-per-user, resource: llm, per: [user], limits: [{ window: day, max: 100 }, { window: day, meter: tokens, max: 5000 }] }
"""


START_LIMIT_S = 20


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert MAIN.exists(), f"{MAIN} is missing: run npm run build."
    folder = tmp_path_factory.mktemp("service")
    (folder / "rules.yaml").write_text(RULES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "SUNDIAL_DATA_DIR": str(folder / "data"),
        "SUNDIAL_RULES_FILE": str(folder / "rules.yaml"),
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(["node", str(MAIN)], env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_live(url, process, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_live(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health/live", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"The service did not start:\n{log.read_text()}")


@pytest.fixture
def client(service: str, open_client: Callable[..., Face]) -> Face:
    """With time for a machine that is busy with other tests: this is about answers, not about deadlines."""
    return open_client(service, deadline_ms=10_000)


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """One of its own for each test."""
    return re.sub(r"\W", "-", str(request.node.name))


def test_counts_until_the_limit_and_says_what_happens_then(client: Face, user: str) -> None:
    decisions = [client.call("check", "ocr", user=user) for _ in range(4)]
    assert [decision.allowed for decision in decisions] == [True, True, True, False]
    refused = decisions[-1]
    assert refused.reason == "limit-reached"
    assert refused.on_deny.action == "recharge-vip"
    assert 0 < refused.retry_after_ms <= 25 * 3_600_000
    [limit] = refused.limits
    assert (limit.rule, limit.window, limit.meter, limit.max) == ("ocr-per-user", "day", "units", 3)
    assert (limit.used, limit.remaining, limit.exceeded, limit.time_zone) == (3, 0, True, "Asia/Shanghai")
    assert limit.resets_at.endswith("+08:00")


def test_one_operation_id_counts_once(client: Face, user: str) -> None:
    first, again = (client.call("check", "ocr", user=user, operation_id="op-1") for _ in range(2))
    assert (first.replayed, again.replayed) == (False, True)
    with pytest.raises(QuotaClientError) as conflict:
        client.call("check", "ocr", user=user, amount=2, operation_id="op-1")
    assert (conflict.value.code, conflict.value.status) == ("operation-conflict", 409)
    assert conflict.value.request_id


def test_counts_other_meters(client: Face, user: str) -> None:
    decision = client.call("check", "llm", user=user, amount=7, amounts={"tokens": 4000, "tokns": 1})
    assert {limit.meter: (limit.used, limit.remaining) for limit in decision.limits} == {
        "units": (7, 93),
        "tokens": (4000, 1000),
    }
    assert decision.uncounted == ("tokns",)
    assert not client.call("check", "llm", user=user, amounts={"tokens": 1001}).allowed


def tokens(client: Face, user: str) -> tuple[int, int]:
    """Used and reserved."""
    [limit] = [limit for limit in client.call("usage", "llm", user=user).limits if limit.meter == "tokens"]
    return limit.used, limit.reserved


def test_a_reservation_is_held_extended_and_committed(client: Face, user: str) -> None:
    decision = client.call("reserve", "llm", user=user, amounts={"tokens": 4000}, ttl_ms=30_000)
    held = decision.reservation
    assert (held.state, held.amounts["tokens"]) == ("held", 4000)
    assert tokens(client, user) == (0, 4000)
    assert not client.call("reserve", "llm", user=user, amounts={"tokens": 1001}).allowed
    longer = client.call("extend", held, amounts={"tokens": 4500})
    assert longer.allowed and longer.reservation.id == held.id
    answer = client.call("commit", held, amounts={"tokens": 4600})
    assert (answer.reservation.state, answer.reservation.overage) == ("committed", {"tokens": 100})
    assert tokens(client, user) == (4600, 0)
    with pytest.raises(QuotaClientError) as ended:
        client.call("release", held)
    assert (ended.value.code, ended.value.status) == ("reservation-ended", 409)


def test_a_released_reservation_takes_nothing(client: Face, user: str) -> None:
    held = client.call("reserve", "llm", user=user, amounts={"tokens": 4000}).reservation
    assert client.call("release", held.id, reason="cancelled").reservation.state == "released"
    assert tokens(client, user) == (0, 0)
    with pytest.raises(QuotaClientError) as unknown:
        client.call("commit", "no-such-reservation")
    assert unknown.value.code == "reservation-not-found"


def test_packs_give_what_the_windows_lack(client: Face, service: str, user: str) -> None:
    pack = {"resource": "ocr", "subject": {"user": user}, "amount": 5, "operationId": f"order-{user}"}
    request = urllib.request.Request(
        f"{service}/admin/packs", json.dumps(pack).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        added = json.load(response)["pack"]["id"]
    first, again = (client.call("check", "ocr", user=user, amount=4, operation_id="op-1") for _ in range(2))
    assert first.packs == (TakenFromPack(added, "units", 1, 4),)
    assert (again.replayed, again.packs) == (True, (TakenFromPack(added, "units", 1),))
    [left] = client.call("usage", "ocr", user=user).packs
    assert (left.id, left.amount, left.remaining) == (added, 5, 4)
    assert (left.expires_at, left.state) == (None, "active")
    held = client.call("reserve", "ocr", user=user, amount=2)
    assert held.reservation.packs == (TakenFromPack(added, "units", 2),)
    assert client.call("commit", held.reservation, amount=1).reservation.packs == (
        TakenFromPack(added, "units", 1),
    )


def test_a_batch_is_answered_in_order(client: Face, user: str) -> None:
    checks = [CheckRequest("ocr", {"user": user}, operation_id=name) for name in ("a", "b", "a")]
    checks.append(CheckRequest("ocr", {"user": user}, amount=2, operation_id="a"))
    first, second, replayed, conflict = client.call("check_batch", checks)
    assert [first.allowed, second.allowed, replayed.replayed] == [True, True, True]
    assert isinstance(conflict, QuotaClientError) and conflict.code == "operation-conflict"


def test_usage_looks_and_counts_nothing(client: Face, user: str) -> None:
    client.call("check", "ocr", user=user, amount=2)
    for _ in range(2):
        usage = client.call("usage", "ocr", user=user)
        assert usage.subject == {"user": user}
        assert [(limit.used, limit.remaining) for limit in usage.limits] == [(2, 1)]


def test_a_missing_attribute_is_misuse(client: Face) -> None:
    with pytest.raises(QuotaClientError) as invalid:
        client.call("check", "ocr")
    assert (invalid.value.code, invalid.value.status) == ("invalid-request", 400)
    assert [error.path for error in invalid.value.errors] == ["subject.user"]

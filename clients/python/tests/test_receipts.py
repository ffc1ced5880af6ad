"""Receipts: the attacks that every client knows, keys over HTTP, and the pass that a client makes for itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CLIENTS, Face, MisbehavingServers

from sundial import CheckRequest, QuotaClientError
from sundial.receipts import KnownKeys, ReceiptVerdict, RemoteKeys, verify_receipt

OpenFace = Callable[..., Face]
VECTORS: dict[str, Any] = json.loads((CLIENTS / "receipts.json").read_text())
GENUINE: str = VECTORS["receipts"][0]["receipt"]
KEYS = KnownKeys(VECTORS["jwks"])
NOWHERE = "http://127.0.0.1:9"


def verdict_of(receipt: object, resource: str = "ocr", **options: Any) -> ReceiptVerdict:
    tolerance = VECTORS["clockToleranceS"]
    return verify_receipt(
        receipt, resource=resource, keys=KEYS, now=VECTORS["nowS"], clock_tolerance_s=tolerance, **options
    )


def said(verdict: ReceiptVerdict) -> str:
    return "valid" if verdict.valid else str(verdict.code)


@pytest.mark.parametrize("vector", VECTORS["receipts"], ids=lambda vector: vector["name"])
def test_receipts_are_judged_as_the_table_says(vector: dict[str, str]) -> None:
    assert said(verdict_of(vector["receipt"], vector["resource"])) == vector["expected"]


@pytest.mark.parametrize("vector", VECTORS["whereTheGateIsOpen"], ids=lambda vector: vector["name"])
def test_passes_are_accepted_where_the_gate_is_open(vector: dict[str, str]) -> None:
    verdict = verdict_of(vector["receipt"], vector["resource"], is_open=lambda _resource: True)
    assert said(verdict) == vector["expected"]


def test_a_receipt_says_what_was_allowed() -> None:
    claims = verdict_of(GENUINE).claims
    assert claims is not None
    assert (claims.operation_id, claims.resource, claims.subject) == ("op 1", "ocr", {"user": "ü1"})
    assert (claims.amounts, claims.offline) == ({"units": 1, "tokens": 1200}, False)


@given(st.integers(0, len(GENUINE) - 1), st.characters(), st.sampled_from(["change", "cut", "put"]))
def test_a_receipt_is_refused_with_any_character_changed(at: int, letter: str, how: str) -> None:
    if how == "change" and letter == GENUINE[at]:
        return
    altered = GENUINE[:at] + ("" if how == "cut" else letter) + GENUINE[at + (how != "put") :]
    assert not verdict_of(altered).valid


@given(st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.lists(st.text())))
def test_what_is_no_receipt_is_malformed(value: object) -> None:
    assert said(verdict_of(value)) == "malformed"


class Publisher:
    """A service that publishes keys, or is away, and a clock that the test moves."""

    def __init__(self) -> None:
        self.asked, self.now, self.answer = 0, 0.0, httpx.Response(200, json=VECTORS["jwks"])

    def keys(self) -> RemoteKeys:
        def answer(_request: httpx.Request) -> httpx.Response:
            self.asked += 1
            return self.answer

        transport = httpx.MockTransport(answer)
        return RemoteKeys("http://sundial/jwks.json", transport=transport, clock=lambda: self.now)

    def judge(self, keys: RemoteKeys, receipt: str = GENUINE) -> str:
        return said(verify_receipt(receipt, resource="ocr", keys=keys, now=VECTORS["nowS"]))


def test_keys_are_fetched_once_and_stay_in_use_while_the_service_is_away() -> None:
    publisher = Publisher()
    keys = publisher.keys()
    assert [publisher.judge(keys) for _ in range(5)] == ["valid"] * 5
    assert publisher.asked == 1
    publisher.answer, publisher.now = httpx.Response(503), 86_400.0
    assert publisher.judge(keys) == "valid"
    assert publisher.asked == 2


def test_forged_names_of_keys_do_not_flood_the_service() -> None:
    publisher = Publisher()
    keys = publisher.keys()
    forged = next(each["receipt"] for each in VECTORS["receipts"] if "no node has" in each["name"])
    assert [publisher.judge(keys, forged) for _ in range(50)] == ["unknown-key"] * 50
    assert publisher.asked == 1
    publisher.now = 5.0
    publisher.judge(keys, forged)
    assert publisher.asked == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"keys": "all"}),
        httpx.Response(200, text=" " * 300_000 + "{}"),
    ],
)
def test_without_keys_nothing_is_said_of_a_receipt(answer: httpx.Response) -> None:
    publisher = Publisher()
    publisher.answer = answer
    assert publisher.judge(publisher.keys()) == "keys-unavailable"


def test_a_decision_carries_the_receipt_that_was_asked_for(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{"body": {"decision": {"receipt": GENUINE}}}]))
    assert face.call("check", "ocr", user="u1", receipt=True).receipt == GENUINE
    assert servers.seen()["requests"][0]["body"]["receipt"] is True


def test_where_no_service_answers_a_pass_stands_in_its_place(open_client: OpenFace) -> None:
    face = open_client(NOWHERE)
    check = face.call("check", "ocr", user="ü1", amounts={"tokens": 5}, operation_id="op", receipt=True)
    held = face.call("reserve", "ocr", user="ü1", ttl_ms=30_000, receipt=True)
    [entry] = face.call("check_batch", [CheckRequest("ocr", {"user": "ü1"}, receipt=True)])
    for decision in (check, held, entry):
        assert said(verify_receipt(decision.receipt, resource="ocr", keys=KEYS)) == "issued-offline"
        verdict = verify_receipt(decision.receipt, resource="ocr", keys=KEYS, is_open=lambda _resource: True)
        assert verdict.claims is not None and verdict.claims.offline
        assert verdict.claims.subject == {"user": "ü1"}
    claims = verify_receipt(held.receipt, resource="ocr", keys=KEYS, is_open=lambda _resource: True).claims
    assert claims is not None and claims.exp - claims.iat <= 30


def test_no_pass_is_made_for_a_refusal_a_look_or_who_asks_for_none(open_client: OpenFace) -> None:
    refusing = open_client(NOWHERE, fallback="deny")
    assert refusing.call("check", "ocr", user="u1", receipt=True).receipt is None
    face = open_client(NOWHERE)
    assert face.call("check", "ocr", user="u1", amount=0, receipt=True).receipt is None
    assert face.call("check", "ocr", user="u1").receipt is None


def test_a_receipt_has_no_room_for_a_long_subject(open_client: OpenFace) -> None:
    subject = {name: "ü" * 256 for name in "abcd"}
    with pytest.raises(QuotaClientError, match="at most 1536"):
        open_client(NOWHERE).call("check", "ocr", subject, receipt=True)


def test_the_client_alone_needs_no_cryptography() -> None:
    source = Path(__file__).parents[1] / "src" / "sundial"
    users = [path.name for path in source.glob("*.py") if "import jwt" in path.read_text()]
    assert users == ["receipts.py"]

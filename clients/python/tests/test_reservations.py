"""Reservations, as values and around blocks, and the decorator, with and without a service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from support import Face, MisbehavingServers, in_loop

from sundial import (
    AsyncQuotaClient,
    Decision,
    QuotaClient,
    QuotaClientError,
    RiskLimitExceeded,
    risk_limit,
    use_client,
)

OpenFace = Callable[..., Face]
REFUSED = {"body": {"decision": {"allowed": False, "reason": "limit-reached"}}}
REFUSED_RESERVE = {
    "body": {
        "json": {
            "allowed": False,
            "reason": "limit-reached",
            "operationId": "op-1",
            "limits": [],
            "degraded": None,
            "reservation": None,
        }
    }
}


def paths(servers: MisbehavingServers) -> list[str]:
    return [request["path"] for request in servers.seen()["requests"]]


def test_a_reservation_is_committed_with_what_was_used(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{}]))
    decision: Decision = face.call(
        "reserve",
        "llm",
        user="u1",
        amounts={"tokens": 4000},
        operation_id="op-1",
        ttl_ms=5_000,
        on_expiry="commit",
    )
    assert decision.reservation is not None
    answer = face.call("commit", decision.reservation, amounts={"tokens": 1200})
    assert answer.reservation.state == "committed"
    reserve, commit = servers.seen()["requests"]
    assert reserve["body"] == {
        "resource": "llm",
        "subject": {"user": "u1"},
        "operationId": "op-1",
        "amounts": {"tokens": 4000},
        "ttlMs": 5_000,
        "onExpiry": "commit",
    }
    assert (commit["path"], commit["body"]) == ("/reservations/r-op-1/commit", {"amounts": {"tokens": 1200}})


def test_an_id_is_escaped_in_the_path(open_client: OpenFace, servers: MisbehavingServers) -> None:
    open_client(servers.start([{}])).call("release", "r-a/b?c", reason="cancelled")
    [request] = servers.seen()["requests"]
    assert (request["path"], request["body"]) == (
        "/reservations/r-a%2Fb%3Fc/release",
        {"reason": "cancelled"},
    )


def test_extend_is_decided_like_a_check(open_client: OpenFace, servers: MisbehavingServers) -> None:
    face = open_client(servers.start([{}]))
    decision = face.call("extend", "r-op-1", ttl_ms=60_000, amounts={"tokens": 9})
    assert decision.allowed and decision.reservation.id == "r-op-1"
    with pytest.raises(QuotaClientError):
        face.call("extend", "r-op-1")


@pytest.mark.parametrize("code", ["reservation-ended", "reservation-not-found"])
def test_the_opposite_ending_is_an_error(
    code: str, open_client: OpenFace, servers: MisbehavingServers
) -> None:
    status = 409 if code == "reservation-ended" else 404
    face = open_client(servers.start([{"status": status, "body": {"problem": code}}]))
    with pytest.raises(QuotaClientError) as refused:
        face.call("commit", "r-1")
    assert (refused.value.code, refused.value.status) == (code, status)


def test_a_reservation_without_a_service_is_reported_by_its_commit(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{"do": "close"}]), retries=0)
    held = face.call("reserve", "llm", user="u1", amounts={"tokens": 4000}).reservation
    assert (held.state, held.amounts) == ("held", {"units": 1, "tokens": 4000})
    assert face.call("flush") == 0 and servers.seen()["reports"] == []
    answer = face.call("commit", held.id, amounts={"tokens": 1200})
    assert answer.reservation.committed == {"units": 1, "tokens": 1200}
    assert answer.degraded.cause == "unreachable"
    assert face.call("flush") == 0
    [report] = servers.seen()["reports"]
    assert report["operationId"] == held.operation_id
    assert (report["amount"], report["amounts"], report["allowed"]) == (1, {"tokens": 1200}, True)
    assert len(paths(servers)) == 1


def test_the_release_of_a_reservation_without_a_service_is_nothing(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{"do": "close"}]), retries=0)
    held = face.call("reserve", "llm", user="u1").reservation
    assert face.call("release", held).reservation.state == "released"
    assert face.call("flush") == 0
    assert servers.seen()["reports"] == []


def test_an_offline_reservation_can_be_extended(open_client: OpenFace, servers: MisbehavingServers) -> None:
    face = open_client(servers.start([{"do": "close"}]), retries=0)
    held = face.call("reserve", "llm", user="u1", amounts={"tokens": 10}).reservation
    longer = face.call("extend", held, ttl_ms=3_600_000, amounts={"tokens": 20}).reservation
    assert longer.expires_at > held.expires_at
    assert face.call("commit", longer).reservation.committed == {"units": 1, "tokens": 20}


def test_an_offline_id_that_no_client_made_is_refused(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{}]))
    for forged in ("offline.", "offline.e30", "offline.!", "offline." + "W" * 4000):
        with pytest.raises(QuotaClientError) as refused:
            face.call("commit", forged)
        assert refused.value.code == "reservation-not-found"


def test_an_ending_that_could_not_be_delivered_is_repeated_by_flush(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{}, {"do": "close"}, {}]), retries=0)
    held = face.call("reserve", "llm", user="u1", operation_id="op-1").reservation
    answer = face.call("commit", held, amounts={"tokens": 5})
    assert (answer.reservation.state, answer.degraded.cause) == ("committed", "unreachable")
    assert face.call("flush") == 0
    assert [request["body"] for request in servers.seen()["requests"][1:]] == [{"amounts": {"tokens": 5}}] * 2
    assert [operation.outcome for operation in face.affected()] == ["ended"]


def test_a_refused_fallback_of_a_reserve_is_reported(
    open_client: OpenFace, servers: MisbehavingServers
) -> None:
    face = open_client(servers.start([{"do": "close", "counts": True}]), retries=0, fallback="deny")
    decision = face.call("reserve", "llm", user="u1")
    assert (decision.allowed, decision.reservation) == (False, None)
    assert face.call("flush") == 0
    assert servers.seen()["counted"] == []


class TestBlocks:
    def test_commits_when_the_block_ends(self, servers: MisbehavingServers) -> None:
        with (
            QuotaClient(servers.start([{}])) as client,
            client.reservation("llm", user="u1", operation_id="op-1"),
        ):
            pass
        assert paths(servers) == ["/reservations", "/reservations/r-op-1/commit"]

    def test_commits_once_where_the_block_did(self, servers: MisbehavingServers) -> None:
        with QuotaClient(servers.start([{}])) as client:
            with client.reservation("llm", user="u1", operation_id="op-1") as held:
                held.extend(ttl_ms=90_000)
                held.commit(amounts={"tokens": 7})
        assert paths(servers)[1:] == ["/reservations/r-op-1/extend", "/reservations/r-op-1/commit"]

    def test_releases_when_the_block_raises(self, servers: MisbehavingServers) -> None:
        with QuotaClient(servers.start([{}])) as client:
            with pytest.raises(ZeroDivisionError), client.reservation("llm", user="u1", operation_id="op-1"):
                raise ZeroDivisionError
        release = servers.seen()["requests"][1]
        assert release["path"] == "/reservations/r-op-1/release"
        assert release["body"] == {"reason": "ZeroDivisionError"}

    def test_does_not_run_the_block_when_refused(self, servers: MisbehavingServers) -> None:
        with QuotaClient(servers.start([REFUSED_RESERVE])) as client:
            with (
                pytest.raises(RiskLimitExceeded) as refused,
                client.reservation("llm", user="u1", operation_id="op-1"),
            ):
                pytest.fail("The block ran.")
        assert refused.value.decision.reason == "limit-reached"

    def test_an_ending_at_the_end_of_a_block_raises_nothing(
        self, servers: MisbehavingServers, caplog: pytest.LogCaptureFixture
    ) -> None:
        gone = {"status": 404, "body": {"problem": "reservation-not-found"}}
        with QuotaClient(servers.start([{}, gone])) as client, client.reservation("llm", user="u1"):
            pass
        assert "could not be committed" in caplog.text

    def test_works_without_a_service(self, servers: MisbehavingServers) -> None:
        with QuotaClient(servers.start([{"do": "reset"}]), retries=0) as client:
            with client.reservation("llm", user="u1", amounts={"tokens": 4}) as held:
                held.commit(amounts={"tokens": 3})
            client.flush()
        assert [report["amounts"] for report in servers.seen()["reports"]] == [{"tokens": 3}]

    def test_async_commits_releases_and_releases_when_cancelled(self, servers: MisbehavingServers) -> None:
        async def story() -> None:
            async with AsyncQuotaClient(servers.start([{}])) as client:
                async with client.reservation("llm", user="u1", operation_id="a") as held:
                    await held.commit(amounts={"tokens": 1})
                with pytest.raises(ZeroDivisionError):
                    async with client.reservation("llm", user="u1", operation_id="b"):
                        raise ZeroDivisionError
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1), client.reservation("llm", user="u1", operation_id="c"):
                        await asyncio.sleep(5)

        in_loop(story())
        assert paths(servers)[1::2] == [
            "/reservations/r-a/commit",
            "/reservations/r-b/release",
            "/reservations/r-c/release",
        ]


class TestDecorator:
    def test_asks_before_the_function_runs(self, servers: MisbehavingServers) -> None:
        with QuotaClient(servers.start([{}, REFUSED])) as client:

            @risk_limit(
                resource="ocr",
                subject={"user": "user_id", "grade": "grade"},
                amounts=lambda user_id, pages, grade: {"pages": pages},
                client=client,
            )
            def recognise(user_id: str, pages: int, grade: str = "3") -> str:
                """Reads."""
                return f"{user_id} {pages} {grade}"

            assert recognise("u1", pages=2) == "u1 2 3"
            assert recognise.__doc__ == "Reads."
            with pytest.raises(RiskLimitExceeded) as refused:
                recognise("u1", 2)
            assert refused.value.resource == "ocr"
        body = servers.seen()["requests"][0]["body"]
        assert (body["subject"], body["amounts"]) == ({"user": "u1", "grade": "3"}, {"pages": 2})

    def test_on_success_commits_or_releases(self, servers: MisbehavingServers) -> None:
        use_client(client := QuotaClient(servers.start([{}])))

        @risk_limit(resource="ocr", subject="user", count="on-success")
        def recognise(user: str, fail: bool) -> str:
            if fail:
                raise ZeroDivisionError
            return user

        assert recognise("u1", False) == "u1"
        with pytest.raises(ZeroDivisionError):
            recognise("u1", True)
        client.close()
        assert [path.rsplit("/")[-1] for path in paths(servers)] == [
            "reservations",
            "commit",
            "reservations",
            "release",
        ]

    def test_on_denied_answers_in_place_of_the_exception(self, servers: MisbehavingServers) -> None:
        with QuotaClient(servers.start([REFUSED])) as client:

            @risk_limit(
                resource="ocr", subject=["user"], client=client, on_denied=lambda decision: decision.reason
            )
            def recognise(user: str) -> str:
                pytest.fail("The function ran.")

            assert recognise("u1") == "limit-reached"

    def test_coroutines(self, servers: MisbehavingServers) -> None:
        async def story() -> None:
            async with AsyncQuotaClient(servers.start([{}, {}, {}, REFUSED])) as client:
                use_client(client)

                @risk_limit(resource="ocr", subject=lambda user: {"user": user})
                async def checked(user: str) -> str:
                    return user

                @risk_limit(resource="ocr", subject="user", count="on-success")
                async def held(user: str) -> str:
                    return user

                assert [await checked("u1"), await held("u2")] == ["u1", "u2"]
                with pytest.raises(RiskLimitExceeded):
                    await checked("u1")

        in_loop(story())
        assert [path.rsplit("/")[-1] for path in paths(servers)] == [
            "check",
            "reservations",
            "commit",
            "check",
        ]

    def test_misuse_is_said_at_once(self, servers: MisbehavingServers) -> None:
        client = AsyncQuotaClient(servers.start([{}]))

        def generator(user: str) -> Any:
            yield user

        with pytest.raises(TypeError, match="generator"):
            risk_limit(resource="ocr", subject="user")(generator)
        with pytest.raises(TypeError, match="no parameter 'user'"):
            risk_limit(resource="ocr", subject="user")(lambda name: name)
        with pytest.raises(TypeError, match="needs a QuotaClient"):
            risk_limit(resource="ocr", subject="user", client=client)(lambda user: user)("u1")

"""The journal of a client: what it still has to report."""

from __future__ import annotations

from sundial._journal import AffectedOperation, Journal


def refused(operation_id: str, resource: str = "ocr") -> AffectedOperation:
    return AffectedOperation(
        kind="check",
        operation_id=operation_id,
        resource=resource,
        subject={"user": "u1"},
        amount=None,
        amounts=None,
        decided_at="2026-11-26T12:00:00.000Z",
        allowed=False,
        policy="deny",
        attempted=True,
        cause="timeout",
    )


def test_no_refusal_is_reported_of_an_operation_that_the_service_has_allowed_since() -> None:
    journal = Journal()
    journal.add(refused("a"))
    journal.add(refused("a", "sms"))
    journal.allowed("ocr", "b")
    journal.allowed("ocr", "a")
    journal.allowed("ocr", "a")
    assert [operation.outcome for operation in journal.affected()] == ["voided", None]
    claimed = journal.claim(10, 0.0, endings=False)
    assert [operation.resource for _, operation in claimed] == ["sms"]
    # Under way to the service already: what it comes to there no longer matters.
    journal.allowed("sms", "a")
    journal.settle(claimed[0][0], "counted")
    assert [operation.outcome for operation in journal.affected()] == ["voided", "voided"]
    assert journal.pending == 0

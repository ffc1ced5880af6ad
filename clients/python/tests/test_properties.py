"""The core on a clock of its own: any history of outcomes, no I/O, no waiting."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sundial import CheckRequest, Decision
from sundial._answer import BrokenAnswer, parse, read_decision
from sundial._budget import RetryBudget
from sundial._core import Surroundings
from sundial._endpoints import Endpoint
from sundial._fallback import Fallbacks
from sundial._gates import LONGEST_UNHEARD_S, KnownGates
from sundial._journal import AffectedOperation, Journal
from sundial._offline import iso
from sundial._reserving import ReservingCore
from sundial._steps import Answered, Attempt, Failed, Outcome, Pause, Steps

REQUEST = CheckRequest("ocr", {"user": "u1"})


@dataclass
class World:
    """What happens to each attempt: how much of its time it takes, and its outcome."""

    outcomes: list[tuple[float, str]]
    now: float = 1_000.0
    attempts: list[tuple[float, Attempt]] = field(default_factory=list)

    def core(self, endpoints: int, deadline_s: float, retries: int) -> ReservingCore:
        return ReservingCore(
            [f"http://e{n}/" for n in range(endpoints)],
            deadline_s=deadline_s,
            retries=retries,
            fallbacks=Fallbacks("allow"),
            surroundings=Surroundings(lambda: self.now, lambda: self.now, lambda: 0.5),
        )

    def drive(self, steps: Steps[Any]) -> Any:
        outcome: Outcome | None = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                return done.value
            if isinstance(step, Pause):
                assert step.seconds >= 0
                self.now += step.seconds
                outcome = None
            else:
                outcome = self._meet(step)

    def sent_any(self) -> bool:
        """Whether a request of these attempts may have reached a service."""
        met = [self.outcomes[index % len(self.outcomes)] for index in range(len(self.attempts))]
        return any(kind != "refused" for _, kind in met)

    def _meet(self, step: Attempt) -> Outcome:
        self.attempts.append((self.now, step))
        share, kind = self.outcomes[(len(self.attempts) - 1) % len(self.outcomes)]
        self.now += (step.until - self.now) * share
        match kind:
            case "ok":
                operation_id = json.loads(step.outgoing.body or b"{}").get("operationId")
                body = {"allowed": True, "reason": "ok", "operationId": operation_id, "limits": []}
                return Answered(200, json.dumps(body).encode())
            case "busy":
                return Answered(503, b'{"code":"overloaded","status":503}', retry_after="1")
            case "drill":
                return Answered(500, b'{"code":"drill-fault","status":500}')
            case "page":
                return Answered(502, b"<html>")
            case "refused":
                return Failed("no-connection", False, "refused")
            case _:
                return Failed("timeout", True, "silent")


OUTCOMES = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["ok", "busy", "page", "refused", "silent"])),
    min_size=1,
    max_size=12,
)


@given(OUTCOMES, st.integers(1, 4), st.integers(5, 60_000), st.integers(0, 10), st.integers(1, 5))
@settings(deadline=None)
def test_a_call_ends_in_its_deadline_with_one_operation_id(
    outcomes: list[tuple[float, str]], endpoints: int, deadline_ms: int, retries: int, calls: int
) -> None:
    world = World(outcomes)
    core = world.core(endpoints, deadline_ms / 1_000, retries)
    for _ in range(calls):
        began = world.now
        world.attempts.clear()
        decision: Decision = world.drive(core.check(REQUEST))
        deadline_at = began + deadline_ms / 1_000
        assert world.now <= deadline_at + 1e-6
        for at, attempt in world.attempts:
            assert attempt.until - at <= (deadline_at - at) / 2 + 1e-6
            assert attempt.outgoing.body is not None
            assert json.loads(attempt.outgoing.body)["operationId"] == decision.operation_id
        asked: dict[Endpoint, int] = defaultdict(int)
        for _, attempt in world.attempts:
            asked[attempt.endpoint] += 1
        assert sum(times - 1 for times in asked.values()) <= retries
        answered = bool(world.attempts) and decision.degraded is None
        assert decision.degraded is None or decision.allowed
        assert answered == (decision.reason == "ok")


@given(OUTCOMES, st.integers(1, 3), st.integers(1, 30))
@settings(deadline=None)
def test_the_journal_has_exactly_what_the_fallback_decided(
    outcomes: list[tuple[float, str]], endpoints: int, calls: int
) -> None:
    world = World(outcomes)
    core = world.core(endpoints, 0.2, 2)
    decisions = []
    for _ in range(calls):
        world.attempts.clear()
        decision = world.drive(core.check(REQUEST))
        if decision.degraded is not None:
            operation = list(core.journal.affected())[-1]
            assert operation.attempted == world.sent_any()
            decisions.append(decision.operation_id)
    assert [operation.operation_id for operation in core.journal.affected()] == decisions


@given(st.lists(st.tuples(st.sampled_from(["call", "retry"]), st.floats(0, 0.6)), max_size=400))
def test_retries_keep_to_their_budget(history: list[tuple[str, float]]) -> None:
    budget = RetryBudget()
    now = 50.0
    calls: dict[int, int] = defaultdict(int)
    retries: dict[int, int] = defaultdict(int)
    for what, after in history:
        now += after if after > 0.3 else after / 1_000
        second = int(now)
        if what == "call":
            budget.note_call(now)
            calls[second] += 1
            continue
        allowance = max(10, 0.1 * max(calls[second], calls[second - 1]))
        granted = budget.take(now)
        assert granted == (retries[second] + 1 <= allowance)
        retries[second] += granted


def test_all_calls_of_a_client_share_one_budget() -> None:
    world = World([(0.0, "drill")])
    core = world.core(1, 0.2, 2)
    retries: dict[int, int] = defaultdict(int)
    for _ in range(100):
        world.attempts.clear()
        world.drive(core.check(REQUEST))
        for at, _ in world.attempts[1:]:
            retries[int(at)] += 1
        world.now += 0.01
    assert len(retries) >= 2
    # One that was granted at the end of a second may be made in the next one.
    assert all(made <= 11 for made in retries.values())
    assert sum(retries.values()) >= 10


def test_an_offline_commit_counts_in_the_windows_of_its_reserve() -> None:
    world = World([(0.0, "refused")])
    core = world.core(1, 0.2, 0)
    decision: Decision = world.drive(core.reserve(REQUEST, None, None))
    reserved_at = list(core.journal.affected())[-1].decided_at
    world.now += 3_600
    assert decision.reservation is not None
    world.drive(core.commit(decision.reservation.id, None, None))
    assert list(core.journal.affected())[-1].decided_at == reserved_at


def test_an_offline_reservation_is_reported_at_its_expiry_if_it_shall_be_committed_then() -> None:
    for ending in ("none", "commit", "release", "extend"):
        world = World([(0.0, "refused")])
        core = world.core(1, 0.2, 0)
        decision: Decision = world.drive(core.reserve(REQUEST, 10_000, "commit"))
        assert decision.reservation is not None
        held = decision.reservation.id
        if ending == "commit":
            world.drive(core.commit(held, 5, None))
        elif ending == "release":
            world.drive(core.release(held, None))
        elif ending == "extend":
            world.drive(core.extend(held, 60_000, None, None))
        now = [operation.amount for _, operation in core.journal.claim(9, world.now, endings=False)]
        later = [operation.amount for _, operation in core.journal.claim(9, world.now + 11, endings=False)]
        last = [operation.amount for _, operation in core.journal.claim(9, world.now + 61, endings=False)]
        expected: dict[str, list[list[int]]] = {
            "none": [[], [1], []],
            "commit": [[5], [], []],
            "release": [[], [], []],
            "extend": [[], [], [1]],
        }
        assert [now, later, last] == expected[ending]


def test_the_budget_grows_with_the_calls() -> None:
    budget = RetryBudget()
    for _ in range(300):
        budget.note_call(5.0)
    assert sum(budget.take(5.5) for _ in range(100)) == 30
    assert sum(budget.take(6.5) for _ in range(100)) == 30
    assert sum(budget.take(7.5) for _ in range(100)) == 10


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_no_bytes_make_another_error_than_a_broken_answer(body: bytes) -> None:
    try:
        read_decision(parse(body), "op-1")
    except BrokenAnswer:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
FIELDS = [
    "allowed",
    "reason",
    "limits",
    "retryAfterMs",
    "onDeny",
    "degraded",
    "reservation",
    "uncounted",
    "rulesVersion",
    "gate",
]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_field_makes_another_error_than_a_broken_answer(fields: dict[str, Any]) -> None:
    whole = {"allowed": True, "reason": "ok", "operationId": "op-1", "limits": [], **fields}
    try:
        decision = read_decision(whole, "op-1")
    except BrokenAnswer:
        return
    assert isinstance(decision.allowed, bool)


def test_deep_json_is_a_broken_answer() -> None:
    for body in (b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"NaN"):
        try:
            parse(body)
        except BrokenAnswer:
            continue
        raise AssertionError(body[:10])


def operation(n: int) -> AffectedOperation:
    return AffectedOperation(
        "check", f"op-{n}", "ocr", {}, None, None, "", True, "allow", attempted=False, cause="timeout"
    )


@given(st.integers(1, 10), st.lists(st.sampled_from(["add", "deliver", "fail"]), max_size=60))
def test_a_journal_is_bounded_and_forgets_delivered_operations_first(
    capacity: int, history: list[str]
) -> None:
    journal = Journal(capacity)
    added = delivered = 0
    for what in history:
        if what == "add":
            journal.add(operation(added))
            added += 1
            continue
        claimed = journal.claim(3, 0, endings=False)
        assert [number for number, _ in claimed] == sorted(number for number, _ in claimed)
        if what == "deliver":
            for number, _ in claimed:
                journal.settle(number, "counted")
                delivered += 1
        journal.give_back(claimed)
    everything = list(journal.affected())
    assert len(everything) == min(capacity, added)
    assert journal.pending == added - delivered - journal.lost
    numbers = [int(entry.operation_id[3:]) for entry in everything]
    assert numbers == sorted(numbers)


def gated(state: str, until: str | None = None) -> Decision:
    body = {"allowed": state == "open", "reason": f"gate-{state}", "operationId": "op-1", "limits": []}
    return read_decision({**body, "gate": {"state": state, "until": until}}, "op-1")


def test_a_gate_ends_when_it_says_and_unheard_of_after_10_minutes() -> None:
    world = World([])
    wall = 1_800_000_000.0
    gates = KnownGates(lambda: world.now, lambda: wall)
    gates.learn("ocr", gated("open", iso(wall + 60)))
    gates.learn("sms", gated("closed"))
    world.now += 59
    wall += 86_400
    assert gates.get("ocr") is not None
    world.now += 2
    wall -= 2 * 86_400
    assert gates.get("ocr") is None
    world.now += LONGEST_UNHEARD_S - 62
    assert gates.get("sms") is not None
    gates.learn("sms", gated("closed"))
    world.now += LONGEST_UNHEARD_S - 1
    assert gates.get("sms") is not None
    world.now += 2
    assert gates.get("sms") is None


def test_gates_of_1000_resources_are_known() -> None:
    gates = KnownGates(lambda: 0.0, lambda: 0.0)
    for n in range(1_001):
        gates.learn(f"r{n}", gated("open"))
    assert gates.get("r0") is None
    assert gates.get("r1") is not None and gates.get("r1000") is not None
    assert gates.get(None) is None

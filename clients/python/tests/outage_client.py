"""A program of one of the callers of ``test/outage``: what ``test/outage/node-client.ts`` does, in Python."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any

from sundial import AsyncQuotaClient

TURN_S = 0.02
RESERVES_EVERY = 10
FLUSH_MS = 30_000


class Caller:
    def __init__(self, client: AsyncQuotaClient, order: dict[str, Any]) -> None:
        self.client, self.order = client, order
        self.counted: Counter[str] = Counter()
        self.calls = self.degraded = 0
        self.longest_ms = 0.0
        self.failures: list[str] = []

    async def call(self, number: int) -> None:
        user = f"u{number % self.order['users']}"
        began = time.monotonic()
        try:
            reserves = number % RESERVES_EVERY == 0
            units = await (self.reserved(user) if reserves else self.checked(user))
            self.counted[user] += units
        except Exception as error:
            self.failures.append(repr(error))
        self.calls += 1
        self.longest_ms = max(self.longest_ms, (time.monotonic() - began) * 1_000)

    async def checked(self, user: str) -> int:
        decision = await self.client.check(self.order["resource"], user=user)
        self.degraded += decision.degraded is not None
        assert decision.allowed, f"refused: {decision.reason}"
        return 1

    async def reserved(self, user: str) -> int:
        decision = await self.client.reserve(self.order["resource"], user=user, amount=3)
        self.degraded += decision.degraded is not None
        assert decision.reservation is not None, "nothing was reserved"
        await self.client.commit(decision.reservation, amount=2)
        return 2


async def main(order: dict[str, Any]) -> None:
    client = AsyncQuotaClient(order["endpoints"], deadline_ms=order["deadlineMs"])
    caller = Caller(client, order)
    is_over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    calls: list[asyncio.Task[None]] = []
    began = time.monotonic()
    while not is_over.done():
        due = (time.monotonic() - began) * order["ratePerSecond"]
        while len(calls) < due:
            calls.append(asyncio.create_task(caller.call(len(calls))))
        await asyncio.sleep(TURN_S)
    await asyncio.gather(*calls)
    pending = await client.flush(timeout_ms=FLUSH_MS)
    outcomes = Counter(str(operation.outcome) for operation in client.affected())
    await client.close(timeout_ms=0)
    report = {
        "calls": caller.calls,
        "degraded": caller.degraded,
        "longestMs": caller.longest_ms,
        "failures": caller.failures,
        "counted": caller.counted,
        "pending": pending,
        "outcomes": outcomes,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))

"""Programs of both languages go on while endpoints are killed, and the counters are exact afterwards (``test/outage``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# A machine that is busy with other tests: this is about answers and counters, not about deadlines.
LEAN = ["--seconds", "2", "--around", "1", "--rate", "150", "--deadline", "1000"]


def test_no_call_fails_while_endpoints_are_killed_and_the_counters_are_what_was_allowed() -> None:
    preload = ROOT / "scripts/run-typescript.mjs"
    program = [str(ROOT / "test/outage/main.ts"), *LEAN, "--python", sys.executable]
    run = subprocess.run(
        ["node", "--import", str(preload), *program], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stdout + run.stderr

"""How long the command takes to start: `kamrules --help` and `kamrules check rulesets/kam`.

python -m benchmarks.startup
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RULESETS = Path(__file__).parent.parent / "rulesets"
COMMANDS = (
    (("--help",), 0.3),
    (("check", str(RULESETS / "kam")), 1.0),
)
STARTS = 9


def main() -> int:
    command = str(Path(sys.executable).with_name("kamrules"))
    for arguments, goal in COMMANDS:
        took = statistics.median(_started(command, *arguments) for _ in range(STARTS))
        shown = " ".join(Path(each).name for each in arguments)
        print(f"kamrules {shown:20}{took:7.3f} s, median of {STARTS} (goal: under {goal:g} s)")
    return 0


def _started(command: str, *arguments: str) -> float:
    begun = time.perf_counter()
    subprocess.run([command, *arguments], check=True, capture_output=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())

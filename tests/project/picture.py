"""The README's picture: `python -m tests.project.picture` draws it anew from a run of the demonstration."""

from __future__ import annotations

import re
import tempfile
from contextlib import chdir
from pathlib import Path

from tests.commands import run

README = Path(__file__).resolve().parents[2] / "README.md"
ACTIONS = 3
BLOCK = re.compile(r"(?<=```text\n)\$ kamrules demo\n.*?(?=```)", re.DOTALL)


def picture(printed: str) -> str:
    """Return what the README shows of what the demonstration printed."""
    lines = [line.rstrip() for line in printed.splitlines()]
    actions = [number for number, line in enumerate(lines) if re.match(r" +\d+\.\d ", line)]
    problems = [number for number, line in enumerate(lines) if line.startswith("Data: ")]
    start = lines.index("The most urgent actions") - 1
    end = next(number for number, line in enumerate(lines) if line.startswith("Files in"))
    shown = [
        *lines[: problems[0] + 1],
        "...",
        *lines[start : actions[ACTIONS]],
        "...",
        *lines[end:],
    ]
    return "$ kamrules demo\n" + "\n".join(shown) + "\n"


def main() -> None:
    """Draw the picture anew."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        told = run("demo")
    text = README.read_text(encoding="utf-8")
    drawn = BLOCK.sub(lambda _: picture(told.out), text)
    first = re.search(r"kamrules explain kamrules-demo/book (\S+)$", told.out.rstrip())
    if first:
        drawn = re.sub(r"(kamrules explain kamrules-demo/book) \S+", rf"\1 {first[1]}", drawn)
    README.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()

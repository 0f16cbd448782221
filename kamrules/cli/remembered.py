"""What was decided before, from a state file, for commands that look at a book without running it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from kamrules.decision import Earlier
    from kamrules.memory import EarlierFiles, Memory


@contextmanager
def remembered(state: Path | None, as_of: datetime.date) -> Iterator[EarlierFiles | None]:
    """Give what was decided before a date; None without a state file, or when nothing was.

    Raises UsageError when there is no such state file, DataError when it cannot be read.
    """
    if state is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="kamrules-state-") as folder, _opened(state) as memory:
        yield memory.earlier(as_of, Path(folder))


def remembered_of(state: Path | None, account_id: str, as_of: datetime.date) -> Earlier | None:
    """Return what was decided about one account before a date; otherwise as `remembered`."""
    if state is None:
        return None
    with _opened(state) as memory:
        return memory.earlier_of(account_id, as_of)


def _opened(state: Path) -> Memory:
    from kamrules.memory import Memory  # noqa: PLC0415  `--help` does without it

    if not state.exists():
        raise UsageError(Diagnostic("KR808", f"there is no state file `{state}`"))
    return Memory.open(state)

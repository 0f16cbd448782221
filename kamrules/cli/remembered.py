"""What was decided before, from a state file, for commands that place a whole book without running it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from kamrules.memory import EarlierFiles


@contextmanager
def remembered(state: Path | None, as_of: datetime.date) -> Iterator[EarlierFiles | None]:
    """Give what was decided before a date; None without a state file, or when nothing was.

    Raises UsageError when there is no such state file, DataError when it cannot be read.
    """
    if state is None:
        yield None
        return
    from kamrules.memory import Memory  # noqa: PLC0415  `--help` does without it

    if not state.exists():
        raise UsageError(Diagnostic("KR808", f"there is no state file `{state}`"))
    with (
        tempfile.TemporaryDirectory(prefix="kamrules-state-") as folder,
        Memory.open(state) as memory,
    ):
        yield memory.earlier(as_of, Path(folder))

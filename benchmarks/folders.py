"""Where a benchmark's books and output go: a temporary folder, in one that is named or where such are."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def add_folder(options: argparse.ArgumentParser) -> None:
    """Add the option that names the folder."""
    options.add_argument(
        "--folder", type=Path, help="where books and output go; a temporary folder"
    )


@contextmanager
def working_folder(named: Path | None) -> Iterator[Path]:
    """Give a folder of one's own, which vanishes afterwards; the one that is named is made if need be."""
    if named is not None:
        named.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kamrules-bench-", dir=named) as folder:
        yield Path(folder)

"""What a run is to do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from kamrules.book import Book, OpenSource
    from kamrules.compiler import Program
    from kamrules.contracts import Mode
    from kamrules.decision import Earlier
    from kamrules.diagnostics import Diagnostic
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.progress import Progress

TOP = 3
FORMAT = "parquet"
NO_FILES = "none"
"""The format of a run that writes nothing but run.json."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to do.

    `book` is a path, a URI or a book; `top` how many proposed actions an account keeps; `urgent` how many of
    the whole book's most urgent actions come back in the result; `leave_out` goes on without rows and
    values that cannot be used (True), or stops at them (False), or does as the book says (None);
    `memory_limit` such as "2GB"; `require_diff` the file of a review (`kamrules diff --out`): no other
    program than the new one in it is run; `to` the sinks that the tables are delivered to, by their names
    in the book file or by URI, in the `mode` given, else in that of the book file; `rows_per_file` writes
    each table into a folder, as many files of so many rows, and `partition_by` into folders below it by
    the values of these columns, where a table has them; `tables` those of kamrules.tables.NAMES that are
    worked out and written, all when none are named; `engine` what decides,
    `polars`, `duckdb`, `auto` for the one of both that suits (kamrules.run.engine), or a plug-in's, and
    `engine_options` what that is told, such as `{"master": "local[2]"}`;
    with `since` only accounts that have changed are decided, and the others' decisions taken over that the
    state keeps of earlier runs with `since`.
    """

    book: Path | str | Book
    out: Path
    ruleset: str = "kam"
    settings: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime.date | None = None
    format: str = FORMAT
    to: tuple[str, ...] = ()
    mode: Mode | None = None
    tables: tuple[str, ...] = ()
    top: int = TOP
    state: Path | None = None
    since: bool = False
    language: str | None = None
    leave_out: bool | None = None
    urgent: int = 0
    memory_limit: str | None = None
    spill_folder: Path | None = None
    threads: int | None = None
    require_diff: Path | None = None
    rows_per_file: int | None = None
    partition_by: tuple[str, ...] = ()
    engine: str = "auto"
    engine_options: Mapping[str, str] = field(default_factory=dict)
    further: Mapping[str, Callable[[DecidedBook, Progress], FurtherTable]] = field(
        default_factory=dict
    )

    @property
    def in_parts(self) -> bool:
        """Whether a table becomes many files."""
        return self.rows_per_file is not None or bool(self.partition_by)


@dataclass(frozen=True, slots=True)
class FurtherTable:
    """A table beside those of the decisions: its columns with their sorts (kamrules.tables), and its rows."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class DecidedBook:
    """What further tables are made from: a book and what it was decided by; `earlier` is asked by account."""

    program: Program
    book: Book
    as_of: datetime.date
    language: str
    accounts: int
    open_source: OpenSource
    earlier: Callable[[str], Earlier | None]
    cutoffs: Cutoffs | None


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did: `report` is what stands in run.json, `out` the folder of the files."""

    report: dict[str, Any]
    out: Path
    program: Program
    warnings: tuple[Diagnostic, ...] = ()
    urgent: tuple[dict[str, Any], ...] = ()

"""What crosses between kamrules and a plug-in: plain data, and what may be asked of it.

Tables cross as anything that exports `__arrow_c_stream__`, or as a DuckDB relation, so that neither side
is tied to a data-frame library and no table has to fit into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

if TYPE_CHECKING:
    import datetime

    from kamrules.book import Book, BookTable, Quality
    from kamrules.compiler import Program
    from kamrules.diagnostics import Diagnostic
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.memory import EarlierFiles
    from kamrules.progress import Progress

API_VERSION = 2
"""The version of the hooks. A plug-in module says for which it was written: `kamrules_api = 2`."""

Tables = Mapping[str, Any]
"""The output tables of a run by name, each a DuckDB relation (which exports `__arrow_c_stream__`)."""

Source = Callable[["BookTable", Any], Any]
"""Opens a table of a book on a DuckDB connection and returns its rows: a relation of that connection,
anything that exports `__arrow_c_stream__`, or kamrules.book.Rows if some rows had to be left out.

`table.chosen(names)` tells which of a source's columns are read; one that gives all of them is as good."""

TablesOf = Callable[["BookTable"], Sequence[str]]
"""Lists the `from` of each table that a source has: `["crm:accounts", "crm:deals"]`."""

Format = Callable[[Tables, Path, Any], Sequence[str]]
"""Writes the output tables of a run, on the DuckDB connection they belong to, as files into a folder,
and returns their names, as Written where it knows the rows. Raises DataError when that fails."""


class Written(str):
    """The name of a file that was written, which also knows how many rows of which table are in it."""

    __slots__ = ("rows", "table")

    def __new__(cls, name: str, table: str, rows: int) -> Self:
        """Take the file's name in its folder, with `/` between its parts."""
        made = super().__new__(cls, name)
        made.table, made.rows = table, rows
        return made

    table: str
    rows: int


@dataclass(frozen=True, slots=True)
class Run:
    """What hooks know of a run; `out` is where its files will be, None when it writes none."""

    ruleset: str
    version: str
    digest: str
    as_of: datetime.date
    book: str
    out: Path | None


Mode = Literal["create", "replace", "append", "upsert"]
"""What becomes of rows that are there: `create` refuses to find any table, `replace` takes them out,
`append` leaves them in, `upsert` takes out those of the accounts that are written."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a sink writes: a `[sink.NAME]` of a book file, or what `--to` names.

    `uri` is as it was written, its secrets as references (`${env:NAME}`), so that it may be shown;
    `kamrules.secrets.revealed` gives what they stand for. `tables` are those wanted, empty for all;
    `folder` is where relative paths start.
    """

    uri: str
    run: Run
    mode: Mode = "replace"
    tables: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)

    @property
    def scheme(self) -> str:
        """Return the name of the sink: what stands before the first colon of the URI."""
        return self.uri.partition(":")[0]

    @property
    def location(self) -> str:
        """Return what stands after the first colon of the URI."""
        return self.uri.partition(":")[2]


class Delivery(Protocol):
    """Output on its way to a sink: all of it arrives, or nothing. It is staged, then committed or abandoned.

    Everything that can fail should fail in `stage`. A sink that cannot take back what it did
    (a web service) does nothing visible before `commit`, and repeats nothing when it runs again.
    """

    def stage(self, tables: Tables, connection: Any) -> Mapping[str, int]:  # noqa: ANN401  DuckDB's
        """Bring the tables as far as nobody sees them; return the rows of each. Raises DataError."""

    def commit(self) -> None:
        """Let all of it be seen at once. Raises DataError when nothing was."""

    def abandon(self) -> None:
        """Leave no trace of what was staged; after a commit, and when called twice, do nothing."""


Sink = Callable[[Target], Delivery]
"""Prepares to write the output of a run to a URI. Raises DataError when it cannot be reached."""


@dataclass(frozen=True, slots=True)
class LanguageFunction:
    """A function for expressions, said twice so that every engine decides alike; docs/plugins.md.

    `parameters` and `returns` are kinds of values: money, share, score, number, integer, days, date, text,
    bool. `python` takes and gives float (for every numeric kind; a date is days since 1970-01-01), str and
    bool; None is unknown, and it is never called with None, since a function of an unknown value is
    unknown. It has no state, no clock and no chance. `sql` is one expression of DuckDB's SQL with `{0}`,
    `{1}` for the arguments. `examples` are arguments and results; both forms are held to them when the
    plug-in is loaded. `version` is a part of the digest of every program that calls it.
    """

    name: str
    parameters: tuple[str, ...]
    returns: str
    python: Callable[..., Any] | None
    sql: str | None
    examples: tuple[tuple[tuple[Any, ...], Any], ...]
    about: str
    version: str = "1"


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column of a source as a mapping is proposed for it.

    `type` is DuckDB's name of its type, `examples` some different values as text, `filled` the share
    (0..1) of the rows looked at that have a value, `distinct` how many different ones they have.
    """

    name: str
    type: str
    examples: tuple[str, ...] = ()
    filled: float = 0.0
    distinct: int = 0


@dataclass(frozen=True, slots=True)
class SeenTable:
    """A table of a source: what `from` would say, and its columns; `rows` is how many were looked at."""

    name: str
    uri: str
    columns: tuple[SeenColumn, ...]
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """How one column of the vocabulary could be filled.

    `table` and `column` are the ruleset's (column `account_id` in related tables too), `seen` and
    `seen_column` the source's. `mapping` is what else the book file would say of it, as in
    `{"times": 1000000}`. `sure` is from 0 to 1; what is below 0.8 is marked for the user, with `why`.
    """

    table: str
    column: str
    seen: str
    seen_column: str
    sure: float
    why: str
    mapping: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What came in at `POST /hooks/NAME`: headers by lower-case name, the body as the bytes they were.

    `received` is when, in seconds since 1970; `url` is the path and query as they were asked for.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received: float


class WebhookRefusedError(Exception):
    """A webhook is not to be believed; its one argument says why, without the secret."""


Webhook = Callable[[WebhookRequest, str], Sequence[Mapping[str, Any]]]
"""Checks a request by a secret and returns the events in it, as kamrules.Event.of takes them.

Their keys come from the sender's delivery, so that one that comes again is known again. Raises
WebhookRefusedError for a signature that is wrong, lacking or too old."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a run's report: a title, and a line of text each, or a table of rows."""

    title: str
    lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class EngineTask:
    """What an engine is to decide: every account of a book by a program, as docs/semantics.md says.

    `earlier` is what an earlier run decided, None places every account directly; `top` how many proposed
    actions an account keeps; with `strict` rows and values that cannot be used stop the run, else they are
    left out and told of. `out` is the folder that takes the place of the output folder once all is done;
    an engine that writes Parquet itself puts its tables there, and else into `scratch`, which vanishes
    with the run: `form` is the form of files that is wanted. `options` are the engine's own, such as
    `{"master": "spark://head:7077"}`: where one refers to a secret (`${env:NAME}`) it is looked up when the
    option is asked for, and the mapping shows references only. `stoppable` is told how to stop the work from
    another thread. `tables` are the output tables that are wanted, in their order: these and no others are
    given; counts and what memory keeps are those of all.
    """

    program: Program
    book: Book
    as_of: datetime.date
    language: str
    top: int
    strict: bool
    earlier: EarlierFiles | None
    form: str
    out: Path
    scratch: Path
    options: Mapping[str, str]
    progress: Progress
    stoppable: Callable[[Callable[[], None]], object]
    tables: tuple[str, ...]


class Decided(Protocol):
    """What an engine gives: a book decided, a context manager that lets go of it at its end.

    `tables` are DuckDB relations of `connection`, so that hooks, sinks and forms of files know one kind
    of table whichever engine decided; `files` the names of what the engine wrote into the task's `out`
    itself, None when the tables are still to be written.
    """

    connection: Any
    quality: Quality
    warnings: tuple[Diagnostic, ...]
    files: tuple[str, ...] | None

    @property
    def accounts(self) -> int:
        """Return the number of accounts decided."""

    @property
    def tables(self) -> dict[str, Any]:
        """Return the output tables by name and in order."""

    def summary(self) -> dict[str, Any]:
        """Return what the book comes to, as it stands in run.json under `counts`."""

    def urgent(self, limit: int) -> list[dict[str, Any]]:
        """Return the proposed actions of the highest priority in the whole book, with name and class."""

    def further(
        self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]
    ) -> Any:  # noqa: ANN401  DuckDB's
        """Return a further table as a relation like the others; columns come with their sorts."""

    def cutoffs(self) -> Cutoffs | None:
        """Return what places a single account in this book; None without whole-book functions."""

    def export_state(self, folder: Path) -> EarlierFiles:
        """Write what memory keeps of this run."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(self, *_: object) -> None:
        """Let go."""


Engine = Callable[[EngineTask], Decided]
"""Decides a book. Raises UsageError for options that it cannot follow, DataError for what of a book it
cannot read; with `strict` for everything that data quality has to say."""

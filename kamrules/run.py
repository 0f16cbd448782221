"""A run: every account of a book decided and written as one transaction, all of it or nothing."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, RulesetError, Severity, UsageError, nearest
from kamrules.progress import silent
from kamrules.reviewed import require

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from kamrules.book import Book, OpenSource
    from kamrules.compiler import Program
    from kamrules.decision import Earlier
    from kamrules.document import Ruleset
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.engines.sql import BookDecisions
    from kamrules.hookspecs import Run
    from kamrules.interruption import Interruption
    from kamrules.memory import EarlierFiles, Memory
    from kamrules.output import OutputFolder
    from kamrules.plugins import Plugins
    from kamrules.progress import Progress

TOP = 3
FORMAT = "parquet"


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to do.

    `book` is a path or a book; `top` how many proposed actions an account keeps; `urgent` how many of
    the whole book's most urgent actions come back in the result; `leave_out` goes on without rows and
    values that cannot be used (True), or stops at them (False), or does as the book says (None);
    `memory_limit` such as "2GB"; `require_diff` the file of a review (`kamrules diff --out`): no other
    program than the new one in it is run.
    """

    book: Path | Book
    out: Path
    ruleset: str = "kam"
    settings: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime.date | None = None
    format: str = FORMAT
    top: int = TOP
    state: Path | None = None
    language: str | None = None
    leave_out: bool | None = None
    urgent: int = 0
    memory_limit: str | None = None
    spill_folder: Path | None = None
    threads: int | None = None
    require_diff: Path | None = None
    further: Mapping[str, Callable[[DecidedBook, Progress], FurtherTable]] = field(
        default_factory=dict
    )


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


def run_book(
    order: Order, plugins: Plugins | None = None, progress: Progress | None = None
) -> Result:
    """Decide every account of a book and put the files in place. `progress` is told each step.

    On any error, Ctrl-C included, the output folder and the state file are as they were. Raises
    UsageError, RulesetError and DataError.
    """
    from kamrules.interruption import Interruption  # noqa: PLC0415  the CLI needs this module early
    from kamrules.plugins import Plugins  # noqa: PLC0415

    with Interruption().watching() as interruption:
        known = plugins or Plugins.load()
        return _Work(order, known, progress or silent, interruption).result()


@contextmanager
def interruptible_end() -> Iterator[None]:
    """Let Ctrl-C say that the files are in place: what is done inside comes after that."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the files of the run are in place") from None


def date_of(given: datetime.date | None, book: Book | None = None) -> datetime.date:
    """Return the date given, else the book's. Raises UsageError when there is neither."""
    found = given or (book.as_of if book is not None else None)
    if found is None:
        which = "" if book is None else ": neither the command nor the book says one"
        mend = "give one, such as --as-of 2026-06-30"
        raise UsageError(Diagnostic("KR800", f"no date to decide on{which}", help=mend))
    return found


def language_of(program: Program, wanted: str | None) -> str:
    """Return the language wanted, by default the ruleset's first. Raises UsageError for another."""
    if wanted is None:
        return program.languages[0] if program.languages else "en"
    if wanted not in program.languages:
        known = ", ".join(f"`{each}`" for each in program.languages)
        message = f"ruleset `{program.name}` has no texts in `{wanted}`, only in {known}"
        near = nearest(wanted, program.languages)
        raise UsageError(
            Diagnostic("KR804", message, help=f"did you mean `{near}`?" if near else None)
        )
    return wanted


class _Work:
    """One run at work."""

    program: Program

    def __init__(
        self,
        order: Order,
        plugins: Plugins,
        progress: Progress,
        interruption: Interruption,
    ) -> None:
        self.order = order
        self.plugins = plugins
        self.progress = progress
        self.interruption = interruption
        self.durations: dict[str, float] = {}
        self.warnings: list[Diagnostic] = []
        self.urgent: tuple[dict[str, Any], ...] = ()

    def result(self) -> Result:
        """Do it all."""
        from kamrules.compiler.in_language import in_language  # noqa: PLC0415
        from kamrules.hookspecs import Run  # noqa: PLC0415  only runs need it
        from kamrules.output import OutputFolder  # noqa: PLC0415

        order = self.order
        self.plugins.sink(order.format)
        output = OutputFolder(order.out)
        _apart(order.state, output)
        with self._step("reading the ruleset", "ruleset"):
            self._ruleset()
        self.book = _book(order.book)
        self.as_of = date_of(order.as_of, self.book)
        self.language = language_of(self.program, order.language)
        self.program = in_language(self.program, self.language)
        name = self.book.file or self.book.name
        program = self.program
        run = Run(program.name, program.version, program.digest, self.as_of, name, order.out)
        self.warnings += self.plugins.run_started(run)
        try:
            report = self._transaction(output, run)
        except BaseException as error:
            self.plugins.run_failed(run, error)
            raise
        with interruptible_end():
            self.warnings += self.plugins.run_finished(run, report["counts"])
        return Result(report, order.out, program, tuple(self.warnings), self.urgent)

    @contextmanager
    def _step(self, told: str, name: str) -> Iterator[None]:
        self.progress(told)
        start = time.perf_counter()
        yield
        self.durations[name] = round(time.perf_counter() - start, 3)

    def _ruleset(self) -> None:
        from kamrules.compiler import compile_with_warnings  # noqa: PLC0415
        from kamrules.document import load_ruleset, shipped_folder  # noqa: PLC0415

        folders = (shipped_folder(), *self.plugins.ruleset_folders)
        self.ruleset: Ruleset = load_ruleset(
            self.order.ruleset, folders=folders, set=self.order.settings
        )
        program, diagnostics = compile_with_warnings(self.ruleset)
        if program is None:
            raise RulesetError(*diagnostics)
        if self.order.require_diff is not None:
            require(self.order.require_diff, program)
        self.program = program
        self.warnings += diagnostics

    def _transaction(self, output: OutputFolder, run: Run) -> dict[str, Any]:
        """Write everything, then put files and memory in place together."""
        from kamrules.memory import Memory  # noqa: PLC0415

        with output, ExitStack() as stack:
            memory = None
            if self.order.state is not None:
                memory = stack.enter_context(Memory.open(self.order.state))
            try:
                if memory is None:
                    report = self._write(output, run, None)
                    self.interruption.hold_off()
                    output.swap()
                else:
                    with memory.transaction():
                        report = self._write(output, run, memory)
                        self.interruption.hold_off()
                        output.swap()
            except BaseException:
                output.undo()
                self.interruption.let_in()
                raise
        self.interruption.let_in()
        return report

    def _write(self, output: OutputFolder, run: Run, memory: Memory | None) -> dict[str, Any]:
        """Decide the book and write all files into the folder that is not yet in place."""
        with output.scratch() as scratch, self._decisions(memory, scratch) as decisions:
            with self._step("counting", "count"):
                counts = decisions.summary()
                self.urgent = (
                    tuple(decisions.urgent(self.order.urgent)) if self.order.urgent else ()
                )
            self.warnings += (*decisions.warnings, *_faults(counts))
            self.warnings += self.plugins.decided(decisions.tables, run)
            tables = decisions.tables | self._further(decisions, memory)
            with self._step(f"writing {self.order.format} files", "write"):
                files = self.plugins.write(
                    self.order.format, tables, output.folder, decisions.connection
                )
                files += _cutoffs(decisions, output)
            if memory is not None:
                with self._step("remembering", "remember"):
                    kept = decisions.export_state(scratch)
                    memory.record(
                        self.as_of, kept, ruleset=self.program.name, digest=self.program.digest
                    )
            report = self._report(decisions, counts, files)
        output.write_report(report)
        return report

    def _further(self, decisions: BookDecisions, memory: Memory | None) -> dict[str, Any]:
        """Return the further tables that are asked for."""
        if not self.order.further:
            return {}
        decided = DecidedBook(
            program=self.program,
            book=self.book,
            as_of=self.as_of,
            language=self.language,
            accounts=decisions.accounts,
            open_source=self.plugins.open_source,
            earlier=lambda one: None if memory is None else memory.earlier_of(one, self.as_of),
            cutoffs=decisions.cutoffs(),
        )
        found = {}
        for name, make in self.order.further.items():
            with self._step(f"working out {name}", name):
                made = make(decided, self.progress)
                found[name] = decisions.further(name, made.columns, made.rows)
        return found

    @contextmanager
    def _decisions(self, memory: Memory | None, scratch: Path) -> Iterator[BookDecisions]:
        from kamrules.engines.sql import decide_book  # noqa: PLC0415  duckdb, only now

        order = self.order
        earlier: EarlierFiles | None = None
        if memory is not None:
            earlier = memory.earlier(self.as_of, scratch)
        leaves_out = self.book.leaves_out if order.leave_out is None else order.leave_out
        with self._step("deciding", "decide"):
            decided = decide_book(
                self.program,
                self.book,
                as_of=self.as_of,
                open_source=self.plugins.open_source,
                earlier=earlier,
                top=order.top,
                language=self.language,
                strict=not leaves_out,
                stoppable=self.interruption.stop_with,
                memory_limit=order.memory_limit,
                spill_folder=order.spill_folder,
                threads=order.threads,
            )
        with decided as decisions:
            yield decisions

    def _report(
        self, decisions: BookDecisions, counts: dict[str, Any], files: tuple[str, ...]
    ) -> dict[str, Any]:
        """Return what stands in run.json; only `durations` differ between two equal runs."""
        from kamrules import __version__  # noqa: PLC0415  which imports nothing

        order, program = self.order, self.program
        return {
            "kamrules": __version__,
            "ruleset": {
                "name": program.name,
                "version": program.version,
                "digest": program.digest,
                "settings": dict(order.settings),
                "files": list(self.ruleset.files),
            },
            "as_of": self.as_of.isoformat(),
            "book": {
                "name": self.book.name,
                "file": self.book.file,
                "currency": self.book.currency,
            },
            "state": None if order.state is None else str(order.state),
            "language": self.language,
            "format": order.format,
            "top": order.top,
            "accounts": decisions.accounts,
            "counts": counts,
            "quality": decisions.quality.as_json(),
            "warnings": [each.as_json() for each in self.warnings],
            "files": list(files),
            "durations": self.durations,
        }


def _cutoffs(decisions: BookDecisions, output: OutputFolder) -> tuple[str, ...]:
    """Write what places a single account in this book later, if the ruleset compares accounts."""
    from kamrules.engines.cutoffs import FILE  # noqa: PLC0415

    cutoffs = decisions.cutoffs()
    if cutoffs is None:
        return ()
    try:
        cutoffs.write(output.folder / FILE)
    except OSError as error:
        raise output.failure(error) from error
    return (FILE,)


def _book(given: Path | Book) -> Book:
    from kamrules.book import Book  # noqa: PLC0415

    return given if isinstance(given, Book) else Book.read(given)


def _apart(state: Path | None, output: OutputFolder) -> None:
    """Raise UsageError when the state file would be replaced together with the output folder."""
    if state is not None and state.resolve().is_relative_to(output.target):
        message = (
            f"state file `{state}` lies in output folder `{output.shown}`, which every run replaces"
        )
        raise UsageError(Diagnostic("KR803", message, help="keep the state file beside the folder"))


def _faults(counts: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Yield a warning for each way in which the ruleset fails to place accounts."""
    for each in counts.get("faults", ()):
        some = ", ".join(f"`{account}`" for account in each["examples"])
        number = each["accounts"]
        noun = "account" if number == 1 else "accounts"
        message = f"the ruleset fails for {number:,} {noun}: {each['fault']} ({some})"
        yield Diagnostic("KR807", message, Severity.WARNING)

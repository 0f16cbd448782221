"""One run at work: reading, deciding, writing, and putting everything in place together."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kamrules.contracts import Run
from kamrules.diagnostics import Diagnostic, RulesetError, Severity
from kamrules.reviewed import require
from kamrules.run.choosing import (
    book_of,
    date_of,
    interruptible_end,
    keep_apart,
    language_of,
    targets_of,
)
from kamrules.run.order import NO_FILES, DecidedBook, Order, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kamrules.compiler import Program
    from kamrules.contracts import Tables
    from kamrules.document import Ruleset
    from kamrules.engines.sql import BookDecisions
    from kamrules.interruption import Interruption
    from kamrules.memory import EarlierFiles, Memory
    from kamrules.output import OutputFolder
    from kamrules.plugins import Plugins
    from kamrules.plugins.delivering import Deliveries
    from kamrules.progress import Progress


class Work:
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
        from kamrules.output import OutputFolder  # noqa: PLC0415

        order = self.order
        if order.format != NO_FILES:
            self.plugins.form(order.format)
        output = OutputFolder(order.out)
        keep_apart(order.state, output)
        with self._step("reading the ruleset", "ruleset"):
            self._ruleset()
        self.book = book_of(order.book)
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
            self.order.ruleset,
            folders=folders,
            set=self.order.settings,
            functions=self.plugins.functions,
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

        with ExitStack() as stack:
            deliveries = self.plugins.deliveries(targets_of(self.order, self.book, run))
            stack.callback(deliveries.abandon)
            stack.enter_context(output)
            memory = None
            if self.order.state is not None:
                memory = stack.enter_context(Memory.open(self.order.state))
            try:
                # What is last can still undo what came before it, but for what has been delivered; and
                # the memory commits a local file that is written already.
                with nullcontext() if memory is None else memory.transaction():
                    report = self._write(output, run, memory, deliveries)
                    self.interruption.hold_off()
                    output.swap()
                    deliveries.commit()
            except BaseException:
                output.undo()
                self.interruption.let_in()
                raise
        self.interruption.let_in()
        return report

    def _write(
        self, output: OutputFolder, run: Run, memory: Memory | None, deliveries: Deliveries
    ) -> dict[str, Any]:
        """Decide the book, write all files into the folder that is not yet in place, stage deliveries."""
        with output.scratch() as scratch, self._decisions(memory, scratch) as decisions:
            with self._step("counting", "count"):
                counts = decisions.summary()
                self.urgent = (
                    tuple(decisions.urgent(self.order.urgent)) if self.order.urgent else ()
                )
            self.warnings += (*decisions.warnings, *_faults(counts))
            self.warnings += self.plugins.decided(decisions.tables, run)
            tables = decisions.tables | self._further(decisions, memory)
            sections, warnings = self.plugins.report_sections(tables, run)
            self.warnings += warnings
            files = self._files(tables, decisions, output) + _cutoffs(decisions, output)
            delivered = []
            if self.order.to:
                with self._step("delivering", "deliver"):
                    delivered = deliveries.stage(tables, decisions.connection)
            if memory is not None:
                with self._step("remembering", "remember"):
                    kept = decisions.export_state(scratch)
                    memory.record(
                        self.as_of, kept, ruleset=self.program.name, digest=self.program.digest
                    )
            report = self._report(decisions, counts, files)
            report["delivered"] = delivered
            report["sections"] = [asdict(each) for each in sections]
        output.write_report(report)
        return report

    def _files(
        self, tables: Tables, decisions: BookDecisions, output: OutputFolder
    ) -> tuple[str, ...]:
        """Write the tables as files, and return their names."""
        form = self.order.format
        if form == NO_FILES:
            return ()
        with self._step(f"writing {form} files", "write"):
            return self.plugins.write(form, tables, output.folder, decisions.connection)

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


def _faults(counts: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Yield a warning for each way in which the ruleset fails to place accounts."""
    for each in counts.get("faults", ()):
        some = ", ".join(f"`{account}`" for account in each["examples"])
        number = each["accounts"]
        noun = "account" if number == 1 else "accounts"
        message = f"the ruleset fails for {number:,} {noun}: {each['fault']} ({some})"
        yield Diagnostic("KR807", message, Severity.WARNING)

"""One run at work: reading, deciding, writing, and putting everything in place together."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kamrules.contracts import EngineTask, Run
from kamrules.diagnostics import Diagnostic, RulesetError
from kamrules.manifest import expanded, manifest, run_of
from kamrules.memory.drafts import settle_with
from kamrules.reviewed import require
from kamrules.run.choosing import (
    book_of,
    date_of,
    interruptible_end,
    keep_apart,
    language_of,
    tables_of,
    targets_of,
)
from kamrules.run.engine import built_in_of, decided_by, engine_of
from kamrules.run.order import FORMAT, NO_FILES, DecidedBook, Order, Result
from kamrules.run.parts import check_parts
from kamrules.run.reporting import faults, report_of, write_cutoffs
from kamrules.run.since import check_since, keep, to_take_over, told
from kamrules.run.writing import write_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kamrules.compiler import Program
    from kamrules.contracts import Decided, Tables
    from kamrules.decision import Earlier
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
        self.tables = tables_of(order)
        check_since(order)
        self.engine = engine_of(order, self.plugins)
        self.engine_name = order.engine if self.engine is not None else built_in_of(order)
        output = OutputFolder(order.out)
        keep_apart(order.state, output)
        with self._step("reading the ruleset", "ruleset"):
            self._ruleset()
        self.book = book_of(order.book)
        self.as_of = date_of(order.as_of, self.book)
        self.language = language_of(self.program, order.language)
        self.program = in_language(self.program, self.language)
        check_parts(order, self.program)
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
                self.interruption.stop_with(memory.interrupt)
            try:
                # What is last can still undo what came before it, but for what has been delivered. From
                # the swap on the run counts: a prepared memory follows its output (kamrules.memory.drafts).
                with nullcontext() if memory is None else memory.transaction():
                    report = self._write(output, run, memory, deliveries)
                    if memory is not None:
                        memory.prepare(output.target, report["run"])
                    self.interruption.hold_off()
                    self._in_place(output, deliveries)
            except BaseException:
                output.undo()
                self.interruption.let_in()
                raise
        self.interruption.let_in()
        return report

    @staticmethod
    def _in_place(output: OutputFolder, deliveries: Deliveries) -> None:
        """Let everybody see what the run did, or on an error nobody but sinks that came before it."""
        settle_with(output.target)
        try:
            output.swap()
            deliveries.commit()
        except BaseException:
            output.undo()
            raise

    def _write(
        self, output: OutputFolder, run: Run, memory: Memory | None, deliveries: Deliveries
    ) -> dict[str, Any]:
        """Decide the book, write all files into the folder that is not yet in place, stage deliveries."""
        with ExitStack() as stack:
            scratch = stack.enter_context(output.scratch())
            decisions = stack.enter_context(self._decisions(memory, scratch, output))
            with self._step("counting", "count"):
                counts = decisions.summary()
                self.urgent = (
                    tuple(decisions.urgent(self.order.urgent)) if self.order.urgent else ()
                )
            self.warnings += (*decisions.warnings, *faults(counts))
            decided = dict(decisions.tables)  # once: DuckDB takes its time to plan them
            self.warnings += self.plugins.decided(decided, run)
            tables = decided | self._further(decisions, memory)
            sections, warnings = self.plugins.report_sections(tables, run)
            self.warnings += warnings
            files = self._files(tables, decisions, output) + write_cutoffs(decisions, output)
            sealing = stack.enter_context(output.sealing(files))
            delivered = []
            if self.order.to:
                with self._step("delivering", "deliver"):
                    delivered = deliveries.stage(tables, decisions.connection, self.progress)
            if memory is not None:
                with self._step("remembering", "remember"):
                    kept = decisions.export_state(scratch)
                    memory.record(
                        self.as_of, kept, ruleset=self.program.name, digest=self.program.digest
                    )
                    keep(memory, decisions, scratch)
            with self._step("hashing files", "hash"):
                hashes = output.sealed(sealing, self.progress)
            report = report_of(self, decisions, counts, files)
            report["delivered"] = delivered
            report["sections"] = [asdict(each) for each in sections]
            report |= told(decisions)
            report["manifest"] = manifest(output.folder, files, hashes, decisions.connection)
        report["run"] = run_of(report)
        output.write_report(report)
        return report

    def _files(
        self, tables: Tables, decisions: BookDecisions | Decided, output: OutputFolder
    ) -> tuple[str, ...]:
        """Write the tables as files, and return their names."""
        own: tuple[str, ...] = ()
        if decisions.files is not None:  # the engine has written its tables itself
            own = expanded(output.folder, decisions.files)
            tables = {name: each for name, each in tables.items() if name in self.order.further}
            if not tables:
                return own
        with self._step("writing", "write"):
            return own + write_files(
                self.order,
                self.plugins,
                tables,
                output.folder,
                decisions.connection,
                progress=self.progress,
                accounts=decisions.accounts,
            )

    def _further(self, decisions: BookDecisions | Decided, memory: Memory | None) -> dict[str, Any]:
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
            earlier=_nothing if memory is None else memory.every_earlier(self.as_of),
            cutoffs=decisions.cutoffs(),
        )
        found = {}
        for name, make in self.order.further.items():
            with self._step(f"working out {name}", name):
                made = make(decided, self.progress)
                found[name] = decisions.further(name, made.columns, made.rows)
        return found

    @contextmanager
    def _decisions(
        self, memory: Memory | None, scratch: Path, output: OutputFolder
    ) -> Iterator[BookDecisions | Decided]:
        from kamrules.engines.sql import decide_book  # noqa: PLC0415  duckdb, only now

        order = self.order
        earlier: EarlierFiles | None = None
        if memory is not None:
            earlier = memory.earlier(self.as_of, scratch)
        leaves_out = self.book.leaves_out if order.leave_out is None else order.leave_out
        if self.engine is not None:
            task = self._task(earlier, scratch, output, strict=not leaves_out)
            with self._step("deciding", "decide"):
                found = decided_by(self.engine, order.engine, task, self.plugins)
            with found as elsewhere:
                yield elsewhere
            return
        with self._step("reading the book", "decide"):
            decided = decide_book(
                self.program,
                self.book,
                as_of=self.as_of,
                open_source=self.plugins.open_source,
                earlier=earlier,
                kept=to_take_over(order, memory, scratch),
                top=order.top,
                tables=self.tables,
                language=self.language,
                strict=not leaves_out,
                stoppable=self.interruption.stop_with,
                progress=self.progress,
                memory_limit=order.memory_limit,
                spill_folder=order.spill_folder,
                threads=order.threads,
                engine=self.engine_name,
                into=output.folder if order.format == FORMAT and not order.in_parts else None,
            )
        with decided as decisions:
            yield decisions

    def _task(
        self, earlier: EarlierFiles | None, scratch: Path, output: OutputFolder, *, strict: bool
    ) -> EngineTask:
        """Return what a plug-in's engine is to decide."""
        return EngineTask(
            program=self.program,
            book=self.book,
            as_of=self.as_of,
            language=self.language,
            top=self.order.top,
            strict=strict,
            earlier=earlier,
            form=self.order.format,
            out=output.folder,
            scratch=scratch,
            options=self.order.engine_options,
            progress=self.progress,
            stoppable=self.interruption.stop_with,
            tables=self.tables,
        )


def _nothing(_: str) -> Earlier | None:
    """Return what is known of an account without memory."""
    return None

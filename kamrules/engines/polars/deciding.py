"""Deciding a whole book by Polars: DuckDB reads it and sums up, and one pass writes all tables."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from kamrules.engines.polars.expressions import Expressions
from kamrules.engines.polars.frames import Frame
from kamrules.engines.polars.pace import Pace, Stopped
from kamrules.engines.polars.sharing import shared_out
from kamrules.engines.polars.tally import Tally
from kamrules.engines.polars.unsaid import Unsaid
from kamrules.engines.polars.writing import kinds_of, told_as_data, write
from kamrules.engines.sql.connecting import literally
from kamrules.engines.sql.cooling import base_of
from kamrules.engines.sql.deciding import Deciding
from kamrules.engines.sql.output import CORE
from kamrules.engines.sql.showing import endings
from kamrules.engines.sql.staging import LINE
from kamrules.engines.sql.summary import summary_reads
from kamrules.engines.sql.tree import column, sql, text
from kamrules.engines.sql.watching import watched
from kamrules.expression.types import ACCOUNTS
from kamrules.tables import output_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kamrules.engines.sql.output import Output
    from kamrules.engines.sql.results import BookDecisions
    from kamrules.engines.sql.staging import Staged

GROUND = "ground"
WIDTH, AT_ONCE = 8, 2**30
"""Bytes that a value takes, about, and how many may be waiting for writers."""
SCANNED = frozenset(
    {"VARCHAR", "BOOLEAN", "DATE", "DOUBLE", "FLOAT", "DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT",
     "UTINYINT", "USMALLINT", "UINTEGER"}
)  # fmt: skip
"""DuckDB's types of columns that Polars reads from Parquet files as the same values."""
SHORT = 2**31 // 100_001
"""So many actions' keys are numbers of 32 bits, also with the days of those that are held back."""


class PolarsDeciding(Deciding):
    """One book being decided: up to the stack of columns by DuckDB, the stack and the tables by Polars."""

    def _decide(self) -> None:
        """Work out the output tables and write them; of the core only what is counted is kept."""
        enumerations: dict[str, Sequence[str]] = {**self.enumerations.words(), **endings()}
        say = Expressions(enumerations)
        # who asks for no earlier run seldom keeps anything for a later one
        tables = (self.remembered if self.remembers else {}) | self.outputs
        read = [each.reads() for each in (*tables.values(), *self.remembered.values())]
        wanted = summary_reads(self.values.places).union(*read)
        with watched(self.connection, self.progress, "bringing tables together"):
            lent, storeys = shared_out(self.stack, wanted, self._ground(), self.connection, say)
            ground = self._beside(lent, say)
        self.pace = Pace(self.progress, self.qualities[ACCOUNTS].rows_kept)
        self.stoppable(self.pace.stop)
        short = len(self.program.actions) * base_of(self.program, memory=self.remembers) < SHORT
        self.frame = Frame(self.pace.along(ground), say, short=short)
        self.frame.add(storeys)
        with self._passing():
            self._write(tables)

    @contextmanager
    def _passing(self) -> Iterator[None]:
        """Turn what Polars says of a disk, or of the end that was asked for, into what others say of it."""
        try:
            with told_as_data():
                yield
        except (Stopped, pl.exceptions.PolarsError) as error:
            if self.pace.stopped:
                raise duckdb.InterruptException(str(Stopped())) from error
            raise

    def _decisions(self) -> BookDecisions:
        found = super()._decisions()
        found.write_late = self._write_late
        if self.into is not None:
            found.files = tuple(self.written[name].name for name in self.outputs)
        return found

    def _write_late(self, name: str) -> Path:
        """Write a table that memory is made of and that nobody else has asked for."""
        frames, kinds = self._frames(self.frame, {name: self.remembered[name]})
        self.pace.begin("remembering")
        with self._passing():
            write(frames, kinds)
        return next(iter(frames))

    def _are_distinct(self, accounts: Staged) -> bool:
        """Return whether the hashes of all ids differ; where two do not, DuckDB looks who it is."""
        if accounts.parquet is None or accounts.found[accounts.table.account] != "VARCHAR":
            return False
        ids = pl.scan_parquet(accounts.parquet, glob=False).select(accounts.table.account)
        try:
            hashes = (
                ids.select(pl.all().drop_nulls().hash()).collect(engine="streaming").to_series()
            )
        except pl.exceptions.PolarsError:  # such as of a damaged file, which DuckDB tells of
            return False
        return hashes.n_unique() == len(hashes)

    def _beside(self, names: set[str], say: Expressions) -> pl.LazyFrame:
        """Return the columns that all others are made of, in the order of the accounts' rows.

        What stands in the accounts' file as it is Polars reads itself, and what is joined to it, or what
        DuckDB alone works out, beside it.
        """
        scanned = self._scanned(names, say)
        frames = []
        if scanned and self.accounts.parquet is not None:
            items = (each.alias(name) for name, each in sorted(scanned.items()))
            frames.append(pl.scan_parquet(self.accounts.parquet, glob=False).select(items))
        if rest := names - scanned.keys():
            frames.append(self._read(rest))
        return frames[0] if len(frames) == 1 else pl.concat(frames, how="horizontal")

    def _scanned(self, names: set[str], say: Expressions) -> dict[str, pl.Expr]:
        """Return how columns come from the accounts' file; none where not all of its rows are taken."""
        staged, quality = self.accounts, self.qualities[ACCOUNTS]
        kinds = {each.partition("(")[0] for each in staged.found.values()}
        whole = quality.rows_kept == quality.rows_read and not quality.problems
        if staged.parquet is None or not whole or not kinds <= SCANNED:
            return {}
        found = {}
        for each in names & staged.made.keys():
            with suppress(Unsaid):
                found[each] = say.said(staged.made[each])
        return found

    def _read(self, names: Iterable[str]) -> pl.LazyFrame:
        """Return the columns that DuckDB works out, by a file of their own."""
        select = self.stack.select([column(each) for each in sorted(names)], self._ground())
        if self.joins:
            # several threads give what they join in any order
            select = select.order_by(column(LINE), copy=False)
        path = Path(self.folder.name) / f"{GROUND}.parquet"
        self.connection.execute(f"COPY ({sql(select)}) TO {sql(text(str(path)))} (FORMAT parquet)")
        for name, _ in self.joins:  # nobody else reads them, and Polars has use for the memory
            self.connection.execute(f'DROP TABLE "{name}"')
        return pl.scan_parquet(path, glob=False)

    def _write(self, tables: Mapping[str, Output]) -> None:
        """Write the tables, and count what the summary tells while the accounts pass.

        Of few accounts in one pass. What several writers read in one pass Polars holds in memory as far as
        the slowest has not come, so of many accounts each table is a pass of its own, which works out what it
        needs once more. To put the columns by in a file takes as long, and ten times the tables' disk.
        """
        tally = Tally(self.frame, self.values.places)
        passes = self._passes(tables)
        for part in passes:
            self.pace.begin("deciding" if len(passes) == 1 else f"writing {next(iter(part))}")
            needed = self.frame.read_by(*part.values())
            frame = tally.along(self.frame, needed) if part is passes[0] else self.frame
            write(*self._frames(frame.shared(needed) if len(part) > 1 else frame, part))
        if not tables:
            self.pace.begin("deciding")
            tally.along(self.frame, set()).lazy.collect(engine="streaming")
        core = Path(self.folder.name) / f"{CORE}.parquet"
        tally.write(core)
        where = sql(text(literally(core)))
        self.connection.execute(f'CREATE TEMP VIEW "{CORE}" AS FROM read_parquet({where})')

    def _passes(self, tables: Mapping[str, Output]) -> list[Mapping[str, Output]]:
        """Return the tables that are written together."""
        width = len(self.frame.read_by(*tables.values()))
        values = width * self.qualities[ACCOUNTS].rows_kept
        if tables and values * WIDTH < AT_ONCE:
            return [tables]
        return [{name: each} for name, each in tables.items()]

    def _frames(
        self, frame: Frame, tables: Mapping[str, Output]
    ) -> tuple[dict[Path, pl.LazyFrame], dict[Path, dict[str, pl.DataType]]]:
        """Return the tables as frames by the files that they become, and the types of their columns."""
        columns = output_columns(self.program)
        frames, kinds = {}, {}
        for name, output in tables.items():
            own = self.into if name in self.outputs else None
            path = (own or Path(self.folder.name)) / f"{name}.parquet"
            every = kinds_of(columns[name])
            kinds[path] = {each: every[each] for each, _ in output.columns}
            frames[path] = frame.table(output, kinds[path])
            self.written[name] = path
        return frames, kinds

"""Quality: what a book's tables held, what was left out of the run, and why; nothing is lost silently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EXAMPLES = 3
"""So many examples of a problem are kept; more would hide the rest of the report."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem in one table: how many rows or values have it, and a few of them.

    `column` is the vocabulary's column, None when it is about whole rows. `message` is one sentence
    that fits behind the count: `12 of 8,800 rows: <message>`. `leaves_out` says that the rows are not
    in the run; else only the value is unknown. With a count of 0 it is a remark: nothing is lost, but
    something was taken for granted that the reader should know, such as a file's encoding.
    """

    code: str
    column: str | None
    count: int
    message: str
    examples: tuple[str, ...] = ()
    leaves_out: bool = False

    @property
    def is_remark(self) -> bool:
        """Whether no row and no value is lost by it, so that no run has to stop."""
        return not self.count

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "code": self.code,
            "column": self.column,
            "count": self.count,
            "message": self.message,
            "examples": list(self.examples),
            "leaves_out": self.leaves_out,
        }


@dataclass(frozen=True, slots=True)
class TableQuality:
    """What one table held. `rows_filtered` were left out because the book file says so (`only`).

    rows_read = rows_kept + rows_filtered + the rows that problems leave out.
    """

    table: str
    source: str
    rows_read: int
    rows_kept: int
    problems: tuple[Problem, ...] = ()
    rows_filtered: int = 0

    @property
    def rows_left_out(self) -> int:
        """Return the number of rows that are not in the run because of a problem."""
        return self.rows_read - self.rows_kept - self.rows_filtered

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "table": self.table,
            "source": self.source,
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "rows_filtered": self.rows_filtered,
            "rows_left_out": self.rows_left_out,
            "problems": [each.as_json() for each in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Quality:
    """The data quality of a whole book."""

    tables: tuple[TableQuality, ...] = ()

    @property
    def rows_left_out(self) -> int:
        """Return the number of rows of all tables that are not in the run."""
        return sum(each.rows_left_out for each in self.tables)

    @property
    def values_unknown(self) -> int:
        """Return the number of values that were written but could not be used."""
        return sum(
            problem.count
            for table in self.tables
            for problem in table.problems
            if not problem.leaves_out
        )

    @property
    def clean(self) -> bool:
        """Whether nothing was found but remarks."""
        return all(each.is_remark for table in self.tables for each in table.problems)

    def as_json(self) -> dict[str, Any]:
        """Return plain data, as it stands in run.json."""
        return {
            "rows_left_out": self.rows_left_out,
            "values_unknown": self.values_unknown,
            "tables": [each.as_json() for each in self.tables],
        }

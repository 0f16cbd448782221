"""Checks one case: all engines and the oracle must decide the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.agreement.comparing import Disagreement, beside, differences
from tests.agreement.deciding_live import PRESENT, agree_live
from tests.agreement.engines import (
    by_oracle,
    by_polars,
    by_row,
    by_sql,
    compiled,
    cutoffs_by_row,
    cutoffs_by_sql,
)

if TYPE_CHECKING:
    from tests.strategies import Case

OTHERS = {"oracle": by_oracle, "sql": by_sql, "polars": by_polars}


def agree(case: Case) -> None:
    """Raise Disagreement unless row, SQL, Polars and live engine and the oracle decide the same."""
    program = compiled(case.ruleset)
    if PRESENT:
        agree_live(case, program=program)
    row = by_row(program, case)
    if program.book_steps:
        ours, theirs = cutoffs_by_row(program, case), cutoffs_by_sql(program, case)
        if ours != theirs:
            raise Disagreement(case, f"cut-offs differ\nrow: {ours}\nsql: {theirs}")
    for name, other in OTHERS.items():
        tables = other(program, case)
        if found := differences(row, tables):
            text = f"row and {name} differ in {len(found)} cells\n" + "\n".join(found[:12])
            raise Disagreement(case, f"{text}\n\nrow above, {name} below:\n{beside(row, tables)}")

"""The row engine: one account at a time, in process, in microseconds; the reference for the others."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from kamrules.engines.row.compact import Compact
from kamrules.engines.row.engine import RowEngine, day_of
from kamrules.engines.row.prepare import Prepared

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kamrules.compiler.program import Program
    from kamrules.decision import Decision, Earlier, Explanation, Origin
    from kamrules.diagnostics import DataError
    from kamrules.engines.cutoffs import Cutoffs

__all__ = [
    "Compact",
    "Prepared",
    "RowEngine",
    "day_of",
    "decide",
    "decide_many",
    "engine_of",
    "explain",
]

KEPT = 64
"""So many programs are kept with their engines, so that deciding by one again makes nothing anew."""

_engines: dict[int, tuple[Program, RowEngine]] = {}
_making = Lock()


def engine_of(program: Program) -> RowEngine:
    """Return the engine of a program, made at its first use and kept for the next.

    Programs are told apart by what they are in memory, as comparing two copies takes far longer than
    deciding; a copy, such as one that was pickled, shares the engine of its equal.
    """
    known = _engines.get(id(program))
    return known[1] if known is not None else _made(program)


def _made(program: Program) -> RowEngine:
    with _making:
        engine = next(
            (
                each
                for one, each in _engines.values()
                if one.digest == program.digest and one == program
            ),
            None,
        )
        if engine is None:
            engine = RowEngine(program)
        while len(_engines) >= KEPT:
            del _engines[next(iter(_engines))]
        # what is kept holds the program, so that its place in memory is nobody else's
        _engines[id(program)] = (program, engine)
    return engine


def decide(  # noqa: PLR0913  what one decision depends on
    program: Program,
    facts: Mapping[str, Any],
    *,
    as_of: datetime.date | str,
    earlier: Earlier | None = None,
    top: int | None = None,
    language: str | None = None,
    strict: bool = True,
    cutoffs: Cutoffs | None = None,
) -> Decision:
    """Return everything that the program decides about one account on a date.

    `facts` is the account as JSON would hold it: `account_id`, the accounts table's columns by name,
    and every related table as a list of objects by its name. A name that is missing or None is unknown;
    a table that is missing is lacking in the book. Dates may be `datetime.date` or ISO text, numbers
    int, float or Decimal. `earlier` is what was decided before (hysteresis, one-step moves, cooldowns);
    `top` keeps that many proposed actions; `language` is one of the ruleset's (its first by default).
    `cutoffs` tell where the account stands in its book: what a run wrote (`Cutoffs.read`), or `Cutoffs.of`
    accounts in process; without them what compares accounts (`rank`, ...) is unknown.

    Scores, actions, gates and whatever else is in words are written when they are first asked for.

    Raises DataError with every fact that the ruleset does not know or that is of the wrong type (with
    `strict=False` such facts are unknown instead), and for cut-offs of another program.
    """
    return engine_of(program).decide(
        facts,
        as_of=as_of,
        earlier=earlier,
        top=top,
        language=language,
        strict=strict,
        cutoffs=cutoffs,
    )


def decide_many(  # noqa: PLR0913  what decisions depend on
    program: Program,
    accounts: Iterable[Mapping[str, Any]],
    *,
    as_of: datetime.date | str,
    earlier: Mapping[str, Earlier] | None = None,
    top: int | None = None,
    language: str | None = None,
    strict: bool = True,
    cutoffs: Cutoffs | None = None,
    leave_out: Callable[[DataError], object] | None = None,
) -> Iterator[Decision]:
    """Return an iterator over the decisions of accounts, in their order, each decided when it is asked for.

    Takes and returns for each account what `decide` does, `earlier` by account id; holds one account at a
    time, so that there may be any number of them.

    An account that cannot be decided raises DataError, which says which account it is and what is wrong with
    it; the iterator has then ended. With `leave_out` that function is called with the error instead
    (`errors.append`), the account is left out, and the next one comes. Wrong options raise at once: DataError
    for cut-offs of another program, ValueError for an `as_of` that is no date.
    """
    return engine_of(program).decide_many(
        accounts,
        as_of=as_of,
        earlier=earlier,
        top=top,
        language=language,
        strict=strict,
        cutoffs=cutoffs,
        leave_out=leave_out,
    )


def explain(  # noqa: PLR0913  what one decision depends on
    program: Program,
    facts: Mapping[str, Any],
    *,
    as_of: datetime.date | str,
    earlier: Earlier | None = None,
    language: str | None = None,
    strict: bool = True,
    cutoffs: Cutoffs | None = None,
    origins: Mapping[str, Origin] | None = None,
) -> Explanation:
    """Return the decision about one account with its proof, down to the values read.

    Takes the same facts as `decide`, and raises the same errors; all proposed actions are kept. `origins`
    say by table where the account's rows stand in their source; without them, rows count as they are given.
    """
    return engine_of(program).explain(
        facts,
        as_of=as_of,
        earlier=earlier,
        language=language,
        strict=strict,
        cutoffs=cutoffs,
        origins=origins,
    )

"""The row engine: decides one account at a time, in process."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from kamrules.compiler.in_force import in_force, validities
from kamrules.compiler.in_language import in_language
from kamrules.compiler.validity import ALWAYS
from kamrules.decision import Origin
from kamrules.diagnostics import DataError
from kamrules.engines.cutoffs import Cutoffs, Spread
from kamrules.engines.row.compact import Compact
from kamrules.engines.row.generate import generate
from kamrules.engines.row.prepare import Prepared, Preparer
from kamrules.engines.row.proof import prove
from kamrules.engines.row.telling import Telling
from kamrules.engines.row.whole_book import parts_of
from kamrules.expression.types import ACCOUNT_ID
from kamrules.show import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kamrules.compiler.program import Program
    from kamrules.decision import Decision, Earlier, Explanation
    from kamrules.engines.cutoffs import Units
    from kamrules.engines.row.account import Account


class RowEngine:
    """Decides accounts by one program.

    Holds one generated function for each set of rules in force, made when first needed. Safe to share
    between threads; a copy in another process makes its own functions (pickle the Program).
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.preparer = Preparer(program)
        self._dated = _borders(program)
        self._alone = not program.book_steps
        self._known: tuple[Cutoffs, tuple[Any, ...]] | None = None
        self._slices: dict[int, tuple[Program, Callable[..., Any], Telling]] = {}
        self._told: dict[tuple[int, str], tuple[Program, Telling]] = {}

    def prepare(self, facts: Mapping[str, Any], *, strict: bool = True) -> Prepared:
        """Return an account's facts in the form that `compact` takes; see Preparer.prepare."""
        return self.preparer.prepare(facts, strict=strict)

    def slice(self, as_of: datetime.date) -> tuple[Program, Callable[..., Any], Telling]:
        """Return the program in force on a date, its function, and what makes Decisions of it."""
        key = self._key(as_of)
        found = self._slices.get(key)
        if found is None:
            program = in_force(self.program, as_of)
            # the layout is the whole program's, so that prepared facts serve every date
            function = generate(program, self.preparer.layout)
            found = self._slices[key] = (program, function, Telling(program, self.preparer.layout))
        return found

    def _key(self, as_of: datetime.date) -> int:
        return bisect_right(self._dated, as_of)

    def _telling(self, as_of: datetime.date, language: str | None) -> tuple[Program, Telling]:
        """Return the program in force, and what makes Decisions of it, in a language."""
        program, _, telling = self.slice(as_of)
        if language not in program.languages[1:]:
            return program, telling
        key = (self._key(as_of), language)
        if key not in self._told:
            translated = in_language(program, language)
            self._told[key] = (translated, Telling(translated, self.preparer.layout))
        return self._told[key]

    def compact(
        self,
        prepared: Prepared,
        as_of: datetime.date,
        earlier: Earlier | None = None,
        cutoffs: Cutoffs | None = None,
    ) -> Compact:
        """Decide prepared facts: ids and numbers only. Raises DataError for another program's cut-offs."""
        function = self.slice(as_of)[1]
        return Compact._make(function(*self.asked(prepared, as_of, earlier, cutoffs)))

    def asked(
        self,
        prepared: Prepared,
        as_of: datetime.date,
        earlier: Earlier | None = None,
        cutoffs: Cutoffs | None = None,
    ) -> tuple[Any, ...]:
        """Return what the generated function takes. Raises DataError for another program's cut-offs."""
        today = as_of.toordinal() - EPOCH
        placing = () if self._alone and cutoffs is None else self._placing(cutoffs)
        if earlier is None:
            return (prepared.account, prepared.tables, today, None, None, None, *placing)
        proposed = {name: each.toordinal() - EPOCH for name, each in earlier.proposed.items()}
        before = self.slice(as_of)[2].before(earlier)
        return (prepared.account, prepared.tables, today, *before, proposed, *placing)

    def _placing(self, cutoffs: Cutoffs | None) -> tuple[Any, ...]:
        """Return what the function takes beside the rest: the lookups in cut-offs, if it looks up any."""
        found: Any = None
        if cutoffs is not None:
            known = self._known
            if known is None or known[0] is not cutoffs:
                known = self._known = (cutoffs, cutoffs.placing(self.program))
            found = known[1]
        return () if self._alone else (found,)

    def cutoffs(
        self,
        accounts: Iterable[Mapping[str, Any]],
        as_of: datetime.date | str,
        *,
        strict: bool = True,
    ) -> Cutoffs:
        """Return the cut-offs of a book in process; see Cutoffs.of."""
        date = day_of(as_of)
        steps = self.program.book_steps
        widths = [len(parts_of(step)) for step in steps]
        places = list(accumulate(widths, initial=len(self.program.aggregates)))[:-1]
        columns: list[list[Units]] = [[] for _ in steps]
        for facts in accounts:
            compact = self.compact(self.prepare(facts, strict=strict), date)
            for column, place, step in zip(columns, places, steps, strict=True):
                units = compact.aggregates[place : place + (1 if step.summed is None else 2)]
                column.append(None if None in units else units)
        spreads = tuple(
            Spread.of(step, column) for step, column in zip(steps, columns, strict=True)
        )
        return Cutoffs(self.program.name, self.program.digest, date, spreads)

    def decide(  # noqa: PLR0913  what one decision depends on
        self,
        facts: Mapping[str, Any],
        *,
        as_of: datetime.date | str,
        earlier: Earlier | None = None,
        top: int | None = None,
        language: str | None = None,
        strict: bool = True,
        cutoffs: Cutoffs | None = None,
    ) -> Decision:
        """Decide one account; see `decide`."""
        date = day_of(as_of)
        prepared = self.prepare(facts, strict=strict)
        compact = self.compact(prepared, date, earlier, cutoffs)
        telling = self._telling(date, language)[1]
        return telling.decision(prepared, compact, date, earlier, top)

    def explain(  # noqa: PLR0913  what one decision depends on
        self,
        facts: Mapping[str, Any],
        *,
        as_of: datetime.date | str,
        earlier: Earlier | None = None,
        language: str | None = None,
        strict: bool = True,
        cutoffs: Cutoffs | None = None,
        origins: Mapping[str, Origin] | None = None,
    ) -> Explanation:
        """Decide one account and prove it; see `explain`."""
        date = day_of(as_of)
        prepared = self.prepare(facts, strict=strict)
        compact = self.compact(prepared, date, earlier, cutoffs)
        program, telling = self._telling(date, language)
        decision = telling.decision(prepared, compact, date, earlier)
        account = telling.account(prepared, compact, date, earlier)
        return prove(program, self.preparer.layout, account, decision, origins or _given(facts))

    def account(
        self,
        facts: Mapping[str, Any],
        *,
        as_of: datetime.date | str,
        earlier: Earlier | None = None,
        strict: bool = True,
        cutoffs: Cutoffs | None = None,
    ) -> tuple[Program, Account, Decision]:
        """Decide one account; return the rules in force, the values of all their names, and the decision."""
        date = day_of(as_of)
        prepared = self.prepare(facts, strict=strict)
        compact = self.compact(prepared, date, earlier, cutoffs)
        program, telling = self._telling(date, None)
        account = telling.account(prepared, compact, date, earlier)
        return program, account, telling.decision(prepared, compact, date, earlier)

    def decide_many(  # noqa: PLR0913  what decisions depend on
        self,
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
        """Return the decisions of accounts one after another; see `decide_many`."""
        date = day_of(as_of)
        self._placing(cutoffs)
        telling = self._telling(date, language)[1]

        def decisions() -> Iterator[Decision]:
            for number, facts in enumerate(accounts):
                try:
                    prepared = self.prepare(facts, strict=strict)
                except DataError as error:
                    fault = _of_account(error, number, facts)
                    if leave_out is None:
                        raise fault from None
                    leave_out(fault)
                    continue
                before = None if earlier is None else earlier.get(prepared.account_id)
                compact = self.compact(prepared, date, before, cutoffs)
                yield telling.decision(prepared, compact, date, before, top)

        return decisions()


def _of_account(error: DataError, number: int, facts: Mapping[str, Any]) -> DataError:
    """Return an error of one account among many, that says of which."""
    account_id = facts.get(ACCOUNT_ID) if hasattr(facts, "get") else None
    named = f"account {number + 1}" + (f", `{account_id!s:.80}`" if account_id else "")
    return DataError(*(
        replace(
            each,
            message=f"{named}: {each.message}",
            address=f"accounts[{number}]" + (f".{each.address}" if each.address else ""),
        )
        for each in error.diagnostics
    ))  # fmt: skip


def _given(facts: Mapping[str, Any]) -> dict[str, Origin]:
    """Return where the rows of facts given in process stand: in their lists, where all is not a row."""
    return {
        name: Origin(
            source=None,
            rows=tuple(n for n, each in enumerate(rows, 1) if hasattr(each, "items")),
        )
        for name, rows in facts.items()
        if isinstance(rows, list | tuple)
    }


def _borders(program: Program) -> list[datetime.date]:
    """Return the dates on which the set of rules in force may change."""
    found: set[datetime.date] = set()
    for each in validities(program):
        if each == ALWAYS:
            continue
        if each.start is not None:
            found.add(each.start)
        if each.end is not None and each.end < datetime.date.max:
            found.add(each.end + datetime.timedelta(days=1))
    return sorted(found)


def day_of(as_of: datetime.date | str) -> datetime.date:
    """Return the day that is meant: a date, or its text such as 2026-06-30."""
    if isinstance(as_of, str):
        return datetime.date.fromisoformat(as_of)
    return as_of.date() if isinstance(as_of, datetime.datetime) else as_of

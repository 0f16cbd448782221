"""Counting: for how many tests, or accounts of a book, each rule, atom and step is true, false or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.compiler.in_force import in_force
from kamrules.compiler.program import Condition
from kamrules.engines.row.walking import truth, value
from kamrules.engines.sql.counting import count_book
from kamrules.progress import silent
from kamrules.workbench.coverage.atoms import atoms
from kamrules.workbench.coverage.items import Item, Part
from kamrules.workbench.coverage.rules import rules
from kamrules.workbench.coverage.steps import steps
from kamrules.workbench.testing import tried

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from kamrules.book import Book, OpenSource
    from kamrules.compiler import Program
    from kamrules.diagnostics import Diagnostic
    from kamrules.document import Ruleset
    from kamrules.engines.row.account import Account
    from kamrules.memory import EarlierFiles
    from kamrules.progress import Progress


@dataclass(frozen=True, slots=True)
class Covered:
    """A rule, atom or step, where it stands, and for how many accounts it is true, false and unknown."""

    part: Part
    kind: str
    address: str
    text: str
    place: str | None
    true: int
    false: int
    unknown: int

    @property
    def reached(self) -> bool:
        """Whether it was seen: a rule at work, an atom both true and false, a step with an account in it."""
        return bool(self.true and (self.false or self.part is not Part.ATOMS))


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tests of a ruleset reach, or the accounts of a book.

    `over` is `tests` or `book`, `number` how many of them there are; `memory` says whether earlier decisions
    counted, without which no path is taken and none is among the rules.
    """

    over: str
    number: int
    memory: bool
    items: tuple[Covered, ...]
    warnings: tuple[Diagnostic, ...] = ()

    def of(self, part: Part) -> tuple[Covered, ...]:
        """Return the rules, the atoms or the steps."""
        return tuple(each for each in self.items if each.part is part)

    def missed(self, part: Part) -> tuple[Covered, ...]:
        """Return the rules, atoms or steps that were not seen as they should be."""
        return tuple(each for each in self.of(part) if not each.reached)

    def share(self, part: Part) -> float:
        """Return the share of the rules, atoms or steps that were seen, 0 to 1; 1 when there are none."""
        found = self.of(part)
        return 1 - sum(not each.reached for each in found) / len(found) if found else 1.0


def coverage_by_tests(
    ruleset: Ruleset, program: Program, *, progress: Progress = silent
) -> Coverage:
    """Decide the accounts of the ruleset's tests, and return what they reach of the program.

    A test counts with its own parameters and date. `progress` is told each step. Raises RulesetError.
    """
    wanted = list(_items(program, memory=True))
    counts = {each.key: [0, 0, 0] for each in wanted}
    known: dict[int, tuple[Program, list[Item]]] = {}
    number = 0
    progress("deciding the tests")
    for number, each in enumerate(tried(ruleset), start=1):
        standing = each.program
        if id(standing) not in known:
            # the program is kept too, so that no other one gets its id
            known[id(standing)] = standing, list(_items(standing, memory=True))
        _count(known[id(standing)][1], each.account, counts)
        progress("deciding the tests", number, len(ruleset.model.test))
    found = tuple(_covered(each, *counts[each.key]) for each in wanted)
    return Coverage("tests", number, memory=True, items=found)


def coverage_by_book(  # noqa: PLR0913  one call, and all but four have defaults
    program: Program,
    book: Book,
    *,
    as_of: datetime.date,
    open_source: OpenSource,
    strict: bool = False,
    earlier: EarlierFiles | None = None,
    progress: Progress = silent,
) -> Coverage:
    """Return what the accounts of a book reach of the rules in force, counted in one pass over it.

    Args:
        program: what to decide by.
        book: the tables.
        as_of: the date of the run.
        open_source: opens a table's rows, such as kamrules.plugins.Plugins.open_source.
        strict: stop at data of the book that cannot be used; else go on without.
        earlier: what an earlier run decided; None places every account directly.
        progress: is told each step.

    Raises:
        DataError: as decide_book does.
    """
    memory = earlier is not None
    progress("counting the accounts of the book")
    wanted = list(_items(in_force(program, as_of), memory=memory))
    counted = count_book(
        program, book, [each.what for each in wanted], as_of=as_of, open_source=open_source,
        earlier=earlier, strict=strict,
    )  # fmt: skip
    pairs = zip(wanted, counted.counts, strict=True)
    found = tuple(_covered(each, *counts) for each, counts in pairs)
    return Coverage("book", counted.accounts, memory, found, counted.warnings)


def _items(program: Program, *, memory: bool) -> Iterable[Item]:
    yield from rules(program, memory=memory)
    yield from atoms(program)
    yield from steps(program)


def _count(
    items: Iterable[Item], account: Account, counts: dict[tuple[Part, str, str], list[int]]
) -> None:
    """Add an account to the counts of what the program as a whole has too."""
    for each in items:
        if each.key in counts:
            what = each.what
            isso = truth(what, account) if isinstance(what, Condition) else value(what, account)
            counts[each.key][2 if isso is None else int(not isso)] += 1


def _covered(item: Item, true: int, false: int, unknown: int) -> Covered:
    return Covered(
        item.part, item.kind, item.address, item.text, item.place, true, false, unknown
    )  # fmt: skip

"""Measuring what the edits between two rulesets do to a book, and which edit does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kamrules.compiler import in_force
from kamrules.engines.layout import layout_of
from kamrules.engines.sql.causes import ACTIONS, BEST, CLASS, TIER, Causes
from kamrules.engines.sql.held import HeldBook
from kamrules.engines.sql.outcomes import NEW, OLD, Outcomes
from kamrules.engines.sql.placing import for_placement
from kamrules.expression.types import ACCOUNTS
from kamrules.progress import silent
from kamrules.workbench.difference.effects import (
    ActionEffect,
    Cause,
    Change,
    ChangedAccount,
    Effect,
    Group,
    Move,
)
from kamrules.workbench.difference.units import Apart, Tried, units
from kamrules.workbench.difference.words import merged

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from kamrules.book import Book, OpenSource
    from kamrules.compiler import Program
    from kamrules.engines.sql.causes import Differing, Moved
    from kamrules.memory import EarlierFiles
    from kamrules.progress import Progress
    from kamrules.workbench.difference.canon import Canon
    from kamrules.workbench.difference.edits import Edit
    from kamrules.workbench.difference.units import Unit

REVENUE = "fact.revenue_12m"
TOP, SHOWN = 3, 20


@dataclass(frozen=True, slots=True)
class Question:
    """What of a book is asked: as compare's arguments of the same names."""

    book: Book
    as_of: datetime.date
    open_source: OpenSource
    earlier: EarlierFiles | None = None
    top: int = TOP
    show: int = SHOWN
    strict: bool = False
    progress: Progress = silent


def effect(
    canons: tuple[Canon, Canon],
    programs: tuple[Program, Program],
    edits: Iterable[Edit],
    asked: Question,
) -> Effect:
    """Return what edits do to a book. Raises DataError as decide_book does; UsageError (KR847)."""
    return _Measuring(canons, programs, asked).effect(tuple(edits))


class _Measuring:
    """Two programs over one book."""

    def __init__(
        self,
        canons: tuple[Canon, Canon],
        programs: tuple[Program, Program],
        asked: Question,
    ) -> None:
        self.asked = asked
        self.memory = asked.earlier is not None
        self.tried = Tried(*canons)
        self.whole = tuple(in_force(each, asked.as_of) for each in programs)
        self.old, self.new = (self._lean(each) for each in programs)
        ids = [each.id for one in (self.new, self.old) for each in one.actions]
        self.actions = list(dict.fromkeys(ids))

    def _lean(self, program: Program) -> Program:
        return for_placement(
            in_force(program, self.asked.as_of), actions=True, memory=self.memory, also=[REVENUE]
        )

    def effect(self, edits: tuple[Edit, ...]) -> Effect:
        asked = self.asked
        words = merged(*self.whole)
        asked.progress("reading the book")
        with HeldBook(
            replace(self.new, tables=words), asked.book, open_source=asked.open_source,
            more=self._columns(), strict=asked.strict,
        ) as held:  # fmt: skip
            asked.progress("deciding by the new ruleset")
            outcomes = Outcomes(
                held, self.new, asked.as_of, asked.earlier, actions=self.actions, top=asked.top
            )
            outcomes.decide(self.new, NEW)
            asked.progress("deciding by the old ruleset")
            outcomes.decide(self.old, OLD)
            outcomes.keep_differing()
            causes = Causes(held, self.actions)
            apart, blamed = self._blame(outcomes, causes, edits)
            asked.progress("counting")
            return self._effect(held, causes, _Names(causes, blamed), apart)

    def _columns(self) -> dict[str, set[str]]:
        """Return the columns that either program, or one with some of the edits, may read."""
        found: dict[str, set[str]] = {ACCOUNTS: {"name"}}
        for program in self.whole:
            layout = layout_of(program)
            found[ACCOUNTS] |= set(layout.account)
            for name, columns in layout.tables:
                found[name] = found.get(name, set()) | {key for key, _ in columns}
        return found

    def _blame(
        self, outcomes: Outcomes, causes: Causes, edits: tuple[Edit, ...]
    ) -> tuple[Apart, list[Unit]]:
        """Find out for each change which units are enough for it, and which are needed."""
        apart, found = units(edits)
        blame = _Blame(outcomes, causes, {
            outcomes.decided(self.old): OLD, outcomes.decided(self.new): NEW,
        })  # fmt: skip
        if outcomes.decided(self.old) == outcomes.decided(self.new):
            found = ()
        blamed: list[Unit] = []
        for number, unit in enumerate(found):
            self.asked.progress(f"trying {unit.address}", number, len(found))
            if len(found) == 1:
                programs: list[Program | None] = [self.old, self.new]
            else:
                tried = (self.tried.without(unit), self.tried.alone(unit))
                programs = [None if each is None else self._lean(each) for each in tried]
            if blame.judge(len(blamed), programs[0], programs[1]):
                blamed.append(unit)
        causes.settle()
        return apart, blamed

    def _effect(self, held: HeldBook, causes: Causes, names: _Names, apart: Apart) -> Effect:
        asked = self.asked
        moves, reordered = causes.moves(), causes.reordered()
        changed, revenue = causes.changed()
        return Effect(
            book=asked.book.name,
            as_of=asked.as_of,
            currency=asked.book.currency,
            accounts=held.number,
            memory=self.memory,
            top=asked.top,
            changed=changed,
            changed_revenue=revenue,
            reordered=causes.only_reordered(),
            best=tuple((each.accounts, names.cause(each)) for each in reordered),
            classes=self._groups(causes, "class"),
            tiers=self._groups(causes, "tier"),
            class_moves=names.moves(moves, CLASS),
            tier_moves=names.moves(moves, TIER),
            actions=self._actions(causes, names, moves),
            listed=tuple(names.account(each) for each in causes.accounts(asked.show)),
            apart=apart,
            warnings=held.warnings,
        )

    def _groups(self, causes: Causes, what: str) -> tuple[Group, ...]:
        rows = causes.matrix(what)
        programs = (self.new, self.old)
        rules = [
            each for one in programs for each in (one.classes if what == "class" else one.tiers)
        ]
        order = sorted(
            {each.id: each.level for each in reversed(rules)}.items(), key=lambda e: -e[1]
        )
        found = []
        for name in [*(each for each, _ in order), None]:
            was = [row for row in rows if row[0] == name]
            now = [row for row in rows if row[1] == name]
            if was or now or name is not None:
                counts = sum(row[2] for row in was), sum(row[2] for row in now)
                found.append(Group(name, *counts, _sum(was), _sum(now)))
        return tuple(found)

    def _actions(
        self, causes: Causes, names: _Names, moves: list[Moved]
    ) -> tuple[ActionEffect, ...]:
        hours = [
            {each.id: each.effort_hours for each in one.actions} for one in (self.old, self.new)
        ]
        counts = causes.proposals()
        found = []
        for number, each in enumerate(self.actions):
            was, appears, vanishes = counts[each]
            mine = [one for one in moves if one.part == ACTIONS + number]
            found.append(
                ActionEffect(
                    each, was, appears, vanishes, was * hours[0].get(each, 0.0),
                    (was + appears - vanishes) * hours[1].get(each, 0.0),
                    tuple((one.becomes == "1", one.accounts, names.cause(one)) for one in mine),
                )
            )  # fmt: skip
        return tuple(found)


class _Blame:
    """Verdicts about units, from trials of programs; what decides the same is tried once."""

    def __init__(self, outcomes: Outcomes, causes: Causes, known: dict[int, str]) -> None:
        self.outcomes = outcomes
        self.causes = causes
        self.known = known

    def judge(self, number: int, without: Program | None, alone: Program | None) -> bool:
        """Note what a unit does under a number; return whether it has anything to do with what is decided."""
        return any(
            [self._one(number, without, done=False), self._one(number, alone, done=True)],
        )

    def _one(self, number: int, program: Program | None, *, done: bool) -> bool:
        if program is None:
            return True
        # the program that the trial starts from, and the one that would make the unit the whole cause
        start, end = (OLD, NEW) if done else (NEW, OLD)
        meaning = self.outcomes.decided(program)
        name = self.known.get(meaning)
        if name == start:
            return False
        if name == end:
            self.causes.judge_all(number, done=done)
            return True
        if name is None:
            name = self.known[meaning] = f"trial_{len(self.known)}"
            self.outcomes.decide(program, name, few=True)
        self.causes.judge(name, number, done=done)
        return True


class _Names:
    """What the numbers of parts and units stand for."""

    def __init__(self, causes: Causes, blamed: list[Unit]) -> None:
        self.causes = causes
        self.units = [each.address for each in blamed]

    def cause(self, moved: Moved) -> Cause:
        """Return the cause that a change's bits stand for."""
        enough, needed = self._told(moved.enough), self._told(moved.needed)
        return Cause(enough, needed, () if enough or needed else tuple(self.units))

    def _told(self, bits: int) -> tuple[str, ...]:
        return tuple(each for number, each in enumerate(self.units) if bits >> number & 1)

    def moves(self, moves: list[Moved], part: int) -> tuple[Move, ...]:
        """Return the moves of a part, the most accounts first."""
        found = [
            Move(each.was, each.becomes, each.accounts, each.revenue, self.cause(each))
            for each in moves
            if each.part == part
        ]
        return tuple(sorted(found, key=lambda each: -each.accounts))

    def account(self, one: Differing) -> ChangedAccount:
        """Return a changed account by names."""
        changes = tuple(self._change(each) for each in one.moves)
        return ChangedAccount(one.account_id, one.name, one.revenue, changes)

    def _change(self, moved: Moved) -> Change:
        cause = self.cause(moved)
        if moved.part >= ACTIONS:
            what = f"action.{self.causes.actions[moved.part - ACTIONS]}"
            return Change(what, _proposed(moved.was), _proposed(moved.becomes), cause)
        if moved.part == BEST:
            return Change("best", self._best(moved.was), self._best(moved.becomes), cause)
        what = "class" if moved.part == CLASS else "tier"
        return Change(what, moved.was, moved.becomes, cause)

    def _best(self, numbers: str | None) -> str | None:
        return ", ".join(self.causes.best_of(numbers)) or None


def _proposed(bit: str | None) -> str | None:
    return "proposed" if bit == "1" else None


def _sum(rows: Iterable[tuple[str | None, str | None, int, float | None]]) -> float | None:
    known = [row[3] for row in rows if row[3] is not None]
    return sum(known) if known else None

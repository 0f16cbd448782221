"""Sensitivity: each parameter and weight over its range, and whom of a book that places elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.diagnostics import RulesetError
from kamrules.engines.sql.held import HeldBook
from kamrules.engines.sql.trying import Shift, Trials
from kamrules.progress import silent
from kamrules.workbench.sensitivity.fragile import Fragile, fragile
from kamrules.workbench.sensitivity.tuned import Tuned, wanted, without_range
from kamrules.workbench.sensitivity.variants import Variants

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from kamrules.book import Book, OpenSource
    from kamrules.compiler import Program
    from kamrules.diagnostics import Diagnostic
    from kamrules.document import Ruleset
    from kamrules.memory import EarlierFiles
    from kamrules.progress import Progress

STEPS, NEAREST = 1, 10
HALVINGS = 12


@dataclass(frozen=True, slots=True)
class Step:
    """What one value does: so many accounts change class, so many tier, and the moves of those that do.

    `moves` leave out the accounts that stay where they are.
    """

    value: float
    classes: int
    tiers: int
    moves: tuple[Shift, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A value with which the ruleset does not compile, and why; `last` is how far on that side it does."""

    value: float
    why: Diagnostic
    last: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What a parameter or weight does over its range.

    `read` is false when nothing that places accounts depends on it. `steps` rise by value.
    """

    tuned: Tuned
    read: bool
    steps: tuple[Step, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def low(self) -> Step | None:
        """The lowest value tried; None when none below the one as written was."""
        below = [each for each in self.steps if each.value < self.tuned.value]
        return below[0] if below else None

    @property
    def high(self) -> Step | None:
        """The highest value tried; None when none above the one as written was."""
        above = [each for each in self.steps if each.value > self.tuned.value]
        return above[-1] if above else None

    @property
    def sides(self) -> tuple[bool, bool]:
        """Whether any account was seen to go elsewhere below the value as written, and above it."""
        moved = [each.value for each in self.steps if each.classes or each.tiers]
        value = self.tuned.value
        return any(each < value for each in moved), any(each > value for each in moved)

    @property
    def most(self) -> tuple[int, int]:
        """The most accounts that change class, and the most that change tier, at any value tried."""
        classes = max((each.classes for each in self.steps), default=0)
        return classes, max((each.tiers for each in self.steps), default=0)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How sensitive where a book's accounts stand is to a ruleset's numbers.

    `effects` come with the greatest first. `without_range` are parameters that nobody said how far to vary.
    `memory`: whether earlier decisions counted, so that paths and what is enough to stay did.
    """

    program: Program
    as_of: datetime.date
    accounts: int
    memory: bool
    effects: tuple[Effect, ...]
    without_range: tuple[str, ...]
    fragile: tuple[Fragile, ...]
    warnings: tuple[Diagnostic, ...] = ()


def sensitivity(  # noqa: PLR0913  one call, and all but four have defaults
    ruleset: Ruleset,
    book: Book,
    *,
    as_of: datetime.date,
    open_source: OpenSource,
    only: Iterable[str] = (),
    steps: int = STEPS,
    nearest: int = NEAREST,
    strict: bool = False,
    earlier: EarlierFiles | None = None,
    progress: Progress = silent,
) -> Sensitivity:
    """Return what every parameter with a range and every weight does over its range, on a book.

    Args:
        ruleset: with the settings that count as written.
        book: the tables.
        as_of: the date of the run.
        open_source: opens a table's rows, such as kamrules.plugins.Plugins.open_source.
        only: ids of the parameters to vary, and `criterion.<id>` for weights; all when empty.
        steps: so many values on each side of the one as written, up to the end of the range.
        nearest: look for so many accounts that are nearest a border; 0 for none.
        strict: stop at data of the book that cannot be used; else go on without.
        earlier: what an earlier run decided; None places every account directly.
        progress: is told each step.

    Raises:
        UsageError: a name in `only` is not to be varied (KR825, KR826).
        RulesetError: the ruleset does not compile as written.
        DataError: as decide_book does.
    """
    variants = Variants(ruleset, as_of, memory=earlier is not None)
    varied = wanted(variants.program, only)
    progress("reading the book")
    with HeldBook(variants.placement, book, open_source=open_source, strict=strict) as held:
        progress("deciding by the ruleset as written")
        trials = Trials(held, variants.placement, as_of, earlier)
        measured = _Measured(variants, trials)
        effects = []
        for number, each in enumerate(varied):
            progress(f"varying {each.id}", number, len(varied))
            effects.append(measured.effect(each, steps))
        near = fragile(effects, measured, nearest, progress) if nearest else ()
        return Sensitivity(
            program=variants.program,
            as_of=as_of,
            accounts=held.number,
            memory=earlier is not None,
            effects=tuple(sorted(effects, key=lambda each: [-one for one in each.most])),
            without_range=without_range(variants.program),
            fragile=tuple(near),
            warnings=held.warnings,
        )


class _Measured:
    """Variants tried on a book; what means the same is tried once."""

    def __init__(self, variants: Variants, trials: Trials) -> None:
        self.variants = variants
        self.trials = trials
        self.now = trials.meaning(variants.placement)
        self._known: dict[int, list[Shift]] = {self.now: []}

    def effect(self, tuned: Tuned, steps: int) -> Effect:
        """Return what is changed by so many values on each side."""
        if not self._is_read(tuned):
            return Effect(tuned, read=False)
        found, refused = [], []
        for value in tuned.steps(steps):
            try:
                program = self.variants.at(tuned, value)
            except RulesetError as error:
                if value in {tuned.low, tuned.high}:
                    refused.append(Refused(value, error.diagnostics[0], self._last(tuned, value)))
                continue
            found.append(self._step(value, program))
        for one in refused:
            if one.last != tuned.value and one.last not in {each.value for each in found}:
                found.append(self._step(one.last, self.variants.at(tuned, one.last)))
        found.sort(key=lambda each: each.value)
        return Effect(tuned, read=True, steps=tuple(found), refused=tuple(refused))

    def _is_read(self, tuned: Tuned) -> bool:
        """Whether any of it can place an account elsewhere: its ends mean something else."""
        for end in {tuned.low, tuned.high} - {tuned.value}:
            try:
                if self.trials.meaning(self.variants.at(tuned, end)) != self.now:
                    return True
            except RulesetError:
                return True
        return False

    def _last(self, tuned: Tuned, refused: float) -> float:
        """Return how far towards a value that does not compile the ruleset does, to a few thousandths."""
        good, bad = tuned.value, refused
        for _ in range(HALVINGS):
            middle = tuned.on_grid((good + bad) / 2)
            if middle in {good, bad}:
                break
            try:
                self.variants.at(tuned, middle)
            except RulesetError:
                bad = middle
            else:
                good = middle
        return good

    def _step(self, value: float, program: Program) -> Step:
        meaning = self.trials.meaning(program)
        if meaning not in self._known:
            self._known[meaning] = self.trials.shifts(program)
        shifts = self._known[meaning]
        moved = [
            each
            for each in shifts
            if each.class_was != each.class_is or each.tier_was != each.tier_is
        ]
        classes = sum(each.accounts for each in moved if each.class_was != each.class_is)
        tiers = sum(each.accounts for each in moved if each.tier_was != each.tier_is)
        return Step(value, classes, tiers, tuple(moved))

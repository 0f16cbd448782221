"""Program: what a ruleset means, ready for an engine: typed, ordered steps and no author's syntax.

A Program is immutable, hashable by its `digest`, picklable, and safe to share between threads. Steps refer to
each other by address (nodes.StepValue), and only to steps that stand earlier in `Program.order`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kamrules.compiler.validity import ALWAYS, Validity
from kamrules.expression.types import NOTHING_SAID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.written_signal import WrittenSignal
    from kamrules.diagnostics import Place
    from kamrules.expression.nodes import Aggregate, Node
    from kamrules.expression.plugged import PluginFunction
    from kamrules.expression.types import Changing, Interval, Table, Type


class Logic(StrEnum):
    """How a condition's members combine (Kleene throughout)."""

    EXPRESSION = "expression"
    ALL = "all"
    ANY = "any"
    AT_LEAST = "at_least"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as the author structured it; each member has its own address and its own tick.

    `expression` is set for Logic.EXPRESSION only, `members` for the others; `needed` for AT_LEAST:
    true if at least that many members are true, false if true and unknown ones together are fewer,
    else unknown. ALL of no members is true. `text` is the canonical text (one line).
    """

    address: str
    logic: Logic
    text: str
    members: tuple[Condition, ...] = ()
    needed: int = 0
    expression: Node | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A text with typed slots, in every language that the author gave (the ruleset's first one first).

    `texts[language]` is a tuple of literal pieces (str) and nodes whose values are shown as
    kamrules.show.show does; the type of a node that is a choice holds its labels in that language.
    """

    texts: Mapping[str, tuple[str | Node, ...]]

    def told(self, language: str) -> tuple[str, tuple[str | Node, ...]]:
        """Return the language in which the text is shown to who reads that one, and its pieces.

        A text that is not translated is shown in the ruleset's first language throughout.
        """
        if self.texts.get(language):
            return language, self.texts[language]
        return next(iter(self.texts.items()), (language, ()))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant that strategy owners tune; `value` as in nodes.Constant."""

    id: str
    type: Type
    value: float | str | bool
    low: float | None = None
    high: float | None = None
    about: str = ""
    title: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class AggregateStep:
    """An aggregate shared by all that mention it; address `aggregate.<number>`.

    Its `where` holds RowColumn of its own table, AccountColumn, Constant, AsOf and StepValue of
    earlier steps, never another Aggregate.
    """

    address: str
    aggregate: Aggregate


@dataclass(frozen=True, slots=True)
class BookStep:
    """A number that compares accounts, and `summed`, added up in its order; they read nothing decided.
    Yields `<address>.<function>` for parts.functions_of; cut-offs know it by its canonical `text`.
    """

    address: str
    item: Node
    text: str
    summed: Node | None = None


@dataclass(frozen=True, slots=True)
class FactStep:
    """A derived fact, `fact.<id>`, or one of a signal's two, `signal.<id>` and `signal.<id>.date`."""

    address: str
    id: str
    type: Type
    value: Node
    about: str = ""
    source: tuple[str, ...] = ()
    info_level: int = 1
    place: Place | None = None
    title: str = ""
    changing: Changing = NOTHING_SAID
    signal: WrittenSignal | None = None


@dataclass(frozen=True, slots=True)
class ScaleStep:
    """One line of a criterion's scale: `points` for values in the interval, or among the choices, or (both
    None) for every other known value.
    """

    points: float
    interval: Interval | None = None
    choices: tuple[str | bool, ...] | None = None


class WhenUnknown(StrEnum):
    """What a criterion whose value is unknown does to its score."""

    REDISTRIBUTE = "redistribute"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One weighted, scaled measure of a score; address `criterion.<id>`.

    Points of a known value: of the first scale step that holds it; or on the curve, (x, points) with
    rising x: flat outside, and between (x0, p0) and (x1, p1), the first stretch with x <= x1,
    `p0 + (p1 - p0) * ((x - x0) / (x1 - x0))` in doubles.
    A known value that no step holds has 0 points. Unknown value: REDISTRIBUTE leaves the criterion out
    of the score; POINTS gives `unknown_points`.
    `least` and `most` are the fewest and most points it can give.
    """

    address: str
    id: str
    title: str
    score: str
    weight: float
    value: Node
    scale: tuple[ScaleStep, ...]
    curve: tuple[tuple[float, float], ...]
    unknown: WhenUnknown
    unknown_points: float
    least: float
    most: float
    about: str = ""
    source: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A named stretch of a score."""

    id: str
    interval: Interval
    title: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A weighted mean of points, 0 to 100; address `score.<id>`.

    With the criteria in use (value known, or unknown as POINTS) in the order written:
    value = sum(weight * points) / sum(weight), unknown when the weights in use sum to 0.
    low (high) = the same over all criteria, each unknown one counted with its `least` (`most`) points,
    and never above (below) `value`; both unknown only when all weights sum to 0.
    The sums start at 0.0 and add in order. band = the first whose interval holds `value`, else unknown.
    """

    address: str
    id: str
    title: str
    criteria: tuple[Criterion, ...]
    bands: tuple[Band, ...]
    about: str = ""
    source: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """One named condition of an advancement: met (true), unmet (false) or unknown.

    `stay`: enough to keep what was reached (None: `when` itself). Addresses:
    `path.<path>.gate.<id>`, `tier.<tier>.gate.<id>`.
    """

    address: str
    id: str
    title: str
    when: Condition
    stay: Condition | None = None
    advice: Message | None = None
    about: str = ""
    source: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Class:
    """A place in the pyramid; `level` orders them from the bottom (1) up. `when` None: always true."""

    address: str
    id: str
    title: str
    level: int
    when: Condition | None
    stay: Condition | None = None
    about: str = ""
    source: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """A permitted move up from one class to another, with its gates (all must be met)."""

    address: str
    id: str
    title: str
    origin: str
    target: str
    gates: tuple[Gate, ...]
    about: str = ""
    source: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """A relationship type; tiers stand in `Program.tiers` by rising `level`."""

    address: str
    id: str
    title: str
    level: int
    gates: tuple[Gate, ...]
    about: str = ""
    source: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A place in the relationship cycle. `when` None: always true."""

    address: str
    id: str
    title: str
    when: Condition | None
    about: str = ""
    source: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Strategy:
    """What to do with accounts for which `when` is true; they share `time_share` of all selling time."""

    address: str
    id: str
    title: str
    when: Condition | None
    objective: Message
    time_share: float | None = None
    contact_every_days: int | None = None
    team: tuple[str, ...] = ()
    about: str = ""
    source: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """Someone who owns actions."""

    id: str
    title: str
    about: str = ""
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionRule:
    """A recommended next step; address `action.<id>`.

    Fires when `when` is true. Priority: its value clamped to 0..100 and rounded half up to 0.001
    (floor(x * 1000 + 0.5) / 1000 in doubles), 0 when unknown. `excluded_by` holds the ids of the
    actions that name this one in their `excludes`; the graph has no cycle.
    """

    address: str
    id: str
    title: Message
    when: Condition
    priority: Node
    owner: str
    due_days: int
    effort_hours: float
    cooldown_days: int
    because: Message
    excluded_by: tuple[str, ...] = ()
    about: str = ""
    source: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class GapRule:
    """A measured fact (an account column, or a derived fact that reads related tables) that matters.

    It is a gap of an account when its value, that of `step`, and at least one dependent is unknown.
    `dependents`: addresses of criteria and gates that read it, directly or through other facts.
    """

    fact: str
    info_level: int
    step: Node
    dependents: tuple[str, ...]


class Hit(StrEnum):
    """Whether exactly one rule must hold, or the first that holds wins."""

    UNIQUE = "unique"
    FIRST = "first"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Program:
    """A compiled ruleset. `order` lists the addresses of steps from first to last: `aggregate.<n>`,
    `book.<n>` (all together), those of facts, `score.<id>` (criteria included), `class`, `tier`, `phase`,
    `strategy`; gates stand with their class or tier, actions come last. `functions` are the plug-ins' that
    it calls, `digest` the SHA-256 (hex) of its meaning, parameters and those included. Titles and texts are
    in the first of `languages`, in the others in `translations`; a Message carries every language."""

    name: str
    version: str
    digest: str
    languages: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    tables: Mapping[str, Table]
    aggregates: tuple[AggregateStep, ...]
    facts: tuple[FactStep, ...]
    scores: tuple[Score, ...]
    classes: tuple[Class, ...]
    class_hit: Hit
    paths: tuple[Path, ...]
    tiers: tuple[Tier, ...]
    phases: tuple[Phase, ...]
    phase_hit: Hit
    strategies: tuple[Strategy, ...]
    strategy_hit: Hit
    roles: tuple[Role, ...]
    actions: tuple[ActionRule, ...]
    gaps: tuple[GapRule, ...]
    order: tuple[str, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    book_steps: tuple[BookStep, ...] = ()
    functions: tuple[PluginFunction, ...] = ()

    def __hash__(self) -> int:
        """Hash by the digest: equal programs have equal digests."""
        return hash(self.digest)

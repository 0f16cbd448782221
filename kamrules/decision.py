"""What comes out: the Decision of one account, and the output tables of a run.

Pydantic models, so a decision is JSON, has a JSON Schema (`Decision.model_json_schema()`), and reads
back (`Decision.model_validate_json`).
"""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

CLASS = AliasChoices("class", "class_")
"""`class` in JSON; Python keeps that word for itself."""

Value = bool | int | float | str | datetime.date | None
"""A fact's value as shown outside: money, share, score and number are floats, integer and days ints
(days a float when not whole), None is unknown."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class GateState(StrEnum):
    """What is known of a gate."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"


class Move(StrEnum):
    """How class (or tier) came about.

    placed: no earlier one was known. stayed: as before. up, down: moved. held: as before although
    another class (a lower one, or one whose path is not open) would be right without memory.
    """

    PLACED = "placed"
    STAYED = "stayed"
    UP = "up"
    DOWN = "down"
    HELD = "held"


class Status(StrEnum):
    """Whether an action whose condition is true is proposed now."""

    PROPOSED = "proposed"
    COOLDOWN = "cooldown"
    EXCLUDED = "excluded"


class CriterionResult(_Part):
    """One criterion: value read, points (None: left out), weight as typed, and the share of the score
    that it carries for this account (0..1, 0 when left out)."""

    id: str
    title: str
    value: Value
    points: float | None
    weight: float
    weight_in_use: float
    source: tuple[str, ...] = ()


class ScoreResult(_Part):
    """A score, 0 to 100: its value (None: unknown), what unknown facts leave open, and its band."""

    id: str
    title: str
    value: float | None
    low: float | None
    high: float | None
    band: str | None
    criteria: tuple[CriterionResult, ...]


class GateResult(_Part):
    """A gate of a path or tier with its state; `advice` is filled when it is not met."""

    address: str
    id: str
    title: str
    state: GateState
    advice: str | None = None
    source: tuple[str, ...] = ()


class Change(_Part):
    """Another value of one measured fact: an account column, an aggregate, or a priced derived fact.

    `fact` is its id, or the text of an aggregate that has none; `cost` is what the ruleset prices the change
    at (Changing in kamrules.expression.types).
    """

    fact: str
    title: str
    before: Value
    after: Value
    before_shown: str
    after_shown: str
    cost: float


class Way(_Part):
    """Changes that together bring another decision about, none of them superfluous, with what they cost.

    The engine has decided the account with them, and the wanted outcome came out. `at_least`: no changes that
    do cost less than this; it equals `cost` (to a thousandth) where the way is proved to be the cheapest.
    """

    changes: tuple[Change, ...]
    cost: float
    at_least: float


class Advancement(_Part):
    """The next class or tier up and what is missing for it: its gates, met ones included.

    For a class also `conditions`: members of the target class's `when` that are not true. `ways` are the
    cheapest changes that would bring it about at the next run; only kamrules.workbench.nearest finds them.
    """

    to: str
    title: str
    gates: tuple[GateResult, ...]
    conditions: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The gates that are unmet or unknown, each as `<path or tier>.<gate>`."""
        unmet = (each.address.split(".") for each in self.gates if each.state is not GateState.MET)
        return tuple(f"{parts[1]}.{parts[3]}" for parts in unmet)


class Action(_Part):
    """A recommended next step. `rank` counts proposed actions from 1; held-back ones have none.

    `free_on` is the date a cooldown ends; `excluded_by` the actions that take this one's place.
    """

    id: str
    title: str
    status: Status
    rank: int | None
    priority: float
    owner: str
    due_on: datetime.date
    effort_hours: float
    reason: str
    free_on: datetime.date | None = None
    excluded_by: tuple[str, ...] = ()
    source: tuple[str, ...] = ()


class Gap(_Part):
    """An unknown fact that would matter, and the information level at which it is found (1..4).

    What knowing it is worth only kamrules.workbench.nearest works out: `may_change` names what could come out
    differently (class, tier, phase, strategy), and `narrows` is the share (0..1) of all that the scores leave
    open which knowing it closes, on average over the values at which rules turn.
    """

    fact: str
    info_level: int
    matters_to: tuple[str, ...]
    may_change: tuple[str, ...] = ()
    narrows: float | None = None


class NearestMiss(_Part):
    """For an account without a proposed action: the action closest to firing, and what it lacks."""

    action: str
    missing: tuple[str, ...]


class Decision(_Part):
    """Everything decided about one account, with reasons.

    `actions` are the best of the `proposed` ones, as many as were asked for.
    """

    account_id: str
    name: str | None = None
    as_of: datetime.date
    ruleset: str
    version: str
    digest: str
    class_: str | None = Field(validation_alias=CLASS, serialization_alias="class")
    class_before: str | None = None
    class_move: Move | None = None
    tier: str | None
    tier_before: str | None = None
    tier_move: Move | None = None
    phase: str | None
    strategy: str | None
    objective: str | None = None
    scores: tuple[ScoreResult, ...]
    next_class: Advancement | None = None
    next_tier: Advancement | None = None
    actions: tuple[Action, ...]
    proposed: int = 0
    held_back: tuple[Action, ...] = ()
    nearest_miss: NearestMiss | None = None
    gaps: tuple[Gap, ...] = ()
    gates: dict[str, GateState] = Field(default_factory=dict)
    facts: dict[str, Value] = Field(default_factory=dict)
    faults: tuple[str, ...] = ()


class Earlier(_Part):
    """What was decided before about one account: input of hysteresis, one-step moves and cooldowns.

    `proposed` gives for each action the date on which it was last newly proposed.
    """

    class_: str | None = Field(default=None, validation_alias=CLASS, serialization_alias="class")
    tier: str | None = None
    proposed: dict[str, datetime.date] = Field(default_factory=dict)


class Origin(_Part):
    """Where a table's rows come from: the source as its book names it, and each row's number in it.

    Rows count from 1 in the source's order, without a header and without what could not be read as a row.
    `source` is None for facts given in process; rows then count as they were given.
    """

    source: str | None
    rows: tuple[int, ...]


class Read(_Part):
    """A name that an expression reads, with its value and where that stands.

    `address` is that of the fact, score, parameter or column (`table.accounts.column.country`), of an
    aggregate the table or column it takes; `place` the file and line of a rule or parameter. For columns and
    aggregates: `table`, its `source`, and `at`, the rows that were read (see Origin): of an aggregate those
    that count. `rows` of `of` rows count; `given_by` is the row whose value a first, last, min or max is.
    A signal reads the rows that came about, named as it is written, and then those beside rows it is about,
    named `<signal>: <rows>`: their number is the value, and their latest days are shown.
    """

    name: str
    value: Value
    shown: str
    rows: int | None = None
    of: int | None = None
    address: str | None = None
    place: str | None = None
    table: str | None = None
    source: str | None = None
    at: tuple[int, ...] = ()
    given_by: int | None = None


class Proof(_Part):
    """One part of the proof of a decision: what was asked, what came out, and what it rests on.

    `kind`: account, score, criterion, class, path, tier, gate, phase, strategy, action, rule (a class, phase
    or strategy with what makes it so), stay (what is enough to keep what was reached), condition or fact.
    `state`: true, false or unknown for what holds or not, else None. `text` is what the author wrote, in
    canonical form; `place` its file and line; `source` the clauses it encodes.
    """

    kind: str
    address: str
    title: str
    state: str | None = None
    shown: str | None = None
    text: str | None = None
    reads: tuple[Read, ...] = ()
    place: str | None = None
    source: tuple[str, ...] = ()
    children: tuple[Proof, ...] = ()


class Explanation(_Part):
    """A decision with its proof: `root` for what was decided, `facts` for each derived fact once."""

    decision: Decision
    root: Proof
    facts: dict[str, Proof]

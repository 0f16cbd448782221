"""What the tables and keys of a ruleset are: the shape, the allowed words and the ranges of values.

The descriptions are for authors: editors show them. Names here are the author's words; `class`, `from`,
`in` and `not` carry an underscore in Python.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from kamrules.document.cases import PersonaModel, TestModel  # noqa: TC001  pydantic reads the annotations at run time
from kamrules.document.changeable import Changeable
from kamrules.document.conditions import ConditionModel
from kamrules.document.fields import (
    Bound,
    Days,
    HitWord,
    Hours,
    Id,
    InfoLevel,
    KindWord,
    Languages,
    Level,
    Number,
    Points,
    Priority,
    Rhythm,
    Share,
    StepIn,
    Text,
    Texts,
    UnknownPoints,
    Value,
    Weight,
    Written,
    refuse,
)
from kamrules.document.rule import About, Rule, Source, Title
from kamrules.document.signals import SignalModel  # noqa: TC001  as above
from kamrules.document.values import choice_slips, parameter_slips

Conditions = Annotated[
    ConditionModel,
    Field(
        description='An expression such as "revenue_12m >= key_revenue", a list of conditions that must '
        "all hold, or { any = [...] }, { at_least = 2, of = [...] }, { not = ... }, nested as needed"
    ),
]


class Header(Written):
    """What the ruleset is called, what it extends, and how its tables of rules are read."""

    noun: ClassVar[str] = "`ruleset`"
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)] = Field(
        description="The name by which the ruleset is found and reported"
    )
    version: Text = Field(description="The version that decisions name, in quotes")
    extends: Texts = Field(
        default_factory=list, description="Rulesets whose rules this one takes over and changes"
    )
    languages: Languages = Field(
        default_factory=lambda: ["en"],
        description="Languages of the texts; the first is the one the rules are written in",
    )
    about: About = ""
    hit: HitWord = Field(
        default="unique",
        description="unique: exactly one class must hold; first: the first one that holds wins",
    )
    vocabulary: bool = Field(
        default=False,
        description="true: it decides nothing by itself; other rulesets extend it and use what they need",
    )
    phase_hit: HitWord = Field(default="first", description="The same, for phases")
    strategy_hit: HitWord = Field(default="first", description="The same, for strategies")


class ParameterModel(Written):
    """A named constant that strategy owners tune."""

    noun: ClassVar[str] = "a parameter"
    title: Title | None = None
    type: KindWord = Field(description="What sort of value it is")
    value: Value = Field(description="The value, unless a run sets another one")
    low: Bound | None = Field(default=None, description="The least value it may be tuned to")
    high: Bound | None = Field(default=None, description="The greatest value it may be tuned to")
    choices: Texts = Field(default_factory=list, description="What may be chosen")
    about: About = ""

    @model_validator(mode="after")
    def _value_fits(self) -> Self:
        refuse(parameter_slips(self.type, self.value, self.low, self.high, self.choices))
        return self


class ColumnModel(Changeable):
    """A column of a table: a fact that a book can hold."""

    noun: ClassVar[str] = "a column"
    title: Title | None = None
    type: KindWord = Field(description="What sort of value it holds")
    choices: Texts = Field(default_factory=list, description="What may be chosen")
    about: About = ""
    info_level: InfoLevel = Field(
        default=1,
        description="How hard it is to find out: 1 public and free, up to 4 from the customer's top",
    )
    unit: Text | None = Field(default=None, description="What one of it is: hours, visits, seats")

    @model_validator(mode="after")
    def _keys_fit(self) -> Self:
        refuse([*choice_slips(self.type, self.choices), *self._changing_slips(self.type)])
        return self


class TableModel(Written):
    """A table of the book: `accounts`, or a related table with many rows an account."""

    noun: ClassVar[str] = "a table of the book"
    title: Title | None = None
    about: About = ""
    order: Text | None = Field(
        default=None, description="The date column by which `first` and `last` order the rows"
    )
    column: dict[Id, ColumnModel] = Field(default_factory=dict, description="Its columns")


class FactModel(Changeable):
    """A value about an account that an expression derives."""

    noun: ClassVar[str] = "a fact"
    title: Title | None = None
    type: KindWord = Field(description="What sort of value it is")
    value: Text = Field(
        description='The expression that yields it, such as "sum(orders[date > as_of - 365d].amount)"'
    )
    choices: Texts = Field(default_factory=list, description="What may be chosen")
    about: About = ""
    source: Source = Field(default_factory=list)
    info_level: InfoLevel | None = Field(
        default=None,
        description="How hard it is to find out: 1 public and free, up to 4 from the customer's top",
    )
    unit: Text | None = Field(default=None, description="What one of it is: hours, visits, seats")

    @model_validator(mode="after")
    def _keys_fit(self) -> Self:
        refuse([*choice_slips(self.type, self.choices), *self._changing_slips(self.type)])
        return self


class ScoreModel(Written):
    """A measure from 0 to 100, made of weighted criteria."""

    noun: ClassVar[str] = "a score"
    title: Title | None = None
    about: About = ""
    band: dict[Id, Text] = Field(
        default_factory=dict, description='Named stretches of the score, such as "[40..70)"'
    )
    source: Source = Field(default_factory=list)


class ScaleModel(Written):
    """One line of a criterion's scale."""

    noun: ClassVar[str] = "a line of a scale"
    in_: StepIn | None = Field(
        default=None,
        alias="in",
        description='An interval such as "[10..20)", or a list of choices; without it, every other value',
    )
    points: Points = Field(description="Points for these values, 0 to 100, or a parameter's name")


class CriterionModel(Rule):
    """One weighted measure of a score."""

    noun: ClassVar[str] = "a criterion"
    score: Text = Field(description="The score it counts for")
    weight: Weight = Field(
        description="How much it counts beside the others, or a parameter's name"
    )
    value: Text = Field(
        description='The expression that is measured, such as "margin_12m / revenue_12m"'
    )
    scale: list[ScaleModel] = Field(
        default_factory=list, description="Points by interval or by choice"
    )
    curve: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] = Field(
        default_factory=list,
        description="Points along a line: [[value, points], ...], values rising",
    )
    unknown: UnknownPoints = Field(
        default="redistribute",
        description="What an unknown value does: redistribute its weight, count as zero, or give points",
    )


class ClassModel(Rule):
    """A place in the pyramid of customers."""

    noun: ClassVar[str] = "a class"
    level: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="Where it stands, 1 at the bottom; without it, the paths tell"
    )
    when: Conditions | None = None
    stay: Conditions | None = Field(
        default=None, description="What is enough to remain in it: a condition, as `when` has"
    )


class GateModel(Rule):
    """One condition of an advancement."""

    noun: ClassVar[str] = "a gate"
    when: Conditions
    stay: Conditions | None = Field(
        default=None, description="What is enough to keep it: a condition, as `when` has"
    )
    advice: Text | None = Field(default=None, description="What to do when it is not met")


class PathModel(Rule):
    """A permitted move from one class up to another."""

    noun: ClassVar[str] = "a path"
    from_: Text = Field(alias="from", description="The class it leads from")
    to: Text = Field(description="The class it leads to")
    gate: dict[Id, GateModel] = Field(default_factory=dict, description="What must be met")


class TierModel(Rule):
    """A relationship type."""

    noun: ClassVar[str] = "a tier"
    level: Level = Field(description="Where it stands, 1 at the bottom")
    gate: dict[Id, GateModel] = Field(default_factory=dict, description="What must be met")


class PhaseModel(Rule):
    """A place in the relationship cycle."""

    noun: ClassVar[str] = "a phase"
    when: Conditions | None = None


class StrategyModel(Rule):
    """What to do with a group of accounts."""

    noun: ClassVar[str] = "a strategy"
    when: Conditions | None = None
    objective: Text | None = Field(default=None, description="What is to be reached")
    time_share: Share | None = Field(
        default=None, description="The share of all selling time meant for these accounts together"
    )
    contact_every_days: Rhythm | None = Field(
        default=None, description="The contact rhythm, in days"
    )
    team: Texts = Field(
        default_factory=list, description="The roles that look after these accounts"
    )


class RoleModel(Written):
    """Someone who owns actions."""

    noun: ClassVar[str] = "a role"
    title: Title | None = None
    about: About = ""
    source: Source = Field(default_factory=list)


class ActionModel(Rule):
    """A recommended next step."""

    noun: ClassVar[str] = "an action"
    title: Text = Field(description="What is to be done; may hold {placeholders}")
    when: Conditions
    priority: Priority = Field(
        description='How urgent it is, 0 to 100: a number or an expression such as "50 + 0.4 * growth"'
    )
    owner: Text = Field(description="The role that does it")
    due_days: Days = Field(description="Days until it is due")
    effort_hours: Hours = Field(default=0.0, description="Hours it takes")
    cooldown_days: Days = Field(default=0, description="Days before it is proposed again")
    because: Text = Field(description="The reason people read; may hold {placeholders}")
    excludes: Texts = Field(
        default_factory=list, description="Actions that this one takes the place of"
    )


class SourceModel(Written):
    """A clause that rules come from."""

    noun: ClassVar[str] = "a clause"
    title: Text = Field(description="The clause's title")


Translations = Annotated[
    dict[str, dict[str, Text]],
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": ["string", "object"]},
            },
        }
    ),
]


class RulesetModel(Written):
    """A ruleset: classes, tiers, scores, gates and actions for key accounts."""

    noun: ClassVar[str] = "a ruleset"
    ruleset: Header = Field(description="What the ruleset is called and what it extends")
    parameter: dict[Id, ParameterModel] = Field(
        default_factory=dict, description="Constants to tune"
    )
    table: dict[Id, TableModel] = Field(default_factory=dict, description="Tables of the book")
    fact: dict[Id, FactModel] = Field(default_factory=dict, description="Derived facts")
    score: dict[Id, ScoreModel] = Field(default_factory=dict, description="Scores from 0 to 100")
    criterion: dict[Id, CriterionModel] = Field(
        default_factory=dict, description="Weighted measures of the scores"
    )
    class_: dict[Id, ClassModel] = Field(
        default_factory=dict, alias="class", description="The classes of the pyramid"
    )
    path: dict[Id, PathModel] = Field(default_factory=dict, description="Moves between classes")
    tier: dict[Id, TierModel] = Field(default_factory=dict, description="Relationship types")
    phase: dict[Id, PhaseModel] = Field(default_factory=dict, description="The relationship cycle")
    strategy: dict[Id, StrategyModel] = Field(
        default_factory=dict, description="What to do with accounts of a class"
    )
    role: dict[Id, RoleModel] = Field(default_factory=dict, description="Who owns actions")
    action: dict[Id, ActionModel] = Field(
        default_factory=dict, description="Recommended next steps"
    )
    source: dict[str, SourceModel] = Field(
        default_factory=dict, description="Titles of the clauses, by their number in quotes"
    )
    message: Translations = Field(
        default_factory=dict, description="Translations of texts, by language and address"
    )
    signal: dict[Id, SignalModel] = Field(
        default_factory=dict,
        description="Patterns over dated rows: one after another, or without it",
    )
    persona: dict[Id, PersonaModel] = Field(
        default_factory=dict, description="Named example accounts"
    )
    test: dict[Id, TestModel] = Field(
        default_factory=dict, description="What must come out for a given account"
    )


Section = Literal[
    "parameter", "table", "fact", "score", "criterion", "class", "path", "tier", "phase",
    "strategy", "role", "action", "source", "message", "signal", "persona", "test",
]  # fmt: skip

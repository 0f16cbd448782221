"""The output tables as selects over what was decided (docs/semantics.md, kamrules.tables)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.decision import Status
from kamrules.engines.sql.actions import (
    day_column,
    has_cooldown,
    matters_to,
)
from kamrules.engines.sql.enumerations import Enumerations
from kamrules.engines.sql.misses import miss_lacks, miss_number
from kamrules.engines.sql.showing import date_of, told
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    by_number,
    call,
    cast,
    column,
    double,
    is_true,
    joined,
    listed,
    named,
    negation,
    null,
    text,
    when,
    whole,
)
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.show import EPOCH, LAST
from kamrules.tables import gate_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.compiler.program import Gate, Program
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values
    from kamrules.expression.nodes import Node

CORE = "core"
KEY, PLACE, KEPT, NUMBER = "key", "place", "kept", "number"
OF_UNNESTED = {KEY, PLACE, KEPT, NUMBER}


@dataclass(frozen=True, slots=True)
class Output:
    """One output table: its columns, and the list that gives it many rows an account, if one does."""

    columns: tuple[tuple[str, Sql], ...]
    unnested: tuple[tuple[str, Sql], ...] = ()
    number: Sql | None = None

    def reads(self) -> set[str]:
        """Return the columns of the core that it reads."""
        trees = [*(tree for _, tree in self.columns), *(tree for _, tree in self.unnested)]
        return {each.name for tree in trees for each in tree.find_all(exp.Column)} - OF_UNNESTED

    def select(self) -> exp.Select:
        """Return the table as a select over the core."""
        items = [named(tree.copy(), name) for name, tree in self.columns]
        source: exp.Expression = exp.to_table(CORE, quoted=True)
        if self.number is not None:
            inner = exp.Select(
                expressions=[
                    *(column(name) for name in sorted(self.reads())),
                    *(named(tree.copy(), name) for name, tree in self.unnested),
                ]
            ).from_(source, copy=False)
            numbered = exp.Select(
                expressions=[exp.Star(), named(self.number.copy(), NUMBER)]
            ).from_(inner.subquery("u", copy=False), copy=False)
            source = numbered.subquery("n", copy=False)
        return exp.Select(expressions=items).from_(source, copy=False)


class Outputs:
    """Writes the five output tables of a program."""

    def __init__(
        self, values: Values, program: Program, as_of: datetime.date, language: str, *, memory: bool
    ) -> None:
        self.values = values
        self.program = program
        self.as_of = as_of
        self.language = language
        self.memory = memory
        self.enumerations = Enumerations()

    def all(self) -> dict[str, Output]:
        """Return the tables by name, in their order."""
        return {
            "decisions": self.decisions(),
            "actions": self.actions(),
            "scores": self.scores(),
            "gates": self.gates(),
            "gaps": self.gaps(),
        }

    def _step(self, address: str) -> Sql:
        return self.values.places["step", address].copy()

    def decisions(self) -> Output:
        """One row an account: where it stands and what comes first."""
        program = self.program
        columns: list[tuple[str, Sql]] = [(ACCOUNT_ID, column(ACCOUNT_ID))]
        if "name" in program.tables[ACCOUNTS].columns:
            found = self.values.places.get(("account", "name"))
            columns.append(("name", null("varchar") if found is None else found.copy()))
        columns.append(("as_of", cast(text(self.as_of.isoformat()), "date")))
        for what in ("class", "tier"):
            columns += [
                (f"{what}{part}", self._step(f"{what}{part}")) for part in ("", "_before", "_move")
            ]
        columns += [(each, self._step(each)) for each in ("phase", "strategy")]
        columns += [*self._next_class(), *self._next_tier()]
        columns += [(each.id, self._step(each.address)) for each in program.scores]
        best = call("list_extract", column("chosen"), whole(1))
        actions = [each.id for each in program.actions]
        columns += [
            ("actions", column("proposed")),
            ("top_action", self.enumerations.at(_number(best, max(len(actions), 1)), actions)),
            ("nearest_miss", self.enumerations.at(miss_number(program), actions)),
            ("nearest_miss_lacks", miss_lacks(self.values, program, self.enumerations)),
            ("fault", self._step("fault")),
        ]
        return Output(tuple(columns))

    def _word(self, address: str, words: Sequence[str]) -> Sql:
        """Return a step's text, one of a few words."""
        found = self._step(address)
        if not isinstance(found, exp.Column) or not words:
            return null("varchar")
        return self.values.stack.keep(self.enumerations.among(found, [str(each) for each in words]))

    @staticmethod
    def _at(number: Sql, items: list[Sql], kind: str = "varchar") -> Sql:
        """Return the item of a list that a number, counted from 0, points to."""
        if not items:
            return null(kind)
        return call("list_extract", listed(items, kind), binary(exp.Add, number, whole(1)))

    def _missing(self, gates: Iterable[Gate]) -> Sql:
        return joined(
            [
                when(
                    [(is_true(self.values.places["gate", each.address].copy()), null("varchar"))],
                    text(gate_column(each.address)),
                )
                for each in gates
            ],
            ", ",
        )

    def _next_class(self) -> list[tuple[str, Sql]]:
        targets, missing, seen = [], [], set()
        for path in self.program.paths:
            if path.origin not in seen:
                seen.add(path.origin)
                here = binary(exp.EQ, self._step("class"), text(path.origin))
                targets.append((here, path.target))
                missing.append((here.copy(), self._missing(path.gates)))
        nothing = null("varchar")
        return [
            ("next_class", self.enumerations.when(targets)),
            ("next_class_missing", when(missing, nothing)),
        ]

    def _next_tier(self) -> list[tuple[str, Sql]]:
        tiers, number = self.program.tiers, self._step("tier_number")
        missing = [
            (place, self._missing([gate for each in tiers[: place + 1] for gate in each.gates]))
            for place in range(len(tiers))
        ]
        return [
            ("next_tier", self.enumerations.at(number, [each.id for each in tiers])),
            ("next_tier_missing", by_number(number.copy(), missing, "varchar")),
        ]

    def scores(self) -> Output:
        """One row an account: every score with its bounds, band and points."""
        columns: list[tuple[str, Sql]] = [(ACCOUNT_ID, column(ACCOUNT_ID))]
        for score in self.program.scores:
            for name, part in (("", ""), ("_low", ".low"), ("_high", ".high"), ("_band", ".band")):
                found = self._step(f"{score.address}{part}")
                if part == ".band":
                    found = self._word(f"{score.address}.band", [each.id for each in score.bands])
                columns.append((f"{score.id}{name}", found))
            columns += [
                (f"{score.id}.{each.id}", self._step(each.address)) for each in score.criteria
            ]
        return Output(tuple(columns))

    def gates(self) -> Output:
        """One row an account: the state of every gate."""
        columns: list[tuple[str, Sql]] = [(ACCOUNT_ID, column(ACCOUNT_ID))]
        owners = (
            [each.gates for each in rules] for rules in (self.program.paths, self.program.tiers)
        )
        for gate in (gate for rules in owners for gates in rules for gate in gates):
            state = self.values.places["gate", gate.address]
            met = [(state.copy(), "met"), (negation(state.copy()), "unmet")]
            columns.append((gate_column(gate.address), self.enumerations.when(met, "unknown")))
        return Output(tuple(columns))

    def gaps(self) -> Output:
        """Many rows an account: unknown facts that would matter."""
        rules = self.program.gaps
        number = column(NUMBER)
        matters = [(place, matters_to(self.values, each)) for place, each in enumerate(rules)]
        columns: list[tuple[str, Sql]] = [
            (ACCOUNT_ID, column(ACCOUNT_ID)),
            ("fact", self.enumerations.at(number, [each.fact for each in rules])),
            ("info_level", self._at(number.copy(), [whole(each.info_level) for each in rules], "bigint")),
            ("matters_to", by_number(number.copy(), matters, "varchar")),
        ]  # fmt: skip
        counted = binary(exp.Sub, whole(len(rules) - 1), column(KEY))
        return Output(tuple(columns), ((KEY, call("unnest", column("gaps"))),), counted)

    def actions(self) -> Output:
        """Many rows an account: the proposed actions kept, then those held back."""
        return _ActionTable(self).output()


def _number(key: Sql, count: int) -> Sql:
    return binary(exp.Sub, whole(count - 1), binary(exp.Mod, key, whole(count)))


class _ActionTable:
    """Writes the table of actions."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.values = outputs.values
        self.actions = outputs.program.actions
        self.number = {each.id: index for index, each in enumerate(self.actions)}

    def output(self) -> Output:
        """Return the table."""
        held = binary(exp.GT, column(PLACE), column(KEPT))
        milli = exp.IntDiv(this=column(KEY), expression=whole(max(len(self.actions), 1)))
        columns: list[tuple[str, Sql]] = [
            (ACCOUNT_ID, column(ACCOUNT_ID)),
            ("rank", when([(held, null("bigint"))], column(PLACE))),
            ("action", self._words([each.id for each in self.actions])),
            ("title", self._messages("title")),
            ("status", self._status(held.copy())),
            ("priority", binary(exp.Div, cast(exp.Paren(this=milli), "double"), double(1000.0))),
            ("owner", self._words([each.owner for each in self.actions])),
            ("due_on", self._listed([self._due(each.due_days) for each in self.actions], "date")),
            ("effort_hours", self._listed([double(each.effort_hours) for each in self.actions], "double")),
            ("reason", self._messages("because")),
            ("free_on", when([(held.copy(), self._free_on())], null("date"))),
            ("excluded_by", when([(held.copy(), self._excluded_by())], null("varchar"))),
            ("source", self._words([", ".join(each.source) or None for each in self.actions])),
        ]  # fmt: skip
        nothing = cast(exp.Array(expressions=[]), "bigint[]")
        lists = [call("coalesce", column(each), nothing.copy()) for each in ("chosen", "held")]
        both = call("list_concat", *lists)
        unnested = (
            (KEY, call("unnest", both)),
            (PLACE, cast(call("generate_subscripts", both.copy(), whole(1)), "bigint")),
            (KEPT, call("coalesce", call("len", column("chosen")), whole(0))),
        )
        return Output(tuple(columns), unnested, _number(column(KEY), max(len(self.actions), 1)))

    def _listed(self, items: list[Sql], kind: str = "varchar") -> Sql:
        return self.outputs._at(column(NUMBER), items, kind)  # noqa: SLF001  one writer in two parts

    def _words(self, items: list[str] | list[str | None]) -> Sql:
        return self.outputs.enumerations.at(column(NUMBER), items)

    def _messages(self, part: str) -> Sql:
        """Return the title or the reason: written out once if nothing in it depends on the account."""
        made = [
            told(getattr(each, part), self.outputs.language, self._slot) for each in self.actions
        ]
        otherwise = [text(each.id if part == "title" else "") for each in self.actions]
        found = [
            one if one is not None else other for one, other in zip(made, otherwise, strict=True)
        ]
        if all(isinstance(each, exp.Literal) for each in found):
            return self._words([each.name for each in found])
        return by_number(column(NUMBER), list(enumerate(found)), "varchar")

    def _slot(self, node: Node) -> Sql:
        return self.values.stack.keep(self.values.value(node))

    def _due(self, days: int) -> Sql:
        last = datetime.date.max.toordinal()
        due = datetime.date.fromordinal(min(self.outputs.as_of.toordinal() + days, last))
        return cast(text(due.isoformat()), "date")

    def _cooled(self) -> list[int]:
        if not self.outputs.memory:
            return []
        return [index for index, each in enumerate(self.actions) if has_cooldown(each)]

    def _excludable(self) -> list[int]:
        return [index for index, each in enumerate(self.actions) if each.excluded_by]

    def _excluded(self, index: int) -> Sql:
        return negation(column(f"live{index}"))

    def _status(self, held: Sql) -> Sql:
        excluded = [
            all_of([binary(exp.EQ, column(NUMBER), whole(index)), self._excluded(index)])
            for index in self._excludable()
        ]
        return self.outputs.enumerations.when(
            [(negation(held), Status.PROPOSED.value), (any_of(excluded), Status.EXCLUDED.value)],
            Status.COOLDOWN.value,
        )

    def _free_on(self) -> Sql:
        branches = []
        for index in self._cooled():
            action = self.actions[index]
            day = binary(exp.Add, column(day_column(index)), whole(action.cooldown_days))
            tests = [binary(exp.LTE, day, whole(LAST - EPOCH))]
            if action.excluded_by:
                tests.append(negation(self._excluded(index)))
            branches.append((index, when([(all_of(tests), date_of(day.copy()))], null("date"))))
        return by_number(column(NUMBER), branches, "date")

    def _excluded_by(self) -> Sql:
        branches = []
        for index in self._excludable():
            names = [
                when([(column(f"live{self.number[one]}"), text(one))], null("varchar"))
                for one in self.actions[index].excluded_by
            ]
            told = when([(self._excluded(index), joined(names, ", "))], null("varchar"))
            branches.append((index, told))
        return by_number(column(NUMBER), branches, "varchar")

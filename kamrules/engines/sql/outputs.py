"""The output tables as selects over what was decided (docs/semantics.md, kamrules.tables)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.decision import Move
from kamrules.engines.sql.action_table import ActionTable, number_of
from kamrules.engines.sql.actions import matters_to
from kamrules.engines.sql.enumerations import Enumerations
from kamrules.engines.sql.misses import miss_lacks, miss_number
from kamrules.engines.sql.output import KEY, NUMBER, Output
from kamrules.engines.sql.tree import (
    at,
    binary,
    by_number,
    call,
    cast,
    column,
    is_true,
    joined,
    negation,
    null,
    text,
    when,
    whole,
)
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.tables import gate_column

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence

    from kamrules.compiler.program import Gate, Program
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values


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
        columns += [(name, self._word(name, words)) for name, words in self._places().items()]
        columns += [*self._next_class(), *self._next_tier()]
        columns += [(each.id, self._step(each.address)) for each in program.scores]
        best = call("list_extract", column("chosen"), whole(1))
        actions = [each.id for each in program.actions]
        columns += [
            ("actions", column("proposed")),
            ("top_action", self.enumerations.at(number_of(best, max(len(actions), 1)), actions)),
            ("nearest_miss", self.enumerations.at(miss_number(program), actions)),
            ("nearest_miss_lacks", miss_lacks(self.values, program, self.enumerations)),
            ("fault", self._step("fault")),
        ]
        return Output(tuple(columns))

    def _places(self) -> dict[str, list[str]]:
        """Return the steps that say where an account stands, with the words that each may be."""
        program, moves = self.program, [each.value for each in Move]
        classes, tiers = ([each.id for each in some] for some in (program.classes, program.tiers))
        return {
            "class": classes,
            "class_before": classes,
            "class_move": moves,
            "tier": tiers,
            "tier_before": tiers,
            "tier_move": moves,
            "phase": [each.id for each in program.phases],
            "strategy": [each.id for each in program.strategies],
        }

    def _word(self, address: str, words: Sequence[str]) -> Sql:
        """Return a step's text, one of a few words, as a member of their enumeration.

        In the core and in what is written that takes a third of the time of texts.
        """
        found = self._step(address)
        word = null("varchar")
        if isinstance(found, exp.Column) and words:
            word = self.values.stack.keep(self.enumerations.among(found, words))
        self.values.places["word", address] = word
        return word.copy()

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
        first = {path.origin: path for path in reversed(self.program.paths)}
        here = [
            (binary(exp.EQ, self._step("class"), text(origin)), whole(place))
            for place, origin in enumerate(first)
        ]
        # a number in the core, so that no text has to be
        number = self.values.stack.keep(when(here, null("integer"))) if here else null("integer")
        missing = [(place, self._missing(path.gates)) for place, path in enumerate(first.values())]
        return [
            ("next_class", self.enumerations.at(number, [path.target for path in first.values()])),
            ("next_class_missing", by_number(number.copy(), missing, "varchar")),
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
            ("info_level", at(number.copy(), [whole(each.info_level) for each in rules], "bigint")),
            ("matters_to", by_number(number.copy(), matters, "varchar")),
        ]  # fmt: skip
        counted = binary(exp.Sub, whole(len(rules) - 1), column(KEY))
        unnested = ((KEY, call("unnest", column("gaps"))),)
        return Output(tuple(columns), (unnested, ((NUMBER, counted),)))

    def actions(self) -> Output:
        """Many rows an account: the proposed actions kept, then those held back."""
        return ActionTable(self).output()

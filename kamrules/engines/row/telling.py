"""Telling: a compact decision written out as a Decision, with titles, reasons, advice and gaps."""

from __future__ import annotations

import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from kamrules.decision import (
    Action,
    Advancement,
    CriterionResult,
    Gap,
    GateResult,
    GateState,
    Move,
    NearestMiss,
    ScoreResult,
    Status,
)
from kamrules.engines.row.account import STATES, Account, Names, outside
from kamrules.engines.row.actions import members
from kamrules.engines.row.making import made
from kamrules.engines.row.placement import UNKNOWN
from kamrules.engines.row.untold import untold
from kamrules.expression.types import Kind
from kamrules.show import EPOCH, LAST
from kamrules.words import word

if TYPE_CHECKING:
    from kamrules.compiler.program import ActionRule, Condition, Gate, Program, Tier
    from kamrules.decision import Decision, Earlier, Value
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.compact import Compact
    from kamrules.engines.row.prepare import Prepared

MOVES: dict[str | None, Move | None] = {None: None, **{each.value: each for each in Move}}


class Telling:
    """Writes out the decisions of one set of rules in force."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.program = program
        self.language = program.languages[0]
        self.ruleset = {
            "ruleset": program.name,
            "version": program.version,
            "digest": program.digest,
        }
        self.names = Names(program, layout)
        self.classes = {each.id: each for each in program.classes}
        self.tiers = {each.id: number for number, each in enumerate(program.tiers)}
        self.objectives = {each.id: each.objective for each in program.strategies}
        self.paths = {each.origin: each for each in reversed(program.paths)}
        self.facts = [each.id for each in program.facts]
        self.numbers = [
            (each.id, each.type, OWN.get(each.type.kind, float))
            for each in program.facts
            if each.type.kind not in PLAIN
        ]
        self.scores = [
            (score, [(each, OWN.get(each.value.type.kind, float)) for each in score.criteria])
            for score in program.scores
        ]
        self.met = {
            gate.address: _result(gate, GateState.MET, None)
            for owners in (program.paths, program.tiers)
            for each in owners
            for gate in each.gates
        }
        criteria = [each.address for score in program.scores for each in score.criteria]
        places = {address: (False, index) for index, address in enumerate(criteria)}
        places |= {address: (True, index) for address, index in self.names.gates.items()}
        self.gaps = [
            (
                rule,
                self.names.getter(rule.step),
                [(each, *places[each]) for each in rule.dependents if each in places],
            )
            for rule in program.gaps
        ]

    def before(self, earlier: Earlier | None) -> tuple[str | None, str | None]:
        """Return the class and tier before, None where the rules in force do not have them."""
        if earlier is None:
            return (None, None)
        return (
            earlier.class_ if earlier.class_ in self.classes else None,
            earlier.tier if earlier.tier in self.tiers else None,
        )

    def account(
        self,
        prepared: Prepared,
        compact: Compact,
        as_of: datetime.date,
        earlier: Earlier | None = None,
    ) -> Account:
        """Return the account with the values of all its names, to be told of in the program's language."""
        before = self.before(earlier)
        return Account(self.names, prepared, compact, as_of, before, self.language)

    def decision(
        self,
        prepared: Prepared,
        compact: Compact,
        as_of: datetime.date,
        earlier: Earlier | None = None,
        top: int | None = None,
    ) -> Decision:
        """Return the decision; its parts are put into words when they are asked for."""
        before = self.before(earlier)
        one = Account(self.names, prepared, compact, as_of, before, self.language)
        return untold(
            {
                **self.ruleset,
                "account_id": prepared.account_id,
                "name": prepared.name,
                "as_of": as_of,
                "class_": compact.class_,
                "class_before": before[0],
                "class_move": MOVES[compact.class_move],
                "tier": compact.tier,
                "tier_before": before[1],
                "tier_move": MOVES[compact.tier_move],
                "phase": compact.phase,
                "strategy": compact.strategy,
                "proposed": len(compact.chosen),
            },
            partial(self._part, one, top),
        )

    def _part(self, one: Account, top: int | None, name: str) -> Any:  # noqa: ANN401, C901  one case a part
        """Return what the field of that name of a decision holds."""
        compact = one.compact
        found: Any
        match name:
            case "objective":
                found = self._objective(one)
            case "scores":
                found = self._scores(compact)
            case "next_class":
                found = self._next_class(one)
            case "next_tier":
                found = self._next_tier(one)
            case "actions":
                found = self.proposed(one, top)
            case "held_back":
                found = self.held_back(one)
            case "nearest_miss":
                found = self._nearest_miss(one)
            case "gaps":
                found = self._gaps(one)
            case "gates":
                found = self._gates(compact)
            case "facts":
                found = self._facts(compact)
            case "faults":
                found = self.faults(compact)
            case _:
                raise AttributeError(name)
        return found

    def _objective(self, one: Account) -> str | None:
        strategy = one.compact.strategy
        return one.text(self.objectives.get(strategy)) if strategy else None

    def _gates(self, compact: Compact) -> dict[str, GateState]:
        return {
            address: STATES[state]
            for address, state in zip(self.names.gates, compact.gates, strict=True)
        }

    def faults(self, compact: Compact) -> tuple[str, ...]:
        """Return what the decision shows to be wrong with the ruleset, in words."""
        language = self.language
        if compact.fault is None:
            return ()
        if not compact.fault:
            return (word("no class holds", language),)
        names = ", ".join(compact.fault)
        return (word("several classes hold: {classes}", language, classes=names),)

    # scores

    def _scores(self, compact: Compact) -> tuple[ScoreResult, ...]:
        found = []
        start = 0
        for (score, rules), (value, low, high, band) in zip(
            self.scores, compact.scores, strict=True
        ):
            end = start + len(rules)
            points = compact.points[start:end]
            used = 0.0
            for (each, _), given in zip(rules, points, strict=True):
                if given is not None:
                    used += each.weight
            criteria = tuple([
                made(
                    CriterionResult,
                    id=each.id,
                    title=each.title,
                    value=read if type(read) is own else outside(read, each.value.type),
                    points=given,
                    weight=each.weight,
                    weight_in_use=each.weight / used if used and given is not None else 0.0,
                    source=each.source,
                )
                for (each, own), given, read in zip(
                    rules, points, compact.read[start:end], strict=True
                )
            ])  # fmt: skip
            found.append(
                made(
                    ScoreResult,
                    id=score.id,
                    title=score.title,
                    value=value,
                    low=low,
                    high=high,
                    band=band,
                    criteria=criteria,
                )
            )
            start = end
        return tuple(found)

    # what is next

    def _gate(self, one: Account, gate: Gate) -> GateResult:
        state = one.state(gate)
        if state is GateState.MET:
            return self.met[gate.address]
        return _result(gate, state, one.text(gate.advice))

    def _next_class(self, one: Account) -> Advancement | None:
        """Return the first path up from the class, with its gates."""
        path = self.paths.get(one.compact.class_) if one.compact.class_ else None
        if path is None:
            return None
        target = self.classes[path.target]
        gates = tuple([self._gate(one, each) for each in path.gates])
        lacking = _lacking(one, target.when) if target.when is not None else ()
        return made(
            Advancement, to=target.id, title=target.title, gates=gates, conditions=lacking, ways=()
        )

    def _next_tier(self, one: Account) -> Advancement | None:
        """Return the tier above, with unmet gates of lower tiers and all its own."""
        tiers = self.program.tiers
        tier = one.compact.tier
        number = self.tiers[tier] + 1 if tier in self.tiers else 0
        if number >= len(tiers):
            return None
        found: Tier = tiers[number]
        missing = [
            gate
            for each in tiers[:number]
            for gate in each.gates
            if one.state(gate) is not GateState.MET
        ]
        gates = tuple([self._gate(one, each) for each in (*missing, *found.gates)])
        return made(
            Advancement, to=found.id, title=found.title, gates=gates, conditions=(), ways=()
        )

    # actions

    def proposed(self, one: Account, top: int | None = None) -> tuple[Action, ...]:
        """Return the proposed actions by rank, all or as many as are asked for."""
        chosen = enumerate(one.compact.chosen[:top], start=1)
        return tuple([self._action(one, key, Status.PROPOSED, rank) for rank, key in chosen])

    def held_back(self, one: Account) -> tuple[Action, ...]:
        """Return the actions that fire and are in cooldown, or excluded by others."""
        return tuple([self._held_back(one, key, why) for key, why in one.compact.held])

    def _rule(self, key: int) -> ActionRule:
        actions = self.program.actions
        return actions[len(actions) - 1 - key % len(actions)]

    def _held_back(self, one: Account, key: int, why: int) -> Action:
        """Return an action that fires and is not proposed; `why` as in Compact.held."""
        rule = self._rule(key)
        if why:
            free = _date(why + rule.cooldown_days)
            return self._action(one, key, Status.COOLDOWN, None, free_on=free)
        live = {self._rule(key).id for key in one.compact.chosen}
        live |= {self._rule(key).id for key, why in one.compact.held if why}
        takers = tuple([each for each in rule.excluded_by if each in live])
        return self._action(one, key, Status.EXCLUDED, None, excluded_by=takers)

    def _action(  # noqa: PLR0913  what an action says beside its rule
        self,
        one: Account,
        key: int,
        status: Status,
        rank: int | None,
        *,
        free_on: datetime.date | None = None,
        excluded_by: tuple[str, ...] = (),
    ) -> Action:
        rule = self._rule(key)
        return made(
            Action,
            id=rule.id,
            title=one.text(rule.title) or rule.id,
            status=status,
            rank=rank,
            priority=key // len(self.program.actions) / 1000,
            owner=rule.owner,
            due_on=_date(one.as_of.toordinal() - EPOCH + rule.due_days) or datetime.date.max,
            effort_hours=rule.effort_hours,
            reason=one.text(rule.because) or "",
            free_on=free_on,
            excluded_by=excluded_by,
            source=rule.source,
        )

    def _nearest_miss(self, one: Account) -> NearestMiss | None:
        """Return the action closest to firing, when none fires."""
        if one.compact.miss is None:
            return None
        rule = self.program.actions[one.compact.miss]
        return made(NearestMiss, action=rule.id, missing=_lacking(one, rule.when))

    # gaps and facts

    def _gaps(self, one: Account) -> tuple[Gap, ...]:
        """Return the unknown facts that matter: those with an unknown criterion or gate that reads them."""
        read, gates = one.compact.read, one.compact.gates
        found = []
        for rule, value, dependents in self.gaps:
            if value(one) is not None:
                continue
            matters_to = tuple([
                address
                for address, gate, index in dependents
                if (gates[index] == UNKNOWN if gate else read[index] is None)
            ])  # fmt: skip
            if matters_to:
                found.append(
                    made(
                        Gap,
                        fact=rule.fact,
                        info_level=rule.info_level,
                        matters_to=matters_to,
                        may_change=(),
                        narrows=None,
                    )
                )
        return tuple(found)

    def _facts(self, compact: Compact) -> dict[str, Value]:
        """Return the derived facts as the outside sees them."""
        found: dict[str, Value] = dict(zip(self.facts, compact.facts, strict=True))
        for name, kind, own in self.numbers:
            value = found[name]
            if value is not None and type(value) is not own:
                found[name] = outside(value, kind)
        return found


PLAIN = {Kind.TEXT, Kind.CHOICE, Kind.BOOL}
OWN = {Kind.INTEGER: int, Kind.DAYS: int, Kind.DATE: datetime.date}
"""Numbers that are of these types, or else floats, are as the outside sees them already."""


def _result(gate: Gate, state: GateState, advice: str | None) -> GateResult:
    return made(
        GateResult,
        address=gate.address,
        id=gate.id,
        title=gate.title,
        state=state,
        advice=advice,
        source=gate.source,
    )


def _lacking(one: Account, condition: Condition) -> tuple[str, ...]:
    """Return the texts of the members that are not true."""
    from kamrules.engines.row.walking import truth  # noqa: PLC0415  only what is not met is walked

    return tuple([each.text for each in members(condition) if truth(each, one) is not True])


def _date(days: int) -> datetime.date | None:
    return datetime.date.fromordinal(days + EPOCH) if days + EPOCH <= LAST else None

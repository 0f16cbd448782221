"""Telling: a compact decision written out as a Decision, with titles, reasons, advice and gaps."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from kamrules.decision import (
    Action,
    Advancement,
    CriterionResult,
    Decision,
    Gap,
    GateResult,
    GateState,
    Move,
    NearestMiss,
    ScoreResult,
    Status,
)
from kamrules.engines.row.actions import members
from kamrules.engines.row.placement import MET, UNKNOWN, UNMET
from kamrules.engines.row.prepare import EPOCH
from kamrules.expression.nodes import AccountColumn, Constant, StepValue
from kamrules.expression.types import Kind
from kamrules.show import LAST, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import ActionRule, Condition, Gate, Message, Program
    from kamrules.decision import Earlier, Value
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.compact import Compact
    from kamrules.engines.row.prepare import Prepared
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Type

STATES = {MET: GateState.MET, UNMET: GateState.UNMET, UNKNOWN: GateState.UNKNOWN}


class Telling:
    """Writes out the decisions of one set of rules in force."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.program = program
        self.columns = layout.account
        self.classes = {each.id for each in program.classes}
        self.tiers = {each.id for each in program.tiers}
        self.gates = [
            gate
            for owner in (program.paths, program.tiers)
            for each in owner
            for gate in each.gates
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
        language: str | None = None,
    ) -> Account:
        """Return the account with the values of all its names."""
        words = language or self.program.languages[0]
        return Account(self, prepared, compact, as_of, self.before(earlier), words)

    def decision(  # noqa: PLR0913, PLR0917  what one decision depends on
        self,
        prepared: Prepared,
        compact: Compact,
        as_of: datetime.date,
        earlier: Earlier | None = None,
        top: int | None = None,
        language: str | None = None,
    ) -> Decision:
        """Return the decision in words."""
        program = self.program
        one = self.account(prepared, compact, as_of, earlier, language)
        before = one.before
        strategy = next((each for each in program.strategies if each.id == compact.strategy), None)
        actions = [one.proposed(key, rank) for rank, key in enumerate(compact.chosen, start=1)]
        return Decision(
            account_id=prepared.account_id,
            name=prepared.name,
            as_of=as_of,
            ruleset=program.name,
            version=program.version,
            digest=program.digest,
            class_=compact.class_,
            class_before=before[0],
            class_move=Move(compact.class_move) if compact.class_move else None,
            tier=compact.tier,
            tier_before=before[1],
            tier_move=Move(compact.tier_move) if compact.tier_move else None,
            phase=compact.phase,
            strategy=compact.strategy,
            objective=one.text(strategy.objective) if strategy else None,
            scores=tuple(one.scores()),
            next_class=one.next_class(),
            next_tier=one.next_tier(),
            actions=tuple(actions[:top]),
            proposed=len(actions),
            held_back=tuple(one.held_back(key, why) for key, why in compact.held),
            nearest_miss=one.nearest_miss(),
            gaps=tuple(one.gaps()),
            gates={gate.address: one.state(gate) for gate in self.gates},
            facts=one.facts(),
            faults=() if compact.fault is None else (_fault(compact.fault),),
        )


def _fault(classes: tuple[str, ...]) -> str:
    return f"several classes hold: {', '.join(classes)}" if classes else "no class holds"


class Account:
    """One account's decision on its way into words."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        telling: Telling,
        prepared: Prepared,
        compact: Compact,
        as_of: datetime.date,
        before: tuple[str | None, str | None],
        language: str,
    ) -> None:
        self.program = telling.program
        self.prepared = prepared
        self.compact = compact
        self.as_of = as_of
        self.before = before
        self.language = language
        self.account = dict(zip(telling.columns, prepared.account, strict=True))
        self.states = dict(
            zip([each.address for each in telling.gates], compact.gates, strict=True)
        )
        self.steps = dict(self._steps())

    def _steps(self) -> Iterator[tuple[str, Any]]:
        """Yield the value of every step by its address."""
        compact, program = self.compact, self.program
        yield from zip([each.address for each in program.facts], compact.facts, strict=True)
        yield from zip(
            [each.address for each in program.aggregates], compact.aggregates, strict=True
        )
        for score, values in zip(program.scores, compact.scores, strict=True):
            for part, value in zip(("", ".low", ".high", ".band"), values, strict=True):
                yield score.address + part, value
        criteria = [each.address for score in program.scores for each in score.criteria]
        yield from zip(criteria, compact.points, strict=True)
        yield "class", compact.class_
        yield "tier", compact.tier
        yield (
            "tier.level",
            next((each.level for each in program.tiers if each.id == compact.tier), None),
        )
        yield from zip(("class_before", "tier_before"), self.before, strict=True)
        yield "phase", compact.phase
        yield "strategy", compact.strategy

    def value(self, node: Node) -> Any:  # noqa: ANN401  a value of any type
        """Return the value of a name."""
        match node:
            case Constant(value=value):
                return value
            case AccountColumn(name=name):
                return self.account.get(name)
            case StepValue(address=address):
                return self.steps.get(address)
            case _:
                return float(self.as_of.toordinal() - EPOCH)

    def text(self, message: Message | None) -> str | None:
        """Return a message with its slots filled, in the wanted language or else the first."""
        if message is None or not message.texts:
            return None
        pieces = message.texts.get(self.language) or next(iter(message.texts.values()))
        return "".join(
            each if isinstance(each, str) else show(self.value(each), each.type, self.language)
            for each in pieces
        )

    def state(self, gate: Gate) -> GateState:
        """Return what is known of a gate."""
        return STATES[self.states[gate.address]]

    # scores

    def scores(self) -> Iterator[ScoreResult]:
        """Yield the scores with their criteria."""
        start = 0
        for score, (value, low, high, band) in zip(
            self.program.scores, self.compact.scores, strict=True
        ):
            count = len(score.criteria)
            points = self.compact.points[start : start + count]
            read = self.compact.read[start : start + count]
            start += count
            used = sum(
                each.weight
                for each, given in zip(score.criteria, points, strict=True)
                if given is not None
            )
            criteria = tuple(
                CriterionResult(
                    id=each.id,
                    title=each.title,
                    value=outside(found, each.value.type),
                    points=given,
                    weight=each.weight,
                    weight_in_use=each.weight / used if used and given is not None else 0.0,
                    source=each.source,
                )
                for each, given, found in zip(score.criteria, points, read, strict=True)
            )
            yield ScoreResult(
                id=score.id,
                title=score.title,
                value=value,
                low=low,
                high=high,
                band=band,
                criteria=criteria,
            )

    # what is next

    def _result(self, gate: Gate) -> GateResult:
        state = self.state(gate)
        advice = None if state is GateState.MET else self.text(gate.advice)
        return GateResult(
            address=gate.address,
            id=gate.id,
            title=gate.title,
            state=state,
            advice=advice,
            source=gate.source,
        )

    def next_class(self) -> Advancement | None:
        """Return the first path up from the class, with its gates."""
        path = next(
            (each for each in self.program.paths if each.origin == self.compact.class_), None
        )
        if path is None or self.compact.class_ is None:
            return None
        target = next(each for each in self.program.classes if each.id == path.target)
        gates = tuple(self._result(each) for each in path.gates)
        lacking = self.lacking(target.when) if target.when is not None else ()
        return Advancement(to=target.id, title=target.title, gates=gates, conditions=lacking)

    def next_tier(self) -> Advancement | None:
        """Return the tier above, with unmet gates of lower tiers and all its own."""
        tiers = self.program.tiers
        ids = [each.id for each in tiers]
        number = ids.index(self.compact.tier) + 1 if self.compact.tier in ids else 0
        if number >= len(tiers):
            return None
        below = [gate for each in tiers[:number] for gate in each.gates]
        missing = [gate for gate in below if self.state(gate) is not GateState.MET]
        gates = tuple(self._result(each) for each in (*missing, *tiers[number].gates))
        return Advancement(to=tiers[number].id, title=tiers[number].title, gates=gates)

    def lacking(self, condition: Condition) -> tuple[str, ...]:
        """Return the texts of the members that are not true."""
        from kamrules.engines.row.walking import truth  # noqa: PLC0415  only what is not met is walked

        return tuple(each.text for each in members(condition) if truth(each, self) is not True)

    # actions

    def proposed(self, key: int, rank: int) -> Action:
        """Return a proposed action."""
        return self._action(key, Status.PROPOSED, rank)

    def held_back(self, key: int, why: int) -> Action:
        """Return an action that fires and is not proposed; `why` as in Compact.held."""
        if not why:
            rule = self._rule(key)
            return self._action(key, Status.EXCLUDED, None, excluded_by=self._live(rule))
        free = self._date(why + self._rule(key).cooldown_days)
        return self._action(key, Status.COOLDOWN, None, free_on=free)

    def _live(self, rule: ActionRule) -> tuple[str, ...]:
        live = [self._rule(key).id for key in self.compact.chosen]
        live += [self._rule(key).id for key, why in self.compact.held if why]
        return tuple(each for each in rule.excluded_by if each in live)

    def _rule(self, key: int) -> ActionRule:
        actions = self.program.actions
        return actions[len(actions) - 1 - key % len(actions)]

    @staticmethod
    def _date(days: int) -> datetime.date | None:
        return datetime.date.fromordinal(days + EPOCH) if days + EPOCH <= LAST else None

    def _action(
        self,
        key: int,
        status: Status,
        rank: int | None,
        *,
        free_on: datetime.date | None = None,
        excluded_by: tuple[str, ...] = (),
    ) -> Action:
        rule = self._rule(key)
        due = self._date(self.as_of.toordinal() - EPOCH + rule.due_days)
        return Action(
            id=rule.id,
            title=self.text(rule.title) or rule.id,
            status=status,
            rank=rank,
            priority=key // len(self.program.actions) / 1000,
            owner=rule.owner,
            due_on=due or datetime.date.max,
            effort_hours=rule.effort_hours,
            reason=self.text(rule.because) or "",
            free_on=free_on,
            excluded_by=excluded_by,
            source=rule.source,
        )

    def nearest_miss(self) -> NearestMiss | None:
        """Return the action closest to firing, when none fires."""
        if self.compact.miss is None:
            return None
        rule = self.program.actions[self.compact.miss]
        return NearestMiss(action=rule.id, missing=self.lacking(rule.when))

    # gaps and facts

    def gaps(self) -> Iterator[Gap]:
        """Yield the unknown facts that matter."""
        unknown = self._unknown_dependents()
        for rule, open_ in zip(self.program.gaps, self.compact.gaps, strict=True):
            if open_:
                matters = tuple(each for each in rule.dependents if each in unknown)
                yield Gap(fact=rule.fact, info_level=rule.info_level, matters_to=matters)

    def _unknown_dependents(self) -> set[str]:
        criteria = [each.address for score in self.program.scores for each in score.criteria]
        found = {
            each for each, read in zip(criteria, self.compact.read, strict=True) if read is None
        }
        return found | {address for address, state in self.states.items() if state == UNKNOWN}

    def facts(self) -> dict[str, Value]:
        """Return the derived facts as the outside sees them."""
        return {
            each.id: outside(value, each.type)
            for each, value in zip(self.program.facts, self.compact.facts, strict=True)
        }


def outside(value: Any, kind: Type) -> Value:  # noqa: ANN401  a value as engines hold it
    """Return a value as JSON and callers see it: dates as dates, whole counts as ints."""
    if value is None or isinstance(value, str | bool):
        return value
    if kind.kind is Kind.DATE:
        ordinal = int(value // 1) + EPOCH
        return datetime.date.fromordinal(ordinal) if 1 <= ordinal <= LAST else None
    if kind.kind in {Kind.INTEGER, Kind.DAYS} and value == int(value):
        return int(value)
    return float(value)

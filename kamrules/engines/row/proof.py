"""The proof of a decision: every part of it down to the facts, found by walking the trees slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.decision import Explanation, Move, Proof
from kamrules.engines.row.reading import Reading, place_of
from kamrules.engines.row.walking import truth
from kamrules.expression.nodes import StepValue
from kamrules.expression.types import SCORE, SHARE
from kamrules.show import show
from kamrules.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kamrules.compiler.program import (
        ActionRule,
        Class,
        Condition,
        Criterion,
        Gate,
        Path,
        Phase,
        Program,
        Score,
        Strategy,
        Tier,
    )
    from kamrules.decision import Decision, Origin
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.account import Account

STATES = {True: "true", False: "false", None: "unknown"}


def prove(
    program: Program,
    layout: Layout,
    account: Account,
    decision: Decision,
    origins: Mapping[str, Origin] | None = None,
) -> Explanation:
    """Return the decision with its proof; `origins` say by table where the account's rows come from."""
    reading = Reading(program, layout, account, origins or {})
    return _Prover(program, reading, account, decision).explanation()


class _Prover:
    """Writes the proof of one account's decision."""

    def __init__(
        self, program: Program, reading: Reading, account: Account, decision: Decision
    ) -> None:
        self.program = program
        self.reading = reading
        self.account = account
        self.decision = decision
        self.language = account.language

    def explanation(self) -> Explanation:
        """Return the whole proof."""
        decision = self.decision
        children = (
            *(self._score(each) for each in self.program.scores),
            self._class(),
            self._tier(),
            *self._placements(),
            *(self._action(each) for each in self.program.actions),
        )
        root = Proof(
            kind="account",
            address="",
            title=decision.name or decision.account_id,
            children=children,
        )
        facts = {
            each.id: Proof(
                kind="fact",
                address=each.address,
                title=each.title or each.about or each.id,
                shown=self.reading.shown(StepValue(each.address, each.type)),
                text=self.reading.text_of(each),
                reads=self.reading.of_fact(each),
                place=place_of(each.place),
                source=each.source,
            )
            for each in self.program.facts
        }
        return Explanation(decision=decision, root=root, facts=facts)

    def _word(self, english: str, **values: object) -> str:
        return word(english, self.language, **values)

    # conditions and rules

    def _condition(self, condition: Condition) -> Proof:
        expression = condition.expression
        return Proof(
            kind="condition",
            address=condition.address,
            title=condition.text,
            state=STATES[truth(condition, self.account)],
            text=condition.text,
            reads=self.reading.of(expression) if expression is not None else (),
            place=place_of(condition.place),
            children=tuple(self._condition(each) for each in condition.members),
        )

    def _score(self, score: Score) -> Proof:
        result = next(each for each in self.decision.scores if each.id == score.id)
        parts = zip(score.criteria, result.criteria, strict=True)
        children = tuple(
            self._criterion(each, given.points, given.weight_in_use) for each, given in parts
        )
        shown = self.reading.shown(StepValue(score.address, SCORE))
        if result.low is not None and result.high is not None and result.low != result.high:
            low, high = (show(each, SCORE, self.language) for each in (result.low, result.high))
            shown = self._word("{shown} ({low} to {high})", shown=shown, low=low, high=high)
        if result.band:
            shown = f"{shown} {next(each.title for each in score.bands if each.id == result.band)}"
        return Proof(
            kind="score", address=score.address, title=score.title, shown=shown,
            place=place_of(score.place), source=score.source, children=children,
        )  # fmt: skip

    def _criterion(self, criterion: Criterion, points: float | None, weight: float) -> Proof:
        given = self._word("left out")
        if points is not None:
            given = self._word("{points} points", points=show(points, SCORE))
        return Proof(
            kind="criterion",
            address=criterion.address,
            title=criterion.title,
            shown=self._word("{given} x {weight}", given=given, weight=show(weight, SHARE)),
            text=self.reading.text(criterion.value),
            reads=self.reading.of(criterion.value),
            place=place_of(criterion.place),
            source=criterion.source,
        )

    def _gate(self, gate: Gate, *, reached: bool = False) -> Proof:
        """Return the proof of a gate; of one that was `reached` before also what is enough to stay."""
        state = STATES[truth(gate.when, self.account)]
        return Proof(
            kind="gate",
            address=gate.address,
            title=gate.title,
            state=state,
            shown=None if state == "true" else self.account.text(gate.advice),
            text=gate.when.text,
            place=place_of(gate.place),
            source=gate.source,
            children=(self._condition(gate.when), *self._stay(gate.stay if reached else None)),
        )

    def _stay(self, stay: Condition | None) -> Iterator[Proof]:
        """Yield the proof of what is enough to keep what was reached, if that is said."""
        if stay is None:
            return
        yield Proof(
            kind="stay",
            address=stay.address,
            title=self._word("enough to stay"),
            state=STATES[truth(stay, self.account)],
            text=stay.text,
            place=place_of(stay.place),
            children=(self._condition(stay),),
        )

    def _class(self) -> Proof:
        decision = self.decision
        # a move up came by a path from the class before, and the next step goes by one from this class
        origins = {decision.class_}
        if decision.class_move is Move.UP:
            origins.add(decision.class_before)
        children = (
            *(self._rule(each, each.stay) for each in self.program.classes),
            *(self._path(each) for each in self.program.paths if each.origin in origins),
        )
        shown = decision.class_ or self._word("unknown")
        if decision.faults:
            shown = f"{shown}: {decision.faults[0]}"
        return Proof(
            kind="class",
            address="class",
            title=self._word("Class"),
            shown=shown,
            children=children,
        )

    def _rule(self, rule: Class | Phase | Strategy, stay: Condition | None = None) -> Proof:
        """Return the proof of a rule that places; `stay` counts only where the account was placed before."""
        before = self.decision.class_before if stay is not None else None
        kept = stay if rule.id == before else None
        when = () if rule.when is None else (self._condition(rule.when),)
        return Proof(
            kind="rule",
            address=rule.address,
            title=rule.title,
            state=STATES[truth(rule.when, self.account)] if rule.when else STATES[True],
            text=rule.when.text if rule.when else self._word("whatever is left"),
            place=place_of(rule.place),
            source=rule.source,
            children=(*when, *self._stay(kept)),
        )

    def _path(self, path: Path) -> Proof:
        return Proof(
            kind="path",
            address=path.address,
            title=path.title,
            shown=f"{path.origin} -> {path.target}",
            place=place_of(path.place),
            source=path.source,
            children=tuple(self._gate(each) for each in path.gates),
        )

    def _tier(self) -> Proof:
        levels = {each.id: each.level for each in self.program.tiers}
        before = levels.get(self.decision.tier_before or "", 0)
        return Proof(
            kind="tier",
            address="tier",
            title=self._word("Tier"),
            shown=self.decision.tier or self._word("none"),
            children=tuple(
                self._one_tier(each, reached=each.level <= before) for each in self.program.tiers
            ),
        )

    def _one_tier(self, tier: Tier, *, reached: bool) -> Proof:
        return Proof(
            kind="tier",
            address=tier.address,
            title=tier.title,
            place=place_of(tier.place),
            source=tier.source,
            children=tuple(self._gate(gate, reached=reached) for gate in tier.gates),
        )

    def _placements(self) -> Iterator[Proof]:
        rules: tuple[Phase | Strategy, ...]
        for kind, title, chosen, rules in (
            ("phase", self._word("Phase"), self.decision.phase, self.program.phases),
            ("strategy", self._word("Strategy"), self.decision.strategy, self.program.strategies),
        ):
            rule = next((each for each in rules if each.id == chosen), None)
            yield Proof(
                kind=kind,
                address=kind,
                title=title,
                shown=self._word("none") if rule is None else rule.title,
                children=tuple(self._rule(each) for each in rules),
            )

    def _action(self, action: ActionRule) -> Proof:
        return Proof(
            kind="action",
            address=action.address,
            title=self.account.text(action.title) or action.id,
            state=STATES[truth(action.when, self.account)],
            shown=self.account.text(action.because),
            text=self.reading.text(action.priority),
            reads=self.reading.of(action.priority),
            place=place_of(action.place),
            source=action.source,
            children=(self._condition(action.when),),
        )

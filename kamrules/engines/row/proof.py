"""The proof of a decision: every part of it down to the facts, found by walking the trees slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.compiler.as_written import as_written, compared
from kamrules.decision import Explanation, Proof, Read
from kamrules.engines.row.account import outside
from kamrules.engines.row.walking import truth, value
from kamrules.expression import canonical
from kamrules.expression.nodes import (
    AccountColumn,
    Constant,
    RowColumn,
    StepValue,
)
from kamrules.expression.text import name_of
from kamrules.expression.types import SCORE, SHARE
from kamrules.expression.walk import below
from kamrules.show import show
from kamrules.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.compiler.program import (
        ActionRule,
        AggregateStep,
        Condition,
        Criterion,
        Gate,
        Program,
        Score,
    )
    from kamrules.decision import Decision
    from kamrules.diagnostics import Place
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.account import Account
    from kamrules.expression.nodes import Node

STATES = {True: "true", False: "false", None: "unknown"}


def prove(program: Program, layout: Layout, account: Account, decision: Decision) -> Explanation:
    """Return the decision with its proof."""
    return _Prover(program, layout, account, decision).explanation()


class _RowNames:
    """Names inside a filter: the row's columns, and the account's values for the rest."""

    def __init__(
        self, account: Account, columns: Sequence[tuple[str, bool]], row: tuple[Any, ...]
    ) -> None:
        self.account = account
        self.row = {
            name: each for (name, stored), each in zip(columns, row, strict=True) if not stored
        }

    def value(self, node: Node) -> Any:  # noqa: ANN401  a value of any type
        """Return the value of a name."""
        return self.row.get(node.name) if isinstance(node, RowColumn) else self.account.value(node)


class _Prover:
    """Writes the proof of one account's decision."""

    def __init__(
        self, program: Program, layout: Layout, account: Account, decision: Decision
    ) -> None:
        self.program = program
        self.tables = dict(layout.tables)
        self.numbers = {name: index for index, (name, _) in enumerate(layout.tables)}
        self.account = account
        self.decision = decision
        self.aggregates = {each.address: each for each in program.aggregates}
        self.compared = compared(program)
        self.written = as_written(program)
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
                shown=self._shown(StepValue(each.address, each.type)),
                text=self._text(each.value),
                reads=self._reads(each.value),
                place=_place(each.place),
                source=each.source,
            )
            for each in self.program.facts
        }
        return Explanation(decision=decision, root=root, facts=facts)

    # names and texts

    def _word(self, english: str, **values: object) -> str:
        return word(english, self.language, **values)

    def _shown(self, node: Node) -> str:
        return show(self.account.value(node), node.type, self.language)

    def _text(self, node: Node) -> str:
        return canonical(self.written(node))

    def _reads(self, node: Node) -> tuple[Read, ...]:
        """Return the names in a tree with their values, each once."""
        found: dict[str, Read] = {}
        for each in self._below(node):
            if isinstance(each, StepValue) and each.address in self.compared:
                read = self._compared(each)
            elif isinstance(each, StepValue) and each.address in self.aggregates:
                read = self._aggregate(each, self.aggregates[each.address])
            elif isinstance(each, StepValue | AccountColumn) or _parameter(each):
                read = Read(
                    name=_name(each),
                    value=outside(self.account.value(each), each.type),
                    shown=self._shown(each),
                )
            else:
                continue
            found.setdefault(read.name, read)
        return tuple(found.values())

    def _below(self, node: Node) -> Iterator[Node]:
        """Yield the node and all below it; behind a whole-book function stands what it compares."""
        for each in below(node):
            yield each
            if isinstance(each, StepValue) and each.address in self.compared:
                yield from below(self.compared[each.address].item)

    def _compared(self, node: StepValue) -> Read:
        return Read(
            name=self._text(node),
            value=outside(self.account.value(node), node.type),
            shown=self._shown(node),
        )

    def _aggregate(self, node: StepValue, step: AggregateStep) -> Read:
        one = step.aggregate
        rows = self.account.prepared.tables[self.numbers[one.table]]
        counted = None
        if rows is not None:
            columns = self.tables[one.table]
            counted = sum(
                one.where is None or value(one.where, _RowNames(self.account, columns, row)) is True
                for row in rows
            )
        return Read(
            name=self._text(one),
            value=outside(self.account.value(node), node.type),
            shown=self._shown(node),
            rows=counted,
            of=None if rows is None else len(rows),
        )

    # conditions and rules

    def _condition(self, condition: Condition) -> Proof:
        expression = condition.expression
        return Proof(
            kind="condition",
            address=condition.address,
            title=condition.text,
            state=STATES[truth(condition, self.account)],
            text=condition.text,
            reads=self._reads(expression) if expression is not None else (),
            place=_place(condition.place),
            children=tuple(self._condition(each) for each in condition.members),
        )

    def _score(self, score: Score) -> Proof:
        result = next(each for each in self.decision.scores if each.id == score.id)
        parts = zip(score.criteria, result.criteria, strict=True)
        children = tuple(
            self._criterion(each, given.points, given.weight_in_use) for each, given in parts
        )
        shown = self._shown(StepValue(score.address, SCORE))
        if result.low is not None and result.high is not None and result.low != result.high:
            low, high = (show(each, SCORE, self.language) for each in (result.low, result.high))
            shown = self._word("{shown} ({low} to {high})", shown=shown, low=low, high=high)
        if result.band:
            shown = f"{shown} {next(each.title for each in score.bands if each.id == result.band)}"
        return Proof(
            kind="score", address=score.address, title=score.title, shown=shown, source=score.source,
            children=children,
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
            text=self._text(criterion.value),
            reads=self._reads(criterion.value),
            place=_place(criterion.place),
            source=criterion.source,
        )

    def _gate(self, gate: Gate) -> Proof:
        return Proof(
            kind="gate",
            address=gate.address,
            title=gate.title,
            state=STATES[truth(gate.when, self.account)],
            shown=None if truth(gate.when, self.account) else self.account.text(gate.advice),
            text=gate.when.text,
            place=_place(gate.place),
            source=gate.source,
            children=(self._condition(gate.when),),
        )

    def _class(self) -> Proof:
        decision = self.decision
        children = [
            Proof(
                kind="condition",
                address=each.address,
                title=each.title,
                state=STATES[truth(each.when, self.account)] if each.when else STATES[True],
                text=each.when.text if each.when else self._word("whatever is left"),
                place=_place(each.place),
                source=each.source,
                children=(self._condition(each.when),) if each.when else (),
            )
            for each in self.program.classes
        ]
        for path in self.program.paths:
            if path.origin == decision.class_:
                gates = tuple(self._gate(each) for each in path.gates)
                children.append(
                    Proof(
                        kind="path",
                        address=path.address,
                        title=path.title,
                        source=path.source,
                        children=gates,
                    )
                )
        shown = decision.class_ or self._word("unknown")
        if decision.faults:
            shown = f"{shown}: {decision.faults[0]}"
        return Proof(
            kind="class",
            address="class",
            title=self._word("Class"),
            shown=shown,
            children=tuple(children),
        )

    def _tier(self) -> Proof:
        children = tuple(
            Proof(
                kind="tier",
                address=each.address,
                title=each.title,
                source=each.source,
                children=tuple(self._gate(gate) for gate in each.gates),
            )
            for each in self.program.tiers
        )
        return Proof(
            kind="tier",
            address="tier",
            title=self._word("Tier"),
            shown=self.decision.tier or self._word("none"),
            children=children,
        )

    def _placements(self) -> Iterator[Proof]:
        for kind, title, chosen, rules in (
            ("phase", self._word("Phase"), self.decision.phase, self.program.phases),
            ("strategy", self._word("Strategy"), self.decision.strategy, self.program.strategies),
        ):
            rule = next((each for each in rules if each.id == chosen), None)
            when = () if rule is None or rule.when is None else (self._condition(rule.when),)
            source = () if rule is None else rule.source
            shown = rule.title if rule is not None else self._word("none")
            yield Proof(
                kind=kind, address=f"{kind}.{chosen}" if chosen else kind, title=title,
                shown=shown,
                source=source, children=when,
            )  # fmt: skip

    def _action(self, action: ActionRule) -> Proof:
        return Proof(
            kind="action",
            address=action.address,
            title=self.account.text(action.title) or action.id,
            state=STATES[truth(action.when, self.account)],
            shown=self.account.text(action.because),
            text=self._text(action.priority),
            reads=self._reads(action.priority),
            place=_place(action.place),
            source=action.source,
            children=(self._condition(action.when),),
        )


def _parameter(node: Node) -> bool:
    return isinstance(node, Constant) and node.parameter is not None


def _name(node: Node) -> str:
    match node:
        case StepValue(address=address):
            return name_of(address)
        case AccountColumn(name=name):
            return name
        case Constant(parameter=str() as parameter):
            return parameter
        case _:
            return ""


def _place(place: Place | None) -> str | None:
    return None if place is None else f"{place.file}:{place.line}"

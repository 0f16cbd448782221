"""Claims: what has to be true of every ruleset, as questions for which no account, or some, may be."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from kamrules.compiler.program import Condition, Hit, Logic
from kamrules.diagnostics import Severity
from kamrules.engines.row.question import Every, Holds, Lacks, Question, Some
from kamrules.expression.nodes import (
    Among,
    And,
    Compare,
    Comparison,
    Constant,
    IsUnknown,
    Node,
    Not,
    Or,
    StepValue,
)
from kamrules.expression.types import NUMBER, SCORE, Interval
from kamrules.workbench.nearest.outcome import live

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.compiler.program import (
        Class,
        Criterion,
        Gate,
        Phase,
        Program,
        ScaleStep,
        Strategy,
        Tier,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: no account answers the question (`never`), or at least one does.

    `address` is the rule at fault when it is untrue, `told` the sentence then; `code` is its page.
    """

    kind: str
    address: str
    code: str
    told: str
    question: Question
    never: bool = True
    severity: Severity = Severity.ERROR


def claims(program: Program) -> Iterator[Claim]:
    """Yield every claim about a program in force, the gravest kinds first."""
    yield from _placed("class", program.classes, program.class_hit, complete=True)
    yield from _placed("phase", program.phases, program.phase_hit)
    yield from _placed("strategy", program.strategies, program.strategy_hit)
    yield from _paths(program)
    yield from _tiers(program)
    yield from _actions(program)
    yield from _scores(program)


def _placed(
    kind: str,
    rules: Sequence[Class | Phase | Strategy],
    hit: Hit,
    *,
    complete: bool = False,
) -> Iterator[Claim]:
    if hit is Hit.UNIQUE:
        for a, b in combinations(rules, 2):
            both = Every((_when(a), _when(b)))
            told = f"{kind} `{a.id}` and {kind} `{b.id}` hold at once for some accounts"
            yield Claim("disjoint", b.address, "KR520", told, both)
        if complete and rules:
            yield from _complete(kind, rules)
    for number, each in enumerate(rules):
        before = rules[:number] if hit is Hit.FIRST else ()
        free = Every((_when(each), *(Lacks(_condition(one)) for one in before)))
        yield _reached(kind, each.id, each.address, free)
        stay = getattr(each, "stay", None)
        if stay is not None and each.when is not None:
            told = f"{kind} `{each.id}` asks for more to stay than to come in"
            yield Claim("stay", each.address, "KR525", told, Every((_when(each), _untrue(stay))))


def _complete(kind: str, rules: Sequence[Class | Phase | Strategy]) -> Iterator[Claim]:
    told = f"no {kind} holds for some accounts"
    none = Every(tuple(_untrue(_condition(each)) for each in rules))
    yield Claim("complete", rules[0].address, "KR521", told, none)
    told = f"no {kind} is certain for some accounts of which too little is known"
    open_ = Every(tuple(Lacks(_condition(each)) for each in rules))
    yield Claim("certain", rules[0].address, "KR529", told, open_, severity=Severity.WARNING)


def _reached(kind: str, name: str, address: str, question: Question) -> Claim:
    told = f"{kind} `{name}` never comes about: no account can be so"
    return Claim("reachable", address, "KR522", told, question, never=False)


def _paths(program: Program) -> Iterator[Claim]:
    levels = {each.id: each.level for each in program.classes}
    for path in program.paths:
        high = [each for each in program.classes if each.level >= levels[path.target]]
        met = tuple(Holds(gate.when) for gate in path.gates)
        question = Every((*met, Some(tuple(_when(each) for each in high))))
        yield _reached("path", path.id, path.address, question)
        for gate in path.gates:
            yield from _gate(f"{path.id}.{gate.id}", gate)


def _gate(name: str, gate: Gate) -> Iterator[Claim]:
    yield _reached("gate", name, gate.address, Holds(gate.when))
    told = f"gate `{name}` is met by every account: it asks for nothing"
    yield Claim("asks", gate.address, "KR523", told, Lacks(gate.when), never=False)


def _tiers(program: Program) -> Iterator[Claim]:
    below: list[Gate] = []
    for tier in program.tiers:
        below += tier.gates
        yield _reached("tier", tier.id, tier.address, Every(tuple(Holds(g.when) for g in below)))
        for gate in tier.gates:
            name = f"{tier.id}.{gate.id}"
            yield from _gate(name, gate)
            if gate.stay is not None:
                told = f"gate `{name}` asks for more to stay than to come in"
                lost = Every((Holds(gate.when), _untrue(gate.stay)))
                yield Claim("stay", gate.address, "KR525", told, lost)
    yield from _order(program.tiers)


def _order(tiers: Sequence[Tier]) -> Iterator[Claim]:
    """Yield that a higher tier's gate asks no less than a lower one's that measures the same."""
    for low, high in combinations(tiers, 2):
        for lower in low.gates:
            for higher in high.gates:
                if measures(lower.when) and measures(lower.when) == measures(higher.when):
                    told = (
                        f"gate `{high.id}.{higher.id}` asks for less than gate `{low.id}.{lower.id}` of a "
                        "lower tier, which measures the same"
                    )
                    less = Every((Holds(higher.when), _untrue(lower.when)))
                    yield Claim("order", higher.address, "KR524", told, less)


def measures(condition: Condition) -> frozenset[Node]:
    """Return what a condition compares with constants; empty when it does anything else."""
    if condition.expression is None:
        parts = [measures(each) for each in condition.members]
        return frozenset().union(*parts) if all(parts) else frozenset()
    return _measured(condition.expression)


def _measured(node: Node) -> frozenset[Node]:
    match node:
        case And(items=items) | Or(items=items):
            parts = [_measured(each) for each in items]
            return frozenset().union(*parts) if all(parts) else frozenset()
        case Not(item=item):
            return _measured(item)
        case Compare(left=left, right=right):
            return frozenset({_bare(left)} if not isinstance(left, Constant) else {_bare(right)})
        case Among(item=item):
            return frozenset({_bare(item)})
        case _:
            return frozenset()


def _bare(node: Node) -> Node:
    """Return a value without the place where it is written."""
    return StepValue(node.address, node.type) if isinstance(node, StepValue) else node


def _actions(program: Program) -> Iterator[Claim]:
    known = {each.id: each for each in program.actions}
    for each in program.actions:
        yield _reached("action", each.id, each.address, Holds(each.when))
        if each.excluded_by:
            others = " or ".join(f"`{name}`" for name in each.excluded_by)
            told = (
                f"action `{each.id}` is never proposed: wherever it could be, {others} excludes it"
            )
            yield Claim(
                "excluded", each.address, "KR526", told, live(each, known), never=False
            )  # fmt: skip


def _scores(program: Program) -> Iterator[Claim]:
    for score in program.scores:
        value = StepValue(score.address, SCORE)
        for band in score.bands:
            address = f"{score.address}.band.{band.id}"
            question = Holds(_expression(address, _inside(value, band.interval)))
            yield _reached("band", f"{score.id}.{band.id}", address, question)
        for criterion in score.criteria:
            yield from _scale(criterion)


def _scale(criterion: Criterion) -> Iterator[Claim]:
    before: list[Node] = []
    for number, line in enumerate(criterion.scale):
        test = _line(criterion, line)
        address = f"{criterion.address}.scale[{number}]"
        told = And((test, *(Not(each) for each in before)))
        yield _reached(
            "scale line", f"{criterion.id}, number {number + 1}", address,
            Holds(_expression(address, told)),
        )  # fmt: skip
        before.append(test)


def _line(criterion: Criterion, line: ScaleStep) -> Node:
    value = criterion.value
    if line.interval is not None:
        return _inside(value, line.interval)
    if line.choices is not None:
        return Among(value, tuple(Constant(each, value.type) for each in line.choices))
    return Not(IsUnknown(value))


def _inside(value: Node, span: Interval) -> Node:
    parts: list[Node] = []
    if span.low is not None:
        sign = Comparison.GREATER_EQUAL if span.low_closed else Comparison.GREATER
        parts.append(Compare(sign, value, Constant(span.low, NUMBER)))
    if span.high is not None:
        sign = Comparison.LESS_EQUAL if span.high_closed else Comparison.LESS
        parts.append(Compare(sign, value, Constant(span.high, NUMBER)))
    return And(tuple(parts)) if parts else Not(IsUnknown(value))


def _when(rule: Class | Phase | Strategy) -> Question:
    return Holds(_condition(rule))


def _condition(rule: Class | Phase | Strategy) -> Condition:
    return rule.when or Condition(rule.address, Logic.ALL, "")


def _untrue(condition: Condition) -> Question:
    """Return that a condition is known not to hold."""
    return Holds(Condition(condition.address, Logic.NOT, "", members=(condition,)))


def _expression(address: str, node: Node) -> Condition:
    return Condition(address, Logic.EXPRESSION, "", expression=node)

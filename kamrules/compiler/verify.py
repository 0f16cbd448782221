"""Fifth stage: what the rules say together: hit policies, levels, exclusions, and what nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.parts import needs, trees
from kamrules.compiler.program import Hit
from kamrules.compiler.signals import rule_of
from kamrules.diagnostics import Severity
from kamrules.expression.nodes import Constant
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.compiler.draft import Draft
    from kamrules.compiler.program import Class, Phase, Strategy
    from kamrules.document import Ruleset
    from kamrules.document.models import RulesetModel


def verify(draft: Draft) -> None:
    """Report what is wrong, or idle, although every rule by itself is right."""
    header = draft.ruleset.model.ruleset
    _hit_policy(draft, "class", draft.classes, Hit(header.hit))
    _hit_policy(draft, "phase", draft.phases, Hit(header.phase_hit), partial=True)
    _hit_policy(draft, "strategy", draft.strategies, Hit(header.strategy_hit), partial=True)
    _tier_levels(draft)
    _exclusions(draft)
    _idle(draft)


def _hit_policy(
    draft: Draft,
    kind: str,
    rules: Sequence[Class | Phase | Strategy],
    hit: Hit,
    *,
    partial: bool = False,
) -> None:
    """Check where rules without `when` stand; `partial`: no rule need hold."""
    open_ones = [each for each in rules if each.when is None]
    if hit is Hit.UNIQUE:
        for each in open_ones:
            if len(rules) > 1:
                draft.report("KR410", f"{kind} `{each.id}` has no `when` and would hold beside the others",
                             kind, each.id)  # fmt: skip
        return
    if rules and not open_ones and not partial:
        last = rules[-1].id
        draft.report("KR411", f"with `hit = 'first'` the last {kind}, `{last}`, has no `when`, "
                     "so that it takes what is left", kind, last, "when")  # fmt: skip
    for each in open_ones[:1]:
        behind = rules[list(rules).index(each) + 1 :]
        for late in behind:
            if late.validity == each.validity:
                draft.report("KR412", f"{kind} `{late.id}` is never reached: `{each.id}` before it "
                             "takes every account", kind, late.id)  # fmt: skip


def _tier_levels(draft: Draft) -> None:
    seen: dict[int, str] = {}
    for tier in draft.tiers:
        if tier.level in seen:
            draft.report("KR328", f"tier `{tier.id}` has the same level as `{seen[tier.level]}`",
                         "tier", tier.id, "level")  # fmt: skip
        seen[tier.level] = tier.id


def _exclusions(draft: Draft) -> None:
    """Report actions that exclude each other in a circle: none of them could be chosen."""
    excluded_by = {each.id: each.excluded_by for each in draft.actions}
    settled: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> bool:
        if name in above:
            circle = [*reversed(above[above.index(name) :]), name]
            chain = " -> ".join(f"`{each}`" for each in [circle[-1], *circle[:-1], circle[-1]])
            start = circle[-1]
            draft.report("KR329", f"actions exclude each other in a circle: {_tidy(chain)}",
                         "action", start)  # fmt: skip
            return False
        if name in settled:
            return True
        settled.add(name)
        return all(walk(each, (*above, name)) for each in excluded_by.get(name, ()))

    for name in excluded_by:
        if not walk(name, ()):
            return


def _tidy(chain: str) -> str:
    parts = chain.split(" -> ")
    return " -> ".join(
        each for index, each in enumerate(parts) if index == 0 or each != parts[index - 1]
    )


def _idle(draft: Draft) -> None:
    """Warn of facts and parameters that no rule reads, unless another ruleset lends them."""
    if draft.ruleset.model.ruleset.vocabulary:
        return
    rules = (
        tuple(draft.facts), tuple(draft.aggregates), tuple(draft.book_steps), tuple(draft.scores),
        tuple(draft.classes), tuple(draft.paths), tuple(draft.tiers), tuple(draft.phases),
        tuple(draft.strategies), tuple(draft.actions),
    )  # fmt: skip
    read = needs(rules)
    used = {rule_of(each) for each in draft.facts if each.address in read | draft.asked}
    for kind, name in dict.fromkeys(rule_of(each) for each in draft.facts):
        if (kind, name) not in used:
            draft.report("KR501", f"no rule reads {kind} `{name}`", kind, name,
                         severity=Severity.WARNING)  # fmt: skip
    named = {node.parameter for node in _constants(rules)} | standing_for_numbers(draft.ruleset)
    for name in draft.parameters:
        if name not in named and draft.is_own("parameter", name):
            draft.report("KR502", f"no rule reads parameter `{name}`", "parameter", name,
                         severity=Severity.WARNING)  # fmt: skip


def _constants(rules: object) -> Iterator[Constant]:
    for tree in trees(rules):
        for node in below(tree):
            if isinstance(node, Constant):
                yield node


def standing_for_numbers(ruleset: Ruleset) -> set[str]:
    """Return the parameters that stand for numbers: weights, points, ends of intervals, days."""
    written = set(_numbers(ruleset.model)) | set(_in_intervals(ruleset.model))
    return written & ruleset.model.parameter.keys()


def _numbers(model: RulesetModel) -> Iterator[str]:
    """Yield the texts that stand where a number may stand: names of parameters."""
    for criterion in model.criterion.values():
        yield from _texts(
            criterion.weight, criterion.unknown, *(line.points for line in criterion.scale)
        )
        yield from _texts(*(value for pair in criterion.curve for value in pair))
    for strategy in model.strategy.values():
        yield from _texts(strategy.time_share, strategy.contact_every_days)
    for action in model.action.values():
        yield from _texts(action.due_days, action.effort_hours, action.cooldown_days)
    for tier in model.tier.values():
        yield from _texts(tier.level)
    for signal in model.signal.values():
        yield from _texts(signal.within_days, signal.at_least, signal.for_days)


def _texts(*values: object) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str))


def _in_intervals(model: RulesetModel) -> Iterator[str]:
    """Yield the words of intervals of scales and bands, which hold numbers only."""
    texts = [line.in_ for criterion in model.criterion.values() for line in criterion.scale]
    texts += [text for score in model.score.values() for text in score.band.values()]
    for text in texts:
        if isinstance(text, str):
            yield from _words(text)


def _words(text: str) -> set[str]:
    return set("".join(each if each.isalnum() or each == "_" else " " for each in text).split())

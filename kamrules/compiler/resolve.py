"""Second stage: what every name means, and whether rules that name other rules find them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression import Scope
from kamrules.expression.nodes import AccountColumn, Constant, StepValue
from kamrules.expression.plugged import Functions
from kamrules.expression.types import ACCOUNTS, BOOL, DATE, INTEGER, SCORE, Kind, Type
from kamrules.tables import DECIDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from kamrules.compiler.draft import Draft
    from kamrules.expression.nodes import Node

    Reference = tuple[str, str, Mapping[str, Any], tuple[str | int, ...]]


def resolve(draft: Draft) -> None:
    """Build the scope, check references between rules, and settle the classes' levels."""
    draft.scope = _scope(draft)
    _references(draft)
    _levels(draft)


def _choice(ids: Iterable[str]) -> Type:
    return Type(Kind.CHOICE, tuple(ids))


def _scope(draft: Draft) -> Scope:
    model = draft.ruleset.model
    names: dict[str, Node] = {}
    owners: dict[str, str] = {}

    def add(kind: str, name: str, node: Node, *path: str) -> None:
        if name in owners:
            draft.report("KR321", f"`{name}` is already the name of a {owners[name]}", *path)
            return
        owners[name] = kind
        names[name] = node

    for name, column in draft.tables[ACCOUNTS].columns.items():
        add("column of accounts", name, AccountColumn(name, column.type))
    for name, parameter in draft.parameters.items():
        constant = Constant(parameter.value, parameter.type, parameter=name)
        add("parameter", name, constant, "parameter", name)
    for name, fact in model.fact.items():
        kind = Type(Kind(fact.type), tuple(fact.choices))
        add("fact", name, StepValue(f"fact.{name}", kind), "fact", name)
    for name in model.score:
        add("score", name, StepValue(f"score.{name}", SCORE), "score", name)
    for name in model.signal:
        add("signal", name, StepValue(f"signal.{name}", BOOL), "signal", name)
    for name in model.signal:
        if (date := f"{name}_date") in owners:
            problem = f"`{date}` is already the name of a {owners[date]}, and of the date of signal `{name}`"
            draft.report("KR321", problem, "signal", name)
    names.update(_placements(draft))
    related = {name: table for name, table in draft.tables.items() if name != ACCOUNTS}
    functions = draft.ruleset.functions
    return Scope(related, names, _parts(draft), Functions() if functions is None else functions)


def _placements(draft: Draft) -> dict[str, Node]:
    model = draft.ruleset.model
    placements: dict[str, Mapping[str, Any]] = {
        "class": model.class_,
        "class_before": model.class_,
        "tier": model.tier,
        "tier_before": model.tier,
        "phase": model.phase,
        "strategy": model.strategy,
    }
    return {name: StepValue(name, _choice(rules)) for name, rules in placements.items() if rules}


def _parts(draft: Draft) -> dict[str, Mapping[str, Node]]:
    model = draft.ruleset.model
    parts: dict[str, Mapping[str, Node]] = {}
    for name, score in model.score.items():
        address = f"score.{name}"
        bounds = {part: StepValue(f"{address}.{part}", SCORE) for part in ("low", "high")}
        parts[name] = {"band": StepValue(f"{address}.band", _choice(score.band)), **bounds}
    for name in model.signal:
        parts[name] = {"date": StepValue(f"signal.{name}.date", DATE)}
    if model.criterion:
        parts["criterion"] = {
            each: StepValue(f"criterion.{each}", SCORE) for each in model.criterion
        }
    if model.tier:
        parts["tier"] = {"level": StepValue("tier.level", INTEGER)}
    return parts


def _references(draft: Draft) -> None:
    """Report every rule that names another which does not exist."""
    model = draft.ruleset.model
    for what, name, known, path in (*_named(draft), *_clauses(draft)):
        if name not in known:
            draft.unknown_name(what, name, known, *path)
    for name in model.path:
        if name in model.tier:
            problem = f"`{name}` names a path and a tier; their gates could not be told apart"
            draft.report("KR330", problem, "path", name)
    _output_names(draft)


def _output_names(draft: Draft) -> None:
    """Report every score whose columns in the output would have another column's name."""
    scores = draft.ruleset.model.score
    for name in scores:
        if name in DECIDED:
            problem = f"`{name}` is a column of the decisions already; give the score another name"
            draft.report("KR336", problem, "score", name)
        for part in ("low", "high", "band"):
            if f"{name}_{part}" in scores:
                problem = f"`{name}_{part}` is also the column for the {part} of score `{name}`"
                draft.report("KR336", problem, "score", f"{name}_{part}")


def _named(draft: Draft) -> Iterator[Reference]:
    model = draft.ruleset.model
    for name, criterion in model.criterion.items():
        yield "score", criterion.score, model.score, ("criterion", name, "score")
    for name, path in model.path.items():
        yield "class", path.from_, model.class_, ("path", name, "from")
        yield "class", path.to, model.class_, ("path", name, "to")
    for name, strategy in model.strategy.items():
        for index, role in enumerate(strategy.team):
            yield "role", role, model.role, ("strategy", name, "team", index)
    for name, action in model.action.items():
        yield "role", action.owner, model.role, ("action", name, "owner")
        for index, other in enumerate(action.excludes):
            if ("action", other) in draft.ruleset.off:
                continue  # who switches an action off need not touch the rules that make way for it
            yield "action", other, model.action, ("action", name, "excludes", index)


def _clauses(draft: Draft) -> Iterator[Reference]:
    model = draft.ruleset.model
    if model.source:  # a ruleset that lists no clauses may cite what it likes
        for path, clauses in _cited(draft):
            for index, clause in enumerate(clauses):
                yield "clause", clause, model.source, (*path, "source", index)


def _cited(draft: Draft) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    model = draft.ruleset.model
    groups: dict[str, Mapping[str, Any]] = {
        "fact": model.fact, "score": model.score, "criterion": model.criterion, "class": model.class_,
        "path": model.path, "tier": model.tier, "phase": model.phase, "strategy": model.strategy,
        "role": model.role, "action": model.action, "signal": model.signal,
    }  # fmt: skip
    for kind, rules in groups.items():
        for name, rule in rules.items():
            yield (kind, name), rule.source
    owners: dict[str, Mapping[str, Any]] = {"path": model.path, "tier": model.tier}
    for kind, rules in owners.items():
        for name, owner in rules.items():
            for gate, rule in owner.gate.items():
                yield (kind, name, "gate", gate), rule.source


def _levels(draft: Draft) -> None:
    """Settle the order of the classes from the bottom up: as given, else by the paths that lead up."""
    classes = draft.ruleset.model.class_
    given = {name: each.level for name, each in classes.items() if each.level is not None}
    if given:
        for name in classes:
            if name not in given:
                draft.report(
                    "KR325", f"class `{name}` has no level, other classes have one", "class", name
                )
        seen: dict[int, str] = {}
        for name, level in given.items():
            if level in seen:
                draft.report(
                    "KR326",
                    f"class `{name}` has the same level as `{seen[level]}`",
                    "class",
                    name,
                    "level",
                )
            seen[level] = name
        draft.levels = given
    else:
        draft.levels = _levels_by_paths(draft)
    _paths_lead_up(draft)


def _levels_by_paths(draft: Draft) -> dict[str, int]:
    """Return levels such that every path leads up; between equals the class written first is higher."""
    model = draft.ruleset.model
    depth = dict.fromkeys(model.class_, 0)
    for _ in model.class_:
        for path in model.path.values():
            if path.from_ in depth and path.to in depth:
                depth[path.to] = max(depth[path.to], min(depth[path.from_] + 1, len(depth)))
    written = list(model.class_)
    ranked = sorted(written, key=lambda name: (depth[name], -written.index(name)))
    return {name: level for level, name in enumerate(ranked, start=1)}


def _paths_lead_up(draft: Draft) -> None:
    for name, path in draft.ruleset.model.path.items():
        low, high = draft.levels.get(path.from_), draft.levels.get(path.to)
        if low is not None and high is not None and low >= high:
            draft.report(
                "KR327",
                f"a path leads up, and class `{path.to}` does not stand above `{path.from_}`",
                "path", name, "to",
            )  # fmt: skip

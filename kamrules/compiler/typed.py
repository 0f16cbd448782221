"""Third stage: every expression, condition and message gets its types, every rule its final form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.conditions import condition
from kamrules.compiler.labels import labelled
from kamrules.compiler.program import (
    ActionRule,
    Class,
    FactStep,
    Gate,
    Message,
    Path,
    Phase,
    Role,
    Strategy,
    Tier,
)
from kamrules.compiler.scores import score
from kamrules.compiler.signals import signals
from kamrules.compiler.validity import Validity
from kamrules.expression.nodes import Constant
from kamrules.expression.types import NUMBER, Changing, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.draft import Draft
    from kamrules.document import ActionModel, GateModel
    from kamrules.expression.nodes import Node


def type_rules(draft: Draft) -> None:
    """Turn every rule as written into its typed form."""
    model = draft.ruleset.model
    for name in model.fact:
        _fact(draft, name)
    signals(draft)
    draft.scores = [score(draft, name) for name in model.score]
    draft.classes = [_class(draft, name) for name in model.class_]
    draft.paths = [_path(draft, name) for name in model.path]
    draft.tiers = [_tier(draft, name) for name in model.tier]
    draft.tiers.sort(key=lambda each: each.level)
    draft.phases = [_phase(draft, name) for name in model.phase]
    draft.strategies = [_strategy(draft, name) for name in model.strategy]
    draft.roles = [
        Role(name, each.title or _title(name), each.about, tuple(each.source))
        for name, each in model.role.items()
    ]
    excluded: dict[str, list[str]] = {}
    for name, action in model.action.items():
        for other in action.excludes:
            excluded.setdefault(other, []).append(name)
    draft.actions = [
        _action(draft, name, each, tuple(excluded.get(name, ())))
        for name, each in model.action.items()
    ]


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _fact(draft: Draft, name: str) -> None:
    fact = draft.ruleset.model.fact[name]
    kind = Type(Kind(fact.type), tuple(fact.choices))
    value = draft.expression("fact", name, "value", expected=kind)
    if value is None:
        return
    level = fact.info_level or 1
    draft.facts.append(
        FactStep(
            f"fact.{name}", name, kind, value, fact.about, tuple(fact.source), level,
            draft.place("fact", name), fact.title or "",
            Changing(fact.changeable, fact.cost, fact.step, fact.rising),
        )
    )  # fmt: skip


def _gates(draft: Draft, owner: str, name: str, gates: Mapping[str, GateModel]) -> tuple[Gate, ...]:
    found = []
    for key, each in gates.items():
        path = (owner, name, "gate", key)
        found.append(
            Gate(
                address=".".join(path),
                id=key,
                title=each.title or _title(key),
                when=condition(draft, each.when, *path, "when"),
                stay=None if each.stay is None else condition(draft, each.stay, *path, "stay"),
                advice=_message(draft, each.advice, *path, "advice"),
                about=each.about,
                source=tuple(each.source),
                validity=Validity(each.valid_from, each.valid_to),
                place=draft.place(*path),
            )
        )
    return tuple(found)


def _message(draft: Draft, written: str | None, *path: str) -> Message | None:
    if written is None:
        return None
    languages = draft.ruleset.model.ruleset.languages
    texts = {languages[0]: _pieces(draft, languages[0], *path)}
    address = ".".join(path)
    for language, translations in draft.ruleset.model.message.items():
        if address in translations:
            texts[language] = _pieces(draft, language, "message", language, address)
    return Message(texts)


def _pieces(draft: Draft, language: str, *path: str) -> tuple[str | Node, ...]:
    texts = draft.ruleset.model.message.get(language, {})
    return tuple(
        each if isinstance(each, str) else labelled(each, texts) for each in draft.message(*path)
    )


def _class(draft: Draft, name: str) -> Class:
    each = draft.ruleset.model.class_[name]
    path = ("class", name)
    return Class(
        address=f"class.{name}",
        id=name,
        title=each.title or _title(name),
        level=draft.levels.get(name, 0),
        when=None if each.when is None else condition(draft, each.when, *path, "when"),
        stay=None if each.stay is None else condition(draft, each.stay, *path, "stay"),
        about=each.about,
        source=tuple(each.source),
        validity=Validity(each.valid_from, each.valid_to),
        place=draft.place(*path),
    )


def _path(draft: Draft, name: str) -> Path:
    each = draft.ruleset.model.path[name]
    return Path(
        address=f"path.{name}",
        id=name,
        title=each.title or _title(name),
        origin=each.from_,
        target=each.to,
        gates=_gates(draft, "path", name, each.gate),
        about=each.about,
        source=tuple(each.source),
        validity=Validity(each.valid_from, each.valid_to),
        place=draft.place("path", name),
    )


def _tier(draft: Draft, name: str) -> Tier:
    each = draft.ruleset.model.tier[name]
    return Tier(
        address=f"tier.{name}",
        id=name,
        title=each.title or _title(name),
        level=int(draft.number(each.level, "tier", name, "level")),
        gates=_gates(draft, "tier", name, each.gate),
        about=each.about,
        source=tuple(each.source),
        validity=Validity(each.valid_from, each.valid_to),
        place=draft.place("tier", name),
    )


def _phase(draft: Draft, name: str) -> Phase:
    each = draft.ruleset.model.phase[name]
    return Phase(
        address=f"phase.{name}",
        id=name,
        title=each.title or _title(name),
        when=None if each.when is None else condition(draft, each.when, "phase", name, "when"),
        about=each.about,
        source=tuple(each.source),
        validity=Validity(each.valid_from, each.valid_to),
        place=draft.place("phase", name),
    )


def _strategy(draft: Draft, name: str) -> Strategy:
    each = draft.ruleset.model.strategy[name]
    path = ("strategy", name)
    share, rhythm = each.time_share, each.contact_every_days
    return Strategy(
        address=f"strategy.{name}",
        id=name,
        title=each.title or _title(name),
        when=None if each.when is None else condition(draft, each.when, *path, "when"),
        objective=_message(draft, each.objective, *path, "objective") or Message({}),
        time_share=None if share is None else draft.number(share, *path, "time_share", most=1),
        contact_every_days=(
            None if rhythm is None else int(draft.number(rhythm, *path, "contact_every_days"))
        ),
        team=tuple(each.team),
        about=each.about,
        source=tuple(each.source),
        validity=Validity(each.valid_from, each.valid_to),
        place=draft.place(*path),
    )


def _action(draft: Draft, name: str, each: ActionModel, excluded_by: tuple[str, ...]) -> ActionRule:
    path = ("action", name)
    return ActionRule(
        address=f"action.{name}",
        id=name,
        title=_message(draft, each.title, *path, "title") or Message({}),
        when=condition(draft, each.when, *path, "when"),
        priority=_priority(draft, each.priority, name),
        owner=each.owner,
        due_days=int(draft.number(each.due_days, *path, "due_days")),
        effort_hours=draft.number(each.effort_hours, *path, "effort_hours"),
        cooldown_days=int(draft.number(each.cooldown_days, *path, "cooldown_days")),
        because=_message(draft, each.because, *path, "because") or Message({}),
        excluded_by=excluded_by,
        about=each.about,
        source=tuple(each.source),
        validity=Validity(each.valid_from, each.valid_to),
        place=draft.place(*path),
    )


def _priority(draft: Draft, written: str | float, name: str) -> Node:
    if isinstance(written, str):
        found = draft.expression("action", name, "priority", expected=NUMBER)
        return found if found is not None else Constant(0.0, NUMBER)
    return Constant(float(written), NUMBER)

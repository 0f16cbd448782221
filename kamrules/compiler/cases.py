"""A stage of its own: the ruleset's tests, their example accounts, and what they expect, checked and typed.

Only for who runs or checks tests: what a ruleset decides does not depend on its tests.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamrules.compiler.examples import account_among, persona_account, test_account
from kamrules.compiler.facts_given import check_facts, check_names
from kamrules.compiler.program import FactStep
from kamrules.decision import Move
from kamrules.document.values import describe, parameter_slips
from kamrules.expression import canonical, compile_interval
from kamrules.expression.types import BOOL, SCORE, Interval, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.compiler.draft import Draft
    from kamrules.diagnostics import Place
    from kamrules.document import PersonaModel, TestModel

Wanted = Interval | float | str | bool | datetime.date
"""What a score or fact must be: in the interval, or the value itself; a text may be a band's name."""

NONE = "none"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Holds:
    """An expression that must be true: its text, and the id of the fact that works it out."""

    text: str
    fact: str


@dataclass(frozen=True, slots=True)
class Case:
    """One test, ready to run: the account on a day, and what must come out.

    `model` is the test as written, `holds`, `scores` and `facts` are the typed parts of what it expects;
    `among` are the accounts that make up the book beside this one.
    """

    id: str
    about: str
    persona: str | None
    account: Mapping[str, Any]
    as_of: datetime.date
    model: TestModel
    holds: tuple[Holds, ...] = ()
    scores: Mapping[str, Wanted] = field(default_factory=dict)
    facts: Mapping[str, Wanted] = field(default_factory=dict)
    place: Place | None = None
    among: tuple[Mapping[str, Any], ...] = ()


def cases(draft: Draft) -> None:
    """Check the ruleset's own personas and tests (not those of rulesets it extends), and type them."""
    model = draft.ruleset.model
    for name, persona in model.persona.items():
        if draft.is_own("persona", name):
            _persona(draft, name, persona)
    for name, test in model.test.items():
        if draft.is_own("test", name):
            _case(draft, name, test)


def _persona(draft: Draft, name: str, persona: PersonaModel) -> None:
    check_facts(draft, persona.facts, "persona", name, "facts")
    check_names(draft, persona.without, "persona", name, "without")
    seen = [name]
    while persona.extends is not None:
        if persona.extends not in draft.ruleset.model.persona:
            if len(seen) == 1:
                _unknown_persona(draft, persona.extends, "persona", name, "extends")
            return
        if persona.extends in seen:
            circle = seen[seen.index(persona.extends) :]
            if name == min(circle):
                way = " -> ".join([*circle, name])
                told = f"persona `{name}` extends itself: {way}"
                draft.report("KR346", told, "persona", name, "extends")
            return
        seen.append(persona.extends)
        persona = draft.ruleset.model.persona[persona.extends]


def _unknown_persona(draft: Draft, name: str, *path: str) -> None:
    draft.unknown_name("persona", name, draft.ruleset.model.persona, *path)


def _case(draft: Draft, name: str, test: TestModel) -> None:
    path = ("test", name)
    if test.given is not None and test.given not in draft.ruleset.model.persona:
        _unknown_persona(draft, test.given, *path, "given")
    check_facts(draft, test.facts, *path, "facts")
    check_names(draft, test.without, *path, "without")
    model = draft.ruleset.model
    as_of = test.as_of or persona_account(model, test.given)[1]
    if as_of is None:
        draft.report("KR347", f"test `{name}` has no date: neither it nor its persona says `as_of`",
                     *path, help="as_of = 2026-06-30")  # fmt: skip
        as_of = datetime.date(2026, 6, 30)
    _settings(draft, test, path)
    _names(draft, test, path)
    draft.cases.append(
        Case(
            id=name,
            about=test.about,
            persona=test.given,
            account=test_account(model, name, test),
            as_of=as_of,
            model=test,
            holds=_holds(draft, test, path),
            scores=_scores(draft, test, path),
            facts=_facts(draft, test, path),
            place=draft.place(*path),
            among=_among(draft, test, path),
        )
    )


def _among(draft: Draft, test: TestModel, path: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """Return the accounts beside which the test's own one stands."""
    found = []
    for number, name in enumerate(test.among):
        if name not in draft.ruleset.model.persona:
            draft.unknown_name("persona", name, draft.ruleset.model.persona, *path, "among", number)
        found.append(account_among(draft.ruleset.model, name))
    return tuple(found)


def _settings(draft: Draft, test: TestModel, path: tuple[str, ...]) -> None:
    parameters = draft.ruleset.model.parameter
    for name, value in test.set.items():
        known = parameters.get(name)
        if known is None:
            draft.unknown_name("parameter", name, parameters, *path, "set", name)
            continue
        for slip in parameter_slips(known.type, value, known.low, known.high, known.choices):
            draft.report(slip.code, slip.message, *path, "set", name, help=slip.help)


def _names(draft: Draft, test: TestModel, path: tuple[str, ...]) -> None:
    """Report every rule that the test names and the ruleset does not have."""
    model = draft.ruleset.model
    tiers, classes = (*model.tier, NONE), (*model.class_, NONE)
    moves = tuple(each.value for each in Move)
    expect, at = test.expect, (*path, "expect")
    gates = [".".join(gate.address.split(".")[1::2]) for gate in draft.gates()]
    singles: list[tuple[str, str, str | None, Iterable[str]]] = [
        ("class", "class", expect.class_, classes),
        ("class_move", "move", expect.class_move, moves),
        ("tier", "tier", expect.tier, tiers),
        ("tier_move", "move", expect.tier_move, moves),
        ("phase", "phase", expect.phase, (*model.phase, NONE)),
        ("strategy", "strategy", expect.strategy, (*model.strategy, NONE)),
        ("next_class", "class", expect.next_class, classes),
        ("next_tier", "tier", expect.next_tier, tiers),
        ("top_action", "action", expect.top_action, (*model.action, NONE)),
    ]
    for key, what, name, known in singles:
        if name is not None and name not in set(known):
            draft.unknown_name(what, name, known, *at, key)
    for key, what, names, known in (
        ("actions", "action", expect.actions, model.action),
        ("not_actions", "action", expect.not_actions, model.action),
        ("held_back", "action", expect.held_back, model.action),
        ("gaps", "fact that can be a gap", expect.gaps, _measurable(draft)),
        *((key, "gate", getattr(expect, key), gates) for key in ("met", "unmet", "unknown")),
    ):
        for number, name in enumerate(names):
            if name not in known:
                draft.unknown_name(what, name, known, *at, key, number)
    for name in expect.reason:
        if name not in model.action:
            draft.unknown_name("action", name, model.action, *at, "reason", name)
    if test.before is not None:
        _before(draft, test, (*path, "before"))


def _measurable(draft: Draft) -> set[str]:
    model = draft.ruleset.model
    dates = (f"{name}_date" for name in model.signal)
    return {*draft.tables["accounts"].columns, *model.fact, *model.signal, *dates}


def _before(draft: Draft, test: TestModel, at: tuple[str, ...]) -> None:
    model, before = draft.ruleset.model, test.before
    if before is None:
        return
    if before.class_ is not None and before.class_ not in model.class_:
        draft.unknown_name("class", before.class_, model.class_, *at, "class")
    if before.tier is not None and before.tier not in model.tier:
        draft.unknown_name("tier", before.tier, model.tier, *at, "tier")
    for name in before.proposed:
        if name not in model.action:
            draft.unknown_name("action", name, model.action, *at, "proposed", name)


def _holds(draft: Draft, test: TestModel, path: tuple[str, ...]) -> tuple[Holds, ...]:
    """Type the expressions that must hold; each becomes a fact, so that the engine works it out."""
    found = []
    for number in range(len(test.expect.holds)):
        at: tuple[str | int, ...] = (*path, "expect", "holds", number)
        node = draft.expression(*at, expected=BOOL)
        if node is None:
            continue
        # no author can write a name with a space in it
        name = f"holds {len(draft.facts)}"
        place = draft.place(*at)
        draft.facts.append(FactStep(f"fact.{name}", name, BOOL, node, place=place))
        draft.asked.add(f"fact.{name}")
        found.append(Holds(canonical(node), name))
    return tuple(found)


def _scores(draft: Draft, test: TestModel, path: tuple[str, ...]) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    scores = draft.ruleset.model.score
    for name, wanted in test.expect.scores.items():
        at = (*path, "expect", "scores", name)
        if name not in scores:
            draft.unknown_name("score", name, scores, *at)
        elif isinstance(wanted, str) and wanted[:1] not in "[(":
            if wanted != UNKNOWN and wanted not in scores[name].band:
                draft.unknown_name(f"band in score `{name}` called", wanted, scores[name].band, *at)
            found[name] = wanted
        else:
            found[name] = _wanted(draft, wanted, SCORE, *at)
    return found


def _facts(draft: Draft, test: TestModel, path: tuple[str, ...]) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    columns = draft.tables["accounts"].columns
    facts = {each.id: each for each in draft.facts}
    for name, wanted in test.expect.facts.items():
        at = (*path, "expect", "facts", name)
        if name in facts:
            draft.asked.add(facts[name].address)
            found[name] = _wanted(draft, wanted, facts[name].type, *at)
        elif name in columns:
            found[name] = _wanted(draft, wanted, columns[name].type, *at)
        else:
            draft.unknown_name("fact", name, _measurable(draft), *at)
    return found


def _wanted(draft: Draft, wanted: Any, kind: Type, *at: str) -> Wanted:  # noqa: ANN401
    """Return what a value must be, an interval typed; report a value that the type cannot have."""
    if wanted == UNKNOWN:
        return UNKNOWN
    if isinstance(wanted, str) and kind.numeric and wanted[:1] in ("[", "("):
        interval, problems = compile_interval(draft.ruleset.text(*at), draft.scope, kind)
        draft.diagnostics.extend(problems)
        return interval if interval is not None else UNKNOWN
    if not _fits(wanted, kind):
        draft.report("KR348", f"this is {kind.told}, and {describe(wanted)} cannot be one", *at)
    value: Wanted = wanted
    return value


def _fits(wanted: Any, kind: Type) -> bool:  # noqa: ANN401  whatever TOML holds
    match kind.kind:
        case Kind.BOOL:
            return isinstance(wanted, bool)
        case Kind.TEXT:
            return isinstance(wanted, str)
        case Kind.CHOICE:
            return wanted in kind.choices
        case Kind.DATE:
            return isinstance(wanted, datetime.date)
    return isinstance(wanted, int | float) and not isinstance(wanted, bool)

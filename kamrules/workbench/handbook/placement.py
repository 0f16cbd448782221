"""Pages of the handbook: where an account stands (classes, tiers), and what that means for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.workbench.handbook.page import Heading, Item, Items, Link, Page, Paragraph, words
from kamrules.workbench.handbook.telling import rule_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import Gate, Strategy
    from kamrules.workbench.handbook.page import Block
    from kamrules.workbench.handbook.telling import Telling


def index(telling: Telling, pages: list[tuple[str, str, str]]) -> Page:
    """Return the first page: what the ruleset is, and its pages as (name, title, what is on it)."""
    program = telling.program
    title = telling.say("Ruleset {name} {version}", name=program.name, version=program.version)
    about = program.translations.get(telling.language, {}).get("ruleset.about", program.about)
    listed = tuple(Item((Link(each, name), f": {count}")) for name, each, count in pages)
    blocks: tuple[Block, ...] = (
        Heading(1, words(title)),
        *telling.about(about),
        Items(listed),
        Paragraph(words(telling.say(
            "Words in a frame are what stands in the rules. A rule fires only when its condition is "
            "true; what is not known is neither true nor false."))),
        Paragraph(words(telling.say(
            "Made from the rules themselves; their digest is {digest}.", digest=program.digest[:12]))),
    )  # fmt: skip
    return Page("index", title, blocks)


def classes(telling: Telling) -> Page:
    """Return the pyramid: each class with its conditions, and the ways up with their gates."""
    program = telling.program
    title = telling.say("Classes")
    blocks: list[Block] = [Heading(1, words(title))]
    named = {each.id: each.title for each in program.classes}
    for one in sorted(program.classes, key=lambda each: -each.level):
        blocks += [Heading(2, words(one.title), one.address), *telling.about(one.about)]
        items = [telling.condition(one.when, telling.say("When"))]
        if one.stay is not None:
            items.append(telling.condition(one.stay, telling.say("Enough to stay")))
        blocks += [Items(tuple(items)), *telling.from_clauses(one.source)]
    if program.paths:
        blocks.append(Heading(2, words(telling.say("Ways up"))))
    for path in program.paths:
        way = telling.say(
            "From {origin} to {target}", origin=named[path.origin], target=named[path.target]
        )
        blocks += [
            Heading(3, words(f"{path.title}: {way}"), path.address),
            *telling.about(path.about),
        ]
        blocks += [*_gates(telling, path.gates), *telling.from_clauses(path.source)]
    return Page("classes", title, tuple(blocks))


def tiers(telling: Telling) -> Page:
    """Return the relationship types from the lowest up, with their gates."""
    title = telling.say("Tiers")
    blocks: list[Block] = [Heading(1, words(title))]
    for one in telling.program.tiers:
        blocks += [Heading(2, words(f"{one.level}. {one.title}"), one.address)]
        blocks += [*telling.about(one.about), *_gates(telling, one.gates)]
        blocks += telling.from_clauses(one.source)
    return Page("tiers", title, tuple(blocks))


def _gates(telling: Telling, gates: tuple[Gate, ...]) -> Iterator[Block]:
    items = []
    for gate in gates:
        inner = [telling.condition(gate.when, telling.say("When"))]
        if gate.stay is not None:
            inner.append(telling.condition(gate.stay, telling.say("Enough to keep")))
        if gate.advice is not None:
            inner.append(Item(words(f"{telling.say('Advice')}: {telling.message(gate.advice)}")))
        if gate.source:
            inner.append(Item((telling.say("From clause") + " ", *telling.clauses(gate.source))))
        items.append(Item(words(gate.title), tuple(inner)))
    if items:
        yield Items(tuple(items))


def strategies(telling: Telling) -> Page:
    """Return the strategies, phases and roles."""
    program = telling.program
    title = telling.say("Strategies and phases")
    blocks: list[Block] = [Heading(1, words(title))]
    if program.strategies:
        blocks.append(Heading(2, words(telling.say("Strategies"))))
    for one in program.strategies:
        blocks += [Heading(3, words(one.title), one.address), *_strategy(telling, one)]
    if program.phases:
        blocks.append(Heading(2, words(telling.say("Phases"))))
    for phase in program.phases:
        blocks += [Heading(3, words(phase.title), phase.address), *telling.about(phase.about)]
        blocks.append(Items((telling.condition(phase.when, telling.say("When")),)))
        blocks += telling.from_clauses(phase.source)
    if program.roles:
        blocks.append(Heading(2, words(telling.say("Roles"))))
    for role in program.roles:
        blocks += [Heading(3, words(role.title), f"role.{role.id}"), *telling.about(role.about)]
        blocks += telling.from_clauses(role.source)
    return Page("strategies", title, tuple(blocks))


def _strategy(telling: Telling, one: Strategy) -> Iterator[Block]:
    yield from telling.about(one.about)
    share = "" if one.time_share is None else f"{one.time_share:.0%}"
    every = one.contact_every_days
    rhythm = "" if every is None else telling.say("{days} days", days=every)
    team = ", ".join(telling.owners.get(each, each) for each in one.team)
    yield Items((telling.condition(one.when, telling.say("When")),))
    yield rule_lines(
        (telling.say(name), words(text))
        for name, text in (
            ("Objective", telling.message(one.objective)), ("Share of all selling time", share),
            ("Contact every", rhythm), ("Team", team),
        )
    )  # fmt: skip
    yield from telling.from_clauses(one.source)

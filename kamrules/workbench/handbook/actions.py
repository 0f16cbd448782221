"""A page of the handbook: every action, in the order and grouping of the ruleset's files."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kamrules.workbench.handbook.page import Code, Heading, Items, Page, joined, words
from kamrules.workbench.handbook.telling import rule_lines
from kamrules.workbench.sentences.naming import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import ActionRule
    from kamrules.workbench.handbook.page import Block, Text
    from kamrules.workbench.handbook.telling import Telling


def actions(telling: Telling) -> Page:
    """Return all actions, grouped by the file in which they are written."""
    title = telling.say("Actions")
    blocks: list[Block] = [Heading(1, words(title))]
    group = None
    excludes: dict[str, list[str]] = {}
    for each in telling.program.actions:
        for other in each.excluded_by:
            excludes.setdefault(other, []).append(each.id)
    for each in telling.program.actions:
        file = PurePosixPath(each.place.file).stem if each.place is not None else ""
        if file != group:
            group = file
            blocks.append(Heading(2, words(plain(file).capitalize()), f"file.{file}"))
        blocks += _action(telling, each, excludes.get(each.id, []))
    return Page("actions", title, tuple(blocks))


def _action(telling: Telling, one: ActionRule, excludes: list[str]) -> Iterator[Block]:
    yield Heading(3, words(telling.message(one.title)), one.address)
    yield from telling.about(one.about)
    yield Items((telling.condition(one.when, telling.say("When")),))
    days = telling.say("{days} days", days=one.due_days)
    again = telling.say("{days} days", days=one.cooldown_days) if one.cooldown_days else ""
    owner = telling.owners.get(one.owner, one.owner)
    yield rule_lines(
        (
            (telling.say("Reason"), words(telling.message(one.because))),
            (telling.say("Owner"), (telling.link(f"role.{one.owner}", owner),)),
            (telling.say("Due within"), words(days)),
            (
                telling.say("Effort"),
                words(telling.say("{hours} hours", hours=f"{one.effort_hours:g}")),
            ),
            (telling.say("Not again for"), words(again)),
            (telling.say("Priority"), words(telling.sentences.tell(one.priority))),
            (telling.say("Takes the place of"), _named(telling, excludes)),
            (telling.say("Gives way to"), _named(telling, one.excluded_by)),
            (telling.say("Reads"), telling.reads(one.when)),
            (telling.say("In the rules"), (Code(one.address),)),
            (telling.say("From clause"), telling.clauses(one.source)),
        )
    )


def _named(telling: Telling, ids: list[str] | tuple[str, ...]) -> Text:
    titles = {each.id: telling.message(each.title) for each in telling.program.actions}
    return joined([(telling.link(f"action.{each}", titles[each]),) for each in ids])

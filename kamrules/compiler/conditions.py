"""Conditions: from the lists and tables an author nests to a tree of members with addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.draft import address_of
from kamrules.compiler.program import Condition, Logic
from kamrules.document import AllOf, AnyOf, AtLeast, NotThis
from kamrules.expression import canonical
from kamrules.expression.types import BOOL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.draft import Draft
    from kamrules.document import ConditionModel


def condition(draft: Draft, written: ConditionModel, *path: str | int) -> Condition:
    """Compile a condition as written at the path: text, a list, or any / at_least / not / all."""
    match written:
        case str():
            return _expression(draft, *path)
        case list():
            return _combined(draft, Logic.ALL, written, path, path)
        case AllOf():
            return _combined(draft, Logic.ALL, written.all, path, (*path, "all"))
        case AnyOf():
            return _combined(draft, Logic.ANY, written.any, path, (*path, "any"))
        case AtLeast():
            needed = int(draft.number(written.at_least, *path, "at_least"))
            return _combined(draft, Logic.AT_LEAST, written.of, path, (*path, "of"), needed)
        case NotThis():
            member = condition(draft, written.not_, *path, "not")
            return Condition(
                address_of(path),
                Logic.NOT,
                f"not ({member.text})",
                (member,),
                place=draft.place(*path),
            )


def _expression(draft: Draft, *path: str | int) -> Condition:
    node = draft.expression(*path, expected=BOOL)
    text = canonical(node) if node is not None else ""
    return Condition(
        address_of(path), Logic.EXPRESSION, text, expression=node, place=draft.place(*path)
    )


def _combined(  # noqa: PLR0913, PLR0917  where it stands and where its members stand differ
    draft: Draft,
    logic: Logic,
    members: Sequence[ConditionModel],
    path: tuple[str | int, ...],
    inside: tuple[str | int, ...],
    needed: int = 0,
) -> Condition:
    compiled = tuple(condition(draft, each, *inside, index) for index, each in enumerate(members))
    texts = [_in_brackets(each) for each in compiled]
    match logic:
        case Logic.ANY:
            text = " or ".join(texts)
        case Logic.AT_LEAST:
            text = f"at least {needed} of: " + "; ".join(each.text for each in compiled)
        case _:
            text = " and ".join(texts)
    return Condition(address_of(path), logic, text, compiled, needed, place=draft.place(*path))


def _in_brackets(member: Condition) -> str:
    plain = member.logic is Logic.EXPRESSION and not {"and", "or"} & set(member.text.split())
    return member.text if plain else f"({member.text})"

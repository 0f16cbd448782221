"""The order of keys: what a table is and says first, then what any rule may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.document.fields import Written
from kamrules.document.models import RulesetModel
from kamrules.document.schema import model_at
from kamrules.workbench.formatting.places import condition_of
from kamrules.workbench.formatting.written import Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.document.positions import Path
    from kamrules.workbench.formatting.written import Item
    from kamrules.workbench.formatting.written import Written as File

FIRST = ("title",)
CONDITION = ("all", "any", "at_least", "of", "not")


def in_order(file: File) -> None:
    """Put the keys of every table of a file into the order in which the models declare them.

    Tables whose keys are the author's own names (facts, columns, the rules of a kind) stay as they are.
    """
    for block in file.blocks:
        block.items = _sorted(block.items, block.path)
        for item in block.items:
            _inside(item, block.path)


def known_keys(path: Path) -> tuple[str, ...] | None:
    """Return the keys of the table at a path in their order, None where its keys are the author's names."""
    if condition_of(path) is not None:
        return CONDITION
    if not path:
        return None
    model = model_at(path)
    return None if model is None or model is RulesetModel else _keys(model)


def _keys(model: type[Written]) -> tuple[str, ...]:
    """Return a model's keys: its title, what it declares itself, then what it has in common with others."""
    found: list[str] = []
    for each in model.__mro__:
        if issubclass(each, Written):
            found += [name for name in each.__annotations__ if name in model.model_fields]
    aliases = {name: field.alias or name for name, field in model.model_fields.items()}
    return tuple(dict.fromkeys([*(each for each in FIRST if each in aliases),
                                *(aliases[name] for name in found)]))  # fmt: skip


def _inside(item: Item, around: Path) -> None:
    path = (*around, *item.names)
    if not isinstance(item.value, Group):
        return
    if item.value.braces:
        item.value.items = _sorted(item.value.items, path)
    for number, each in enumerate(item.value.items):
        _inside(each, path if item.value.braces else (*path, number))


def _sorted(items: list[Item], path: Path) -> list[Item]:
    """Return the items of a table in order; those of equal rank stay in the order written.

    What the first one has above it and a blank line behind that is about the whole table, so it stays.
    """
    places: dict[Path, int] = {}
    ranks = {id(each): _rank(each.names, path, places) for each in items}
    ordered = sorted(items, key=lambda each: ranks[id(each)])
    if ordered and ordered[0] is not items[0] and "" in items[0].above:
        cut = len(items[0].above) - items[0].above[::-1].index("")
        ordered[0].above = items[0].above[:cut] + ordered[0].above
        items[0].above = items[0].above[cut:]
    return ordered


def _rank(names: Sequence[str], path: Path, places: dict[Path, int]) -> tuple[int, ...]:
    rank = []
    for each in names:
        known = known_keys(path)
        here = (*path, each)
        place = places.setdefault(here, len(places))
        if known is not None:
            place = known.index(each) if each in known else len(known)
        rank.append(place)
        path = here
    return tuple(rank)

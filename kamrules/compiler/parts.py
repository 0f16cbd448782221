"""Parts: every tree in a rule, a rule with other trees in their places, and what a rule reads."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from kamrules.compiler.program import Condition, Message
from kamrules.compiler.written_signal import WrittenSignal
from kamrules.expression.functions import PLACING, RUNNING
from kamrules.expression.nodes import Node, StepValue
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kamrules.compiler.program import BookStep
    from kamrules.expression.nodes import BookFunction

Part = TypeVar("Part")
NODES = frozenset(get_args(Node))
RULES = frozenset({Condition.__module__, WrittenSignal.__module__})
"""The modules whose classes are rules, or parts of rules."""


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """Return what is looked into of a part of this kind: the fields of a rule, nothing of a value."""
    if is_dataclass(kind) and kind.__module__ in RULES:
        return tuple(each.name for each in fields(kind))
    return ()


def changed(part: Part, change: Callable[[Node], Node]) -> Part:
    """Return a rule in which every tree is what `change` makes of it; itself where nothing is another."""
    return _changed(part, change)  # type: ignore[no-any-return]


def _changed(part: Any, change: Callable[[Node], Node]) -> Any:  # noqa: ANN401  any part of a rule
    kind: Any = type(part)
    if kind in NODES:
        return change(part)
    if kind is tuple:
        items = tuple(_changed(each, change) for each in part)
        same = all(new is old for new, old in zip(items, part, strict=True))
        return part if same else items
    if kind is Message:
        texts = {language: _changed(pieces, change) for language, pieces in part.texts.items()}
        same = all(texts[each] is part.texts[each] for each in texts)
        return part if same else replace(part, texts=texts)
    values = {}
    for name in _fields(kind):
        old = getattr(part, name)
        new = _changed(old, change)
        if new is not old:
            values[name] = new
    return replace(part, **values) if values else part


def trees(part: object) -> Iterator[Node]:
    """Yield every tree in a program or a rule of it."""
    kind: Any = type(part)
    if kind in NODES:
        yield part  # type: ignore[misc]  # a node
    elif isinstance(part, tuple):
        for each in part:
            yield from trees(each)
    elif isinstance(part, Message):
        for pieces in part.texts.values():
            yield from trees(pieces)
    else:
        for name in _fields(kind):
            yield from trees(getattr(part, name))


def functions_of(step: BookStep) -> tuple[BookFunction, ...]:
    """Return what a whole-book step yields: where accounts stand by a number, or what another adds up to."""
    return PLACING if step.summed is None else RUNNING


def needs(part: object) -> set[str]:
    """Return the addresses of the steps whose results a rule reads."""
    return {
        node.address for tree in trees(part) for node in below(tree) if isinstance(node, StepValue)
    }

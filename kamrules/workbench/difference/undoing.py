"""Undoing: what a ruleset says with some edits undone, or with only some of them done."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from kamrules.compiler import compile_ruleset
from kamrules.diagnostics import RulesetError
from kamrules.document import Ruleset, RulesetModel
from kamrules.document.reading import Document
from kamrules.document.ruleset import digest_of
from kamrules.document.tree import entries
from kamrules.workbench.difference.edits import What

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.compiler import Program
    from kamrules.document.positions import Path
    from kamrules.expression.plugged import Functions
    from kamrules.workbench.difference.canon import Canon, Data
    from kamrules.workbench.difference.edits import Edit

FILE = "<edits>"
SILENT: Data = {"message": {}, "test": {}, "persona": {}, "source": {}}
"""Tables that decide nothing; a trial compiles faster without them."""


def undone(old: Canon, new: Canon, some: Iterable[Edit]) -> Data:
    """Return what the new ruleset says with some of the edits undone."""
    return _applied(new.data, old.data, some, back=True)


def done(old: Canon, new: Canon, some: Iterable[Edit]) -> Data:
    """Return what the old ruleset says with only some of the edits done."""
    return _applied(old.data, new.data, some, back=False)


def ruleset_of(data: Data, functions: Functions | None = None) -> Ruleset | None:
    """Return plain data as a ruleset; None when it is none: the edits need each other.

    `functions` are those of plug-ins that its expressions may call.
    """
    try:
        model = RulesetModel.model_validate(data)
    except ValidationError:
        return None
    root = entries(Document(FILE, data, None))
    return Ruleset(model, (FILE,), digest_of(model), root, frozenset({FILE}), functions=functions)


def program_of(data: Data, functions: Functions | None = None) -> Program | None:
    """Return what plain data decides, without its texts; None when it does not compile."""
    ruleset = ruleset_of(data | SILENT, functions)
    if ruleset is None:
        return None
    try:
        return compile_ruleset(ruleset)
    except RulesetError:
        return None


def _applied(data: Data, source: Data, some: Iterable[Edit], *, back: bool) -> Data:
    """Return data in which what the edits are about is as in the source."""
    found = data
    orders, members = [], defaultdict(list)
    for edit in some:
        if edit.member is not None:
            members[edit.path].append(edit.member if back else edit.member[::-1])
        elif edit.what is What.MOVED:
            orders.append(edit.path)
        else:
            found = _placed(found, source, edit.path)
    for path, pairs in members.items():
        mixed = _mixed(_at(data, path), _at(source, path), pairs)
        found = _with(found, path, mixed)
    for path in orders:
        found = _with(found, path, _ordered(_at(found, path), list(_at(source, path))))
    return found


def _at(data: Any, path: Path) -> Any:  # noqa: ANN401  whatever a model holds
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _with(data: Data, path: Path, value: Any) -> Data:  # noqa: ANN401
    """Return a copy of the data with a value at a path that is there, or whose last key is not."""
    first, rest = str(path[0]), path[1:]
    return {**data, first: _with(data.get(first, {}), rest, value) if rest else value}


def _placed(data: Data, source: Data, path: Path) -> Data:
    """Return the data with what the source has at a path, among its neighbours there, or without it."""
    table, other = _at(data, path[:-1]) or {}, _at(source, path[:-1]) or {}
    key = path[-1]
    if key not in other:
        changed = {name: each for name, each in table.items() if name != key}
    elif key in table:
        changed = {**table, key: other[key]}
    else:
        before = list(other)[: list(other).index(key)]
        after = max((list(table).index(one) + 1 for one in before if one in table), default=0)
        items = list(table.items())
        changed = dict([*items[:after], (key, other[key]), *items[after:]])
    return _with(data, path[:-1], changed) if path[:-1] else changed


def _mixed(
    own: list[Any], other: list[Any], pairs: Iterable[tuple[int | None, int | None]]
) -> list[Any]:
    """Return a condition's list with members exchanged: each pair gives one of the other and one of ours."""
    mixed: list[Any] = [[each] for each in own]
    more = []
    for there, here in pairs:
        if here is not None:
            mixed[here] = [] if there is None else [other[there]]
        elif there is not None:
            more.append(other[there])
    return [one for each in mixed for one in each] + more


def _ordered(table: Data, order: list[str]) -> Data:
    """Return a table whose keys stand as in the order; those it does not name keep their places."""
    known = iter([each for each in order if each in table])
    named = set(order)
    keys = [next(known) if key in named else key for key in table]
    return {key: table[key] for key in keys}

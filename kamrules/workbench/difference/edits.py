"""Edits: in what two rulesets say something else, in terms of rules and not of lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kamrules.document.tree import address_of
from kamrules.workbench.difference.gist import gist
from kamrules.workbench.formatting.places import condition_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.diagnostics import Place
    from kamrules.document.positions import Path
    from kamrules.workbench.difference.canon import Canon

SECTIONS = (
    "parameter", "table", "fact", "score", "criterion", "class", "path", "tier", "phase", "strategy",
    "role", "action", "signal",
)  # fmt: skip
INSIDE = {"table": "column", "score": "band", "path": "gate", "tier": "gate"}
"""What a rule holds that has a name of its own."""
HEADER = ("hit", "phase_hit", "strategy_hit", "name", "version", "languages", "vocabulary")
FIRST = {"class": "hit", "phase": "phase_hit", "strategy": "strategy_hit"}
"""Tables whose order counts when the first rule that holds wins."""
ORDERED = {"action": "", "path": "from", "criterion": "score"}
"""Tables whose order counts anyway, all of it or among rules that have this key in common."""
TEXTS = frozenset({"title", "about", "because", "advice", "objective", "source"})
NOTES = frozenset(
    {"low", "high", "info_level", "unit", "changeable", "cost", "step", "rising", "name", "version",
     "languages", "vocabulary"}
)  # fmt: skip


class Sort(StrEnum):
    """What an edit is about: what is decided; what is said about it (ranges, costs); or only texts."""

    RULE = "rule"
    NOTE = "note"
    TEXT = "text"


class What(StrEnum):
    """What was done to what stands at an address; switched off: `enabled = false` took a rule away."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    SWITCHED_OFF = "switched off"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, as people read it: what stands at `address` was `was` and becomes `becomes`.

    `was` is None for what is added, `becomes` for what is removed. `place` is where it is written now, in
    whichever file of the new ruleset or of one it extends; of what is gone, where it was written. `path`
    leads to what is replaced when the edit is undone; for one member of a condition's list `member` gives
    its place in the old list and in the new one, None where it is not.
    """

    address: str
    what: What
    sort: Sort
    was: str | None
    becomes: str | None
    place: Place
    path: Path
    member: tuple[int | None, int | None] | None = None


def edits(old: Canon, new: Canon) -> tuple[Edit, ...]:
    """Return every edit that leads from one ruleset to another, in the new one's order.

    What the two extend is part of them. Layout, comments, the order of tables and keys, and other ways of
    writing the same condition or number are no edits.
    """
    return tuple(_Edits(old, new).all())


class _Edits:
    """The edits between two rulesets."""

    def __init__(self, old: Canon, new: Canon) -> None:
        self.old = old
        self.new = new

    def all(self) -> Iterator[Edit]:
        for key in HEADER:
            yield from self._property(("ruleset", key))
        yield from self._property(("ruleset", "about"))
        for section in SECTIONS:
            for name in self._keys((section,)):
                yield from self._rule((section, name))
            yield from self._order(section)
        yield from self._texts()

    def _keys(self, path: Path) -> list[str]:
        """Return the keys of a table in either ruleset, the new one's first."""
        both = [self.new.value(path) or {}, self.old.value(path) or {}]
        return list(dict.fromkeys(key for each in both for key in each))

    def _rule(self, path: Path) -> Iterator[Edit]:
        """Yield the edits of a rule, or of what in a rule has a name of its own."""
        was, now = self.old.value(path), self.new.value(path)
        if was is None or now is None:
            yield self._whole(path, added=was is None)
            return
        if not (isinstance(was, dict) and isinstance(now, dict)):
            yield from self._property(path)
            return
        inside = INSIDE.get(str(path[0])) if len(path) == 2 else None
        for key in self._keys(path):
            if key == inside:
                for name in self._keys((*path, key)):
                    yield from self._rule((*path, key, name))
            elif key != "enabled":
                yield from self._property((*path, key))

    def _whole(self, path: Path, *, added: bool) -> Edit:
        side = self.new if added else self.old
        what = What.ADDED if added else What.REMOVED
        if not added and path in self.new.ruleset.off:
            what = What.SWITCHED_OFF
        told = gist(side, path)
        place = self.new.ruleset.off[path] if what is What.SWITCHED_OFF else _place(side, path)
        return Edit(
            address_of(path), what, Sort.RULE, None if added else told, told if added else None,
            place, path,
        )  # fmt: skip

    def _property(self, path: Path) -> Iterator[Edit]:
        if self.old.value(path) == self.new.value(path):
            return
        if condition_of(path) is not None:
            yield from self._condition(path)
        else:
            was, now = self.old.text(path), self.new.text(path)
            if was != now:
                yield self._changed(path, was, now)

    def _changed(self, path: Path, was: str | None, now: str | None) -> Edit:
        key = "" if path[-2] == "band" else str(path[-1])
        sort = Sort.TEXT if key in TEXTS else Sort.NOTE if key in NOTES else Sort.RULE
        what = What.ADDED if was is None else What.REMOVED if now is None else What.CHANGED
        place = _place(self.old if now is None else self.new, path)
        # a parameter is its value
        where = path[:2] if path[0] == "parameter" and key == "value" else path
        return Edit(address_of(where), what, sort, was or None, now or None, place, path)

    # conditions

    def _condition(self, path: Path) -> Iterator[Edit]:
        texts = self.old.text(path), self.new.text(path)
        if None in texts:
            yield self._changed(path, *texts)
            return
        was, now = self.old.members(path), self.new.members(path)
        gone, come = Counter(was) - Counter(now), Counter(now) - Counter(was)
        if not gone and not come:
            return
        if self._listed(path, was, self.old) and self._listed(path, now, self.new):
            yield from self._members(path, _left(was, gone), _left(now, come))
        else:
            yield self._changed(path, *texts)

    @staticmethod
    def _listed(path: Path, members: list[str], side: Canon) -> bool:
        """Whether every member is one entry of the list that is written, so that it can be exchanged."""
        value = side.value(path)
        return isinstance(value, list) and len(value) == len(members)

    def _members(
        self, path: Path, gone: list[tuple[int, str]], come: list[tuple[int, str]]
    ) -> Iterator[Edit]:
        """Yield one edit a member: those that are gone and those that have come, pair by pair."""
        for number in range(max(len(gone), len(come))):
            before = gone[number] if number < len(gone) else (None, None)
            after = come[number] if number < len(come) else (None, None)
            what = What.ADDED if before[1] is None else What.REMOVED
            what = What.CHANGED if before[1] is not None and after[1] is not None else what
            side, index = (self.old, before[0]) if after[0] is None else (self.new, after[0])
            where = (*path, index if index is not None else 0)
            yield Edit(
                address_of(where), what, Sort.RULE, before[1], after[1], _place(side, where), path,
                (before[0], after[0]),
            )  # fmt: skip

    # order and texts

    def _order(self, section: str) -> Iterator[Edit]:
        """Yield an edit when rules stand in another order and it counts.

        It counts for actions of equal priority, for paths from one class, and where the first rule that holds
        wins; in another order the criteria of a score add up to the same but for the last of 16 digits.
        """
        if section in FIRST and not self._first_wins(section):
            return
        if section not in FIRST and section not in ORDERED:
            return
        was, now = (self._sequences(side, section) for side in (self.old, self.new))
        moved = [
            (one, other)
            for group in was
            for one, other in zip(was[group], now.get(group, ()), strict=False)
            if one != other
        ]
        if moved:
            place = _place(self.new, (section,))
            told = [", ".join(each[side] for each in moved) for side in (0, 1)]
            sort = Sort.NOTE if section == "criterion" else Sort.RULE
            yield Edit(section, What.MOVED, sort, told[0], told[1], place, (section,))

    def _sequences(self, side: Canon, section: str) -> dict[str, list[str]]:
        """Return the rules that are on both sides in their order, by what they are ordered in."""
        key = ORDERED.get(section)
        found: dict[str, list[str]] = {}
        both = (self.old.value((section,)) or {}).keys() & (self.new.value((section,)) or {}).keys()
        for name, rule in (side.value((section,)) or {}).items():
            groups = [each.value((section, name, key)) for each in (self.old, self.new) if key]
            if name in both and len(set(groups)) <= 1:
                found.setdefault(str(rule[key]) if key else "", []).append(name)
        return found

    def _first_wins(self, section: str) -> bool:
        key = FIRST[section]
        return all(each.value(("ruleset", key)) == "first" for each in (self.old, self.new))

    def _texts(self) -> Iterator[Edit]:
        for name in self._keys(("source",)):
            path: Path = ("source", name)
            yield from self._text(
                path, *(_title(each.value(path)) for each in (self.old, self.new))
            )
        for language in self._keys(("message",)):
            for address in self._keys(("message", language)):
                path = ("message", language, address)
                yield from self._text(path, self.old.value(path), self.new.value(path))

    def _text(self, path: Path, was: str | None, now: str | None) -> Iterator[Edit]:
        if was != now:
            what = What.ADDED if was is None else What.REMOVED if now is None else What.CHANGED
            place = _place(self.old if now is None else self.new, path)
            yield Edit(address_of(path), what, Sort.TEXT, was, now, place, path)


def _title(value: Any) -> str | None:  # noqa: ANN401  a clause, or nothing
    return None if value is None else value["title"]


def _left(members: list[str], counts: Counter[str]) -> list[tuple[int, str]]:
    """Return the members that are only on one side, with their places in the list."""
    left = Counter(counts)
    found = []
    for index, each in reversed(list(enumerate(members))):
        if left[each] > 0:
            left[each] -= 1
            found.append((index, each))
    return found[::-1]


def _place(side: Canon, path: Path) -> Place:
    return side.ruleset.place(*path)[0]

"""Canon: what a ruleset says under each address, written the one way in which equal meanings are equal."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from kamrules.compiler.draft import Draft
from kamrules.compiler.read import read
from kamrules.compiler.resolve import resolve
from kamrules.diagnostics import SourceText
from kamrules.expression import canonical, canonical_rows, compile_expression, compile_rows
from kamrules.expression.nodes import And
from kamrules.expression.text import number
from kamrules.expression.types import BOOL, DATE, NUMBER, SCORE, Kind, Type
from kamrules.workbench.formatting.places import Place, condition_of, place_of
from kamrules.workbench.sensitivity.tuned import shown as shown_number

if TYPE_CHECKING:
    from kamrules.document import Ruleset
    from kamrules.document.positions import Path
    from kamrules.expression.nodes import Node

Data = dict[str, Any]
EPOCH = datetime.date(1970, 1, 1)


class Canon:
    """A ruleset's values as plain data, and the canonical text of what stands at a path of it.

    `data` is the model, defaults filled in; what it extends is in it, settings are applied, and rules that
    are switched off are not there.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        """Take a ruleset that compiles."""
        draft = Draft(ruleset)
        read(draft)
        resolve(draft)
        self.ruleset = ruleset
        self.scope = draft.scope
        self.data: Data = ruleset.model.model_dump(by_alias=True, exclude_none=True)

    def value(self, path: Path) -> Any:  # noqa: ANN401  whatever a model holds
        """Return the plain value at a path; None when there is none."""
        found: Any = self.data
        for part in path:
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return None
        return found

    def text(self, path: Path) -> str | None:
        """Return what stands at a path as people read it; equal meanings have equal texts."""
        value = self.value(path)
        if value is None:
            return None
        if condition_of(path) is not None:
            return " and ".join(_bracketed(self.members(path)))
        return self._said(value, path)

    def members(self, path: Path) -> list[str]:
        """Return the texts of the conditions that must all hold for the condition at a path."""
        return self._members(self.value(path), path)

    def _members(self, value: Any, path: Path) -> list[str]:  # noqa: ANN401
        if isinstance(value, list):
            return [
                one
                for index, each in enumerate(value)
                for one in self._members(each, (*path, index))
            ]
        if isinstance(value, dict):
            if "all" in value:
                return self._members(value["all"], (*path, "all"))
            return [self._group(value, path)]
        node = self._node(value, BOOL)
        return [value] if node is None else _joined(node)

    def _group(self, value: Data, path: Path) -> str:
        if "not" in value:
            inside = self._members(value["not"], (*path, "not"))
            return f"not ({' and '.join(_bracketed(inside))})"
        key = "any" if "any" in value else "of"
        each = [
            " and ".join(_bracketed(self._members(one, (*path, key, index))))
            for index, one in enumerate(value[key])
        ]
        if key == "any":
            return " or ".join(f"({one})" if " and " in one else one for one in each)
        return f"at least {self._said(value['at_least'], ())} of: {'; '.join(each)}"

    def _node(self, text: str, expected: Type | None) -> Node | None:
        return compile_expression(SourceText.plain(text), self.scope, expected)[0]

    def _said(self, value: Any, path: Path) -> str:  # noqa: ANN401
        match value:
            case bool():
                return "yes" if value else "no"
            case str():
                return self._text(value, path)
            case int() | float():
                return self._number(value, path)
            case datetime.date():
                return value.isoformat()
            case list():
                return ", ".join(self._said(each, (*path, i)) for i, each in enumerate(value))
            case dict():
                return self._table(value, path)
        return str(value)

    def _table(self, value: Data, path: Path) -> str:
        if "points" in value and path[0:1] == ("criterion",):
            inside = self._said(value["in"], (*path, "in")) if "in" in value else "else"
            return f"{inside}: {self._said(value['points'], (*path, 'points'))}"
        return ", ".join(f"{key} {self._said(each, (*path, key))}" for key, each in value.items())

    def _number(self, value: float, path: Path) -> str:
        of = self._type_of(path)
        if of is None:
            return number(float(value))
        told = shown_number(float(value), of)
        return f"{told} days" if of.kind is Kind.DAYS else told

    def _type_of(self, path: Path) -> Type | None:
        """Return the type of the number at a path, None where it has no unit."""
        match path:
            case ("parameter", str(name), "value" | "low" | "high"):
                return Type(Kind(self.data["parameter"][name]["type"]))
            case ("strategy", _, "time_share"):
                return Type(Kind.SHARE)
            case (
                _,
                _,
                "due_days" | "cooldown_days" | "contact_every_days" | "within_days" | "for_days",
            ):
                return Type(Kind.DAYS)
            case ("criterion", str(name), "curve", _, 0):
                return self._measured(name)
        return None

    def _text(self, value: str, path: Path) -> str:
        match place_of(path):
            case Place.FACT:
                fact = self.data["fact"][path[1]]
                node = self._node(value, Type(Kind(fact["type"]), tuple(fact["choices"])))
            case Place.CRITERION:
                node = self._node(value, None)
            case Place.PRIORITY:
                node = self._node(value, NUMBER)
            case Place.ROWS:
                return self._rows(value)
            case Place.BAND:
                return self._interval(value, SCORE)
            case Place.SCALE:
                return self._interval(value, self._measured(str(path[1])))
            case _:
                return value
        return value if node is None else canonical(node)

    def _rows(self, text: str) -> str:
        rows, _ = compile_rows(SourceText.plain(text), self.scope, DATE)
        return text if rows is None else canonical_rows(rows.table, rows.where, rows.column)

    def _measured(self, criterion: str) -> Type | None:
        node = self._node(self.data["criterion"][criterion]["value"], None)
        return None if node is None else node.type

    def _interval(self, text: str, of: Type | None) -> str:
        text = text.strip()
        low, dots, high = text[1:-1].partition("..")
        if not dots or text[0] not in "[(" or text[-1] not in "])":
            return text
        ends = []
        for end in (low.strip(), high.strip()):
            node = self._node(end, of) if end else None
            ends.append(end if node is None else canonical(node))
        return f"{text[0]}{ends[0]}..{ends[1]}{text[-1]}"


def _joined(node: Node) -> list[str]:
    """Return the texts of what `and` joins at the top of a condition; an interval stays one."""
    whole = canonical(node)
    if not isinstance(node, And):
        return [whole]
    parts = [canonical(each) for each in node.items]
    if whole != " and ".join(_bracketed(parts)):
        return [whole]
    return [one for each in node.items for one in _joined(each)]


def _bracketed(parts: list[str]) -> list[str]:
    return [f"({each})" if " or " in each and len(parts) > 1 else each for each in parts]

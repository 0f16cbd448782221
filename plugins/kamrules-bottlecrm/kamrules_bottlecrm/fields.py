"""Custom fields: which of BottleCRM's hold what is decided, which are lacking, and which cannot hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kamrules.diagnostics import Diagnostic

    from kamrules_bottlecrm.client import Client

PATH = "/api/custom-fields/"
ACCOUNT, TASK = "Account", "Task"
TEXT, NUMBER = "text", "number"
ACTION, STATE = "action", "task"
"""Fields of tasks: the action's id, and how the task stands to it (kamrules_bottlecrm.tasks)."""
_HOLD = {TEXT: ("text", "textarea", "dropdown"), NUMBER: ("number",)}
_BEFORE, _BEHIND = "next_tier_missing", "actions"
"""The columns of `decisions` between which the scores stand."""


@dataclass(frozen=True, slots=True)
class Field:
    """A custom field that is wanted: on which records, for which column, of which type."""

    record: str
    column: str
    key: str
    type: str

    def definition(self) -> dict[str, Any]:
        """Return the field as BottleCRM is asked to make it."""
        label = "KAM " + self.column.replace("_", " ")
        return {
            "target_model": self.record, "key": self.key, "label": label, "field_type": self.type,
            "is_filterable": True,
        }  # fmt: skip


def wanted_fields(columns: Sequence[str], chosen: Sequence[str], prefix: str) -> list[Field]:
    """Return the fields of accounts for columns of the table of decisions: those chosen, or all there are.

    All are class, tier and the scores; a chosen column that there is not is left to the caller to name.
    """
    names = list(columns)
    scores = names[names.index(_BEFORE) + 1 : names.index(_BEHIND)]
    known = ["class", "tier", "phase", "strategy", *scores]
    taken = [each for each in known if each in chosen] if chosen else ["class", "tier", *scores]
    return [
        Field(ACCOUNT, each, prefix + each, NUMBER if each in scores else TEXT) for each in taken
    ]


def task_fields(prefix: str) -> list[Field]:
    """Return the fields by which a task is known again."""
    return [Field(TASK, each, prefix + each, TEXT) for each in (ACTION, STATE)]


class Definitions:
    """The custom fields that a BottleCRM has."""

    def __init__(self, client: Client) -> None:
        """Read them. Raises DataError."""
        self._client = client
        data = client.get(PATH, {"include_counts": "false"})
        listed = data.get("definitions") if isinstance(data, dict) else None
        if not isinstance(listed, list):
            message = (
                f"the answer of BottleCRM to `{PATH}` is strange: it has no list `definitions`"
            )
            raise DataError(client.fault("KR724", message, "to"))
        self._known = {(each.get("target_model"), each.get("key")): each for each in listed}

    def lacking(self, fields: Iterable[Field]) -> list[Field]:
        """Return those to be made. Raises DataError (KR725) for those that cannot hold their values."""
        problems: list[Diagnostic] = []
        found = []
        for each in fields:
            known = self._known.get((each.record, each.key))
            if known is None:
                found.append(each)
            elif (wrong := _wrong(each, known)) is not None:
                problems.append(self._unfit(each, *wrong))
        if problems:
            raise DataError(*problems)
        return found

    def check_value(self, field: Field, value: object) -> None:
        """Raise DataError (KR725) for a text that a field with a list of choices does not offer."""
        known: Mapping[str, Any] = self._known.get((field.record, field.key), {})
        if value is None or known.get("field_type") != "dropdown":
            return
        offered = [each.get("value") for each in known.get("options") or ()]
        if value not in offered:
            raise DataError(
                self._unfit(field, f"does not offer `{value}`", "add it to its options")
            )

    def _unfit(self, field: Field, wrong: str, mend: str) -> Diagnostic:
        message = f"custom field `{field.key}` of {field.record.lower()}s in BottleCRM {wrong}"
        return self._client.fault("KR725", message, "to", help=mend)


def _wrong(field: Field, known: Mapping[str, Any]) -> tuple[str, str] | None:
    kind = known.get("field_type")
    if not known.get("is_active", True):
        return "is switched off", "switch it on, or leave it out by the option `fields`"
    if kind not in _HOLD[field.type]:
        mend = "rename it there, or choose another `prefix` by the options of the sink"
        return f"is of type {kind}, where {field.type} is wanted", mend
    return None

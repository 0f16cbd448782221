"""Untold: a Decision of which each part is put into words when it is first asked for.

Deciding takes a few dozen microseconds; writing out every title, reason, gate and fact takes several times
that, and most callers read three parts of it. So what `decide` returns knows the ids and numbers, and
remembers what the rest is made from. It is a Decision in all that can be seen from outside: whoever asks for
the whole (JSON, comparison, a copy, pickle, `vars`) gets the whole, and from then on it is a plain Decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from kamrules.decision import Decision
from kamrules.engines.row.making import set_extra, set_given, set_private, set_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Source = Callable[[str], Any]

# pydantic keeps a model's fields in `__dict__`, which Untold hides behind a property, and has a slot to spare
_get_values = BaseModel.__dict__["__dict__"].__get__
_get_source = BaseModel.__dict__["__pydantic_private__"].__get__
FIELDS = tuple(Decision.model_fields)
_given = set(FIELDS)


class Untold(Decision):
    """A Decision that has only some of its fields yet, and what gives the others."""

    model_config = ConfigDict(defer_build=True)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  a field of any type
        """Return a field that was not told yet, and keep it."""
        source = _get_source(self)
        if source is None or name not in _given:
            # told meanwhile by another thread, or no field at all: a Decision knows
            return getattr(told(self), name)
        values = _get_values(self)
        found = values[name] = source(name)
        return found

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """All fields: what pydantic reads to dump, compare, copy and show a model."""
        return _get_values(told(self))  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        """Return whether the other is an equal Decision."""
        return told(self) == other

    __hash__ = Decision.__hash__

    def __repr__(self) -> str:
        """Return what a Decision shows."""
        return repr(told(self))

    def __str__(self) -> str:
        """Return what a Decision shows."""
        return str(told(self))

    def __copy__(self) -> Decision:  # type: ignore[override]
        """Return a Decision with the same fields."""
        return told(self).__copy__()

    def __deepcopy__(  # type: ignore[override]
        self, memo: dict[int, Any] | None = None
    ) -> Decision:
        """Return a Decision with copies of the fields."""
        return told(self).__deepcopy__(memo)

    def __reduce_ex__(self, protocol: Any) -> Any:  # noqa: ANN401  as object's
        """Return what pickles a Decision."""
        return told(self).__reduce_ex__(protocol)


def untold(values: dict[str, Any], source: Source) -> Decision:
    """Return a Decision with some fields; `source` gives any other by its name, always the same."""
    found = object.__new__(Untold)
    set_values(found, values)
    set_given(found, _given)
    set_extra(found, None)
    set_private(found, source)
    return found


def told(decision: Decision) -> Decision:
    """Return the same object as a plain Decision with all its fields, in their order."""
    source = _get_source(decision)
    if source is not None:
        values: Mapping[str, Any] = _get_values(decision)
        set_values(
            decision, {name: values[name] if name in values else source(name) for name in FIELDS}
        )
        # in this order: another thread that still finds no source finds all fields
        object.__setattr__(decision, "__class__", Decision)
        set_private(decision, None)
    return decision

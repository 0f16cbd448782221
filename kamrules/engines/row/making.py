"""Making models of values that are right by construction: pydantic need not look at them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable

Model = TypeVar("Model", bound="BaseModel")
_given: dict[type[BaseModel], set[str]] = {}


def setter(slot: str) -> Callable[[Any, Any], None]:
    """Return what sets a slot of pydantic's models, which frozen ones let nobody set otherwise."""
    found: Callable[[Any, Any], None] = BaseModel.__dict__[slot].__set__
    return found


set_values = setter("__dict__")
set_given = setter("__pydantic_fields_set__")
set_extra = setter("__pydantic_extra__")
set_private = setter("__pydantic_private__")


def made(model: type[Model], **values: Any) -> Model:  # noqa: ANN401  fields of any type
    """Return a model with all its fields given; several times faster than validating them.

    What `model_construct` does, without looking for defaults and aliases of each field. Only for frozen
    models: those of one type share the set of the fields given.
    """
    found = object.__new__(model)
    set_values(found, values)
    given = _given.get(model)
    if given is None:
        given = _given[model] = set(model.model_fields)
    set_given(found, given)
    set_extra(found, None)
    set_private(found, None)
    return found

"""Cut-offs as a file has them: whether it holds any, and what is wrong if not."""

from __future__ import annotations

import datetime  # noqa: TC003  a field of a model
from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kamrules.diagnostics import DataError, Diagnostic
from kamrules.engines.cutoffs import FILE, Cutoffs, Spread
from kamrules.expression.types import PLACES, Kind


def read(content: bytes, shown: str) -> Cutoffs:
    """Return the cut-offs in a file's content. Raises DataError when it holds something else."""
    try:
        model = _File.model_validate_json(content, strict=True)
    except ValidationError as error:
        message = f"`{shown}` holds no cut-offs: {_reason(error)}"
        mend = f"a run writes them as {FILE} into its folder"
        raise DataError(Diagnostic("KR605", message, help=mend)) from None
    return model.cutoffs()


def _reason(error: ValidationError) -> str:
    """Return the first thing that is wrong, and where."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(each) for each in first["loc"])
    if first["type"] == "missing":
        return f"`{where}` is missing"
    said = first["msg"].removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    return f"`{where}`: {said}" if where else said


class _Spread(BaseModel):
    """A spread as the file has it."""

    model_config = ConfigDict(extra="forbid")
    text: str
    places: int = Field(ge=0, le=PLACES[Kind.NUMBER])
    accounts: int = Field(ge=0)
    total: int
    values: list[int]
    above: list[int]
    sum_places: int | None = Field(default=None, ge=0, le=PLACES[Kind.NUMBER])
    sums: list[int] | None = None

    @model_validator(mode="after")
    def _rises(self) -> Self:
        values, above = self.values, self.above
        if len(values) != len(above):
            raise ValueError("`values` and `above` differ in length")
        if any(one <= two for one, two in pairwise(values)):
            raise ValueError("`values` do not fall")
        rises = all(one < two for one, two in pairwise([*above, self.accounts]))
        if not rises or above[:1] != [0] * bool(self.accounts):
            raise ValueError("`above` does not rise from 0 to less than `accounts`")
        if (self.sums is None) != (self.sum_places is None):
            raise ValueError("`sums` and `sum_places` stand together")
        if self.sums is not None and (
            len(self.sums) != len(values) or self.sums[-1:] != [self.total][: len(values)]
        ):
            raise ValueError("`sums` do not run up to `total`")
        return self


class _File(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")
    content: Literal["cut-offs"]
    ruleset: str
    digest: str
    as_of: datetime.date
    spreads: list[_Spread]

    def cutoffs(self) -> Cutoffs:
        """Return what the file says."""
        spreads = tuple(
            Spread(
                each.text,
                each.places,
                each.accounts,
                each.total,
                tuple(each.values),
                tuple(each.above),
                each.sum_places,
                None if each.sums is None else tuple(each.sums),
            )
            for each in self.spreads
        )
        return Cutoffs(self.ruleset, self.digest, self.as_of, spreads)

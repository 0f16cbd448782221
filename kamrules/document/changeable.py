"""What a fact or a column says about changing it: whether it can be, at what cost, which way is better."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kamrules.document.fields import Slip, Way, Written
from kamrules.document.values import changing_slips


class Changeable(Written):
    """What a fact says about changing it."""

    changeable: Way | None = Field(
        default=None,
        description="false: nobody can change it, such as an industry or a country; "
        '"up" or "down": it can only be changed that way',
    )
    cost: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        default=None,
        description="What one step of a change costs, beside the other facts; 1 if not said",
    )
    step: Annotated[float, Field(gt=0, le=1e12)] | None = Field(
        default=None,
        description="How much a step is: 100_000 of revenue, 1 contact, 0.05 of a share",
    )
    rising: Literal["better", "worse"] | None = Field(
        default=None,
        description="better: more of it never lowers a score, the class or the tier; worse: never raises",
    )

    def _changing_slips(self, kind: str) -> list[Slip]:
        return changing_slips(
            kind,
            changeable=self.changeable,
            cost=self.cost,
            step=self.step,
            rising=self.rising,
        )

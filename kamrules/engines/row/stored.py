"""Values from outside as they are stored: numbers in whole units, dates as days since 1970-01-01."""

from __future__ import annotations

import datetime
import math
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from kamrules.expression.types import DIGITS, PLACES, Kind
from kamrules.show import EPOCH, round_away

LIMIT = 10**DIGITS


class Wrong(Exception):  # noqa: N818  caught where it becomes a diagnostic
    """A value that does not fit its column."""


def stored(value: Any, kind: Kind) -> int | None:  # noqa: ANN401  whatever a caller passes
    """Return a number in whole units of 10**-places, None when it is unknown. Raises Wrong."""
    places = PLACES[kind]
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Wrong
    if isinstance(value, int):
        units = value * 10**places
    elif isinstance(value, float):
        if not math.isfinite(value):
            return None
        scaled = value * 10.0**places
        units = round_away(scaled) if math.isfinite(scaled) else LIMIT
    else:
        if not value.is_finite() or value.adjusted() > DIGITS:
            return None
        with localcontext() as context:
            context.prec = 60
            units = int(value.scaleb(places).quantize(Decimal(1), ROUND_HALF_UP))
    return units if -LIMIT < units < LIMIT else None


def day(value: Any) -> int:  # noqa: ANN401  whatever a caller passes
    """Return a date, or its ISO text, as days since 1970-01-01. Raises Wrong."""
    if isinstance(value, str):
        try:
            value = datetime.date.fromisoformat(value)
        except ValueError:
            raise Wrong from None
    if isinstance(value, datetime.datetime):
        value = value.date()
    if not isinstance(value, datetime.date):
        raise Wrong
    return value.toordinal() - EPOCH

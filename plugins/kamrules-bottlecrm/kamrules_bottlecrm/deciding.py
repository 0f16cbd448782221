"""What a run decided, account by account, as it is brought into BottleCRM."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules import DataError
from kamrules.diagnostics import nearest

from kamrules_bottlecrm.fields import NUMBER, wanted_fields
from kamrules_bottlecrm.tasks import Advice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.contracts import Tables

    from kamrules_bottlecrm.fields import Field
    from kamrules_bottlecrm.site import Fault

PROPOSED, COOLDOWN = "proposed", "cooldown"
_ACTION = ("action", "title", "status", "rank", "priority", "owner", "due_on", "reason")
_ROWS = 500
_VIEW = "bottlecrm_decided"


@dataclass(frozen=True, slots=True)
class Row:
    """What was decided of one account: values by field, its actions, and how many were proposed in all."""

    account: str
    values: dict[str, object]
    actions: tuple[dict[str, Any], ...]
    proposed: int | None

    def advice(self, top: int | None) -> Advice:
        """Return what tasks are to follow: the actions proposed, the `top` first, and those in cooldown.

        It is cut where the run kept fewer than it proposed, so that an action that is not among them may
        be proposed still.
        """
        some = [each for each in self.actions if each["status"] == PROPOSED]
        cooling = {each["action"] for each in self.actions if each["status"] == COOLDOWN}
        cut = self.proposed is None or self.proposed > len(some)
        return Advice(some, {each["action"] for each in some[:top]}, cooling, cut=cut)


class Decided:
    """The decisions and actions of a run; a run that is not to deliver one of them lacks it."""

    def __init__(self, tables: Tables, chosen: Sequence[str], prefix: str, fault: Fault) -> None:
        """Take the tables. Raises DataError (KR728) for a chosen column that there is not."""
        self._decisions, self._actions = tables.get("decisions"), tables.get("actions")
        self.fields: list[Field] = []
        if self._decisions is not None:
            columns = self._decisions.columns
            self.fields = wanted_fields(columns, chosen, prefix)
            for each in chosen:
                if each not in [field.column for field in self.fields]:
                    near = nearest(each, columns)
                    message = f"option `fields` names `{each}`, which is no class, tier or score of the run"
                    mend = f"did you mean `{near}`?" if near else None
                    raise DataError(fault("KR728", message, "to", help=mend))

    @property
    def has_actions(self) -> bool:
        """Whether the actions of the run are to be delivered."""
        return self._actions is not None

    def actions(self) -> list[str]:
        """Return the ids of all actions that the run tells of."""
        if self._actions is None:
            return []
        return sorted(each for (each,) in self._actions.project("action").distinct().fetchall())

    def owners(self) -> set[str]:
        """Return the roles that own actions."""
        if self._actions is None:
            return set()
        return {each for (each,) in self._actions.project("owner").distinct().fetchall() if each}

    def rows(self, connection: Any) -> Iterator[Row]:  # noqa: ANN401  DuckDB's
        """Yield what was decided of each account; the connection does nothing else meanwhile."""
        joined = self._joined()
        if joined is None:
            return
        joined.create_view(_VIEW, replace=True)
        connection.execute(f"FROM {_VIEW}")
        while some := connection.fetchmany(_ROWS):
            for account, proposed, actions, *values in some:
                cells = {
                    each.key: _number(value) if each.type == NUMBER else value
                    for each, value in zip(self.fields, values, strict=True)
                }
                yield Row(account, cells, tuple(actions or ()), proposed)

    def _joined(self) -> Any:  # noqa: ANN401  DuckDB's
        """Return account, number proposed, list of actions, values of the fields; a row an account."""
        grouped = None
        if self._actions is not None:
            packed = ", ".join(f"{each} := {each}" for each in _ACTION)
            grouped = self._actions.aggregate(
                f"account_id, list(struct_pack({packed}) ORDER BY rank) AS kamrules_actions",
                "account_id",
            )
        if self._decisions is None:
            return grouped and grouped.project("account_id, NULL, kamrules_actions")
        columns = "".join(f', "{each.column}"' for each in self.fields)
        if grouped is None:
            return self._decisions.project(f"account_id, actions, NULL{columns}")
        joined = self._decisions.set_alias("d").join(
            grouped.set_alias("a"), "account_id", how="left"
        )
        columns = "".join(f', d."{each.column}"' for each in self.fields)
        return joined.project(f"d.account_id, d.actions, a.kamrules_actions{columns}")


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)

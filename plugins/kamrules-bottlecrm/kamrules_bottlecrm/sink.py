"""Decisions into BottleCRM: class, tier and scores as custom fields of accounts, proposed actions as tasks.

BottleCRM cannot take back what was written to it. So everything is read, checked and planned first; what is
then written is only what differs, and a run after one that broke off writes what that left.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

from kamrules import DataError
from kamrules.diagnostics import Diagnostic, UsageError

from kamrules_bottlecrm.client import Client
from kamrules_bottlecrm.deciding import Decided
from kamrules_bottlecrm.fields import Definitions
from kamrules_bottlecrm.planning import Planner, may
from kamrules_bottlecrm.site import OPTIONS, Site, check_options, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.contracts import Tables, Target

_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,19}", re.ASCII)
_ALWAYS = ("accounts changed", "tasks made", "tasks closed")
"""What is told of a delivery even when there was none of it."""


def _prefix(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    fits = isinstance(value, str) and _PREFIX.fullmatch(value)
    return None if fits else "has to be a letter and at most 19 more, digits or `_`, all lower case"


def _names(value: Any) -> str | None:  # noqa: ANN401
    fits = isinstance(value, list) and value and all(isinstance(each, str) for each in value)
    return (
        None if fits else 'has to be a list of columns of the decisions, such as ["class", "tier"]'
    )


def _owners(value: Any) -> str | None:  # noqa: ANN401
    fits = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    example = '{ finance = "ann@example.com" }'
    return None if fits else f"has to be a table of e-mail addresses by role, such as {example}"


def _withdrawn(value: Any) -> str | None:  # noqa: ANN401
    return None if value in ("close", "leave") else 'has to be "close" or "leave"'


_OPTIONS = {
    **OPTIONS, "prefix": _prefix, "fields": _names, "top": whole(0, 100), "owners": _owners,
    "withdrawn": _withdrawn,
}  # fmt: skip


def open_sink(target: Target) -> ToBottleCrm:
    """Return what delivers to a BottleCRM: `bottlecrm:` and its URL, or BOTTLECRM_URL.

    Raises UsageError for another mode than replace and upsert, DataError when it cannot be reached or
    entered.
    """
    if target.mode not in ("replace", "upsert"):
        message = f"BottleCRM knows no mode `{target.mode}`: its accounts and tasks are brought up to date"
        raise UsageError(Diagnostic("KR728", message, help="leave the mode out"))
    check_options(target.options, _OPTIONS, _placeless, "sink")
    site = Site.of(target.location, target.options, _placeless)
    client = Client(site, _placeless)
    try:
        return ToBottleCrm(client, target)
    except BaseException:
        client.close()
        raise


def _placeless(code: str, message: str, *_: str, help: str | None = None) -> Diagnostic:  # noqa: A002
    return Diagnostic(code, message, help=help)


class ToBottleCrm:
    """A delivery to one BottleCRM."""

    def __init__(self, client: Client, target: Target) -> None:
        """Read which custom fields there are. Raises DataError."""
        self._client, self._options = client, target.options
        self._definitions = Definitions(client)
        self._plan: IO[str] | None = None
        self._planned: Counter[str] = Counter()

    def stage(self, tables: Tables, connection: Any) -> Mapping[str, int]:  # noqa: ANN401  DuckDB's
        """Compare what was decided with what is there, and keep what is to be written in a file.

        Returns how many changes of each kind there will be. Raises DataError for all that can be known
        to fail, a permission that lacks included.
        """
        self._plan = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  commit closes it
        self._planned = Counter()
        chosen: Any = self._options.get("fields", ())
        prefix = str(self._options.get("prefix", "kam_"))
        decided = Decided(tables, chosen, prefix, self._client.fault)
        planner = Planner(self._client, self._definitions, self._options)
        asked = set()
        for change in planner.changes(decided, connection):
            kind = (change.method, change.path.split("/")[2])
            if kind not in asked:
                may(self._client, change)
                asked.add(kind)
            self._planned[change.what] += 1
            self._plan.write(json.dumps(asdict(change)) + "\n")
        told = dict.fromkeys(_ALWAYS, 0) | self._planned
        return told | ({"accounts not there": len(planner.strangers)} if planner.strangers else {})

    def commit(self) -> None:
        """Write what was planned, in order. Raises DataError, saying how far it came (KR727)."""
        plan, self._plan = self._plan, None
        if plan is None:
            return
        done, total = 0, self._planned.total()
        plan.seek(0)
        try:
            for line in plan:
                change = json.loads(line)
                # what is gone since it was read needs no change
                gone = (404,) if change["method"] == "PATCH" else ()
                self._client.ask(change["method"], change["path"], change["body"], taken=gone)
                done += 1
        except DataError as error:
            message = f"{done:,} of {total:,} changes were written to BottleCRM before that"
            mend = "run again: what has been written is not written twice"
            raise DataError(*error.diagnostics, Diagnostic("KR727", message, help=mend)) from error
        finally:
            plan.close()
            self._client.close()

    def abandon(self) -> None:
        """Drop what was planned; nothing of it has been written."""
        if self._plan is not None:
            self._plan.close()
            self._plan = None
        self._client.close()

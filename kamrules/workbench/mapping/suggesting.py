"""Suggesting a book: a source is looked at, plug-ins are asked, and the proposal is written down."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, Severity
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.workbench.mapping.asking import usable
from kamrules.workbench.mapping.looking import MOST_ROWS, is_uri, look, named
from kamrules.workbench.mapping.pairing import SURE
from kamrules.workbench.mapping.proposing import propose
from kamrules.workbench.mapping.writing import additions, book_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamrules.expression.types import Table
    from kamrules.plugins import Plugins
    from kamrules.workbench.mapping.proposing import Suggested, Suggestion


@dataclass(frozen=True, slots=True)
class Told:
    """A proposal: the text of the book file, what it proposes, and warnings.

    `adds` says that the text is what could be added to a book file that there is.
    """

    text: str
    suggestion: Suggestion
    adds: bool
    warnings: tuple[Diagnostic, ...]

    @property
    def has_accounts(self) -> bool:
        """Whether it has a table of accounts, without which no book can be read."""
        return self.adds or any(each.table == ACCOUNTS for each in self.suggestion.tables)

    def as_json(self) -> dict[str, Any]:
        """Return plain data: every proposal with how sure it is, and why."""
        found = self.suggestion
        return {
            "crm": found.crm,
            "as_of": found.as_of[0].isoformat() if found.as_of else None,
            "currency": found.currency[0] if found.currency else None,
            "tables": [_table_as_json(each) for each in found.tables],
            "strange": [each.uri for each in found.strange],
            "text": self.text,
        }


def suggest(  # noqa: PLR0913  what a proposal depends on
    source: str,
    vocabulary: Mapping[str, Table],
    plugins: Plugins,
    *,
    sure: float = SURE,
    base: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Told:
    """Return a proposed book file for a source, named by a path, a pattern or a URI.

    What is at least so `sure` (0 to 1) is live in it. Paths in it are relative to `base`, the folder in
    which it will be (by default the current one). Raises UsageError when there is nothing at the place,
    DataError when nothing there can be read.
    """
    looked = look(source, plugins, base=base or Path(), progress=progress)
    progress("asking what is what")
    asked, faults = plugins.proposals([each.as_contract() for each in looked.sources])
    wanted, refused = usable(asked, looked.sources, vocabulary)
    found = propose(looked.sources, vocabulary, asked=wanted)
    if looked.book is not None:
        text = additions(found, vocabulary, shown=source, sure=sure)
    else:
        text = book_file(
            found, vocabulary, shown=source, name=_name(source), sure=sure, looked=MOST_ROWS
        )
    told = Told(text, found, looked.book is not None, (*looked.warnings, *faults, *refused))
    if told.has_accounts:
        return told
    return Told(text, found, told.adds, (*told.warnings, _no_accounts(source)))


def _no_accounts(source: str) -> Diagnostic:
    message = f"nothing in `{source}` looks like a table of accounts, which every book needs"
    mend = "write [table.accounts] into what is proposed, with the table of your customers behind `from`"
    return Diagnostic("KR688", message, Severity.WARNING, help=mend)


def _name(source: str) -> str:
    if is_uri(source):
        return named(source)
    name = Path(os.path.abspath(source)).name  # noqa: PTH100  no link is to be followed
    return name.partition(".")[0] or "book"


def _table_as_json(one: Suggested) -> dict[str, Any]:
    key = one.key
    columns = [
        {
            "column": each.column,
            "source": each.source,
            "sure": round(each.sure, 3),
            "why": each.why,
            "mapping": dict(each.mapping),
            "doubts": list(each.doubts),
            "notes": list(each.notes),
            "others": list(each.others),
        }
        for each in one.pairs
    ]
    account = None
    if key is not None:
        account = {
            "column": ACCOUNT_ID,
            "source": key.column,
            "sure": round(key.sure, 3),
            "why": key.why,
            "notes": list(key.notes),
        }
    return {
        "table": one.table,
        "from": one.source.uri,
        "sure": round(one.sure, 3),
        "why": one.why,
        "account": account,
        "only": {name: list(each) for name, each in one.only.items()},
        "options": dict(one.options),
        "columns": columns,
        "unused": [each.name for each in one.unused],
        "lacking": list(one.lacking),
    }

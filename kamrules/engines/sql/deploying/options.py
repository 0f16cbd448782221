"""How a ruleset is deployed: the warehouse's dialect, its date, and which of its tables are meant."""

from __future__ import annotations

import datetime  # noqa: TC003  a field of a dataclass
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError, nearest
from kamrules.engines.sql.deploying.names import LONGEST
from kamrules.engines.sql.deploying.sources import Source
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.book import Book
    from kamrules.compiler.program import Program

VIEWS = ("facts", "decisions", "actions")


@dataclass(frozen=True, slots=True)
class Deployment:
    """How a ruleset is deployed.

    `as_of` is the date of the run, None for the day on which the view is asked. `prefix` begins the names
    of the views, `schema` says where the tables are; both may have parts set apart by points. `sources`
    gives the warehouse's name of a table of the vocabulary, `without` names tables (`orders`) and columns
    (`orders.margin`) that the warehouse lacks: they are unknown. A `book` maps tables and columns, and a
    table that it does not have is unknown too. `language` is that of titles and reasons.
    """

    dialect: str
    as_of: datetime.date | None = None
    prefix: str = ""
    schema: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    book: Book | None = None
    language: str | None = None


def views_of(program: Program, asked: Deployment) -> dict[str, tuple[str, ...]]:
    """Return the paths of the views by what they hold. Raises UsageError where that is no name."""
    *parts, last = path(asked.prefix or program.name.replace(".", "_"), "--prefix")
    found = {each: (*parts, f"{last}_{each}") for each in VIEWS}
    if max(len(each[-1].encode()) for each in found.values()) > LONGEST:
        what = f"`{last}_decisions` is longer than the {LONGEST} bytes that a name may have"
        raise UsageError(Diagnostic("KR874", what, help="give a shorter --prefix"))
    return found


def sources_of(program: Program, asked: Deployment) -> dict[str, Source]:
    """Return the warehouse's tables by the vocabulary's names. Raises UsageError for unknown names."""
    lacking = _lacking(program, asked)
    _check(asked.sources, program, "--source")
    schema = path(asked.schema, "--schema") if asked.schema else ()
    found = {}
    for name, table in program.tables.items():
        book = None if asked.book is None else asked.book.tables.get(name)
        if name in lacking or (asked.book is not None and book is None):
            continue
        own = path(asked.sources[name], "--source") if name in asked.sources else (*schema, name)
        lacks = {each.partition(".")[2] for each in lacking if each.startswith(f"{name}.")}
        found[name] = Source.of(table, own, book, lacks)
    return found


def _lacking(program: Program, asked: Deployment) -> set[str]:
    for each in asked.without:
        table, point, name = each.partition(".")
        _check([table], program, "--without")
        if point and name not in program.tables[table].columns:
            near = nearest(name, program.tables[table].columns)
            mend = f"did you mean `{table}.{near}`?" if near else None
            what = f"--without: table `{table}` of the vocabulary has no column `{name}`"
            raise UsageError(Diagnostic("KR872", what, help=mend))
        if each in {ACCOUNTS, f"{ACCOUNTS}.{ACCOUNT_ID}"}:
            what = f"--without: `{each}` has to be there, it says which accounts there are"
            raise UsageError(Diagnostic("KR872", what))
    return set(asked.without)


def _check(names: Iterable[str], program: Program, option: str) -> None:
    for each in names:
        if each not in program.tables:
            near = nearest(each, program.tables)
            mend = (
                f"did you mean `{near}`?" if near else f"its tables are {', '.join(program.tables)}"
            )
            what = f"{option}: the vocabulary has no table `{each}`"
            raise UsageError(Diagnostic("KR872", what, help=mend))


def path(written: str, option: str) -> tuple[str, ...]:
    """Return the parts of a name such as `analytics.crm.orders`. Raises UsageError for an empty part."""
    parts = tuple(written.split("."))
    strange = any(not each.isprintable() for each in written)
    if strange or len(parts) > 3 or not all(each.strip() for each in parts):
        what = f"{option}: `{written}` is no name of a warehouse"
        mend = "write a name, or up to three parts set apart by points: analytics.crm.orders"
        raise UsageError(Diagnostic("KR874", what, help=mend))
    return parts

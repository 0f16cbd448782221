"""Staging: a book's tables on the connection, typed, with a note of every value that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.diagnostics import DataError, Severity, nearest
from kamrules.engines.sql.columns import (
    Form,
    any_problem,
    as_text,
    limits_of,
    stored,
    value_of,
)
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    boolean,
    call,
    column,
    is_known,
    is_one_of,
    listed,
    named,
    null,
    rows_of,
    sql,
    text,
    when,
    whole,
)
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from kamrules.book import Book, BookTable, ColumnMap, OpenSource
    from kamrules.book.quality import Problem
    from kamrules.diagnostics import Diagnostic
    from kamrules.engines.sql.columns import Stored
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.types import Table, Type

LINE, ROWID = "line", "rowid"
"""The column that tells the rows' order: our own, and the one that tables of DuckDB have."""
SHOWN = 80
"""So many characters of a value that cannot be read are kept as an example."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A table of the book as a relation of the connection: `account_id`, `kept`, `bad` and the columns.

    `columns` gives for each of the vocabulary's columns that the book fills its own name here, its form
    and its type. `kept` is false for rows that the book file leaves out. `line` is the column whose whole
    numbers rise in the source's order. `found` are the types of the source's columns, `made` the account's id
    and the columns as made from them, and `parquet` the source, if it is one such file.
    """

    table: BookTable
    relation: str
    columns: dict[str, tuple[str, Form, Type]]
    has_problems: bool
    line: str
    problems: tuple[Problem, ...] = ()
    found: dict[str, str] = field(default_factory=dict)
    made: dict[str, Sql] = field(default_factory=dict)
    parquet: str | None = None

    def value(self, name: str, keep: Callable[[Sql], Sql]) -> Sql | None:
        """Return a column as expressions see it, None when the book does not fill it.

        `keep` gives a name to what is read more than once.
        """
        if name not in self.columns:
            return None
        own, form, of = self.columns[name]
        return value_of(column(own), form, of, keep)

    @property
    def usable(self) -> Sql:
        """Return the test for rows that are in the run, whether or not an account has their id."""
        tests = [is_known(column(ACCOUNT_ID))]
        return all_of([column("kept"), *tests] if self.table.only else tests)


def stage(  # noqa: PLR0913, PLR0917  what a table needs
    connection: Any,  # noqa: ANN401  DuckDB's
    table: BookTable,
    vocabulary: Table,
    wanted: Iterable[str],
    open_source: OpenSource,
    number: int,
    *,
    whole: bool = False,
) -> Staged:
    """Open a table's source and bring the wanted columns of the vocabulary onto the connection.

    The source is told which of its columns that takes, or with `whole` to give them all.

    Raises DataError when the source lacks the account's id or a column that the book file names.
    """
    wanted = set(wanted)
    opened = open_source(table if whole else table.wanting(wanted), connection)
    source = f"source_{number}"
    found = _adopt(connection, opened.rows, source)
    if opened.line is not None:
        del found[opened.line]
    check_columns(table, found)
    within = _within(connection, source, opened.rows, table, vocabulary, wanted, found)
    columns: dict[str, tuple[str, Form, Type]] = {}
    trees = {ACCOUNT_ID: _account_id(column(table.account), found[table.account])}
    made = []
    for place, name in enumerate(vocabulary.columns):
        how = table.mapped(name)
        if name == ACCOUNT_ID or name not in wanted or how is None:
            continue
        if how.constant is None and how.column not in found:
            continue
        one = _stored(how, found, vocabulary.columns[name].type, within=name in within)
        columns[name] = (f"c{place}", one.form, one.of)
        trees[f"c{place}"] = one.item
        if one.problem is not None:
            made.append((place, one))
    select = rows_of(source).select(
        *(named(tree.copy(), name) for name, tree in trees.items()),
        named(_kept(table, found), "kept"),
        named(_bad(made), "bad"),
        copy=False,
    )
    sort = "TABLE"
    if opened.line is not None:
        sort = "VIEW"
        select = select.select(named(column(opened.line), LINE), copy=False)
    relation = f"staged_{number}"
    connection.execute(f'CREATE TEMP {sort} "{relation}" AS {sql(select)}')
    line = ROWID if opened.line is None else LINE
    return Staged(
        table,
        relation,
        columns,
        bool(made),
        line,
        opened.problems,
        found,
        trees,
        opened.parquet,
    )


def _adopt(connection: Any, rows: Any, name: str) -> dict[str, str]:  # noqa: ANN401  DuckDB's
    """Give rows a name on the connection; return the types of their columns by name."""
    if hasattr(rows, "create_view"):
        rows.create_view(name, replace=True)
    else:
        connection.register(name, rows)
    relation = connection.table(name) if not hasattr(rows, "create_view") else rows
    return {key: str(of) for key, of in zip(relation.columns, relation.types, strict=True)}


def check_columns(table: BookTable, found: Collection[str]) -> None:
    """Raise DataError when a source, which has the columns found, lacks one that the book file names."""
    problems = []
    mend: str | None
    if table.account not in found:
        near = nearest(table.account, found)
        mend = f'account = "{near}"' if near else f"its columns are {', '.join(list(found)[:8])}"
        what = f"`{table.source}` has no column `{table.account}`, where the account's id should be"
        problems.append(table.fault("KR850", what, "account", help=mend))
    for name, how in table.columns.items():
        if how.column is None or how.column in found or how.column == table.account:
            continue
        near = nearest(how.column, found)
        mend = f"did you mean `{near}`?" if near else None
        what = f"`{table.source}` has no column `{how.column}`"
        problems.append(table.fault("KR851", what, "column", name, help=mend))
    for name in table.only:
        if name not in found:
            near = nearest(name, found)
            mend = f"did you mean `{near}`?" if near else None
            what = f"`{table.source}` has no column `{name}`"
            problems.append(table.fault("KR851", what, "only", name, key=True, help=mend))
    if problems:
        raise DataError(*problems)


def unused(book: Book, vocabulary: dict[str, Table]) -> Iterator[Diagnostic]:
    """Yield warnings for tables and columns of a book that the ruleset's vocabulary does not have."""
    for table in book.tables.values():
        words = vocabulary.get(table.name)
        if words is None:
            near = nearest(table.name, vocabulary)
            what = f"table `{table.name}` is not in the ruleset's vocabulary and is not read"
            yield _warning(table, "KR852", what, near)
            continue
        for name in table.columns:
            if name not in words.columns and name != ACCOUNT_ID:
                near = nearest(name, words.columns)
                what = f"`{name}` is not a column of `{table.name}` in the ruleset's vocabulary"
                yield _warning(table, "KR853", what, near, "column", name)


def _warning(table: BookTable, code: str, what: str, near: str | None, *path: str) -> Diagnostic:
    from dataclasses import replace  # noqa: PLC0415

    mend = f"did you mean `{near}`?" if near else None
    fault = table.fault(code, what, *path, key=True, help=mend)
    return replace(fault, severity=Severity.WARNING)


def _stored(how: ColumnMap, found: dict[str, str], of: Type, *, within: bool) -> Stored:
    if how.constant is not None or how.column is None:
        return stored(text(how.constant or ""), "VARCHAR", of, how)
    return stored(column(how.column), found[how.column], of, how, within=within)


def _within(  # noqa: PLR0913, PLR0917  what a table needs
    connection: Any,  # noqa: ANN401  DuckDB's
    source: str,
    rows: Any,  # noqa: ANN401
    table: BookTable,
    vocabulary: Table,
    wanted: set[str],
    found: dict[str, str],
) -> set[str]:
    """Return the columns of which the source's own statistics show that no value has to be tested.

    Parquet files tell the least and the greatest value of each column. To test every value of 40 columns
    takes as long as to read them.
    """
    if not hasattr(rows, "create_view"):
        return set()
    asked = {}
    for name in wanted & vocabulary.columns.keys():
        how = table.mapped(name)
        if how is None or how.column is None or how.column not in found:
            continue
        limits = limits_of(found[how.column], vocabulary.columns[name].type, how)
        if limits is not None:
            asked[name] = _inside(column(how.column), *limits)
    found_inside = _told(connection, source, asked)
    if (
        found_inside is None
    ):  # a column without any value has no statistics, and spoils it for the others
        alone = [_told(connection, source, {name: test}) for name, test in asked.items()]
        return set().union(*(each or set() for each in alone))
    return found_inside


def _told(connection: Any, source: str, asked: dict[str, Sql]) -> set[str] | None:  # noqa: ANN401  DuckDB's
    """Return the columns whose test is true, None where rows would have to be read to know."""
    if not asked:
        return set()
    query = sql(rows_of(source).select(*(each.copy() for each in asked.values()), copy=False))
    plan = connection.execute(f"EXPLAIN {query}").fetchall()[0][1]
    if "aggregate" in plan.casefold():  # something is left to sum up
        return None
    answers = connection.execute(query).fetchall()[0]
    return {name for name, inside in zip(asked, answers, strict=True) if inside}


def _inside(item: Sql, low: Sql, high: Sql) -> Sql:
    tests = [
        binary(exp.GTE, exp.Min(this=item), low),
        binary(exp.LTE, exp.Max(this=item.copy()), high),
    ]
    # a column without values has none that is outside
    return call("coalesce", all_of(tests), exp.true())


def _account_id(raw: Sql, came_as: str) -> Sql:
    """Return the account's id as text, unknown where it is empty."""
    return call("nullif", as_text(raw, came_as), text(""))


def _kept(table: BookTable, found: dict[str, str]) -> Sql:
    if not table.only:
        return boolean(True)  # noqa: FBT003
    tests = []
    for name, values in table.only.items():
        held = as_text(column(name), found[name])
        # an empty cell is unknown, and "" keeps those
        held = call("coalesce", held, text("")) if "" in values else held
        tests.append(is_one_of(held, map(text, values)))
    return call("coalesce", all_of(tests), exp.false())


def _bad(made: list[tuple[int, Stored]]) -> Sql:
    """Return a list of what cannot be read in a row, NULL when all is well."""
    kind = "struct(place integer, code integer, raw varchar)"
    if not made:
        return null(f"{kind}[]")
    entries = [
        when([(is_known(one.problem.copy()), _entry(place, one))])
        for place, one in made
        if one.problem is not None
    ]
    some = any_problem([one.problem for _, one in made if one.problem is not None])
    return when([(some, listed(entries, kind))], null(f"{kind}[]"))


def _entry(place: int, one: Stored) -> Sql:
    assert one.problem is not None
    fields = (
        ("place", whole(place)),
        ("code", one.problem.copy()),
        ("raw", call("left", one.raw.copy(), whole(SHOWN))),
    )
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(key, quoted=True), expression=value)
            for key, value in fields
        ]
    )

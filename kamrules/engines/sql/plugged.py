"""Functions of plug-ins in SQL: one expression of DuckDB's, read, tried, and filled with its arguments."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from kamrules.diagnostics import DataError, Diagnostic
from kamrules.engines.sql.tree import (
    DIALECT,
    all_of,
    boolean,
    cast,
    double,
    is_known,
    null,
    sql,
    text,
    when,
)
from kamrules.expression.accepting import same, told_call, told_value
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.plugged import PluginFunction
    from kamrules.expression.types import Type

PLACEHOLDER = re.compile(r"('(?:[^']|'')*')|\{(\d+)\}")
"""A text in quotes, in which braces mean nothing, or the place of an argument."""
ARGUMENT = "kamrules argument "
"""The column that stands for an argument, with its number behind; nobody else's column is called so."""
REFUSED: tuple[tuple[tuple[type, ...], str], ...] = (
    ((exp.Query, exp.Table, exp.From, exp.DML, exp.DDL, exp.Command), "a query"),
    ((exp.AggFunc, exp.Filter, exp.WithinGroup), "an aggregate"),
    ((exp.Window, exp.UDTF, exp.Explode), "a window, or what gives several rows"),
    ((exp.Placeholder, exp.Parameter, exp.SessionParameter), "a parameter of a statement"),
    ((exp.Star, exp.Columns), "all columns"),
    ((exp.Alias, exp.Aliases, exp.PropertyEQ), "a name for a value"),
)
"""What an expression may not hold, and what that is called."""
MOMENTS = ("current_", "local")
"""How words begin that stand for a moment or a setting, most without brackets."""
CLOCKS = {"age"}
"""Functions that look at the clock where they are given less; the catalogue does not tell."""
ALLOWED = {"case", "cast", "try_cast", "try", "if", "extract", "interval", "and", "or", "not"}
"""Words before a bracket that are no functions."""
MEASURES = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "UHUGEINT", "FLOAT", "DOUBLE",
}  # fmt: skip


class UnfitError(Exception):
    """An SQL form that is not one expression of the arguments; its text says why."""


@lru_cache(maxsize=256)
def form(written: str, count: int) -> Sql:
    """Return an SQL form of so many arguments as a tree over columns ARGUMENT + number. Raises UnfitError."""
    numbers = {int(each) for _, each in PLACEHOLDER.findall(written) if each}
    if numbers != set(range(count)):
        wanted = ", ".join(f"`{{{each}}}`" for each in range(count))
        given = ", ".join(f"`{{{each}}}`" for each in sorted(numbers)) or "none"
        raise UnfitError(f"has to hold {wanted} for its arguments, and holds {given}")
    if ARGUMENT in written:
        raise UnfitError(f"holds `{ARGUMENT.strip()}`, which is our own name for an argument")
    for inside, _ in PLACEHOLDER.findall(written):
        if any(f"{{{each}}}" in inside for each in numbers):
            raise UnfitError(f"holds an argument inside a text: {inside[:60]}; join them with `||`")
    filled = PLACEHOLDER.sub(lambda found: found[1] or f'"{ARGUMENT}{found[2]}"', written)
    try:
        trees = sqlglot.parse(filled, read=DIALECT)
    except (SqlglotError, RecursionError) as error:
        line = str(error).splitlines()[0]
        raise UnfitError(f"cannot be read as an expression of DuckDB's SQL: {line}") from None
    if len(trees) != 1 or trees[0] is None:
        raise UnfitError("has to be one expression, and is several statements")
    tree = trees[0]
    _check(tree)
    return tree


def _check(tree: Sql) -> None:
    """Raise UnfitError for anything but one expression of the arguments alone."""
    for node in tree.walk():
        for kinds, what in REFUSED:
            if isinstance(node, kinds) and not _of_struct(node):
                raise UnfitError(f"holds {what}: `{node.sql(DIALECT)[:60]}`")
        if isinstance(node, exp.Column) and not _is_argument(node) and not _of_lambda(node):
            raise UnfitError(f"names `{node.sql(DIALECT)[:60]}`, which is none of its arguments")
    for name in names(sql(tree.copy())):
        if name not in ALLOWED:
            _check_name(name)


def _is_argument(node: exp.Column) -> bool:
    return node.name.startswith(ARGUMENT) and not node.table


def _of_struct(node: Sql) -> bool:
    return isinstance(node, exp.PropertyEQ) and isinstance(node.parent, exp.Struct)


def _of_lambda(node: Sql) -> bool:
    """Whether a column is a variable of a lambda around it."""
    around = node.find_ancestor(exp.Lambda)
    while around is not None:
        if any(each.name == node.name for each in around.expressions):
            return True
        around = around.find_ancestor(exp.Lambda)
    return False


def names(written: str) -> Iterator[str]:
    """Yield what is called in some SQL, and the words that are called without brackets, in small letters."""
    parts = list(sqlglot.tokenize(written, read=DIALECT))
    for number, part in enumerate(parts):
        word = part.text.lower()
        if part.token_type.name in {"STRING", "IDENTIFIER", "NUMBER"} or not word.isidentifier():
            continue
        behind = parts[number + 1].text if number + 1 < len(parts) else ""
        if behind == "(" or word.startswith(MOMENTS):
            yield word


def _check_name(name: str) -> None:
    """Raise UnfitError for a function that does not give the same for the same arguments."""
    if not _is_steady(name):
        raise UnfitError(
            f"calls `{name}`, which does not give one value that only hangs on its arguments"
        )
    if name in CLOCKS:
        raise UnfitError(f"calls `{name}`, which may look at the clock")


@cache
def _is_steady(name: str) -> bool:
    """Whether a form of a function depends on nothing but its arguments; so do words of the syntax."""
    if name.startswith(MOMENTS):
        return False
    forms = _catalogue().get(name)
    if forms is None:
        return True  # DuckDB says so if there is no such word
    if any(kind == "scalar" and stability == "CONSISTENT" for kind, stability, _ in forms):
        return True
    macros = [definition for kind, _, definition in forms if kind == "macro"]
    called = {each for definition in macros for each in names(str(definition))} - {name}
    return bool(macros) and all(_is_steady(each) for each in called)


@cache
def _catalogue() -> dict[str, list[tuple[str, str | None, str | None]]]:
    """Return the forms of DuckDB's functions by name: their types, stability, and definition of a macro."""
    found: dict[str, list[tuple[str, str | None, str | None]]] = {}
    asked = "SELECT lower(function_name), function_type, stability, macro_definition FROM duckdb_functions()"
    with duckdb.connect(":memory:") as connection:
        for name, *form_ in connection.execute(asked).fetchall():
            found.setdefault(name, []).append(tuple(form_))
    return found


def answer(one: PluginFunction, arguments: Sequence[Sql], *, tried: bool = True) -> Sql:
    """Return the SQL form with columns or constants for its arguments: NULL where one is, or where it fails.

    `tried` False leaves failures to whoever runs it: DuckDB alone can take them for NULL. Raises DataError
    where the form is none (KR718).
    """
    try:
        tree = form(one.sql, len(one.parameters)).copy()
    except UnfitError as why:
        raise DataError(_unfit(one, str(why))) from None
    tree = tree.transform(
        lambda node: (
            arguments[int(node.name[len(ARGUMENT) :])].copy()
            if isinstance(node, exp.Column) and _is_argument(node)
            else node
        ),
        copy=False,
    )
    if one.returns.numeric:
        tree = cast(exp.Paren(this=tree), "double")
    found: Sql = exp.Try(this=tree) if tried else tree
    open_ = [is_known(each.copy()) for each in arguments if not isinstance(each, exp.Literal)]
    return when([(all_of(open_), found)]) if open_ else found


def untranslated(one: PluginFunction, dialect: str) -> str | None:
    """Return why the SQL form cannot be said in another dialect, None when sqlglot knows how to."""
    try:
        tree = form(one.sql, len(one.parameters)).copy()
    except UnfitError as why:
        raise DataError(_unfit(one, str(why))) from None
    if dialect == DIALECT:
        return None
    own = next(tree.find_all(exp.Anonymous), None)
    if own is not None:
        return f"`{own.name.lower()}` is a function of DuckDB's own"
    try:
        tree.sql(dialect, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        return str(error).splitlines()[0]
    return None


def _unfit(one: PluginFunction, why: str) -> Diagnostic:
    return Diagnostic("KR718", f"the SQL form of `{one.name}` of {one.owner} {why}")


def tried(one: PluginFunction) -> Diagnostic | None:
    """Return why a function's SQL form cannot be used, or does not do what its Python form does (KR719)."""
    with duckdb.connect(":memory:", config={"autoload_known_extensions": False}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        try:
            tree = form(one.sql, len(one.parameters))
            _check_type(one, tree, connection)
            return _held_to_examples(one, connection)
        except UnfitError as why:
            return _unfit(one, str(why))
        except duckdb.Error as error:
            line = str(error).splitlines()[0]
            return _unfit(one, f"is refused by DuckDB: {line}")


def _check_type(one: PluginFunction, tree: Sql, connection: duckdb.DuckDBPyConnection) -> None:
    """Raise UnfitError when the form gives another type than the function does, or DuckDB's error."""
    row = exp.Select(
        expressions=[
            exp.alias_(null(kind_in_sql(kind)), f"{ARGUMENT}{number}", quoted=True)
            for number, kind in enumerate(one.parameters)
        ]
    )
    query = exp.Select(expressions=[exp.Try(this=tree.copy())]).from_(row.subquery("s"))
    found = str(connection.sql(sql(query)).types[0])
    wanted = one.returns
    fits = (
        found in MEASURES or found.startswith("DECIMAL")
        if wanted.numeric
        else found == ("BOOLEAN" if wanted.kind is Kind.BOOL else "VARCHAR")
    )
    if not fits:
        raise UnfitError(f"gives {found}, and the function gives {wanted.told}")


def kind_in_sql(kind: Type) -> str:
    """Return the type of DuckDB's in which an argument of a kind comes."""
    return "double" if kind.numeric else "boolean" if kind.kind is Kind.BOOL else "varchar"


def _held_to_examples(
    one: PluginFunction, connection: duckdb.DuckDBPyConnection
) -> Diagnostic | None:
    for arguments, wanted in one.examples:
        given = [
            _constant(each, kind) for each, kind in zip(arguments, one.parameters, strict=True)
        ]
        query = exp.Select(expressions=[answer(one, given)])
        row = connection.execute(sql(query)).fetchone()
        found = one.settled(row[0]) if row is not None and row[0] is not None else None
        ours = one.value(*arguments)
        call = f"`{told_call(one, arguments)}` of {one.owner}"
        if not same(found, wanted):
            message = (
                f"{call} is {told_value(found)} in SQL, and its example says {told_value(wanted)}"
            )
            return Diagnostic("KR719", message)
        if found != ours:
            message = f"{call} is {told_value(found)} in SQL and {told_value(ours)} in Python"
            return Diagnostic("KR719", message, help="engines must agree to the last digit")
    return None


def _constant(value: Any, kind: Type) -> Sql:  # noqa: ANN401  a value of an example
    if value is None:
        return null(kind_in_sql(kind))
    if isinstance(value, str):
        return text(value)
    return boolean(value) if isinstance(value, bool) else double(value)

"""Preparing facts: an account as JSON gives it, checked and turned into what the function reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kamrules.diagnostics import DataError, Diagnostic, nearest
from kamrules.engines.layout import layout_of
from kamrules.engines.row.quick import ODD, quick_facts
from kamrules.engines.row.stored import Wrong, day, stored
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.program import Program
    from kamrules.expression.types import Column, Table, Type

WANTED = {
    Kind.DATE: "a date such as 2026-01-31",
    Kind.TEXT: "a text",
    Kind.BOOL: "true or false",
}


class Prepared(NamedTuple):
    """An account's facts, ready for the generated function; for one program only.

    `notes` tell what was unknown because it could not be read (only when not strict).
    """

    account_id: str
    name: str | None
    account: tuple[Any, ...]
    tables: tuple[list[tuple[Any, ...]] | None, ...]
    notes: tuple[Diagnostic, ...] = ()


def _plain(value: Any, kind: Type) -> str | bool:  # noqa: ANN401
    if kind.kind is Kind.BOOL:
        if not isinstance(value, bool):
            raise Wrong
        return value
    if not isinstance(value, str):
        raise Wrong
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Wrong from None
    if kind.kind is Kind.CHOICE and value not in kind.choices:
        raise Wrong
    return value


class Preparer:
    """Prepares facts for one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.layout = layout_of(program)
        self.columns = program.tables[ACCOUNTS].columns
        self.related = {name: table for name, table in program.tables.items() if name != ACCOUNTS}
        self._named = "name" in self.columns and self.columns["name"].type.kind in {
            Kind.TEXT,
            Kind.CHOICE,
        }
        self._quick = quick_facts(program.tables, self.layout)

    def prepare(self, facts: Mapping[str, Any], *, strict: bool = True) -> Prepared:
        """Return the facts as the function reads them.

        `facts`: account columns by name, related tables as lists of objects by name; what is missing is
        unknown. Strict: raises DataError with everything that is unknown by name or of the wrong type;
        otherwise such values are unknown and `notes` tell so.
        """
        try:
            account_id, account, tables = self._quick(facts)
        except ODD:
            return self._carefully(facts, strict=strict)
        return Prepared(account_id, facts.get("name") if self._named else None, account, tables)

    def _carefully(self, facts: Mapping[str, Any], *, strict: bool) -> Prepared:
        if not hasattr(facts, "items"):
            raise DataError(Diagnostic("KR603", f"an account is an object, not {_shown(facts)}"))
        notes: list[Diagnostic] = []
        account_id = self._account_id(facts, notes)
        known = {
            **self._values(facts, self.columns, "", notes, skip=self.related),
            ACCOUNT_ID: account_id,
        }
        tables = {
            name: self._rows(name, facts[name], notes)
            for name in self.related
            if facts.get(name) is not None
        }
        if notes and (strict or not account_id):
            raise DataError(*notes)
        known[ACCOUNT_ID] = account_id
        name = known.get("name")
        return Prepared(
            account_id,
            name if isinstance(name, str) else None,
            tuple(
                self._double(known.get(each), self.columns[each]) for each in self.layout.account
            ),
            tuple(
                self._laid_out(table, tables.get(table), used) for table, used in self.layout.tables
            ),
            tuple(notes),
        )

    def _account_id(self, facts: Mapping[str, Any], notes: list[Diagnostic]) -> str:
        found = facts.get(ACCOUNT_ID)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        problem = (
            "`account_id` is missing"
            if found is None
            else f"`account_id` is a text, not {_shown(found)}"
        )
        notes.append(Diagnostic("KR600", problem, address=ACCOUNT_ID))
        return ""

    def _values(
        self,
        row: Mapping[str, Any],
        columns: Mapping[str, Column],
        where: str,
        notes: list[Diagnostic],
        skip: Mapping[str, Table] | None = None,
    ) -> dict[str, Any]:
        """Return the known values of a row, numbers in stored units."""
        found: dict[str, Any] = {}
        for name, value in row.items():
            column = columns.get(name)
            if column is None:
                if skip is None or name not in skip:
                    notes.append(self._unknown_name(name, columns, skip, where))
                continue
            if value is None or (name == ACCOUNT_ID and not where):
                continue
            try:
                found[name] = self._value(value, column.type)
            except Wrong:
                notes.append(_wrong(value, column, f"{where}{name}"))
        return found

    @staticmethod
    def _value(value: Any, kind: Type) -> Any:  # noqa: ANN401
        if kind.kind is Kind.DATE:
            return day(value)
        return stored(value, kind.kind) if kind.numeric else _plain(value, kind)

    @staticmethod
    def _unknown_name(
        name: str, columns: Mapping[str, Column], tables: Mapping[str, Table] | None, where: str
    ) -> Diagnostic:
        known = [*columns, *(tables or ())]
        close = nearest(name, known)
        owner = (
            f"table `{where.split('[', maxsplit=1)[0]}`" if where else "the ruleset's vocabulary"
        )
        mend = f"did you mean `{close}`?" if close else None
        return Diagnostic("KR601", f"{owner} has no `{name}`", help=mend, address=f"{where}{name}")

    def _rows(self, name: str, rows: Any, notes: list[Diagnostic]) -> list[dict[str, Any]]:  # noqa: ANN401
        if not isinstance(rows, list | tuple):
            notes.append(
                Diagnostic("KR603", f"`{name}` is a list of rows, not {_shown(rows)}", address=name)
            )
            return []
        columns = self.related[name].columns
        found = []
        for index, row in enumerate(rows):
            if hasattr(row, "items"):
                found.append(self._values(row, columns, f"{name}[{index}].", notes))
            else:
                problem = f"a row of `{name}` is an object, not {_shown(row)}"
                notes.append(Diagnostic("KR603", problem, address=f"{name}[{index}]"))
        return found

    @staticmethod
    def _double(value: Any, column: Column) -> Any:  # noqa: ANN401
        """Return a value as expressions see it: stored units as a double."""
        if value is None or not column.type.numeric or column.type.kind is Kind.DATE:
            return value
        return value / 10.0 ** PLACES[column.type.kind]

    def _laid_out(
        self, table: str, rows: list[dict[str, Any]] | None, used: tuple[tuple[str, bool], ...]
    ) -> list[tuple[Any, ...]] | None:
        if rows is None:
            return None
        columns = self.related[table].columns
        return [
            tuple(
                row.get(name) if exact else self._double(row.get(name), columns[name])
                for name, exact in used
            )
            for row in rows
        ]


def _wrong(value: Any, column: Column, address: str) -> Diagnostic:  # noqa: ANN401
    kind = column.type
    if kind.kind is Kind.CHOICE and isinstance(value, str):
        close = nearest(value, kind.choices)
        listed = ", ".join(f"`{each}`" for each in kind.choices[:8])
        mend = f"did you mean `{close}`?" if close else f"one of {listed}"
        return Diagnostic(
            "KR604", f"`{value[:80]}` is not a value of `{column.name}`", help=mend, address=address
        )
    wanted = WANTED.get(kind.kind, "one of its choices" if kind.kind is Kind.CHOICE else "a number")
    problem = f"`{column.name}` is {wanted}, not {_shown(value)}"
    return Diagnostic("KR602", problem, address=address)


def _shown(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, str):
        return f"the text `{value[:80]}`".encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "a list"
    return "an object" if hasattr(value, "items") else f"`{value!s:.80}`"

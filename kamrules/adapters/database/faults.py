"""What databases refuse, told in one sentence each: which kind it is, by the codes that servers give."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from kamrules.adapters.failures import of_duckdb
from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from kamrules.adapters.database.address import Address


class Kind(Enum):
    """What went wrong, as far as users can tell it apart."""

    UNREACHABLE = "unreachable"
    LOST = "lost"
    FORBIDDEN = "forbidden"
    NO_TABLE = "no table"
    REFUSED = "refused"
    BUSY = "busy"
    FULL = "full"
    DOUBLE = "double"
    OTHER = "other"


_STATES = {
    "08": Kind.LOST, "57P": Kind.LOST, "42501": Kind.FORBIDDEN, "42P01": Kind.NO_TABLE,
    "3F000": Kind.NO_TABLE,
    "25006": Kind.REFUSED, "426": Kind.REFUSED, "427": Kind.REFUSED, "428": Kind.REFUSED, "55P03": Kind.BUSY,
    "40": Kind.BUSY, "53100": Kind.FULL, "23505": Kind.DOUBLE,
}  # fmt: skip
"""Beginnings of SQLSTATEs as PostgreSQL gives them; the longest that fits counts."""
_NUMBERS = {
    2006: Kind.LOST, 2013: Kind.LOST, 2055: Kind.LOST, 1053: Kind.LOST, 1927: Kind.LOST,
    1044: Kind.FORBIDDEN, 1142: Kind.FORBIDDEN, 1143: Kind.FORBIDDEN, 1227: Kind.FORBIDDEN,
    1370: Kind.FORBIDDEN, 1146: Kind.NO_TABLE, 1792: Kind.REFUSED, 1064: Kind.REFUSED, 1054: Kind.REFUSED,
    1205: Kind.BUSY, 1213: Kind.BUSY, 3572: Kind.BUSY, 1021: Kind.FULL, 1114: Kind.FULL, 1062: Kind.DOUBLE,
}  # fmt: skip
"""Numbers of errors as MySQL and MariaDB give them."""
_NAMES = {
    "SQLITE_BUSY": Kind.BUSY, "SQLITE_LOCKED": Kind.BUSY, "SQLITE_FULL": Kind.FULL,
    "SQLITE_READONLY": Kind.REFUSED, "SQLITE_PERM": Kind.FORBIDDEN, "SQLITE_AUTH": Kind.FORBIDDEN,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Kind.DOUBLE, "SQLITE_CONSTRAINT_UNIQUE": Kind.DOUBLE,
}  # fmt: skip
"""Names of errors as SQLite gives them, or what they begin with."""
_TEXTS = (
    (re.compile(r"server closed the connection|connection (was )?(lost|closed|reset)|terminating connection"
                r"|the connection is (closed|lost)|SSL SYSCALL|no connection to the server"
                r"|consuming input failed|could not receive data", re.IGNORECASE), Kind.LOST),
    (re.compile(r"\bno such table\b"), Kind.NO_TABLE),
    (re.compile(r"database (table )?is locked"), Kind.BUSY),
    (re.compile(r"disk is full|no space left", re.IGNORECASE), Kind.FULL),
    (re.compile(r"syntax error|one statement at a time|no such column|readonly database"
                r"|read-only transaction"), Kind.REFUSED),
)  # fmt: skip
_STATE = re.compile(r"SQLSTATE:? ?([0-9A-Z]{5})")
_NOISE = re.compile(
    r"^(?:.*\b(?:ERROR|FATAL|PANIC):\s+|[A-Za-z ]*Error: (?:reading the stream .* failed: )?|"
    r"[A-Z_]+: (?:\[libpq\] )?)",
)
"""What DuckDB, ADBC and libpq write before what the server said."""
_CONNECTION = re.compile(r"^connection (?:to server at|failed).*?(?:failed: )(?:FATAL:\s+)?")
_MENDS = {
    Kind.FORBIDDEN: "grant it, or connect as a user who has it",
    Kind.BUSY: "run again when the other has ended",
}


def kind_of(error: BaseException) -> Kind:
    """Return what kind of refusal an error of SQLAlchemy, a driver, ADBC or DuckDB is."""
    origin: Any = getattr(error, "orig", None) or error
    text = str(origin)
    state = getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None)
    if not state and (found := _STATE.search(text)):
        state = found[1]
    if state and state != "00000":
        for length in (5, 3, 2):
            if state[:length] in _STATES:
                return _STATES[state[:length]]
    number: Any = next(iter(origin.args), None)
    if isinstance(number, int) and number in _NUMBERS:
        return _NUMBERS[number]
    name = getattr(origin, "sqlite_errorname", None) or ""
    for known, kind in _NAMES.items():
        if name.startswith(known):
            return kind
    if getattr(error, "connection_invalidated", False):
        return Kind.LOST
    return next((kind for pattern, kind in _TEXTS if pattern.search(text)), Kind.OTHER)


def reason(error: BaseException) -> str:
    """Return what a database said, its first line only: what follows may hold the statement."""
    origin: Any = getattr(error, "orig", None) or error
    args: tuple[Any, ...] = getattr(origin, "args", ())
    text = str(args[1]) if len(args) > 1 and isinstance(args[0], int) else str(origin)
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    first = lines[-1] if lines and lines[0].endswith("failed:") else next(iter(lines), "")
    for pattern in (_CONNECTION, _NOISE):
        first = pattern.sub("", first, count=1)
    first = re.sub(r"\.? ?SQLSTATE:? ?[0-9A-Z]{5}$", "", first).strip().rstrip(".")
    first = first or type(origin).__name__
    return first[:1].lower() + first[1:] if first[1:2].islower() else first


def unreachable(error: BaseException, address: Address) -> DataError:
    """Return the error about a database that does not let kamrules in."""
    said = reason(error)
    mend = None
    if "password" in said or "Access denied" in str(error) or "access denied" in said:
        mend = "look at the user's name and at what the password's reference stands for"
    return DataError(
        address.fault("KR662", f"`{address.shown}` cannot be connected to: {said}", mend)
    )


def not_read(error: BaseException, address: Address, what: str) -> DataError:
    """Return the error about rows that cannot be read; `what` names them."""
    said = reason(error)
    messages = {
        Kind.LOST: ("KR663", f"the connection to `{address.shown}` was lost while {what} was read: {said}"),
        Kind.FORBIDDEN: ("KR664", f"`{address.shown}` does not let us read {what}: {said}"),
        Kind.BUSY: ("KR669", f"{what} of `{address.shown}` is kept busy by others: {said}"),
    }  # fmt: skip
    kind = kind_of(error)
    code, message = messages.get(
        kind, ("KR623", f"{what} of `{address.shown}` cannot be read: {said}")
    )
    return DataError(address.fault(code, message, _MENDS.get(kind)))


def not_written(error: BaseException, address: Address, what: str) -> DataError:
    """Return the error about output that a database does not take; nothing of it was written."""
    said = reason(error)
    shown = address.shown
    messages = {
        Kind.LOST: ("KR663", f"the connection to `{shown}` was lost while {what} was written: {said}"),
        Kind.FORBIDDEN: ("KR664", f"`{shown}` does not let us write {what}: {said}"),
        Kind.BUSY: ("KR669", f"`{shown}` is kept busy by others: {said}"),
        Kind.FULL: ("KR648", f"the disk is full: {what} cannot be written to `{shown}`"),
        Kind.DOUBLE: ("KR668", f"`{shown}` already holds rows of {what}, of the same accounts and date"),
    }  # fmt: skip
    kind = kind_of(error)
    code, message = messages.get(kind, ("KR648", f"{what} cannot be written to `{shown}`: {said}"))
    mends = _MENDS | {Kind.DOUBLE: "use mode upsert, which replaces them"}
    return DataError(address.fault(code, message, mends.get(kind)))


def of_database(error: BaseException) -> bool:
    """Return whether a driver, SQLAlchemy, ADBC or DuckDB raised an error that is about its work."""
    if of_duckdb(error):
        return True
    # every driver of Python has a class `Error` of its own above its errors (PEP 249)
    return any(
        each.__name__ in {"Error", "SQLAlchemyError"}
        and not each.__module__.startswith(("duckdb", "_duckdb"))
        for each in type(error).__mro__
    )

"""Where a database is: the URI of a book file or of `--to`, taken apart, its secrets not yet looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from kamrules.adapters.database.toolkit import needed
from kamrules.diagnostics import DataError, Diagnostic, nearest
from kamrules.secrets import revealed_uri

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from kamrules.book import BookTable
    from kamrules.contracts import Target

Fault = Callable[[str, str, str | None], Diagnostic]
"""Makes the diagnostic of (code, message, help), at a place of a book file or without one."""

POSTGRESQL, MYSQL, SQLITE = "postgresql", "mysql", "sqlite"
_SAME = {"postgres": POSTGRESQL}
_DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
_ANY = "sql"
_MEMORY = {"", ":memory:"}
BATCH = 50_000
_DRIVER = re.compile(r"[a-z0-9_]+(\+[a-z0-9_]+)?://")


@dataclass(frozen=True, slots=True)
class Address:
    """A database, and what of it is meant.

    `uri` is for SQLAlchemy, secrets as references, without what is kamrules' own; `shown` is how people
    are told of it. `options` are those of the URI's query and of the book file together. `folder` is
    where a relative path starts.
    """

    uri: str
    shown: str
    options: Mapping[str, Any]
    fault: Fault = field(repr=False, compare=False)
    folder: Path = field(default_factory=Path)

    def url(self) -> URL:
        """Return the URL with its secrets, to connect by and for nothing else.

        Raises DataError for a reference that leads nowhere (KR708), and a URI that is none (KR661).
        """
        engine = needed("sqlalchemy.engine", self.fault)
        try:
            url: URL = engine.make_url(revealed_uri(self.uri, self.fault))
        except DataError:
            raise
        except Exception:  # noqa: BLE001  its text would hold the URI with its password
            raise DataError(self.fault("KR661", *_no_uri(self.shown))) from None
        name = url.drivername
        url = url.set(drivername=_SAME.get(name, name))
        if url.drivername in _DRIVERS:
            url = url.set(drivername=f"{url.drivername}+{_DRIVERS[url.drivername]}")
        if dialect_of(url) == SQLITE:
            return self._file(url)
        if dialect_of(url) == MYSQL and not url.database:
            message = f"`{self.shown}` names no database"
            raise DataError(
                self.fault("KR661", message, "write it behind the host: mysql://user@host/crm")
            )
        return url

    def _file(self, url: URL) -> URL:
        if (url.database or "") in _MEMORY:
            message = f"`{self.shown}` names no file"
            mend = "write sqlite:///crm.db, or sqlite:////home/me/crm.db for a path from the root"
            raise DataError(self.fault("KR661", message, mend))
        return url.set(database=str((self.folder / str(url.database)).absolute()))


def dialect_of(url: URL) -> str:
    """Return which database a URL is of; MariaDB is a MySQL."""
    name = url.get_backend_name()
    return MYSQL if name == "mariadb" else name


def of_table(table: BookTable, known: Mapping[str, type]) -> Address:
    """Return where the rows of a book's table are. Raises DataError for options that no database has."""

    def fault(code: str, message: str, mend: str | None = None) -> Diagnostic:
        return table.fault(code, message, "from", help=mend)

    def about(code: str, message: str, name: str, mend: str | None) -> Diagnostic:
        if name in table.options:
            return table.fault(code, message, "options", name, key=code == "KR632", help=mend)
        return fault(code, message, mend)

    return _address(table.uri or "", table.options, known, fault, about, table.folder)


def of_target(target: Target, known: Mapping[str, type]) -> Address:
    """Return where a sink writes. Raises DataError for options that no database has."""

    def fault(code: str, message: str, mend: str | None = None) -> Diagnostic:
        return Diagnostic(code, message, help=mend)

    def about(code: str, message: str, _name: str, mend: str | None) -> Diagnostic:
        return Diagnostic(code, message, help=mend)

    return _address(target.uri, target.options, known, fault, about, target.folder)


def _address(  # noqa: PLR0913, PLR0917  what tables and targets have in common
    written: str,
    options: Mapping[str, object],
    known: Mapping[str, type],
    fault: Fault,
    about: Callable[[str, str, str, str | None], Diagnostic],
    folder: Path,
) -> Address:
    uri = written.removeprefix(f"{_ANY}:")
    base, _, query = uri.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    theirs = [(key, value) for key, value in pairs if key not in known]
    given: dict[str, Any] = {key: value for key, value in pairs if key in known} | dict(options)
    scheme = written.partition(":")[0]
    problems = []
    for name, value in given.items():
        if name not in known:
            near = nearest(name, known)
            mend = f"did you mean `{near}`?" if near else f"it has {', '.join(known)}"
            problems.append(about("KR632", f"`{scheme}` has no option `{name}`", name, mend))
        elif wrong := _wrong(value, known[name]):
            problems.append(about("KR633", f"option `{name}` {wrong}", name, None))
        elif known[name] is int:
            given[name] = int(value)
    if problems:
        raise DataError(*problems)
    if not _DRIVER.match(base):
        raise DataError(fault("KR661", *_no_uri(written)))
    # what the driver is told goes on as it was written: a reference in it is no percent sign yet
    asked = urlencode(theirs, safe="${}:/")
    return Address(f"{base}?{asked}" if asked else base, _shown(base), given, fault, folder)


def _wrong(value: object, kind: type) -> str | None:
    """Return what is wrong with an option's value, None when nothing is."""
    if kind is int:
        digits = isinstance(value, str) and value.isascii() and value.isdigit()
        number = int(str(value)) if digits else value
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 10**6:
            return "is a number of rows from 1 to 1_000_000"
        return None
    if not isinstance(value, str) or not value:
        return "is a text"
    return "holds a character of code 0" if "\0" in value else None


def _no_uri(shown: str) -> tuple[str, str]:
    scheme, _, rest = shown.partition(":")
    mend = (
        "write postgresql://user@host:5432/database, mysql://user@host/database or sqlite:///crm.db"
    )
    if scheme == SQLITE and rest and "//" not in rest:
        mend = f"write {SQLITE}:///{rest}"
    return f"`{shown}` is not how a database is named", mend


def _shown(base: str) -> str:
    """Return a URI without its password, should one stand there."""
    return re.sub(r"(?<=://)([^/?#@:]*):[^@]*@", r"\1@", base)

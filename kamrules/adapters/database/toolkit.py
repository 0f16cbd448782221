"""The libraries that databases need: what is missing is said by name, with the command that brings it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import DataError, Diagnostic

if TYPE_CHECKING:
    from kamrules.adapters.database.address import Fault

EXTRA = 'pip install "kamrules[database]"'
OURS = {
    "sqlalchemy": "SQLAlchemy",
    "psycopg": "psycopg",
    "pymysql": "PyMySQL",
    "adbc_driver_manager": "adbc-driver-manager",
    "adbc_driver_postgresql": "adbc-driver-postgresql",
    "adbc_driver_sqlite": "adbc-driver-sqlite",
}
"""Modules of the extra, and the packages that they come in."""
_PACKAGES = {
    "MySQLdb": "mysqlclient", "psycopg2": "psycopg2-binary",
    "duckdb_engine": "duckdb-engine",
}  # fmt: skip
"""Packages of drivers whose module has another name."""


def needed(module: str, fault: Fault) -> Any:  # noqa: ANN401  a module
    """Return a module. Raises DataError (KR660) when it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise missing(error, fault) from None


def missing(error: ModuleNotFoundError, fault: Fault) -> DataError:
    """Return the error about a library that is not installed."""
    name = (error.name or "").partition(".")[0]
    if name in OURS:
        return DataError(
            fault("KR660", f"databases need {OURS[name]}, which is not installed", EXTRA)
        )
    message = f"the driver of this database, `{name}`, is not installed"
    return DataError(fault("KR660", message, f"pip install {_PACKAGES.get(name, name)}"))


def placeless(code: str, message: str, mend: str | None = None) -> Diagnostic:
    """Return a diagnostic that has no place in a file."""
    return Diagnostic(code, message, help=mend)

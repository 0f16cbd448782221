"""Lines of text files on a DuckDB connection: read as they are, and counted, so that none is lost unseen.

DuckDB's reader leaves lines out in silence when a quote is never closed; so every file is also read
line by line, without quotes, which costs little, and the two counts have to agree.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.formulas import quoted
from kamrules.adapters.paths import escaped
from kamrules.book import Problem
from kamrules.book.quality import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.book import BookTable

_NUMBERS = itertools.count(1)
_NOWHERE = "\x01\x02\x03\x04"
"""A delimiter that no text holds, so that a line is one cell."""
_MESSAGES = {
    "MISSING COLUMNS": "the line has too few cells",
    "TOO MANY COLUMNS": "the line has too many cells",
    "UNQUOTED VALUE": "a quote is not closed, or text stands behind it",
    "INVALID ENCODING": "the line is not {encoding}; name another one by the option `encoding`",
    "LINE SIZE OVER MAXIMUM": "the line is longer than 2,000,000 bytes",
}


@dataclass(frozen=True, slots=True)
class Files:
    """Text files as DuckDB can read them; `encoding` is DuckDB's name, `shown` the files' own names."""

    paths: tuple[Path, ...]
    encoding: str
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that DuckDB's reader left out: file, number from 1, DuckDB's word for why, and its text."""

    file: str
    line: int
    kind: str
    text: str

    @property
    def lines(self) -> int:
        """Return the number of lines it spans; empty ones do not count."""
        return sum(1 for each in self.text.replace("\r", "\n").split("\n") if each) or 1


def fresh_name(table: BookTable, what: str) -> str:
    """Return a name that no other table of any connection has, as an SQL identifier."""
    return quoted(f"kamrules {what} {table.name} {next(_NUMBERS)}")


class Scan:
    """One way to read text files with DuckDB's CSV reader, and the lines that it leaves out."""

    def __init__(self, files: Files, columns: Sequence[str], **settings: object) -> None:
        """Take the files and the columns' names; `settings` are those of read_csv."""
        number = next(_NUMBERS)
        self._files = files
        self._scans = f"kamrules_scans_{number}"
        self._rejects = f"kamrules_rejects_{number}"
        self.parameters: dict[str, object] = {
            "files": [escaped(str(each.absolute())) for each in files.paths],
            "columns": dict.fromkeys(columns, "VARCHAR"),
            "auto_detect": False,
            "encoding": files.encoding,
            "nullstr": "",
            "store_rejects": True,
            "rejects_table": self._rejects,
            "rejects_scan": self._scans,
            "rejects_limit": 0,
            **settings,
        }

    @staticmethod
    def of_lines(files: Files) -> Scan:
        """Return the scan that gives each line as it is, in a column `line`; empty ones are null."""
        plain = {
            "header": False,
            "quote": "",
            "escape": "",
            "delim": _NOWHERE,
            "strict_mode": False,
        }
        return Scan(files, ["line"], **plain)

    @property
    def sql(self) -> str:
        """Return the call, to be run with `parameters`."""
        named = ", ".join(f"{each} = ${each}" for each in self.parameters if each != "files")
        return f"read_csv($files, {named})"

    def rejects(self, connection: Any) -> list[Reject]:  # noqa: ANN401  DuckDB's
        """Return what was left out since the scan ran, once."""
        rows = connection.execute(
            f"""SELECT any_value(s.file_path), r.line, any_value(r.error_type), any_value(r.csv_line)
            FROM {self._rejects} r JOIN {self._scans} s USING (scan_id, file_id)
            GROUP BY r.scan_id, r.file_id, r.line, r.line_byte_position ORDER BY 1, 2"""  # noqa: S608
        ).fetchall()
        connection.execute(f"DROP TABLE {self._rejects}; DROP TABLE {self._scans}")
        shown = dict(zip(map(str, self.parameters["files"]), self._files.shown, strict=True))  # type: ignore[call-overload]
        return [
            Reject(shown.get(path, Path(path).name), line, kind, (text or "").strip("\r\n"))
            for path, line, kind, text in rows
        ]


def line_count(connection: Any, files: Files) -> int:  # noqa: ANN401  DuckDB's
    """Return how many lines the files have that are not empty."""
    scan = Scan.of_lines(files)
    query = f"SELECT count(line) FROM {scan.sql}"  # noqa: S608  a fixed call with parameters
    ((count,),) = connection.execute(query, scan.parameters).fetchall()
    return int(count) + len(scan.rejects(connection))


def problems(rejects: list[Reject], encoding: str) -> tuple[Problem, ...]:
    """Return what is to be told of lines that were left out."""
    found = []
    for kind in dict.fromkeys(each.kind for each in rejects):
        some = [each for each in rejects if each.kind == kind]
        message = _MESSAGES.get(kind, kind.lower()).format(encoding=encoding.upper())
        examples = tuple(example(each.file, each.line, each.text) for each in some[:EXAMPLES])
        count = sum(each.lines for each in some)
        found.append(Problem("KR647", None, count, message, examples, leaves_out=True))
    return tuple(found)


def example(file: str, line: int, text: str) -> str:
    """Return a line as an example: where it is, and its beginning on one line."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return f"{file}:{line}: {shown if len(shown) <= 60 else shown[:59] + '…'}"


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return columns' names that differ in more than case, as DuckDB needs them.

    The second `Name` becomes `Name_2`, a fifth column without a name `column_5`.
    """
    taken: set[str] = set()
    distinct = []
    for number, name in enumerate(names, 1):
        wanted = free = name or f"column_{number}"
        for again in itertools.count(2):
            if free.casefold() not in taken:
                break
            free = f"{wanted}_{again}"
        taken.add(free.casefold())
        distinct.append(free)
    return distinct

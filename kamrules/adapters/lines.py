"""Lines of text files on a DuckDB connection: read as they are, and counted, so that none is lost unseen.

DuckDB's reader leaves lines out in silence when a quote is never closed; so every file is also read
line by line, without quotes, which costs little, and the two counts have to agree.
"""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.formulas import quoted
from kamrules.adapters.paths import patterns
from kamrules.book import Problem
from kamrules.book.quality import EXAMPLES
from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.book import BookTable

_NUMBERS = itertools.count(1)
_NOWHERE = "\x01\x02\x03\x04"
"""A delimiter that no text holds, so that a line is one cell."""
_NATIVE = {"utf-8": "utf-8", "utf-16": "utf-16", "iso8859-1": "latin-1", "ascii": "utf-8"}
"""Encodings that DuckDB reads itself, by Python's names."""
_CHUNK = 1 << 20
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


@contextmanager
def text_files(table: BookTable, files: Sequence[Path], encoding: str | None) -> Iterator[Files]:
    """Give the files in an encoding that DuckDB reads, rewritten for as long as needed if it does not."""
    shown = tuple(each.name for each in files)
    name = codecs.lookup(encoding or _marked(files[0]) or "utf-8").name
    if name in _NATIVE:
        yield Files(tuple(files), _NATIVE[name], shown)
        return
    with rewritten(table, Files(tuple(files), name, shown)) as found:
        yield found


@contextmanager
def rewritten(table: BookTable, files: Files) -> Iterator[Files]:
    """Give copies of the files in UTF-8 with one kind of line end."""
    with tempfile.TemporaryDirectory(prefix="kamrules-") as folder:
        copies = tuple(Path(folder) / f"{number}.txt" for number in range(len(files.paths)))
        for path, copy in zip(files.paths, copies, strict=True):
            _rewrite(table, path, copy, files.encoding)
        yield replace(files, paths=copies, encoding="utf-8")


def _rewrite(table: BookTable, path: Path, copy: Path, encoding: str) -> None:
    if path.suffix.lower() == ".zst":
        message = (
            f"`{path.name}` is packed as zst, so it has to be UTF-8 with line ends of one kind"
        )
        raise DataError(table.fault("KR623", message, "from", help="unpack it, or pack it as gz"))
    # What is not UTF-8 stays as it is, for the reader to report; other encodings have to fit.
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    packed = path.suffix.lower() == ".gz"
    source: Any = gzip.open(path) if packed else path.open("rb")  # noqa: SIM115  closed below
    try:
        # Read with every line end as \n, as Python does unless told otherwise.
        with (
            source,
            io.TextIOWrapper(source, encoding, errors) as text,
            copy.open("w", encoding="utf-8", errors=errors, newline="\n") as out,
        ):
            shutil.copyfileobj(text, out, _CHUNK)
    except UnicodeError as error:
        message = f"`{path.name}` is not written in {encoding}"
        raise DataError(table.fault("KR623", message, "from")) from error


def _marked(path: Path) -> str | None:
    """Return the encoding that a file's first bytes name."""
    with path.open("rb") as file:
        start = file.read(2)
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else None


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
            "files": patterns(list(files.paths)),
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

"""The files that a table's URI names: one, those of a folder or a pattern, standard input, or remote ones."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from kamrules.book.files import form_of, sibling
from kamrules.book.standard_input import SHOWN, STANDARD_INPUT, NoInputError, standard_input
from kamrules.diagnostics import DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kamrules.book import BookTable

MAGIC = "*?["
STORAGE = "storage"
"""The option of every source of files that says how to reach a remote file system."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a table: `shown` is its path below the folder that was looked into.

    `path` is where it is on this machine, or else on `system`, a file system of fsspec's.
    """

    path: str
    shown: str
    system: Any = None

    def open(self) -> IO[bytes]:
        """Return the file's bytes as they are."""
        if self.system is None:
            return Path(self.path).open("rb")
        return cast("IO[bytes]", self.system.open(self.path, "rb"))


def files(table: BookTable) -> list[File]:
    """Return the files, sorted by name. Raises DataError when there is none.

    A file whose name looks like a pattern is taken as it is. Of a folder, all files below it are taken
    whose names end as the source's do; those that begin with a dot or underscore are passed over, and the
    locks of spreadsheet programs too.
    """
    if "://" in table.location:
        from kamrules.adapters.remote import remote_files  # noqa: PLC0415  which needs this module

        return remote_files(table)
    if STORAGE in table.options:
        message = f"option `{STORAGE}` is for remote files, and `{table.location}` is none"
        raise DataError(table.fault("KR633", message, "options", STORAGE, key=True))
    if table.location == STANDARD_INPUT:
        return [_input(table)]
    try:
        return _local(table)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        message = f"`{table.location}` cannot be read: {reason}"
        raise DataError(table.fault("KR623", message, "from")) from error


def _input(table: BookTable) -> File:
    try:
        return File(str(standard_input()), SHOWN)
    except NoInputError as error:
        message, mend = error.args
        raise DataError(table.fault("KR652", message, "from", help=mend)) from None


def _local(table: BookTable) -> list[File]:
    path = table.path()
    if path.is_file():
        return [_file(path, path.parent)]
    if not table.location:
        raise DataError(table.fault("KR622", "no file is named", "from"))
    if path.is_dir():
        inside = [each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file()]
        return [_file(path / each, path) for each in wanted(table, inside)]
    if any(each in table.location for each in MAGIC):
        pattern = str(Path(glob.escape(str(table.folder))) / table.location)
        root = table.folder / steady(table.location)
        found = sorted(Path(each) for each in glob.glob(pattern, recursive=True))  # noqa: PTH207
        if some := [_file(each, root) for each in found if each.is_file()]:
            return some
        raise DataError(table.fault("KR622", no_fit(table), "from"))
    message = f"there is no file `{table.location}`"
    raise DataError(table.fault("KR622", message, "from", help=sibling(path)))


def _file(path: Path, root: Path) -> File:
    return File(str(path.absolute()), path.relative_to(root).as_posix())


def steady(location: str) -> str:
    """Return the folder that a pattern's files are all below: what stands before its first sign."""
    parts = []
    for each in location.split("/")[:-1]:
        if any(sign in each for sign in MAGIC):
            break
        parts.append(each)
    return "/".join(parts)


def no_fit(table: BookTable) -> str:
    """Return what is said of a pattern that no file fits."""
    return f"there is no file that `{table.location}` fits"


def wanted(table: BookTable, inside: Iterable[str]) -> list[str]:
    """Return which of a folder's files a source reads, sorted. Raises DataError when it reads none."""
    seen = sorted(each for each in inside if not _passed_over(each))
    if found := [each for each in seen if form_of(each) == table.scheme]:
        return found
    what = f"no file whose name ends as one of source `{table.scheme}`" if seen else "no file"
    mend = None
    if seen:
        mend = f'name its files, as in "{table.scheme}:{table.location.rstrip("/")}/*"'
    message = f"folder `{table.location}` holds {what}"
    raise DataError(table.fault("KR622", message, "from", help=mend))


def _passed_over(inside: str) -> bool:
    return any(part.startswith((".", "_", "~$")) for part in inside.split("/"))


def escaped(path: str) -> str:
    """Return a path as DuckDB wants it: nothing in a name means a pattern."""
    return "".join(f"[{each}]" if each in MAGIC else each for each in path)


def options(
    table: BookTable, known: Mapping[str, Callable[[Any], str | None]], source: str
) -> dict[str, Any]:
    """Return a table's options without `storage`. Raises DataError for those that the source does not have.

    `known` tells for each option what is wrong with a value, None when nothing is.
    """
    every = {**known, STORAGE: _storage}
    problems = []
    for name, value in table.options.items():
        if name not in every:
            near = nearest(name, every)
            message = f"source `{source}` has no option `{name}`"
            mend = f"did you mean `{near}`?" if near else f"it has {', '.join(every)}"
            problems.append(table.fault("KR632", message, "options", name, key=True, help=mend))
        elif wrong := every[name](value):
            problems.append(table.fault("KR633", f"option `{name}` {wrong}", "options", name))
    if problems:
        raise DataError(*problems)
    return {name: value for name, value in table.options.items() if name != STORAGE}


def _storage(value: object) -> str | None:
    if isinstance(value, dict):
        return None
    return "has to be a table, as in storage = { anon = true }"

"""The files that a table's URI names: one file, or all that a pattern such as orders/*.csv fits."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.book.files import sibling
from kamrules.diagnostics import DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamrules.book import BookTable

_MAGIC = "*?["


def paths(table: BookTable) -> list[Path]:
    """Return the files, sorted by name. Raises DataError when there is none.

    A file whose name looks like a pattern is taken as it is.
    """
    path = table.path()
    try:
        if path.is_file():
            return [path]
        if path.is_dir():
            mend = f'name its files, as in "{table.scheme}:{table.location.rstrip("/")}/*"'
            raise DataError(
                table.fault("KR622", f"`{table.location}` is a folder", "from", help=mend)
            )
        if any(each in table.location for each in _MAGIC):
            pattern = str(Path(glob.escape(str(table.folder))) / table.location)
            found = sorted(Path(each) for each in glob.glob(pattern, recursive=True))  # noqa: PTH207
            if files := [each for each in found if each.is_file()]:
                return files
            message = f"there is no file that `{table.location}` fits"
            raise DataError(table.fault("KR622", message, "from"))
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        message = f"`{table.location}` cannot be read: {reason}"
        raise DataError(table.fault("KR623", message, "from")) from error
    message = f"there is no file `{table.location}`" if table.location else "no file is named"
    raise DataError(table.fault("KR622", message, "from", help=sibling(path)))


def patterns(files: list[Path]) -> list[str]:
    """Return the files as DuckDB wants them: nothing in a name means a pattern or another disk."""
    return ["".join(f"[{c}]" if c in _MAGIC else c for c in str(each.absolute())) for each in files]


def options(
    table: BookTable, known: Mapping[str, Callable[[Any], str | None]], source: str
) -> dict[str, Any]:
    """Return a table's options. Raises DataError for those that the source does not have.

    `known` tells for each option what is wrong with a value, None when nothing is.
    """
    problems = []
    for name, value in table.options.items():
        if name not in known:
            near = nearest(name, known)
            listed = f"it has {', '.join(known)}" if known else "it has none"
            message = f"source `{source}` has no option `{name}`"
            mend = f"did you mean `{near}`?" if near else listed
            problems.append(table.fault("KR632", message, "options", name, key=True, help=mend))
        elif wrong := known[name](value):
            problems.append(table.fault("KR633", f"option `{name}` {wrong}", "options", name))
    if problems:
        raise DataError(*problems)
    return dict(table.options)

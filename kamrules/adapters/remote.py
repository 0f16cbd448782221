"""Files that are not on this machine: any URL that fsspec knows, such as s3://bucket/orders/*.parquet.

fsspec and the package of a file system (s3fs, gcsfs, adlfs) are the user's to install. What they need to
get in comes from the environment, as those packages document it, or from the option `storage`.
"""

from __future__ import annotations

import datetime
import itertools
from typing import TYPE_CHECKING, Any

from kamrules.adapters.failures import told
from kamrules.adapters.paths import MAGIC, STORAGE, File, no_fit, steady, wanted
from kamrules.diagnostics import DataError, nearest
from kamrules.secrets import revealed, revealed_uri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.book import BookTable

_NUMBERS = itertools.count(1)
_BLOCK = 1 << 20


def remote_files(table: BookTable) -> list[File]:
    """Return the files of a URL, sorted by name: one, those that a pattern fits, or those of a folder."""
    protocol = table.location.partition("://")[0]
    system, path = _system(table, protocol)
    shown = path.rstrip("/").rpartition("/")[2] or path
    try:
        pattern = any(each in path for each in MAGIC) and not system.exists(path)
        if pattern:
            root = steady(path)
            fitting = system.glob(path, detail=True)
            found = sorted(each for each in fitting if fitting[each]["type"] == "file")
            missing = no_fit(table)
        elif system.isfile(path):
            return [File(path, shown, system)]
        else:
            root = path.rstrip("/")
            # Of some servers only the failure to ask for one file tells that they are not there.
            found = system.find(path) or [system.info(path)["name"]]
            missing = f"there is no file `{table.location}`"
    except Exception as error:
        raise DataError(_unreadable(table, error)) from error
    if not found:
        raise DataError(table.fault("KR622", missing, "from"))
    below = {one.shown: one for one in (_file(each, root, system) for each in found)}
    return [below[each] for each in (below if pattern else wanted(table, below))]


def _file(path: str, root: str, system: Any) -> File:  # noqa: ANN401  fsspec's
    return File(path, path.removeprefix(root).lstrip("/") or path, system)


def _system(table: BookTable, protocol: str) -> tuple[Any, str]:
    """Return the file system of a URL and the path on it."""
    try:
        import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415  an extra
    except ImportError:
        lacking = f"reading `{protocol}://` needs the package fsspec, which is not installed"
        extra = 'pip install "kamrules[remote]"'
        raise DataError(table.fault("KR657", lacking, "from", help=extra)) from None
    if protocol not in fsspec.available_protocols():
        near = nearest(protocol, fsspec.available_protocols())
        mend: str | None = f"did you mean `{near}://`?" if near else None
        message = f"there is no file system `{protocol}://`"
        raise DataError(table.fault("KR657", message, "from", help=mend))
    given = _revealed(table.options.get(STORAGE, {}), table)
    try:
        system, path = fsspec.core.url_to_fs(
            revealed_uri(table.location, _fault(table)), use_listings_cache=False, **given
        )
    except DataError:
        raise
    except ImportError as error:
        package = _package(error)
        message = f"reading `{protocol}://` needs the package {package}, which is not installed"
        mend = f"pip install {package}"
        raise DataError(table.fault("KR657", message, "from", help=mend)) from None
    except Exception as error:
        raise DataError(_unreadable(table, error)) from error
    return system, path


def _package(error: ImportError) -> str:
    """Return the package that fsspec says is missing: `Install s3fs to access S3`, or the module itself."""
    words = str(error).split()
    if "nstall" in str(error):
        place = next(n for n, each in enumerate(words) if "nstall" in each)
        if place + 1 < len(words):
            return words[place + 1].strip("`'\".,")
    return error.name or "of that file system"


def _fault(table: BookTable) -> Any:  # noqa: ANN401  a function of the book's
    def fault(code: str, message: str, mend: str | None) -> Any:  # noqa: ANN401
        return table.fault(code, message, "from", help=mend)

    return fault


def _revealed(given: Any, table: BookTable) -> Any:  # noqa: ANN401  whatever TOML holds
    """Return options with the secrets that their references stand for."""
    if isinstance(given, dict):
        return {name: _revealed(each, table) for name, each in given.items()}
    if isinstance(given, list):
        return [_revealed(each, table) for each in given]
    return revealed(given, _fault(table)) if isinstance(given, str) else given


def _unreadable(table: BookTable, error: BaseException) -> Any:  # noqa: ANN401  a diagnostic
    cause = error.__cause__
    if isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError):
        error = cause
    if isinstance(error, FileNotFoundError):
        return table.fault("KR622", f"there is no file `{table.location}`", "from")
    mend = None
    if isinstance(error, PermissionError) or "redential" in f"{type(error).__name__} {error}":
        mend = "say who you are in the environment, as the file system's package documents it"
    message = f"`{table.location}` cannot be read: {told(error)}"
    return table.fault("KR658", message, "from", help=mend)


def on_connection(table: BookTable, files: Sequence[File], connection: Any) -> list[str]:  # noqa: ANN401
    """Return names by which a DuckDB connection reads remote files, bit by bit as it needs them.

    No URL and nothing that lets one in gets to DuckDB, only numbers and the path below the folder.
    Raises DataError for a web server that gives whole files only.
    """
    for each in files:
        if "http" in each.system.protocol and not each.system.info(each.path).get("partial"):
            message = f"the server of `{each.shown}` gives whole files only, and parts are needed"
            mend = "fetch the file, and name it as a file of this machine"
            raise DataError(table.fault("KR658", message, "from", help=mend))
    served = {f"/{number}/{each.shown}": each for number, each in enumerate(files)}
    system = _served(served)
    connection.register_filesystem(system)
    return [f"{system.protocol}:/{each}" for each in served]


def _served(files: Mapping[str, File]) -> Any:  # noqa: ANN401  fsspec's
    from fsspec import AbstractFileSystem  # noqa: PLC0415  there, as files were found by it

    class Served(AbstractFileSystem):  # type: ignore[misc]
        """The files of one table, as a file system of its own protocol."""

        protocol = f"kamrules{next(_NUMBERS)}"
        cachable = False

        def _open(self, path: str, mode: str = "rb", **_: Any) -> Any:  # noqa: ANN401
            # More than is asked for is fetched ahead, but not the 50 MB that s3fs fetches by default.
            of = self._found(path)
            return of.system.open(of.path, mode, block_size=_BLOCK)

        def info(self, path: str, **_: Any) -> dict[str, Any]:  # noqa: ANN401
            of = self._found(path)
            told_of: dict[str, Any] = {**of.system.info(of.path), "name": path}
            return told_of

        def exists(self, path: str, **_: Any) -> bool:  # noqa: ANN401
            return self._name(path) in files

        def glob(self, path: str, **_: Any) -> list[str]:  # noqa: ANN401
            return [path] if self.exists(path) else []

        def modified(self, path: str) -> Any:  # noqa: ANN401
            of = self._found(path)
            try:
                return of.system.modified(of.path)
            except NotImplementedError:  # servers that do not say
                return datetime.datetime.fromtimestamp(0, datetime.UTC)

        def _name(self, path: str) -> str:
            return "/" + str(self._strip_protocol(path)).lstrip("/")

        def _found(self, path: str) -> File:
            return files[self._name(path)]

    return Served()

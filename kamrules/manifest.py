"""The manifest of a run: rows, bytes and SHA-256 of every file, and whether a folder still is as it says."""

from __future__ import annotations

import hashlib
import json
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from kamrules.contracts import Written
from kamrules.disk import flush

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from kamrules.progress import Progress

REPORT = "run.json"
WORKERS = 2
"""Threads that read files again: more than one processor's hashing, and a disk is kept busy."""
_CHUNK = 2**20
_TELL = 0.2
"""Seconds between two looks at how far the workers are."""
_UNTOLD = ("run", "durations")
"""Parts of run.json that its own hash leaves out."""


class Sealing:
    """Files being hashed and brought to the disk by threads of its own, while other work goes on.

    A context manager: at its end, however it comes, the threads stop.
    """

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        """Begin with the files of a folder."""
        self._folder = folder
        self._names = list(dict.fromkeys(names))
        self._hashes: dict[str, tuple[int, str]] = {}
        self._done = 0
        self._of = sum((folder / each).stat().st_size for each in self._names)
        self._stopped = threading.Event()
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        # the longest first, so that the last to end is a short one
        for each in sorted(self._names, key=lambda name: -(folder / name).stat().st_size):
            self._wanted.put(each)
        # daemons: a disk that takes its time to write must not keep an interrupted run from ending
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the threads."""
        self._stopped.set()

    def hashes(self, progress: Progress) -> dict[str, tuple[int, str]]:
        """Wait until all is on the disk; return bytes and SHA-256 by file. Raises OSError."""
        left = len(self._threads)
        while left:
            try:
                error = self._ended.get(timeout=_TELL)
            except queue.Empty:
                progress("hashing files", self._done, self._of, "bytes")
                continue
            if error is not None:
                raise error
            left -= 1
        for each in {(self._folder / name).parent for name in self._names} | {self._folder}:
            flush(each)
        return {name: self._hashes[name] for name in self._names}

    def _work(self) -> None:
        try:
            while not self._stopped.is_set():
                try:
                    name = self._wanted.get_nowait()
                except queue.Empty:
                    break
                self._seal(name)
        except BaseException as error:  # noqa: BLE001  it is raised where someone waits
            self._ended.put(error)
        else:
            self._ended.put(None)

    def _seal(self, name: str) -> None:
        size, digest = 0, hashlib.sha256()
        for chunk in _chunks(self._folder / name):
            if self._stopped.is_set():
                return
            digest.update(chunk)
            size += len(chunk)
            self._done += len(chunk)
        flush(self._folder / name)
        self._hashes[name] = (size, digest.hexdigest())


def manifest(
    folder: Path,
    names: Sequence[str],
    hashes: Mapping[str, tuple[int, str]],
    connection: Any,  # noqa: ANN401  DuckDB's
) -> dict[str, dict[str, Any]]:
    """Return what stands in run.json of each file: its table, rows, bytes and SHA-256.

    `names` are those that forms of files gave; where they do not know the rows Parquet files tell, and
    of others table and rows are None.
    """
    footers = [each for each in names if each.endswith(".parquet") and not _known(each)]
    rows: dict[str, int] = {}
    if footers:
        asked = "SELECT file_name, num_rows FROM parquet_file_metadata($paths)"
        paths = [str(folder / each) for each in footers]
        counts = dict(connection.execute(asked, {"paths": paths}).fetchall())
        rows = {each: counts[str(folder / each)] for each in footers}
    return {
        str(name): {
            "table": name.table if isinstance(name, Written) else _table(name),
            "rows": name.rows if isinstance(name, Written) else rows.get(name),
            "bytes": hashes[name][0],
            "sha256": hashes[name][1],
        }
        for name in names
    }


def report_in(folder: Path) -> dict[str, Any] | None:
    """Return what stands in a folder's run.json; None when it has none, or a damaged one. Raises OSError."""
    try:
        found = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def run_of(report: Mapping[str, Any]) -> str:
    """Return what names a run by what it wrote: a hash of its report, but for how long it took.

    The report holds the hashes of all files, so two runs of the same name left the same output.
    """
    told = {key: value for key, value in report.items() if key not in _UNTOLD}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with an output folder: the file, and in which way."""

    file: str
    message: str


def flaws(folder: Path) -> Iterator[Flaw]:
    """Yield in what an output folder differs from what its run wrote. Raises OSError."""
    try:
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield Flaw(REPORT, "is not there: no run that was done wrote this folder")
        return
    except ValueError:
        yield Flaw(REPORT, "is damaged")
        return
    if not isinstance(report, dict) or not isinstance(report.get("manifest"), dict):
        yield Flaw(REPORT, "has no manifest: an earlier kamrules wrote it, or it is damaged")
        return
    if run_of(report) != report.get("run"):
        yield Flaw(REPORT, "was changed since the run")
    for name, entry in report["manifest"].items():
        yield from _changed(folder, name, entry)
    for name in sorted(set(files_in(folder)) - {REPORT, *report["manifest"]}):
        yield Flaw(name, "was put there by someone else")


def files_in(folder: Path) -> Iterator[str]:
    """Yield the names of what is in a folder and below: files, and folders without any, `/` between parts."""
    for each in folder.rglob("*"):
        if each.is_symlink() or not each.is_dir() or not any(each.iterdir()):
            yield each.relative_to(folder).as_posix()


def expanded(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of files, those inside it for each that is a folder, in order of their names."""
    found: list[str] = []
    for name in names:
        path = folder / name
        inside = sorted(files_in(path)) if path.is_dir() else None
        found += [name] if inside is None else [f"{name.rstrip('/')}/{each}" for each in inside]
    return tuple(dict.fromkeys(found))


def _changed(folder: Path, name: str, entry: Mapping[str, Any]) -> Iterator[Flaw]:
    path = folder / name
    if not path.is_file():
        yield Flaw(name, "is missing")
    elif (size := path.stat().st_size) != entry["bytes"]:
        yield Flaw(name, f"has {size:,} bytes, and the run wrote {entry['bytes']:,}")
    elif digest_of(path) != entry["sha256"]:
        yield Flaw(name, "was changed since the run")


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits. Raises OSError."""
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes bit by bit, so that who is to stop can."""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _known(name: str) -> bool:
    return isinstance(name, Written)


def _table(name: str) -> str | None:
    """Return the table that a Parquet file is of: the first part of its name."""
    return name.partition("/")[0].partition(".")[0] if name.endswith(".parquet") else None

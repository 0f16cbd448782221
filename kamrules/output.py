"""Output that is never half there: folders and files are written beside, then moved in one step.

A folder is exchanged with the one that it replaces, so that whoever reads finds the old files or the new
ones. Where a system or file system has no such step there are two: between them nothing is there, and what
a killed run has set aside is put back by the next one.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.disk import BESIDE, alone, beside, claim, exchange, flush, is_claimed, release
from kamrules.manifest import REPORT, Sealing, files_in, report_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from kamrules.progress import Progress

_EARLIER = ".earlier"


class OutputFolder:
    """A folder that is written beside `target` and takes its place.

    Until `swap`, nothing at `target` changes; `undo` takes a swap back; leaving the context removes
    whatever is not in place. Only a folder that is empty, or holds nothing but what an earlier run
    wrote, is ever replaced.
    """

    def __init__(self, target: Path) -> None:
        """Take where the files are to be. Raises UsageError when that may not be replaced."""
        self.shown = os.fspath(target)
        self.target = target.resolve()
        self.folder = beside(self.target)
        self._aside = self.folder.with_name(self.folder.name + _EARLIER)
        self._swapped = False
        self._exchanged = False
        self._claims: list[int | None] = []
        self._check()

    def __enter__(self) -> Self:
        """Make the folder to write into. Raises DataError when that is not possible."""
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            # another run must not tidy away what is not claimed yet
            with alone(self.target.parent):
                self._tidy()
                self.folder.mkdir()
                self._claims.append(claim(self.folder))
        except OSError as error:
            raise self.failure(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what is not in place."""
        shutil.rmtree(self._aside, ignore_errors=True)
        if not self._swapped or self._exchanged:
            shutil.rmtree(self.folder, ignore_errors=True)
        while self._claims:
            release(self._claims.pop())

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder inside the new one for files that nobody is to see, and remove it."""
        inside = self.folder / ".scratch"
        try:
            inside.mkdir()
        except OSError as error:
            raise self.failure(error) from error
        yield inside
        shutil.rmtree(inside, ignore_errors=True)

    def write_report(self, report: dict[str, Any]) -> None:
        """Write run.json. Raises DataError when that fails."""
        text = json.dumps(report, ensure_ascii=False, indent=2, default=str)
        try:
            (self.folder / REPORT).write_text(text + "\n", encoding="utf-8")
            flush(self.folder / REPORT)
            flush(self.folder)
        except OSError as error:
            raise self.failure(error) from error

    @contextmanager
    def sealing(self, names: Iterable[str]) -> Iterator[Sealing]:
        """Begin to hash files of the folder and to bring them to the disk. Raises DataError."""
        try:
            begun = Sealing(self.folder, names)
        except OSError as error:
            raise self.failure(error) from error
        with begun:
            yield begun

    def sealed(self, begun: Sealing, progress: Progress) -> dict[str, tuple[int, str]]:
        """Wait until all files are on the disk; return bytes and SHA-256 by file. Raises DataError."""
        try:
            return begun.hashes(progress)
        except OSError as error:
            raise self.failure(error) from error

    def swap(self) -> None:
        """Put the folder in its place. Raises DataError, with the earlier folder back in its place."""
        self._check()
        try:
            if self.target.exists():
                self._claims.append(claim(self.target))
                self._exchanged = exchange(self.folder, self.target)
            if not self._exchanged:
                self._move()
        except OSError as error:
            raise self.failure(error) from error
        self._swapped = True
        with suppress(OSError):  # it has its name, and there is no way back that would be surer
            flush(self.target.parent)

    def _move(self) -> None:
        if self.target.exists():
            self.target.rename(self._aside)
        try:
            self.folder.rename(self.target)
        except OSError:
            self._restore()
            raise

    def undo(self) -> None:
        """Take a swap back: the earlier folder is in its place again."""
        if self._exchanged:
            exchange(self.folder, self.target)
            self._exchanged = self._swapped = False
        elif self._swapped:
            self.target.rename(self.folder)
            self._restore()
            self._swapped = False

    def failure(self, error: OSError) -> DataError:
        """Return the error for a failure of the file system."""
        reason = (error.strerror or str(error)).lower()
        return DataError(
            Diagnostic("KR802", f"output folder `{self.shown}` cannot be written: {reason}")
        )

    def _restore(self) -> None:
        if self._aside.exists():
            self._aside.rename(self.target)

    def _check(self) -> None:
        """Raise UsageError when what is at the target is not ours to replace."""
        if not self.target.exists():
            return
        if not self.target.is_dir():
            raise UsageError(
                Diagnostic(
                    "KR801", f"output folder `{self.shown}` is a file", help="name another `--out`"
                )
            )
        try:
            inside = set(files_in(self.target))
        except OSError as error:
            raise self.failure(error) from error
        strangers = sorted(inside - _written_by_a_run(self.target)) if inside else []
        if strangers:
            some = ", ".join(f"`{each}`" for each in strangers[:3])
            more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
            message = (
                f"output folder `{self.shown}` holds what no run of kamrules wrote: {some}{more}"
            )
            mend = "name another `--out`, or empty the folder yourself"
            raise UsageError(Diagnostic("KR801", message, help=mend))
        if Path.cwd().is_relative_to(self.target):
            message = (
                f"output folder `{self.shown}` is the current folder, which cannot be replaced"
            )
            raise UsageError(Diagnostic("KR801", message, help="name a folder inside it"))

    def _tidy(self) -> None:
        """Remove what runs that were killed left beside the target; first put back what one set aside."""
        prefix = f".{self.target.name}{BESIDE}"
        left = [each for each in self.target.parent.iterdir() if each.name.startswith(prefix)]
        # all are looked at before any is touched: one tells who works with another
        for each in [each for each in left if not self._at_work(each)]:
            if each.name.endswith(_EARLIER) and not self.target.exists():
                each.rename(self.target)
            else:
                shutil.rmtree(each, ignore_errors=True)

    def _at_work(self, folder: Path) -> bool:
        """Whether a run that lives works with a folder beside the target."""
        owner = folder
        if folder.name.endswith(_EARLIER):
            # a run claims the folder that it wrote, wherever that is, not the one that it set aside
            owner = folder.with_name(folder.name.removesuffix(_EARLIER))
            owner = owner if owner.exists() else self.target
        try:
            claimed = is_claimed(owner)
        except FileNotFoundError:  # nobody has it, or its run has just ended and removed it
            claimed = None
        return _alive(folder.name.rpartition(BESIDE)[2]) if claimed is None else claimed


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises DataError when that is not possible."""
    draft = beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(text, encoding="utf-8", newline="\n")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"`{os.fspath(path)}` cannot be written: {reason}"
        raise DataError(Diagnostic("KR802", message)) from error


def _written_by_a_run(folder: Path) -> set[str]:
    """Return the names of the files that the run told of in the folder's run.json wrote."""
    try:
        report = report_in(folder) or {}
        return {REPORT, *report["files"]} if "kamrules" in report else set()
    except (OSError, KeyError, TypeError):
        return set()


def _alive(rest: str) -> bool:
    """Whether the process whose number a folder's name carries still runs."""
    number = rest.partition("-")[0]
    if not number.isdigit() or os.name != "posix":
        return True  # not ours, or not to be known
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True

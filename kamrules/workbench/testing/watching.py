"""Watching: notices when a file of a ruleset, or of a ruleset that it extends, changes, comes or goes.

The files are looked at twice a second. They are few and small, so that costs nothing one could measure, needs
no library, and works where no file system tells of changes (network drives, containers).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.document.finding import Location, find, find_extended, toml_files
from kamrules.document.reading import UnreadableError, read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Seen = dict[str, tuple[int, int] | None]

SECONDS = 0.5


def pause() -> None:
    """Wait until it is time for another look."""
    time.sleep(SECONDS)


@dataclass(slots=True)
class Watch:
    """What is watched of a ruleset: where it and those that it extends are, each once."""

    folders: Sequence[Path]
    locations: list[Location] = field(default_factory=list)

    @staticmethod
    def of(name_or_path: str, folders: Sequence[Path]) -> Watch:
        """Return a watch over a ruleset, looked up as load_ruleset does. Raises UsageError without one."""
        start = find(name_or_path, folders)
        if isinstance(start, Diagnostic):
            raise UsageError(start)
        return Watch(folders, [start])

    def rounds(self, wait: Callable[[], None]) -> Iterator[int]:
        """Yield how many files are watched, at once and then whenever something has changed.

        What changes while the caller works is noticed as well. `wait` is called between two looks.
        """
        while True:
            self._follow()
            seen = self._look()
            yield len(seen)
            while (now := self._look()) == seen:
                wait()
            before = seen
            while now != before:
                # an editor, or git, may still be writing
                wait()
                before, now = now, self._look()

    def _look(self) -> Seen:
        """Return when each file was last written, and how long it is; None for one that is gone."""
        found: Seen = {}
        for location in self.locations:
            for path, shown in toml_files(location)[0]:
                try:
                    told = path.stat()
                    found[shown] = told.st_mtime_ns, told.st_size
                except OSError:
                    found[shown] = None
        return found

    def _follow(self) -> None:
        """Find the rulesets that those known extend. Those once known stay, as an edit may be half done."""
        known = {each.identity for each in self.locations}
        for location in self.locations:
            for wanted in _extended(location):
                found = find_extended(wanted, location, self.folders)
                if isinstance(found, Location) and found.identity not in known:
                    known.add(found.identity)
                    # the loop goes on to it
                    self.locations.append(found)


def _extended(location: Location) -> Iterator[str]:
    """Yield what a ruleset extends, as far as its files can be read."""
    for path, shown in toml_files(location)[0]:
        try:
            header: Any = read_document(path, shown).data.get("ruleset")
        except UnreadableError:
            continue
        wanted = header.get("extends") if isinstance(header, dict) else None
        if isinstance(wanted, list):
            yield from (each for each in wanted if isinstance(each, str))

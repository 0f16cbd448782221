"""Names of columns and views: the author's own, made different where a warehouse would take them for one."""

from __future__ import annotations

LONGEST = 63
"""Bytes of a name that PostgreSQL keeps; it cuts longer ones off without a word."""


class Names:
    """Gives each thing a name of its own, as near to the wanted one as can be.

    Warehouses that do not tell upper from lower case in quoted names are taken into account.
    """

    def __init__(self, *taken: str, prefix: str = "") -> None:
        self._taken = {each.casefold() for each in taken}
        self._prefix = prefix

    def new(self, wanted: str) -> str:
        """Return a name that nothing has yet."""
        wanted = f"{self._prefix}{wanted}"
        name, number = cut(wanted, LONGEST), 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{cut(wanted, LONGEST - len(str(number)) - 1)}_{number}"
        self._taken.add(name.casefold())
        return name


def cut(name: str, most: int) -> str:
    """Return the longest beginning of a name that has at most so many bytes."""
    return name.encode()[:most].decode(errors="ignore")

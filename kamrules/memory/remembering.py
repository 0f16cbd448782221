"""What a state file holds of each run: its states and proposals, as compressed texts beside each other.

A row an account in an indexed table took SQLite several times as long to write and to read as the run took
to decide, so rows are kept as texts (kamrules.memory.lines). The states as of a date are those of all
accounts that its run or an earlier one decided. They are kept whole, or as the lines that differ from the
date before: the last whole text, with the lines of the dates after it in place of its own, says what was
known. So a run takes the more room the more accounts it moves. Proposals are a text a date. Texts are kept
by the hash of what they say, once however many dates say it.
"""

from __future__ import annotations

import hashlib
import zlib
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from kamrules.memory.lines import (
    account_of,
    by_account,
    joined,
    joint,
    line_of,
    lines_of,
    pieces_of,
    replaced,
    rows_in,
    rows_of,
    state_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

STATES = ("account_id", "class", "tier")
PROPOSALS = ("account_id", "action", "proposed_on")
SCHEMA = """
CREATE TABLE run (
    as_of TEXT PRIMARY KEY, ruleset TEXT NOT NULL, digest TEXT NOT NULL, accounts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE states (
    as_of TEXT PRIMARY KEY, content TEXT NOT NULL, whole INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE proposals (proposed_on TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE piece (
    content TEXT NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (content, number)
);
"""
_QUICK = 1
"""How hard zlib tries; harder takes thrice the time and saves a tenth of the room."""
_SHARE = 0.25
"""States are kept whole again when the lines since the last whole text take more than this share of its room.

With a quarter, lines and whole texts together take five times the room of the lines alone; with more it
would be less, and reading slower.
"""
_CHAIN = 500
"""States are kept whole again when more texts than this would have to be read."""
_TEXTS = """
SELECT whole, bytes FROM states JOIN piece USING (content)
WHERE as_of <= :day AND as_of >= (SELECT max(as_of) FROM states WHERE whole AND as_of <= :day)
ORDER BY as_of, number"""  # a whole text is the first, since none is whole among the later ones
_SIZES = """
SELECT whole, sum(length(bytes)) FROM states JOIN piece USING (content)
WHERE as_of <= :day AND as_of >= (SELECT max(as_of) FROM states WHERE whole AND as_of <= :day)
GROUP BY as_of"""
_OLD_STATES = """
SELECT account_id, class, tier FROM (
    SELECT account_id, class, tier, max(as_of) FROM state WHERE as_of < ? GROUP BY account_id
)"""  # SQLite takes the other columns of a group from the row that holds the maximum


def write_known(connection: sqlite3.Connection, before: str, states: Path, proposals: Path) -> bool:
    """Write what was known before a date (ISO) to two files, and return whether anything was.

    A proposal stands in the file as often as it was made.
    """
    some = False
    for path, header, texts in (
        (states, STATES, _states_before(connection, before)),
        (proposals, PROPOSALS, _proposals_before(connection, before)),
    ):
        with path.open("wb") as file:
            file.write(joint([line_of(header)]))
            for each in texts:
                some |= bool(each)
                file.write(each)
    return some


def known_of(
    connection: sqlite3.Connection, account_id: str, before: str
) -> tuple[tuple[str, str] | None, dict[str, str]]:
    """Return an account's state before a date, and the last date on which each action of it was proposed."""
    state: tuple[str, str] | None = None
    proposed: dict[str, str] = {}
    texts = _texts(connection, _last_before(connection, before))
    # dates come in order, so the last line that an account has counts
    for _, class_, tier in rows_of(account_id, _unpacked(texts)):
        state = (class_, tier)
    for _, action, day in rows_of(account_id, _proposals_before(connection, before)):
        proposed[action] = max(day, proposed.get(action, day))
    return state, proposed


def known_of_all(
    connection: sqlite3.Connection, before: str
) -> tuple[dict[str, list[str]], dict[str, dict[str, str]]]:
    """Return the states of all accounts before a date, and when actions of theirs were last proposed."""
    texts = _texts(connection, _last_before(connection, before))
    states = {row[0]: row[1:] for row in rows_in(_unpacked(texts))}
    proposed: dict[str, dict[str, str]] = {}
    # dates come in order
    for account_id, action, day in rows_in(_proposals_before(connection, before)):
        proposed.setdefault(account_id, {})[action] = day
    return states, proposed


def write_states(connection: sqlite3.Connection, as_of: str, path: Path) -> int:
    """Keep a run's states, with those of accounts that only earlier runs decided; return how many it has.

    States of later dates stay as they are.
    """
    known = _last_before(connection, as_of) is not None
    if known:
        accounts, moved, gone = _compared(pieces_of(path), _states_before(connection, as_of))
    else:
        accounts, moved, gone = sum(len(lines_of(each)) for each in pieces_of(path)), [], []
    _detach(connection, as_of, path, gone)

    def whole() -> Iterator[bytes]:
        yield from pieces_of(path)
        if gone:
            yield joint(gone)

    if known and len(moved) <= _SHARE * (accounts + len(gone)):
        _keep_states(connection, as_of, sorted(moved), whole)
    else:
        _keep_states(connection, as_of, None, whole)
    return accounts


def write_proposals(connection: sqlite3.Connection, as_of: str, path: Path) -> None:
    """Keep the proposals of a run, and when it is the first, those from before it."""
    ending = f",{as_of}\n".encode()
    if all(each.count(b"\n") == each.count(ending) for each in pieces_of(path)):
        # every line ends in the date of the run, as a run writes them
        _keep_proposals(connection, as_of, partial(pieces_of, path))
        return
    by_day: dict[str, list[bytes]] = {as_of: []}
    for row in rows_in(pieces_of(path)):
        by_day.setdefault(row[2], []).append(line_of(row))
    first = not connection.execute("SELECT 1 FROM run WHERE as_of < ?", (as_of,)).fetchall()
    for day, lines in by_day.items():
        if day == as_of or (first and day < as_of):
            _keep_proposals(connection, day, partial(joined, lines))


def _keep_proposals(
    connection: sqlite3.Connection, day: str, text: Callable[[], Iterable[bytes]]
) -> None:
    """Let a date have proposals."""
    content = _keep(connection, text)
    connection.execute("INSERT OR REPLACE INTO proposals VALUES (?, ?)", (day, content))


def _compared(new: Iterable[bytes], old: Iterable[bytes]) -> tuple[int, list[bytes], list[bytes]]:
    """Return how many lines are new, those of them that move an account, and the old ones of accounts gone.

    Both are read side by side, since books mostly keep their order: only what is out of step is held.
    """
    count = 0
    ahead: set[bytes] = set()
    behind: set[bytes] = set()
    for lines, known in _beside(new, old):
        count += len(lines)
        # most say in the same place what they said before, and sets of all take ten times as long
        others = [pair for pair in zip_longest(lines, known, fillvalue=b"") if pair[0] != pair[1]]
        now, were = {each for each, _ in others}, {each for _, each in others}
        fresh, left = now - were - {b""}, were - now - {b""}
        late, early = fresh & behind, left & ahead
        ahead -= early
        behind -= late
        ahead |= fresh - late
        behind |= left - early
    was = {account_of(each): each for each in behind}
    # one state may be written in several ways, so lines that differ need not say another
    moved = [each for each in ahead if state_of(was.pop(account_of(each), b"")) != state_of(each)]
    return count, moved, sorted(was.values())


def _beside(
    new: Iterable[bytes], old: Iterable[bytes]
) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Yield the lines of two texts, as many of either at a time until one of them ends."""
    lines: list[bytes] = []
    known: list[bytes] = []
    for piece, earlier in zip_longest(new, old, fillvalue=b""):
        lines += lines_of(piece)
        known += lines_of(earlier)
        ended = not piece or not earlier
        most = None if ended else min(len(lines), len(known))
        yield lines[:most], known[:most]
        del lines[:most], known[:most]
    yield lines, known


def _detach(connection: sqlite3.Connection, as_of: str, path: Path, gone: list[bytes]) -> None:
    """Keep the next later date's states whole, if a run is to change those that they differ from.

    `gone` are the lines of accounts that the run does not decide and earlier ones did.
    """
    later = connection.execute(
        "SELECT as_of, whole FROM states WHERE as_of > ? ORDER BY as_of LIMIT 1", (as_of,)
    ).fetchone()
    if later is None or later[1]:
        return
    if connection.execute("SELECT 1 FROM states WHERE as_of = ?", (as_of,)).fetchone():
        _, moved, lacking = _compared(pieces_of(path), _overlaid(_texts(connection, as_of)))
        if not moved and lacking == gone:  # the run says again what it said
            return
    texts = _texts(connection, later[0])  # read before anything is written
    content = _keep(connection, lambda: _overlaid(texts))
    connection.execute(
        "UPDATE states SET (content, whole) = (?, 1) WHERE as_of = ?", (content, later[0])
    )


def _keep_states(
    connection: sqlite3.Connection,
    as_of: str,
    moved: list[bytes] | None,
    whole: Callable[[], Iterable[bytes]],
) -> None:
    """Let a date have states: the lines that differ from before, or the whole text where they come to much.

    `moved` is None where there is nothing to differ from, or nearly everything differs.
    """
    if moved is not None and _fit(connection, as_of, moved):
        content = _keep(connection, partial(joined, moved))
    else:
        content, moved = _keep(connection, whole), None
    state = (as_of, content, moved is None)
    connection.execute("INSERT OR REPLACE INTO states VALUES (?, ?, ?)", state)


def _fit(connection: sqlite3.Connection, as_of: str, moved: list[bytes]) -> bool:
    """Return whether a date's lines can be read with what was known before it, instead of a whole text."""
    sizes = connection.execute(_SIZES, {"day": _last_before(connection, as_of)}).fetchall()
    room = sum(len(zlib.compress(each, _QUICK)) for each in joined(moved))
    room += sum(size for whole, size in sizes if not whole)
    most = _SHARE * sum(size for whole, size in sizes if whole)
    return len(sizes) <= _CHAIN and room <= most


def tidy(connection: sqlite3.Connection) -> None:
    """Remove texts that nothing points to any more."""
    connection.execute(
        "DELETE FROM piece WHERE content NOT IN "
        "(SELECT content FROM states UNION SELECT content FROM proposals)"
    )


def upgrade(connection: sqlite3.Connection) -> None:
    """Turn a file of version 1, a row a state and a proposal, into one of today; in a transaction."""
    runs = connection.execute("SELECT as_of, ruleset, digest, accounts FROM run").fetchall()
    connection.execute("DROP TABLE run")
    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    connection.executemany("INSERT INTO run VALUES (?, ?, ?, ?)", runs)
    dates = connection.execute(
        "SELECT as_of FROM state UNION SELECT as_of FROM run ORDER BY as_of"
    ).fetchall()
    for (as_of,) in dates:
        rows = connection.execute(
            "SELECT account_id, class, tier FROM state WHERE as_of = ?", (as_of,)
        )
        # it has a row where an account moved
        moved = None if as_of == dates[0][0] else sorted(map(line_of, rows))
        _keep_states(connection, as_of, moved, partial(_first_states, connection, as_of))
    days = connection.execute("SELECT DISTINCT proposed_on FROM proposal").fetchall()
    for (day,) in days:
        rows = connection.execute("SELECT * FROM proposal WHERE proposed_on = ?", (day,))
        _keep_proposals(connection, day, partial(joined, list(map(line_of, rows))))
    connection.execute("DROP TABLE state")
    connection.execute("DROP TABLE proposal")


def _first_states(connection: sqlite3.Connection, as_of: str) -> Iterator[bytes]:
    """Yield the states as of a date in a file of version 1."""
    rows = connection.execute(_OLD_STATES.replace("<", "<="), (as_of,))
    return joined(map(line_of, rows))


def first_known(connection: sqlite3.Connection, before: str) -> tuple[Iterable[Any], Iterable[Any]]:
    """Return the states and proposals that a file of version 1 knows from before a date."""
    proposals = (
        "SELECT account_id, action, max(proposed_on) FROM proposal WHERE proposed_on < ? "
        "GROUP BY account_id, action"
    )
    return connection.execute(_OLD_STATES, (before,)), connection.execute(proposals, (before,))


def first_known_of(
    connection: sqlite3.Connection, account_id: str, before: str
) -> tuple[tuple[str, str] | None, dict[str, str]]:
    """Return what a file of version 1 knows of an account from before a date."""
    wanted = (before, account_id)
    state = connection.execute(
        "SELECT class, tier FROM state WHERE as_of < ? AND account_id = ? "
        "ORDER BY as_of DESC LIMIT 1",
        wanted,
    ).fetchone()
    proposed = connection.execute(
        "SELECT action, max(proposed_on) FROM proposal "
        "WHERE proposed_on < ? AND account_id = ? GROUP BY action",
        wanted,
    ).fetchall()
    return state, dict(proposed)


def _keep(connection: sqlite3.Connection, text: Callable[[], Iterable[bytes]]) -> str:
    """Keep a text if it is not yet there, and return what it is kept by."""
    found = hashlib.sha256()
    for each in text():
        found.update(each)
    content = found.hexdigest()
    known = connection.execute("SELECT 1 FROM piece WHERE content = ?", (content,)).fetchone()
    if not known:
        packed = (
            (content, number, zlib.compress(each, _QUICK)) for number, each in enumerate(text())
        )
        connection.executemany("INSERT INTO piece VALUES (?, ?, ?)", packed)
    return content


def _last_before(connection: sqlite3.Connection, day: str) -> str | None:
    """Return the last date before one that has states."""
    found: str | None
    ((found,),) = connection.execute("SELECT max(as_of) FROM states WHERE as_of < ?", (day,))
    return found


def _states_before(connection: sqlite3.Connection, day: str) -> Iterator[bytes]:
    """Yield the states before a date, piece by piece, one line an account."""
    return _overlaid(_texts(connection, _last_before(connection, day)))


def _texts(connection: sqlite3.Connection, as_of: str | None) -> list[tuple[int, bytes]]:
    """Return what the states as of a date that has some are read from; nothing for no date.

    It is the compressed pieces of the last whole text, then those of the lines after it, each with
    whether it is of the whole text.
    """
    return connection.execute(_TEXTS, {"day": as_of}).fetchall()


def _overlaid(texts: list[tuple[int, bytes]]) -> Iterator[bytes]:
    """Yield a whole text, piece by piece, with the last of the later lines in place of its own."""
    newest: dict[bytes, bytes] = {}
    for whole, packed in texts:
        if not whole:
            newest |= by_account(zlib.decompress(packed))
    for whole, packed in texts:
        if not whole:
            break
        piece = zlib.decompress(packed)
        if newest:
            piece = replaced(piece, newest)
        yield piece
    if newest:
        yield joint(newest.values())


def _proposals_before(connection: sqlite3.Connection, day: str) -> Iterator[bytes]:
    """Yield the proposals of all dates before one, piece by piece."""
    return _unpacked(
        connection.execute(
            "SELECT bytes FROM proposals JOIN piece USING (content) WHERE proposed_on < ? "
            "ORDER BY proposed_on, number",
            (day,),
        )
    )


def _unpacked(pieces: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    """Yield texts from rows that end with a compressed piece."""
    for *_, each in pieces:
        yield zlib.decompress(each)

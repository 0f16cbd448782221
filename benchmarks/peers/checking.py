"""Whether all peers decide alike: nothing is timed before they do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import duckdb

from benchmarks.peers.accounts import read_accounts, write_accounts
from benchmarks.peers.forms import kamrules_engines
from benchmarks.peers.known import ONE_BY_ONE, WHOLE_BOOKS
from benchmarks.peers.lowering import decided
from benchmarks.peers.rules import TOP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.peers.known import Peer

CHECKED = 2_000
Decisions = list[tuple[Any, ...]]


def expected(folder: Path, accounts: int) -> tuple[list[dict[str, Any]], Path, Decisions]:
    """Write a book; return its accounts, its file, and what kamrules' row engine decides."""
    book = folder / "checked.parquet"
    with duckdb.connect() as connection:
        write_accounts(connection, accounts, book)
        found = read_accounts(connection, book, accounts)
    decide = kamrules_engines.build_decide()
    return found, book, [kamrules_engines.told(each) for each in decide(found)]


def one_by_one(peer: Peer, accounts: list[dict[str, Any]]) -> Decisions:
    """Return what a peer decides about accounts."""
    rows = peer.decider()(accounts)
    found = []
    for class_, level, *scores, keys in rows:
        name, tier, best = decided(class_, level, keys)
        found.append((name, tier, *map(float, scores), best))
    return found


def whole_book(peer: Peer, book: Path, folder: Path) -> Decisions:
    """Return what a query decides about a file of accounts."""
    out = folder / f"{peer.form}.parquet"
    peer.module.run(book, out, 2)
    actions = [f"action_{rank}" for rank in range(1, TOP + 1)]
    return _read(f"""
        SELECT class, tier, attractiveness, relationship,
            list_filter([{", ".join(actions)}], lambda each: each IS NOT NULL)
        FROM '{out}' ORDER BY account_id""")


def batch_engine(engine: str, book: Path, folder: Path) -> Decisions:
    """Return what one of kamrules' engines for whole books decides about a file of accounts."""
    out = folder / "kamrules"
    kamrules_engines.run(book, out, 2, kamrules_engines.write_ruleset(folder), engine)
    return _read(f"""
        SELECT class, tier, attractiveness, relationship, coalesce(best, [])
        FROM '{out}/decisions.parquet' LEFT JOIN (
            SELECT account_id, list(action ORDER BY rank) AS best
            FROM '{out}/actions.parquet' WHERE status = 'proposed' GROUP BY account_id
        ) USING (account_id) ORDER BY account_id""")


def _read(query: str) -> Decisions:
    with duckdb.connect() as connection:
        rows = connection.execute(query).fetchall()
    return [(*row[:-1], tuple(row[-1])) for row in rows]


def engines(accounts, book: Path, folder: Path) -> Iterator[tuple[str, Callable[[], Decisions]]]:
    """Yield everything that decides and is installed, with what asks it about the checked accounts."""
    for peer in ONE_BY_ONE:
        if peer.is_here:
            yield peer.name, lambda peer=peer: one_by_one(peer, accounts)
    for peer in WHOLE_BOOKS:
        if peer.is_here:
            yield peer.name, lambda peer=peer: whole_book(peer, book, folder)
    for engine in ("polars", "duckdb"):
        yield f"kamrules by {engine}", lambda engine=engine: batch_engine(engine, book, folder)


def differences(theirs: Decisions, ours: Decisions) -> list[str]:
    """Return the decisions that differ, told: scores by more than the ninth digit, or anything else."""
    if len(theirs) != len(ours):
        return [f"{len(theirs)} decisions instead of {len(ours)}"]
    pairs = enumerate(zip(theirs, ours, strict=True))
    return [
        f"account {number}: {one} instead of {two}"
        for number, (one, two) in pairs
        if not _alike(one, two)
    ]


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other

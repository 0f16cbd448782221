"""`kamrules log`: show the decision log of a live book, and verify that it is as it was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from kamrules.cli import options
from kamrules.cli.terminal import printable, put, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.live.entries import Entry
    from kamrules.live.store import Store

_PAGE = 1_000


@click.group(
    short_help="Show or verify the decision log of a live book.",
    epilog="Example: kamrules log verify book.db",
)
def command() -> None:
    """Show or verify the decision log of a live book."""


@command.command(
    short_help="Find entries that were changed, removed, doubled or reordered.",
    epilog="Example: kamrules log verify book.db",
)
@click.argument("store", metavar="STORE")
@click.option(
    "--head",
    metavar="HASH",
    help="The hash of an entry as noted elsewhere: without one, a log that was cut off or written anew"
    " together with its head cannot be told.",
)
@options.as_json
@click.pass_context
def verify(context: click.Context, *, store: str, head: str | None, as_json: bool) -> None:
    """Find entries of the decision log in STORE that were changed, removed, doubled or reordered.

    Prints the hash of the last entry; note it where nobody who writes to STORE can, and give it to a later
    `--head`. Exit status: 0 nothing wrong, 1 something is.
    """
    from kamrules.diagnostics import render  # noqa: PLC0415  `--help` does without them
    from kamrules.live.verifying import verify as verified  # noqa: PLC0415

    opened = _opened(store)
    try:
        found = verified(opened, head)
        number, last = opened.head()
    finally:
        opened.close()
    if as_json:
        plain = {"entries": number, "head": last, "findings": [each.as_json() for each in found]}
        put(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        if found:
            say(render([each.diagnostic() for each in found]))
        told = "nothing wrong" if not found else f"{len(found):,} findings"
        put(f"{number:,} entries, {told}; head {last}")
    context.exit(1 if found else 0)


@command.command(
    short_help="Print entries of the log.",
    epilog="Example: kamrules log show book.db --account ACME",
)
@click.argument("store", metavar="STORE")
@click.option("--account", metavar="ID", help="Only entries about this account.")
@click.option(
    "--after",
    type=click.IntRange(min=0),
    default=0,
    metavar="NUMBER",
    help="Begin behind an entry.",
)
@options.as_json
def show(*, store: str, account: str | None, after: int, as_json: bool) -> None:
    """Print the entries of the decision log in STORE: one line each, or with --json one object a line."""
    opened = _opened(store)
    try:
        for entry in _entries(opened, after, account):
            if as_json:
                put(json.dumps(entry.as_json(), ensure_ascii=False))
            else:
                put(printable(_line(entry)))
    finally:
        opened.close()


def _opened(store: str) -> Store:
    import kamrules.live.database  # noqa: F401, PLC0415  first of all, so that a missing one is told
    from kamrules.live.store import Store  # noqa: PLC0415

    return Store.open(store, read_only=True)


def _entries(store: Store, after: int, account: str | None) -> Iterator[Entry]:
    from kamrules.live.entries import Entry  # noqa: PLC0415

    while rows := store.entries(after, _PAGE, account_id=account):
        yield from map(Entry.of, rows)
        after = rows[-1]["number"]


def _line(entry: Entry) -> str:
    """Return an entry as a line: number, day, kind, account, what changed, and who decided."""
    changed = entry.changed
    parts = []
    for name in ("class", "tier", "phase", "strategy"):
        moved = changed.get(name)
        if moved:
            parts.append(f"{name} {moved['from'] or 'none'} -> {moved['to'] or 'none'}")
    parts += [f"{each['action']} {each['change']}" for each in changed.get("actions", ())]
    for name, word in (
        ("gates_met", "gates met"),
        ("gates_lost", "gates lost"),
        ("signals_raised", "signals raised"),
        ("signals_ended", "signals ended"),
        ("accounts", "accounts"),
    ):
        if changed.get(name):
            parts.append(f"{len(changed[name])} {word}")
    if changed.get("tables"):
        parts.append(", ".join(changed["tables"]))
    day = "" if entry.as_of is None else entry.as_of.isoformat()
    engine = f" [{entry.engine}: {entry.trouble}]" if entry.trouble else ""
    who = entry.account_id if entry.account_id is not None else f"{entry.ruleset} {entry.version}"
    told = "; ".join(parts) or "nothing changed"
    return f"{entry.number:>7}  {day:<10}  {entry.kind:<8}{who}  {told}{engine}"

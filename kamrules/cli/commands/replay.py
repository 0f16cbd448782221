"""`kamrules replay STORE`: decide entries of a live book's log again, and compare."""

from __future__ import annotations

import json

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say


@click.command(
    short_help="Decide entries of a live book's decision log again, and compare.",
    epilog="Example: kamrules replay book.db --account ACME",
)
@click.argument("store", metavar="STORE")
@click.argument("numbers", nargs=-1, type=click.IntRange(min=1), metavar="[NUMBER]...")
@click.option("--account", metavar="ID", help="Only entries about this account.")
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    *,
    store: str,
    numbers: tuple[int, ...],
    account: str | None,
    as_json: bool,
) -> None:
    """Decide the entries NUMBER of the decision log in STORE again, or all of them, and tell which come out
    otherwise than the log says.

    Accounts are built again from what was posted, and decided by the row engine with the ruleset that decided
    then, which the store keeps. STORE is a file or a URL; a book that is open elsewhere can be replayed.

    Exit status: 0 all the same, 1 something came out otherwise.
    """
    import kamrules.live.database  # noqa: F401, PLC0415  first of all, so that a missing one is told
    from kamrules.diagnostics import render  # noqa: PLC0415  `--help` does without them
    from kamrules.live.replaying import replay  # noqa: PLC0415
    from kamrules.live.rulesets import Programs  # noqa: PLC0415
    from kamrules.live.store import Store  # noqa: PLC0415

    opened = Store.open(store, read_only=True)
    count: list[int] = []
    try:
        programs = Programs(opened, loading.plugins().functions)
        found = replay(opened, list(numbers) or None, account, programs=programs, count=count)
    finally:
        opened.close()
    if as_json:
        plain = {"replayed": len(count), "findings": [each.as_json() for each in found]}
        put(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        if found:
            say(render([each.diagnostic() for each in found]))
        entries = "1 entry" if len(count) == 1 else f"{len(count):,} entries"
        put(f"{entries} decided again: {'all the same' if not found else f'{len(found):,} differ'}")
    context.exit(1 if found else 0)

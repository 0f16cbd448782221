"""`kamrules serve RULESET`: events in and decisions out over HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from kamrules.cli import loading, options

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from pathlib import Path

    from kamrules.document import Ruleset

FOLLOW = "follow"
_LIBRARIES = ("starlette", "uvicorn", "httptools", "prometheus_client", "sqlalchemy")
_SIZE = re.compile(r"(\d{1,9})\s*(|B|KB|MB)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000}


def _date(context: click.Context, option: click.Parameter, given: str) -> datetime.date | None:
    return None if given == FOLLOW else options.date(context, option, given)


def _size(_context: click.Context, _option: click.Parameter, given: str) -> int:
    found = _SIZE.fullmatch(given.strip())
    size = int(found[1]) * _UNITS[found[2].lower()] if found else 0
    if not 1_000 <= size <= 100_000_000:
        raise click.BadParameter(f"`{given}` is no size from 1 kB to 100 MB; write it as 1MB")
    return size


@click.command(
    short_help="Take events and tell decisions over HTTP.",
    epilog="Example: kamrules serve kam --store book.db --watch",
)
@click.argument("ruleset", metavar="RULESET")
@options.setting
@click.option("--store", required=True, metavar="URL|FILE",
              help="Where the book is kept: a file, sqlite:///book.db or postgresql://...; `memory` keeps "
              "nothing.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST",
              help="The address to listen at.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65_535), default=8371, show_default=True, metavar="N",
              help="The port to listen at; 0 takes any that is free.")  # fmt: skip
@click.option("--workers", type=click.IntRange(0, 64), default=2, show_default=True, metavar="N",
              help="Processes that match rules; 0 decides in this one, by the row engine.")  # fmt: skip
@click.option("--token-file", type=options.FILE, metavar="FILE",
              help="Tokens that open the service, one a line; else KAMRULES_TOKEN, else one is made and "
              "shown.")  # fmt: skip
@click.option("--no-auth", is_flag=True, help="Ask for no token; on this machine only.")
@click.option("--as-of", default=FOLLOW, show_default=True, metavar="DATE|follow", callback=_date,
              help="The book's date: where it starts, or follow the clock.")  # fmt: skip
@click.option("--table", "tables", multiple=True, metavar="NAME",
              help="A table that the CRM keeps for all accounts: one without rows in it has none; `all` are "
              "all tables. In others, what was never told of is unknown. Repeatable.")  # fmt: skip
@click.option("--webhook", "webhooks", multiple=True, metavar="URL",
              help="Tell changes to this URL, signed with KAMRULES_WEBHOOK_SECRET; repeatable.")  # fmt: skip
@click.option("--hook", "hooks", multiple=True, metavar="NAME=SECRET",
              help="Take webhooks of NAME at /hooks/NAME, signed with a secret that is named by env:NAME, "
              "file:PATH or keyring:SERVICE/USER; repeatable.")  # fmt: skip
@click.option("--max-body", default="1MB", show_default=True, metavar="SIZE", callback=_size,
              help="The longest body of a request.")  # fmt: skip
@click.option("--rate", type=click.FloatRange(min=0.1), metavar="N",
              help="Requests a second that one address may make; any number by default.")  # fmt: skip
@click.option("--watch", is_flag=True, help="Take over the ruleset's files whenever they change.")
@click.option("--check", is_flag=True, help="Check the ruleset, tokens and webhooks, and end.")
@click.option("--quiet", is_flag=True, help="Write no line for each request.")
@options.language
def command(  # noqa: PLR0913  one parameter an option
    *,
    ruleset: str,
    settings: Mapping[str, str],
    store: str,
    host: str,
    port: int,
    workers: int,
    token_file: Path | None,
    no_auth: bool,
    as_of: datetime.date | None,
    tables: tuple[str, ...],
    webhooks: tuple[str, ...],
    hooks: tuple[str, ...],
    max_body: int,
    rate: float | None,
    watch: bool,
    check: bool,
    quiet: bool,
    language: str | None,
) -> None:
    """Serve RULESET over HTTP: a CRM posts what happens, and asks what to do.

    An event is answered when it is stored, with what it changed. `GET /openapi.json` describes all requests;
    docs/serve.md tells more. Ctrl-C or SIGTERM ends the service when what is under way is done, a second one
    at once.
    """
    _require_libraries()
    from kamrules.document import shipped_folder  # noqa: PLC0415  `--help` does without it
    from kamrules.serve.running import Wanted, run  # noqa: PLC0415

    known = loading.plugins()

    def read() -> Ruleset:
        return loading.ruleset(ruleset, settings, known)

    run(
        Wanted(
            ruleset=ruleset,
            read=read,
            folders=(shipped_folder(), *known.ruleset_folders),
            store=store,
            host=host,
            port=port,
            workers=workers,
            token_file=token_file,
            no_auth=no_auth,
            as_of=as_of,
            webhooks=webhooks,
            hooks=hooks,
            senders=known.webhooks,
            most_body=max_body,
            rate=rate,
            watch=watch,
            quiet=quiet,
            check=check,
            language=language,
            tables="all" if "all" in tables else tables,
        )
    )


def _require_libraries() -> None:
    """Raise UsageError when what the service is made of is not installed."""
    from importlib.util import find_spec  # noqa: PLC0415

    from kamrules.diagnostics import Diagnostic, UsageError  # noqa: PLC0415

    lacking = [each for each in _LIBRARIES if find_spec(each) is None]
    if lacking:
        named = ", ".join(f"`{each}`" for each in lacking)
        mend = 'pip install "kamrules[serve]"'
        message = f"`kamrules serve` needs what is not installed: {named}"
        raise UsageError(Diagnostic("KR844", message, help=mend))

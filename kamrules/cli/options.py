"""Options that several commands share, and the types of what stands behind them."""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")

DEFAULT_RULESET = "kam"


FILE = click.Path(path_type=Path)


class _Book(click.Path):
    """A path, or a URI that stays as it is: a path would lose one of the slashes in `s3://`."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401  as click's own
        """Return a path, or the text of a URI or of `-`."""
        given = os.fspath(value)
        if given == "-" or _SCHEME.match(given):
            return given
        return super().convert(value, param, ctx)


BOOK = _Book(path_type=Path)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def date(
    _context: click.Context, _option: click.Parameter, given: str | None
) -> datetime.date | None:
    """Return an option's text such as 2026-06-30 as a date."""
    if given is None:
        return None
    try:
        found = datetime.date.fromisoformat(given) if _ISO.fullmatch(given) else None
    except ValueError:
        found = None
    if found is None:
        raise click.BadParameter(f"`{given}` is no date; write it as 2026-06-30")
    return found


def names(_context: click.Context, _option: click.Parameter, given: str | None) -> tuple[str, ...]:
    """Return the names of `one,two`."""
    return tuple(filter(None, (each.strip() for each in (given or "").split(","))))


def settings(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Return the texts of `--set name=value` by name."""
    found = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"`{each}` lacks a value; write it as key_revenue=3_000_000")
        found[name.strip()] = text.strip()
    return found


def setting(command: Command) -> Command:
    """Add `--set`."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="P=V",
        callback=settings,
        help="Give a parameter of the ruleset another value; may be repeated.",
    )(command)


def ruleset(command: Command) -> Command:
    """Add `--ruleset` and `--set`."""
    return click.option(
        "--ruleset",
        "-r",
        default=DEFAULT_RULESET,
        show_default=True,
        metavar="NAME|PATH",
        help="The ruleset: its name, a folder of TOML files, or one file.",
    )(setting(command))


def as_of(command: Command) -> Command:
    """Add `--as-of`."""
    return click.option(
        "--as-of",
        metavar="DATE",
        callback=date,
        help="The date of the run; by default the book's.",
    )(command)


def state(command: Command) -> Command:
    """Add `--state`."""
    return click.option(
        "--state",
        type=FILE,
        metavar="FILE",
        help="Where earlier decisions are kept (classes, tiers, proposed actions).",
    )(command)


def leave_out(command: Command) -> Command:
    """Add `--leave-out` and `--stop`."""
    return click.option(
        "--leave-out/--stop",
        "leave_out",
        default=None,
        help="Go on without rows and values that cannot be used, or stop at them; by default as the book"
        " file says (`bad_data`), else stop.",
    )(command)


def language(command: Command) -> Command:
    """Add `--lang`, which may be written out as `--language`."""
    return click.option(
        "--lang",
        "--language",
        "language",
        metavar="CODE",
        help="Language of what people read, such as zh; by default the ruleset's first.",
    )(command)


def cutoffs(command: Command) -> Command:
    """Add `--cutoffs`."""
    return click.option(
        "--cutoffs",
        type=FILE,
        metavar="FILE",
        help="The cutoffs.json of a run, for rules that compare accounts (rank, share_of_total).",
    )(command)


def as_json(command: Command) -> Command:
    """Add `--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON on stdout instead of text."
    )(command)

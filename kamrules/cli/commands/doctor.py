"""`kamrules doctor`: what this installation can do, what it cannot, and whether a run's output is whole."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from kamrules import __version__
from kamrules.cli import options
from kamrules.cli.terminal import console, printable, put

if TYPE_CHECKING:
    from pathlib import Path

REMEDY = "pip install durable-rules==2.0.28   (it needs a C compiler)"
FLAG = "CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject"
"""What its sources need from Python 3.13 on, where that function has gone."""
EXTRAS = {
    "live": ("sqlalchemy", "events one by one: `LiveBook`, `kamrules replay`, `kamrules log`"),
    "serve": ("starlette", "events over HTTP: `kamrules serve`"),
    "postgresql": ("psycopg", "a live book in PostgreSQL"),
}
BATCH = {
    "duckdb": "whole books: `kamrules run` reads them and sums up their rows",
    "polars": "whole books: `kamrules run` decides them, as far as no `--engine` says otherwise",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the installation: whether it is as it should be, and what to do if not."""

    part: str
    state: str
    good: bool
    told: str
    mend: str = ""


@click.command(
    short_help="Check the installation, or the output of a run.",
    epilog="Example: kamrules doctor results --state state.db",
)
@click.argument("out", type=options.FILE, metavar="[DIR]", required=False)
@options.state
@options.as_json
@click.pass_context
def command(ctx: click.Context, out: Path | None, state: Path | None, as_json: bool) -> None:  # noqa: FBT001  an option
    """Check what is installed beside kamrules and whether it works.

    With DIR, the output folder of a run, check instead that its files are those that the run wrote, by their
    sizes and SHA-256, and with `--state` that the state file belongs to that very run.

    Exit status: 0 when everything that is installed works and live decisions are matched by durable-rules, or
    the output is whole; 1 when there is something to mend.
    """
    if out is None and state is None:
        found = [_itself(), _matcher(), *map(_extra, EXTRAS), *map(_batch, BATCH)]
    else:
        from kamrules.cli.wholeness import output_findings  # noqa: PLC0415  only then

        found = [Finding(*each) for each in output_findings(out, state)]
    if as_json:
        put(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
    else:
        _print(found)
    ctx.exit(0 if all(each.good for each in found) else 1)


def _itself() -> Finding:
    told = f"on Python {platform.python_version()}, {platform.system()}"
    return Finding("kamrules", __version__, good=True, told=told)


def _matcher() -> Finding:
    from kamrules.engines.live.presence import what_is_wrong  # noqa: PLC0415  loads an extension

    wrong = what_is_wrong()
    if wrong is None:
        told = "a small match came out right; live decisions go by it"
        return Finding("durable-rules", version("durable-rules"), good=True, told=told)
    return Finding(
        "durable-rules", "absent", good=False,
        told=f"{wrong}; live decisions are the row engine's, which are the same",
        mend=REMEDY if sys.version_info < (3, 13) else f"{FLAG} {REMEDY}",
    )  # fmt: skip


def _extra(name: str) -> Finding:
    module, told = EXTRAS[name]
    mend = f'pip install "kamrules[{name}]"'
    if find_spec(module) is None:
        return Finding(f"kamrules[{name}]", "not installed", good=True, told=told, mend=mend)
    try:
        return Finding(f"kamrules[{name}]", version(module), good=True, told=told)
    except PackageNotFoundError:
        return Finding(f"kamrules[{name}]", "damaged", good=False, told=told, mend=mend)


def _batch(name: str) -> Finding:
    try:
        import_module(name)
        return Finding(name, version(name), good=True, told=BATCH[name])
    except ImportError as error:
        mend = f"pip install --force-reinstall {name}"
        return Finding(name, "damaged", good=False, told=str(error).partition("\n")[0], mend=mend)


def _print(found: list[Finding]) -> None:
    from rich import box  # noqa: PLC0415  `--help` does without it
    from rich.table import Table  # noqa: PLC0415

    table = Table("part", "state", "what it is", box=box.SIMPLE)
    for each in found:
        table.add_row(each.part, printable(each.state), printable(each.told))
    console().print(table)
    for each in found:
        if each.mend:
            what = "to mend" if not each.good else "to add"
            put(f"{what} {each.part}: {each.mend}")

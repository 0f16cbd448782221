"""`kamrules run BOOK`: decide every account of a book and write the tables of decisions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import console, put
from kamrules.contracts import Mode

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from kamrules.progress import Progress
    from kamrules.run import DecidedBook, FurtherTable, Order, Result

OUT = "kamrules-out"


@click.command(
    short_help="Decide every account of a book.",
    epilog="Example: kamrules run crm/book.toml --as-of 2026-06-30 --out results --format csv",
)
@click.argument("book", type=options.BOOK)
@options.ruleset
@options.as_of
@click.option(
    "--out",
    type=options.FILE,
    default=OUT,
    show_default=True,
    metavar="DIR",
    help="The folder of the files; replaced as a whole when an earlier run wrote it.",
)
@click.option(
    "--format",
    "form",
    default="parquet",
    show_default=True,
    metavar="FORMAT",
    help="parquet, csv, jsonl, xlsx, or what a plug-in writes; none: only run.json.",
)
@click.option("--rows-per-file", type=click.IntRange(min=1), metavar="N",
              help="Write each table as files of so many rows: decisions/part-0000.parquet.")  # fmt: skip
@click.option("--partition-by", multiple=True, metavar="COLUMN",
              help="Write the tables that have this column into folders by its values:"
              " decisions/class=key/part-0000.parquet. May be given several times.")  # fmt: skip
@click.option("--to", multiple=True, metavar="SINK",
              help="Also deliver the tables to a sink: its name in the book file, or a URI such as"
              " sqlite:///kam.db; secrets as '${env:NAME}'. May be given several times.")  # fmt: skip
@click.option("--mode", type=click.Choice(get_args(Mode)),
              help="What becomes of rows that a sink has: all go (replace), those of the same accounts go"
              " (upsert), none (append), or there may be none (create).")  # fmt: skip
@click.option("--tables", callback=options.names, metavar="NAMES",
              help="Work out and write only these of decisions, actions, scores, gates and gaps, as in"
              " --tables decisions,actions: the fewer, the sooner.")  # fmt: skip
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    metavar="N",
    help="Keep the N best actions of each account.",
)
@click.option("--ways", is_flag=True,
              help="Also write the table ways: the least that would have to change for each account's next"
              " class and tier. Takes some 50 ms an account.")  # fmt: skip
@options.state
@click.option("--since", type=options.FILE, metavar="STATE",
              help="Decide only the accounts that have changed since the runs with --since on this state, and"
              " take over the others' decisions: the same files, sooner. Implies --state STATE.")  # fmt: skip
@options.language
@options.leave_out
@click.option("--require-diff", type=options.FILE, metavar="FILE",
              help="Refuse a ruleset that is not the new one of this review, which `kamrules diff --out`"
              " wrote.")  # fmt: skip
@click.option("--memory-limit", metavar="SIZE", help="Most memory to use, such as 2GB.")
@click.option(
    "--spill",
    type=options.FILE,
    metavar="DIR",
    help="Where to put what does not fit into memory.",
)
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Processors to use.")
@click.option("--engine", default="auto", show_default=True, metavar="NAME",
              help="What decides: polars or duckdb on this machine, auto for the one that suits, or what a"
              " plug-in brings: spark.")  # fmt: skip
@click.option("--master", metavar="URL",
              help="Where the engine runs, as in --engine spark --master spark://head:7077.")  # fmt: skip
@click.option("--engine-option", "engine_options", multiple=True, metavar="NAME=VALUE",
              callback=options.settings,
              help="What the engine is told, such as spark.executor.memory=8g; secrets as"
              " '${env:NAME}'.")  # fmt: skip
@click.option("--progress", "told", type=click.Choice(["bar", "json", "none"]), default="bar",
              show_default=True, help="How to tell what is being done, on stderr: a line while it is done, if"
              " that is a terminal; JSON, an event a line, also for warnings; or not at all.")  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="No progress and no summary; warnings stay.")
@options.as_json
def command(  # noqa: PLR0913  one parameter an option
    *,
    book: Path | str,
    ruleset: str,
    settings: Mapping[str, str],
    as_of: datetime.date | None,
    out: Path,
    form: str,
    rows_per_file: int | None,
    partition_by: tuple[str, ...],
    to: tuple[str, ...],
    mode: Mode | None,
    tables: tuple[str, ...],
    top: int,
    ways: bool,
    state: Path | None,
    since: Path | None,
    language: str | None,
    leave_out: bool | None,
    require_diff: Path | None,
    memory_limit: str | None,
    spill: Path | None,
    threads: int | None,
    engine: str,
    master: str | None,
    engine_options: Mapping[str, str],
    told: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Decide every account of BOOK: a book file, a folder of tables, or one file of accounts.

    Writes the tables decisions, actions, scores, gates and gaps, and run.json; where rules compare accounts,
    also cutoffs.json, with which `decide` places a single account. A run is done as a whole or not at all: on
    any error, the files and the state of earlier runs are as they were.
    """
    from kamrules.cli.summary import print_delivered, print_files, print_sections, print_summary  # noqa: PLC0415
    from kamrules.run import Order, interruptible_end  # noqa: PLC0415
    from kamrules.run.since import state_of  # noqa: PLC0415

    order = Order(
        book=book,
        out=out,
        ruleset=ruleset,
        settings=settings,
        as_of=as_of,
        format=form,
        rows_per_file=rows_per_file,
        partition_by=partition_by,
        to=to,
        mode=mode,
        tables=tables,
        top=top,
        further=_further(ways=ways),
        state=state_of(state, since),
        since=since is not None,
        language=language,
        leave_out=leave_out,
        require_diff=require_diff,
        memory_limit=memory_limit,
        spill_folder=spill,
        threads=threads,
        engine=engine,
        engine_options=dict(engine_options) | ({"master": master} if master else {}),
    )
    result = (
        _by_events(order)
        if told == "json"
        else _done(order, quiet=quiet or as_json or told == "none")
    )
    with interruptible_end():
        if as_json:
            put(json.dumps(result.report, ensure_ascii=False, indent=2, default=str))
        elif told != "json" and not quiet:
            screen = console(stderr=True)
            print_summary(screen, result.report, result.program)
            print_sections(screen, result.report)
            print_delivered(screen, result.report)
            print_files(screen, result.out, result.report)


def _done(order: Order, *, quiet: bool) -> Result:
    """Do the run, for people."""
    from kamrules.cli.progress import shown  # noqa: PLC0415  `--help` does without it
    from kamrules.run import interruptible_end, run_book  # noqa: PLC0415

    known = loading.plugins()
    with shown(quiet=quiet) as progress:
        result = run_book(order, known, progress)
    with interruptible_end():
        loading.tell(result.warnings)
    return result


def _by_events(order: Order) -> Result:
    """Do the run, for machines."""
    from kamrules.cli.events import Events  # noqa: PLC0415  `--help` does without it
    from kamrules.plugins import Plugins  # noqa: PLC0415
    from kamrules.run import interruptible_end, run_book  # noqa: PLC0415
    from kamrules.secrets import without_secrets  # noqa: PLC0415

    events = Events()
    with events.ending():
        book = without_secrets(str(order.book))
        events.tell("start", book=book, ruleset=order.ruleset, out=str(order.out))
        known = Plugins.load()
        events.warn(known.warnings)
        result = run_book(order, known, events.progress)
        with interruptible_end():
            events.warn(result.warnings)
            events.done(result)
    return result


def _further(*, ways: bool) -> dict[str, Callable[[DecidedBook, Progress], FurtherTable]]:
    """Return what makes the further tables that are asked for, by their names."""
    if not ways:
        return {}
    from kamrules.workbench.nearest.books import ways_of  # noqa: PLC0415  only then

    return {"ways": ways_of}

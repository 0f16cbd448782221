"""The summary of a run: the pyramid, tiers, moves, actions, data quality, and where the files are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from kamrules.cli.terminal import line, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rich.console import Console, RenderableType

    from kamrules.compiler import Program

PROBLEMS = 6
"""So many problems of the data are told in a summary; `kamrules inspect` tells all."""


def print_summary(console: Console, report: Mapping[str, Any], program: Program) -> None:
    """Print what a run found, but for where its files are."""
    counts, book, rules = report["counts"], report["book"], report["ruleset"]
    accounts = _number(report["accounts"])
    title = f"{accounts} accounts of {book['name']} as of {report['as_of']}"
    line(console, f"{title}, by {rules['name']} {rules['version']}", "bold")
    console.print()
    console.print(_pyramid(counts, program, book.get("currency")))
    console.print()
    if program.tiers:
        console.print(_tiers(counts))
        console.print()
    for each in _sentences(counts):
        line(console, each)
    for each in quality_lines(report["quality"]):
        line(console, each)


def print_files(console: Console, out: Path, report: Mapping[str, Any]) -> None:
    """Print where the files of a run are."""
    files = ", ".join([*report["files"], "run.json"])
    line(console, f"Files in {out}: {files}")


def print_urgent(console: Console, urgent: Iterable[Mapping[str, Any]]) -> None:
    """Print actions of the whole book, the most urgent first, with their reasons."""
    table = _table()
    table.add_column("Priority", justify="right")
    table.add_column("Account", overflow="fold", max_width=26)
    table.add_column("What to do, and why", overflow="fold")
    table.add_column("Who, by when", overflow="fold", max_width=21)
    for each in urgent:
        reason = Text(printable(str(each["reason"] or "")), "italic")
        what = Text.assemble((printable(str(each["title"])), "bold"), "\n", reason)
        who = f"{each['account_id']}\n{each['name']}" if each.get("name") else each["account_id"]
        table.add_row(
            f"{each['priority']:.1f}",
            _cell(str(who)),
            what,
            _cell(f"{each['owner']}\n{each['due_on']}"),
        )
    line(console, "The most urgent actions", "bold")
    console.print()
    console.print(table)
    console.print()


def _pyramid(counts: Mapping[str, Any], program: Program, currency: str | None) -> RenderableType:
    classes = counts["classes"]
    times = {each.id: each.time_share for each in program.strategies}
    timed = any(times.get(each["id"]) is not None for each in classes)
    revenue = any(each.get("revenue") is not None for each in classes)
    table = _table()
    table.add_column("Class")
    table.add_column("Accounts", justify="right")
    table.add_column("Share", justify="right")
    if revenue:
        table.add_column(f"Revenue {currency}" if currency else "Revenue", justify="right")
        table.add_column("Share", justify="right")
    if timed:
        table.add_column("Selling time", justify="right")
    everyone = sum(each["accounts"] for each in classes)
    money = sum(each.get("revenue") or 0 for each in classes)
    for each in classes:
        row = [each["title"] or each["id"] or "unknown", _number(each["accounts"])]
        row.append(_share(each["accounts"], everyone))
        if revenue:
            row += [_number(each.get("revenue") or 0), _share(each.get("revenue") or 0, money)]
        if timed:
            time = times.get(each["id"])
            row.append("" if time is None else _share(time, 1))
        table.add_row(*(_cell(cell) for cell in row))
    return table


def _tiers(counts: Mapping[str, Any]) -> RenderableType:
    tiers = counts["tiers"]
    everyone = sum(each["accounts"] for each in tiers)
    table = _table()
    table.add_column("Tier")
    table.add_column("Accounts", justify="right")
    table.add_column("Share", justify="right")
    for each in tiers:
        title = each["title"] if each["id"] is not None else "none"
        cells = (title, _number(each["accounts"]), _share(each["accounts"], everyone))
        table.add_row(*(_cell(cell) for cell in cells))
    return table


def _sentences(counts: Mapping[str, Any]) -> Iterator[str]:
    for word, name in (("Class", "class"), ("Tier", "tier")):
        moves = {key: number for key, number in counts["moves"][name].items() if number}
        if moves and set(moves) != {"placed"}:
            told = ", ".join(f"{_number(number)} {key}" for key, number in moves.items())
            yield f"{word} moves: {told}"
    actions = counts["actions"]
    told = f"{_number(actions['proposed'])} proposed for {_number(actions['accounts'])} accounts"
    told += f", the best {_number(actions['kept'])} written"
    if actions["held_back"]:
        told += f", {_number(actions['held_back'])} held back"
    yield f"Actions: {told}"


def quality_lines(quality: Mapping[str, Any], most: int | None = PROBLEMS) -> Iterator[str]:
    """Yield the problems of a book's data as sentences, at most so many."""
    found = [(table, each) for table in quality["tables"] for each in table["problems"]]
    rows = sum(table["rows_read"] for table in quality["tables"])
    tables = len(quality["tables"])
    total = f"{_number(rows)} rows of {tables} {'table' if tables == 1 else 'tables'}"
    if not found:
        yield f"Data: {total}, nothing wrong"
        return
    left_out, unknown = quality["rows_left_out"], quality["values_unknown"]
    yield (
        f"Data: {total}; {_number(left_out)} rows left out, "
        f"{_number(unknown)} values taken as unknown"
    )
    for table, each in found[:most]:
        yield problem_line(table, each)
    if most is not None and len(found) > most:
        yield f"  and {len(found) - most} more problems; `kamrules inspect` tells all"


def problem_line(table: Mapping[str, Any], problem: Mapping[str, Any]) -> str:
    """Return a problem of a table as a line."""
    what = "rows" if problem["leaves_out"] else "values"
    where = f"{table['table']}.{problem['column']}" if problem["column"] else table["table"]
    some = f" ({', '.join(problem['examples'])})" if problem["examples"] else ""
    count = f"{_number(problem['count'])} of {_number(table['rows_read'])} {what}"
    return f"  {where}: {count}: {problem['message']}{some} [{problem['code']}]"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)


def _cell(text: str, style: str = "") -> Text:
    return Text(printable(text), style)


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else ""

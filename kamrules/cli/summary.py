"""The summary of a run: the pyramid, tiers, moves, actions, data quality, and where the files are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from kamrules.cli.terminal import line, printable
from kamrules.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rich.console import Console, RenderableType

    from kamrules.compiler import Program

PROBLEMS = 6
"""So many problems of the data are told in a summary; `kamrules inspect` tells all."""


def print_summary(console: Console, report: Mapping[str, Any], program: Program) -> None:
    """Print what a run found, but for where its files are, in the run's language."""
    counts, book, rules = report["counts"], report["book"], report["ruleset"]
    language = report["language"]
    title = word(
        "{count} accounts of {book} as of {date}, by {ruleset}",
        language,
        count=_number(report["accounts"]),
        book=book["name"],
        date=report["as_of"],
        ruleset=f"{rules['name']} {rules['version']}",
    )
    line(console, title, "bold")
    console.print()
    console.print(_pyramid(counts, book.get("currency"), language))
    console.print()
    if program.tiers:
        console.print(_tiers(counts, language))
        console.print()
    for each in _sentences(counts, language):
        line(console, each)
    for each in _since(report.get("since"), language):
        line(console, each)
    for each in quality_lines(report["quality"], language=language):
        line(console, each)


def print_files(console: Console, out: Path, report: Mapping[str, Any]) -> None:
    """Print where the files of a run are."""
    parts = Counter(each.partition("/")[0] for each in report["files"] if "/" in each)
    whole = [each for each in report["files"] if "/" not in each]
    folders = [f"{name}/ ({_number(count)})" for name, count in parts.items()]
    files = ", ".join([*folders, *whole, "run.json"])
    line(console, word("Files in {folder}: {files}", report["language"], folder=out, files=files))


def print_sections(console: Console, report: Mapping[str, Any]) -> None:
    """Print the parts that plug-ins add to a run's report."""
    for section in report["sections"]:
        console.print()
        line(console, printable(section["title"]), "bold")
        for each in section["lines"]:
            line(console, printable(each))
        if section["columns"]:
            table = _table()
            for each in section["columns"]:
                table.add_column(printable(each), overflow="fold")
            for row in section["rows"]:
                table.add_row(*(_cell("" if each is None else str(each)) for each in row))
            console.print(table)


def print_delivered(console: Console, report: Mapping[str, Any]) -> None:
    """Print to which sinks a run was delivered, and how many rows."""
    for each in report["delivered"]:
        rows = ", ".join(f"{name} {_number(count)}" for name, count in each["rows"].items())
        text = "Delivered to {sink} ({mode}): {rows}"
        told = word(text, report["language"], sink=each["to"], mode=each["mode"], rows=rows)
        line(console, printable(told))


def print_urgent(
    console: Console, urgent: Iterable[Mapping[str, Any]], program: Program, language: str
) -> None:
    """Print actions of the whole book, the most urgent first, with their reasons."""
    roles = {each.id: each.title for each in program.roles}
    table = _table()
    table.add_column(word("Priority", language), justify="right")
    table.add_column(word("Account", language), overflow="fold", max_width=26)
    table.add_column(word("What to do, and why", language), overflow="fold")
    table.add_column(word("Who, by when", language), overflow="fold", max_width=21)
    for each in urgent:
        reason = Text(printable(str(each["reason"] or "")), "italic")
        what = Text.assemble((printable(str(each["title"])), "bold"), "\n", reason)
        who = f"{each['account_id']}\n{each['name']}" if each.get("name") else each["account_id"]
        table.add_row(
            f"{each['priority']:.1f}",
            _cell(str(who)),
            what,
            _cell(f"{roles.get(each['owner'], each['owner'])}\n{each['due_on']}"),
        )
    line(console, word("The most urgent actions", language), "bold")
    console.print()
    console.print(table)
    console.print()


def _pyramid(counts: Mapping[str, Any], currency: str | None, language: str) -> RenderableType:
    classes = counts["classes"]
    timed = any(each.get("time_share") is not None for each in classes)
    revenue = any(each.get("revenue") is not None for each in classes)
    table = _table()
    table.add_column(word("Class", language))
    table.add_column(word("Accounts", language), justify="right")
    table.add_column(word("Share", language), justify="right")
    if revenue:
        money = word("Revenue {currency}" if currency else "Revenue", language, currency=currency)
        table.add_column(money, justify="right")
        table.add_column(word("Share", language), justify="right")
    if timed:
        table.add_column(word("Selling time", language), justify="right")
    everyone = sum(each["accounts"] for each in classes)
    total = sum(each.get("revenue") or 0 for each in classes)
    for each in classes:
        title = each["title"] if each["id"] is not None else word("unknown", language)
        row = [title, _number(each["accounts"])]
        row.append(_share(each["accounts"], everyone))
        if revenue:
            row += [_number(each.get("revenue") or 0), _share(each.get("revenue") or 0, total)]
        if timed:
            time = each.get("time_share")
            row.append("" if time is None else _share(time, 1))
        table.add_row(*(_cell(cell) for cell in row))
    return table


def _tiers(counts: Mapping[str, Any], language: str) -> RenderableType:
    tiers = counts["tiers"]
    everyone = sum(each["accounts"] for each in tiers)
    table = _table()
    table.add_column(word("Tier", language))
    table.add_column(word("Accounts", language), justify="right")
    table.add_column(word("Share", language), justify="right")
    for each in tiers:
        title = each["title"] if each["id"] is not None else word("none", language)
        cells = (title, _number(each["accounts"]), _share(each["accounts"], everyone))
        table.add_row(*(_cell(cell) for cell in cells))
    return table


def _sentences(counts: Mapping[str, Any], language: str) -> Iterator[str]:
    for name, sentence in (
        ("class", "Class moves: {moves}"),
        ("tier", "Tier moves: {moves}"),
    ):
        moves = {key: number for key, number in counts["moves"][name].items() if number}
        if moves and set(moves) != {"placed"}:
            counted = [
                word(f"{{count}} {key}", language, count=_number(number))
                for key, number in moves.items()
            ]
            yield word(sentence, language, moves=", ".join(counted))
    actions = counts["actions"]
    told = word(
        "Actions: {proposed} proposed for {accounts} accounts, the best {kept} written",
        language,
        **{name: _number(actions[name]) for name in ("proposed", "accounts", "kept")},
    )
    if actions["held_back"]:
        held = _number(actions["held_back"])
        told = word("{told}, {held} held back", language, told=told, held=held)
    yield told


def _since(since: Mapping[str, Any] | None, language: str) -> Iterator[str]:
    """Yield how many accounts a run with --since decided, and why all of them, if so."""
    if since is None:
        return
    told = word(
        "Decided: {decided} accounts, {taken_over} taken over from earlier runs",
        language,
        **{name: _number(since[name]) for name in ("decided", "taken_over")},
    )
    yield f"{told} ({since['why']})" if "why" in since else told


def quality_lines(
    quality: Mapping[str, Any], most: int | None = PROBLEMS, language: str = "en"
) -> Iterator[str]:
    """Yield the problems of a book's data as sentences, at most so many."""
    found = [(table, each) for table in quality["tables"] for each in table["problems"]]
    rows = _number(sum(table["rows_read"] for table in quality["tables"]))
    tables = len(quality["tables"])
    read = "Data: {rows} rows of 1 table" if tables == 1 else "Data: {rows} rows of {tables} tables"
    if not found:
        yield word(f"{read}, nothing wrong", language, rows=rows, tables=tables)
        return
    yield word(
        f"{read}; {{left_out}} rows left out, {{unknown}} values taken as unknown",
        language,
        rows=rows,
        tables=tables,
        left_out=_number(quality["rows_left_out"]),
        unknown=_number(quality["values_unknown"]),
    )
    for table, each in found[:most]:
        yield problem_line(table, each, language)
    if most is not None and len(found) > most:
        more = "  and {count} more problems; `kamrules inspect` tells all"
        yield word(more, language, count=len(found) - most)


def problem_line(table: Mapping[str, Any], problem: Mapping[str, Any], language: str) -> str:
    """Return a problem of a table as a line, a remark without a count."""
    if not problem["count"]:
        told = f"{problem['message']} [{problem['code']}]"
        return word("  {where}: {problem}", language, where=table["table"], problem=told)
    what = "rows" if problem["leaves_out"] else "values"
    some = f" ({', '.join(problem['examples'])})" if problem["examples"] else ""
    return word(
        f"  {{where}}: {{count}} of {{all}} {what}: {{problem}}",
        language,
        where=f"{table['table']}.{problem['column']}" if problem["column"] else table["table"],
        count=_number(problem["count"]),
        all=_number(table["rows_read"]),
        problem=f"{problem['message']}{some} [{problem['code']}]",
    )


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)


def _cell(text: str, style: str = "") -> Text:
    return Text(printable(text), style)


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else ""

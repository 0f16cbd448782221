"""The sample book: an invented company's customers, the same bytes on every machine."""

from __future__ import annotations

import csv
import datetime
import io
from typing import TYPE_CHECKING

from kamrules.workbench import sample_business, sample_people
from kamrules.workbench.sample_chance import Chance
from kamrules.workbench.sample_profiles import profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kamrules.workbench.sample_profiles import Profile

Row = dict[str, object]

CURRENCY = "EUR"
_ACCOUNT_COLUMNS = (
    "account_id name industry country customer_since annual_revenue employees needs_our_product "
    "estimated_spend potential demand_growth switching_cost pricing standing buying_process "
    "buying_criteria special_service linked_systems account_manager executive_sponsor credit_hold"
)
_TABLES: dict[str, tuple[Callable[[Profile, datetime.date, Chance], Iterator[Row]], str]] = {
    "contacts": (
        sample_people.contacts,
        "name level role stance influence counterpart last_contact left",
    ),
    "orders": (sample_business.orders, "date amount margin product exclusive"),
    "opportunities": (sample_business.opportunities, "opened expected closed stage amount kind"),
    "activities": (sample_people.activities, "date kind level"),
    "agreements": (sample_business.agreements, "kind from until"),
    "complaints": (sample_people.complaints, "opened closed severity"),
    "surveys": (sample_people.surveys, "date kind score"),
    "competitors": (sample_business.competitors, "name share preferred seen"),
    "plans": (
        sample_people.plans,
        "updated vision analysis goals smart_goals overdue_actions benefits approved",
    ),
}
_DIRT: dict[str, tuple[tuple[int, str, object], ...]] = {
    # row (counted from the end of the table), column and what somebody typed there
    "orders": (
        (40, "account_id", "C-99981"), (41, "account_id", "C-99981"), (97, "account_id", ""),
        (260, "amount", "see contract"), (390, "date", "2025-02-30"), (500, "account_id", "C99012"),
    ),
    "contacts": (
        (12, "account_id", "C-99981"), (77, "level", "boss"), (130, "stance", "friendly"),
        (131, "last_contact", "last spring"),
    ),
    "activities": ((25, "account_id", ""), (90, "account_id", "c-00012"), (210, "kind", "lunch")),
    "complaints": ((3, "severity", "high"),),
    "opportunities": ((8, "account_id", "unassigned"), (21, "stage", "on ice")),
}  # fmt: skip


def sample_book(
    folder: Path,
    *,
    accounts: int = 500,
    seed: int = 7,
    as_of: datetime.date = datetime.date(2026, 6, 30),
) -> Path:
    """Write the sample book into a folder and return the path of its book file.

    One csv file for each table of the ruleset `kam`, with the dirt that real exports have (rows without
    an account, texts among numbers), and `book.toml`. The same arguments give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chance = Chance(seed)
    companies = profiles(accounts, chance)
    own = [
        {"account_id": each.account_id, **sample_business.account(each, as_of, chance)}
        for each in companies
    ]
    if len(own) > 20:
        own.append({**own[16], "name": f"{own[16]['name']} (old record)"})
    tables = {"accounts": own}
    for name, (rows_of, _) in _TABLES.items():
        rows: list[Row] = [
            {"account_id": each.account_id, **row}
            for each in companies
            for row in rows_of(each, as_of, chance)
        ]
        _dirty(rows, _DIRT.get(name, ()))
        tables[name] = rows
    for name, rows in tables.items():
        columns = _ACCOUNT_COLUMNS if name == "accounts" else f"account_id {_TABLES[name][1]}"
        _write(folder / f"{name}.csv", columns.split(), rows)
    book = folder / "book.toml"
    book.write_bytes(_book_file(list(tables), as_of).encode())
    return book


def _dirty(rows: list[Row], dirt: tuple[tuple[int, str, object], ...]) -> None:
    """Put into some rows what people type."""
    for place, column, value in dirt:
        if place < len(rows):
            rows[-place][column] = value


def _write(path: Path, header: list[str], rows: list[Row]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(row.get(column)) for column in header] for row in rows)
    path.write_bytes(text.getvalue().encode())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _book_file(tables: list[str], as_of: datetime.date) -> str:
    parts = [
        "# A sample: every company and person in it is invented.",
        "[book]",
        'name = "Sample book"',
        f"as_of = {as_of.isoformat()}",
        'bad_data = "leave_out"',
        f'currency = "{CURRENCY}"',
    ]
    for name in tables:
        parts += ["", f"[table.{name}]", f'from = "csv:{name}.csv"']
    return "\n".join(parts) + "\n"

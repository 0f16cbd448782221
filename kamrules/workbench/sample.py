"""The sample book: an invented company's customers, the same bytes on every machine."""

from __future__ import annotations

import csv
import datetime
import io
from typing import TYPE_CHECKING

from kamrules.workbench import sample_business, sample_knowledge, sample_people
from kamrules.workbench.sample_chance import Chance
from kamrules.workbench.sample_details import DETAILS
from kamrules.workbench.sample_profiles import profiles
from kamrules.workbench.sample_stories import tell_stories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kamrules.workbench.sample_profiles import Profile

Row = dict[str, object]

CURRENCY = "EUR"
_ACCOUNT_COLUMNS = (
    "account_id name industry country sites customer_since annual_revenue employees needs_our_product "
    "estimated_spend potential demand_growth switching_cost market_outlook ready_for_change goals_met "
    "financial_health core_competence vision strategy_fit buying_process buying_criteria decisive_factor "
    "budget pricing standing special_service linked_systems shares_information credit_hold "
    "strategic_importance cost_to_serve hours_12m account_manager executive_sponsor champion resistance"
)
_TABLES: dict[str, tuple[Callable[[Profile, datetime.date, Chance], Iterator[Row]], str]] = {
    "contacts": (
        sample_people.contacts,
        (
            "name level department role stance influence interests counterpart counterpart_level "
            "last_contact left"
        ),
    ),
    "orders": (sample_business.orders, "date amount margin product exclusive promised delivered"),
    "opportunities": (
        sample_business.opportunities,
        "opened offered expected closed stage amount kind exclusive decider_met lost_because lost_to",
    ),
    "activities": (
        sample_people.activities,
        "date kind level our_level contact begun_by answered useful filed",
    ),
    "agreements": (sample_business.agreements, "kind subject from until"),
    "complaints": (
        sample_people.complaints,
        "opened closed kind severity subject first_answer outcome our_fault admitted",
    ),
    "surveys": (sample_people.surveys, "date kind topic level score"),
    "competitors": (
        sample_business.competitors,
        "name share preferred relation ability trend supporters weakness conflict seen",
    ),
    "plans": (
        sample_people.plans,
        (
            "updated vision analysis approach goals smart_goals overdue_actions benefits expected_sales "
            "expected_margin approved reviewed"
        ),
    ),
}
_KNOWLEDGE: dict[str, tuple[Callable[[Profile, datetime.date, Chance], Iterator[Row]], str]] = {
    "team": (
        sample_knowledge.team,
        (
            "name role since until hours_month key_accounts relationships thinking reasoning leadership "
            "trained agrees"
        ),
    ),
    "forecasts": (sample_knowledge.forecasts, "made by change"),
    "needs": (sample_knowledge.needs, "need noted due value served_by specified"),
    "projects": (sample_knowledge.projects, "name kind started due finished stopped"),
    "forces": (sample_knowledge.forces, "force strength our_help assessed"),
    "swot": (sample_knowledge.swot, "side topic weight noted answered"),
    "findings": (sample_knowledge.findings, "subject level learned passed_on"),
}
_OF_PLANS: dict[str, tuple[Callable[[Row, datetime.date, Chance], Iterator[Row]], str]] = {
    "goals": (
        sample_knowledge.goals,
        "goal specific measurable achievable appropriate due progress",
    ),
    "steps": (sample_knowledge.steps, "step owner due done dropped"),
}
_COLUMNS = {name: columns for name, (_, columns) in {**_TABLES, **_KNOWLEDGE, **_OF_PLANS}.items()}
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
    "findings": ((5, "level", "private"),),
    "team": ((4, "since", "last year"),),
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
    tables = {"accounts": own}
    for name, (rows_of, _) in _TABLES.items():
        tables[name] = [
            {"account_id": each.account_id, **row}
            for each in companies
            for row in rows_of(each, as_of, chance)
        ]
    _details(tables, {each.account_id: each for each in companies}, as_of, seed)
    tables |= _knowledge(companies, tables["plans"], as_of, seed)
    tell_stories(
        {name: rows for name, rows in tables.items() if rows is not own}, companies, as_of, seed
    )
    if len(own) > 20:
        own.append({**own[16], "name": f"{own[16]['name']} (old record)"})
    for name, rows in tables.items():
        _dirty(rows, _DIRT.get(name, ()))
    for name, rows in tables.items():
        columns = _ACCOUNT_COLUMNS if name == "accounts" else f"account_id {_COLUMNS[name]}"
        _write(folder / f"{name}.csv", columns.split(), rows)
    book = folder / "book.toml"
    book.write_bytes(_book_file(list(tables), as_of).encode())
    return book


def _details(
    tables: dict[str, list[Row]], companies: dict[str, Profile], as_of: datetime.date, seed: int
) -> None:
    """Add to every row its finer columns, drawn apart so that the others stay as they are."""
    for number, (name, detail) in enumerate(DETAILS.items(), start=1):
        chance = Chance(seed * 1_000 + number)
        for row in tables[name]:
            row.update(detail(companies[str(row["account_id"])], row, as_of, chance))


def _knowledge(
    companies: list[Profile], plans: list[Row], as_of: datetime.date, seed: int
) -> dict[str, list[Row]]:
    """Return the tables of what we know, plan and do, each drawn apart."""
    found: dict[str, list[Row]] = {}
    for number, (name, (rows_of, _)) in enumerate(_KNOWLEDGE.items(), start=101):
        chance = Chance(seed * 1_000 + number)
        found[name] = [
            {"account_id": each.account_id, **row}
            for each in companies
            for row in rows_of(each, as_of, chance)
        ]
    for number, (name, (rows_of_plan, _)) in enumerate(_OF_PLANS.items(), start=201):
        chance = Chance(seed * 1_000 + number)
        found[name] = [
            {"account_id": plan["account_id"], **row}
            for plan in plans
            for row in rows_of_plan(plan, as_of, chance)
        ]
    return found


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

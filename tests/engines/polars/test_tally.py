"""What a run by Polars counts is what its tables hold, whichever of them are written, over many batches."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import duckdb
import pytest

from kamrules.book import Book, BookTable
from kamrules.engines import DUCKDB, POLARS
from kamrules.engines.polars import deciding, tally
from kamrules.tables import NAMES
from tests.engines.sql.scene import decided, program
from tests.engines.sql.test_results import RULES

FAILING = RULES.replace("not (money > 100)", "money <= 90")
"""Between 90 and 100 no class holds."""
ACCOUNTS = 210_000
"""More than Polars takes in two batches."""
STEP = 7919
"""Between ids; the first of them are far from one another."""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Return a book whose ids are in no order, and of which every fiftieth account has no money."""
    folder = tmp_path_factory.mktemp("tally")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT printf('A%06d', i * {STEP} % {ACCOUNTS}) AS account_id, "
            "CASE WHEN i % 50 <> 7 THEN (i % 1200)::DECIMAL(12, 2) / 10 END AS money "
            f"FROM range({ACCOUNTS}) t(i)) TO '{folder}/accounts.parquet'"
        )
    return Book("tally", {"accounts": BookTable("accounts", "parquet:accounts.parquet", folder)})


@pytest.fixture(scope="module")
def money():
    """Return what every account has."""
    return [Decimal(i % 1200) / 10 if i % 50 != 7 else None for i in range(ACCOUNTS)]


@pytest.mark.parametrize("wanted", [NAMES, ("decisions",), ("actions",), ("gaps", "scores"), ()])
@pytest.mark.parametrize("in_one", [True, False])
def test_a_book_is_counted_whatever_is_written_of_it(book, money, wanted, in_one, monkeypatch):
    if not in_one:
        monkeypatch.setattr(deciding, "AT_ONCE", 0)
    with decided(program(more=FAILING), book, engine=POLARS, tables=wanted) as found:
        told, accounts = found.summary(), found.accounts
    assert accounts == told["accounts"] == ACCOUNTS
    of = [class_of(each) for each in money]
    counts = Counter(of)
    sums = {which: sum(each for each, own in zip(money, of, strict=True) if own == which and each)
            for which in ("key", "rest", "fault")}  # fmt: skip
    assert [(each["id"], each["accounts"], each["revenue"]) for each in told["classes"]] == [
        ("key", counts["key"], float(sums["key"])),
        ("rest", counts["rest"], float(sums["rest"])),
        (None, counts["fault"] + counts[None], float(sums["fault"])),
    ]
    ids = sorted(f"A{i * STEP % ACCOUNTS:06d}" for i, each in enumerate(of) if each == "fault")
    assert told["faults"] == [
        {"fault": "no class holds", "accounts": counts["fault"], "examples": ids[:3]}
    ]


def class_of(money):
    if money is None:
        return None
    return "key" if money > 100 else "rest" if money <= 90 else "fault"


def test_sums_that_are_added_up_on_the_way_come_to_the_same(book, monkeypatch):
    with decided(program(more=FAILING), book, engine=DUCKDB) as found:
        theirs = found.summary()
    monkeypatch.setattr(tally, "MANY", 0)
    with decided(program(more=FAILING), book, engine=POLARS) as found:
        assert found.summary() == theirs

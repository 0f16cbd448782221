"""What a source is told of the columns that are read, and what it may leave out."""

from __future__ import annotations

import datetime
from contextlib import closing

import duckdb
import pytest

from kamrules import compile_ruleset, hookimpl, load_ruleset
from kamrules.book import Book, BookTable, ColumnMap
from kamrules.diagnostics import DataError
from kamrules.engines.sql import decide_book
from kamrules.engines.sql.inspecting import inspect_book, read_account
from kamrules.plugins import Plugins
from tests.end_to_end.scene import RULES

DAY = datetime.date(2026, 6, 30)
THERE = ["no", "name", "rating", "sector", "fax", "status"]
TABLE = BookTable(
    "accounts", "crm:customers", account="no", only={"status": ("live",)},
    columns={"name": ColumnMap("name"), "size": ColumnMap(constant="1"), "kind": ColumnMap("sector")},
)  # fmt: skip


def test_wanted_are_the_columns_that_the_book_file_names_and_those_that_fill_what_is_read():
    told = TABLE.wanting(["name", "rating", "size", "account_id"])
    assert told.wanted == {"no", "name", "rating", "sector", "status"}
    assert told.chosen(THERE) == ["no", "name", "rating", "sector", "status"]
    assert TABLE.wanted is None
    assert TABLE.chosen(THERE) == THERE


def test_without_columns_by_name_only_those_are_wanted_that_the_book_file_names():
    lean = BookTable("accounts", "crm:x", account="no", columns=TABLE.columns, automatic=False)
    named = {"no", "name", "sector"}
    assert lean.wanting(["name", "rating"]).wanted == named
    assert set(lean.chosen(THERE)) == named


@pytest.mark.parametrize("lacking", ["no", "sector", "status"])
def test_all_columns_are_chosen_where_one_lacks_that_the_book_file_names(lacking):
    there = [each for each in THERE if each != lacking]
    assert TABLE.wanting(["name"]).chosen(there) == there


class Crm:
    """A source of customers; `lean` is one that gives only what is wanted, else it knows nothing of that."""

    def __init__(self, *, lean):
        self.lean = lean
        self.given = []

    @hookimpl
    def register_sources(self, register):
        register("crm", self.open)

    def open(self, table, connection):
        rows = connection.sql(
            "SELECT 'A' AS no, 'Acme' AS name, 'gold' AS rating, 'x' AS sector, '1' AS fax, 'live' AS status"
        )
        if self.lean:
            rows = rows.select(*map(duckdb.ColumnExpression, table.chosen(rows.columns)))
        self.given.append(rows.columns)
        return rows


def book(**more):
    given = {"account": "no", "only": {"status": ("live",)}, **more}
    return Book("ours", {"accounts": BookTable("accounts", "crm:customers", **given)})


@pytest.fixture
def program(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    return compile_ruleset(load_ruleset(tmp_path / "rules.toml"))


def opening(crm):
    plugins = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})
    assert plugins.add(crm).failure is None
    return plugins.open_source


@pytest.mark.parametrize("lean", [False, True])
def test_a_source_that_gives_less_or_knows_nothing_of_it_is_decided_alike(lean, program):
    crm = Crm(lean=lean)
    open_source = opening(crm)
    with closing(decide_book(program, book(), as_of=DAY, open_source=open_source)) as decided:
        rows = decided.tables["decisions"].project("account_id, name, class, top_action").fetchall()
    assert rows == [("A", "Acme", "ordinary", "call")]
    facts = read_account(program, book(), "A", open_source=open_source)
    assert facts == {"account_id": "A", "name": "Acme", "rating": "gold"}
    some = ["no", "name", "rating", "status"]
    assert crm.given == [some, some] if lean else [THERE, THERE]


@pytest.mark.parametrize("lean", [False, True])
def test_a_misspelt_column_is_told_with_the_nearest_one_of_all(lean, program):
    crm = Crm(lean=lean)
    wrong = book(columns={"rating": ColumnMap("sectr")})
    with pytest.raises(DataError) as told:
        decide_book(program, wrong, as_of=DAY, open_source=opening(crm))
    (one,) = told.value.diagnostics
    assert (one.code, one.help) == ("KR851", "did you mean `sector`?")


def test_whoever_inspects_a_book_sees_all_columns_of_a_source(program):
    crm = Crm(lean=True)
    found = inspect_book(program, book(), open_source=opening(crm))
    (table,) = found.tables
    assert list(table.columns) == THERE
    assert table.unused == ("sector", "fax")


def test_of_a_stream_in_memory_only_what_is_read_is_kept(program):
    class Stream:
        def __init__(self, relation):
            self.relation = relation

        def __arrow_c_stream__(self, requested_schema=None):
            return self.relation.__arrow_c_stream__(requested_schema)

    rows = duckdb.sql("SELECT 'A' AS account_id, 'gold' AS rating, 'x' AS fax")
    table = Book.of({"accounts": Stream(rows)}).accounts
    opened = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""}).open_source
    assert opened(table, duckdb.connect()).rows.columns == ["account_id", "rating", "fax"]
    lean = opened(table.wanting(["rating"]), duckdb.connect()).rows
    assert lean.columns == ["account_id", "rating"]
    assert lean.fetchall() == [("A", "gold")]

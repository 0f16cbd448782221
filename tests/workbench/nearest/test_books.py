"""The ways of a whole book are those that each account alone is told."""

from __future__ import annotations

import csv
import datetime

import pytest

from kamrules import advised, compile_ruleset, decide, load_ruleset
from kamrules.book import Book
from kamrules.engines.sql import read_account, read_accounts
from kamrules.plugins import open_source
from kamrules.run import Order, run_book
from kamrules.workbench.sample import sample_book
from tests.commands import run
from tests.workbench.nearest.test_order import RULES

AS_OF = datetime.date(2026, 6, 30)
UP = '[path.up]\nfrom = "ordinary"\nto = "key"\n'
ACCOUNTS = "account_id,alpha,beta,gamma,delta\nA,3,4,5,6\nB,,4,,6\nC,90,1,80,45\nD,1,1,,1\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES + UP, encoding="utf-8")
    book = tmp_path / "book"
    book.mkdir()
    (book / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    return tmp_path


def words(folder, *more):
    return (
        "run", folder / "book", "--ruleset", folder / "rules.toml", "--as-of", "2026-06-30",
        "--format", "csv", "--out", folder / "out", *more,
    )  # fmt: skip


def test_ways_are_a_table_beside_those_of_the_decisions(folder):
    assert run(*words(folder, "--ways")).status == 0
    with (folder / "out" / "ways.csv").open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    program = compile_ruleset(load_ruleset(folder / "rules.toml"))
    wanted = []
    for facts in read_accounts(program, Book.read(folder / "book"), open_source=open_source):
        one = decide(program, facts, as_of="2026-06-30")
        following = advised(program, one, facts).next_class
        for number, way in enumerate(following.ways if following else (), start=1):
            wanted += [
                (one.account_id, number, way.cost, each.fact, each.after_shown)
                for each in way.changes
            ]
    assert [
        (each["account_id"], int(each["way"]), float(each["cost"]), each["fact"], each["after"])
        for each in told
    ] == wanted
    assert {each["account_id"] for each in told} >= {"A", "B"}
    assert {(each["part"], each["to"]) for each in told} == {("class", "key")}


def test_without_being_asked_for_there_is_no_such_table(folder):
    assert run(*words(folder)).status == 0
    assert not (folder / "out" / "ways.csv").exists()


def test_when_a_further_table_cannot_be_made_earlier_files_stay(folder):
    assert run(*words(folder)).status == 0
    before = {each.name: each.read_bytes() for each in (folder / "out").iterdir()}

    def fails(_book, _progress):
        raise RuntimeError("half-way")

    order = Order(
        folder / "book", folder / "out", str(folder / "rules.toml"), as_of=AS_OF, format="csv",
        further={"ways": fails},
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="half-way"):
        run_book(order)
    assert {each.name: each.read_bytes() for each in (folder / "out").iterdir()} == before


def test_all_accounts_are_read_as_each_alone(tmp_path):
    program = compile_ruleset(load_ruleset("kam"))
    book = Book.read(sample_book(tmp_path, accounts=40).parent)
    found = list(read_accounts(program, book, open_source=open_source))
    assert len(found) == 40
    for facts in found[::7]:
        alone = read_account(program, book, facts["account_id"], open_source=open_source)
        assert facts == alone

"""Output in parts: many files a table, which readers take for one table, and kamrules for a source."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from kamrules.run.parts import Parts
from tests.commands import run
from tests.end_to_end.scene import RUN, scene

MANY = 25


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Give a scene with more accounts, with its folder as the current one."""
    monkeypatch.chdir(tmp_path)
    found = scene(tmp_path)
    some = "".join(f"X{each},Many,{'gold' if each % 2 else ''}\n" for each in range(MANY - 3))
    accounts = (tmp_path / "accounts.csv").read_text(encoding="utf-8")
    found.write(accounts_csv=accounts + some)
    return found


def report(folder="results"):
    return json.loads(Path(folder, "run.json").read_text(encoding="utf-8"))


def parts(table, folder="results"):
    return sorted(each.relative_to(folder).as_posix() for each in Path(folder, table).rglob("*.*"))


def read(pattern, **how):
    return duckdb.read_parquet(pattern, **how).fetchall()


@pytest.mark.parametrize("size", [1, 10, 25, 1000], ids=str)
def test_parts_hold_the_rows_of_the_table_in_their_order(size, place):
    assert run(*RUN, "--out", "whole").status == 0
    assert run(*RUN, "--rows-per-file", str(size)).status == 0
    for table in ("decisions", "actions", "scores", "gates", "gaps"):
        whole = read(f"whole/{table}.parquet")
        found = parts(table)
        expected = max(-(-len(whole) // size), 1)
        assert found == [f"{table}/part-{number:04d}.parquet" for number in range(expected)]
        assert [row for each in found for row in read(f"results/{each}")] == whole
        rows = [report()["manifest"][each]["rows"] for each in found]
        assert sum(rows) == len(whole)
        assert all(each == size for each in rows[:-1])
    assert set(report()["files"]) == set(report()["manifest"])


@pytest.mark.parametrize("form", ["csv", "jsonl.gz", "xlsx"])
def test_every_form_of_files_can_be_in_parts(form, place):
    assert run(*RUN, "--rows-per-file", "10", "--format", form).status == 0
    assert parts("decisions") == [f"decisions/part-{number:04d}.{form}" for number in range(3)]
    if form == "csv":
        found = []
        for each in parts("decisions"):
            with Path("results", each).open(encoding="utf-8", newline="") as file:
                found += [row["account_id"] for row in csv.DictReader(file)]
        assert len(found) == len(set(found)) == MANY
        assert report()["manifest"]["decisions/part-0002.csv"]["rows"] == 5


def test_the_summary_tells_how_many_files_each_table_has(place):
    told = run(*RUN, "--rows-per-file", "10")
    words = " ".join(told.err.split())
    assert "Files in results: decisions/ (3), actions/ (2)," in words
    assert words.endswith(", run.json")


def test_two_equal_runs_give_the_same_parts(place):
    words = ("--rows-per-file", "7", "--partition-by", "class")
    assert run(*RUN, *words).status == 0
    first = report()
    assert run(*RUN, *words).status == 0
    assert first["run"] == report()["run"]
    assert first["manifest"] == report()["manifest"]


def test_tables_with_the_column_are_parted_by_its_values_as_hive_does(place):
    assert run(*RUN, "--out", "whole").status == 0
    assert run(*RUN, "--partition-by", "class", "--partition-by", "class_before").status == 0
    assert parts("decisions") == [
        f"decisions/class={each}/class_before=__HIVE_DEFAULT_PARTITION__/part-0000.parquet"
        for each in ("key", "ordinary")
    ]
    assert parts("actions") == ["actions/part-0000.parquet"]
    columns = "account_id, class, class_before, worth"
    query = f"SELECT {columns} FROM read_parquet('{{}}', hive_partitioning = true) ORDER BY ALL"
    found = duckdb.sql(query.format("results/decisions/*/*/*.parquet")).fetchall()
    assert found == duckdb.sql(query.format("whole/decisions.parquet")).fetchall()
    assert "class" not in duckdb.read_parquet(
        "results/decisions/class=key/*/*.parquet", hive_partitioning=False
    ).columns  # fmt: skip


def test_values_that_a_file_name_cannot_hold_come_back_as_they_were(place):
    odd = ["a/b", "é=1 %", "", "..", "x'y"]
    lines = "".join(f'Y{number},"{each}",gold\n' for number, each in enumerate(odd))
    place.write(accounts_csv="account_id,name,rating\n" + lines)
    place.write(orders_csv="account_id,date,amount\n")
    assert run(*RUN, "--partition-by", "name").status == 0
    found = duckdb.sql(
        "SELECT account_id, name FROM read_parquet('results/decisions/*/*.parquet', "
        "hive_partitioning = true, hive_types_autocast = false) ORDER BY account_id"
    ).fetchall()
    assert found == [(f"Y{number}", each or None) for number, each in enumerate(odd)]


def test_kamrules_reads_parts_as_a_source(place):
    assert run(*RUN, "--rows-per-file", "4", "--partition-by", "class").status == 0
    place.write(
        next_toml='[book]\nname = "next"\nas_of = 2026-06-30\n[table.accounts]\n'
        'from = "parquet:results/decisions"\n[table.orders]\nfrom = "csv:orders.csv"\n'
    )
    told = run("run", "next.toml", "--ruleset", "rules.toml", "--out", "again")
    assert told.status == 0, told.err
    assert report("again")["accounts"] == MANY


def test_parts_are_replaced_by_whole_files_and_the_other_way_round(place):
    for more in (("--rows-per-file", "4"), (), ("--partition-by", "class")):
        told = run(*RUN, *more)
        assert told.status == 0, told.err
        listed = {
            each.relative_to("results").as_posix() for each in Path("results").rglob("*.parquet")
        }
        assert listed == set(report()["files"])
        assert run("doctor", "results", "--state", "state.db").status == 0


def test_a_column_that_no_table_has_is_refused_before_anything_is_decided(place):
    told = run(*RUN, "--partition-by", "clas")
    assert told.status == 2
    assert told.err == (
        "error[KR673]: no table has a column `clas` to part it by\n"
        "  = help: did you mean `class`?\n"
    )


def test_a_column_with_too_many_values_is_refused(place):
    lines = "".join(f"Y{number},N,gold\n" for number in range(1001))
    place.write(accounts_csv="account_id,name,rating\n" + lines)
    place.write(orders_csv="account_id,date,amount\n")
    told = run(*RUN, "--partition-by", "account_id")
    assert told.status == 4
    assert (
        "error[KR674]: `decisions` has more than 1,000 different values of `account_id`" in told.err
    )
    assert not Path("results").exists()


def test_two_values_that_the_file_system_does_not_tell_apart_are_refused(place, monkeypatch):
    monkeypatch.setattr("kamrules.run.parts._folder", lambda *_: "class=Key/")
    told = run(*RUN, "--partition-by", "class")
    assert told.status == 4
    assert "error[KR674]: this file system has one name" in told.err
    assert not Path("results").exists()


def test_so_many_rows_that_duckdb_writes_with_several_threads_stay_in_order(tmp_path):
    connection = duckdb.connect(config={"threads": 4})
    rows = connection.sql("SELECT i, hash(i)::VARCHAR AS t FROM range(700_000) r(i)")

    def write(tables, folder):
        ((name, relation),) = tables.items()
        relation.write_parquet(str(folder / f"{name}.parquet"))
        return [f"{name}.parquet"]

    names = Parts(connection, tmp_path, write, 200_000, ()).write({"decisions": rows})
    found = [duckdb.read_parquet(str(tmp_path / each)).fetchnumpy()["i"] for each in names]
    assert [len(each) for each in found] == [200_000, 200_000, 200_000, 100_000]
    assert [each for some in found for each in some.tolist()] == list(range(700_000))

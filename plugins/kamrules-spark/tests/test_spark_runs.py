"""`kamrules run --engine spark` writes what the built-in engine writes, on separate executors."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import spark_scene
from kamrules.diagnostics import DataError, UsageError
from spark_scene import AS_OF, RULES, assert_same, both, report_of, run, sample, small

ACCOUNTS = """account_id,name,revenue,since,sector
K1,Ada,500,2020-01-31,food
K2,Bo,50,1999-12-31,steel
K3,Cy,,,
K4,"Dee, ""the"" last",1e3,2024-02-29,steel
"""
ORDERS = """account_id,date,amount,paid
K1,2026-05-01,12.5,yes
K1,2024-05-01,99,yes
K2,2026-06-30,0.0001,yes
K2,2026-06-29,7,no
K4,2026-01-01,100,true
"""
COMMAND = Path(sys.executable).parent / "kamrules"


@pytest.fixture
def folder(tmp_path):
    return small(tmp_path / "book", accounts__csv=ACCOUNTS, orders__csv=ORDERS)


def words(folder, **more):
    return {"ruleset": str(folder / "rules.toml"), "as_of": AS_OF, **more}


def without_told(report):
    """Return what of run.json must be equal."""
    return {
        key: report[key] for key in ("ruleset", "as_of", "book", "accounts", "counts", "quality")
    }


@pytest.mark.slow
@pytest.mark.skipif("KAMRULES_SLOW" not in os.environ, reason="set KAMRULES_SLOW=1: takes minutes")
def test_the_sample_book_is_decided_alike_cell_for_cell(spark, tmp_path):
    book = sample(tmp_path / "book")
    ours, theirs = both(book, tmp_path, leave_out=True)
    assert_same(tmp_path)
    assert without_told(theirs) == without_told(ours)
    assert theirs["engine"] == "spark"
    assert theirs["accounts"] == 500
    files = sorted(each.relative_to(tmp_path / "spark").as_posix()
                   for each in (tmp_path / "spark").rglob("*") if each.is_file())  # fmt: skip
    assert [each for each in files if not each.endswith(".json")] == sorted(theirs["files"])


def test_a_second_run_knows_what_the_first_one_decided(spark, folder, tmp_path):
    both(folder, tmp_path, state="state.db", **words(folder))
    changed = ACCOUNTS.replace("Bo,50", "Bo,5000").replace("Ada,500", "Ada,5")
    (folder / "accounts.csv").write_text(changed, encoding="utf-8")
    later = words(folder, as_of=AS_OF + datetime.timedelta(days=1))
    ours, theirs = both(folder, tmp_path, state="state.db", **later)
    assert_same(tmp_path)
    assert theirs["counts"] == ours["counts"]
    statuses = duckdb.sql(
        f"SELECT DISTINCT status FROM '{tmp_path / 'spark' / 'actions'}/*.parquet' ORDER BY 1"
    )
    assert ("cooldown",) in statuses.fetchall()


def test_parquet_in_folders_and_a_book_file_that_maps_them(spark, folder, tmp_path):
    (folder / "orders").mkdir()
    for number in range(3):
        duckdb.sql(
            f"""SELECT 'K' || (i % 5) AS customer, DATE '2026-01-01' + i::INTEGER AS booked, i * 1.5 AS net,
            i % 2 = 0 AS paid, CASE WHEN i % 7 = 0 THEN 'void' ELSE 'ok' END AS status
            FROM range({number * 100}, {number * 100 + 100}) t(i)"""
        ).write_parquet(str(folder / "orders" / f"{number}.parquet"))
    (folder / "book.toml").write_text(
        '[book]\nname = "mapped"\nas_of = 2026-06-30\nbad_data = "leave_out"\n'
        '[table.accounts]\nfrom = "csv:accounts.csv"\n'
        '[table.orders]\nfrom = "parquet:orders"\naccount = "customer"\nonly = { status = "ok" }\n'
        '[table.orders.column]\ndate = "booked"\namount = { column = "net", times = 1000 }\n',
        encoding="utf-8",
    )
    inferring = "spark.sql.sources.partitionColumnTypeInference.enabled"
    before = spark.conf.get(inferring)
    ours, theirs = both(folder / "book.toml", tmp_path, ruleset=str(folder / "rules.toml"))
    assert_same(tmp_path)
    assert without_told(theirs) == without_told(ours)
    assert spark.conf.get(inferring) == before
    told = theirs["manifest"].values()
    assert {each["table"] for each in told} == set(spark_scene.NAMES)
    assert sum(each["rows"] for each in told if each["table"] == "decisions") == 4
    (orders,) = (each for each in theirs["quality"]["tables"] if each["table"] == "orders")
    assert orders["rows_filtered"] > 0
    assert orders["rows_left_out"] > 0


def test_other_forms_of_files_are_written_from_the_same_tables(spark, folder, tmp_path):
    both(folder, tmp_path, format="csv", **words(folder))
    for name in spark_scene.NAMES:
        ours = sorted((tmp_path / "duckdb" / f"{name}.csv").read_text().splitlines())
        assert sorted((tmp_path / "spark" / f"{name}.csv").read_text().splitlines()) == ours


@pytest.mark.parametrize("wanted", [("gaps",), ("actions", "scores")])
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_only_the_tables_that_are_asked_for_are_written_and_all_is_counted_and_remembered(
    spark, folder, tmp_path, wanted, form
):
    ours, theirs = both(
        folder, tmp_path, tables=wanted, format=form, state="state.db", **words(folder)
    )
    assert theirs["counts"] == ours["counts"]
    assert {each["table"] for each in theirs["manifest"].values()} == set(wanted)
    names = {each.name.partition(".")[0] for each in (tmp_path / "spark").iterdir()}
    assert names == {*wanted, "run"}
    later = {**words(folder), "as_of": AS_OF + datetime.timedelta(days=1)}
    both(folder, tmp_path, state="state.db", **later)
    assert_same(tmp_path)


def test_bad_data_stops_a_run_and_leaves_what_was_there(spark, folder, tmp_path):
    run("spark", folder, tmp_path / "spark", **words(folder))
    before = report_of(tmp_path / "spark")
    (folder / "orders.csv").write_text(ORDERS + "K9,2026-01-01,1,yes\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        run("spark", folder, tmp_path / "spark", **words(folder))
    assert [each.code for each in caught.value.diagnostics] == ["KR641"]
    assert report_of(tmp_path / "spark") == before
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_whole_book_functions_stay_inside_spark_and_lacking_cutoffs_are_told(
    spark, folder, tmp_path
):
    rules = RULES + '[fact.place]\ntype = "integer"\nvalue = "rank(revenue)"\n'
    rules = rules.replace('when = ["revenue >= 100"]', 'when = ["place <= 2"]')
    rules = rules.replace('when = ["revenue < 100"]', 'when = ["place > 2"]')
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    both(folder, tmp_path, **words(folder))
    assert_same(tmp_path)
    told = [each["code"] for each in report_of(tmp_path / "spark")["warnings"]]
    assert "KR896" in told


def test_tables_are_delivered_to_a_url_as_a_whole_and_only_over_what_a_run_wrote(
    spark, folder, tmp_path
):
    there = tmp_path / "lake" / "decided"
    url = f"spark:{there.as_uri()}"
    options = {"scratch": (tmp_path / "scratch").as_uri()}
    for _ in range(2):
        report = run("spark", folder, tmp_path / "spark", format="none", to=(url,),
                     engine_options=options, **words(folder)).report  # fmt: skip
    assert report["delivered"][0]["rows"]["decisions"] == 4
    run("duckdb", folder, tmp_path / "duckdb", **words(folder))
    ours, theirs = (
        spark_scene.rows(tmp_path / "duckdb", "actions"),
        spark_scene.rows(there, "actions"),
    )
    assert ours == theirs
    assert {each.name for each in there.parent.iterdir() if not each.name.endswith(".crc")} == {
        "decided"
    }
    assert list((tmp_path / "scratch").glob("kamrules-*")) == []
    (there / "_kamrules").unlink()
    with pytest.raises(DataError, match="no run of kamrules wrote"):
        run("spark", folder, tmp_path / "spark", format="none", to=(url,), **words(folder))
    assert (there / "decisions").exists()


def test_what_lies_where_only_spark_reads_goes_nowhere_else(spark, folder, tmp_path):
    options = {"scratch": (tmp_path / "scratch").as_uri()}
    with pytest.raises(UsageError, match="where only Spark reads"):
        run("spark", folder, tmp_path / "spark", engine_options=options, **words(folder))
    with pytest.raises(DataError, match="where only Spark reads"):
        run("spark", folder, tmp_path / "spark", format="none", engine_options=options,
            state=tmp_path / "state.db", **words(folder))  # fmt: skip
    assert not (tmp_path / "spark").exists()


def test_the_sink_is_for_this_engine(tmp_path, folder):
    with pytest.raises(DataError, match="another engine"):
        run("duckdb", folder, tmp_path / "out", to=(f"spark:{tmp_path}/lake",), **words(folder))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sparc.executor.memory": "1g"}, "no option `sparc"),
        ({"csv.multiline": "maybe"}, "is `maybe`"),
    ],
    ids=["unknown", "no switch"],
)
def test_options_that_there_are_not_are_refused(tmp_path, folder, options, says):
    with pytest.raises(UsageError, match=says) as caught:
        run("spark", folder, tmp_path / "out", engine_options=options, **words(folder))
    assert caught.value.diagnostics[0].code == "KR892"


def test_a_session_that_is_there_is_used_but_not_for_another_master(spark, folder, tmp_path):
    with pytest.raises(UsageError, match=r"a Spark session already, on `local-cluster"):
        run("spark", folder, tmp_path / "out", engine_options={"master": "local[1]"},
            **words(folder))  # fmt: skip
    assert spark.sparkContext.master.startswith("local-cluster")


def java_that_notes_its_command_lines(folder):
    """Return the home of a Java that is the machine's own, and the file that it writes each start into."""
    home, notes = folder / "java", folder / "started.txt"
    (home / "bin").mkdir(parents=True)
    own = Path(os.environ.get("JAVA_HOME", "")) / "bin" / "java"
    real = own if own.is_file() else shutil.which("java")
    script = home / "bin" / "java"
    script.write_text(f'#!/bin/sh\necho "$@" >> "{notes}"\nexec "{real}" "$@"\n')
    script.chmod(0o755)
    return home, notes


def test_the_installed_command_starts_executors_decides_and_ends_them(spark, folder, tmp_path):
    """One run with a session of its own; `spark` only says whether there can be one."""
    del spark
    home, notes = java_that_notes_its_command_lines(tmp_path)
    secrets = {"LAKE_SECRET": "t0p-s3cret", "PARTITIONS": "2"}
    done = subprocess.run(
        [str(COMMAND), "run", "book", "--ruleset", "book/rules.toml", "--as-of", "2026-06-30",
         "--engine", "spark", "--master", "local-cluster[1,1,1024]",
         # a number that is not understood unless it is looked up
         "--engine-option", "spark.sql.shuffle.partitions=${env:PARTITIONS}",
         "--engine-option", "spark.hadoop.fs.s3a.secret.key=${env:LAKE_SECRET}",
         "--out", "out", "--json"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
        env={**spark_scene.environment(tmp_path), **secrets, "JAVA_HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert report_of(tmp_path / "out")["accounts"] == 4
    assert "Traceback" not in done.stderr
    started = notes.read_text()
    assert "spark.master=local-cluster" in started
    shown = started + done.stdout + done.stderr + (tmp_path / "out" / "run.json").read_text()
    assert secrets["LAKE_SECRET"] not in shown
    run("duckdb", folder, tmp_path / "duckdb", **words(folder))
    (tmp_path / "out").rename(tmp_path / "spark")
    assert_same(tmp_path)


def test_a_master_that_is_not_there_is_told_in_a_sentence(tmp_path, folder):
    done = subprocess.run(
        [str(COMMAND), "run", "book", "--ruleset", "book/rules.toml", "--as-of", "2026-06-30",
         "--engine", "spark", "--master", "sparkle://nowhere", "--out", "out"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
        env=spark_scene.environment(tmp_path),
    )  # fmt: skip
    assert done.returncode in (2, 4)
    assert "KR893" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()

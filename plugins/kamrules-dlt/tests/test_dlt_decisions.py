"""What `kamrules_dlt.decisions` gives to a pipeline that somebody has already."""

from __future__ import annotations

import datetime
import re
import sys
import tempfile
from pathlib import Path

import dlt_scene
import duckdb
import pytest
from kamrules import Book

import kamrules_dlt

ROWS = [
    {"account_id": "A", "name": "Ada", "revenue": 500},
    {"account_id": "B", "name": "Bo", "revenue": 5},
]
DAY = datetime.date(2026, 6, 30)


@pytest.fixture
def pipeline(tmp_path, monkeypatch):
    """Return a pipeline into DuckDB, and a ruleset beside it."""
    from kamrules_dlt.quiet import dlt

    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.toml").write_text(dlt_scene.RULES)
    return dlt.pipeline(
        "nightly",
        destination=dlt.destinations.duckdb("warehouse.duckdb"),
        dataset_name="crm",
        pipelines_dir=str(tmp_path / "working"),
    )


def loaded(query):
    with duckdb.connect("warehouse.duckdb", read_only=True) as found:
        return found.sql(query).fetchall()


def test_a_pipeline_loads_the_tables_of_the_decisions(pipeline):
    pipeline.run(kamrules_dlt.decisions(Book.of({"accounts": ROWS}), "rules.toml", as_of=DAY))
    query = 'SELECT account_id, name, as_of, "class", top_action FROM crm.decisions ORDER BY 1'
    assert loaded(query) == [
        ("A", "Ada", DAY, "key", "visit"),
        ("B", "Bo", DAY, "ordinary", None),
    ]
    assert loaded("SELECT account_id, title, due_on FROM crm.actions") == [
        ("A", "Visit Ada", DAY + datetime.timedelta(7))
    ]
    tables = {
        name
        for (name,) in loaded("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'crm'")
    }
    assert {"decisions", "actions", "scores", "gates", "gaps"} <= tables


def test_a_second_run_replaces_the_first_by_default_and_as_the_pipeline_says_otherwise(pipeline):
    source = kamrules_dlt.decisions(Book.of({"accounts": ROWS}), "rules.toml", as_of=DAY)
    pipeline.run(source.with_resources("decisions"))
    source = kamrules_dlt.decisions(Book.of({"accounts": ROWS[:1]}), "rules.toml", as_of=DAY)
    pipeline.run(source.with_resources("decisions"))
    assert loaded("SELECT account_id FROM crm.decisions") == [("A",)]
    source = kamrules_dlt.decisions(Book.of({"accounts": ROWS}), "rules.toml", as_of=DAY)
    pipeline.run(source.with_resources("decisions"), write_disposition="append")
    assert len(loaded("SELECT account_id FROM crm.decisions")) == 3


def test_a_book_is_decided_once_when_its_rows_are_asked_for_and_leaves_nothing(
    pipeline, monkeypatch
):
    from kamrules_dlt import decided

    runs = []
    real = decided.run_book
    monkeypatch.setattr(decided, "run_book", lambda order: runs.append(order) or real(order))
    before = set(Path(tempfile.gettempdir()).glob("kamrules-dlt-*"))
    source = kamrules_dlt.decisions(Book.of({"accounts": ROWS}), "rules.toml", as_of=DAY, top=1)
    assert not runs
    rows = [
        row for table in source.with_resources("decisions", "actions") for row in table.to_pylist()
    ]
    assert len(rows) == 3
    assert len(runs) == 1
    del source, rows
    assert set(Path(tempfile.gettempdir()).glob("kamrules-dlt-*")) == before


def test_what_a_run_remembers_serves_here_too(pipeline):
    for day in (DAY, DAY + datetime.timedelta(1)):
        source = kamrules_dlt.decisions(
            Book.of({"accounts": ROWS}), "rules.toml", as_of=day, state="state.db"
        )
        pipeline.run(source)
    assert loaded("SELECT account_id, class_before FROM crm.decisions ORDER BY 1") == [
        ("A", "key"),
        ("B", "ordinary"),
    ]


def test_a_book_that_is_not_there_ends_the_pipeline_with_the_same_words_as_the_command(pipeline):
    with pytest.raises(Exception, match=r"KR621.*there is no file or folder `nowhere`"):
        pipeline.run(kamrules_dlt.decisions("nowhere", "rules.toml", as_of=DAY))


def test_the_example_of_the_readme_loads_the_book(tmp_path, monkeypatch):
    text = (dlt_scene.HERE / "README.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[-1]
    folder = tmp_path / "work"
    (folder / "book").mkdir(parents=True)
    (folder / "book" / "accounts.csv").write_text(
        "account_id,name,annual_revenue\nA,Ada,500000000\n"
    )
    (folder / "nightly.py").write_text(code)
    done = dlt_scene.start(folder, "nightly.py", command=sys.executable)
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(folder)
    assert loaded("SELECT account_id FROM kam.decisions") == [("A",)]

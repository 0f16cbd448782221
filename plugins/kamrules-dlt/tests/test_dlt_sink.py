"""What `kamrules run --to dlt:...` does to real destinations of dlt: DuckDB, a folder, a user's function."""

from __future__ import annotations

import datetime
import json
import sys
import tempfile
from pathlib import Path

import dlt_scene
import duckdb
import pyarrow.parquet
import pytest
from kamrules import DataError
from kamrules.contracts import Run, Target
from kamrules.plugins import Plugins

import kamrules_dlt

RUN = Run("kam", "1", "digest", datetime.date(2026, 6, 30), "book", None)
ROWS = {
    "decisions": [("A", "key"), ("B", "ordinary"), ("C", None)],
    "actions": [("A", 1), ("A", 2), ("B", 1)],
}


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    plugins = Plugins()
    assert plugins.add(kamrules_dlt).failure is None
    with duckdb.connect() as connection:
        yield Scene(tmp_path, plugins, connection)


class Scene:
    """A folder, and output tables that are delivered from it."""

    def __init__(self, folder, plugins, connection):
        self.folder = folder
        self.plugins = plugins
        self.connection = connection
        self.warehouse = str(folder / "warehouse.duckdb")

    def tables(self, decisions=ROWS["decisions"], actions=ROWS["actions"]):
        made = {}
        for name, column, of, rows in (
            ("decisions", "class", "VARCHAR", decisions),
            ("actions", "rank", "BIGINT", actions),
        ):
            self.connection.execute(
                f'CREATE OR REPLACE TABLE {name} (account_id VARCHAR, "{column}" {of})'
            )
            for row in rows:
                self.connection.execute(f"INSERT INTO {name} VALUES (?, ?)", row)
            made[name] = self.connection.table(name)
        return made

    def target(self, uri="dlt:duckdb", mode="replace", **options):
        if uri == "dlt:duckdb" and not options:
            options = {"dataset": "kam", "arguments": {"credentials": self.warehouse}}
        return Target(uri, RUN, mode=mode, options=options, folder=self.folder)

    def deliver(self, tables=None, **target):
        delivery = self.plugins.sinks["dlt"](self.target(**target))
        try:
            counted = delivery.stage(tables or self.tables(), self.connection)
            delivery.commit()
        finally:
            delivery.abandon()
        return counted

    def loaded(self, table, schema="kam"):
        with duckdb.connect(self.warehouse, read_only=True) as found:
            columns = '"class"' if table == "decisions" else "rank"
            return found.sql(
                f"SELECT account_id, {columns} FROM {schema}.{table} ORDER BY ALL"
            ).fetchall()


def left_behind():
    return sorted(Path(tempfile.gettempdir()).glob("kamrules-dlt-*"))


def test_the_tables_arrive_with_their_rows_and_nothing_of_ours_is_left(scene):
    before = left_behind()
    assert scene.deliver() == {"decisions": 3, "actions": 3}
    assert scene.loaded("decisions") == ROWS["decisions"]
    assert scene.loaded("actions") == ROWS["actions"]
    assert left_behind() == before
    assert [each.name for each in scene.folder.iterdir()] == ["warehouse.duckdb"]


def test_replace_takes_out_what_was_there_even_by_an_empty_table(scene):
    scene.deliver()
    scene.deliver(scene.tables([("D", "key")], []))
    assert scene.loaded("decisions") == [("D", "key")]
    assert scene.loaded("actions") == []


def test_append_leaves_what_was_there(scene):
    scene.deliver()
    scene.deliver(scene.tables([("A", "ordinary")], []), mode="append")
    assert scene.loaded("decisions") == sorted([*ROWS["decisions"], ("A", "ordinary")], key=str)
    assert scene.loaded("actions") == ROWS["actions"]


def test_upsert_changes_the_rows_of_the_accounts_that_are_written_and_no_others(scene):
    scene.deliver()
    # A has one action less, B none any more, D is new; C is not in this run
    tables = scene.tables([("A", "ordinary"), ("B", "key"), ("D", None)], [("A", 1), ("D", 1)])
    assert scene.deliver(tables, mode="upsert") == {"decisions": 3, "actions": 2}
    assert scene.loaded("decisions") == [("A", "ordinary"), ("B", "key"), ("C", None), ("D", None)]
    assert scene.loaded("actions") == [("A", 1), ("D", 1)]


def test_create_refuses_to_find_a_table(scene):
    scene.deliver(mode="create")
    with pytest.raises(DataError, match=r"has `\w+`, `\w+` already, and the mode is `create`"):
        scene.deliver(scene.tables([("D", "key")], []), mode="create")
    assert scene.loaded("decisions") == ROWS["decisions"]


def test_a_column_that_was_full_may_have_unknown_values_next_time(scene):
    scene.deliver(scene.tables([("A", "key")], [("A", 1)]))
    scene.deliver(scene.tables([("A", None)], [("A", None)]))
    assert scene.loaded("decisions") == [("A", None)]


def test_what_is_staged_and_abandoned_is_never_seen(scene):
    scene.deliver()
    before = left_behind()
    delivery = scene.plugins.sinks["dlt"](scene.target())
    delivery.stage(scene.tables([("D", "key")], []), scene.connection)
    assert scene.loaded("decisions") == ROWS["decisions"]
    delivery.abandon()
    delivery.abandon()
    assert scene.loaded("decisions") == ROWS["decisions"]
    assert left_behind() == before


def test_a_folder_of_parquet_files_is_a_destination(scene):
    options = {"dataset": "kam", "arguments": {"bucket_url": str(scene.folder / "lake")}}
    for _ in range(2):
        scene.deliver(uri="dlt:filesystem", **options)
    (file,) = (scene.folder / "lake" / "kam" / "decisions").glob("*.parquet")
    found = pyarrow.parquet.read_table(file).to_pylist()
    assert [(each["account_id"], each["class"]) for each in found] == ROWS["decisions"]
    with pytest.raises(
        DataError, match=r"cannot take the place of an account's rows(.|\n)*--mode replace"
    ):
        scene.deliver(uri="dlt:filesystem", mode="upsert", **options)


WRITE_BACK = """
    import json
    import dlt

    @dlt.destination(batch_size=2)
    def push(items, table, path: str = dlt.config.value, fail: bool = False):
        if fail:
            raise RuntimeError(f"refused at {path}")
        with open(path, "a") as file:
            for each in items:
                file.write(json.dumps([table["name"], table["write_disposition"], each]) + "\\n")

    def make_pipeline():
        return dlt.pipeline("mine", destination=dlt.destinations.duckdb("warehouse.duckdb"),
                            dataset_name="mine", pipelines_dir="working")

    def broken_pipeline():
        return dlt.pipeline("theirs", destination=push(path="out", fail=True), pipelines_dir="working")

    @dlt.destination
    def without_default(items, table, path):
        pass

    def seven(word="x"):
        return 7
"""


def test_a_function_of_the_user_gets_the_rows_as_dicts(scene, monkeypatch):
    module = dlt_scene.write_module(scene.folder, WRITE_BACK)
    monkeypatch.setenv("OUT", str(scene.folder / "out"))
    arguments = {"path": "${env:OUT}"}
    scene.deliver(uri=f"dlt:{module}:push", mode="upsert", path=".", arguments=arguments)
    lines = [json.loads(line) for line in (scene.folder / "out").read_text().splitlines()]
    assert {mode for _, mode, _ in lines} == {"merge"}
    # dlt leaves out keys whose value is unknown
    decided = [row for name, _, row in lines if name == "decisions"]
    assert [(each["account_id"], each.get("class")) for each in decided] == ROWS["decisions"]
    acted = [row for name, _, row in lines if name == "actions"]
    assert sorted((each["account_id"], each["rank"]) for each in acted) == ROWS["actions"]


def test_a_function_that_fails_is_told_in_a_sentence_without_the_secret(scene, monkeypatch, capfd):
    module = dlt_scene.write_module(scene.folder, WRITE_BACK)
    monkeypatch.setenv("OUT", "hunter2-hunter2")
    arguments = {"path": "${env:OUT}", "fail": True}
    with pytest.raises(DataError) as refused:
        scene.deliver(uri=f"dlt:{module}:push", path=".", arguments=arguments)
    assert "RuntimeError: refused at ***" in str(refused.value)
    assert "hunter2" not in "".join(capfd.readouterr())


def test_a_pipeline_of_the_user_is_used_as_it_is(scene):
    module = dlt_scene.write_module(scene.folder, WRITE_BACK)
    for _ in range(2):
        scene.deliver(uri=f"dlt:{module}:make_pipeline", path=".")
    assert scene.loaded("decisions", schema="mine") == ROWS["decisions"]
    with pytest.raises(DataError, match="names its dataset itself"):
        scene.deliver(uri=f"dlt:{module}:make_pipeline", path=".", dataset="other")


def test_a_pipeline_of_the_user_that_fails_has_nothing_of_ours_left_to_load(scene):
    module = dlt_scene.write_module(scene.folder, WRITE_BACK)
    for _ in range(2):  # else the second would be refused as having data of its own
        with pytest.raises(DataError, match="RuntimeError: refused at out"):
            scene.deliver(uri=f"dlt:{module}:broken_pipeline", path=".")


def test_a_pipeline_with_data_of_its_own_is_not_touched(scene):
    from kamrules_dlt.quiet import dlt

    module = dlt_scene.write_module(scene.folder, WRITE_BACK)
    theirs = dlt.pipeline(
        "mine",
        destination=dlt.destinations.duckdb("warehouse.duckdb"),
        dataset_name="mine",
        pipelines_dir="working",
    )
    theirs.extract([{"a": 1}], table_name="other")
    with pytest.raises(DataError, match="`mine` has data of its own that is not loaded yet"):
        scene.deliver(uri=f"dlt:{module}:make_pipeline", path=".")
    assert theirs.has_pending_data


@pytest.mark.parametrize(
    ("place", "options", "told"),
    [
        ("duckdbb", {}, r"dlt has no destination `duckdbb`(.|\n)*did you mean `dlt:duckdb`\?"),
        ("", {}, "no dlt destination is named"),
        ("MODULE:seven", {}, "makes neither a dlt pipeline nor a destination"),
        (
            "MODULE:seven",
            {"arguments": {"word": "y"}},
            "is not decorated by dlt and takes no arguments",
        ),
        ("MODULE:pusch", {}, r"has no `pusch`(.|\n)*did you mean `push`\?"),
        (
            "MODULE:without_default",
            {"arguments": {"path": "y"}},
            "no argument `path`(.|\n)*dlt.config.value",
        ),
        ("no_such_module_here:x", {}, "there is no module `no_such_module_here`"),
        ("duckdb", {"dataste": "x"}, r"has no option `dataste`(.|\n)*did you mean `dataset`\?"),
        ("duckdb", {"dataset": 3}, "option `dataset` is a text"),
        (
            "duckdb",
            {"arguments": {"credential": "x"}},
            r"no argument `credential`(.|\n)*`credentials`\?",
        ),
        ("postgres", {}, r"dlt is not told `credentials`(.|\n)*DESTINATION__POSTGRES__CREDENTIALS"),
        ("duckdb", {"arguments": {"credentials": "/no/such/x.duckdb"}}, "Cannot open file"),
    ],
)
def test_what_cannot_be_delivered_is_told_in_a_sentence(scene, place, options, told, capfd):
    module = dlt_scene.write_module(scene.folder, WRITE_BACK)
    before = left_behind()
    with pytest.raises(DataError, match=told) as refused:
        scene.deliver(uri=f"dlt:{place}".replace("MODULE", module), path=".", **options)
    assert "\n  File" not in str(refused.value)
    assert "Traceback" not in capfd.readouterr().err
    assert left_behind() == before


def test_a_load_that_fails_leaves_the_earlier_rows(scene):
    scene.deliver()
    with duckdb.connect(scene.warehouse) as theirs:
        # whatever is loaded now cannot be a whole number
        theirs.execute('ALTER TABLE kam.decisions ALTER "class" TYPE INTEGER USING length("class")')
    with pytest.raises(DataError, match="cannot be loaded into `dlt:duckdb`"):
        scene.deliver(scene.tables([("D", "not a number")], []))
    assert [account for account, _ in scene.loaded("decisions")] == ["A", "B", "C"]

"""What plug-ins can do, and that the faults of one harm nothing else."""

from __future__ import annotations

import types
from pathlib import Path

import duckdb
import pytest

from kamrules import hookimpl
from kamrules.book import BookTable, Rows
from kamrules.contracts import Proposal, Run, Section
from kamrules.diagnostics import DataError, UsageError
from kamrules.plugins import Plugins, open_source

RUN = Run("kam", "1", "abc", None, "book", None)
PROPOSAL = Proposal("accounts", "name", "Account", "Name", 0.9, "the same word")


def plugin(name="probe", **hooks):
    """Return a module with hooks."""
    module = types.ModuleType(name)
    for each, function in hooks.items():
        setattr(module, each, hookimpl(function))
    return module


def sources(**given):
    def register_sources(register):
        for name, one in given.items():
            register(name, one)

    return register_sources


def rows(table, connection):
    return connection.sql("SELECT 'A' AS account_id")


@pytest.fixture
def plugins():
    return Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})


def test_the_built_in_ones_are_plug_ins_like_others(plugins):
    assert {"csv", "jsonl", "parquet", "postgresql", "sqlite", "xlsx"} <= set(plugins.sources)
    assert {"csv", "csv.gz", "jsonl", "parquet", "xlsx"} <= set(plugins.formats)
    assert {"mysql", "postgresql", "sqlite"} <= set(plugins.sinks)
    assert plugins.warnings == ()
    assert all(each.built_in and each.failure is None for each in plugins.listing())


def test_a_source_of_a_plug_in_is_opened_by_its_name(plugins):
    plugins.add(plugin(register_sources=sources(crm=rows)))
    found = plugins.open_source(BookTable("accounts", "crm:x"), duckdb.connect())
    assert isinstance(found, Rows)
    assert found.rows.fetchall() == [("A",)]
    assert plugins.listing()[-1].as_json()["sources"] == ["crm"]


def test_a_ruleset_of_a_plug_in_is_found_by_name(plugins, tmp_path):
    (tmp_path / "pharma").mkdir()
    plugins.add(plugin(register_rulesets=lambda register: register("pharma", tmp_path / "pharma")))
    assert plugins.ruleset_folders == (tmp_path,)


def test_a_source_that_there_is_not_is_told_with_the_nearest_one(plugins):
    with pytest.raises(DataError) as told:
        plugins.open_source(BookTable("accounts", "cvs:a.csv"), duckdb.connect())
    (one,) = told.value.diagnostics
    known = ", ".join(sorted(plugins.sources))
    assert (one.code, one.message) == ("KR704", f"there is no source `cvs`; there are {known}")
    assert one.help == 'did you mean "csv:a.csv"?'


def test_a_source_that_fails_is_named_with_its_plug_in(plugins):
    def broken(table, connection):
        raise RuntimeError("no\nroute")

    plugins.add(plugin(register_sources=sources(crm=broken)))
    with pytest.raises(
        DataError, match="source `crm` of plug-in `probe` failed: RuntimeError: no route"
    ):
        plugins.open_source(BookTable("accounts", "crm:x"), duckdb.connect())


def refusing(table, connection):
    raise DataError(table.fault("KR622", "there is no customer `x`", "from"))


def test_a_source_may_tell_itself_what_is_wrong(plugins):
    plugins.add(plugin(register_sources=sources(crm=refusing)))
    with pytest.raises(DataError, match=r"^error\[KR622\]: there is no customer `x`$"):
        plugins.open_source(BookTable("accounts", "crm:x"), duckdb.connect())


def test_a_sink_that_fails_is_named_with_its_plug_in(plugins, tmp_path):
    def write(tables, folder, connection):
        raise ValueError("no")

    plugins.add(plugin(register_formats=lambda register: register("xml", write)))
    with pytest.raises(DataError, match="format `xml` of plug-in `probe` failed: ValueError: no"):
        plugins.write("xml", {}, tmp_path, None)
    with pytest.raises(UsageError, match="there is no format `xm`"):
        plugins.write("xm", {}, tmp_path, None)


def not_callable(register):
    register("crm", "a string")


def failing(register):
    raise RuntimeError("no licence")


def half(register):
    register("crm", rows)
    raise RuntimeError("no licence")


def missing_ruleset(register):
    register("pharma", Path("/nowhere/pharma"))


# name: (plug-in's hooks, code, what is told)
FAULTY = {
    "a misspelt hook": ({"register_source": sources()}, "KR700", "implements hook `register_source`"),
    "a hook with a strange argument": ({"run_started": lambda runn: None}, "KR702", "cannot be used"),
    "a name that is taken": ({"register_sources": sources(csv=rows)}, "KR701", "by built-in plug-in `csv`"),
    "a source that cannot be called": ({"register_sources": not_callable}, "KR702", "cannot be called"),
    "an error while registering": ({"register_sources": failing}, "KR702", "RuntimeError: no licence"),
    "an error after registering": ({"register_sources": half}, "KR702", "RuntimeError: no licence"),
    "a ruleset that is not there": ({"register_rulesets": missing_ruleset}, "KR702", "has to be in a folder"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_plug_in_names_itself_and_is_switched_off_alone(name, plugins):
    hooks, code, part = FAULTY[name]
    before = set(plugins.sources)
    plugins.add(plugin("faulty", **hooks))
    plugins.add(plugin("good", register_sources=sources(good=rows)))
    (warning,) = plugins.warnings
    assert (warning.code, warning.severity) == (code, "warning")
    assert "plug-in `faulty`" in warning.message
    assert part in warning.message
    assert warning.message.endswith("it is switched off")
    assert set(plugins.sources) == before | {"good"}
    assert plugins.run_started(RUN) == ()


def test_the_nearest_hook_is_named(plugins):
    plugins.add(plugin(run_finish=lambda run: None))
    assert plugins.warnings[0].help == "did you mean `run_finished`?"


def test_two_plug_ins_of_one_name_are_told_apart(plugins):
    plugins.add(plugin(register_sources=sources(one=rows)))
    plugins.add(plugin(register_sources=sources(two=rows)))
    assert [each.code for each in plugins.warnings] == ["KR701"]
    assert "one" in plugins.sources
    assert "two" not in plugins.sources


@pytest.mark.parametrize("hook", ["run_started", "decided", "run_finished", "run_failed"])
def test_a_plug_in_that_fails_during_a_run_is_only_a_warning(hook, plugins):
    called = []

    def logged(run):
        called.append(run)

    def fails(run):
        raise RuntimeError("no mail server")

    plugins.add(plugin("mail", **{hook: fails}))
    plugins.add(plugin("log", **{hook: logged}))
    arguments = {"run_started": (RUN,), "decided": ({}, RUN), "run_finished": (RUN, {}),
                 "run_failed": (RUN, ValueError())}[hook]  # fmt: skip
    (warning,) = getattr(plugins, hook)(*arguments)
    assert warning.message == f"plug-in `mail` failed in `{hook}`: RuntimeError: no mail server"
    assert called == [RUN]


def test_the_first_plug_in_that_knows_the_owner_answers(plugins):
    def fails(role):
        raise RuntimeError

    plugins.add(plugin("a", resolve_owner=fails))
    plugins.add(plugin("b", resolve_owner=lambda role, account: None))
    plugins.add(
        plugin("c", resolve_owner=lambda role, account: f"{role} of {account['account_id']}")
    )
    plugins.add(plugin("d", resolve_owner=lambda role: "too late"))
    assert plugins.resolve_owner("seller", {"account_id": "A"}) == "seller of A"
    assert Plugins().resolve_owner("seller", {}) is None


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that installs a distribution with a plug-in."""

    def install(name, code):
        info = tmp_path / f"{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[kamrules]\n{name} = probe_{name}\n")
        (tmp_path / f"probe_{name}.py").write_text(
            "from kamrules import hookimpl\nkamrules_api = 2\n" + code
        )

    monkeypatch.syspath_prepend(tmp_path)
    return install


def test_installed_plug_ins_are_loaded_unless_the_environment_says_which(installed):
    installed("bbb", "@hookimpl\ndef register_sources(register): register('crm', print)\n")
    installed("aaa", "import no_such_module\n")
    installed("ccc", "raise SystemExit\n")
    plugins = Plugins.load({})
    found = [each for each in plugins.listing() if each.name in {"aaa", "bbb", "ccc"}]
    assert [(each.name, each.version, bool(each.failure)) for each in found] == (
        [("aaa", "1.2", True), ("bbb", "1.2", False), ("ccc", "1.2", True)]
    )
    assert "plug-in `aaa` cannot be loaded: ModuleNotFoundError" in plugins.warnings[0].message
    assert "crm" in plugins.sources
    assert "crm" not in Plugins.load({"KAMRULES_LOAD_PLUGINS": "aaa"}).sources
    assert Plugins.load({"KAMRULES_LOAD_PLUGINS": ""}).warnings == ()
    (warning,) = Plugins.load({"KAMRULES_LOAD_PLUGINS": "bbb, bbbb"}).warnings
    assert (warning.code, warning.help) == ("KR706", "did you mean `bbb`?")


def test_every_call_of_a_hook_can_be_traced(capsys):
    plugins = Plugins.load({"KAMRULES_LOAD_PLUGINS": "", "KAMRULES_TRACE_PLUGINS": "1"})
    plugins.add(plugin("log", run_started=lambda run: None))
    plugins.run_started(RUN)
    assert "kamrules: run_started(run=Run(" in capsys.readouterr().err


def test_the_default_plug_ins_open_sources_from_python(tmp_path):
    (tmp_path / "a.csv").write_text("account_id\nA\n")
    found = open_source(BookTable("accounts", "csv:a.csv", tmp_path), duckdb.connect())
    assert found.rows.fetchall() == [("A",)]


VERSIONS = {
    "kamrules_api = 2\n": None,
    "": "was written for version 1 of the hooks",
    "kamrules_api = 1\n": "update `old`",
    "kamrules_api = 9\n": "update kamrules",
    "kamrules_api = 'two'\n": "does not say for which version",
}


@pytest.mark.parametrize("declared", VERSIONS)
def test_a_plug_in_has_to_be_written_for_the_hooks_that_there_are(declared, tmp_path, monkeypatch):
    info = tmp_path / "old-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: old\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[kamrules]\nold = kamrules_old_probe\n")
    code = "@hookimpl\ndef register_sources(register): register('old', print)\n"
    head = f"from kamrules import hookimpl\n{declared}"
    (tmp_path / "kamrules_old_probe.py").write_text(head + code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "kamrules_old_probe", raising=False)
    plugins = Plugins.load({"KAMRULES_LOAD_PLUGINS": "old"})
    wrong = VERSIONS[declared]
    assert ("old" in plugins.sources) == (wrong is None)
    if wrong is not None:
        (warning,) = plugins.warnings
        assert warning.code == "KR709"
        assert wrong in f"{warning.message} {warning.help}"


def test_a_source_is_found_by_what_stands_before_the_plus_sign(plugins):
    plugins.add(plugin(register_sources=sources(crm=rows)))
    found = plugins.open_source(BookTable("accounts", "crm+driver://x"), duckdb.connect())
    assert found.rows.fetchall() == [("A",)]


def test_a_source_may_list_its_tables(plugins):
    def register_sources(register):
        register("crm", rows, tables=lambda table: [f"crm:{table.location}/accounts"])
        register("one", rows)

    plugins.add(plugin(register_sources=register_sources))
    assert plugins.tables_of(BookTable("accounts", "crm:acme")) == ("crm:acme/accounts",)
    assert plugins.tables_of(BookTable("accounts", "one:acme")) is None


def test_what_a_report_or_a_mapping_is_given_has_to_be_one(plugins):
    good = Section("Good", columns=("a",), rows=((1,),))
    plugins.add(plugin("good", report_section=lambda: good, propose_mapping=lambda: [PROPOSAL]))
    plugins.add(plugin("none", report_section=lambda: None, propose_mapping=lambda: None))
    plugins.add(plugin("text", report_section=lambda: "text", propose_mapping=lambda: [1]))
    plugins.add(
        plugin("wide", report_section=lambda: Section("Wide", columns=("a",), rows=((1, 2),)))
    )
    sections, warnings = plugins.report_sections({}, RUN)
    assert sections == (good,)
    assert [each.message for each in warnings] == [
        "plug-in `text` failed in `report_section`: it answered with a str",
        "plug-in `wide` gave a section whose rows are not as wide as its columns",
    ]
    found, warnings = plugins.proposals(())
    assert found == (PROPOSAL,)
    assert len(warnings) == 1

"""Engines of plug-ins: asked for by name, told what is theirs, and refused what is not."""

from __future__ import annotations

import pytest

from kamrules import masking
from kamrules.diagnostics import DataError, UsageError
from kamrules.plugins import Plugins
from kamrules.run import Order, run_book

ACCOUNTS = "account_id,name\nA1,Acme\n"


class Brings:
    """A plug-in with an engine that remembers what it was asked, and then fails."""

    kamrules_api = 2

    def __init__(self, name="odd"):
        self.name = name
        self.asked = None
        self.deed = unlucky

    def decide(self, task):
        self.asked = task
        return self.deed(task)


def unlucky(task):
    raise ValueError("no such luck\n  today")


@pytest.fixture
def plugins():
    from kamrules import hookimpl

    class Plugged(Brings):
        @hookimpl
        def register_engines(self, register):
            register(self.name, self.decide)

    found = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})
    one = Plugged()
    assert found.add(one).failure is None
    return found, one


@pytest.fixture
def book(tmp_path):
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "book.toml").write_text(
        '[book]\nas_of = 2026-06-30\nbad_data = "leave_out"\n[table.accounts]\nfrom = "csv:accounts.csv"\n'
    )
    return tmp_path / "book.toml"


def test_an_engine_is_told_what_the_run_is_told_and_its_failure_names_it(plugins, book, tmp_path):
    found, one = plugins
    order = Order(
        book, tmp_path / "out", engine="odd", engine_options={"master": "here"}, top=7, format="csv",
        tables=("gaps", "actions"),
    )  # fmt: skip
    with pytest.raises(DataError, match=r"engine `odd` of plug-in .* no such luck today") as caught:
        run_book(order, found)
    assert caught.value.diagnostics[0].code == "KR703"
    assert dict(one.asked.options) == {"master": "here"}
    assert (one.asked.top, one.asked.form, one.asked.strict) == (7, "csv", False)
    assert one.asked.as_of.isoformat() == "2026-06-30"
    assert one.asked.tables == ("actions", "gaps")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("od", "did you mean `--engine odd`?"),
        ("spark", "pip install kamrules-spark"),
        ("sparc", "did you mean `--engine spark`? It comes by pip install kamrules-spark"),
        ("something else", None),
    ],
    ids=["misspelt", "not installed", "misspelt and not installed", "unknown"],
)
def test_an_engine_that_there_is_not_is_told_with_the_nearest_one(
    plugins, book, tmp_path, name, mend
):
    with pytest.raises(UsageError, match="there are `auto`, `duckdb`, `odd`, `polars`") as caught:
        run_book(Order(book, tmp_path / "out", engine=name), plugins[0])
    (told,) = caught.value.diagnostics
    assert (told.code, told.help) == ("KR890", mend)


@pytest.mark.parametrize(
    "words",
    [
        {"engine_options": {"master": "local[2]"}},
        {"engine": "odd", "threads": 1},
        {"engine": "odd", "memory_limit": "1GB"},
    ],
    ids=["master for duckdb", "threads for another", "memory for another"],
)
def test_options_of_the_other_kind_of_engine_are_refused(plugins, book, tmp_path, words):
    with pytest.raises(UsageError) as caught:
        run_book(Order(book, tmp_path / "out", **words), plugins[0])
    assert caught.value.diagnostics[0].code == "KR891"
    assert plugins[1].asked is None


def test_two_engines_of_one_name_switch_the_second_off(plugins):
    from kamrules import hookimpl

    class Other(Brings):
        @hookimpl
        def register_engines(self, register):
            register("odd", self.decide)

    failure = plugins[0].add(Other()).failure
    assert failure is not None
    assert "already registered" in failure.message


SECRET = "hunter2-and-more"
KEY = "spark.hadoop.fs.s3a.secret.key"


@pytest.fixture
def forgotten(monkeypatch):
    """Let no secret of one test be masked in another."""
    monkeypatch.setattr(masking, "_SECRETS", set())


def test_a_secret_is_looked_up_when_an_engine_asks_for_it_and_shown_by_nothing(
    plugins, book, tmp_path, monkeypatch, forgotten
):
    monkeypatch.setenv("S3_SECRET", SECRET)
    found, one = plugins
    seen = []

    def refused(task):
        seen.append((repr(task), KEY in task.options, dict(task.options)))
        raise ValueError(f"401 for {task.options[KEY]}")

    one.deed = refused
    options = {KEY: "${env:S3_SECRET}", "master": "here"}
    order = Order(book, tmp_path / "out", engine="odd", engine_options=options)
    with pytest.raises(DataError, match=r"failed: ValueError: 401 for \*\*\*") as caught:
        run_book(order, found)
    ((shown, there, given),) = seen
    assert there
    assert given == {KEY: SECRET, "master": "here"}
    for each in (shown, repr(order), str(caught.value)):
        assert SECRET not in each
    assert "${env:S3_SECRET}" in shown


def test_a_reference_that_leads_nowhere_is_told_when_it_is_asked_for(
    plugins, book, tmp_path, monkeypatch
):
    monkeypatch.delenv("S3_SECRET", raising=False)
    found, one = plugins
    one.deed = lambda task: task.options[KEY]
    options = {KEY: "${env:S3_SECRET}"}
    order = Order(book, tmp_path / "out", engine="odd", engine_options=options)
    with pytest.raises(DataError, match="`S3_SECRET` is not set in the environment") as caught:
        run_book(order, found)
    assert caught.value.diagnostics[0].code == "KR708"


CLEAR = {
    KEY: "value",
    "spark.hadoop.fs.s3a.access.key": "value",
    "spark.hadoop.fs.azure.account.key.kam.dfs.core.windows.net": "value",
    "spark.hadoop.fs.azure.account.oauth2.client.secret.kam.dfs.core.windows.net": "value",
    "spark.ssl.keyStorePassword": "value",
    "spark.executorEnv.AWS_SESSION_TOKEN": "value",
    "spark.sql.catalog.lake.uri": "https://kam:value-of-it@lake.example.com",
}


@pytest.mark.parametrize("name", CLEAR)
def test_a_secret_in_clear_is_refused_before_anything_is_done(
    plugins, book, tmp_path, forgotten, name
):
    order = Order(book, tmp_path / "out", engine="odd", engine_options={name: CLEAR[name]})
    with pytest.raises(DataError, match="stands here in clear") as caught:
        run_book(order, plugins[0])
    (told,) = caught.value.diagnostics
    assert told.code == "KR707"
    assert f"`{name}`" in told.message
    assert "value" not in told.message
    assert "${env:NAME}" in told.help
    assert plugins[1].asked is None


NO_SECRETS = (
    "spark.kubernetes.authenticate.driver.oauthTokenFile",
    "spark.hadoop.fs.s3a.aws.credentials.provider",
    "spark.kubernetes.driver.secrets.kam",
    "spark.hadoop.hadoop.security.token.service.use_ip",
    "spark.executor.memory",
)


@pytest.mark.parametrize("name", NO_SECRETS)
def test_what_only_sounds_like_a_secret_is_taken(plugins, book, tmp_path, name):
    order = Order(book, tmp_path / "out", engine="odd", engine_options={name: "value"})
    with pytest.raises(DataError, match="no such luck"):
        run_book(order, plugins[0])
    assert dict(plugins[1].asked.options) == {name: "value"}

"""What an author of a book file gets from `from = "dlt:..."`."""

from __future__ import annotations

import datetime
import json
import sys
import tracemalloc
from decimal import Decimal

import dlt_scene
import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kamrules import DataError
from kamrules.book import BookTable, ColumnMap
from kamrules.plugins import Plugins

import kamrules_dlt

SOURCE = """
    import datetime, decimal
    import dlt, pyarrow

    @dlt.source
    def crm(count=3, key="none"):
        @dlt.resource
        def accounts():
            for number in range(count):
                yield [{
                    "Id": f"A{number}", "AnnualRevenue": 1.5 * number, "Staff": number, "Active": True,
                    "Owner": {"Id": 7, "Office": {"City": "Kraków"}},
                    "Since": datetime.date(2024, 1, 2), "Money": decimal.Decimal("1.10"),
                    "Seen": datetime.datetime(2024, 1, 2, 3, 4, tzinfo=datetime.timezone.utc),
                    "Deals": [{"id": 1, "kind": {"name": "new"}}, {"id": 2}] if number else [],
                    "Tags": ["a", "b"], "Mixed": number if number < 2 else "n/a",
                }]

        @dlt.resource
        def orders():
            yield [{"account_id": "A1", "amount": 2}, {"account_id": "A2", "amount": 3}]
            raise ValueError("the server went away\\nand more")

        @dlt.resource
        def secret():
            raise ConnectionError(f"cannot log in with {key}")

        @dlt.resource
        def begun(since=dlt.sources.incremental("at", initial_value=0)):
            yield [{"at": each, "start": since.start_value} for each in range(5)]

        @dlt.transformer(data_from=accounts)
        def notes(items):
            yield [{"account_id": each["Id"], "text": "x"} for each in items]

        @dlt.resource(columns={"blob": {"data_type": "json"}})
        def hinted():
            yield {"account_id": "A1", "blob": {"x": 1}}

        @dlt.resource
        def empty():
            yield []

        return accounts, orders, secret, begun, notes, hinted, empty

    @dlt.resource
    def alone(word="none"):
        yield {"account_id": word}

    @dlt.resource
    def arrow():
        yield pyarrow.table({"AccountId": ["a"], "Number": [2**60]})
        yield pyarrow.record_batch({"AccountId": ["b"], "Number": [2.5], "More": ["n"]})

    @dlt.resource
    def both():
        yield pyarrow.table({"a": [1]})
        yield {"a": 2}

    @dlt.source
    def needing(api_key=dlt.secrets.value):
        return alone

    def plain():
        return crm(count=1)

    def seven(): return 7
    def broken(): raise SystemExit(3)
    number = 3
"""


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Return what opens a table of a book by what stands in `from` behind the module's name."""
    module = dlt_scene.write_module(tmp_path, SOURCE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    plugins = Plugins()
    assert plugins.add(kamrules_dlt).failure is None
    connection = duckdb.connect()

    def open_table(place, name="accounts", uri=None, columns=None, **options):
        uri = uri or f"dlt:{module}:{place}"
        table = BookTable(
            name,
            uri,
            tmp_path,
            account="account_id",
            options={"path": ".", **options},
            columns=columns or {},
        )
        return plugins.open_source(table, connection).rows

    open_table.module = module
    open_table.plugins = plugins
    yield open_table
    connection.close()


def cell(rows, column, number=0):
    return rows.project(f'"{column}"').fetchall()[number][0]


def test_records_are_a_table_with_the_names_that_dlt_gives_in_a_destination(opened):
    rows = opened("crm")
    assert rows.columns[:4] == ["id", "annual_revenue", "staff", "active"]
    assert {"owner__id", "owner__office__city", "deals", "tags"} <= set(rows.columns)
    assert cell(rows, "owner__office__city") == "Kraków"
    assert [each for (each,) in rows.project("id").fetchall()] == ["A0", "A1", "A2"]


def test_values_keep_their_types_and_what_has_several_is_text(opened):
    rows = opened("crm")
    types = dict(zip(rows.columns, map(str, rows.types), strict=True))
    assert types["annual_revenue"] == "DOUBLE"
    assert types["staff"] == "BIGINT"
    assert types["active"] == "BOOLEAN"
    assert types["since"] == "DATE"
    assert cell(rows, "money") == "1.10"
    assert cell(rows, "seen") == "2024-01-02T03:04:00+00:00"
    assert [each for (each,) in rows.project("mixed").fetchall()] == ["0", "1", "n/a"]


def test_a_list_stays_json_unless_it_is_unfolded(opened):
    assert json.loads(cell(opened("crm"), "tags")) == ["a", "b"]
    rows = opened("crm", unfold="deals")
    assert rows.project("id, deals__id, deals__kind__name").fetchall() == [
        ("A0", None, None),
        ("A1", 1, "new"), ("A1", 2, None),
        ("A2", 1, "new"), ("A2", 2, None),
    ]  # fmt: skip
    rows = opened("crm", unfold="tags")
    assert rows.project("id, tags__value").fetchall()[:2] == [("A0", "a"), ("A0", "b")]


def test_a_list_that_no_record_has_is_told_with_the_nearest(opened):
    with pytest.raises(DataError, match=r"has a list `deal`(.|\n)*did you mean `deals`\?"):
        opened("crm", unfold="deal")


def test_arrow_tables_pass_through_and_a_type_that_changes_loses_nothing(opened):
    rows = opened("arrow")
    assert rows.columns == ["account_id", "number", "more"]
    assert rows.fetchall() == [("a", str(2**60), None), ("b", "2.5", "n")]


def test_a_resource_that_yields_both_kinds_is_refused(opened):
    with pytest.raises(DataError, match="yields records after Arrow tables; one kind is wanted"):
        opened("both")


def test_a_column_that_dlt_is_told_to_keep_as_json_stays_whole(opened):
    assert opened("crm:hinted").fetchall() == [("A1", '{"x": 1}')]


def test_a_resource_is_named_behind_a_colon_or_by_option_or_is_called_like_the_table(opened):
    named = opened("crm:notes").fetchall()
    assert named == [("A0", "x"), ("A1", "x"), ("A2", "x")]
    assert opened("crm", resource="notes").fetchall() == named
    assert opened("crm", name="notes").fetchall() == named
    with pytest.raises(
        DataError, match="`from` names resource `notes`, and `options` names `empty`"
    ):
        opened("crm:notes", resource="empty")
    with pytest.raises(DataError, match=r"has several resources, and none is called `visits`"):
        opened("crm", name="visits")


def test_arguments_reach_a_source_and_a_single_resource(opened, monkeypatch):
    assert len(opened("crm:accounts", arguments={"count": 1})) == 1
    monkeypatch.setenv("WORD", "open sesame")
    assert opened("alone", arguments={"word": "${env:WORD}"}).fetchall() == [("open sesame",)]


def test_a_source_may_have_its_settings_from_dlt_s_own_places(opened, monkeypatch):
    with pytest.raises(DataError) as refused:
        opened("needing")
    (told,) = refused.value.diagnostics
    assert "dlt is not told `api_key`" in told.message
    variable = told.help.split()[-4]
    monkeypatch.setenv(variable, "k")
    assert opened("needing").fetchall() == [("none",)]


def test_a_plain_function_is_called_without_arguments_only(opened):
    assert len(opened("plain")) == 1
    with pytest.raises(DataError, match="is not decorated by dlt and takes no arguments from here"):
        opened("plain", arguments={"count": 2})
    with pytest.raises(DataError, match="is no dlt source: it is a builtin_function_or_method"):
        opened("", uri="dlt:os:getpid")
    with pytest.raises(DataError, match="is not decorated by dlt"):
        opened("", uri="dlt:shutil:rmtree", arguments={"path": "/nowhere"})


def test_each_run_of_an_incremental_resource_begins_anew(opened):
    first, second = opened("crm:begun").fetchall(), opened("crm:begun").fetchall()
    assert first == second
    assert len(first) == 5
    assert {start for _, start in first} == {0}


def test_an_empty_resource_is_an_empty_table_of_the_columns_that_are_mapped(opened):
    rows = opened("crm:empty", columns={"amount": ColumnMap(column="net")})
    assert rows.columns == ["account_id", "net"]
    assert rows.fetchall() == []


def test_the_resources_of_a_source_and_the_sources_of_a_module_are_listed(opened, tmp_path):
    module = opened.module

    def listed(uri):
        return opened.plugins.tables_of(BookTable("t", uri, tmp_path, options={"path": "."}))

    found = listed(f"dlt:{module}:crm")
    assert found[0] == f"dlt:{module}:crm:accounts"
    assert len(found) == 7
    assert listed(f"dlt:{module}") == tuple(
        f"dlt:{module}:{each}" for each in ("crm", "alone", "arrow", "both", "needing")
    )


@pytest.mark.parametrize(
    ("place", "options", "told"),
    [
        ("crn", {}, r"has no `crn`(.|\n)*did you mean `crm`\?"),
        ("crm:account", {}, r"has no resource `account`(.|\n)*did you mean `accounts`\?"),
        ("alone:other", {}, "is one resource, `alone`, and not `other`"),
        (
            "crm:orders",
            {},
            "resource `orders` failed after 2 rows: ValueError: the server went away$",
        ),
        ("crm:secret", {}, "failed: ConnectionError: cannot log in with none"),
        ("number", {}, "is no dlt source: it is an int"),
        ("seven", {}, r"is no dlt source: it gives an int(.|\n)*put @dlt.source"),
        ("broken", {}, "failed: SystemExit: 3"),
        ("crm:accounts", {"arguments": {"cuont": 1}}, "KR633.*unexpected keyword argument 'cuont'"),
        ("crm", {"ressource": "a"}, r"has no option `ressource`(.|\n)*did you mean `resource`\?"),
        ("crm", {"arguments": "count"}, "option `arguments` is a table"),
        ("crm", {"resource": 3}, "option `resource` is a text"),
        ("crm", {"path": "nowhere"}, "there is no folder"),
        ("", {}, r"is a module; its dlt sources and resources are `crm`, `alone`"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(opened, place, options, told):
    with pytest.raises(DataError, match=told):
        opened(place, **options)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("dlt:", "is no name of a module"),
        ("dlt:../x:y", "is no name of a module"),
        ("dlt:no_such_module_here:x", "KR622.*there is no module `no_such_module_here`"),
        ("dlt:dlt.sourcs:x", r"there is no module `dlt.sourcs`(.|\n)*did you mean `dlt.sources`\?"),
    ],
)
def test_a_module_that_is_not_there_is_told(opened, uri, told):
    with pytest.raises(DataError, match=told):
        opened("", uri=uri)


def test_a_module_that_cannot_be_imported_says_why(opened, tmp_path):
    needing = dlt_scene.write_module(tmp_path, "import no_such_library")
    with pytest.raises(DataError, match="needs `no_such_library`, which is not installed"):
        opened("", uri=f"dlt:{needing}:x")
    wrong = dlt_scene.write_module(tmp_path, "def f(:")
    with pytest.raises(DataError, match="cannot be imported: SyntaxError"):
        opened("", uri=f"dlt:{wrong}:x")


def test_a_module_of_the_folder_that_is_hidden_by_another_is_told(opened, tmp_path):
    (tmp_path / "wave.py").write_text("raise AssertionError('never imported')")
    with pytest.raises(DataError, match="`wave` is another module than that of"):
        opened("", uri="dlt:wave:open")


def test_without_the_option_no_module_is_looked_for_beside_the_book(opened, tmp_path):
    module = dlt_scene.write_module(tmp_path, "import dlt")
    with pytest.raises(DataError, match=r"there is no module(.|\n)*that the option `path` names"):
        opened.plugins.open_source(BookTable("accounts", f"dlt:{module}:x", tmp_path), None)


def test_a_secret_is_not_in_what_is_told_when_a_source_prints_it(opened, monkeypatch):
    monkeypatch.setenv("CRM_KEY", "hunter2-hunter2")
    with pytest.raises(DataError) as refused:
        opened("crm:secret", arguments={"key": "${env:CRM_KEY}"})
    assert "hunter2" not in str(refused.value)
    assert "cannot log in with ***" in str(refused.value)
    with pytest.raises(DataError, match="`NO_SUCH_KEY` is not set in the environment"):
        opened("crm:secret", arguments={"key": "${env:NO_SUCH_KEY}"})
    with pytest.raises(DataError, match="KR707"):
        opened("crm:secret", arguments={"api_key": "in-clear"})


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    st.dates(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-9999, max_value=9999),
)
RECORDS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), min_size=1, max_size=8)


def as_text(value):
    """Return a value as CSV would hold it: what a column of several types comes to."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


@given(RECORDS)
def test_every_value_of_any_records_comes_back_as_it_was_or_as_its_text(records):
    from kamrules_dlt.quiet import dlt
    from kamrules_dlt.rows import Collected

    with duckdb.connect() as connection, Collected(connection, dlt.Schema("x").naming) as rows:
        for each in records:
            rows.add(each)
        relation = rows.relation([])
        found = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    assert len(found) == len(records)
    for got, record in zip(found, records, strict=True):
        for key, value in record.items():
            if isinstance(got[key], str) and not isinstance(value, str):
                assert got[key] == as_text(value)
            else:
                assert got[key] == value


def test_a_large_resource_is_never_in_memory_as_a_whole(opened, tmp_path):
    module = dlt_scene.write_module(
        tmp_path,
        """
        import dlt
        @dlt.resource
        def many():
            for page in range(300):
                yield [{"account_id": f"A{page}-{n}", "text": "x" * 300} for n in range(200)]
        """,
    )
    opened("alone")  # what is imported does not count
    tracemalloc.start()
    rows = opened("", uri=f"dlt:{module}:many")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 60_000
    assert peak < 8_000_000  # 60,000 such records take more than 30 MB

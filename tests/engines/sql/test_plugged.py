"""The SQL form of a plug-in's function is one expression of its arguments, and does what Python does."""

from __future__ import annotations

import duckdb
import pytest

from kamrules.diagnostics import DataError
from kamrules.engines.sql.plugged import answer, tried, untranslated
from kamrules.engines.sql.tree import double, null, sql
from tests.expression import offers
from tests.expression.offers import offer

UNFIT = [
    ("2 * {1}", "has to hold `{0}` for its arguments, and holds `{1}`"),
    ("2", "has to hold `{0}` for its arguments, and holds none"),
    ("{0} + {1}", "has to hold `{0}` for its arguments, and holds `{0}`, `{1}`"),
    ("2 * {0}; DROP TABLE accounts", "several statements"),
    ("2 * {0} FROM accounts", "cannot be read"),
    ("2 * ({0}", "cannot be read"),
    ("(SELECT 2 * {0})", "holds a query"),
    ("{0} * (SELECT count(*) FROM accounts)", "holds a query"),
    ("2 * {0} IN (SELECT 1)", "holds a query"),
    ("EXISTS (SELECT {0})", "holds a query"),
    ("sum({0})", "holds an aggregate"),
    ("arg_max_null({0}, {0})", "calls `arg_max_null`"),
    ("sum({0}) OVER ()", "holds"),
    ("row_number() OVER (ORDER BY {0})", "holds a window"),
    ("lag({0}) OVER ()", "holds"),
    ("unnest([{0}])", "gives several rows"),
    ("generate_series(1, {0})", "refused by DuckDB"),
    ("revenue * {0}", "names `revenue`"),
    ('"kamrules argument 1" * {0}', "our own name"),
    ("'{0}' || {0}", "inside a text: '{0}'"),
    ("'{0}'", "and holds none"),
    ("$1 * {0}", "a parameter of a statement"),
    ("? * {0}", "a parameter of a statement"),
    ("* {0}", ""),
    ("2 * {0} AS x", "a name for a value"),
    ("random() * {0}", "calls `random`"),
    ("uuid() || {0}", "calls `uuid`"),
    ("epoch(now()) + {0}", "calls `now`"),
    ("{0} + epoch(current_timestamp)", "calls `current_timestamp`"),
    ("date_diff('day', DATE '1970-01-01', current_date) + {0}", "calls `current_date`"),
    ("date_diff('day', DATE '1970-01-01', today()) + {0}", "calls `current_date`"),
    ("epoch(age(TIMESTAMP '2020-01-01')) + {0}", "calls `age`"),
    ("epoch(ago(INTERVAL 1 DAY)) + {0}", "calls `ago`"),
    ("getvariable('x') + {0}", "calls `getvariable`"),
    ("length(current_setting('TimeZone')) + {0}", "calls `current_setting`"),
    ("nextval('s') + {0}", "calls `nextval`"),
    ("read_text('/etc/passwd') + {0}", "calls `read_text`"),
    ("no_such_function({0})", "refused by DuckDB"),
    ("{0}::text", "gives VARCHAR, and the function gives a number"),
    ("{0} > 1", "gives BOOLEAN"),
    ("[{0}]", "gives DOUBLE[]"),
    ("{0} || 'x'", "gives VARCHAR"),
]


@pytest.mark.parametrize(("written", "why"), UNFIT, ids=lambda each: each[:40])
def test_an_sql_form_that_is_not_one_steady_expression_of_its_arguments_is_refused(written, why):
    found = tried(offer(sql=written))
    assert found is not None
    assert found.code == "KR718"
    assert why in found.message, found.message
    assert "`doubled` of plug-in `test`" in found.message


TAKEN = [
    "2 * {0}", "{0} * 2", "{0} + {0}", "2 * {0} -- twice", "2 /* times */ * {0}",
    "CASE WHEN {0} IS NULL THEN 7 ELSE 2 * {0} END", "(2 * {0})::decimal(18, 3)", "(2 * {0})::float",
    "list_sum(list_transform([{0}, {0}], x -> x * 1))", "greatest(2 * {0}, -1e9)", "{'a': 2 * {0}}.a",
    "2 * {0} + length(regexp_replace('aa', '^a{2}$', ''))", "round(2 * {0}, 1)",
    "2 * coalesce({0}, 0)", "nullif(2 * {0}, 1e99)",
]  # fmt: skip


@pytest.mark.parametrize("written", TAKEN)
def test_an_sql_form_may_be_any_expression_that_does_the_same(written):
    assert tried(offer(sql=written)) is None


def test_the_two_forms_are_held_to_the_examples():
    found = tried(offer(sql="3 * {0}"))
    assert found is not None
    assert found.code == "KR719"
    assert found.message == (
        "`doubled(1.5)` of plug-in `test` is 4.5 in SQL, and its example says 3.0"
    )


def test_forms_that_differ_in_the_last_digit_are_told_apart():
    found = tried(
        offer(
            parameters=("number", "number"),
            python=offers.two,
            sql="({0} * 10 + {1} * 10) / 10",
            examples=(((0.1, 0.2), 0.3),),
        )
    )
    assert found is not None
    assert found.message.endswith("is 0.3 in SQL and 0.30000000000000004 in Python")


def test_an_example_of_the_unknown_is_held_against_both_forms():
    examples = (((1.5,), 3.0), ((None,), None))
    assert tried(offer(sql="2 * coalesce({0}, 1)", examples=examples)) is None


def test_texts_and_conditions_need_their_own_types():
    letter = {
        "name": "letter", "parameters": ("text",), "returns": "text", "python": offers.first_letter,
        "examples": ((("o'brien",), "O"), (("",), ""), (("中文",), "中")),
    }  # fmt: skip
    assert tried(offer(**letter, sql="upper(substr({0}, 1, 1))")) is None
    found = tried(offer(**letter, sql="length({0})"))
    assert found is not None
    assert "gives BIGINT, and the function gives a text" in found.message
    found = tried(offer(**letter, sql="substr({0}, 1, 1)"))
    assert found is not None
    assert found.message.startswith("`letter(\"o'brien\")` of plug-in `test` is 'o' in SQL")


def test_a_form_that_fails_is_unknown_in_duckdb():
    one = offer(sql="2 * ('x' || {0})::double", examples=(((1.5,), 3.0),))
    with duckdb.connect() as connection:
        query = f"SELECT {sql(answer(one, [double(1.0)]))}, {sql(answer(one, [null('double')]))}"
        assert connection.execute(query).fetchall() == [(None, None)]


def test_a_form_that_was_never_tried_is_refused_where_it_is_written_into_a_query():
    with pytest.raises(DataError) as error:
        answer(offer(sql="sum({0})"), [double(1.0)])
    assert error.value.diagnostics[0].code == "KR718"


def test_what_only_duckdb_has_is_not_said_in_another_dialect():
    own = offer(sql="list_sum([{0}, {0}])")
    assert untranslated(own, "duckdb") is None
    assert untranslated(own, "postgres") == "`list_sum` is a function of DuckDB's own"
    assert untranslated(offer(sql="2 * {0}"), "snowflake") is None

"""decide_frame: for those who are in Spark already; held to the row engine by cases made up at random."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from kamrules.compiler import compile_ruleset
from kamrules.compiler.in_force import in_force
from kamrules.diagnostics import DataError, UsageError
from kamrules.document import load_ruleset
from kamrules.tables import output_columns
from spark_scene import AS_OF, RULES
from tests.agreement.comparing import beside, differences
from tests.agreement.engines import NAMES, by_row, compiled
from tests.strategies import cases

EXAMPLES = 3
"""Each takes Spark seconds to plan; `python -m tests.agreement.deploying` tries many more."""
TYPES = {
    "text": "string", "double": "double", "bigint": "bigint", "decimal": "decimal(38, 8)", "date": "date",
    "bool": "boolean",
}  # fmt: skip


def frame_of(spark, forms, rows):
    """Return rows as a frame, in their physical forms."""
    schema = ", ".join(f"`{name}` {TYPES[form]}" for name, form in forms.items())
    return spark.createDataFrame([tuple(each[name] for name in forms) for each in rows], schema)


def collected(frame):
    return [each.asDict() for each in frame.collect()]


def by_spark(spark, program, case):
    """Return what decide_frame decides of a case."""
    from kamrules_spark import decide_frame

    before = {}
    if case.past is not None:
        before["states"] = spark.createDataFrame(
            [tuple(each) for each in case.past.states],
            "account_id string, class string, tier string",
        )
        before["proposals"] = spark.createDataFrame(
            [tuple(each) for each in case.past.proposals],
            "account_id string, action string, proposed_on date",
        )
    made = decide_frame(
        spark,
        {name: frame_of(spark, table.forms, table.rows) for name, table in case.tables.items()},
        program,
        as_of=case.as_of,
        top=case.top,
        language=case.language,
        **before,
    )
    return {name: collected(made[name]) for name in NAMES}


def sorted_rows(tables):
    """Return tables with their rows in one order, and the sign of zero, which is no matter of SQL, gone."""
    found = {}
    for name, rows in tables.items():
        plain = [{key: value + 0.0 if isinstance(value, float) else value for key, value in each.items()}
                 for each in rows]  # fmt: skip
        found[name] = sorted(
            plain,
            key=lambda one: (one["account_id"], one.get("rank") or 10**6, str(one.get("action")),
                             str(one.get("fact"))),
        )  # fmt: skip
    return found


@seed(11)
@settings(
    max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(case=cases())
def test_cases_made_up_at_random_are_decided_as_by_the_row_engine(spark, case):
    program = compiled(case.ruleset)
    ours, theirs = sorted_rows(by_row(program, case)), sorted_rows(by_spark(spark, program, case))
    wrong = differences(ours, theirs)
    assert not wrong, "\n".join(wrong[:12]) + "\n" + beside(ours, theirs) + case.ruleset


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return compile_ruleset(load_ruleset(path))


def accounts(spark, rows):
    schema = "account_id string, name string, revenue decimal(12, 2), since date, sector string"
    return spark.createDataFrame(rows, schema)


def test_tables_have_the_columns_of_a_run_and_nothing_is_worked_out_before_they_are_asked(
    spark, program
):
    from pyspark.sql import functions as f

    from kamrules_spark import decide_frame

    # a frame that fails as soon as a row of it is looked at
    given = accounts(spark, [("A", "Ada", Decimal(500), datetime.date(2020, 1, 1), "food")])
    failing = given.withColumn("name", f.raise_error(f.lit("looked at")).cast("string"))
    made = decide_frame(spark, {"accounts": failing}, program, as_of=AS_OF)
    wanted = output_columns(in_force(program, AS_OF))
    assert {name: frame.columns for name, frame in made.items()} == {
        name: [each for each, _ in columns] for name, columns in wanted.items()
    }
    with pytest.raises(Exception, match="looked at"):
        made["decisions"].collect()
    made = decide_frame(spark, {"accounts": given}, program, as_of=AS_OF)
    assert [(each["class"], each["top_action"]) for each in made["decisions"].collect()] == [
        ("key", "visit")
    ]
    assert made["actions"].collect()[0]["title"] == "Visit Ada"
    # the views that it made on the way are gone
    assert [
        each.name for each in spark.catalog.listTables() if each.name.startswith("kamrules")
    ] == []


def test_what_cannot_be_used_is_unknown_and_an_account_is_there_once(spark, program):
    from kamrules_spark import decide_frame

    rows = [
        ("A", "Ada", Decimal(500), datetime.date(2020, 1, 1), "coal"),
        ("A", "Ada", Decimal(500), datetime.date(2020, 1, 1), "coal"),
        ("", "nobody", Decimal(500), None, None),
        (None, "nobody", Decimal(500), None, None),
    ]
    made = decide_frame(spark, {"accounts": accounts(spark, rows)}, program, as_of=AS_OF)
    (told,) = made["actions"].collect()
    assert told["reason"] == "Ada is key in unknown since 2020-01-01: unknown."


def test_wrong_calls_are_refused(spark, program):
    from kamrules_spark import decide_frame

    given = accounts(spark, [])
    with pytest.raises(DataError, match="no frame `accounts`"):
        decide_frame(spark, {}, program, as_of=AS_OF)
    with pytest.raises(UsageError, match="table `order` is not") as caught:
        decide_frame(spark, {"accounts": given, "order": given}, program, as_of=AS_OF)
    assert caught.value.diagnostics[0].help == "did you mean `orders`?"
    with pytest.raises(UsageError, match="without its states"):
        decide_frame(spark, {"accounts": given}, program, as_of=AS_OF, proposals=given)
    with pytest.raises(DataError, match="no column `account_id`"):
        decide_frame(spark, {"accounts": given.drop("account_id")}, program, as_of=AS_OF)

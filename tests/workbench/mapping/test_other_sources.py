"""What is proposed for sources that no CRM is known for, and for those in which there is nothing."""

from __future__ import annotations

import csv
import random

import pytest

from tests.workbench.mapping.books import OTHERS, SEED, invented, scored

FOUND = 0.85
"""The share of the columns in all these sources that are found and sure."""


def test_nine_of_ten_columns_are_found_and_what_is_sure_is_right(proposed, tmp_path):
    right, wrong, wanted, unsure = 0, [], 0, []
    for name in OTHERS:
        folder = tmp_path / name
        folder.mkdir()
        truth = invented(folder, name)
        score = scored(proposed(folder).suggestion, truth)
        right, wanted = right + score.right, wanted + len(truth.columns)
        wrong += score.wrong
        unsure += score.unsure
        told = f"{name}: {score.right} of {len(truth.columns)} sure and right, {len(score.wrong)} wrong"
        print(told)  # noqa: T201
    print(f"all: {right} sure and right, {len(wrong)} sure and wrong, of {wanted}")  # noqa: T201
    print(f"unsure: {sum(good for _, good in unsure)} of {len(unsure)} right")  # noqa: T201
    assert right / (right + len(wrong)) >= 0.95, wrong
    assert right / wanted >= FOUND


def test_a_source_without_customers_says_so_and_proposes_nothing_sure(proposed, tmp_path):
    invented(tmp_path, "nothing_of_the_kind")
    told = proposed(tmp_path)
    assert not told.has_accounts
    assert [each.code for each in told.warnings] == ["KR688"]
    assert all(pair.sure < 0.8 for each in told.suggestion.tables for pair in each.pairs)
    assert "[table.accounts]" not in told.text


def rewritten(sample, folder, rename):
    """Write each table of the sample with its columns renamed, under a name that says nothing."""
    for number, path in enumerate(sorted(sample.glob("*.csv"))):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        with (folder / f"t{number}.csv").open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([rename(header), *rows])


def test_names_that_mean_nothing_yield_nothing_sure(sample, proposed, tmp_path):
    chance = random.Random(SEED)
    letters = "bcdfghjklmnpqrstvwxz"
    rewritten(
        sample, tmp_path,
        lambda header: ["".join(chance.choices(letters, k=6)) for _ in header],
    )  # fmt: skip
    told = proposed(tmp_path)
    sure = [
        (each.table, pair.column)
        for each in told.suggestion.tables
        for pair in each.pairs
        if min(each.sure, pair.sure) >= 0.8
    ]
    assert sure == []


def test_names_over_the_values_of_other_columns_are_not_believed(sample, proposed, tmp_path):
    with (sample / "opportunities.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    turned = [header[0], *header[2:], header[1]]  # each name over its right neighbour's values
    with (tmp_path / "opportunities.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([turned, *rows])
    (told,) = (
        each for each in proposed(tmp_path).suggestion.tables if each.table == "opportunities"
    )
    wrong = {
        pair.column
        for pair in told.pairs
        if pair.sure >= 0.8
        and pair.column not in {"offered", "expected", "closed", "exclusive", "decider_met"}
    }  # dates beside dates, and a yes or no beside another, cannot be told apart
    assert wrong <= {"lost_to"}


@pytest.mark.parametrize("most_rows", [50])
def test_a_table_that_was_looked_at_in_part_says_so_of_its_ids(tmp_path, plugins, most_rows):
    from kamrules.workbench.mapping.looking import look

    (tmp_path / "customers.csv").write_text(
        "customer_id,name\n" + "".join(f"C{n:05},Company {n}\n" for n in range(1000)),
        encoding="utf-8",
    )
    looked = look(str(tmp_path), plugins, base=tmp_path, most_rows=most_rows)
    (source,) = looked.sources
    assert (source.rows, source.whole) == (50, False)
    assert source.columns["customer_id"].distinct == 50


def test_of_two_columns_that_could_be_meant_none_is_sure_and_both_are_named(proposed, tmp_path):
    (tmp_path / "customers.csv").write_text(
        "customer_no,company,annual turnover,yearly revenue,number of employees\n"
        + "".join(f"C{n},Co {n},{n}000000,{n}100000,{n}0\n" for n in range(10, 30)),
        encoding="utf-8",
    )
    told = proposed(tmp_path)
    (pair,) = (each for each in told.suggestion.tables[0].pairs if each.column == "annual_revenue")
    assert pair.sure < 0.8
    assert 'look at: "annual turnover", "yearly revenue"' in told.text
    assert "\nannual_revenue" not in told.text


def test_small_numbers_that_happen_to_be_ids_are_not_taken_for_ids_of_accounts(proposed, tmp_path):
    (tmp_path / "customers.csv").write_text(
        "customer_no,company\n" + "".join(f"{n},Co {n}\n" for n in range(1, 30)), encoding="utf-8"
    )
    (tmp_path / "invoices.csv").write_text(
        "position,invoice_date,net_amount\n"
        + "".join(f"{n},2026-01-{n:02},5\n" for n in range(1, 29)),
        encoding="utf-8",
    )
    (orders,) = (each for each in proposed(tmp_path).suggestion.tables if each.table == "orders")
    assert orders.key is None

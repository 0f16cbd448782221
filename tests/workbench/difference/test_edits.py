"""Edits as people read them: in terms of rules, whatever was done to lines."""

from __future__ import annotations

import pytest

from kamrules import compare, load_ruleset
from kamrules.workbench.difference import telling
from tests.workbench.difference.editing import ruleset_of
from tests.workbench.difference.example import RULES


def told(old, new):
    """Return every edit as address, what was, what becomes."""
    found = compare(ruleset_of(old), ruleset_of(new))
    return [(each.address, each.was, each.becomes) for each in found.edits]


@pytest.mark.parametrize(
    ("was", "becomes", "edit"),
    [
        ("value = 1000,", "value = 2_500,", ("parameter.key_revenue", "1,000", "2,500")),
        ("value = 0.3,", "value = 0.35,", ("parameter.good_margin", "30%", "35%")),
        ("value = 365,", "value = 180,", ("parameter.window", "365 days", "180 days")),
        (
            '"revenue_12m >= key_revenue", "worth', '"revenue_12m > 2*key_revenue", "worth',
            ("class.key.when[0]", "revenue_12m >= key_revenue", "revenue_12m > 2 * key_revenue"),
        ),
        (
            '"worth >= 50 or among_best"]', '"worth >= 50 or among_best", "margin > 20%"]',
            ("class.key.when[2]", None, "margin > 20%"),
        ),
        (', "worth >= 50 or among_best"]', "]", ("class.key.when[1]", "worth >= 50 or among_best", None)),
        ('stay = "revenue_12m >= 500"\n', "", ("class.key.stay", "revenue_12m >= 500", None)),
        ("weight = 30", "weight = 35", ("criterion.margin.weight", "30", "35")),
        (
            "points = 100 }, {", "points = 90 }, {",
            ("criterion.size.scale", "[100..]: 100, [..100): 0", "[100..]: 90, [..100): 0"),
        ),
        (
            '["good_margin", 100]]', '["good_margin", 90]]',
            ("criterion.margin.curve", "0%, 0, 5%, 10, good_margin, 100", "0%, 0, 5%, 10, good_margin, 90"),
        ),
        (
            '"revenue_12m >= key_revenue" } }', '"revenue_12m >= 7" }, old = { when = "size > 1" } }',
            ("path.up.gate.volume.when", "revenue_12m >= key_revenue", "revenue_12m >= 7"),
        ),
        (
            'value = "sum(orders[date > as_of - window].amount)"',
            'value = "sum(orders[date > as_of - 30d].amount)"',
            (
                "fact.revenue_12m.value", "sum(orders[date > as_of - window].amount)",
                "sum(orders[date > as_of - 30d].amount)",
            ),
        ),
        ("[action.call]\n", "[action.call]\nenabled = false\n",
         ("action.call", "class == 'ordinary' and worth >= 20", None)),
        ("due_days = 5\neffort_hours = 4", "due_days = 9\neffort_hours = 4",
         ("action.visit.due_days", "5 days", "9 days")),
        ('hit = "first"\n', 'hit = "first"\nphase_hit = "unique"\n',
         ("ruleset.phase_hit", "first", "unique")),
        ('title = "Call"', 'title = "Ring"', ("action.call.title", "Call", "Ring")),
    ],
)  # fmt: skip
def test_an_edit_is_told_by_its_address_and_its_values_in_their_units(was, becomes, edit):
    assert was in RULES
    found = told(RULES, RULES.replace(was, becomes))
    assert edit in found
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("value = 1000,", "value = 1_000.0, # what makes an account key\n".rstrip() + " "),
        ('"worth >= 50 or among_best"', '"(worth>=50)  or among_best"'),
        ('when = ["revenue_12m >= key_revenue", "worth >= 50 or among_best"]',
         'when = "revenue_12m >= key_revenue and (worth >= 50 or among_best)"'),
        ('when = ["revenue_12m >= key_revenue", "worth >= 50 or among_best"]',
         'when = { all = ["worth >= 50 or among_best", "revenue_12m >= key_revenue"] }'),
        ('in = "[100..]"', 'in = "[ 100 .. ]"'),
        ('unknown = "redistribute"\n', ""),
        ('[fact.among_best]\ntype = "bool"\nvalue = "rank_share(revenue_12m) <= best"\n', ""),
        ("", "# nothing\n"),
    ],
)  # fmt: skip
def test_what_means_the_same_is_no_edit(was, becomes):
    # the last rule is written in another place
    text = RULES.replace(was, becomes) if was else becomes + RULES
    if was.startswith("[fact.among_best]"):
        text += was
    if was.startswith("value = 1000"):
        text = RULES.replace(was, "value = 1_000.0,")
    assert told(RULES, text) == []


def test_two_files_and_one_are_the_same(tmp_path):
    head, _, rest = RULES.partition("[role.seller]")
    (tmp_path / "one.toml").write_text(head, encoding="utf-8")
    (tmp_path / "two.toml").write_text("[role.seller]" + rest, encoding="utf-8")
    found = compare(ruleset_of(RULES), load_ruleset(tmp_path))
    assert (found.edits, found.open, found.same) == ((), (), True)


def test_rules_in_another_order_are_an_edit_only_where_the_order_counts():
    visit = RULES[RULES.index("[action.visit]") : RULES.index("[action.write]")]
    assert told(RULES, RULES.replace(visit, "") + visit) == [
        ("action", "visit, write", "write, visit")
    ]
    vendor = RULES[RULES.index("[tier.vendor]") : RULES.index("[tier.partner]")]
    assert told(RULES, RULES.replace(vendor, "") + vendor) == []
    ordinary = RULES[RULES.index("[class.ordinary]") : RULES.index("[class.prospect]")]
    found = RULES.replace(ordinary, "").replace("[class.key]", f"{ordinary}[class.key]")
    assert told(RULES, found) == [("class", "key, ordinary", "ordinary, key")]


def test_what_is_inherited_is_compared_and_told_with_the_file_it_stands_in(tmp_path):
    for name, value in (("old", "1000"), ("new", "3000")):
        (tmp_path / name / "base").mkdir(parents=True)
        text = RULES.replace("value = 1000,", f"value = {value},")
        (tmp_path / name / "base" / "rules.toml").write_text(text, encoding="utf-8")
        own = '[ruleset]\nname = "ours"\nversion = "1"\nextends = ["../base"]\n'
        (tmp_path / name / "ours").mkdir()
        (tmp_path / name / "ours" / "rules.toml").write_text(own, encoding="utf-8")
    old, new = (load_ruleset(tmp_path / name / "ours") for name in ("old", "new"))
    (edit,) = compare(old, new).edits
    assert (edit.address, edit.becomes) == ("parameter.key_revenue", "3,000")
    assert edit.place.file.endswith("new/base/rules.toml")
    assert edit.place.line == 1 + RULES.partition("key_revenue = {")[0].count("\n")


def test_rules_that_read_what_was_edited_are_told_and_those_that_read_these():
    found = compare(ruleset_of(RULES), ruleset_of(RULES.replace("value = 365,", "value = 30,")))
    assert found.affected.direct == ("fact.revenue_12m", "tier.vendor.gate.loyal")
    further = set(found.affected.further)
    assert {"fact.among_best", "class.key", "path.up.gate.volume", "action.call"} <= further
    assert not further & {"score.worth", "criterion.size", "tier.partner.gate.volume"}


def test_a_number_that_is_part_of_a_curve_has_its_criterion_affected():
    found = compare(ruleset_of(RULES), ruleset_of(RULES.replace("value = 0.3,", "value = 0.4,")))
    assert found.affected.direct == ("criterion.margin",)
    assert {"score.worth", "class.key"} <= set(found.affected.further)


def test_what_is_identical_for_every_account_is_told():
    found = compare(ruleset_of(RULES), ruleset_of(RULES.replace("]) >= 2", "]) >= 3")))
    assert found.identical == (
        "score.worth", "class", "phase", "strategy", "action.call", "action.visit", "action.write",
    )  # fmt: skip
    assert found.open == ("tier",)


def test_rules_that_hold_at_other_times_are_not_identical():
    dated = RULES.replace("[action.write]\n", "[action.write]\nvalid_to = 2030-01-01\n")
    later = dated.replace("2030", "2031")
    assert compare(ruleset_of(dated), ruleset_of(later)).open == ("action.write",)
    assert compare(ruleset_of(dated), ruleset_of(dated)).open == ()


def test_classes_that_change_names_are_not_identical():
    # the conditions stand in the same order, and what they mean is the other way round
    rules = (
        '[ruleset]\nname = "r"\nversion = "1"\nhit = "first"\n'
        '[table.accounts.column]\nsize = {{ type = "money" }}\n'
        '[class.{}]\nlevel = 1\nwhen = "size > 5"\n[class.{}]\nlevel = 2\n'
        '[role.seller]\n[action.call]\ntitle = "Call"\nwhen = "class == \'key\'"\npriority = 1\n'
        'owner = "seller"\n'
        'due_days = 1\nbecause = "Now."\n'
    )  # fmt: skip
    found = compare(
        ruleset_of(rules.format("key", "other")), ruleset_of(rules.format("other", "key"))
    )
    assert {"class", "action.call"} <= set(found.open)


def test_texts_are_counted_and_have_no_effect():
    other = RULES.replace('because = "Now."', 'because = "Soon."').replace('"Seller"', '"Sales"')
    found = compare(ruleset_of(RULES), ruleset_of(other))
    assert found.same
    assert len(found.texts) == 4
    assert "4 texts" in " ".join(telling.edit_notes(found))
    assert telling.title(found).endswith("no difference in meaning")


def test_many_addresses_are_told_by_kind():
    assert telling.some(["a.b"]) == "a.b"
    many = [*(f"action.a{each}" for each in range(12)), "class.key", "criterion.x", "criterion.y"]
    assert telling.some(many) == "12 actions, class.key, 2 criteria"

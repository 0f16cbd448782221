"""A ruleset that extends others overrides by address, adds, and switches off."""

from __future__ import annotations

import pytest

from kamrules.diagnostics import RulesetError
from kamrules.document import load_ruleset
from tests.document.rulesets import ACTION, HEADER, marked, refused, write

BASE = (
    HEADER.replace("mine", "base") + 'languages = ["en", "zh"]\nhit = "first"\nabout = "The base"\n'
)
MINE = HEADER + 'extends = ["../base"]\n'


def extend(folder, mine, base="", header=MINE):
    write(folder, base__rules=BASE + base, mine__rules=header + mine)
    return folder / "mine"


def test_one_key_is_overridden_and_the_rest_stays(tmp_path):
    ruleset = load_ruleset(extend(tmp_path, "[action.a]\npriority = 80\n", ACTION.format("a")))
    action = ruleset.model.action["a"]
    assert (action.priority, action.title) == (80, "Do it")


def test_places_point_to_the_file_where_the_winning_value_was_written(tmp_path):
    ruleset = load_ruleset(extend(tmp_path, "[action.a]\nwhen = 'mine'\n", ACTION.format("a")))
    assert ruleset.text("action", "a", "when").file.endswith("/mine/rules.toml")
    assert ruleset.text("action", "a", "title").file.endswith("/base/rules.toml")
    assert ruleset.place("action", "a")[0].file.endswith("/mine/rules.toml")
    assert len(ruleset.files) == 2


def test_a_mistake_in_an_inherited_value_is_told_in_the_bases_file(tmp_path):
    (found,) = refused(
        extend(tmp_path, "[action.a]\npriority = 80\n", ACTION.format("a") + "x = 1\n")
    )
    assert found.place.file.endswith("/base/rules.toml")


def test_order_is_the_bases_first_then_new_ids(tmp_path):
    mine = ACTION.format("c") + "[action.b]\npriority = 1\n"
    ruleset = load_ruleset(extend(tmp_path, mine, ACTION.format("a") + ACTION.format("b")))
    assert list(ruleset.model.action) == ["a", "b", "c"]


def test_lists_and_conditions_are_replaced_whole(tmp_path):
    base = "[class.a]\nwhen = {any = ['x', 'y']}\nsource = ['1', '2']\n"
    rule = load_ruleset(
        extend(tmp_path, "[class.a]\nwhen = {all = ['z']}\nsource = ['3']\n", base)
    ).model.class_["a"]
    assert rule.when.all == ["z"]
    assert rule.source == ["3"]


def test_bands_and_columns_are_overridden_one_by_one(tmp_path):
    base = "[score.s]\nband = {low = '[0..40)', high = '[40..100]'}\n[table.t.column]\na = {type = 'text'}\n"
    mine = "[score.s.band]\nlow = '[0..50)'\n[table.t.column]\na = {about = 'A'}\nb = {type = 'date'}\n"
    model = load_ruleset(extend(tmp_path, mine, base)).model
    assert model.score["s"].band == {"low": "[0..50)", "high": "[40..100]"}
    assert (model.table["t"].column["a"].type, model.table["t"].column["a"].about) == ("text", "A")
    assert list(model.table["t"].column) == ["a", "b"]


def test_a_curve_takes_the_place_of_an_inherited_scale(tmp_path):
    base = "[criterion.c]\nscore = 's'\nweight = 1\nvalue = 'x'\nscale = [{points = 5}]\n"
    criterion = load_ruleset(
        extend(tmp_path, "[criterion.c]\ncurve = [[0, 0], [1, 100]]\n", base)
    ).model.criterion["c"]
    assert criterion.scale == []
    assert criterion.curve == [[0, 0], [1, 100]]


def test_a_rule_is_switched_off_and_a_further_ruleset_revives_it(tmp_path):
    off = "[action.a]\nenabled = false\n[tier.t.gate.g]\nenabled = false\n"
    base = (
        ACTION.format("a")
        + ACTION.format("b")
        + "[tier.t]\nlevel = 1\n[tier.t.gate.g]\nwhen = 'x'\n"
    )
    model = load_ruleset(extend(tmp_path, off, base)).model
    assert list(model.action) == ["b"]
    assert model.tier["t"].gate == {}
    write(tmp_path, last=HEADER + 'extends = ["mine"]\n[action.a]\nenabled = true\n')
    assert list(load_ruleset(tmp_path / "last.toml").model.action) == ["a", "b"]


def test_switching_off_what_no_base_has_names_the_nearest(tmp_path):
    (found,) = refused(
        extend(tmp_path, "[action.open_tip]\nenabled = false\n", ACTION.format("open_top"))
    )
    assert (found.code, marked(found)) == ("KR172", "open_tip")
    assert found.help == "did you mean `action.open_top`?"


def test_a_rule_without_any_key_can_be_switched_off_too(tmp_path):
    ruleset = load_ruleset(
        extend(tmp_path, "[class.rest]\nenabled = false\nabout = 'Gone'\n", "[class.rest]\n")
    )
    assert ruleset.model.class_ == {}


def test_a_base_that_switches_off_what_nothing_has_is_told_of_too(tmp_path):
    (found,) = refused(extend(tmp_path, "", "[action.a]\nenabled = false\nabout = 'Gone'\n"))
    assert (found.code, found.help) == ("KR172", None)
    assert found.place.file.endswith("/base/rules.toml")


def test_overriding_what_no_base_has_names_the_nearest(tmp_path):
    (found,) = refused(
        extend(tmp_path, "[action.open_tip]\npriority = 5\n", ACTION.format("open_top"))
    )
    assert found.code == "KR151"
    assert found.help == "did you mean `action.open_top` of the extended ruleset?"


def test_the_header_hands_down_languages_and_hit_and_nothing_else(tmp_path):
    header = load_ruleset(extend(tmp_path, "")).model.ruleset
    assert (header.languages, header.hit, header.about) == (["en", "zh"], "first", "")
    (found,) = refused(extend(tmp_path, "", header='[ruleset]\nextends = ["../base"]\n'))
    assert found.message == "missing keys `name` and `version`: `ruleset` needs them"


def test_later_bases_win_over_earlier_ones_and_a_shared_base_comes_first(tmp_path):
    write(
        tmp_path,
        root=HEADER
        + "[parameter.p]\ntype = 'number'\nvalue = 1\n[parameter.q]\ntype = 'number'\nvalue = 1\n",
        left=HEADER + "extends = ['root.toml']\n[parameter.p]\nvalue = 2\n",
        right=HEADER + "extends = ['root.toml']\n[parameter.q]\nvalue = 3\n",
        mine=HEADER + "extends = ['left.toml', 'right.toml']\n",
    )
    ruleset = load_ruleset(tmp_path / "mine.toml")
    assert {name: each.value for name, each in ruleset.model.parameter.items()} == {"p": 2, "q": 3}
    assert len(ruleset.files) == 4


def test_a_base_is_found_by_name(tmp_path):
    write(tmp_path, shelf__base=BASE, mine=HEADER + "extends = ['base']\n")
    ruleset = load_ruleset(tmp_path / "mine.toml", folders=[tmp_path / "shelf"])
    assert ruleset.model.ruleset.hit == "first"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("bsae", "there is no ruleset `bsae`"),
        ("../nowhere.toml", "there is no file or folder `../nowhere.toml`"),
        ("/etc/passwd", "neither a name nor a relative path"),
        ("~/base", "neither a name nor a relative path"),
        ("https://example.org/base.toml", "neither a name nor a relative path"),
        ("C:\\\\base", "neither a name nor a relative path"),
        ("file:base", "neither a name nor a relative path"),
    ],
)
def test_what_cannot_be_extended_is_told_at_its_place(tmp_path, wanted, message):
    write(tmp_path, shelf__base=BASE, mine=HEADER + f'extends = ["{wanted}"]\n')
    (found,) = refused(tmp_path / "mine.toml", RulesetError, folders=[tmp_path / "shelf"])
    assert (found.code, found.address) == ("KR171", "ruleset.extends[0]")
    assert message in found.message
    assert (found.help == "did you mean `base`?") == (wanted == "bsae")


def test_a_ruleset_that_extends_itself_names_the_circle(tmp_path):
    write(tmp_path, a=HEADER + "extends = ['b.toml']\n", b=HEADER + "extends = ['c.toml']\n",
          c=HEADER + "extends = ['./a.toml']\n", d=HEADER + "extends = ['d.toml']\n")  # fmt: skip
    (found,) = refused(tmp_path / "a.toml", RulesetError)
    shown = {each: (tmp_path / f"{each}.toml").as_posix() for each in "abcd"}
    assert found.code == "KR170"
    assert (
        found.message
        == f"`{shown['a']}` extends itself: {shown['a']} -> {shown['b']} -> {shown['c']} -> {shown['a']}"
    )
    assert found.place.file == shown["c"]
    (found,) = refused(tmp_path / "d.toml", RulesetError)
    assert found.message == f"`{shown['d']}` extends itself: {shown['d']} -> {shown['d']}"


def test_a_very_long_chain_is_refused(tmp_path):
    for number in range(40):
        write(tmp_path, **{f"r{number}": HEADER + f"extends = ['r{number + 1}.toml']\n"})
    (found,) = refused(tmp_path / "r0.toml", RulesetError)
    assert found.code == "KR170"


def test_a_broken_base_is_told_together_with_the_own_files(tmp_path):
    found = refused(extend(tmp_path, "x = y z\n", base="a = b c\n"), RulesetError)
    assert len(found) == 1  # what a broken file extends is not known
    write(tmp_path, mine__more="x = y z\n", mine__rules=MINE)
    found = refused(tmp_path / "mine", RulesetError)
    assert [each.place.file.rsplit("/", 2)[-2] for each in found] == ["base", "mine"]

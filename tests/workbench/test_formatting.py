"""What an author gets from the layout: one way of writing, every comment in its place, the same meaning."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from random import Random

import pytest
import tomli
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from kamrules import RulesetError, load_ruleset
from kamrules.compiler import compile_with_cases
from kamrules.compiler.program import Condition, Logic
from kamrules.diagnostics import DataError
from kamrules.expression import without_spans
from kamrules.expression.nodes import Node
from kamrules.workbench.formatting import formatted, write
from tests.strategies import cases
from tests.strategies.functions import plugged
from tests.workbench.untidy import Untidy

HERE = Path(__file__).parent
SHIPPED = Path(__file__).parents[2] / "rulesets"
HEADER = '[ruleset]\nname = "own"\nversion = "1"\n\n'
WORDS = """
[table.accounts.column]
revenue = { type = "money" }
margin = { type = "share" }
age = { type = "days" }
kind = { type = "choice", choices = ["a", "b"] }
good = { type = "bool" }
"""


def laid_out(tmp_path, text):
    """Return the text of a file in the one layout, which is also that of the layout."""
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8", newline="")
    write(formatted(load_ruleset(path)))
    once = path.read_bytes().decode()
    write(formatted(load_ruleset(path)))
    assert path.read_bytes().decode() == once
    return once


def rules(tmp_path, text):
    """Return what becomes of rules over a few words, without the words."""
    lead = HEADER + WORDS.lstrip() + "\n"
    found = laid_out(tmp_path, lead + text)
    assert found.startswith(lead)
    return found.removeprefix(lead)


def meaning(path):
    """Return what a ruleset means: its program and tests, without where and how they are written."""
    program, tests, problems = compile_with_cases(load_ruleset(path, functions=plugged()))
    return _meant((program, tests)), sorted((each.code, each.message) for each in problems)


def _meant(value):
    if isinstance(value, Condition):
        return [_meant(each) for each in _joined(value)]
    if isinstance(value, Node):
        return without_spans(value)
    if dataclasses.is_dataclass(value):
        names = [each.name for each in dataclasses.fields(value)]
        return {
            name: _meant(getattr(value, name))
            for name in names
            if name not in {"place", "digest", "texts_by_place", "text"}
        }
    if isinstance(value, dict):
        return [(key, _meant(each)) for key, each in value.items()]
    if isinstance(value, list | tuple):
        return [_meant(each) for each in value]
    return value


def _joined(condition):
    """Return what all must hold, whether a list says so or `and`."""
    if condition.logic is Logic.ALL:
        return [part for each in condition.members for part in _joined(each)]
    if condition.logic is Logic.EXPRESSION:
        return [without_spans(each) for each in _ands(condition.expression)]
    return [(condition.logic, condition.needed, *(_meant(each) for each in condition.members))]


def _ands(node):
    if type(node).__name__ != "And":
        return [node]
    return [part for each in node.items for part in _ands(each)]


@pytest.mark.parametrize("name", sorted(each.name for each in SHIPPED.iterdir()))
def test_a_shipped_ruleset_keeps_its_meaning_its_comments_and_after_that_its_layout(name, tmp_path):
    ruleset = load_ruleset(SHIPPED / name)
    for each in formatted(ruleset):
        path = tmp_path / Path(each.file).relative_to(SHIPPED)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(each.after, encoding="utf-8")
        assert comments(each.after) == comments(each.before)
    again = tmp_path / name
    assert meaning(again) == meaning(SHIPPED / name)
    assert not any(each.changed for each in formatted(load_ruleset(again)))


def comments(text):
    return sorted(line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))


@pytest.mark.parametrize("start", range(4))
def test_whatever_an_author_writes_means_the_same_laid_out_and_every_comment_stays(start, tmp_path):
    @seed(start)
    @settings(
        max_examples=25,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(), st.integers(0, 2**32))
    def every(case, number):
        untidy = Untidy(Random(number))
        before, after = tmp_path / "before.toml", tmp_path / "after.toml"
        text = untidy.text(tomli.loads(case.ruleset))
        before.write_text(text, encoding="utf-8", newline="")
        (file,) = formatted(load_ruleset(before, functions=plugged()))
        after.write_text(file.after, encoding="utf-8", newline="")
        assert meaning(after) == meaning(before)
        (again,) = formatted(load_ruleset(after, functions=plugged()))
        assert again.diff() == ""
        numbers = [int(each) for each in re.findall(r"#\s*comment (\d+)", file.after)]
        assert sorted(numbers) == list(range(1, untidy.count + 1))
        stand_by_their_keys(file.after.splitlines(), untidy)

    every()


def stand_by_their_keys(lines, untidy):
    """Check that comments above a key still do, and those behind a value on one line are still there."""
    for at, line in enumerate(lines):
        found = re.search(r"comment \d+$", line)
        if found is None:
            continue
        above, behind = untidy.above.get(found[0]), untidy.behind.get(found[0])
        if above is not None:
            key = next(each for each in lines[at:] if each and not each.startswith("#"))
            assert key.startswith(f"{above} = ")
        elif behind is not None and not line.startswith(("]", "}")):
            assert line.startswith((f"{behind} = ", "#", "]", "}")) or "] }" in line


def test_keys_stand_in_the_order_of_the_models_and_take_their_comments_along(tmp_path):
    assert rules(
        tmp_path,
        """
# what many ask for
[fact.much]
source=["1"]   # the clause
   # in money
value   =   "revenue>=1000 and good"
type= 'bool'
""".lstrip(),
    ) == (
        """
# what many ask for
[fact.much]
type = "bool"
# in money
value = "revenue >= 1000 and good"
source = ["1"]  # the clause
""".lstrip()
    )


def test_a_comment_on_the_whole_table_stays_on_top_of_it(tmp_path):
    text = '[fact.much]\n# Two facts in one.\n\nvalue = "good"\ntype = "bool"\n'
    assert rules(tmp_path, text) == (
        '[fact.much]\n# Two facts in one.\n\ntype = "bool"\nvalue = "good"\n'
    )


@pytest.mark.parametrize(
    ("written", "settled"),
    [
        ('"good and not(revenue<5)"', '["good", "not revenue < 5"]'),
        ('"good and (revenue > 5 or kind==\\"a\\")"', "[\"good\", \"revenue > 5 or kind == 'a'\"]"),
        ('["good and (revenue>1 and age>2d)", \'good\']',
         '["good", "revenue > 1", "age > 2d", "good"]'),
        ('{any=["good and revenue>1"]}', '{ any = ["good and revenue > 1"] }'),
        ('{ of = ["good","revenue>1"], at_least=1 }',
         '{ at_least = 1, of = ["good", "revenue > 1"] }'),
        ('"revenue >= 10000 or 1<=revenue<2"', '"revenue >= 10_000 or 1 <= revenue < 2"'),
        ('"margin > 0.2 or margin>20%"', '"margin > 0.2 or margin > 20%"'),
        ('"1<=revenue<2"', '"1 <= revenue < 2"'),
        ('"revenue in[1..2)"', '"revenue in [1..2)"'),
    ],
)  # fmt: skip
def test_a_condition_is_written_the_one_way_and_its_and_becomes_a_list(tmp_path, written, settled):
    lead = '[class.key]\nwhen = "good"\n\n[class.other]\nwhen = "not good"\n\n[phase.one]\n'
    found = rules(tmp_path, f"{lead}when = {written}\n")
    assert found == f"{lead}when = {settled}\n"


def test_intervals_and_numbers_are_written_the_one_way(tmp_path):
    text = """
[score.worth]
band = {low = '[ 0 .. 40 )', high = "[40.. 100]"}
[criterion.size]
value = "revenue"
scale = [{points = 0, in = "[..10000)"},{points=100,in="[ 10000..]"}]
weight = 12345
score = "worth"
""".lstrip()
    assert rules(tmp_path, text) == (
        """
[score.worth]
band = { low = "[0..40)", high = "[40..100]" }

[criterion.size]
score = "worth"
weight = 12_345
value = "revenue"
scale = [{ in = "[..10_000)", points = 0 }, { in = "[10_000..]", points = 100 }]
""".lstrip()
    )


def test_a_list_is_broken_where_it_does_not_fit_or_where_its_author_broke_it(tmp_path):
    many = ", ".join(f'"revenue > {each}_000_000"' for each in range(1, 7))
    text = f"""
[phase.one]
when = [{many}]

[phase.two]
when = ["good",
  "revenue > 1"]

[phase.three]
when = [ # both
  "good", # of them

  # and this
  "revenue > 1"
  # no more
]
source = ["1",
"2"]
""".lstrip()
    broken = "".join(f'  "revenue > {each}_000_000",\n' for each in range(1, 7))
    assert rules(tmp_path, text) == (
        f"""
[phase.one]
when = [
{broken}]

[phase.two]
when = [
  "good",
  "revenue > 1",
]

[phase.three]
when = [  # both
  "good",  # of them

  # and this
  "revenue > 1",
  # no more
]
source = ["1", "2"]
""".lstrip()
    )


def test_blank_lines_are_one_at_most_and_a_rule_has_one_above_it(tmp_path):
    text = '[phase.one]\n\nwhen = "good"\n[phase.two]\n\n\n\n# last\nwhen = "not good"\n\n\n# end\n\n\n'
    assert rules(tmp_path, text) == (
        '[phase.one]\nwhen = "good"\n\n[phase.two]\n# last\nwhen = "not good"\n\n# end\n'
    )


def test_columns_named_like_keys_and_texts_that_look_like_conditions_stay_as_they_are(tmp_path):
    text = """
[table.visits.column]
when = { type = "date" }
[persona.one]
as_of = 2026-06-30
[persona.one.facts]
visits = [{ when = 2026-01-01 }]
name = "a  and  b"
[table.accounts.column.name]
type = "text"
""".lstrip()
    found = rules(tmp_path, text)
    assert 'name = "a  and  b"' in found
    assert "visits = [{ when = 2026-01-01 }]" in found


def test_a_rule_that_is_switched_off_may_hold_what_nobody_can_read(tmp_path):
    text = '[action.later]\nwhen  = "soon =  1"\nenabled = false\n'
    base = tmp_path / "base.toml"
    action = 'title = "T"\nwhen = "good"\npriority = 1\nowner = "me"\ndue_days = 1\nbecause = "B"\n'
    base.write_text(f"{HEADER}{WORDS}[role.me]\n[action.later]\n{action}", encoding="utf-8")
    own = tmp_path / "rules.toml"
    own.write_text(HEADER.replace("\n\n", '\nextends = ["base.toml"]\n\n') + text, encoding="utf-8")
    (file,) = formatted(load_ruleset(own))
    assert file.after.endswith('[action.later]\nwhen = "soon =  1"\nenabled = false\n')


def test_lines_that_end_the_windows_way_still_do(tmp_path):
    text = '[phase.one]\nwhen="good"\n'
    lead = HEADER + WORDS.lstrip() + "\n"
    found = laid_out(tmp_path, ("\ufeff" + lead + text).replace("\n", "\r\n"))
    assert found == (lead + '[phase.one]\nwhen = "good"\n').replace("\n", "\r\n")


def test_expressions_that_cannot_be_read_are_told_all_at_once(tmp_path):
    path = tmp_path / "rules.toml"
    text = f'{HEADER}{WORDS}[phase.one]\nwhen = "godo"\n[phase.two]\nwhen = "margin > 20"\n'
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RulesetError) as error:
        formatted(load_ruleset(path))
    assert [each.code for each in error.value.diagnostics] == ["KR200", "KR208"]


def test_of_several_files_none_is_written_when_one_cannot_be(tmp_path, monkeypatch):
    (tmp_path / "a.toml").write_text(HEADER + "[parameter.x]\nvalue=1\ntype='number'\n")
    (tmp_path / "b.toml").write_text("[parameter.y]\nvalue=1\ntype='number'\n")
    files = formatted(load_ruleset(tmp_path))
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    written = Path.write_bytes

    def full(self, content):
        if "b.toml" in self.name:
            written(self, content[:3])
            raise OSError(28, "No space left on device")
        return written(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"b\.toml` cannot be written: no space left on device"):
        write(files)
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before

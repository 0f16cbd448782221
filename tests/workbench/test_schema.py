"""What editors know of a ruleset: its schema is right, and tombi completes, explains and warns by it."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path

import pytest
import tomli
from jsonschema import Draft202012Validator

from kamrules.document import load_ruleset, shipped_folder
from kamrules.workbench.schema import associate, book_schema, ruleset_schema
from kamrules.workbench.starting import start
from tests.workbench.editing import SHIPPED, TOMBI, environment, lint, shipped, small
from tests.workbench.language_server import LanguageServer


def plain(value):
    """Return TOML as JSON: dates as texts."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def told(schema):
    """Yield every key that a schema tells of, with its own schema."""
    for table in (schema, *schema["$defs"].values()):
        yield from table.get("properties", {}).items()


def test_the_schemas_are_schemas(tmp_path):
    ruleset = load_ruleset(small(tmp_path))
    for each in (
        ruleset_schema(),
        ruleset_schema(ruleset, SHIPPED),
        book_schema(),
        book_schema(ruleset),
    ):
        Draft202012Validator.check_schema(each)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_is_as_the_schemas_say(name):
    validators = [
        Draft202012Validator(each)
        for each in (ruleset_schema(), ruleset_schema(load_ruleset(name), SHIPPED))
    ]
    files = sorted((shipped_folder() / name).rglob("*.toml"))
    assert files
    for path in files:
        written = plain(tomli.loads(path.read_text(encoding="utf-8")))
        for each in validators:
            problem = next(each.iter_errors(written), None)
            assert problem is None, f"{path}: {problem.json_path} {problem.message}"


def test_every_key_has_something_to_tell():
    ruleset = load_ruleset("kam")
    for schema in (
        ruleset_schema(), ruleset_schema(ruleset), book_schema(), book_schema(ruleset)
    ):  # fmt: skip
        silent = [key for key, each in told(schema) if not each.get("description")]
        # a label of a choice has no text of its own
        assert [each for each in silent if ".choices." not in each] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_tombi_finds_nothing_in_a_shipped_ruleset(name, tmp_path):
    assert lint(shipped(name, tmp_path)) == []


MISTAKES = {
    'action.x.ownr = "account_manager"': ("error", '"ownr" is not allowed'),
    "action.x.title = 3": ("error", "expected a value of type String, but found Integer"),
    "action.x.priority = 120": ("error", "the value must be ≤ 100, but found 120"),
    'action.x.due_days = "30"': ("error", '"30" does not match the pattern'),
    'action.x.excludes = ["nothing"]': ("warning", 'excludes[0] = "nothing"'),
    'action.x.source = ["9.9"]': ("warning", 'source[0] = "9.9"'),
    'action.x.cooldown_days = "key_revenue"': ("warning", 'cooldown_days = "key_revenue"'),
    'action.write_account_plan.ownr = "x"': ("error", '"ownr" is not allowed'),
    'path.up.to = "kye"': ("warning", 'path.up.to = "kye"'),
    'criterion.x.score = "atractiveness"': ("warning", 'score = "atractiveness"'),
    "criterion.x.weight = -1": ("error", "the value must be ≥ 0, but found -1"),
    "parameter.key_revenue.value = 99_000_000": ("error", "the value must be ≤ 10000000"),
    "parameter.key_revenue.value = 1": ("error", "the value must be ≥ 200000"),
    'parameter.key_revenue.value = "much"': ("error", "but found String"),
    'parameter.x.type = "monye"': ("error", 'but found "monye"'),
    "fact.x.infolevel = 2": ("error", '"infolevel" is not allowed'),
    "table.orders.order = 1": ("error", "but found Integer"),
    'table.orders.order = "amount"': ("warning", 'order = "amount"'),
    'class.key.when = { any = ["x"], foo = 1 }': ("error", '"foo" is not allowed'),
    "class.Key.level = 1": ("error", "does not match the pattern"),
    'persona.a.facts.switching_cost = "lots"': ("error", 'one of ["low", "medium", "high"]'),
    "persona.a.facts.sitez = 3": ("warning", "sitez = 3"),
    "persona.a.facts.orders = [{ dat = 2026-01-01 }]": ("warning", "orders[0].dat"),
    'persona.a.facts.orders = [{ date = "soon" }]': ("error", "expected a value of type LocalDate"),
    'test.a.given = "nobody"': ("warning", 'given = "nobody"'),
    'test.a.expect.class = "kye"': ("warning", 'class = "kye"'),
    'test.a.expect.class_move = "sideways"': ("error", 'but found "sideways"'),
    'test.a.expect.met = ["ordinary_to_key.size"]': ("warning", "met[0]"),
    'test.a.expect.scores.trust = "warm"': ("warning", 'trust = "warm"'),
    'test.a.expect.facts.switching_cost = "lots"': ("error", 'but found "lots"'),
    "test.a.set.key_revenue = 1": ("error", "the value must be ≥ 200000"),
    "test.a.before.proposed.nothing = 2026-01-01": ("warning", "proposed.nothing"),
    'message.zh."action.write_account_plan.titel" = "x"': ("warning", "titel"),
    "ruleset.version = 1": ("error", "but found Integer"),
    "rulesets.name = 1": ("error", '"rulesets" is not allowed'),
}  # fmt: skip


@pytest.fixture(scope="module")
def kam(tmp_path_factory):
    """Give the ruleset `kam` in a folder of its own, with its schemas."""
    return shipped("kam", tmp_path_factory.mktemp("editing"))


@pytest.fixture(scope="module")
def found(kam):
    """Give what tombi finds in each mistake, by its text."""
    folder = kam / "mistakes"
    folder.mkdir()
    for number, text in enumerate(MISTAKES):
        (folder / f"{number}.toml").write_text(text + "\n", encoding="utf-8")
    told = lint(kam, "mistakes")
    shutil.rmtree(folder)
    return {
        text: [each[2:] for each in told if Path(each[0]).name == f"{number}.toml"]
        for number, text in enumerate(MISTAKES)
    }


@pytest.mark.parametrize("text", MISTAKES)
def test_tombi_tells_of_a_mistake(text, found):
    level, message = MISTAKES[text]
    assert [each for each in found[text] if each[0] == level and message in each[1]], found[text]
    assert level == "error" or {each[0] for each in found[text]} == {"warning"}


def test_what_is_written_since_is_no_error(tmp_path):
    place = small(tmp_path)
    associate(place, load_ruleset(place))
    new = """
[class.best]
[path.up]
from = "all"
to = "best"
[role.clerk]
[action.write]
title = "Write"
when = "newer"
priority = 1
owner = "clerk"
due_days = "soon"
because = "It is new"
[parameter.soon]
type = "days"
value = 3
[parameter.enough]
value = 50
high = 100
[table.accounts.column]
since = { type = "date" }
[persona.bert.facts]
since = 2026-01-01
[message.zh]
"action.write.title" = "写信"
[message.zh.role.clerk]
title = "职员"
"""
    (place / "new.toml").write_text(new, encoding="utf-8")
    told = lint(place)
    assert {each[2] for each in told} == {"warning"}
    assert [each[3].partition(" = ")[0].strip("`") for each in told] == [
        "path.up.to",
        "action.write.owner",
        "action.write.due_days",
        "persona.bert.facts.since",
        'message.zh."action.write.title"',
    ]


def test_writing_the_schema_again_makes_them_known(tmp_path):
    more = '[path.up]\nfrom = "all"\nto = "best"\n[class.best]\nwhen = "big"\n'
    place = small(tmp_path)
    associate(place, load_ruleset(place))
    (place / "more.toml").write_text(more, encoding="utf-8")
    assert [each[1:3] for each in lint(place)] == [(3, "warning")]
    associate(place, load_ruleset(place))
    assert lint(place) == []


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """Give a new ruleset, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("new") / "our rules"
    start(folder, extends="kam")
    return folder


@pytest.fixture(scope="module")
def editor(ours):
    """Give tombi, as an editor starts it, with the new ruleset open."""
    with LanguageServer([TOMBI, "lsp", "--offline"], ours, environment(ours.parent)) as server:
        server.open(ours / "wrong.toml", "wrong = 1\n", wrong=True)
        yield server


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('[action.x]\nowner = "|"\n', "executive_sponsor sales_manager"),
        ('[criterion.x]\nscore = "|"\n', "attractiveness trust"),
        ('[path.x]\nto = "|"\n', "key ordinary"),
        ("[action.x]\n|\n", "title when priority owner due_days because"),
        ("[action.|]\n", "write_account_plan call_notable_account"),
        ("[parameter.|]\n", "key_revenue notable_annual_revenue"),
        ("[tier.partner.gate.|]\n", "top_contact trust"),
        ('[fact.x]\ntype = "|"\n', "money choice"),
        ('[fact.x]\nsource = ["|"]\n', "2.4"),
        ('[ruleset]\nextends = ["|"]\n', "kam portfolio"),
        ('[strategy.x]\nteam = ["account_manager", "|"]\n', "executive_sponsor"),
        ("[persona.x.facts]\n|\n", "annual_revenue orders"),
        ('[persona.x.facts]\nswitching_cost = "|"\n', "low medium high"),
        ("[persona.x]\nfacts = { orders = [{ | }] }\n", "date amount"),
        ('[test.x]\nexpect = { tier = "|" }\n', "partner none"),
        ('[test.x.expect]\nmet = ["|"]\n', "ordinary_to_key.volume"),
        ("[test.x.set]\n|\n", "key_revenue"),
        ("[signal.x]\n|\n", "after then without at_least within_days same for_days"),
        ('[signal.x]\nafter = "|"\n', "complaints activities"),
        ('[signal.x]\nsame = "|"\n', "contact subject"),
        ('[signal.x]\nsame = ["contact", "|"]\n', "level subject"),
        ('[signal.x]\nwithin_days = "|"\n', "management_answers"),
        ("[signal.|]\n", "complaint_repeated orders_stopped"),
        ("[message.zh]\n|\n", "action.write_account_plan.title"),
    ],
)
def test_tombi_completes_with_the_ids_of_the_ruleset(written, wanted, editor):
    offered = editor.completions(written)
    assert set(wanted.split()) <= set(offered)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('[action.x]\nwh|en = "a"\n', 'An expression such as "revenue_12m >= key_revenue"'),
        ('[action.x]\nown|er = "sales_manager"\n', "The role that does it"),
        ('[action.x]\nowner = "sales|_manager"\n', "Sales manager: "),
        ('[action.x]\nowner = "no|body"\n', "`kamrules check` tells whether there is one by now"),
        ("[parameter.key_re|venue]\nvalue = 1\n", "Yearly revenue that makes an account key"),
        ("[parameter.key_revenue]\nva|lue = 900_000\n", "from 200_000 to 10_000_000"),
        ("[persona.x.facts]\nannual_|revenue = 1\n", "The customer's own revenue in a year"),
        (
            '[message.zh]\n"action.call_notable_|account.title" = "x"\n',
            "Call {name} about its plans",
        ),
        ("[action.x]\nprio|rity = 5\n", "How urgent it is, 0 to 100"),
        ("[signal.x]\nwith|out = 'orders'\n", "What must not come after it, within the days"),
        ("[signal.x]\nsame = 'sub|ject'\n", "complaints"),
        ("[signal.complaint_re|peated]\n", "The same complaint again"),
        ("[fact.x]\nco|st = 2\n", "What one step of a change costs"),
    ],
)
def test_tombi_explains_what_stands_there(written, wanted, editor):
    assert wanted in editor.hover(written)


def test_tombi_finds_nothing_in_a_new_ruleset_and_what_is_beside_it(editor, ours):
    for name in ("ruleset.toml", ".tombi.toml", ".taplo.toml"):
        assert editor.open(ours / name, (ours / name).read_text(encoding="utf-8")) == []


def test_tombi_knows_the_rules_when_the_folder_above_is_open(ours):
    above = ours.parent
    with LanguageServer([TOMBI, "lsp", "--offline"], above, environment(above)) as server:
        found = server.open(ours / "wrong.toml", "role.x.titel = 1\n", wrong=True)
        assert [each["message"] for each in found] == ['"titel" is not allowed']


BOOK = """#:schema small/.kamrules/book.schema.json

[book]
as_of = 2026-06-30
[table.accounts]
from = "csv:accounts.csv"
[table.accounts.column]
size = {{ column = "revenue", times = 1_000 }}
kind = {{ values = {{ o = "{meant}" }} }}
{column} = "country"
[table.orders]
fromm = "csv:orders.csv"
"""


def test_the_file_of_a_book_is_known_too(tmp_path):
    place = small(tmp_path)
    associate(place, load_ruleset(place))
    (tmp_path / "book.toml").write_text(BOOK.format(meant="ancient", column="siez"))
    assert [each[1:3] for each in lint(tmp_path, "book.toml")] == [
        (9, "error"), (10, "warning"), (11, "error"), (12, "error"),
    ]  # fmt: skip
    right = BOOK.format(meant="old", column="account_id").replace("fromm", "from")
    (tmp_path / "book.toml").write_text(right)
    assert lint(tmp_path, "book.toml") == []


def test_a_ruleset_without_anything_has_a_schema_too(tmp_path):
    (tmp_path / "r.toml").write_text('[ruleset]\nname = "r"\nversion = "1"\n')
    schema = ruleset_schema(load_ruleset(tmp_path / "r.toml"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"action": {"x": {"owner": "boss", "due_days": "soon"}}})
    assert not validator.is_valid({"action": {"x": {"ownr": "boss"}}})
    assert json.dumps(schema)

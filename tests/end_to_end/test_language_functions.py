"""A plug-in that adds a function to the rule language, used by the installed command from check to run."""

from __future__ import annotations

import csv
import json

import pytest

from tests.commands import start
from tests.end_to_end.plugged import plug_in
from tests.end_to_end.scene import FILES

PLUG_IN = r"""
from kamrules.contracts import LanguageFunction

def vat_country(number):
    head = number[:2].upper()
    return head if len(head) == 2 and head.isascii() and head.isalpha() else None

VAT = LanguageFunction(
    "vat_country", ("text",), "text", vat_country,
    "CASE WHEN regexp_matches(left({0}, 2), '^[A-Za-z]{2}$') THEN upper(left({0}, 2)) END",
    ((("DE123",), "DE"), (("at9",), "AT"), (("1x",), None), (("",), None)),
    "The country of a VAT number",
)

@hookimpl
def register_functions(register):
    register(VAT)
"""
RULES = FILES["rules.toml"].replace(
    'name = { type = "text" }', 'name = { type = "text" }\nvat = { type = "text" }'
).replace(
    "[role.seller]",
    '[fact.land]\ntype = "text"\nvalue = "coalesce(vat_country(vat), \'none\')"\n\n[role.seller]',
).replace(
    "{name} bought for {revenue}.", "{name} bought for {revenue} in {land}."
)  # fmt: skip
ACCOUNTS = """\
account_id,name,rating,vat
A1,Acme,gold,at77
B2,Béta,gold,
C3,Gamma,gold,12
D4,Delta,gold,de
"""
LANDS = {"A1": "AT", "B2": "none", "C3": "none", "D4": "DE"}


@pytest.fixture
def scene(tmp_path):
    """Return what changes the plug-in and starts a command, in a folder with rules and a book."""
    files = FILES | {"rules.toml": RULES, "accounts.csv": ACCOUNTS}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    environ = plug_in(tmp_path, PLUG_IN)

    def run(*words, change=("", ""), **more):
        path = tmp_path / "data" / "kamrules_probe.py"
        text = path.read_text(encoding="utf-8")
        assert change[0] in text
        path.write_text(text.replace(*change), encoding="utf-8")
        told = start(*words, cwd=tmp_path, **(environ | more))
        path.write_text(text, encoding="utf-8")
        return told

    return run


def test_rules_that_call_it_are_checked_and_decide_a_book_and_an_account_alike(scene, tmp_path):
    told = scene("check", "rules.toml")
    assert (told.status, told.err) == (0, "rules.toml: nothing to complain about\n"), told
    told = scene("run", "book.toml", "--ruleset", "rules.toml", "--out", "out", "--format", "csv")
    assert told.status == 0, told.err
    with (tmp_path / "out" / "actions.csv").open(encoding="utf-8", newline="") as file:
        reasons = {each["account_id"]: each["reason"] for each in csv.DictReader(file)}
    assert {key: each.rsplit(" ", 1)[1] for key, each in reasons.items()} == {
        key: f"{land}." for key, land in LANDS.items()
    }
    for account in csv.DictReader(ACCOUNTS.splitlines()):
        (tmp_path / "facts.json").write_text(json.dumps(account), encoding="utf-8")
        told = scene("decide", "facts.json", "--ruleset", "rules.toml", "--as-of", "2026-06-30")
        assert told.status == 0, told.err
        decision = json.loads(told.out)
        wanted = LANDS[account["account_id"]]
        assert [each["reason"].rsplit(" ", 1)[1] for each in decision["actions"]] == [f"{wanted}."]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("explain", "book.toml", "A1", "--ruleset", "rules.toml"), "in AT"),
        (("verify", "rules.toml"), "rules that exclude each other            1 proved"),
        (("sql", "rules.toml", "--dialect", "postgres"), "UPPER(LEFT("),
        (("fmt", "rules.toml", "--check"), ""),
        (("docs", "rules.toml", "--out", "pages"), ""),
        (("coverage", "rules.toml"), ""),
        (("diff", "rules.toml", "rules.toml", "--book", "book.toml"), ""),
        (("sensitivity", "rules.toml", "--book", "book.toml"), ""),
        (("plugins",), "functions: vat_country"),
        (("new", "ours", "--extends", "rules.toml"), ""),
        (("serve", "rules.toml", "--store", "book.db", "--check"), ""),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)  # fmt: skip
def test_every_command_knows_it(scene, words, told):
    found = scene(*words)
    assert "KR2" not in found.err, found.err
    assert found.status in {0, 1}, found
    assert told in found.out


def test_a_plug_in_with_one_form_is_switched_off_by_name_and_the_others_go_on(scene):
    told = scene("check", "kam", change=('    "CASE', '    None and "CASE'))
    assert told.status == 0
    assert (
        "warning[KR716]: function `vat_country` of plug-in `probe` has no SQL form; it is switched off"
        in told.err
    )
    told = scene("check", "rules.toml", change=('"text", vat_country,', '"text", None,'))
    assert told.status == 3
    assert "has no Python form" in told.err
    assert "error[KR204]: there is no function `vat_country`" in told.err


def test_a_form_that_does_something_else_stops_a_run_before_it_begins(scene, tmp_path):
    change = ("THEN upper(", "THEN lower(")
    words = ("run", "book.toml", "--ruleset", "rules.toml", "--out", "out")
    told = scene(*words, change=change)
    assert told.status == 3
    assert (
        "error[KR719]: `vat_country('DE123')` of plug-in `probe` is 'de' in SQL, and its example says 'DE'"
        in told.err
    )
    assert not (tmp_path / "out").exists()


def test_a_form_that_is_no_expression_cannot_become_sql(scene):
    told = scene("check", "rules.toml", change=('"CASE', '"(SELECT 1); DROP TABLE x; CASE'))
    assert told.status == 3
    assert "error[KR718]: the SQL form of `vat_country` of plug-in `probe`" in told.err


def test_who_does_not_call_it_does_not_wait_for_the_sql_engine(scene):
    """`check` of another ruleset loads neither DuckDB nor sqlglot."""
    shown = "print('duckdb' in sys.modules, 'sqlglot' in sys.modules)"
    code = f"\nimport atexit, sys\natexit.register(lambda: {shown})\n"
    told = scene("check", "kam", change=("\n@hookimpl", f"{code}\n@hookimpl"))
    assert told.out.splitlines()[-1:] == ["False False"], told
    told = scene("check", "rules.toml", change=("\n@hookimpl", f"{code}\n@hookimpl"))
    assert told.out.splitlines()[-1:] == ["True True"], told

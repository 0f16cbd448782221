"""`kamrules diff` and `kamrules run --require-diff`: what they print and write, and how they end."""

from __future__ import annotations

import json

import pytest

from tests.commands import run

RULES = """[ruleset]
name = "rules"
version = "1"
hit = "first"
languages = ["en", "zh"]
[parameter.limit]
type = "money"
value = 2_000_000
[table.accounts.column]
name = { type = "text" }
revenue = { type = "money" }
[fact.revenue_12m]
type = "money"
value = "revenue"
[class.key]
title = "Key"
level = 2
when = "revenue >= limit"
[class.ordinary]
level = 1
[role.seller]
[action.visit]
title = "Visit"
when = "class == 'key'"
priority = 50
owner = "seller"
due_days = 7
effort_hours = 2
because = "It is key."
[message.zh]
"class.key.title" = "关键客户"
"""
ACCOUNTS = "account_id,name,revenue\nA1,Globex,2100000\nA2,Initech,2600000\nA3,Hooli,900\n"


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.toml").write_text(RULES, encoding="utf-8")
    new = RULES.replace("2_000_000", "2_500_000")
    (tmp_path / "new.toml").write_text(new, encoding="utf-8")
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")


BOOK = ("--book", "accounts.csv", "--as-of", "2026-06-30")


def test_edits_are_told_and_what_they_touch():
    told = run("diff", "old.toml", "new.toml")
    assert (told.status, told.err) == (0, "")
    assert "rules 1 -> rules 1: 1 edit of what is decided" in told.out
    assert "parameter.limit   2,000,000   2,500,000   new.toml:8" in told.out
    assert "Read what was edited: class.key\n" in told.out
    assert "Read these, directly or through others: action.visit\n" in told.out
    assert "Identical for every possible account: tier, phase, strategy\n" in told.out


def test_two_that_mean_the_same_have_no_difference_in_meaning(tmp_path):
    text = RULES.replace('"revenue >= limit"', '["revenue>=limit"] # enough')
    (tmp_path / "new.toml").write_text(text, encoding="utf-8")
    told = run("diff", "old.toml", "new.toml", "--exit-code")
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith("rules 1 -> rules 1: no difference in meaning\n")


def test_a_difference_ends_with_1_when_asked_to():
    assert run("diff", "old.toml", "new.toml", "--exit-code").status == 1


def test_the_effect_on_a_book_is_told_with_its_cause():
    told = run("diff", "old.toml", "new.toml", *BOOK)
    assert (told.status, told.err) == (0, "")
    lines = [" ".join(each.split()) for each in told.out.splitlines()]
    assert (
        "3 accounts of accounts as of 2026-06-30: 2 unchanged, 1 changed with a revenue of 2,100,000"
        in lines
    )
    assert "key ordinary parameter.limit 1 2,100,000" in lines
    assert "visit parameter.limit 2 - -1 -2.0" in lines
    assert "A1 key -> ordinary, - visit parameter.limit 2,100,000" in lines
    assert "Hours of all proposed actions: 4.0 -> 2.0, -2.0" in lines


def test_more_accounts_than_are_listed_are_counted():
    told = run("diff", "old.toml", "new.toml", *BOOK, "--show", "0", "--set", "limit=3_000_000")
    assert "and 2 more accounts; --show lists more" in told.out


def test_settings_are_of_the_new_ruleset():
    told = run("diff", "old.toml", "old.toml", "--set", "limit=7", "--json")
    (edit,) = json.loads(told.out)["edits"]
    assert (edit["address"], edit["was"], edit["becomes"]) == ("parameter.limit", "2,000,000", "7")
    assert edit["file"] == "--set"


@pytest.mark.parametrize("words", [("--json",), ("--format", "json")])
def test_json_holds_everything(words):
    told = json.loads(run("diff", "old.toml", "new.toml", *BOOK, *words).out)
    assert told["old"]["digest"] != told["new"]["digest"]
    effect = told["effect"]
    (move,) = effect["class_moves"]
    assert move == {
        "was": "key", "becomes": "ordinary", "accounts": 1, "revenue": 2100000.0,
        "cause": {"enough": ["parameter.limit"], "needed": ["parameter.limit"], "among": []},
    }  # fmt: skip
    (account,) = effect["changed_accounts"]
    assert (account["account_id"], account["name"]) == ("A1", "Globex")


def test_markdown_is_fit_for_a_review(tmp_path):
    text = RULES.replace("revenue >= limit", "revenue >= limit or revenue in [1..2)")
    (tmp_path / "new.toml").write_text(text.replace("limit\ntype", "l\ntype"), encoding="utf-8")
    told = run("diff", "old.toml", "new.toml", *BOOK, "--format", "md")
    assert told.out.startswith("# rules 1 -\\> rules 1: 1 edit of what is decided\n\n| Edit |")
    row = "| `class.key.when` | `revenue >= limit` | `revenue >= limit or revenue in [1..2)` |"
    assert f"{row} `new.toml:18` |" in told.out
    assert "## 3 accounts of accounts as of 2026-06-30: 3 unchanged, 0 changed" in told.out


@pytest.mark.parametrize(
    "option", ["--show=5", "--top=2", "--as-of=2026-06-30", "--leave-out", "--state=x.db"]
)
def test_options_about_a_book_need_one(option):
    told = run("diff", "old.toml", "new.toml", option)
    assert told.status == 2
    assert f"error[KR864]: `{option.partition('=')[0]}` says something about a book" in told.err


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("old.toml", "nothing.toml"), 2, "KR100"),
        (("HEAD:old.toml", "new.toml"), 2, "KR846"),
        (("old.toml", "broken.toml"), 3, "KR1"),
        (("old.toml", "new.toml", "--book", "accounts.csv"), 2, "KR800"),
        (("old.toml", "new.toml", "--book", "no.csv"), 2, "KR6"),
        (("old.toml", "new.toml", "--out", "accounts.csv/review.json"), 4, "KR802"),
        (("old.toml",), 2, "KR8"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, monkeypatch, words, status, code):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "broken.toml").write_text(RULES.replace("level = 2", "levl = 2"), encoding="utf-8")
    told = run("diff", *words)
    assert told.status == status
    assert f"error[{code}" in told.err


# --require-diff

RUN = ("run", "accounts.csv", "--as-of", "2026-06-30", "-q")


def review(*words):
    assert run("diff", "old.toml", "new.toml", "--out", "review.json", *words).status == 0


def test_what_was_reviewed_is_run_and_nothing_else(tmp_path):
    review()
    assert run(*RUN, "--ruleset", "new.toml", "--require-diff", "review.json").status == 0
    report = (tmp_path / "kamrules-out" / "run.json").read_bytes()
    told = run(*RUN, "--ruleset", "old.toml", "--require-diff", "review.json")
    assert told.status == 2
    assert "error[KR849]: ruleset `rules` is not what was reviewed in `review.json`" in told.err
    # nothing was written over what an earlier run wrote
    assert (tmp_path / "kamrules-out" / "run.json").read_bytes() == report


def test_an_edit_after_the_review_is_refused_and_comments_are_not(tmp_path):
    review()
    text = (tmp_path / "new.toml").read_text(encoding="utf-8")
    (tmp_path / "new.toml").write_text(f"# reviewed\n{text}", encoding="utf-8")
    assert run(*RUN, "--ruleset", "new.toml", "--require-diff", "review.json").status == 0
    (tmp_path / "new.toml").write_text(
        text.replace("due_days = 7", "due_days = 8"), encoding="utf-8"
    )
    assert run(*RUN, "--ruleset", "new.toml", "--require-diff", "review.json").status == 2


def test_settings_count_and_the_language_does_not():
    words = ("--ruleset", "new.toml", "--require-diff", "review.json")
    review("--set", "limit=3_000_000")
    assert run(*RUN, *words).status == 2
    assert run(*RUN, *words, "--set", "limit=3000000", "--lang", "zh").status == 0
    review()
    assert run(*RUN, *words, "--lang", "zh").status == 0
    assert run(*RUN, *words, "--set", "limit=3000000").status == 2


@pytest.mark.parametrize(
    "content",
    [None, b"", b"[]", b"{}", b'{"kind": "kamrules diff"}', b'{"new": {"digest": "0"}}', b"\xff\xfe",
     b"[" * 9999],
)  # fmt: skip
def test_a_file_that_is_no_review_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "review.json").write_bytes(content)
    told = run(*RUN, "--ruleset", "new.toml", "--require-diff", "review.json")
    assert told.status == 2
    assert "error[KR848]" in told.err

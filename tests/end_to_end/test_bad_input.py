"""Bad input: one clear message, the right exit status, earlier output and the state file untouched."""

from __future__ import annotations

import json
import re

import pytest

from tests.commands import start
from tests.end_to_end.scene import RUN, scene

# name: (file, text to replace (None: the whole file), by what, status, code, a part of the message)
REFUSED = {
    "a missing source file": (
        "book.toml", "accounts.csv", "acounts.csv",
        4, r"KR6\d\d", "`acounts.csv`",
    ),
    "a broken book file": (
        "book.toml", "[book]", "[book",
        4, "KR105", "book.toml:1",
    ),
    "a book file with a misspelt key": (
        "book.toml", "as_of", "asof",
        4, "KR150", "did you mean `as_of`?",
    ),
    "an unknown source": (
        "book.toml", "csv:orders", "cvs:orders",
        4, "KR704", "cvs",
    ),
    "an empty book": (
        "accounts.csv", None, "",
        4, r"KR6\d\d", "accounts",
    ),
    "a book without accounts": (
        "book.toml", "table.accounts", "table.account",
        4, "KR620", "`accounts`",
    ),
    "a broken ruleset": (
        "rules.toml", "[fact.revenue]", "[fact.revenue",
        3, "KR105", r"rules.toml:1\d",
    ),
    "a misspelt fact": (
        "rules.toml", 'value = "revenue"', 'value = "revenu"',
        3, r"KR2\d\d", "did you mean `revenue`?",
    ),
    "a wrong type": (
        "rules.toml", ">= 1000", ">= 'much'",
        3, r"KR2\d\d", "`revenue`|money",
    ),
    "an unknown choice": (
        "rules.toml", "'gold'", "'golden'",
        3, r"KR2\d\d", "did you mean 'gold'",
    ),
    "a ruleset that extends itself": (
        "rules.toml", 'version = "1"', 'version = "1"\nextends = ["rules.toml"]',
        3, "KR170", "extends itself",
    ),
    "a negative weight": (
        "rules.toml", "weight = 1", "weight = -1",
        3, r"KR\d\d\d", "-1",
    ),
    "weights that sum to nothing": (
        "rules.toml", "weight = 1", "weight = 0",
        3, "KR405", "nothing|0",
    ),
    "an unknown placeholder": (
        "rules.toml", "{name} bought", "{nam} bought",
        3, r"KR2\d\d", "did you mean `name`?",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_run_on_bad_input_is_refused_and_leaves_everything_as_it_was(name, tmp_path):
    file, old, new, status, code, part = REFUSED[name]
    place = scene(tmp_path)
    assert place.run().status == 0
    before = place.kept()
    if old is None:
        (tmp_path / file).write_text(new)
    else:
        place.replace(file, old, new)
    told = place.run()
    assert told.status == status, told.err
    assert told.out == ""
    assert re.search(rf"^error\[{code}\]: ", told.err, re.MULTILINE), told.err
    assert re.search(part, told.err), told.err
    assert told.err.count("error[") == 1, told.err
    assert "Traceback" not in told.err
    assert place.kept() == before


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (("run", "bok.toml"), 2, "did you mean `book.toml`?"),
        (("run", "book.toml", "--ruleset", "rule.toml"), 2, "`rule.toml`"),
        (("run", "book.toml", "--format", "xlsy"), 2, "did you mean `xlsx`?"),
        ((*RUN, "--set", "key=1"), 2, "has no parameter `key`"),
        ((*RUN, "--language", "tlh"), 2, "no texts in `tlh`"),
        (("explain", "book.toml", "A11", "--ruleset", "rules.toml"), 4, "did you mean `A1`?"),
        (
            ("explain", "book.toml", "A1", "--ruleset", "rules.toml", "--state", "no.db"),
            2,
            "`no.db`",
        ),
        ((*RUN[:-2], "--state", "results/state.db"), 2, "every run replaces"),
        ((*RUN[:-2], "--state", "accounts.csv"), 4, "`accounts.csv` is no memory of kamrules"),
    ],
)
def test_wrong_words_are_told_and_change_nothing(words, status, part, tmp_path):
    place = scene(tmp_path)
    assert place.run().status == 0
    before = place.kept()
    told = start(*words, cwd=tmp_path)
    assert (told.status, told.out) == (status, ""), told.err
    assert part in told.err
    assert place.kept() == before


# name: (file, text to replace, by what, code, what the report says)
GONE_ON = {
    "a duplicate account": ("accounts.csv", "C3,Gamma", "A1,Twin", "KR642", "A1"),
    "an id that matches no account": ("orders.csv", "B2,", "Z9,", "KR641", "Z9"),
    "a row without an account": ("orders.csv", "B2,", ",", "KR640", "1 of 3 rows"),
    "text in a number column": ("orders.csv", ",20\n", ",twenty\n", "KR643", "twenty"),
    "a date that is none": ("orders.csv", "2026-06-15", "2026-06-31", "KR645", "2026-06-31"),
    "a choice that is none": ("accounts.csv", "silver", "bronze", "KR644", "bronze"),
}


@pytest.mark.parametrize("name", GONE_ON)
def test_bad_data_stops_a_run_or_is_left_out_and_reported_when_told_to(name, tmp_path):
    file, old, new, code, part = GONE_ON[name]
    place = scene(tmp_path)
    place.replace(file, old, new)
    told = place.run()
    assert (told.status, told.out) == (4, "")
    assert re.search(rf"^error\[{code}\]: ", told.err, re.MULTILINE), told.err
    assert part in told.err, told.err
    assert place.kept() == {}
    told = place.run("--leave-out")
    assert told.status == 0, told.err
    assert f"[{code}]" in told.err, told.err
    assert part in told.err
    report = json.loads((tmp_path / "results/run.json").read_text())
    codes = [each["code"] for table in report["quality"]["tables"] for each in table["problems"]]
    assert codes == [code]


@pytest.mark.parametrize(
    ("old", "new", "accounts"),
    [("< 1000", "< 2000", "`A1`"), ("< 1000", "< 10", "`B2`")],
    ids=["two classes hold", "no class holds"],
)
def test_accounts_that_the_ruleset_cannot_place_are_reported_as_its_fault(
    old, new, accounts, tmp_path
):
    place = scene(tmp_path)
    place.replace("rules.toml", f"0) {old}", f"0) {new}")
    told = place.run()
    assert told.status == 0, told.err
    assert re.search(r"warning\[KR807\]: the ruleset fails for 1 account: ", told.err), told.err
    assert accounts in told.err


def test_an_output_folder_with_other_files_is_not_replaced(tmp_path):
    place = scene(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "notes.txt").write_text("call Acme")
    told = place.run()
    assert told.status == 2
    assert (
        "error[KR801]: output folder `results` holds what no run of kamrules wrote: `notes.txt`"
        in told.err
    )
    assert place.kept() == {"results/notes.txt": b"call Acme"}


def test_a_run_in_another_format_leaves_no_files_of_the_one_before(tmp_path):
    place = scene(tmp_path)
    assert place.run("--format", "jsonl").status == 0
    assert place.run("--format", "csv").status == 0
    endings = {path.suffix for path in (tmp_path / "results").iterdir()}
    assert endings == {".csv", ".json"}

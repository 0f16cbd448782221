"""What verify says of random rulesets, held against every account there can be."""

from __future__ import annotations

import datetime
import itertools
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules import compile_ruleset, decide, load_ruleset
from kamrules.workbench.verify import State, verify
from tests.commands import run

AS_OF = datetime.date(2026, 6, 30)
COLUMNS = """[ruleset]
name = "random"
version = "1"
[table.accounts.column]
a = { type = "integer" }
b = { type = "integer" }
kind = { type = "choice", choices = ["x", "y", "z"] }
[fact.both]
type = "integer"
value = "coalesce(a, 0) + coalesce(b, 0)"
"""
NUMBERS = [None, *range(-1, 5)]
KINDS = [None, "x", "y", "z"]
SIGNS = st.sampled_from([">=", ">", "<", "<=", "==", "!="])
ATOMS = st.one_of(
    st.builds(
        "{} {} {}".format, st.sampled_from(["a", "b", "coalesce(a, 1)"]), SIGNS, st.integers(0, 3)
    ),
    st.builds("kind == '{}'".format, st.sampled_from("xyz")),
    st.builds("kind in ['x', '{}']".format, st.sampled_from("yz")),
    st.builds("{} is unknown".format, st.sampled_from(["a", "b", "kind"])),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
        st.builds("coalesce({}, {})".format, inner, st.sampled_from(["true", "false"])),
    ),
    max_leaves=5,
)


def accounts():
    """Yield every account that differs for conditions with constants from 0 to 3."""
    for a, b, kind in itertools.product(NUMBERS, NUMBERS, KINDS):
        facts = {"account_id": "one", "a": a, "b": b, "kind": kind}
        yield {name: value for name, value in facts.items() if value is not None}


def placed(tmp_path_factory, conditions):
    text = COLUMNS + "".join(
        f'[class.c{n}]\nlevel = {n + 1}\nwhen = "{each}"\n' for n, each in enumerate(conditions)
    )
    path = tmp_path_factory.mktemp("random") / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return load_ruleset(str(path))


@settings(max_examples=60, deadline=None)
@given(st.lists(CONDITIONS, min_size=2, max_size=3))
def test_classes_are_proved_apart_and_whole_exactly_when_no_account_says_otherwise(
    tmp_path_factory, conditions
):
    ruleset = placed(tmp_path_factory, conditions)
    program = compile_ruleset(ruleset)
    found = {
        (each.kind, each.diagnostic.message): each
        for each in verify(ruleset).findings
        if each.kind in {"disjoint", "complete", "certain", "reachable"}
    }
    classes, faults = set(), set()
    for facts in accounts():
        decision = decide(program, facts, as_of=AS_OF)
        classes.add(decision.class_)
        faults |= set(decision.faults)
    apart = [each.state for (kind, _), each in found.items() if kind == "disjoint"]
    assert State.UNDECIDED not in apart
    for each in found.values():
        if each.kind in {"disjoint", "complete", "certain"}:
            assert each.state in {State.PROVED, State.UNTRUE}
            if each.state is State.UNTRUE:
                decision = decide(program, each.witness, as_of=each.as_of)
                assert decision.class_ is None
    clean = all(
        each.state is State.PROVED
        for each in found.values()
        if each.kind in {"disjoint", "complete"}
    )
    assert clean == (not faults)


def test_a_ruleset_is_verified_on_the_command_line(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(
        COLUMNS
        + '[class.key]\nlevel = 2\nwhen = "a >= 2"\n[class.other]\nlevel = 1\nwhen = "a < 2 or b > 3"\n',
        encoding="utf-8",
    )
    out = tmp_path / "witnesses"
    told = run("verify", str(path), "--out", str(out))
    assert told.status == 1
    assert "error[KR520]: class `key` and class `other` hold at once for some accounts" in told.out
    assert "warning[KR529]: no class is certain for some accounts" in told.out
    (witness,) = out.glob("*KR520*.json")
    decision = run("decide", str(witness), "--ruleset", str(path), "--as-of", "2026-06-30")
    assert json.loads(decision.out)["class"] is None
    data = json.loads(run("verify", str(path), "--json").out)
    assert data["counts"]["untrue"] == 2
    assert data == json.loads(run("verify", str(path), "--format", "json").out)
    sarif = json.loads(run("verify", str(path), "--format", "sarif").out)
    assert {each["ruleId"] for each in sarif["runs"][0]["results"]} == {"KR520", "KR529"}
    shown = next(each for each in data["findings"] if each["code"] == "KR520")
    assert shown["witness"] == json.loads(witness.read_text(encoding="utf-8"))


def test_a_warning_fails_only_when_asked_to_be_strict(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(
        COLUMNS
        + '[class.key]\nlevel = 2\nwhen = "a >= 2"\n[class.other]\nlevel = 1\nwhen = "a < 2"\n',
        encoding="utf-8",
    )
    assert run("verify", str(path)).status == 0
    assert run("verify", str(path), "--strict").status == 1


def test_a_ruleset_that_does_not_compile_is_told_so(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(COLUMNS + '[class.key]\nwhen = "sales > 2"\n', encoding="utf-8")
    told = run("verify", str(path))
    assert (told.status, told.out) == (3, "")
    assert "error[KR200]" in told.err


def test_the_same_ruleset_gives_the_same_report():
    ruleset = load_ruleset("stages")
    first, second = (verify(ruleset) for _ in range(2))
    assert first == second


BASE = """[test.a_whale]
facts = { a = 7_654, b = 1, kind = "x" }
as_of = 2026-06-30
expect = { class = "key" }
[class.key]
level = 2
when = "a >= 2"
[class.other]
level = 1
when = "a < 2 or a is unknown"
"""


def test_accounts_of_an_extended_ruleset_are_witnesses_too(tmp_path):
    (tmp_path / "theirs.toml").write_text(COLUMNS + BASE, encoding="utf-8")
    path = tmp_path / "ours.toml"
    path.write_text(
        '[ruleset]\nname = "ours"\nversion = "1"\nextends = ["theirs.toml"]\n', encoding="utf-8"
    )
    report = verify(load_ruleset(str(path)))
    (key,) = (each for each in report.of(State.SHOWN) if each.address == "class.key")
    assert key.witness["a"] == 7_654


def test_a_number_without_bounds_is_no_defect(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(
        COLUMNS
        + f'[fact.far]\ntype = "integer"\nvalue = "{" * ".join("a" for _ in range(20))}"\n'
        + '[class.key]\nlevel = 2\nwhen = "far >= 2"\n'
        + '[class.other]\nlevel = 1\nwhen = "far < 2 or far is unknown"\n',
        encoding="utf-8",
    )
    assert verify(load_ruleset(str(path))).of(State.UNTRUE) == ()

"""The live engine decides what the row engine decides, by rules that durable-rules holds."""

from __future__ import annotations

import datetime
import random

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from kamrules import compile_ruleset, load_ruleset
from kamrules.decision import Earlier
from kamrules.engines.live import LiveEngine, TooLargeError, matching
from kamrules.engines.live.compiling import Compiled
from kamrules.engines.row import engine_of
from kamrules.workbench.sample import sample_book
from tests.agreement.deciding_live import PRESENT, agree_live
from tests.rulesets.reading import read_facts
from tests.strategies import Case, cases

if not PRESENT:
    pytest.skip("durable-rules is not installed", allow_module_level=True)

AS_OF = datetime.date(2026, 6, 30)


@pytest.fixture(scope="module")
def program():
    return compile_ruleset(load_ruleset("kam"))


@pytest.fixture(scope="module")
def accounts(tmp_path_factory, program):
    folder = tmp_path_factory.mktemp("book")
    sample_book(folder, accounts=60, as_of=AS_OF)
    return read_facts(folder, program)


def remembered(program, chance):
    """Return something that may have been decided before."""
    days = [AS_OF - datetime.timedelta(days=chance.randrange(200)) for _ in range(40)]
    actions = chance.sample([each.id for each in program.actions], 40)
    return Earlier.model_validate({
        "class": chance.choice([None, *(each.id for each in program.classes)]),
        "tier": chance.choice([None, *(each.id for each in program.tiers)]),
        "proposed": dict(zip(actions, days, strict=True)),
    })  # fmt: skip


def test_kam_is_decided_as_by_the_row_engine_with_and_without_memory(program, accounts):
    row, live, chance = engine_of(program), LiveEngine(program), random.Random(7)
    moves = set()
    for facts in accounts:
        prepared = row.prepare(facts, strict=False)
        for earlier in (None, remembered(program, chance), remembered(program, chance)):
            ours = row.compact(prepared, AS_OF, earlier)
            assert live.compact(prepared, AS_OF, earlier)._asdict() == ours._asdict()
            moves |= {ours.class_move, ours.tier_move}
    live.close()
    assert moves >= {"placed", "stayed", "up", "down", "held"}


def test_all_actions_gates_and_classes_of_kam_are_rules_of_durable_rules(program):
    network = Compiled(program).network
    made = {name for rule in network.rules for name in rule.names}
    assert {f"action.{each.id}=live" for each in program.actions} <= made
    gates = [gate for each in (*program.paths, *program.tiers) for gate in each.gates]
    assert {f"{each.address}=met" for each in gates} <= made
    assert {f"{each.address}=unmet" for each in gates} <= made
    assert {f"class={each.id}" for each in program.classes} <= made
    assert {f"tier={each.id}" for each in program.tiers} <= made


def test_what_the_matcher_concludes_is_what_is_decided(program, accounts):
    """A conclusion taken away from the matcher is missing from the decision: nothing is the row engine's."""
    live = LiveEngine(program)
    facts = next(
        each for each in accounts
        if engine_of(program).compact(engine_of(program).prepare(each, strict=False), AS_OF).chosen
    )  # fmt: skip
    prepared = live.row.prepare(facts, strict=False)
    matcher = live.slice(AS_OF).matcher
    matcher.match = lambda _cells, _given=(): set()
    found = live.compact(prepared, AS_OF)
    live.close()
    assert (found.class_, found.tier, found.chosen, found.phase) == (None, None, [], None)
    assert {band for *_, band in found.scores} == {None}


@pytest.mark.slow
@pytest.mark.parametrize("start", range(4))
def test_generated_rulesets_are_decided_as_by_the_row_engine(start):
    @seed(start)
    @settings(
        max_examples=60, database=None, deadline=None,
        phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases())
    def every(case: Case) -> None:
        agree_live(case)

    every()


HEAD = """
[ruleset]
name = "many"
version = "1"
hit = "first"
[table.accounts.column]
size = { type = "number" }
kind = { type = "text" }
[role.us]
[class.all]
"""


def compiled(folder, text):
    path = folder / "rules.toml"
    path.write_text(text)
    return compile_ruleset(load_ruleset(path))


def action(number, when):
    return (
        f'[action.a{number}]\ntitle = "T"\nwhen = {when}\npriority = {number % 90}\nowner = "us"\n'
        f'due_days = 1\neffort_hours = 1\nbecause = "so"\n'
    )


@pytest.mark.parametrize("count", [1, 31, 65, 256, 600, 1200])
def test_as_many_rules_behind_one_condition_as_an_author_likes(tmp_path, count):
    """Libraries that keep 64 matches, 255 rules or 511 conditions in fixed arrays fail somewhere here."""
    rules = [action(n, f"\"size >= {n // 2} and kind == 'k{n % 3}'\"") for n in range(count)]
    program = compiled(tmp_path, HEAD + "".join(rules))
    row, live = engine_of(program), LiveEngine(program)
    for size, kind in ((None, "k1"), (-1, "k1"), (10, "k1"), (count, "k0"), (count, "other")):
        prepared = row.prepare({"account_id": "A", "size": size, "kind": kind})
        assert live.compact(prepared, AS_OF) == row.compact(prepared, AS_OF)
    live.close()


@pytest.mark.parametrize(
    ("constant", "values"),
    [
        ("999999999999999", [999_999_999_999_998, 999_999_999_999_999, 2**60, 10**17]),
        ("0.0000001", [0.0, 1e-7, 2e-7, 5e-324]),
        ("-0.0", [0, -0.0, 1e-6]),
        ("12345678901.2345", [12345678901.2345, 12345678901.234501, 12345678901.234499]),
    ],
)
def test_numbers_that_durable_rules_cannot_hold_are_compared_exactly(tmp_path, constant, values):
    rules = [
        action(n, f'"size {sign} {constant}"')
        for n, sign in enumerate(("<", "<=", "==", "!=", ">"))
    ]
    program = compiled(tmp_path, HEAD + "".join(rules))
    row, live = engine_of(program), LiveEngine(program)
    for value in values:
        prepared = row.prepare({"account_id": "A", "size": value})
        assert live.compact(prepared, AS_OF) == row.compact(prepared, AS_OF)
    live.close()


@pytest.mark.parametrize(
    "text", ["", '"', "\\", "é", "e\u0301", "\u0000", "日本", "a" * 70_000, "sid", "$s"]
)
def test_texts_reach_the_rules_and_never_the_library(tmp_path, text):
    program = compiled(
        tmp_path, HEAD + action(0, "\"kind == 'é'\"") + action(1, "\"kind != '日本'\"")
    )
    row, live = engine_of(program), LiveEngine(program)
    prepared = row.prepare({"account_id": text or "A", "kind": text})
    assert live.compact(prepared, AS_OF) == row.compact(prepared, AS_OF)
    live.close()


def test_rules_that_are_too_many_for_one_message_are_refused_before_the_library_sees_them(tmp_path):
    columns = "".join(f'c{n} = {{ type = "number" }}\n' for n in range(300))
    wide = " and ".join(f"c{n} > 1" for n in range(150))
    wider = " and ".join(f"c{n} > 1" for n in range(150, 300))
    text = HEAD.replace("[role.us]", columns + "[role.us]")
    program = compiled(tmp_path, text + action(0, f'["{wide}", "{wider}"]'))
    with pytest.raises(TooLargeError):
        LiveEngine(program).slice(AS_OF)


def test_what_is_remembered_of_equal_cells_is_what_matching_anew_concludes(program, accounts):
    """One engine remembers, the other forgets before each account; both see every account twice."""
    remembers, forgets = LiveEngine(program), LiveEngine(program)
    for facts in (*accounts, *accounts):
        prepared = remembers.row.prepare(facts, strict=False)
        forgets.slice(AS_OF).matcher.forget()
        assert remembers.compact(prepared, AS_OF) == forgets.compact(prepared, AS_OF)
    remembers.close()
    forgets.close()


def test_no_more_is_remembered_than_a_bound_allows(tmp_path, monkeypatch):
    monkeypatch.setattr(matching, "REMEMBERED", 3)
    program = compiled(tmp_path, HEAD + "".join(action(n, f'"size >= {n}"') for n in range(9)))
    row, live = engine_of(program), LiveEngine(program)
    for size in (*range(9), *range(9)):
        prepared = row.prepare({"account_id": "A", "size": size})
        assert live.compact(prepared, AS_OF) == row.compact(prepared, AS_OF)
    assert live.slice(AS_OF).matcher.remembered <= 3
    live.close()


PATHS = """
[ruleset]
name = "paths"
version = "1"
hit = "first"
[table.accounts.column]
size = { type = "number" }
wide = { type = "bool" }
deep = { type = "bool" }
[class.high]
level = 4
when = "size >= 30"
[class.upper]
level = 3
when = "size >= 20"
[class.middle]
level = 2
when = "size >= 10"
[class.low]
level = 1
[path.low_to_middle]
from = "low"
to = "middle"
[path.low_to_middle.gate.wide]
when = "wide"
[path.low_to_upper]
from = "low"
to = "upper"
[path.low_to_upper.gate.deep]
when = "deep"
[path.low_to_high]
from = "low"
to = "high"
[path.low_to_high.gate.both]
when = ["wide", "deep"]
"""


@pytest.mark.parametrize("size", [None, 5, 15, 25, 35])
@pytest.mark.parametrize("wide", [None, False, True])
@pytest.mark.parametrize("deep", [None, False, True])
def test_of_several_open_paths_the_first_written_is_taken(tmp_path, size, wide, deep):
    program = compiled(tmp_path, PATHS)
    row, live = engine_of(program), LiveEngine(program)
    prepared = row.prepare({"account_id": "A", "size": size, "wide": wide, "deep": deep})
    for before in ("low", "middle", "upper", "high", None):
        earlier = Earlier.model_validate({"class": before})
        found = live.compact(prepared, AS_OF, earlier)
        assert found == row.compact(prepared, AS_OF, earlier)
        if size == 35 and before == "low" and wide and deep:
            assert found.class_ == "middle"
    live.close()

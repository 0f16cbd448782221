"""What is proved of the rulesets that come with kamrules, and that their witnesses are what they show."""

from __future__ import annotations

import pytest

from kamrules import compile_ruleset, decide, load_ruleset
from kamrules.workbench.verify import State, verify

SHIPPED = ("kam", "portfolio", "stages", "pyramid", "depth")
COMPARED = {"portfolio": 1, "pyramid": 2}
"""How many claims need a whole book to be shown, as they compare accounts."""


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_is_untrue_of_a_shipped_ruleset_and_witnesses_are_what_they_show(name):
    ruleset = load_ruleset(name)
    report, program = verify(ruleset), compile_ruleset(ruleset)
    assert [each.diagnostic.message for each in report.of(State.UNTRUE)] == []
    assert len(report.of(State.UNDECIDED)) == COMPARED.get(name, 0)
    shown = [
        each
        for each in report.of(State.SHOWN)
        if each.kind == "reachable" and each.address.count(".") == 1
    ]
    assert {each.address.split(".")[0] for each in shown} >= {"class", "action"}
    if not program.book_steps:  # else a witness holds in the book of its test
        for each in shown:
            shows(program, each)


def shows(program, finding):
    """Hold a witness against what it is to show."""
    kind, _, one = finding.address.partition(".")
    decision = decide(program, finding.witness, as_of=finding.as_of, strict=False)
    match kind:
        case "class":
            assert decision.class_ == one
        case "phase" | "strategy":
            assert getattr(decision, kind) == one
        case "action":
            assert one in {each.id for each in (*decision.actions, *decision.held_back)}
        case "tier":
            reached = [each.id for each in program.tiers]
            assert reached.index(decision.tier) >= reached.index(one)

"""What `kamrules explain` draws of a decision."""

from __future__ import annotations

import datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from kamrules import Earlier, compile_ruleset, explain, load_ruleset
from kamrules.cli.tree import decision_tree

GOLDEN = Path(__file__).parent / "golden"
RULES = GOLDEN / "rules.toml"
FACTS = {
    "account_id": "A1",
    "name": "Acme [red]\x1b[31m",
    "rating": "silver",
    "orders": [{"date": "2026-05-01", "amount": 600}, {"date": "2026-06-01", "amount": 120.5}],
}


def drawn(facts, earlier=None, owners=None):
    program = compile_ruleset(load_ruleset(RULES))
    explanation = explain(program, facts, as_of=datetime.date(2026, 6, 30), earlier=earlier)
    text = StringIO()
    screen = Console(file=text, width=100, highlight=False, markup=False)
    screen.print(decision_tree(explanation, owners))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def test_a_decision_is_drawn_with_scores_gates_actions_and_what_is_missing():
    wanted = (GOLDEN / "tree.txt").read_text(encoding="utf-8")
    earlier = Earlier(**{"class": "ordinary", "proposed": {"visit": datetime.date(2026, 6, 20)}})
    assert drawn(FACTS, earlier, {"seller": "Clara Vind"}) == wanted


def test_text_from_data_cannot_steer_the_terminal():
    assert "\x1b" not in drawn(FACTS)
    assert "Acme [red]\ufffd[31m" in drawn(FACTS)


def test_what_an_account_without_actions_lacks_for_one_is_drawn():
    tree = drawn({"account_id": "B2", "orders": []})
    assert "Actions: 0 proposed" in tree
    assert "nearest: " in tree

"""The same ways are found whatever order Python hashes in."""

from __future__ import annotations

import os
import subprocess
import sys

RULES = """[ruleset]
name = "order"
version = "1"
hit = "first"
[table.accounts.column]
alpha = { type = "number", cost = 2 }
beta = { type = "number", cost = 2 }
gamma = { type = "number", cost = 2 }
delta = { type = "number", cost = 2 }
[class.key]
level = 2
when = [
  "alpha + gamma >= 40",
  "alpha > beta",
  { any = ["gamma > delta", "beta + delta >= 30"] },
  "beta >= 6",
]
[class.ordinary]
level = 1
"""
ASK = """
import sys
from kamrules import compile_ruleset, load_ruleset, nearest
program = compile_ruleset(load_ruleset(sys.argv[1]))
for most in (30, 60, 120, 240, 480):
    for facts in ({}, {"alpha": 3, "beta": 4, "gamma": 5, "delta": 6}, {"beta": 4, "delta": 6}):
        facts = {"account_id": "A", **facts}
        found = nearest(program, facts, "class=key", as_of="2026-06-30", most=most)
        print(most, found.searched, [each.model_dump_json() for each in found.ways])
"""


def test_the_same_ways_are_found_whatever_order_python_hashes_in(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    told = {
        subprocess.run(
            [sys.executable, "-c", ASK, str(path)], capture_output=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2", "3")
    }  # fmt: skip
    assert len(told) == 1
    assert told.pop().count(b'"changes"') >= 10

"""Scores may not be called what another column of the output is called."""

from __future__ import annotations

import pytest

from kamrules.diagnostics import RulesetError
from tests.agreement.engines import compiled

HEAD = (
    '[ruleset]\nname = "x"\nversion = "1"\n[table.accounts.column]\nrevenue = { type = "money" }\n'
)


def score(name):
    return f"""
[score.{name}]
[criterion.of_{name}]
score = "{name}"
weight = 1
value = "revenue"
curve = [[0, 0], [100, 100]]
"""


@pytest.mark.parametrize(
    ("names", "clashing"),
    [
        (("actions",), "actions"),
        (("fault",), "fault"),
        (("size", "size_low"), "size_low"),
        (("size_band", "size"), "size_band"),
    ],
)
def test_a_score_that_would_hide_a_column_is_refused(names, clashing):
    with pytest.raises(RulesetError) as caught:
        compiled(HEAD + "".join(map(score, names)))
    (found,) = caught.value.diagnostics
    assert (found.code, found.message.startswith(f"`{clashing}`")) == ("KR336", True)


def test_other_names_are_taken():
    names = ("key", "core", "line", "size", "size_2")
    assert [each.id for each in compiled(HEAD + "".join(map(score, names))).scores] == list(names)

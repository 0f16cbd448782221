"""A small book with its own ruleset, an earlier run's output and a state file: what a run may not harm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.commands import Told, start

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
[ruleset]
name = "small"
version = "1"

[table.accounts.column]
name = { type = "text" }
rating = { type = "choice", choices = ["gold", "silver"] }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }

[fact.revenue]
type = "money"
value = "sum(orders[date <= as_of].amount)"

[score.worth]
title = "Worth"
[criterion.volume]
score = "worth"
title = "Volume"
weight = 1
value = "revenue"
curve = [[0, 0], [1000, 100]]

[class.key]
level = 2
title = "Key"
when = "coalesce(revenue, 0) >= 1000"
[class.ordinary]
level = 1
title = "Ordinary"
when = "coalesce(revenue, 0) < 1000"

[role.seller]
title = "Seller"

[action.call]
title = "Call {name}"
when = "class == 'key' or rating == 'gold'"
priority = "worth"
owner = "seller"
due_days = 14
effort_hours = 1
cooldown_days = 30
because = "{name} bought for {revenue}."
"""

BOOK = """\
[book]
name = "small"
as_of = 2026-06-30
[table.accounts]
from = "csv:accounts.csv"
[table.orders]
from = "csv:orders.csv"
"""

ACCOUNTS = "account_id,name,rating\nA1,Acme,gold\nB2,Béta,silver\nC3,Gamma,\n"
ORDERS = "account_id,date,amount\nA1,2026-05-01,600\nA1,2026-06-01,700.50\nB2,2026-06-15,20\n"

FILES = {"rules.toml": RULES, "book.toml": BOOK, "accounts.csv": ACCOUNTS, "orders.csv": ORDERS}
RUN = ("run", "book.toml", "--ruleset", "rules.toml", "--out", "results", "--state", "state.db")


@dataclass(frozen=True)
class Scene:
    """A folder in which commands are run."""

    folder: Path

    def write(self, **files: str) -> None:
        """Write files, `_` standing for the dot before the ending."""
        for name, text in files.items():
            (self.folder / ".".join(name.rsplit("_", 1))).write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a text of a file, which has to be there."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *more: str, **environ: str) -> Told:
        """Run the book, after another run has left its output and state."""
        return start(*RUN, *more, cwd=self.folder, **environ)

    def kept(self) -> dict[str, bytes]:
        """Return everything in the folder but what the scene wrote itself, hidden files included."""
        found = {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }
        ours = {*FILES, *(name for name in found if name.startswith("data/"))}
        return {name: text for name, text in found.items() if name not in ours}


def scene(folder: Path) -> Scene:
    """Return a fresh scene in a folder."""
    made = Scene(folder)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return made

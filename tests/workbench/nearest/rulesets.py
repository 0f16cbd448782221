"""Small rulesets made up at random, with at most six facts on a grid: every combination can be tried."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules import compile_ruleset, load_ruleset

if TYPE_CHECKING:
    import random

KINDS = ("integer", "share", "bool", "choice", "money")
GRIDS: dict[str, list[Any]] = {
    "integer": [0, 1, 2, 3, 5],
    "share": [0.0, 0.1, 0.25, 0.4, 0.8],
    "bool": [False, True],
    "choice": ["low", "medium", "high"],
    "money": [0, 10_000, 25_000, 50_000, 80_000],
}


@dataclass(frozen=True)
class Fact:
    name: str
    kind: str
    cost: float
    step: float
    fixed: bool

    def price(self, before: Any, after: Any) -> float:
        if before == after:
            return 0.0
        if before is None or self.kind in ("bool", "choice"):
            return self.cost
        return abs(after - before) / self.step * self.cost


def facts(chance: random.Random) -> list[Fact]:
    steps = {"integer": 1, "share": 0.1, "money": 10_000}
    found = []
    for number in range(chance.randint(2, 5)):
        kind = chance.choice(KINDS)
        cost = chance.choice([0.5, 1, 2, 3])
        fixed = chance.random() < 0.15
        found.append(Fact(f"f{number}", kind, cost, steps.get(kind, 1), fixed))
    return found


def atom(chance: random.Random, fact: Fact) -> str:
    match fact.kind:
        case "bool":
            return chance.choice([fact.name, f"not {fact.name}", f"{fact.name} is unknown"])
        case "choice":
            return f"{fact.name} {chance.choice(['==', '!='])} '{chance.choice(GRIDS['choice'])}'"
        case _:
            bound = chance.choice(GRIDS[fact.kind][1:])
            return f"{fact.name} {chance.choice(['<', '<=', '>', '>=', '>='])} {bound}"


def criterion(chance: random.Random, fact: Fact, number: int) -> str:
    weight = chance.choice([10, 20, 35])
    lines = [f"[criterion.c{number}]", 'score = "worth"', f"weight = {weight}"]
    unknown = chance.choice(['"redistribute"', '"zero"', "40"])
    grid = GRIDS[fact.kind]
    if fact.kind == "bool":
        lines += [
            f'value = "{fact.name}"',
            "scale = [{ in = [true], points = 100 }, { points = 10 }]",
        ]
    elif fact.kind == "choice":
        points = [chance.choice([0, 30, 60, 100]) for _ in grid]
        scale = ", ".join(
            f'{{ in = ["{g}"], points = {p} }}' for g, p in zip(grid, points, strict=True)
        )
        lines += [f'value = "{fact.name}"', f"scale = [{scale}]"]
    elif chance.random() < 0.5:
        points = sorted(chance.choice([0, 20, 50, 80, 100]) for _ in grid)
        curve = ", ".join(f"[{g}, {p}]" for g, p in zip(grid, points, strict=True))
        lines += [f'value = "{fact.name}"', f"curve = [{curve}]"]
    else:
        cut = chance.choice(grid[1:])
        scale = f'{{ in = "[{cut}..]", points = 90 }}, {{ points = {chance.choice([0, 20])} }}'
        lines += [f'value = "{fact.name}"', f"scale = [{scale}]"]
    return "\n".join([*lines, f"unknown = {unknown}"])


def condition(chance: random.Random, some: list[Fact]) -> str:
    parts = [atom(chance, chance.choice(some)) for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.7:
        parts.append(f"worth >= {chance.choice([30, 45, 60, 75])}")
    numbers = [each for each in some if each.kind == "integer"]
    if len(numbers) > 1 and chance.random() < 0.4:
        one, two = numbers[:2]
        parts.append(f"{one.name} + {two.name} >= {chance.choice([2, 4])}")
    word = chance.choice([" and ", " and ", " or "])
    return word.join(f"({each})" for each in parts)


def ruleset(chance: random.Random, folder):
    """Return a compiled ruleset and its facts: `key` holds when a condition does, else `ordinary`."""
    some = facts(chance)
    columns = []
    for each in some:
        choices = ', choices = ["low", "medium", "high"]' if each.kind == "choice" else ""
        step = "" if each.kind in ("bool", "choice") else f", step = {each.step}"
        price = "changeable = false" if each.fixed else f"cost = {each.cost}{step}"
        columns.append(f'{each.name} = {{ type = "{each.kind}"{choices}, {price} }}')
    text = "\n".join([
        '[ruleset]\nname = "small"\nversion = "1"\nhit = "first"',
        "[table.accounts.column]", *columns, "[score.worth]",
        *(criterion(chance, each, number) for number, each in enumerate(some)),
        f'[class.key]\nlevel = 2\nwhen = "{condition(chance, some)}"',
        "[class.ordinary]\nlevel = 1",
    ])  # fmt: skip
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return compile_ruleset(load_ruleset(path)), some


def account(chance: random.Random, some: list[Fact]) -> dict[str, Any]:
    """Return an account on the grid, of which not all is known."""
    found: dict[str, Any] = {"account_id": "A"}
    for each in some:
        if chance.random() < 0.85:
            found[each.name] = chance.choice(GRIDS[each.kind])
    return found


def everything(some: list[Fact], present: dict[str, Any]):
    """Yield every account on the grid that the present one can become, with its price."""
    ranges = [
        [present.get(each.name)] if each.fixed else [present.get(each.name), *GRIDS[each.kind]]
        for each in some
    ]
    for values in itertools.product(*(dict.fromkeys(each) for each in ranges)):
        changed = {f.name: v for f, v in zip(some, values, strict=True) if v is not None}
        price = sum(f.price(present.get(f.name), v) for f, v in zip(some, values, strict=True))
        yield {"account_id": "A", **changed}, price

"""Rulesets: every kind of rule over a vocabulary, each reading what is decided before it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kamrules.expression.types import BOOL, DATE, INTEGER, NUMBER, SCORE, SHARE, Kind, Type
from tests.strategies import scores
from tests.strategies.calls import of_plugin
from tests.strategies.conditions import condition
from tests.strategies.drawing import ids as names_from
from tests.strategies.expressions import NUMERIC, Expressions, Sight
from tests.strategies.signals import signal
from tests.strategies.values import moved
from tests.strategies.vocabulary import vocabulary

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from tests.strategies.drawing import Draw
    from tests.strategies.vocabulary import Vocabulary

BAND_IDS = ["low", "medium", "high", "top", "tiptop", "most", "least"]
COMPARING = {
    "rank": INTEGER, "rank_share": SHARE, "share_of_total": SHARE, "running_total": NUMBER,
    "running_share": SHARE,
}  # fmt: skip
PIECES = (
    "", " and ", "{{", "}}", "中文 ", "'", '"', "\\", "%s ", "100% ", "😀", "\n", "$1", "; ", "x",
)  # fmt: skip


@dataclass
class Written:
    """A ruleset in the making."""

    draw: Draw
    as_of: datetime.date
    words: Vocabulary
    ids: Iterator[str]
    sight: Sight
    tables: dict[str, Any] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    chinese: bool = False

    @property
    def write(self) -> Expressions:
        """Return a writer of expressions that sees what is decided so far."""
        return Expressions(self.draw, self.sight)

    def see(self, names: dict[str, Type]) -> None:
        """Let later expressions name more."""
        self.sight = replace(self.sight, names={**self.sight.names, **names})

    def dated(self, rule: dict[str, Any]) -> dict[str, Any]:
        """Return the rule, now and then with dates around the day of the run."""
        if self.draw.chance(8):
            rule["valid_from"] = moved(self.as_of, self.draw.one([0, -1, 1, -30]))
        if self.draw.chance(8):
            earliest = rule.get("valid_from", moved(self.as_of, -31))
            day = moved(self.as_of, self.draw.one([0, -1, 1, 30]))
            rule["valid_to"] = max(day, earliest)
        if self.draw.chance(10):
            rule["source"] = self.draw.one([["2.4"], ["2.4", "1.1"]])
        return rule

    def text(self, *address: str) -> str:
        """Return a message, with a translation at its address when the ruleset has two languages."""
        if self.chinese and self.draw.chance(50):
            self.messages[".".join(address)] = "译" + self._text()
        return "T" + self._text()

    def _text(self) -> str:
        """Return a message with slots for values of every type."""
        parts = []
        for _ in range(self.draw.whole(0, 3)):
            parts.append(self.draw.one(PIECES))
            if self.draw.chance(70):
                parts.append("{" + self.draw.one(list(self.sight.names)) + "}")
        return "".join(parts)


def ruleset(draw: Draw, as_of: datetime.date) -> tuple[dict[str, Any], Vocabulary]:
    """Return a ruleset as nested tables, and the vocabulary it declares."""
    ids = names_from(draw.whole(0, 90))
    words = vocabulary(draw, ids, as_of)
    related = {name: columns for name, columns in words.tables.items() if name != "accounts"}
    made = Written(
        draw,
        as_of,
        words,
        ids,
        Sight(words.names, related, words.order, as_of),
        chinese=draw.chance(40),
    )
    header: dict[str, Any] = {"name": "generated", "version": "1"}
    if made.chinese:
        header["languages"] = ["en", "zh"]
    made.tables = {"ruleset": header, "parameter": words.parameters, "table": words.written}
    _facts(made)
    if draw.chance(70):
        _signals(made)
    if draw.chance(50):
        _whole_book(made)
    if draw.chance(70):
        _scores(made)
        _facts(made, at_most=2)
    for step in draw.shuffled([_classes, _tiers, _phases, _strategies]):
        step(made)
        if draw.chance(25):
            _facts(made, at_most=1)
    made.tables["role"] = {"seller": {}}
    _actions(made)
    if made.chinese:
        _labels(made)
    if made.messages:
        made.tables["message"] = {"zh": made.messages}
    kept = {key: each for key, each in made.tables.items() if each}
    return dict(draw.shuffled(list(kept.items()))) if draw.chance(30) else kept, words


def _labels(made: Written) -> None:
    """Translate some of what people read for choices: titles, bands, and words of columns and facts."""
    draw, tables = made.draw, made.tables
    addresses = [
        f"{kind}.{name}.title"
        for kind in ("class", "tier", "phase", "strategy")
        for name in tables.get(kind, {})
    ]
    for score, one in tables.get("score", {}).items():
        addresses += [f"score.{score}.band.{band}" for band in one.get("band", {})]
    chosen = {f"fact.{name}": each for name, each in tables["fact"].items()}
    columns = tables["table"]["accounts"]["column"]
    chosen |= {f"table.accounts.column.{name}": each for name, each in columns.items()}
    for where, each in chosen.items():
        addresses += [f"{where}.choices.{choice}" for choice in each.get("choices", ())]
    for address in draw.some(addresses, 60):
        made.messages[address] = "译" + draw.one(PIECES)


def _facts(made: Written, at_most: int = 4) -> None:
    draw = made.draw
    facts = made.tables.setdefault("fact", {})
    kinds = (*NUMERIC, Kind.BOOL, Kind.DATE, Kind.TEXT)
    for _ in range(draw.whole(0, at_most)):
        name = next(made.ids)
        of = Type(draw.one(kinds))
        choices = [each for each in made.sight.names.values() if each.kind is Kind.CHOICE]
        if choices and draw.chance(15):
            of = draw.one(choices)
        facts[name] = {"type": of.kind.value, "value": _value(made, of)}
        if of.choices:
            facts[name]["choices"] = list(of.choices)
        made.see({name: of})


def _signals(made: Written) -> None:
    """Write signals over the tables that have dates; whatever is decided later may read them."""
    draw = made.draw
    signals = made.tables["signal"] = {}
    seen: dict[str, Type] = {}
    dated = [each for each in made.sight.tables if each in made.sight.orders]
    for _ in range(draw.whole(1, 3) if dated else 0):
        name = next(made.ids)
        signals[name] = signal(made.write, made.tables["parameter"], made.as_of)
        seen |= {name: BOOL, f"{name}.date": DATE}
    made.see(seen)


def _whole_book(made: Written) -> None:
    """Compare accounts, in facts and wherever a number may stand, by what is known so far."""
    draw, write = made.draw, made.write
    seen: dict[str, Type] = {}
    for _ in range(draw.whole(1, 3)):
        name, function = next(made.ids), draw.one(list(COMPARING))
        text, of = write.of_book(function, COMPARING[function], draw.whole(0, 2))
        made.tables["fact"][name] = {"type": of.kind.value, "value": text}
        seen[name] = of
        made.sight = replace(made.sight, compared={**made.sight.compared, text: of})
    made.see(seen)


def _value(made: Written, of: Type) -> str:
    """Return an expression of the type; often one over rows, which would else be rare."""
    write, depth = made.write, made.draw.whole(1, 3)
    if made.draw.chance(20) and (found := of_plugin(write, of.kind, depth)):
        return found
    if of.kind in NUMERIC and made.sight.tables and made.draw.chance(35):
        return write.over_rows(of.kind, depth)
    return write.of(of, depth)


def _scores(made: Written) -> None:
    draw = made.draw
    written = made.tables["score"] = {}
    criteria = made.tables["criterion"] = {}
    seen: dict[str, Type] = {}
    for _ in range(draw.whole(1, 2)):
        score = next(made.ids)
        written[score] = {}
        seen |= {score: SCORE, f"{score}.low": SCORE, f"{score}.high": SCORE}
        if draw.chance(70):
            written[score]["band"] = scores.bands(draw, BAND_IDS)
            seen[f"{score}.band"] = Type(Kind.CHOICE, tuple(written[score]["band"]))
        for _ in range(draw.whole(1, 3)):
            name = next(made.ids)
            criteria[name] = made.dated(scores.criterion(made.write, score))
            seen[f"criterion.{name}"] = SCORE
        ours = [each for each in criteria.values() if each["score"] == score]
        if sum(each["weight"] for each in ours) <= 0:
            ours[0]["weight"] = 1
    made.see(seen)


def _gates(made: Written, *owner: str) -> dict[str, Any]:
    draw = made.draw
    gates: dict[str, Any] = {}
    for _ in range(draw.whole(0, 2)):
        name = next(made.ids)
        gates[name] = made.dated({"when": condition(made.write)})
        if draw.chance(35):
            gates[name]["stay"] = condition(made.write, 1)
        if draw.chance(30):
            gates[name]["advice"] = made.text(*owner, "gate", name, "advice")
    return gates


def _classes(made: Written) -> None:
    draw = made.draw
    count = draw.whole(1, 4)
    names = [next(made.ids) for _ in range(count)]
    first = draw.chance(50)
    made.tables["ruleset"]["hit"] = "first" if first else "unique"
    made.see({"class_before": Type(Kind.CHOICE, tuple(names))})
    whens = _disjoint(made, count)
    classes = made.tables["class"] = {}
    levels = draw.shuffled(range(1, count + 1))
    given = draw.chance(60)
    for number, (name, when) in enumerate(zip(names, whens, strict=True)):
        classes[name] = {}
        if given:
            classes[name]["level"] = levels[number]
        if first and number == count - 1:
            made.dated(classes[name])
            continue
        classes[name]["when"] = condition(made.write) if draw.chance(30) else when
        if draw.chance(40):
            classes[name]["stay"] = condition(made.write, 1)
        made.dated(classes[name])
    _paths(made, names, levels if given else None)
    made.see({"class": Type(Kind.CHOICE, tuple(names))})


def _disjoint(made: Written, count: int) -> list[Any]:
    """Return conditions that are disjoint and cover every known value of one number."""
    draw = made.draw
    kind = draw.one(NUMERIC)
    value = made.write.number(kind, draw.whole(0, 2), typed=True)
    texts = scores.stretches(draw, kind, None, None)
    texts = texts[: count - 1] if len(texts) > 1 else []
    held = [f"({value}) in {each}" for each in texts]
    rest = " and ".join(f"not ({each})" for each in held) or "true"
    return [*held, *["false"] * (count - len(held) - 1), rest]


def _paths(made: Written, names: list[str], levels: list[int] | None) -> None:
    draw = made.draw
    paths = made.tables["path"] = {}
    height = dict(zip(names, levels or range(len(names), 0, -1), strict=True))
    upward = [
        (low, high) for low, high in itertools.permutations(names, 2) if height[low] < height[high]
    ]
    for low, high in draw.shuffled(draw.some(upward, 60)):
        name = next(made.ids)
        paths[name] = made.dated({"from": low, "to": high})
        paths[name]["gate"] = _gates(made, "path", name)


def _tiers(made: Written) -> None:
    draw = made.draw
    names = [next(made.ids) for _ in range(draw.whole(0, 3))]
    if not names:
        return
    made.see({"tier_before": Type(Kind.CHOICE, tuple(names))})
    tiers = made.tables["tier"] = {}
    levels = draw.shuffled(range(1, len(names) + 1))
    for name, level in zip(names, levels, strict=True):
        tiers[name] = made.dated({"level": level * draw.one([1, 10])})
        tiers[name]["gate"] = _gates(made, "tier", name)
    if len({each["level"] for each in tiers.values()}) < len(tiers):
        for each, level in zip(tiers.values(), levels, strict=True):
            each["level"] = level
    made.see({"tier": Type(Kind.CHOICE, tuple(names)), "tier.level": INTEGER})


def _phases(made: Written) -> None:
    _choices(made, "phase")


def _strategies(made: Written) -> None:
    _choices(made, "strategy")


def _choices(made: Written, kind: str) -> None:
    draw = made.draw
    names = [next(made.ids) for _ in range(draw.whole(0, 3))]
    if not names:
        return
    first = draw.chance(60)
    made.tables["ruleset"][f"{kind}_hit"] = "first" if first else "unique"
    rules = made.tables[kind] = {}
    for number, name in enumerate(names):
        rules[name] = made.dated({})
        if kind == "strategy":
            rules[name]["objective"] = made.text("strategy", name, "objective")
        if not (first and number == len(names) - 1 and draw.chance(50)):
            rules[name]["when"] = condition(made.write, 1)
    made.see({kind: Type(Kind.CHOICE, tuple(names))})


def _actions(made: Written) -> None:
    draw = made.draw
    names = [next(made.ids) for _ in range(draw.whole(0, 6))]
    actions = made.tables["action"] = {}
    for number, name in enumerate(names):
        action = {
            "title": made.text("action", name, "title"),
            "when": condition(made.write),
            "priority": _priority(made),
            "owner": "seller",
            "due_days": draw.one([0, 14, 365]),
            "because": made.text("action", name, "because"),
        }
        if draw.chance(40):
            action["effort_hours"] = draw.one([1, 0.5, 2.25])
        if draw.chance(65):
            action["cooldown_days"] = draw.one([30, 365, 10, 1])
        # only later ones, so that no circle arises
        if excluded := draw.some(names[number + 1 :], 35):
            action["excludes"] = excluded
        actions[name] = made.dated(action)
    for signal_ in made.tables.get("signal", {}):
        name = next(made.ids)
        actions[name] = {
            "title": name, "when": draw.one([signal_, f"not {signal_}", f"{signal_} is unknown"]),
            "priority": 50, "owner": "seller", "due_days": 0, "because": "{" + signal_ + ".date}",
        }  # fmt: skip
    if draw.chance(30):
        made.tables["action"] = dict(draw.shuffled(list(actions.items())))


def _priority(made: Written) -> Any:
    draw = made.draw
    match draw.one(["tie", "number", "expression", "expression"]):
        case "tie":
            return 50
        case "number":
            return draw.one([0, 100, 50.0005, 50.0004, 33.3335, 12.5])
        case _:
            return made.write.number(draw.one([Kind.NUMBER, Kind.SCORE]), draw.whole(1, 3))

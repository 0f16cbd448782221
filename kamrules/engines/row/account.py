"""An account's decision on its way into words: the values of all names, and texts with their slots filled."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from kamrules.decision import GateState
from kamrules.engines.row.compact import Compact
from kamrules.engines.row.placement import MET, UNKNOWN, UNMET
from kamrules.engines.row.whole_book import addresses
from kamrules.expression.nodes import AccountColumn, Constant, StepValue
from kamrules.expression.types import Kind
from kamrules.show import EPOCH, LAST, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kamrules.compiler.program import Gate, Message, Program
    from kamrules.decision import Value
    from kamrules.engines.layout import Layout
    from kamrules.engines.row.prepare import Prepared
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Type

    Getter = Callable[["Account"], Any]

AS_THEY_ARE = (str, bool)
STATES = {MET: GateState.MET, UNMET: GateState.UNMET, UNKNOWN: GateState.UNKNOWN}


class Names:
    """Where an account's decision holds the value of every name; made once for a program."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.program = program
        self.columns = {name: index for index, name in enumerate(layout.account)}
        self.steps: dict[str, Getter] = dict(_steps(program))
        gates = [gate for each in program.paths for gate in each.gates]
        gates += [gate for each in program.tiers for gate in each.gates]
        self.gates = {gate.address: index for index, gate in enumerate(gates)}
        self._texts: dict[tuple[int, str], tuple[str, tuple[str | tuple[Getter, Type], ...]]] = {}

    def getter(self, node: Node) -> Getter:
        """Return what gives the value of a name, a constant or the date of the run."""
        match node:
            case Constant(value=value):
                return lambda _one: value
            case AccountColumn(name=name):
                index = self.columns.get(name)
                if index is None:
                    return lambda _one: None
                return _cell(index)
            case StepValue(address=address):
                return self.steps.get(address, lambda _one: None)
            case _:
                return lambda one: float(one.as_of.toordinal() - EPOCH)

    def pieces(
        self, message: Message, language: str
    ) -> tuple[str, tuple[str | tuple[Getter, Type], ...]]:
        """Return a message's text as Message.told does, with a getter for each slot."""
        # the program, and with it the message, lives as long as this does
        key = (id(message), language)
        found = self._texts.get(key)
        if found is None:
            spoken, pieces = message.told(language)
            slots = tuple(
                each if isinstance(each, str) else (self.getter(each), each.type) for each in pieces
            )
            found = self._texts[key] = (spoken, slots)
        return found


def _cell(index: int) -> Getter:
    return lambda one: one.prepared.account[index]


def _within(part: str, number: int) -> Getter:
    """Return what gives an item of a part of Compact."""
    place = Compact._fields.index(part)

    def get(one: Account) -> Any:  # noqa: ANN401  a value of any type
        found: Any = one.compact[place]
        return found[number]

    return get


def _of_score(number: int, part: int) -> Getter:
    """Return what gives a score's value, a bound or its band."""
    return lambda one: one.compact.scores[number][part]


def _steps(program: Program) -> Iterator[tuple[str, Getter]]:
    """Yield for the address of every step what gives its value."""
    for index, fact in enumerate(program.facts):
        yield fact.address, _within("facts", index)
    aggregates = [each.address for each in program.aggregates]
    for index, address in enumerate((*aggregates, *addresses(program))):
        yield address, _within("aggregates", index)
    for index, score in enumerate(program.scores):
        for part, name in enumerate(("", ".low", ".high", ".band")):
            yield score.address + name, _of_score(index, part)
    criteria = [each.address for score in program.scores for each in score.criteria]
    for index, address in enumerate(criteria):
        yield address, _within("points", index)
    levels: dict[str | None, int] = {each.id: each.level for each in program.tiers}
    yield "class", lambda one: one.compact.class_
    yield "tier", lambda one: one.compact.tier
    yield "tier.level", lambda one: levels.get(one.compact.tier)
    yield "class_before", lambda one: one.before[0]
    yield "tier_before", lambda one: one.before[1]
    yield "phase", lambda one: one.compact.phase
    yield "strategy", lambda one: one.compact.strategy


class Account:
    """One account's facts and decision, with the value of every name."""

    __slots__ = ("as_of", "before", "compact", "language", "names", "prepared")

    def __init__(  # noqa: PLR0913, PLR0917  what one decision depends on
        self,
        names: Names,
        prepared: Prepared,
        compact: Compact,
        as_of: datetime.date,
        before: tuple[str | None, str | None],
        language: str,
    ) -> None:
        self.names = names
        self.prepared = prepared
        self.compact = compact
        self.as_of = as_of
        self.before = before
        self.language = language

    def value(self, node: Node) -> Any:  # noqa: ANN401  a value of any type
        """Return the value of a name, a constant or the date of the run."""
        return self.names.getter(node)(self)

    def text(self, message: Message | None) -> str | None:
        """Return a message with its slots filled, in the wanted language or else the first."""
        if message is None or not message.texts:
            return None
        language, pieces = self.names.pieces(message, self.language)
        return "".join([
            each if isinstance(each, str) else show(each[0](self), each[1], language)
            for each in pieces
        ])  # fmt: skip

    def state(self, gate: Gate) -> GateState:
        """Return what is known of a gate."""
        return STATES[self.compact.gates[self.names.gates[gate.address]]]


def outside(value: Any, kind: Type) -> Value:  # noqa: ANN401  a value as engines hold it
    """Return a value as JSON and callers see it: dates as dates, whole counts as ints."""
    if value is None or isinstance(value, AS_THEY_ARE):
        return value
    if kind.kind is Kind.DATE:
        ordinal = int(value // 1) + EPOCH
        return datetime.date.fromordinal(ordinal) if 1 <= ordinal <= LAST else None
    if kind.kind in {Kind.INTEGER, Kind.DAYS} and value == int(value):
        return int(value)
    return float(value)

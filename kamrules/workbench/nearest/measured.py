"""Measured facts: what a decision rests on in the end, and the program with each of them as one input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kamrules.compiler.parts import changed
from kamrules.engines.layout import Layout, layout_of
from kamrules.engines.row.whole_book import addresses
from kamrules.expression import canonical
from kamrules.expression.besides import apart
from kamrules.expression.nodes import (
    AccountColumn,
    Aggregation,
    And,
    Arithmetic,
    AsOf,
    Call,
    Constant,
    Function,
    If,
    Not,
    Operator,
    StepValue,
)
from kamrules.expression.types import (
    ACCOUNTS,
    DATE,
    NOTHING_SAID,
    NUMBER,
    Changing,
    Column,
    Kind,
)
from kamrules.expression.walk import below, with_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kamrules.compiler.program import AggregateStep, FactStep, Program
    from kamrules.engines.row import Compact, Prepared
    from kamrules.expression.nodes import Aggregate, Node
    from kamrules.expression.types import Type

FIXED = Changing(changeable=False)


@dataclass(frozen=True, slots=True)
class MeasuredFact:
    """One thing that is known or found out about an account: a column, or an aggregate of its rows.

    A derived fact for which the ruleset says what changing it costs is one too. `address` is
    `accounts.<column>`, `aggregate.<n>`, `fact.<id>` or `book.<n>.<function>`; `name` is the id by which
    the ruleset knows it, else the aggregate's text. `least` is the smallest value it can have, `tables` the
    related tables whose rows an aggregate takes; `past`: it is a day that is never after the run.
    """

    address: str
    name: str
    title: str
    type: Type
    changing: Changing
    info_level: int
    least: float | None = None
    tables: tuple[str, ...] = ()
    past: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """A program whose only inputs are measured facts, in their order; `layout` is that of their values."""

    program: Program
    layout: Layout
    facts: tuple[MeasuredFact, ...]
    original: Program
    columns: tuple[str, ...]
    translate: Callable[[Node], Node]

    @classmethod
    def of(
        cls, program: Program, columns: tuple[str, ...], more: frozenset[str] = frozenset(),
        *, priced: bool = True,
    ) -> Inputs:  # fmt: skip
        """Return the inputs of a program in force; `columns` are the account's as it is prepared.

        `more`: ids of derived facts that are to be inputs too; `priced`: so are those of which the ruleset
        says what changing them costs.
        """
        known = {each.address: each for each in _measured(program, more, priced=priced)}
        covers = covered(program)
        signals = signals_by_date(program)
        names = {address: each.type for address, each in known.items()}

        def measured(node: Node) -> Node:
            match node:
                case AccountColumn(name=name):
                    return AccountColumn(f"{ACCOUNTS}.{name}", node.type)
                case StepValue(address=address) if address in signals:
                    holds = AccountColumn(signals[address], names[signals[address]])
                    return _day_of_signal(holds, AccountColumn(address, names[address]))
                case StepValue(address=address) if address in names:
                    own = AccountColumn(address, names[address])
                    inside = tuple(
                        AccountColumn(one, names[one]) for one in covers.get(address, ())
                    )
                    return Call(Function.MAX, (own, *inside), own.type) if inside else own
                case _:
                    return with_children(node, measured)

        rules: dict[str, Any] = {
            name: tuple(changed(each, measured) for each in getattr(program, name))
            for name in ("scores", "classes", "paths", "tiers", "phases", "strategies", "actions")
        }
        facts = tuple(
            changed(each, measured) for each in program.facts if each.address not in known
        )
        made_of = {each.address: Column(each.address, each.type) for each in known.values()}
        accounts = replace(program.tables[ACCOUNTS], columns=made_of)
        gone = {each.address for each in program.aggregates} | known.keys()
        gone |= {each.address for each in program.book_steps}
        made = replace(
            program,
            **rules,
            facts=facts,
            aggregates=(),
            book_steps=(),
            gaps=(),
            tables={ACCOUNTS: accounts},
            order=tuple(each for each in program.order if each not in gone),
        )
        used = layout_of(made).account
        return cls(
            made, Layout(used, ()), tuple(known[each] for each in used), program,
            columns, measured,
        )  # fmt: skip

    def reading(self, addresses: frozenset[str]) -> Inputs:
        """Return the same with further measured facts among the inputs: those that only a question reads."""
        lacking = addresses - {each.address for each in self.facts}
        if not lacking:
            return self
        every = _measured(self.original, frozenset(), priced=True)
        more = tuple(each for each in every if each.address in lacking)
        used = (*self.layout.account, *(each.address for each in more))
        return replace(self, layout=Layout(used, ()), facts=(*self.facts, *more))

    def values(self, prepared: Prepared, compact: Compact) -> list[Any]:
        """Return the account's values of the measured facts, None where unknown."""
        account = dict(zip(self.columns, prepared.account, strict=True))
        steps = [each.address for each in self.original.aggregates] + list(addresses(self.original))
        found = {f"{ACCOUNTS}.{name}": value for name, value in account.items()}
        found |= dict(zip(steps, compact.aggregates, strict=True))
        facts = (each.address for each in self.original.facts)
        found |= dict(zip(facts, compact.facts, strict=True))
        return [found[each.address] for each in self.facts]


def _measured(program: Program, more: frozenset[str], *, priced: bool) -> Iterator[MeasuredFact]:
    """Yield every measured fact that the program reads or could read."""
    named: dict[str, FactStep] = {}
    dates = signals_by_date(program)
    for fact in program.facts:
        if isinstance(fact.value, StepValue):
            named.setdefault(fact.value.address, fact)
    for column in program.tables[ACCOUNTS].columns.values():
        yield MeasuredFact(
            f"{ACCOUNTS}.{column.name}", column.name, column.title, column.type,
            column.changing, column.info_level,
        )  # fmt: skip
    for step in program.aggregates:
        owner = named.get(step.address)
        yield MeasuredFact(
            step.address,
            owner.id if owner else canonical(step.aggregate),
            owner.title if owner else "",
            step.aggregate.type,
            owner.changing if owner else NOTHING_SAID,
            _level(program, step),
            _least(step),
            tables_of(step.aggregate),
            step.address in dates,
        )
    for fact in program.facts:
        said = fact.changing.changeable is not None or fact.changing.cost is not None
        said = (said and priced) or fact.id in more
        if said and not isinstance(fact.value, StepValue | AccountColumn):
            yield MeasuredFact(
                fact.address, fact.id, fact.title, fact.type, fact.changing, fact.info_level
            )
    for compared in program.book_steps:
        for address, kind in _placing(program, compared.address):
            yield MeasuredFact(address, compared.text, "", kind, FIXED, 1)


def _placing(program: Program, step: str) -> Iterator[tuple[str, Type]]:
    seen = set()
    for part in (program.facts, program.scores, program.classes, program.paths, program.tiers,
                 program.phases, program.strategies, program.actions):  # fmt: skip
        for tree in _trees(part):
            for node in below(tree):
                if (
                    isinstance(node, StepValue)
                    and node.address.startswith(f"{step}.")
                    and node.address not in seen
                ):
                    seen.add(node.address)
                    yield node.address, node.type


def _trees(part: object) -> list[Node]:
    found: list[Node] = []

    def keep(node: Node) -> Node:
        found.append(node)
        return node

    changed(part, keep)
    return found


def _level(program: Program, step: AggregateStep) -> int:
    """Return the information level of the column that an aggregate takes, 1 for rows."""
    column = step.aggregate.column
    return 1 if column is None else program.tables[step.aggregate.table].columns[column].info_level


def tables_of(one: Aggregate) -> tuple[str, ...]:
    """Return the tables whose rows an aggregate takes, or looks for beside them."""
    return tuple(dict.fromkeys((one.table, *(each.table for each in apart(one.where)[1]))))


def signals_by_date(program: Program) -> dict[str, str]:
    """Return for the step that gives the date of a signal the one that tells whether it holds."""
    steps = {each.address: each.value for each in program.facts if each.signal is not None}
    found = {}
    for address, value in steps.items():
        holds = steps.get(address.removesuffix(".date"))
        if isinstance(value, StepValue) and isinstance(holds, StepValue) and value != holds:
            found[value.address] = holds.address
    return found


def _day_of_signal(holds: Node, day: Node) -> Node:
    """Return the date of a signal: one only when it holds, today's where it begins to hold."""
    nothing = Arithmetic(Operator.DIVIDE, Constant(1.0, NUMBER), Constant(0.0, NUMBER), DATE)
    begins = If(holds, AsOf(), nothing, DATE)
    return If(Not(holds), nothing, Call(Function.COALESCE, (day, begins), DATE), DATE)


def _least(step: AggregateStep) -> float | None:
    counted = step.aggregate.function in {Aggregation.COUNT, Aggregation.DISTINCT}
    return 0.0 if counted else None


def covered(program: Program) -> dict[str, tuple[str, ...]]:
    """Return for each count of rows the counts of some of the same rows: it is never below them."""
    counts = {}
    for step in program.aggregates:
        one = step.aggregate
        if one.function is Aggregation.COUNT and one.column is None and one.item is None:
            counts[step.address] = (one.table, _conjuncts(one.where))
    found = {}
    for address, (table, wanted) in counts.items():
        inside = tuple(
            other
            for other, (its_table, its_wanted) in counts.items()
            if other != address and its_table == table and wanted < its_wanted
        )
        if inside:
            found[address] = inside
    return found


def _conjuncts(where: Node | None) -> frozenset[str]:
    if where is None:
        return frozenset()
    if isinstance(where, And):
        return frozenset(part for each in where.items for part in _conjuncts(each))
    return frozenset({canonical(where)})


NUMBERS = frozenset(Kind) - {Kind.TEXT, Kind.CHOICE, Kind.BOOL}

"""Class, tier, phase and strategy in SQL, with what memory says (docs/semantics.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.program import Hit
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    boolean,
    by_number,
    call,
    double,
    is_false,
    is_known,
    is_null,
    is_one_of,
    is_true,
    joined,
    negation,
    null,
    text,
    total,
    when,
    whole,
)
from kamrules.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.compiler.program import Class, Gate, Phase, Program, Strategy
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values

NOWHERE = "varchar"


def lay_before(values: Values, program: Program, *, known: bool) -> None:
    """Add class and tier before: `before_class` and `before_tier` of memory, if rules in force have them."""
    for what, rules in (("class", program.classes), ("tier", program.tiers)):
        item: Sql = null(NOWHERE)
        if known and rules:
            read = values.stack.lay(f"before_{what}")
            among = is_one_of(read, [text(each.id) for each in rules])
            item = values.stack.add(f"{what}_before", when([(among, read.copy())], null(NOWHERE)))
        values.places["step", f"{what}_before"] = item


def lay_gates(values: Values, gates: Iterable[Gate]) -> None:
    """Add gates: true for met, false for unmet, NULL for unknown."""
    for gate in gates:
        name = f"g{sum(sort == 'gate' for sort, _ in values.places)}"
        values.places["gate", gate.address] = values.stack.add(name, values.holds(gate.when))


def _met(values: Values, gates: Sequence[Gate]) -> Sql:
    return all_of(is_true(values.places["gate", each.address].copy()) for each in gates)


def lay_placement(values: Values, program: Program, address: str) -> None:
    """Add the class, tier, phase or strategy, which one its address says."""
    match address:
        case "class":
            lay_class(values, program)
        case "tier":
            lay_tier(values, program)
        case "phase":
            unique = program.phase_hit is Hit.UNIQUE
            lay_first(values, "phase", program.phases, unique=unique)
        case "strategy":
            unique = program.strategy_hit is Hit.UNIQUE
            lay_first(values, "strategy", program.strategies, unique=unique)


def lay_class(values: Values, program: Program) -> None:
    """Add the class, its move and the fault."""
    for path in program.paths:
        lay_gates(values, path.gates)
    stack = values.stack
    holds = [stack.keep(values.holds(each.when)) for each in program.classes]
    levels = {each.id: each.level for each in program.classes}
    placed, fault = _by_conditions(values, program, holds)
    before = values.places["step", "class_before"]
    level = stack.keep(_by_text(placed, [(key, whole(of)) for key, of in levels.items()]))
    if isinstance(before, exp.Column):
        code = stack.add("class_code", _by_memory(values, program, placed, level, before, fault))
    else:
        code = stack.add(
            "class_code",
            when(
                [
                    (is_known(fault.copy()), null(NOWHERE)),
                    (is_known(placed.copy()), text("placed")),
                ],
                null(NOWHERE),
            ),
        )
    move = when(
        [(binary(exp.EQ, call("left", code.copy(), whole(3)), text("up:")), text("up"))],
        code.copy(),
    )
    branches = [
        (is_one_of(code.copy(), [text("placed"), text("down")]), placed.copy()),
        (is_one_of(code.copy(), [text("held"), text("stayed")]), before.copy()),
    ]
    values.places["step", "class"] = stack.add(
        "class", when(branches, call("substr", code.copy(), whole(4)))
    )
    values.places["step", "class_move"] = stack.add("class_move", move)
    values.places["step", "fault"] = fault


def _by_conditions(values: Values, program: Program, holds: list[Sql]) -> tuple[Sql, Sql]:
    """Return the class by the conditions alone, and the fault of the ruleset if there is one."""
    stack = values.stack
    ids = [each.id for each in program.classes]
    first = when(
        [(hold.copy(), text(each)) for each, hold in zip(ids, holds, strict=True)], null(NOWHERE)
    )
    none = all_of(is_false(hold.copy()) for hold in holds) if holds else boolean(False)  # noqa: FBT003
    language = program.languages[0]
    faults: list[tuple[Sql, Sql]] = [(none, text(word("no class holds", language)))]
    if program.class_hit is Hit.UNIQUE and len(ids) > 1:
        hits = stack.keep(total(when([(hold.copy(), whole(1))], whole(0)) for hold in holds))
        several = binary(exp.GT, hits, whole(1))
        listed = joined(
            [when([(hold.copy(), text(each))]) for each, hold in zip(ids, holds, strict=True)],
            ", ",
        )
        before, after = word("several classes hold: {classes}", language, classes="\n").split("\n")
        told = call("concat", text(before), listed, *([text(after)] if after else []))
        faults.insert(0, (several, told))
        first = when([(several.copy(), null(NOWHERE))], first)
    placed = stack.add("placed", first)
    fault = stack.add("fault", when(faults, null(NOWHERE)))
    return placed, fault


def _by_text(item: Sql, values: Sequence[tuple[str, Sql]]) -> Sql:
    if not values:
        return null("integer")
    ifs = [exp.If(this=text(key), true=value) for key, value in values]
    return exp.Case(this=item.copy(), ifs=ifs)


def _by_memory(  # noqa: PLR0913, PLR0917  the parties to the decision
    values: Values, program: Program, placed: Sql, level: Sql, before: Sql, fault: Sql
) -> Sql:
    """Return how the class came about: a move, or `up:` and the class that a path leads to."""
    branches: list[tuple[Sql, Sql]] = [(is_known(fault.copy()), null(NOWHERE))]
    for each in program.classes:
        here = binary(exp.EQ, before.copy(), text(each.id))
        branches.append((here, _from(values, program, each, placed, level)))
    branches.append((is_known(placed.copy()), text("placed")))
    return when(branches, null(NOWHERE))


def _from(values: Values, program: Program, each: Class, placed: Sql, level: Sql) -> Sql:
    gone = is_false(values.holds(each.stay if each.stay is not None else each.when))
    levels = {one.id: one.level for one in program.classes}
    ways: list[tuple[Sql, Sql]] = [
        (all_of([is_null(placed.copy()), gone]), null(NOWHERE)),
        (is_null(placed.copy()), text("held")),
        (binary(exp.EQ, placed.copy(), text(each.id)), text("stayed")),
        (all_of([binary(exp.LT, level.copy(), whole(each.level)), gone.copy()]), text("down")),
        (binary(exp.LT, level.copy(), whole(each.level)), text("held")),
    ]
    for path in program.paths:
        if path.origin == each.id and levels[path.target] > each.level:
            high = binary(exp.GTE, level.copy(), whole(levels[path.target]))
            ways.append((all_of([high, _met(values, path.gates)]), text(f"up:{path.target}")))
    return when(ways, text("held"))


def lay_tier(values: Values, program: Program) -> None:
    """Add the tier, its level and its move; tiers count from 1 here, 0 is none."""
    tiers, stack = program.tiers, values.stack
    for tier in tiers:
        lay_gates(values, tier.gates)
    highest = stack.add(
        "tier_highest",
        when(
            [
                (negation(_met(values, tier.gates)), whole(number))
                for number, tier in enumerate(tiers)
                if tier.gates
            ],
            whole(len(tiers)),
        ),
    )
    before = values.places["step", "tier_before"]
    reached: Sql = highest
    move = when([(binary(exp.GT, highest.copy(), whole(0)), text("placed"))], null(NOWHERE))
    if isinstance(before, exp.Column):
        reached, move = _tier_by_memory(values, program, highest, before)
    number = stack.add("tier_number", reached)
    ids = [(place, text(each.id)) for place, each in enumerate(tiers, start=1)]
    levels = [(place, double(each.level)) for place, each in enumerate(tiers, start=1)]
    values.places["step", "tier_number"] = number
    values.places["step", "tier"] = stack.add("tier", by_number(number.copy(), ids, NOWHERE))
    values.places["step", "tier.level"] = stack.add(
        "tier_level", by_number(number.copy(), levels, "double")
    )
    values.places["step", "tier_move"] = stack.add("tier_move", move)


def _tier_by_memory(values: Values, program: Program, highest: Sql, before: Sql) -> tuple[Sql, Sql]:
    tiers, stack = program.tiers, values.stack
    ids = [(each.id, whole(place)) for place, each in enumerate(tiers, start=1)]
    start = stack.add("tier_start", _by_text(before, ids))
    lost = []
    for place, tier in enumerate(tiers):
        fails = [is_false(values.holds(each.stay or each.when)) for each in tier.gates]
        below = binary(exp.LT, start.copy(), whole(place + 1))
        lost.append((any_of([below, *fails]), whole(place)))
    kept = stack.add("tier_kept", when(lost, whole(len(tiers))))
    new = is_null(start.copy())
    down = binary(exp.LT, kept, start.copy())
    up = binary(exp.GT, highest.copy(), start.copy())
    same = binary(exp.EQ, highest.copy(), start.copy())
    reached = when(
        [
            (new, highest.copy()),
            (down, kept.copy()),
            (up, binary(exp.Add, start.copy(), whole(1))),
        ],
        start.copy(),
    )
    placed = all_of([new.copy(), binary(exp.GT, highest.copy(), whole(0))])
    move = when(
        [
            (placed, text("placed")),
            (new.copy(), null(NOWHERE)),
            (down.copy(), text("down")),
            (up.copy(), text("up")),
            (same, text("stayed")),
        ],
        text("held"),
    )
    return reached, move


def lay_first(
    values: Values, what: str, rules: Sequence[Phase | Strategy], *, unique: bool
) -> None:
    """Add the first rule whose `when` is true, or with `unique` the only one."""
    holds = [values.holds(each.when) for each in rules]
    if unique:
        holds = [values.stack.keep(each) for each in holds]
    found = when(
        [(hold.copy(), text(each.id)) for each, hold in zip(rules, holds, strict=True)],
        null(NOWHERE),
    )
    if unique and len(rules) > 1:
        hits = total(when([(hold.copy(), whole(1))], whole(0)) for hold in holds)
        found = when([(binary(exp.EQ, hits, whole(1)), found)], null(NOWHERE))
    values.places["step", what] = values.stack.add(what, found)

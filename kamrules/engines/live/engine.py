"""The live engine: the row engine's numbers, and every conclusion from them by durable-rules.

What durable-rules cannot hold exactly (aggregates, scores, money, texts) is computed as the row engine does.
From the cells in which those values lie, the matcher concludes bool facts, bands, gates, class, tier, phase,
strategy and actions; signals it finds as joins between rows. Decisions are the same as the row engine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.decision import Move
from kamrules.engines.live.acting import fires, live
from kamrules.engines.live.compiling import Compiled
from kamrules.engines.live.matching import Matcher
from kamrules.engines.live.measuring import measuring
from kamrules.engines.live.placing import NO_CLASS, SEVERAL
from kamrules.engines.live.signals import Signals
from kamrules.engines.live.truth import concluded
from kamrules.engines.row import Compact, engine_of
from kamrules.engines.row.placement import MET, UNKNOWN, UNMET

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence
    from typing import Any

    from kamrules.compiler.program import Program
    from kamrules.decision import Earlier
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.engines.layout import Layout
    from kamrules.engines.row import Prepared


class LiveEngine:
    """Decides accounts by one program, on durable-rules; for one thread at a time.

    Raises ImportError where durable-rules cannot be imported, and TooLargeError for rules that it cannot
    hold. A crash or a hang of the library takes the process with it: kamrules.live.workers keeps it in one
    that can be spared.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.row = engine_of(program)
        self._slices: dict[int, _Slice] = {}

    def slice(self, as_of: datetime.date) -> _Slice:
        """Return what decides on a date, made when it is first needed."""
        program = self.row.slice(as_of)[0]
        found = self._slices.get(id(program))
        if found is None:
            found = self._slices[id(program)] = _Slice(program, self.row.preparer.layout)
        return found

    def compact(
        self,
        prepared: Prepared,
        as_of: datetime.date,
        earlier: Earlier | None = None,
        cutoffs: Cutoffs | None = None,
    ) -> Compact:
        """Decide prepared facts as RowEngine.compact does, which prepared them.

        Raises TooLargeError for an account with more rows than the matcher should be sent.
        """
        return self.both(prepared, as_of, earlier, cutoffs)[1]

    def both(
        self,
        prepared: Prepared,
        as_of: datetime.date,
        earlier: Earlier | None = None,
        cutoffs: Cutoffs | None = None,
    ) -> tuple[Compact, Compact]:
        """Return what the row engine decides, whose numbers are needed anyhow, and what this one does."""
        asked = self.row.asked(prepared, as_of, earlier, cutoffs)
        return self.slice(as_of).both(asked)

    def close(self) -> None:
        """Give back what durable-rules holds."""
        for each in self._slices.values():
            each.matcher.close()
            each.signals.close()
        self._slices.clear()


class _Slice:
    """One set of rules in force."""

    def __init__(self, program: Program, layout: Layout) -> None:
        compiled = Compiled(program)
        self.program = program
        self.quantities = compiled.quantities.all
        self.signals = Signals(compiled.patterns)
        self.matcher = Matcher(compiled.network, self.quantities)
        self.measure = measuring(program, layout, self.quantities, compiled.patterns)
        self._compiled = compiled
        gates = [gate for path in program.paths for gate in path.gates]
        gates += [gate for tier in program.tiers for gate in tier.gates]
        self._gates = [
            (concluded(each.address, "met"), concluded(each.address, "unmet")) for each in gates
        ]
        self._facts = [
            (number, *_states(program.facts[number].address))
            for number in (*compiled.settled, *compiled.signals)
        ]  # fmt: skip
        self._bands = [
            {concluded(f"{score.address}.band", each.id): each.id for each in score.bands}
            for score in program.scores
        ]
        self._live = [live(each.id) for each in program.actions]
        self._fires = [fires(each.id) for each in program.actions]
        self._values = _values(program)

    def both(self, asked: tuple[Any, ...]) -> tuple[Compact, Compact]:
        """Decide what the generated function is asked, as the row engine does and by the matcher."""
        values, (cells, keys, rows) = self.measure(*asked)
        days = self.signals.match(rows)
        row = Compact._make(values)
        found = self.matcher.match(cells, self._given(days))
        told = self._with_signals(row, days)
        return row, self._assembled(told, found, keys, as_of=asked[2], proposed=asked[5])

    def _given(self, days: Sequence[Sequence[int] | None]) -> list[str]:
        """Return what the matched patterns conclude."""
        facts = self.program.facts
        return [
            concluded(facts[fact].address, bool(found))
            for fact, pattern in self._compiled.signals.items()
            if (found := days[pattern]) is not None
        ]

    def _with_signals(self, row: Compact, days: Sequence[Sequence[int] | None]) -> Compact:
        """Return the decision with what the matcher found for patterns in place of what it had."""
        if not days:
            return row
        aggregates, facts = list(row.aggregates), list(row.facts)
        for pattern, found in zip(self._compiled.patterns, days, strict=True):
            for number in pattern.found:
                aggregates[number] = None if found is None else bool(found)
            for number in pattern.newest:
                aggregates[number] = max(found) if found else None
        for fact, number in self._compiled.days.items():
            latest = days[number]
            facts[fact] = max(latest) if latest else None
        return row._replace(aggregates=tuple(aggregates), facts=tuple(facts))

    def _assembled(
        self,
        row: Compact,
        found: set[str],
        keys: tuple[int, ...],
        as_of: int,
        proposed: Mapping[str, int] | None,
    ) -> Compact:
        told: dict[str, str | None] = {}
        for each in self._values.keys() & found:
            step, value = self._values[each]
            # two values of a step cannot both be right; then none is, whatever the order
            told[step] = None if step in told else value
        chosen, held = self._actions(found, keys, as_of, proposed or {})
        return row._replace(
            class_=told.get("class"),
            class_move=told.get("class_move"),
            fault=self._fault(found),
            tier=told.get("tier"),
            tier_move=told.get("tier_move"),
            phase=told.get("phase"),
            strategy=told.get("strategy"),
            scores=tuple(
                (*score[:3], next((band for name, band in bands.items() if name in found), None))
                for score, bands in zip(row.scores, self._bands, strict=True)
            ),
            gates=tuple([
                MET if met in found else UNMET if unmet in found else UNKNOWN
                for met, unmet in self._gates
            ]),
            chosen=chosen,
            held=held,
            facts=self._told_facts(row, found),
        )  # fmt: skip

    def _told_facts(self, row: Compact, found: set[str]) -> tuple[Any, ...]:
        facts = list(row.facts)
        for number, yes, no in self._facts:
            facts[number] = True if yes in found else False if no in found else None
        return tuple(facts)

    def _fault(self, found: set[str]) -> tuple[str, ...] | None:
        if NO_CLASS in found:
            return ()
        if SEVERAL not in found:
            return None
        return tuple(each.id for each in self.program.classes if f"class_right={each.id}" in found)

    def _actions(
        self, found: set[str], keys: tuple[int, ...], as_of: int, proposed: Mapping[str, int]
    ) -> tuple[list[int], list[tuple[int, int]]]:
        chosen: list[int] = []
        held: list[tuple[int, int]] = []
        for number, name in enumerate(self._live):
            if name in found:
                each = self.program.actions[number]
                day = proposed.get(each.id)
                if day is not None and 0 < as_of - day < each.cooldown_days:
                    held.append((keys[number], day))
                else:
                    chosen.append(keys[number])
            elif self._fires[number] in found:
                held.append((keys[number], 0))
        return sorted(chosen, reverse=True), sorted(held, reverse=True)


def _values(program: Program) -> dict[str, tuple[str, str]]:
    """Return the conclusions that give a step its value, with the step and the value."""
    moves = [each.value for each in Move]
    steps: dict[str, list[str]] = {
        "class": [each.id for each in program.classes],
        "class_move": moves,
        "tier": [each.id for each in program.tiers],
        "tier_move": moves,
        "phase": [each.id for each in program.phases],
        "strategy": [each.id for each in program.strategies],
    }
    return {concluded(step, each): (step, each) for step, ids in steps.items() for each in ids}


def _states(address: str) -> tuple[str, str]:
    """Return the conclusions that a fact is true, and that it is false."""
    yes, no = (concluded(address, truth) for truth in (True, False))
    return yes, no

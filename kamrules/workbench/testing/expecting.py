"""Expectations: what a test wanted, held against the decision, with the conditions that explain it."""

from __future__ import annotations

import datetime
import math
from functools import cached_property
from typing import TYPE_CHECKING

from kamrules.compiler.cases import NONE, UNKNOWN
from kamrules.decision import GateState
from kamrules.document.values import show
from kamrules.expression.types import Interval
from kamrules.workbench.testing.report import Failure, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kamrules.compiler.cases import Case, Wanted
    from kamrules.decision import Decision, Explanation, Proof, Value

CLOSE = 0.05
"""A score or fact given as a number may differ by this much: half of the last place shown."""

PLACED = ("class", "class_move", "tier", "tier_move", "phase", "strategy")


def failures(
    case: Case, decision: Decision, explain: Callable[[], Explanation]
) -> tuple[Failure, ...]:
    """Return the expectations that the decision does not meet, in the order of the keys.

    `explain` proves the decision; it is called only when something is not met.
    """
    return tuple(_Expecting(case, decision, explain).failures())


class _Expecting:
    """Holds one decision against one test."""

    def __init__(self, case: Case, decision: Decision, explain: Callable[[], Explanation]) -> None:
        self.case = case
        self.expect = case.model.expect
        self.decision = decision
        self.explain = explain

    @cached_property
    def explanation(self) -> Explanation:
        return self.explain()

    @cached_property
    def proofs(self) -> dict[str, Proof]:
        return {each.address: each for each in _all(self.explanation.root) if each.address}

    @property
    def facts(self) -> Mapping[str, Proof]:
        return self.explanation.facts

    def failures(self) -> Iterator[Failure]:
        yield from self._placed()
        yield from self._next()
        yield from self._actions()
        yield from self._gaps()
        yield from self._gates()
        yield from self._holds()
        yield from self._scores()
        yield from self._facts()
        yield from self._reasons()

    def _placed(self) -> Iterator[Failure]:
        for key in PLACED:
            name = f"{key}_" if key == "class" else key
            wanted, came = getattr(self.expect, name), getattr(self.decision, name) or NONE
            if wanted is not None and wanted != came:
                why = (
                    self._why(f"{key}.{wanted}")
                    if key in ("class", "tier", "phase", "strategy")
                    else ()
                )
                if key == "class" and self.decision.faults:
                    came = f"{came}: {self.decision.faults[0]}"
                yield Failure(key, wanted, str(came), why or self._why(f"{key}.{came}", hold=True))

    def _next(self) -> Iterator[Failure]:
        for key, found in (
            ("next_class", self.decision.next_class),
            ("next_tier", self.decision.next_tier),
        ):
            wanted, came = getattr(self.expect, key), found.to if found is not None else NONE
            if wanted is not None and wanted != came:
                yield Failure(key, wanted, came)

    def _actions(self) -> Iterator[Failure]:
        proposed = [each.id for each in self.decision.actions]
        held = {each.id: each for each in self.decision.held_back}
        top = proposed[0] if proposed else NONE
        if self.expect.top_action is not None and self.expect.top_action != top:
            wanted = self.expect.top_action
            came = f"{top}, {_place_of(wanted, proposed)}" if wanted in proposed else top
            yield Failure("top_action", wanted, came, self._why(f"action.{wanted}"))
        for name in self.expect.actions:
            if name not in proposed:
                came = _held(held[name].excluded_by) if name in held else "not proposed"
                yield Failure("actions", name, came, self._why(f"action.{name}"))
        for name in self.expect.not_actions:
            if name in proposed:
                came = _place_of(name, proposed)
                yield Failure(
                    "not_actions", f"not {name}", came, self._why(f"action.{name}", hold=True)
                )
        for name in self.expect.held_back:
            if name not in held:
                came = _place_of(name, proposed) if name in proposed else "not due"
                yield Failure("held_back", name, came, self._why(f"action.{name}"))

    def _gaps(self) -> Iterator[Failure]:
        known = [each.fact for each in self.decision.gaps]
        for name in self.expect.gaps:
            if name not in known:
                yield Failure("gaps", name, f"the gaps are {', '.join(known) or 'none'}")

    def _gates(self) -> Iterator[Failure]:
        states = {
            ".".join(key.split(".")[1::2]): (key, each) for key, each in self.decision.gates.items()
        }
        for state in GateState:
            for name in getattr(self.expect, state.value):
                address, came = states[name]
                if came is not state:
                    why = self._why(address, hold=came is GateState.MET)
                    yield Failure(state.value, name, came.value, why)

    def _holds(self) -> Iterator[Failure]:
        for each in self.case.holds:
            if self.decision.facts[each.fact] is not True:
                proof = self.facts[each.fact]
                state = "unknown" if self.decision.facts[each.fact] is None else "false"
                why = Why("", each.text, state, _reads(proof), proof.place)
                yield Failure("holds", each.text, state, (why,))

    def _scores(self) -> Iterator[Failure]:
        results = {each.id: each for each in self.decision.scores}
        for name, wanted in self.case.scores.items():
            score = results[name]
            band = isinstance(wanted, str) and wanted != UNKNOWN
            if score.band != wanted if band else not _is(wanted, score.value):
                shown = self.proofs[f"score.{name}"].shown or ""
                written = str(wanted) if band else self._written("scores", name)
                yield Failure(f"scores.{name}", written, shown, self._points(name))

    def _points(self, score: str) -> tuple[Why, ...]:
        return tuple(
            Why(each.address, f"{each.text} ({each.shown})", None, _reads(each), each.place)
            for each in self.proofs[f"score.{score}"].children
        )

    def _facts(self) -> Iterator[Failure]:
        for name, wanted in self.case.facts.items():
            derived = name in self.decision.facts
            came = self.decision.facts[name] if derived else self.case.account.get(name)
            if not _is(wanted, came):
                proof = self.facts.get(name)
                why = () if proof is None else (
                    Why(proof.address, proof.text or name, None, _reads(proof), proof.place),)  # fmt: skip
                shown = proof.shown if proof else str(came)
                yield Failure(
                    f"facts.{name}", self._written("facts", name), shown or "unknown", why
                )

    def _written(self, table: str, name: str) -> str:
        written = getattr(self.expect, table)[name]
        if isinstance(written, bool):
            return "yes" if written else "no"
        return written if isinstance(written, str) else show(written)

    def _reasons(self) -> Iterator[Failure]:
        proposed = {each.id: each for each in (*self.decision.actions, *self.decision.held_back)}
        for name, words in self.expect.reason.items():
            if name not in proposed:
                yield Failure(f"reason.{name}", words, "not proposed", self._why(f"action.{name}"))
            elif words not in proposed[name].reason:
                yield Failure(f"reason.{name}", words, proposed[name].reason)

    def _why(self, address: str, *, hold: bool = False) -> tuple[Why, ...]:
        """Return the conditions below an address that do not hold, or that do."""
        proof = self.proofs.get(address)
        found = () if proof is None else tuple(_conditions(proof, hold=hold))
        return (*found, *self._behind(found))

    def _behind(self, found: tuple[Why, ...]) -> Iterator[Why]:
        """Yield the facts that say yes or no in those conditions, with what they read in turn."""
        names = [name for each in found for name, shown in each.reads if shown in ("yes", "no")]
        for name in dict.fromkeys(names):
            if (proof := self.facts.get(name)) is not None:
                yield Why(proof.address, proof.text or name, None, _reads(proof), proof.place)


def _all(proof: Proof) -> Iterator[Proof]:
    yield proof
    for each in proof.children:
        yield from _all(each)


def _conditions(proof: Proof, *, hold: bool) -> Iterator[Why]:
    """Yield the innermost conditions that explain why the whole does not hold, or why it does."""
    if proof.kind == "condition" and not proof.children:
        if (proof.state == "true") is hold:
            yield Why(proof.address, proof.text or "", proof.state, _reads(proof), proof.place)
        return
    for each in proof.children:
        if each.kind != "condition" or (each.state == "true") is hold:
            yield from _conditions(each, hold=hold)


def _reads(proof: Proof) -> tuple[tuple[str, str], ...]:
    return tuple((each.name, each.shown) for each in proof.reads)


def _place_of(name: str, proposed: list[str]) -> str:
    return f"{name} is number {proposed.index(name) + 1}"


def _held(excluded_by: tuple[str, ...]) -> str:
    return f"held back by {', '.join(excluded_by)}" if excluded_by else "in cooldown"


def _is(wanted: Wanted, came: Value) -> bool:
    if wanted == UNKNOWN:
        return came is None or came == UNKNOWN
    if came is None:
        return False
    if isinstance(wanted, Interval):
        number = float((came - EPOCH).days) if isinstance(came, datetime.date) else came
        return isinstance(number, int | float) and wanted.holds(float(number))
    if (
        isinstance(wanted, bool)
        or isinstance(came, bool)
        or isinstance(wanted, str | datetime.date)
    ):
        return wanted == came
    close = CLOSE if abs(wanted) >= 1 else CLOSE / 100
    return isinstance(came, int | float) and math.isclose(came, wanted, rel_tol=0, abs_tol=close)


EPOCH = datetime.date(1970, 1, 1)

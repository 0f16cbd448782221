"""Deciding an account in live mode: the question, the small outcome that a log keeps, and who answers."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from kamrules.engines.row import engine_of
from kamrules.engines.row.account import STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.program import Program
    from kamrules.decision import Earlier
    from kamrules.engines.row.compact import Compact
    from kamrules.engines.row.prepare import Prepared
    from kamrules.engines.row.telling import Telling

ROW, LIVE = "row", "live"
ABSENT, CRASHED, HUNG, DIFFERED = "absent", "crashed", "hung", "differed"
TOO_LARGE, STARTING = "too_large", "starting"
"""Why the row engine had to decide what the live engine was asked: durable-rules is absent, crashed, did not
answer in time, or came to something else; rules or rows are too many for it; its worker is only starting.
"""
_SIGNAL = "signal."


@dataclass(frozen=True, slots=True)
class Question:
    """One account to be decided: what `kamrules.decide` takes.

    `facts` hold what JSON can hold, dates as ISO text; names that the program does not know are left aside,
    as they may come from a ruleset before a reload. `earlier` is None when nothing was decided before.
    """

    program: Program
    facts: Mapping[str, Any]
    as_of: datetime.date
    earlier: Earlier | None = None

    def inputs(self) -> str:
        """Return the SHA-256 (hex) of all that decides beside the program, as canonical JSON."""
        return hashlib.sha256(canonical(self.as_json())).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return facts, date and what was decided earlier as JSON holds them."""
        earlier = self.earlier
        return {
            "facts": self.facts,
            "as_of": self.as_of.isoformat(),
            "earlier": None if earlier is None else earlier_json(earlier),
        }


@dataclass(frozen=True, slots=True)
class OutcomeAction:
    """An action that fires; fields as in kamrules.decision.Action, texts in the ruleset's first language.

    `status`: proposed, cooldown or excluded; `rank` counts the proposed ones from 1.
    """

    id: str
    title: str
    status: str
    rank: int | None
    priority: float
    owner: str
    due_on: datetime.date
    effort_hours: float
    reason: str
    free_on: datetime.date | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the action as JSON holds it."""
        return {
            "id": self.id,
            "title": self.title,
            "status": self.status,
            "rank": self.rank,
            "priority": self.priority,
            "owner": self.owner,
            "due_on": self.due_on.isoformat(),
            "effort_hours": self.effort_hours,
            "reason": self.reason,
            "free_on": None if self.free_on is None else self.free_on.isoformat(),
        }

    @staticmethod
    def of(plain: Mapping[str, Any]) -> OutcomeAction:
        """Return the action that `as_json` gave."""
        day = datetime.date.fromisoformat
        free = plain["free_on"]
        dates = {"due_on": day(plain["due_on"]), "free_on": None if free is None else day(free)}
        return OutcomeAction(**{**plain, **dates})


@dataclass(frozen=True)
class Outcome:
    """What an event may change about an account: the part of a Decision that is compared, logged and kept.

    `gates`: state by address; `signals`: those that are true, with the day on which they became so;
    `scores` and `bands` by score, None where unknown. `actions` are proposed by rank, then held back.
    """

    class_: str | None
    class_move: str | None
    tier: str | None
    tier_move: str | None
    phase: str | None
    strategy: str | None
    gates: dict[str, str]
    signals: dict[str, datetime.date]
    scores: dict[str, float | None]
    bands: dict[str, str | None]
    actions: tuple[OutcomeAction, ...]
    faults: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as JSON holds it; the class is called `class`."""
        return {
            "class": self.class_,
            "class_move": self.class_move,
            "tier": self.tier,
            "tier_move": self.tier_move,
            "phase": self.phase,
            "strategy": self.strategy,
            "gates": self.gates,
            "signals": {name: day.isoformat() for name, day in self.signals.items()},
            "scores": self.scores,
            "bands": self.bands,
            "actions": [each.as_json() for each in self.actions],
            "faults": list(self.faults),
        }

    @staticmethod
    def of(plain: Mapping[str, Any]) -> Outcome:
        """Return the outcome that `as_json` gave."""
        rest = {name: value for name, value in plain.items() if name != "class"}
        day = datetime.date.fromisoformat
        return Outcome(
            **{
                **rest,
                "class_": plain["class"],
                "signals": {name: day(value) for name, value in plain["signals"].items()},
                "actions": tuple(OutcomeAction.of(each) for each in plain["actions"]),
                "faults": tuple(plain["faults"]),
            }
        )

    @staticmethod
    def read(told: bytes) -> Outcome:
        """Return the outcome whose canonical JSON these bytes are. Raises ValueError for what is no JSON."""
        found = Outcome.of(json.loads(told))
        found.__dict__["bytes"] = told
        return found

    @cached_property
    def bytes(self) -> bytes:
        """The outcome as canonical JSON."""
        return canonical(self.as_json())

    @cached_property
    def digest(self) -> str:
        """The SHA-256 (hex) of these bytes."""
        return hashlib.sha256(self.bytes).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a decider says: the outcome, the hash of the inputs that it had, and which engine decided.

    `trouble`: None, or why the row engine had to (absent, crashed, hung, differed, too_large, starting).
    """

    outcome: Outcome
    inputs: str
    engine: str = ROW
    trouble: str | None = None


class Decider(Protocol):
    """Decides accounts for a LiveBook; `decide` is called from several threads at once."""

    @property
    def described(self) -> dict[str, Any]:
        """What it is and how it fares, as JSON holds it: `engine` (row or live), and whatever else helps."""

    def prepare(self, program: Program, as_of: datetime.date | None = None) -> None:
        """Get ready to decide by a program: when a book is opened, and before it takes another ruleset."""

    def decide(self, question: Question) -> Answer:
        """Return the answer; it always has one."""

    def close(self) -> None:
        """Give back what it holds; `decide` is not called any more."""


class RowDecider:
    """Decides in process, by the row engine."""

    @property
    def described(self) -> dict[str, Any]:
        """What it is."""
        return {"engine": ROW, "workers": 0}

    def prepare(self, program: Program, as_of: datetime.date | None = None) -> None:
        """Compile the rules in force on a date."""
        if as_of is not None:
            engine_of(program).slice(as_of)

    def decide(self, question: Question) -> Answer:
        """Return the row engine's answer."""
        return answer(question)

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


def answer(
    question: Question,
    compact: Compact | None = None,
    *,
    prepared: Prepared | None = None,
    engine: str = ROW,
    trouble: str | None = None,
) -> Answer:
    """Return the answer to a question, from the compact decision that an engine came to.

    Without one the row engine decides here. `prepared`: the facts, where they have been prepared already;
    `engine` and `trouble` as in Answer.
    """
    rows = engine_of(question.program)
    if prepared is None:
        prepared = rows.prepare(question.facts, strict=False)
    if compact is None:
        compact = rows.compact(prepared, question.as_of, question.earlier)
    telling = rows.slice(question.as_of)[2]
    outcome = outcome_of(telling, prepared, compact, question.as_of, question.earlier)
    return Answer(outcome, question.inputs(), engine, trouble)


def outcome_of(
    telling: Telling,
    prepared: Prepared,
    compact: Compact,
    as_of: datetime.date,
    earlier: Earlier | None,
) -> Outcome:
    """Return the outcome that a compact decision is, in words of the rules in force."""
    one = telling.account(prepared, compact, as_of, earlier)
    scores = telling.program.scores
    return Outcome(
        class_=compact.class_,
        class_move=compact.class_move,
        tier=compact.tier,
        tier_move=compact.tier_move,
        phase=compact.phase,
        strategy=compact.strategy,
        gates={
            address: STATES[state].value
            for address, state in zip(telling.names.gates, compact.gates, strict=True)
        },
        signals=_signals(telling, compact),
        scores={one.id: found[0] for one, found in zip(scores, compact.scores, strict=True)},
        bands={one.id: found[3] for one, found in zip(scores, compact.scores, strict=True)},
        actions=tuple([
            OutcomeAction(
                id=each.id,
                title=each.title,
                status=each.status.value,
                rank=each.rank,
                priority=each.priority,
                owner=each.owner,
                due_on=each.due_on,
                effort_hours=each.effort_hours,
                reason=each.reason,
                free_on=each.free_on,
            )
            for each in (*telling.proposed(one), *telling.held_back(one))
        ]),
        faults=telling.faults(compact),
    )  # fmt: skip


_places: WeakKeyDictionary[Telling, tuple[tuple[str, int, int], ...]] = WeakKeyDictionary()


def _signals(telling: Telling, compact: Compact) -> dict[str, datetime.date]:
    """Return the signals that are true and when they became so; a signal is two steps among the facts."""
    places = _places.get(telling)
    if places is None:
        steps = {each.address: index for index, each in enumerate(telling.program.facts)}
        places = _places[telling] = tuple(
            (address.removeprefix(_SIGNAL), index, steps[f"{address}.date"])
            for address, index in steps.items()
            if address.startswith(_SIGNAL) and f"{address}.date" in steps
        )
    if not places:
        return {}
    epoch = datetime.date(1970, 1, 1).toordinal()
    facts = compact.facts
    return {
        name: datetime.date.fromordinal(int(facts[day]) + epoch)
        for name, holds, day in places
        if facts[holds] is True and facts[day] is not None
    }


def earlier_json(earlier: Earlier) -> dict[str, Any]:
    """Return what was decided earlier as JSON holds it."""
    dates = {name: day.isoformat() for name, day in earlier.proposed.items()}
    return {"class": earlier.class_, "tier": earlier.tier, "proposed": dates}


def canonical(plain: Any) -> bytes:  # noqa: ANN401  whatever JSON can hold
    """Return the one way of writing a JSON value: keys sorted, no blanks, dates as ISO text, UTF-8.

    Decimals are numbers as doubles have them.
    """
    return _encoder.encode(plain).encode("utf-8", "surrogatepass")


def _plain(value: object) -> object:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


# made once: json.dumps makes one each time
_encoder = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
)

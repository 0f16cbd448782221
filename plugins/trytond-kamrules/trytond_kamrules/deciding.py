"""From one party's facts to the rows that Tryton keeps of its decision, in every language in use."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kamrules import decide
from kamrules.compiler.in_language import in_language
from kamrules.decision import GateState
from kamrules.expression.types import ACCOUNTS

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from kamrules import Cutoffs, Decision, Earlier, Program
    from kamrules.decision import Advancement

Texts = dict[str, dict[str, str]]
"""Texts by language and by what they are of."""


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as rows: the account's own values, and lists of values of what stands below it.

    `actions` are all proposed ones, the most urgent first. `digest` is equal where nothing but the
    actions and the date differ.
    """

    account: Mapping[str, Any]
    scores: Sequence[tuple[Any, ...]]
    lacks: Sequence[tuple[Any, ...]]
    gaps: Sequence[tuple[Any, ...]]
    actions: Sequence[Mapping[str, Any]]
    digest: str


class Titles:
    """What a program calls its classes, facts and so on, in one language."""

    def __init__(self, program: Program, language: str) -> None:
        self.program = in_language(program, language)

    @cached_property
    def placed(self) -> dict[tuple[str, str | None], str]:
        """Titles by kind and id."""
        kinds = {
            "class": self.program.classes,
            "tier": self.program.tiers,
            "phase": self.program.phases,
            "strategy": self.program.strategies,
            "role": self.program.roles,
        }
        found: dict[tuple[str, str | None], str] = {
            (kind, each.id): each.title or each.id for kind, some in kinds.items() for each in some
        }
        for score in self.program.scores:
            for band in score.bands:
                found[f"band.{score.id}", band.id] = band.title or band.id
        return found

    @cached_property
    def facts(self) -> dict[str, str]:
        """What each fact is, by id: its title, else what is said about it."""
        columns = self.program.tables[ACCOUNTS].columns.values()
        found = {each.name: each.title or each.about or each.name for each in columns}
        found |= {each.id: each.title or each.about or each.id for each in self.program.facts}
        return found

    def of(self, kind: str, one: str | None) -> str:
        """Return the title of a class, tier, ..., an empty text for none."""
        return self.placed.get((kind, one), one or "") if one else ""


class Deciding:
    """Decides parties by one program on one date, told in some languages, the first in the ruleset's."""

    def __init__(
        self,
        program: Program,
        as_of: datetime.date,
        languages: Sequence[str],
        *,
        gaps: int,
        cutoffs: Cutoffs | None = None,
    ) -> None:
        self.program = program
        self.as_of = as_of
        self.languages = [each for each in languages if each in program.languages]
        self.languages = self.languages or [program.languages[0]]
        self.titles = {each: Titles(program, each) for each in self.languages}
        self.most_gaps = gaps
        self.cutoffs = cutoffs
        self.class_levels = {each.id: each.level for each in program.classes}
        self.tier_levels = {each.id: each.level for each in program.tiers}

    def told(self, facts: Mapping[str, Any], earlier: Earlier | None) -> Told:
        """Return what is decided about one party."""
        by_language = {
            language: decide(
                self.program,
                facts,
                as_of=self.as_of,
                earlier=earlier,
                language=language,
                strict=False,
                cutoffs=self.cutoffs,
            )
            for language in self.languages
        }
        one = by_language[self.languages[0]]
        account = self._account(one, by_language)
        scores, lacks = self._scores(by_language), self._lacks(by_language)
        gaps = self._gaps(one)
        content = json.dumps([account, scores, lacks, gaps], default=str)
        digest = hashlib.sha256(content.encode()).hexdigest()
        return Told(account, scores, lacks, gaps, self._actions(by_language), digest)

    def _account(self, one: Decision, by_language: Mapping[str, Decision]) -> dict[str, Any]:
        texts: Texts = {}
        for language, each in by_language.items():
            titles = self.titles[language]
            texts[language] = {
                "class": titles.of("class", each.class_),
                "tier": titles.of("tier", each.tier),
                "phase": titles.of("phase", each.phase),
                "strategy": titles.of("strategy", each.strategy),
                "objective": each.objective or "",
                "next_class": each.next_class.title if each.next_class else "",
                "next_tier": each.next_tier.title if each.next_tier else "",
            }
        return {
            "class_id": one.class_,
            "class_level": self.class_levels.get(one.class_ or ""),
            "class_move": one.class_move.value if one.class_move else None,
            "tier_id": one.tier,
            "tier_level": self.tier_levels.get(one.tier or ""),
            "tier_move": one.tier_move.value if one.tier_move else None,
            "phase_id": one.phase,
            "strategy_id": one.strategy,
            "score": one.scores[0].value if one.scores else None,
            "fault": "\n".join(one.faults) or None,
            "texts": as_json(texts),
        }

    def _scores(self, by_language: Mapping[str, Decision]) -> list[tuple[Any, ...]]:
        rows = []
        for sequence, versions in enumerate(
            zip(*(each.scores for each in by_language.values()), strict=True)
        ):
            one = versions[0]
            texts = {
                language: {
                    "title": version.title,
                    "band": self.titles[language].of(f"band.{one.id}", one.band),
                }
                for language, version in zip(by_language, versions, strict=True)
            }
            rows.append((sequence, one.id, one.value, one.low, one.high, one.band, as_json(texts)))
        return rows

    def _lacks(self, by_language: Mapping[str, Decision]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for kind in ("class", "tier"):
            nexts: dict[str, Advancement | None] = {
                language: each.next_class if kind == "class" else each.next_tier
                for language, each in by_language.items()
            }
            first = next(iter(nexts.values()))
            for place, gate in enumerate(first.gates if first is not None else ()):
                if gate.state is GateState.MET:
                    continue
                texts: Texts = {}
                for language, advancement in nexts.items():
                    if advancement is not None:
                        told = advancement.gates[place]
                        texts[language] = {"title": told.title, "advice": told.advice or ""}
                rows.append((len(rows), kind, gate.address, gate.state.value, as_json(texts)))
        return rows

    def _gaps(self, one: Decision) -> list[tuple[Any, ...]]:
        """Return the gaps that matter to most rules, those easier to find out first among equals."""
        wanted = sorted(one.gaps, key=lambda each: (-len(each.matters_to), each.info_level))
        rows = []
        for sequence, each in enumerate(wanted[: self.most_gaps]):
            texts = {
                language: {"title": titles.facts.get(each.fact, each.fact)}
                for language, titles in self.titles.items()
            }
            rows.append(
                (sequence, each.fact, str(each.info_level), len(each.matters_to), as_json(texts))
            )
        return rows

    def _actions(self, by_language: Mapping[str, Decision]) -> list[dict[str, Any]]:
        rows = []
        for versions in zip(*(each.actions for each in by_language.values()), strict=True):
            one = versions[0]
            texts = {
                language: {
                    "title": version.title,
                    "reason": version.reason,
                    "role": self.titles[language].of("role", one.owner),
                }
                for language, version in zip(by_language, versions, strict=True)
            }
            rows.append(
                {
                    "action": one.id,
                    "priority": one.priority,
                    "role": one.owner,
                    "due_date": one.due_on,
                    "effort": one.effort_hours,
                    "texts": as_json(texts),
                }
            )
        return rows


def as_json(texts: Texts) -> str:
    """Return texts as they are kept: the first language first."""
    return json.dumps(texts, ensure_ascii=False)

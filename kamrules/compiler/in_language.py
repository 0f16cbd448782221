"""A program in a language: the same rules, their titles and descriptions translated where they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakKeyDictionary

from kamrules.compiler.signals import rule_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.program import Gate, Program, Score
    from kamrules.expression.types import Table

Rule = TypeVar("Rule")

_KNOWN: WeakKeyDictionary[Program, dict[str, Program]] = WeakKeyDictionary()


def in_language(program: Program, language: str) -> Program:
    """Return the program with its plain texts in the language, which is then its first one.

    What is not translated stays in the ruleset's first language. The same program is returned each time;
    a program that has no texts in the language, or is in it already, is returned as it is. Messages with
    placeholders hold every language anyway.
    """
    if language not in program.languages or program.languages[0] == language:
        return program
    known = _KNOWN.setdefault(program, {})
    if language not in known:
        known[language] = _turned(program, language)
    return known[language]


def translated(program: Program, texts: Mapping[str, str]) -> Program:
    """Return the program with the texts, by address, in place of its own."""
    return _Texts(texts).program(program) if texts else program


def _turned(program: Program, language: str) -> Program:
    texts = _Texts(program.translations.get(language, {}))
    told = texts.program(program)
    first = program.languages[0]
    # kept, so that the way back leads to the same texts
    before = {**texts.replaced, **program.translations.get(first, {})}
    return replace(
        told,
        languages=(language, *(each for each in program.languages if each != language)),
        translations={**program.translations, first: before},
    )


class _Texts:
    """Texts by address, to be put in place; `replaced` collects those whose place they took."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.replaced: dict[str, str] = {}

    def text(self, address: str, written: str) -> str:
        """Return what stands at the address, or what is written where nothing does."""
        found = self.texts.get(address)
        if found is None:
            return written
        self.replaced[address] = written
        return found

    def program(self, program: Program) -> Program:
        """Return the program with all texts in place."""
        return replace(
            program,
            about=self.text("ruleset.about", program.about),
            tables={name: self.table(each) for name, each in program.tables.items()},
            parameters=tuple(
                self.told(each, f"parameter.{each.id}") for each in program.parameters
            ),
            facts=tuple(self.told(each, ".".join(rule_of(each))) for each in program.facts),
            scores=tuple(self.score(each) for each in program.scores),
            classes=tuple(self.told(each) for each in program.classes),
            paths=tuple(self.told(each, gates=self.gates(each.gates)) for each in program.paths),
            tiers=tuple(self.told(each, gates=self.gates(each.gates)) for each in program.tiers),
            phases=tuple(self.told(each) for each in program.phases),
            strategies=tuple(self.told(each) for each in program.strategies),
            roles=tuple(self.told(each, f"role.{each.id}") for each in program.roles),
            actions=tuple(self.told(each) for each in program.actions),
            sources={
                clause: self.text(f"source.{clause}.title", title)
                for clause, title in program.sources.items()
            },
        )

    def table(self, table: Table) -> Table:
        where = f"table.{table.name}"
        columns = {
            name: self.told(each, f"{where}.column.{name}") for name, each in table.columns.items()
        }
        return self.told(table, where, columns=columns)

    def score(self, score: Score) -> Score:
        return self.told(
            score,
            criteria=tuple(self.told(each) for each in score.criteria),
            bands=tuple(
                replace(each, title=self.text(f"{score.address}.band.{each.id}", each.title))
                for each in score.bands
            ),
        )

    def gates(self, gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
        return tuple(self.told(each) for each in gates)

    def told(self, rule: Rule, address: str | None = None, **parts: object) -> Rule:
        """Return a rule with its title and description in the language, and other parts replaced."""
        one = cast("Any", rule)
        for name in ("title", "about"):
            written = getattr(one, name, None)
            # the title of an action is a message, which knows its languages itself
            if isinstance(written, str):
                text = self.text(f"{address or one.address}.{name}", written)
                if text is not written:
                    parts[name] = text
        return cast("Rule", replace(one, **parts)) if parts else rule

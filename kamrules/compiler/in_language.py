"""A program in a language: the same rules, their titles and descriptions translated where they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.program import Program
    from kamrules.expression.types import Table

Rule = TypeVar("Rule")


def in_language(program: Program, language: str) -> Program:
    """Return the program with all plain texts in the language; itself when it has none in it.

    Messages with placeholders hold every language anyway. What is not translated stays in the
    ruleset's first language.
    """
    texts = program.translations.get(language)
    if not texts:
        return program

    def told(rule: Rule, **parts: Any) -> Rule:  # noqa: ANN401  whatever fields a rule has
        return _told(rule, texts, **parts)

    return replace(
        program,
        tables={name: _table(each, texts) for name, each in program.tables.items()},
        parameters=tuple(_told(each, texts, f"parameter.{each.id}") for each in program.parameters),
        facts=tuple(told(each) for each in program.facts),
        scores=tuple(
            told(
                each,
                criteria=tuple(told(one) for one in each.criteria),
                bands=tuple(
                    replace(one, title=texts.get(f"{each.address}.band.{one.id}", one.title))
                    for one in each.bands
                ),
            )
            for each in program.scores
        ),
        classes=tuple(told(each) for each in program.classes),
        paths=tuple(
            told(each, gates=tuple(told(one) for one in each.gates)) for each in program.paths
        ),
        tiers=tuple(
            told(each, gates=tuple(told(one) for one in each.gates)) for each in program.tiers
        ),
        phases=tuple(told(each) for each in program.phases),
        strategies=tuple(told(each) for each in program.strategies),
        roles=tuple(_told(each, texts, f"role.{each.id}") for each in program.roles),
        sources={
            clause: texts.get(f"source.{clause}.title", title)
            for clause, title in program.sources.items()
        },
    )


def _table(table: Table, texts: Mapping[str, str]) -> Table:
    where = f"table.{table.name}"
    columns = {
        name: _told(each, texts, f"{where}.column.{name}") for name, each in table.columns.items()
    }
    return _told(table, texts, where, columns=columns)


def _told(
    rule: Rule, texts: Mapping[str, str], address: str | None = None, **parts: object
) -> Rule:
    """Return a rule with its title and description in the language, and other parts replaced."""
    one = cast("Any", rule)
    where = address or one.address
    for name in ("title", "about"):
        translated = texts.get(f"{where}.{name}")
        # the title of an action is a message, which knows its languages itself
        if translated is not None and isinstance(getattr(one, name, None), str):
            parts[name] = translated
    return cast("Rule", replace(one, **parts)) if parts else rule

"""Completeness: which of the texts that people read are translated into a ruleset's other languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.compiler.labels import label_addresses
from kamrules.compiler.program import Message
from kamrules.compiler.signals import rule_of
from kamrules.diagnostics import Diagnostic, Severity
from kamrules.document.messages import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import Program
    from kamrules.document import Ruleset

LISTED = 3
"""So many addresses are named in a warning; the count says how many there are."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How far a language has come: the addresses of all texts that people read, and those without one."""

    language: str
    texts: tuple[str, ...]
    missing: tuple[str, ...]


def completeness(program: Program) -> tuple[Completeness, ...]:
    """Return how far each language but the first has come, in the order listed.

    People read the titles of all rules, roles, clauses and bands, the other texts of messages, the choices
    that messages show, and such titles of facts, columns, parameters and tables as the first language has.
    Descriptions (`about`) may be translated and need not.
    """
    texts = tuple(dict.fromkeys(_texts(program)))
    found = []
    for language in program.languages[1:]:
        told = program.translations.get(language, {})
        found.append(
            Completeness(language, texts, tuple(each for each in texts if each not in told))
        )
    return tuple(found)


def untranslated(program: Program, ruleset: Ruleset) -> tuple[Diagnostic, ...]:
    """Return a warning (KR506) for each language and file with texts that have no translation.

    None for a ruleset that does not list languages itself but extends one that does: it never promised any.
    """
    if ruleset.place("ruleset", "languages")[0].file not in ruleset.own:
        return ()
    return tuple(each for one in completeness(program) for each in _by_file(one, ruleset))


def _by_file(one: Completeness, ruleset: Ruleset) -> Iterator[Diagnostic]:
    files: dict[str, list[str]] = {}
    for address in one.missing:
        files.setdefault(ruleset.place(*path_of(address))[0].file, []).append(address)
    for missing in files.values():
        first = min(missing, key=lambda each: ruleset.place(*path_of(each))[0].line)
        place, excerpt = ruleset.place(*path_of(first))
        listed = ", ".join(f"`{each}`" for each in missing[:LISTED])
        rest = f" and {len(missing) - LISTED} more" if len(missing) > LISTED else ""
        number = f"{len(missing)} texts" if len(missing) > 1 else "1 text"
        yield Diagnostic(
            "KR506",
            f"{number} of this file not translated into {one.language}: {listed}{rest}",
            Severity.WARNING,
            place,
            excerpt,
            f'write them below [message.{one.language}], such as "{first}" = "..."',
            first,
        )


def _texts(program: Program) -> Iterator[str]:
    rules: tuple[Any, ...] = (
        *program.scores,
        *(one for each in program.scores for one in each.criteria),
        *program.classes, *program.paths, *program.tiers, *program.phases,
        *program.strategies, *program.actions,
        *(gate for each in program.paths for gate in each.gates),
        *(gate for each in program.tiers for gate in each.gates),
    )  # fmt: skip
    for rule in rules:
        yield f"{rule.address}.title"
        for name in ("because", "objective", "advice"):
            message = getattr(rule, name, None)
            if isinstance(message, Message) and message.texts:
                yield f"{rule.address}.{name}"
                yield from _choices(message)
        if isinstance(rule.title, Message):
            yield from _choices(rule.title)
    for score in program.scores:
        yield from (f"{score.address}.band.{each.id}" for each in score.bands)
    yield from (f"role.{each.id}.title" for each in program.roles)
    yield from (f"source.{clause}.title" for clause in program.sources)
    yield from _names(program)


def _choices(message: Message) -> Iterator[str]:
    for pieces in message.texts.values():
        for each in pieces:
            if not isinstance(each, str):
                yield from label_addresses(each)


def _names(program: Program) -> Iterator[str]:
    yield from (".".join((*rule_of(each), "title")) for each in program.facts if each.title)
    yield from (f"parameter.{each.id}.title" for each in program.parameters if each.title)
    for table in program.tables.values():
        if table.title:
            yield f"table.{table.name}.title"
        for column in table.columns.values():
            if column.title:
                yield f"table.{table.name}.column.{column.name}.title"

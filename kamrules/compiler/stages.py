"""The compiler: a table of named stages from a ruleset as written to a Program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.borrowed import borrowed
from kamrules.compiler.called import with_functions
from kamrules.compiler.cases import cases
from kamrules.compiler.draft import Draft
from kamrules.compiler.in_language import translated
from kamrules.compiler.never import never
from kamrules.compiler.order import order
from kamrules.compiler.program import Hit, Program
from kamrules.compiler.read import read
from kamrules.compiler.resolve import resolve
from kamrules.compiler.translations import translations
from kamrules.compiler.typed import type_rules
from kamrules.compiler.verify import verify
from kamrules.compiler.whole_book import whole_book
from kamrules.diagnostics import RulesetError, Severity, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.compiler.cases import Case
    from kamrules.diagnostics import Diagnostic
    from kamrules.document import Ruleset

STAGES: tuple[tuple[str, Callable[[Draft], None]], ...] = (
    ("read", read),
    ("resolve", resolve),
    ("type", type_rules),
    ("translate", translations),
    ("borrow", borrowed),
    ("whole book", whole_book),
    ("order", order),
    ("verify", verify),
    ("never", never),
)
"""Each stage takes the draft as the one before left it; a stage that found errors is the last to run."""


def compile_ruleset(ruleset: Ruleset) -> Program:
    """Return what the ruleset means.

    Raises RulesetError with all problems of the first stage that has any. Warnings do not stop it;
    `compile_with_warnings` tells them.
    """
    program, diagnostics = compile_with_warnings(ruleset)
    if program is None:
        raise RulesetError(*diagnostics)
    return program


def compile_with_warnings(ruleset: Ruleset) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """Return the program (None when it does not compile) and all diagnostics, sorted by place."""
    draft, diagnostics = _compiled(ruleset, STAGES)
    return (None if draft.failed else _freeze(draft)), diagnostics


def compile_with_cases(
    ruleset: Ruleset,
) -> tuple[Program | None, tuple[Case, ...], tuple[Diagnostic, ...]]:
    """Return the program with the facts that the ruleset's tests ask for, the tests, and all diagnostics.

    The tests are the ruleset's own, in the order written. What the program decides is the same as
    without them.
    """
    position = [name for name, _ in STAGES].index("borrow")
    draft, diagnostics = _compiled(
        ruleset, (*STAGES[:position], ("cases", cases), *STAGES[position:])
    )
    return (None if draft.failed else _freeze(draft)), tuple(draft.cases), diagnostics


def rule_problems(ruleset: Ruleset) -> tuple[Diagnostic, ...]:
    """Return what is wrong with single rules: names, types, scales, bands and weights."""
    position = [name for name, _ in STAGES].index("translate")
    draft, diagnostics = _compiled(ruleset, STAGES[:position])
    return diagnostics if draft.failed else ()


def _compiled(
    ruleset: Ruleset, stages: Sequence[tuple[str, Callable[[Draft], None]]]
) -> tuple[Draft, tuple[Diagnostic, ...]]:
    draft = Draft(ruleset)
    for _name, stage in stages:
        stage(draft)
        if draft.failed:
            errors = [each for each in draft.diagnostics if each.severity is Severity.ERROR]
            return draft, in_order(errors)
    return draft, in_order(draft.diagnostics)


def _freeze(draft: Draft) -> Program:
    header = draft.ruleset.model.ruleset
    translations = {
        language: dict(texts) for language, texts in draft.ruleset.model.message.items()
    }
    program = Program(
        name=header.name,
        version=header.version,
        digest=draft.ruleset.digest,
        languages=tuple(header.languages),
        parameters=tuple(draft.parameters.values()),
        tables=draft.tables,
        aggregates=tuple(draft.aggregates),
        facts=tuple(draft.facts),
        scores=tuple(draft.scores),
        classes=tuple(draft.classes),
        class_hit=Hit(header.hit),
        paths=tuple(draft.paths),
        tiers=tuple(draft.tiers),
        phases=tuple(draft.phases),
        phase_hit=Hit(header.phase_hit),
        strategies=tuple(draft.strategies),
        strategy_hit=Hit(header.strategy_hit),
        roles=tuple(draft.roles),
        actions=tuple(draft.actions),
        gaps=tuple(draft.gaps),
        order=draft.order,
        sources={name: each.title for name, each in draft.ruleset.model.source.items()},
        about=header.about,
        translations=translations,
        book_steps=tuple(draft.book_steps),
    )
    # a ruleset may write in one language over another that it extends in another
    program = with_functions(program) if draft.ruleset.functions else program
    return translated(program, translations.get(header.languages[0], {}))

"""The draft that the compiler's stages hand on: the ruleset as written, and what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, Severity, nearest
from kamrules.expression import Scope, compile_expression, compile_message
from kamrules.expression.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.compiler.cases import Case
    from kamrules.compiler.program import (
        ActionRule,
        AggregateStep,
        BookStep,
        Class,
        FactStep,
        GapRule,
        Gate,
        Parameter,
        Path,
        Phase,
        Role,
        Score,
        Strategy,
        Tier,
    )
    from kamrules.diagnostics import Place
    from kamrules.document import Ruleset
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Table


INFINITY = float("inf")


@dataclass(slots=True)
class Draft:
    """A program in the making. Stages fill it from top to bottom and collect diagnostics in it."""

    ruleset: Ruleset
    diagnostics: list[Diagnostic] = field(default_factory=list)
    # read
    tables: dict[str, Table] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    # resolve
    scope: Scope = field(default_factory=lambda: Scope({}, {}, {}))
    levels: dict[str, int] = field(default_factory=dict)
    # type
    facts: list[FactStep] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    tiers: list[Tier] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    strategies: list[Strategy] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    actions: list[ActionRule] = field(default_factory=list)
    # order
    aggregates: list[AggregateStep] = field(default_factory=list)
    book_steps: list[BookStep] = field(default_factory=list)
    order: tuple[str, ...] = ()
    gaps: list[GapRule] = field(default_factory=list)
    # tests: what they are, and the facts that they ask for
    cases: list[Case] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    @property
    def failed(self) -> bool:
        """Whether an error has been found."""
        return any(each.severity is Severity.ERROR for each in self.diagnostics)

    def gates(self) -> Iterator[Gate]:
        """Yield the gates of all paths, then of all tiers."""
        for path in self.paths:
            yield from path.gates
        for tier in self.tiers:
            yield from tier.gates

    def is_own(self, *path: str | int) -> bool:
        """Whether the ruleset itself wrote what stands at the path, and none that it extends."""
        return self.ruleset.place(*path)[0].file in self.ruleset.own

    def place(self, *path: str | int) -> Place | None:
        """Return where the value at the path was written."""
        return self.ruleset.place(*path)[0]

    def report(
        self,
        code: str,
        message: str,
        *path: str | int,
        help: str | None = None,  # noqa: A002  the design's word
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Add a diagnostic about the key or value at the path."""
        place, excerpt = self.ruleset.place(*path)
        address = address_of(path)
        self.diagnostics.append(Diagnostic(code, message, severity, place, excerpt, help, address))

    def unknown_name(self, what: str, name: str, known: Iterable[str], *path: str | int) -> None:
        """Report a reference to something that the ruleset does not have (KR322)."""
        off = self.ruleset.off.get((what, name))
        if off is not None:
            told = f"{what} `{name}` is switched off, in {off.file} line {off.line}"
            self.report("KR322", told, *path)
            return
        close = nearest(name, known)
        mend = f"did you mean `{close}`?" if close else None
        self.report("KR322", f"there is no {what} `{name}`", *path, help=mend)

    def expression(self, *path: str | int, expected: Type | None = None) -> Node | None:
        """Compile the expression written at the path."""
        node, problems = compile_expression(self.ruleset.text(*path), self.scope, expected)
        self.diagnostics.extend(problems)
        return node

    def message(self, *path: str | int) -> tuple[str | Node, ...]:
        """Compile the text with placeholders written at the path."""
        parts, problems = compile_message(self.ruleset.text(*path), self.scope)
        self.diagnostics.extend(problems)
        return parts or ()

    def number(
        self,
        written: float | str | None,
        *path: str | int,
        otherwise: float = 0.0,
        least: float = 0.0,
        most: float = INFINITY,
    ) -> float:
        """Return a number written as such, or as the name of a parameter from `least` to `most`."""
        if written is None:
            return otherwise
        if not isinstance(written, str):
            return float(written)
        parameter = self.parameters.get(written)
        if parameter is None:
            self.unknown_name("parameter", written, self.parameters, *path)
            return otherwise
        if not parameter.type.numeric or parameter.type.kind is Kind.DATE:
            self.report(
                "KR334",
                f"a number stands here, and parameter `{written}` is a {parameter.type}",
                *path,
            )
            return otherwise
        value = float(parameter.value)
        if not least <= value <= most:
            span = f"from {least:g} to {most:g}" if most < INFINITY else f"not below {least:g}"
            problem = f"a number {span} stands here, and parameter `{written}` is {value:g}"
            self.report("KR334", problem, *path)
        return value


def address_of(path: Iterable[str | int]) -> str:
    """Return a path as the address used in messages: `class.key.when[1]`."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).lstrip(
        "."
    )

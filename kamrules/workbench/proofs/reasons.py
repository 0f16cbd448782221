"""Reasons, as lines: rules, gates and conditions with their ticks, and the values that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.words import word
from kamrules.workbench.handbook.page import Code
from kamrules.workbench.proofs.lines import Style
from kamrules.workbench.proofs.values import Values, clauses_of

if TYPE_CHECKING:
    from kamrules.decision import Proof
    from kamrules.workbench.proofs.lines import Line


class Reasons:
    """Adds reasons to lines, in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.values = Values(language)

    def rule(self, line: Line, proof: Proof) -> None:
        """Add a rule that places, with its conditions below it."""
        text = f"{proof.title}{clauses_of(proof.source)}"
        self.below(line.add(text, state=proof.state, of=proof), proof)

    def gate(self, line: Line, gate: Proof) -> None:
        """Add a gate with its conditions, what is enough to stay, and the advice when it is not met."""
        here = line.add(f"{gate.title}{clauses_of(gate.source)}", state=gate.state, of=gate)
        self.below(here, gate)
        if gate.shown:
            advice = word("advice: {advice}", self.language, advice=gate.shown)
            here.add(advice, style=Style.PROSE)

    def below(self, line: Line, proof: Proof, *, open_only: bool = False) -> None:
        """Add the conditions of a proof; with `open_only` those that are not true."""
        for each in proof.children:
            if each.kind == "stay":
                # what holds anyway is no news to most
                here = line.add(each.title, state=each.state, of=each, full=proof.state == "true")
                self.below(here, each)
            else:
                self._condition(line, each, open_only=open_only)

    def _condition(
        self, line: Line, proof: Proof, *, flat: bool = True, open_only: bool = False
    ) -> None:
        """Add a condition with the values read, its members below it.

        When it is asked for directly (`flat`), the members of an "all of" stand for it.
        """
        if open_only and proof.state == "true":
            return
        here, flat = line, flat and _all_of(proof)
        if not flat:
            values = () if proof.children else self.values.beside(proof)
            here = line.add(Code(proof.text or ""), *values, state=proof.state, of=proof)
        for each in proof.children:
            self._condition(here, each, flat=flat, open_only=open_only and flat)


def _all_of(proof: Proof) -> bool:
    """Whether a condition is its members joined by `and`, so that they can stand for it."""
    texts = [each.text or "" for each in proof.children]
    joined = (
        " and ".join(texts),
        " and ".join(f"({each})" if " or " in each else each for each in texts),
    )
    return bool(texts) and (not proof.text or proof.text in joined)

"""Translations: that what another language says reads the same facts as the first language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.diagnostics import Severity
from kamrules.expression import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.draft import Draft
    from kamrules.compiler.program import Message
    from kamrules.expression.nodes import Node


def translations(draft: Draft) -> None:
    """Warn of a translation that leaves out a fact which the first language shows (KR503)."""
    first = draft.ruleset.model.ruleset.languages[0]
    for address, message in _messages(draft):
        shown = _slots(message.texts.get(first, ()))
        for language, pieces in message.texts.items():
            missing = shown - _slots(pieces)
            if missing:
                listed = ", ".join(f"{{{name}}}" for name in sorted(missing))
                draft.report("KR503", f"the {language} text does not show {listed}",
                             "message", language, address, severity=Severity.WARNING)  # fmt: skip


def _slots(pieces: tuple[str | Node, ...]) -> set[str]:
    return {canonical(each) for each in pieces if not isinstance(each, str)}


def _messages(draft: Draft) -> Iterator[tuple[str, Message]]:
    for action in draft.actions:
        yield f"{action.address}.title", action.title
        yield f"{action.address}.because", action.because
    for strategy in draft.strategies:
        yield f"{strategy.address}.objective", strategy.objective
    for gate in draft.gates():
        if gate.advice is not None:
            yield f"{gate.address}.advice", gate.advice

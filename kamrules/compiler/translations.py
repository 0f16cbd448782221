"""Translations: that what another language says reads the same facts as the first language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.diagnostics import Severity, nearest
from kamrules.expression import canonical
from kamrules.expression.template import slots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.draft import Draft
    from kamrules.compiler.program import Message
    from kamrules.expression.nodes import Node


def translations(draft: Draft) -> None:
    """Warn of a translation that leaves out a fact which the first language shows, or shows another."""
    first = draft.ruleset.model.ruleset.languages[0]
    for address, message in _messages(draft):
        shown = list(_slots(message.texts.get(first, ())))
        for language, pieces in message.texts.items():
            if language != first and pieces:
                told = list(_slots(pieces))
                missing = [each for each in dict.fromkeys(shown) if each not in told]
                others = [each for each in dict.fromkeys(told) if each not in shown]
                for name in others:
                    _tell_other(draft, first, language, address, (name, told.index(name)), missing)
                if missing and not others:
                    listed = ", ".join(f"{{{name}}}" for name in missing)
                    draft.report("KR503", f"the {language} text does not show {listed}",
                                 "message", language, address, severity=Severity.WARNING)  # fmt: skip


def _tell_other(  # noqa: PLR0913, PLR0917  what one warning says
    draft: Draft, first: str, language: str, address: str, slot: tuple[str, int], missing: list[str]
) -> None:
    """Warn of a fact that only the translation shows (KR505), at its placeholder."""
    name, number = slot
    source = draft.ruleset.text("message", language, address)
    start, end = slots(source.text)[number]
    told = ", ".join(f"{{{each}}}" for each in missing)
    message = f"the {first} text does not show `{name}`" + (f"; it shows {told}" if told else "")
    close = missing[0] if len(missing) == 1 else nearest(name, missing)
    mend = f"did you mean {{{close}}}?" if close else None
    draft.diagnostics.append(
        source.diagnostic("KR505", message, start, end, help=mend, severity=Severity.WARNING)
    )


def _slots(pieces: tuple[str | Node, ...]) -> Iterator[str]:
    """Yield the names of what stands in the placeholders, in order."""
    return (canonical(each) for each in pieces if not isinstance(each, str))


def _messages(draft: Draft) -> Iterator[tuple[str, Message]]:
    for action in draft.actions:
        yield f"{action.address}.title", action.title
        yield f"{action.address}.because", action.because
    for strategy in draft.strategies:
        yield f"{strategy.address}.objective", strategy.objective
    for gate in draft.gates():
        if gate.advice is not None:
            yield f"{gate.address}.advice", gate.advice

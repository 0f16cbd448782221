"""A difference as Markdown, for a review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.workbench.difference import telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.workbench.difference.comparing import Difference
    from kamrules.workbench.difference.effects import Effect


def markdown(found: Difference) -> str:
    """Return what differs, and what that does to a book, as a Markdown document."""
    return "\n".join(_lines(found)).rstrip() + "\n"


def _lines(found: Difference) -> Iterator[str]:
    yield f"# {_text(telling.title(found))}"
    yield ""
    if found.rules:
        rows = telling.edit_rows(found.rules)
        yield from _table(("Edit", "was", "becomes", "written in"), rows, code=True)
    yield from _list(telling.edit_notes(found))
    yield f"Digest of the new ruleset: `{found.new.digest}`"
    yield ""
    if found.effect is not None:
        yield from _effect(found.effect)


def _effect(effect: Effect) -> Iterator[str]:
    yield f"## {_text(telling.effect_title(effect))}"
    yield ""
    for what, moves in (("Class", effect.class_moves), ("Tier", effect.tier_moves)):
        if moves:
            moved = (f"{what} from", "to", "because of", "Accounts", "Revenue")
            yield from _table(moved, telling.move_rows(moves, what.lower()), figures=2)
    actions = list(telling.action_rows(effect.actions))
    if actions:
        head = ("Action", "because of", "Accounts", "new", "gone", "Hours")
        yield from _table(head, actions, figures=4)
    accounts = list(telling.account_rows(effect))
    if accounts:
        yield from _table(("Account", "changes", "because of", "Revenue"), accounts, figures=1)
    hidden = telling.hidden(effect)
    yield from _list([*([hidden] if hidden else ()), *telling.effect_notes(effect)])


def _list(lines: Iterable[str]) -> Iterator[str]:
    some = [f"- {_text(each)}" for each in lines]
    if some:
        yield from some
        yield ""


def _table(
    head: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, figures: int = 0, code: bool = False
) -> Iterator[str]:
    """Yield a table whose last columns hold figures; with `code` all cells are."""
    words = len(head) - figures
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * words}{'---:|' * figures}"
    for row in rows:
        cells = (_code(each) if code and each != "-" else _text(each) for each in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _text(text: str) -> str:
    """Return text in which nothing is taken for Markdown or HTML."""
    for each in "\\`*_[]<>|":
        text = text.replace(each, f"\\{each}")
    return text.replace("\n", " ")


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    inside = text.replace("|", "\\|").replace("\n", " ")
    return f"{fence}{inside}{fence}"

"""Examples: the accounts of a ruleset's personas and tests, those of rulesets it extends included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping, Sequence

    from kamrules.document import PersonaModel, TestModel
    from kamrules.document.models import RulesetModel


@dataclass(frozen=True, slots=True)
class Example:
    """An account as facts, the date it is looked at (None: none is said), and the book it stands in."""

    account: Mapping[str, Any]
    as_of: datetime.date | None
    among: tuple[Mapping[str, Any], ...] = ()


def examples(model: RulesetModel) -> Iterator[Example]:
    """Yield the account of every test, and of every persona that no test takes as it is."""
    used = set()
    for name, test in model.test.items():
        day = test.as_of or persona_account(model, test.given)[1]
        others = tuple(account_among(model, each) for each in test.among)
        yield Example(test_account(model, name, test), day, others)
        if test.given is not None and not test.facts and not test.without:
            used.add(test.given)
    for name in model.persona:
        if name not in used:
            facts, day = persona_account(model, name)
            yield Example({"account_id": name, **facts}, day)


def test_account(model: RulesetModel, name: str, test: TestModel) -> dict[str, Any]:
    """Return the facts of a test's account: its persona's, less some, with its own."""
    facts, _ = persona_account(model, test.given)
    return {"account_id": test.given or name, **_without(facts, test.without), **test.facts}


def account_among(model: RulesetModel, name: str) -> dict[str, Any]:
    """Return a persona as one of the accounts that make up a test's book."""
    return {"account_id": name, **persona_account(model, name)[0]}


def persona_account(
    model: RulesetModel, name: str | None
) -> tuple[dict[str, Any], datetime.date | None]:
    """Return the facts of a persona with those that it takes over, and the date it gives."""
    personas = model.persona
    chain: list[PersonaModel] = []
    while name is not None and name in personas and personas[name] not in chain:
        chain.append(personas[name])
        name = personas[name].extends
    facts: dict[str, Any] = {}
    for each in reversed(chain):
        facts = _without(facts, each.without) | each.facts
    return facts, next((each.as_of for each in chain if each.as_of is not None), None)


def _without(facts: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in names}

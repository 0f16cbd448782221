"""Telling people what is covered: as text for a terminal, as Markdown, or as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.workbench.coverage.clauses import Clause, ClauseCoverage
    from kamrules.workbench.coverage.rules import RuleCoverage


def clause_lines(found: ClauseCoverage) -> Iterator[str]:
    """Yield the table of clauses with their rules, then what is open."""
    for each in found.clauses:
        yield f"{each.id:7} {each.title}"
        for kind, names in each.rules:
            yield f"          {_counted(kind, len(names))}: {', '.join(names)}"
        if not each.rules:
            yield f"          {_instead(each)}"
    covered = len(found.clauses) - len(found.open)
    yield ""
    yield f"{covered} of {len(found.clauses)} clauses have rules ({found.share:.0%})"
    if found.open:
        yield f"without a rule: {', '.join(each.id for each in found.open)}"
    if found.without_clause:
        yield f"rules without a clause: {', '.join(found.without_clause)}"


def _instead(clause: Clause) -> str:
    return f"by its parts {', '.join(clause.parts)}" if clause.parts else "no rule"


def _counted(kind: str, count: int) -> str:
    plural = {"class": "classes", "criterion": "criteria", "strategy": "strategies"}
    return f"{count} {kind if count == 1 else plural.get(kind, kind + 's')}"


def clause_table(found: ClauseCoverage) -> Iterator[str]:
    """Yield the table of clauses in Markdown."""
    yield "| clause | title | rules |"
    yield "|---|---|---|"
    for each in found.clauses:
        rules = "; ".join(
            f"{_counted(kind, len(names))}: {', '.join(f'`{name}`' for name in names)}"
            for kind, names in each.rules
        )
        yield f"| {each.id} | {_cell(each.title)} | {rules or _instead(each)} |"


def rule_lines(found: RuleCoverage) -> Iterator[str]:
    """Yield how many rules of each kind the tests reach, then those that they do not."""
    kinds = list(dict.fromkeys(each.kind for each in found.rules))
    for kind in kinds:
        rules = [each for each in found.rules if each.kind == kind]
        reached = sum(bool(each.tests) for each in rules)
        yield f"{_counted(kind, 2)[2:]:12}{reached:4} of {len(rules)}"
    yield ""
    for each in found.missed:
        where = f"  {each.place}" if each.place else ""
        yield f"no test reaches {each.address}{where}"
    reached = len(found.rules) - len(found.missed)
    yield (
        f"{found.tests} tests reach {reached} of {len(found.rules)} rules ({share(found.share)}); "
        f"{found.both_ways} of {len(found.conditions)} conditions were seen to hold and not to hold"
    )


def share(value: float) -> str:
    """Return a share as whole per cents, never rounded up to all."""
    return f"{int(value * 100)}%"


def rule_table(found: RuleCoverage) -> Iterator[str]:
    """Yield the rules with the number of tests that reach them, in Markdown."""
    yield "| rule | tests |"
    yield "|---|---:|"
    for each in found.rules:
        yield f"| `{each.address}` | {each.tests or 'none'} |"


def as_data(clauses: ClauseCoverage | None, rules: RuleCoverage | None) -> dict[str, Any]:
    """Return what is covered as plain data."""
    data: dict[str, Any] = {}
    if clauses is not None:
        data["clauses"] = [
            {
                "id": each.id, "title": each.title, "covered": each.covered,
                "rules": {kind: list(names) for kind, names in each.rules}, "parts": list(each.parts),
            }
            for each in clauses.clauses
        ]  # fmt: skip
        data["rules_without_clause"] = list(clauses.without_clause)
    if rules is not None:
        data["tests"] = rules.tests
        data["rules"] = [
            {"kind": each.kind, "address": each.address, "place": each.place, "tests": each.tests}
            for each in rules.rules
        ]
        data["conditions"] = {
            address: {"true": counts[0], "false": counts[1], "unknown": counts[2]}
            for address, counts in rules.conditions.items()
        }
    return data


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

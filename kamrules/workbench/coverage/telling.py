"""Telling people what is covered: as text for a terminal, as Markdown, or as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.workbench.coverage.items import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.compiler import Program
    from kamrules.workbench.coverage.clauses import Clause, ClauseCoverage
    from kamrules.workbench.coverage.counting import Coverage, Covered

PLURALS = {
    "class": "classes", "criterion": "criteria", "strategy": "strategies",
    "atom": "conditions true and false", "scale": "lines of scales", "curve": "stretches of curves",
}  # fmt: skip
COUNTED = {"tests": "in how many tests", "book": "for how many accounts"}


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
    return f"{count} {kind if count == 1 else PLURALS.get(kind, kind + 's')}"


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


def summary(found: Coverage, parts: Sequence[Part]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of a table: what is counted, how many were seen, of how many, and the share."""
    for part in parts:
        some = found.of(part)
        kinds = dict.fromkeys(each.kind for each in some) if part is not Part.ATOMS else ("atom",)
        for kind in kinds:
            those = [each for each in some if part is Part.ATOMS or each.kind == kind]
            if not those:
                continue
            seen = sum(each.reached for each in those)
            yield (
                PLURALS.get(kind, f"{kind}s"),
                str(seen),
                str(len(those)),
                share(seen / len(those)),
            )


def headline(found: Coverage, program: Program) -> str:
    """Return what was looked at, and by which rules."""
    what = "test" if found.over == "tests" else "account"
    return f"{found.number:,} {what}{'s' * (found.number != 1)} decided by {program.name} {program.version}"


def title(part: Part, over: str, *, every: bool) -> str:
    """Return what stands above the rules, atoms or steps that are told: all of them, or those not seen."""
    if every:
        return {
            Part.RULES: f"Rules, and {COUNTED[over]} each is at work",
            Part.ATOMS: f"Conditions, and {COUNTED[over]} each is true, false and unknown",
            Part.STEPS: f"Steps of scales, and {COUNTED[over]} fall into each",
        }[part]
    who = "test" if over == "tests" else "account"
    never = "Never fired in the tests" if over == "tests" else "Never fired on this book"
    return {
        Part.RULES: never,
        Part.ATOMS: "Conditions that were not seen both true and false",
        Part.STEPS: f"Steps of scales into which no {who} falls",
    }[part]


def lines(one: Covered, found: Coverage) -> list[str]:
    """Return what is told of a rule, an atom or a step: what it is, where, and how often it was seen."""
    if one.part is Part.ATOMS:
        hint = lack(one, found)
        return [
            f"{one.address}: {one.text}",
            f"    true {one.true:,}  false {one.false:,}  unknown {one.unknown:,}"
            + (f"   <- {hint}" if hint else ""),
        ]
    what = f"{one.address}: {one.text}" if one.text else one.address
    where = f"  {one.place}" if one.place and not one.reached else ""
    counted = f"  {one.true:,}" if one.reached else ""
    return [f"{what}{counted}{where}"]


def lack(one: Covered, found: Coverage) -> str | None:
    """Return what was never seen of an atom, None when it was seen true and false."""
    if one.reached:
        return None
    if found.over == "book":
        states = (("true", one.true), ("false", one.false), ("unknown", one.unknown))
        always = next((state for state, count in states if count == found.number), None)
        if always is not None:
            return f"always {always} on this book"
        return "never true on this book" if not one.true else "never false on this book"
    lacking = [state for state, count in (("true", one.true), ("false", one.false)) if not count]
    return f"no test has it {' or '.join(lacking)}"


def share(value: float) -> str:
    """Return a share as whole per cents, never rounded up to all."""
    # the least above the product takes away what doubles lose: 0.29 * 100 is a hair less than 29
    return f"{int(round(value * 100, 9))}%"


def tables(found: Coverage, parts: Sequence[Part]) -> Iterator[str]:
    """Yield what is covered in Markdown, a table a part with everything that is counted."""
    who = found.over if found.over == "tests" else "accounts"
    for part in parts:
        if part is Part.ATOMS:
            yield from ("| condition | text | true | false | unknown |", "|---|---|---:|---:|---:|")
        else:
            yield from (f"| {part.value[:-1]} | {who} |", "|---|---:|")
        for each in found.of(part):
            what = f"`{each.address}`"
            if part is Part.ATOMS:
                yield f"| {what} | {_code(each.text)} | {each.true} | {each.false} | {each.unknown} |"
            else:
                text = f" {_code(each.text)}" if each.text else ""
                yield f"| {what}{text} | {each.true or 'none'} |"
        yield ""


def clauses_as_data(clauses: ClauseCoverage) -> dict[str, Any]:
    """Return the clauses with their rules as plain data."""
    return {
        "clauses": [
            {
                "id": each.id, "title": each.title, "covered": each.covered,
                "rules": {kind: list(names) for kind, names in each.rules}, "parts": list(each.parts),
            }
            for each in clauses.clauses
        ],
        "rules_without_clause": list(clauses.without_clause),
    }  # fmt: skip


def as_data(found: Coverage, parts: Sequence[Part]) -> dict[str, Any]:
    """Return what is covered as plain data: under each part its share, and everything counted."""
    data: dict[str, Any] = {"number": found.number}
    if found.over == "book":
        data["with_state"] = found.memory
    for part in parts:
        data[part.value] = {
            "share": found.share(part),
            "missed": len(found.missed(part)),
            "all": [_one(each) for each in found.of(part)],
        }
    return data


def _one(one: Covered) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": one.kind, "address": one.address}
    if one.text:
        data["text"] = one.text
    data["place"] = one.place
    if one.part is Part.ATOMS:
        return data | {"true": one.true, "false": one.false, "unknown": one.unknown}
    return data | {"accounts": one.true}


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

"""Telling: what verify found, as text for people and as data for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import render
from kamrules.workbench.verify.report import State

if TYPE_CHECKING:
    from kamrules.workbench.verify.report import Finding, Report

KINDS = {
    "disjoint": "rules that exclude each other",
    "complete": "no account between the rules",
    "certain": "a class even where facts are unknown",
    "reachable": "rules that some account reaches",
    "excluded": "actions that are not always shut out",
    "asks": "gates that ask for something",
    "stay": "nothing harder to keep than to win",
    "order": "higher tiers that ask for no less",
    "rising": "facts of which more is better, or worse",
    "range": "parameters, wherever in their range",
}


def as_text(report: Report) -> str:
    """Return what was found: each fault with its witness, then what was claimed and how it came out."""
    parts = [_told(each) for each in (*report.of(State.UNTRUE), *report.of(State.UNDECIDED))]
    width = max(len(each) for each in KINDS.values())
    lines = [f"{report.name} {report.version}: {_counts(report.findings)}"]
    for kind, title in KINDS.items():
        some = [each for each in report.findings if each.kind == kind]
        if some:
            lines.append(f"  {title:<{width}}  {_counts(tuple(some))}")
    return "\n\n".join([*parts, "\n".join(lines)])


def _counts(findings: tuple[Finding, ...]) -> str:
    counted = {
        State.PROVED: "proved", State.SHOWN: "shown by an account", State.UNTRUE: "untrue",
        State.UNDECIDED: "not decided",
    }  # fmt: skip
    told = [
        f"{number:,} {word}"
        for state, word in counted.items()
        if (number := sum(each.state is state for each in findings))
    ]
    return ", ".join(told) or "nothing claimed"


def _told(finding: Finding) -> str:
    text = render([finding.diagnostic])
    if finding.witness is None:
        return text
    facts = json.dumps(finding.witness, ensure_ascii=False, default=str)
    setting = "".join(f" --set {name}={value}" for name, value in (finding.settings or {}).items())
    return f"{text}\n  = for example, as of {finding.as_of}{setting}: {facts}"


def as_data(report: Report) -> dict[str, Any]:
    """Return the report as JSON has it; a witness's dates are ISO texts, as `kamrules decide` takes them.

    `message` says what would be wrong; `severity` is null where it is not so.
    """
    return {
        "ruleset": {"name": report.name, "version": report.version},
        "counts": {state.value: len(report.of(state)) for state in State},
        "findings": [
            {
                "kind": each.kind,
                "state": each.state.value,
                **each.diagnostic.as_json(),
                **({} if each.state in {State.UNTRUE, State.UNDECIDED} else {"severity": None}),
                "as_of": each.as_of.isoformat(),
                "set": dict(each.settings or {}),
                "witness": None
                if each.witness is None
                else json.loads(json.dumps(each.witness, default=str)),
            }
            for each in report.findings
        ],
    }

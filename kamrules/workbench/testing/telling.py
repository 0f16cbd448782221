"""Telling people what came of tests: with the values read under each condition, and as JUnit's XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from kamrules.workbench.testing.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.workbench.testing.report import Failure, Report, TestResult, Why

MARKS = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.SKIPPED: "skipped"}
INDENT = " " * 10


def told(report: Report, *, verbose: bool = False) -> str:
    """Return a report as text: failing tests in full, the others one line each when `verbose`."""
    lines = [f"{report.ruleset} {report.version}"]
    for each in report.results:
        if each.outcome is Outcome.FAILED:
            lines += ["", *_result(each)]
        elif verbose or each.outcome is Outcome.SKIPPED:
            lines += _result(each)
    lines += [*([""] if len(lines) > 1 else []), summary(report)]
    return "\n".join(lines)


def summary(report: Report) -> str:
    """Return how many tests passed, failed and were skipped."""
    counts = [f"{report.count(each)} {each.value}" for each in Outcome if report.count(each)]
    return ", ".join(counts) or "no tests"


def _result(result: TestResult) -> list[str]:
    words = f": {result.reason}" if result.reason else ""
    lines = [f"  {MARKS[result.outcome]:8}{result.id}{words}"]
    if result.failures:
        lines += [f"{INDENT}{each}" for each in (result.about, result.place) if each]
        lines += [f"{INDENT}{line}" for line in failure_lines(result)]
    return lines


def failure_lines(result: TestResult) -> list[str]:
    """Return what a test wanted and did not get, each with the conditions that explain it."""
    return [line for each in result.failures for line in _failure(each)]


def _failure(failure: Failure) -> Iterator[str]:
    if failure.key == "holds":
        yield f"does not hold: {failure.why[0].state}"
    else:
        yield f"{failure.key}: expected {failure.wanted}, got {failure.came}"
    for each in failure.why:
        yield from (f"  {line}" for line in _why(each))


def _why(why: Why) -> Iterator[str]:
    lead = f"{why.address}: " if why.address else ""
    end = f"  -> {why.state}" if why.state else ""
    yield f"{lead}{why.text}{end}"
    yield from (" " * len(lead) + line for line in under(why.text, why.reads))


def under(text: str, reads: tuple[tuple[str, str], ...]) -> list[str]:
    """Return lines that show below a condition the value of each name it reads, under that name."""
    found = sorted((_where(name, text), f"└ {shown}") for name, shown in reads)
    lines: list[str] = []
    for place, words in found:
        for number, line in enumerate(lines):
            if len(line) < place:
                lines[number] = line.ljust(place) + words
                break
        else:
            lines.append(" " * max(place, 0) + words)
    return lines


def _where(name: str, text: str) -> int:
    match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return match.start() if match else max(text.find(name), 0)


def junit(report: Report) -> str:
    """Return a report as JUnit's XML: one suite, one case a test; it holds no times."""
    suite = ElementTree.Element(
        "testsuite",
        name=f"{report.ruleset} {report.version}",
        tests=str(len(report.results)),
        failures=str(report.count(Outcome.FAILED)),
        errors="0",
        skipped=str(report.count(Outcome.SKIPPED)),
        time="0",
    )
    for each in report.results:
        case = ElementTree.SubElement(
            suite, "testcase", name=each.id, classname=report.ruleset, time="0"
        )
        if each.outcome is Outcome.FAILED:
            first = each.failures[0]
            message = _plain(f"{first.key}: expected {first.wanted}, got {first.came}")
            failed = ElementTree.SubElement(case, "failure", message=message)
            failed.text = _plain("\n".join(failure_lines(each)))
        elif each.outcome is Outcome.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=_plain(each.reason or ""))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _plain(text: str) -> str:
    """Return a text without the characters that XML cannot hold at all."""
    return re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "\ufffd", text)

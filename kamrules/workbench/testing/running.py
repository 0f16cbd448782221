"""Running a ruleset's tests: each example account is decided by the row engine, and explained when asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kamrules.compiler import compile_with_cases
from kamrules.decision import Earlier
from kamrules.diagnostics import RulesetError
from kamrules.document.settings import settled
from kamrules.document.values import show
from kamrules.engines.row import engine_of
from kamrules.progress import silent
from kamrules.workbench.testing.expecting import failures
from kamrules.workbench.testing.report import Failure, Outcome, Report, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kamrules.compiler import Program
    from kamrules.compiler.cases import Case
    from kamrules.decision import Decision, Explanation
    from kamrules.document import Ruleset
    from kamrules.engines.row.account import Account
    from kamrules.progress import Progress

Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A test's account, decided: the program in force on its date, with the test's own parameters.

    `account` gives the values of all names. The proof costs many times the decision, so `explain` works it
    out only when called.
    """

    case: Case
    program: Program
    account: Account
    decision: Decision
    explain: Callable[[], Explanation]


def run_tests(
    ruleset: Ruleset,
    match: str = "",
    *,
    settings: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Report:
    """Run the ruleset's own tests whose name contains `match`, and return what came of them.

    `settings` are parameters for all of them; a test's own `set` goes before. `progress` is told how many
    are done. Raises RulesetError when the ruleset or a test does not compile.
    """
    header = ruleset.model.ruleset
    results = []
    for number, each in enumerate(_runs(ruleset, match, settings or {}), start=1):
        results.append(_result(*each))
        progress("running the tests", number, len(ruleset.model.test))
    return Report(header.name, header.version, tuple(results))


def _result(case: Case, found: Tried | RulesetError | None) -> TestResult:
    """Return what came of a test that was decided, whose parameters do not compile, or is skipped."""
    place = f"{case.place.file}:{case.place.line}" if case.place else None
    if found is None:
        return TestResult(case.id, case.about, Outcome.SKIPPED, (), case.model.skip, place)
    if isinstance(found, RulesetError):
        wanted = ", ".join(f"{name} = {show(value)}" for name, value in case.model.set.items())
        missed: tuple[Failure, ...] = tuple(
            Failure("set", wanted, each.message) for each in found.diagnostics
        )
    else:
        missed = failures(found.case, found.decision, found.explain)
    outcome = Outcome.FAILED if missed else Outcome.PASSED
    return TestResult(case.id, case.about, outcome, missed, None, place)


def tried(ruleset: Ruleset, *, settings: Mapping[str, str] | None = None) -> Iterator[Tried]:
    """Yield every test of the ruleset that is not skipped, decided. Raises as `run_tests`."""
    for _, each in _runs(ruleset, "", settings or {}):
        if isinstance(each, RulesetError):
            raise each
        if each is not None:
            yield each


def _runs(
    ruleset: Ruleset, match: str, settings: Mapping[str, str]
) -> Iterator[tuple[Case, Tried | RulesetError | None]]:
    """Yield the tests with what was decided, or why its parameters do not compile; None: skipped."""
    compiled: dict[Settings, tuple[Program, dict[str, Case]]] = {}
    _, cases = _compiled(ruleset, tuple(settings.items()), compiled)
    for case in cases.values():
        if match not in case.id:
            continue
        if case.model.skip is not None:
            yield case, None
            continue
        own = {name: show(value) for name, value in case.model.set.items()}
        try:
            program, known = _compiled(ruleset, tuple({**settings, **own}.items()), compiled)
        except RulesetError as error:
            if not own:
                raise
            yield case, error
        else:
            yield case, _tried(program, known[case.id])


def _compiled(
    ruleset: Ruleset,
    settings: Settings,
    known: dict[Settings, tuple[Program, dict[str, Case]]],
) -> tuple[Program, dict[str, Case]]:
    if settings not in known:
        program, cases, diagnostics = compile_with_cases(
            settled(ruleset, dict(settings)) if settings else ruleset
        )
        if program is None:
            raise RulesetError(*diagnostics)
        known[settings] = program, {each.id: each for each in cases}
    return known[settings]


def _tried(program: Program, case: Case) -> Tried:
    before = case.model.before
    earlier = None
    if before is not None:
        earlier = Earlier(class_=before.class_, tier=before.tier, proposed=dict(before.proposed))
    engine = engine_of(program)
    cutoffs = None
    if case.among:
        # the account itself may be written among the others; it counts once
        own = case.account["account_id"]
        others = (each for each in case.among if each["account_id"] != own)
        cutoffs = engine.cutoffs((case.account, *others), as_of=case.as_of)
    given: dict[str, Any] = {"as_of": case.as_of, "earlier": earlier, "cutoffs": cutoffs}
    standing, account, decision = engine.account(case.account, **given)
    return Tried(case, standing, account, decision, partial(engine.explain, case.account, **given))

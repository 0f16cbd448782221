"""A plug-in of pytest: every test of a ruleset is a test of the project.

In pyproject.toml: `[tool.pytest.ini_options] kamrules_rulesets = ["rulesets/ours"]`, or on the command
line `pytest --kamrules-ruleset rulesets/ours`. Without either it does nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.workbench.testing import TestResult

OPTION = "kamrules_rulesets"


class RulesetTestFailed(Exception):  # noqa: N818  what failed is a test
    """A test of a ruleset failed; holds the lines of the report."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the setting that name rulesets."""
    parser.addini(OPTION, "Rulesets whose own tests are run, by path.", type="args")
    parser.addoption(
        "--kamrules-ruleset",
        action="append",
        default=[],
        metavar="PATH",
        help="Run the tests of this ruleset as well; may be repeated.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Remember which rulesets are asked for, so that their files are collected with the session."""
    config = session.config
    wanted = list(config.getoption("--kamrules-ruleset"))
    # who names single files or tests asks for those alone
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        wanted += config.getini(OPTION)
    chosen = [config.rootpath / each for each in dict.fromkeys(wanted)]
    config.args.extend(str(each) for each in chosen)
    config.stash[RULESETS] = {each.resolve() for each in chosen}


RULESETS = pytest.StashKey[set[Path]]()


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a ruleset's folder as its tests."""
    if path.resolve() not in parent.config.stash.get(RULESETS, set()):
        return None
    ruleset: pytest.Collector = RulesetFolder.from_parent(parent, path=path)
    return ruleset


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a ruleset of one file as its tests."""
    if file_path.resolve() not in parent.config.stash.get(RULESETS, set()):
        return None
    ruleset: pytest.Collector = RulesetFile.from_parent(parent, path=file_path)
    return ruleset


class RulesetFolder(pytest.Directory):
    """The tests of a ruleset in a folder."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each test that the ruleset itself writes."""
        return _tests(self)


class RulesetFile(pytest.File):
    """The tests of a ruleset in one file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each test that the ruleset itself writes."""
        return _tests(self)


def _tests(parent: RulesetFolder | RulesetFile) -> Iterator[pytest.Item]:
    from kamrules.document import load_ruleset  # noqa: PLC0415  only when asked for
    from kamrules.plugins import default_plugins  # noqa: PLC0415
    from kamrules.workbench.testing import run_tests  # noqa: PLC0415

    ruleset = load_ruleset(parent.path, functions=default_plugins().functions)
    for each in run_tests(ruleset).results:
        item: pytest.Item = RulesetTest.from_parent(parent, name=each.id, result=each)
        yield item


class RulesetTest(pytest.Item):
    """One test of a ruleset, with what came of it."""

    def __init__(self, *, result: TestResult, **rest: Any) -> None:  # noqa: ANN401  pytest's own
        super().__init__(**rest)
        self.result = result

    def runtest(self) -> None:
        """Fail with the report's lines, or skip with the reason."""
        if self.result.reason is not None:
            pytest.skip(self.result.reason)
        if self.result.failures:
            from kamrules.workbench.testing.telling import failure_lines  # noqa: PLC0415

            raise RulesetTestFailed("\n".join(failure_lines(self.result)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401
        """Show the report instead of a traceback."""
        if isinstance(excinfo.value, RulesetTestFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the test stands and what it is called."""
        file, _, line = (self.result.place or "").rpartition(":")
        number = int(line) - 1 if line.isdigit() else None
        return Path(file or self.path), number, self.result.id

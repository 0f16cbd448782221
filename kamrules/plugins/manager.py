"""The plug-in manager: loads plug-ins, keeps what they register, calls hooks, outlives their faults."""

from __future__ import annotations

import inspect
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import pluggy

from kamrules import __version__, hookspecs
from kamrules.diagnostics import Diagnostic, Severity, nearest
from kamrules.masking import masked
from kamrules.plugins import finding, opening
from kamrules.plugins.language import functions_of
from kamrules.plugins.plugin import BRINGS, Plugin, RefusedError, Registrar, off, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from kamrules.book import BookTable, Rows
    from kamrules.contracts import (
        Engine,
        Format,
        Proposal,
        Run,
        Section,
        SeenTable,
        Sink,
        Source,
        Tables,
        TablesOf,
        Target,
        Webhook,
    )
    from kamrules.expression.plugged import Functions
    from kamrules.plugins.delivering import Deliveries

TRACE = "KAMRULES_TRACE_PLUGINS"
BUILT_IN = {
    "csv": "kamrules.adapters.delimited",
    "parquet": "kamrules.adapters.parquet",
    "jsonl": "kamrules.adapters.json_lines",
    "xlsx": "kamrules.adapters.workbook",
    "database": "kamrules.adapters.database",
    "webhooks": "kamrules.adapters.webhooks",
}


class Plugins:
    """The plug-ins in use. Built-in ones come first, then others by distribution and name."""

    def __init__(self, *, trace: bool = False) -> None:
        """Start without any plug-in; `trace` prints every hook call to stderr."""
        self._manager = pluggy.PluginManager(finding.GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._plugins: list[Plugin] = []
        self._warnings: list[Diagnostic] = []
        if trace:
            self._manager.add_hookcall_monitoring(_print_call, _print_nothing)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Plugins:
        """Return the built-in plug-ins and the installed ones that the environment lets in.

        `KAMRULES_LOAD_PLUGINS` lists the others to load, separated by commas: none when it is empty,
        all when it is not set. `KAMRULES_TRACE_PLUGINS=1` prints every hook call.
        """
        environ = os.environ if environ is None else environ
        plugins = cls(trace=environ.get(TRACE, "") not in ("", "0"))
        for name, module in BUILT_IN.items():
            built_in = Plugin(name, "kamrules", __version__, built_in=True)
            plugins.add(import_module(module), built_in)
        points, plugins._warnings = finding.wanted(
            finding.entry_points(), environ.get(finding.LOAD)
        )
        for point in points:
            plugin, implementation = finding.imported(point)
            if plugin.failure is None:
                plugins.add(implementation, plugin)
            else:
                plugin.place = _place(implementation)
                plugins._plugins.append(plugin)
        return plugins

    def add(self, implementation: object, plugin: Plugin | None = None) -> Plugin:
        """Register a module or object that implements hooks, and return how it is listed.

        A fault of its own switches it off, with the reason in `failure`.
        """
        if plugin is None:
            plugin = Plugin(
                getattr(implementation, "__name__", type(implementation).__name__), "", ""
            )
        plugin.place = _place(implementation)
        self._plugins.append(plugin)
        failure = self._register(implementation, plugin) or self._collect(plugin)
        if failure is not None:
            plugin.switch_off(failure)
            if self._manager.has_plugin(plugin.name):
                self._manager.unregister(name=plugin.name)
        return plugin

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Return why plug-ins are switched off, and which ones were asked for in vain."""
        return (*self._warnings, *(each.failure for each in self._plugins if each.failure))

    def listing(self) -> tuple[Plugin, ...]:
        """Return all plug-ins, those that are switched off included."""
        return tuple(self._plugins)

    @property
    def sources(self) -> dict[str, Source]:
        """Return the sources by scheme."""
        return self._brought("sources")

    @property
    def sinks(self) -> dict[str, Sink]:
        """Return the sinks by scheme."""
        return self._brought("sinks")

    @property
    def formats(self) -> dict[str, Format]:
        """Return what writes files, by the form's name."""
        return self._brought("formats")

    @property
    def rulesets(self) -> dict[str, Path]:
        """Return the folders (or files) of plug-ins' rulesets by name."""
        return self._brought("rulesets")

    @property
    def functions(self) -> Functions:
        """Return the functions that plug-ins add to expressions, as `load_ruleset` takes them."""
        return functions_of(self._brought("functions"))

    @property
    def webhooks(self) -> dict[str, Webhook]:
        """Return what checks webhooks, by the sender's name."""
        return self._brought("webhooks")

    @property
    def engines(self) -> dict[str, Engine]:
        """Return the engines that decide whole books, besides the built-in one, by name."""
        return self._brought("engines")

    @property
    def lists(self) -> dict[str, TablesOf]:
        """Return what lists the tables of a source, by scheme."""
        return {name: one for each in self._plugins for name, one in each.lists.items()}

    @property
    def ruleset_folders(self) -> tuple[Path, ...]:
        """Return where load_ruleset finds plug-ins' rulesets by name."""
        return tuple(dict.fromkeys(each.parent for each in self.rulesets.values()))

    def owner(self, what: str, name: str) -> str:
        """Return the words for the plug-in that registered something: ("sources", "crm")."""
        return next(each.shown for each in self._plugins if name in each.brought(what))

    def open_source(self, table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
        """Return the rows of a table of a book. Raises DataError when there is none to be had."""
        return opening.open_source(self, table, connection)

    def tables_of(self, table: BookTable) -> tuple[str, ...] | None:
        """Return the `from` of each table that a source has, None where it cannot list them.

        `table` is any table whose URI names the source. Raises DataError as open_source.
        """
        return opening.tables_of(self, table)

    def form(self, format: str) -> Format:  # noqa: A002  the command line's word
        """Return what writes files of a form. Raises UsageError when nothing does."""
        return opening.form(self, format)

    def write(self, format: str, tables: Tables, folder: Path, connection: Any) -> tuple[str, ...]:  # noqa: A002, ANN401
        """Write output tables into an existing folder and return the names of the files.

        Raises UsageError for a form that nothing writes, DataError when writing fails.
        """
        return opening.write(self, format, tables, folder, connection)

    def deliveries(self, targets: Sequence[Target]) -> Deliveries:
        """Reach the sinks of a run. Raises UsageError for a sink that there is not, DataError as they do."""
        from kamrules.plugins.delivering import Deliveries  # noqa: PLC0415  which few runs need

        return Deliveries(self, targets)

    def run_started(self, run: Run) -> tuple[Diagnostic, ...]:
        """Tell plug-ins that a run begins; what fails comes back as warnings, here and below."""
        return self._tell("run_started", run=run)

    def decided(self, tables: Tables, run: Run) -> tuple[Diagnostic, ...]:
        """Show plug-ins the output tables."""
        return self._tell("decided", tables=tables, run=run)

    def run_finished(self, run: Run, summary: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
        """Tell plug-ins that the files are in place."""
        return self._tell("run_finished", run=run, summary=summary)

    def run_failed(self, run: Run, error: BaseException) -> tuple[Diagnostic, ...]:
        """Tell plug-ins that a run ended without result."""
        return self._tell("run_failed", run=run, error=error)

    def resolve_owner(self, role: str, account: Mapping[str, Any]) -> str | None:
        """Return who owns a role's actions for an account, None when no plug-in knows."""
        for _, answer in self._ask("resolve_owner", {"role": role, "account": account}):
            if isinstance(answer, str):
                return answer
        return None

    def report_sections(
        self, tables: Tables, run: Run
    ) -> tuple[tuple[Section, ...], tuple[Diagnostic, ...]]:
        """Return the parts that plug-ins add to a run's report, and warnings for those that fail."""
        return opening.sections(self._ask("report_section", {"tables": tables, "run": run}))

    def proposals(
        self, tables: Sequence[SeenTable]
    ) -> tuple[tuple[Proposal, ...], tuple[Diagnostic, ...]]:
        """Return how plug-ins would map a source's tables, and warnings for those that fail."""
        return opening.proposals(self._ask("propose_mapping", {"tables": tables}))

    def _brought(self, what: str) -> dict[str, Any]:
        return {name: one for each in self._plugins for name, one in each.brought(what).items()}

    def _tell(self, hook: str, **arguments: Any) -> tuple[Diagnostic, ...]:  # noqa: ANN401
        return tuple(
            Diagnostic(
                "KR703", f"{plugin.shown} failed in `{hook}`: {told(answer)}", Severity.WARNING
            )
            for plugin, answer in self._ask(hook, arguments)
            if isinstance(answer, Exception)
        )

    def _ask(self, hook: str, arguments: dict[str, Any]) -> Iterator[tuple[Plugin, Any]]:
        """Call a hook plug-in by plug-in, so that one's fault does not keep others from being called."""
        for plugin in self._plugins:
            if hook in plugin.hooks and plugin.failure is None:
                try:
                    answer = self._call(plugin, hook, arguments)
                except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
                    answer = error
                yield plugin, answer[0] if isinstance(answer, list) and answer else answer

    def _call(self, plugin: Plugin, hook: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401
        others = [each for name, each in self._manager.list_name_plugin() if name != plugin.name]
        return self._manager.subset_hook_caller(hook, others)(**arguments)

    def _register(self, implementation: object, plugin: Plugin) -> Diagnostic | None:
        """Return why the manager does not take the plug-in, if it does not."""
        twin = next((each for each in self._plugins[:-1] if each.name == plugin.name), None)
        if twin is not None:
            message = (
                f"two plug-ins are called `{plugin.name}`: of {twin.distribution_shown} and of"
                f" {plugin.distribution_shown}"
            )
            return off("KR701", message)
        try:
            self._manager.register(implementation, plugin.name)
        except Exception as error:  # noqa: BLE001  pluggy looks at every attribute of a stranger
            return off("KR702", f"{plugin.shown} cannot be used: {told(error)}")
        callers = self._manager.get_hookcallers(implementation) or []
        plugin.hooks = tuple(each.name for each in callers)
        known = [
            each for each in vars(hookspecs) if hasattr(getattr(hookspecs, each), "kamrules_spec")
        ]
        for each in callers:
            if not each.has_spec():
                near = nearest(each.name, known)
                mend = f"did you mean `{near}`?" if near else f"the hooks are {', '.join(known)}"
                message = f"{plugin.shown} implements hook `{each.name}`, which there is not"
                return off("KR700", message, mend)
        return None

    def _collect(self, plugin: Plugin) -> Diagnostic | None:
        """Let a plug-in register what it has, and return why it may not, if so."""
        others = [each for each in self._plugins if each is not plugin]
        for what in BRINGS:
            hook = f"register_{what}"
            if hook not in plugin.hooks:
                continue
            try:
                self._call(plugin, hook, {"register": Registrar(plugin, what, others).register})
            except RefusedError as refused:
                return refused.failure
            except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
                return off("KR702", f"{plugin.shown} failed in `{hook}`: {told(error)}")
        return None


def _place(implementation: object) -> str:
    """Return the file that hooks are in, nothing where there is none."""
    try:
        return inspect.getfile(cast("type", implementation))
    except TypeError:
        return str(getattr(sys.modules.get(type(implementation).__module__), "__file__", "") or "")


def _print_call(hook: str, implementations: Any, arguments: Any) -> None:  # noqa: ANN401
    names = ", ".join(each.plugin_name for each in implementations) or "nobody"
    shown = masked(", ".join(f"{key}={value!r:.60}" for key, value in arguments.items()))
    sys.stderr.write(f"kamrules: {hook}({shown}) to {names}\n")


def _print_nothing(*_: Any) -> None:  # noqa: ANN401
    return None


_DEFAULT: list[Plugins] = []


def default_plugins() -> Plugins:
    """Return the plug-ins that the environment lets in, loaded once."""
    if not _DEFAULT:
        _DEFAULT.append(Plugins.load())
    return _DEFAULT[0]


def open_source(table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
    """Return the rows of a table of a book, by the default plug-ins; see Plugins.open_source."""
    return default_plugins().open_source(table, connection)

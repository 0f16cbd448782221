"""The plug-in manager: finds plug-ins, keeps what they register, calls hooks, outlives their faults."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from kamrules import __version__, hookspecs
from kamrules.book import Rows
from kamrules.diagnostics import (
    DataError,
    Diagnostic,
    KamrulesError,
    Severity,
    UsageError,
    nearest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kamrules.book import BookTable
    from kamrules.hookspecs import Run, Sink, Source, Tables

GROUP = "kamrules"
LOAD = "KAMRULES_LOAD_PLUGINS"
TRACE = "KAMRULES_TRACE_PLUGINS"
BUILT_IN = {
    "csv": "kamrules.adapters.delimited",
    "parquet": "kamrules.adapters.parquet",
    "jsonl": "kamrules.adapters.json_lines",
    "xlsx": "kamrules.adapters.workbook",
}


@dataclass(slots=True)
class Plugin:
    """A plug-in as `kamrules plugins` lists it; `failure` tells why it is switched off."""

    name: str
    distribution: str
    version: str
    built_in: bool = False
    hooks: tuple[str, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)
    sinks: dict[str, Sink] = field(default_factory=dict)
    rulesets: dict[str, Path] = field(default_factory=dict)
    failure: Diagnostic | None = None

    @property
    def shown(self) -> str:
        """Return the words by which people are told of it."""
        return f"built-in plug-in `{self.name}`" if self.built_in else f"plug-in `{self.name}`"

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "built_in": self.built_in,
            "hooks": list(self.hooks),
            "sources": sorted(self.sources),
            "sinks": sorted(self.sinks),
            "rulesets": sorted(self.rulesets),
            "failure": self.failure.message if self.failure else None,
        }


class Plugins:
    """The plug-ins in use. Built-in ones come first, then others by distribution and name."""

    def __init__(self, *, trace: bool = False) -> None:
        """Start without any plug-in; `trace` prints every hook call to stderr."""
        self._manager = pluggy.PluginManager(GROUP)
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
            plugins.add(import_module(module), Plugin(name, "kamrules", __version__, built_in=True))
        points = _entry_points()
        for point in plugins._wanted(points, environ.get(LOAD)):
            plugins._load(point)
        return plugins

    def add(self, implementation: object, plugin: Plugin | None = None) -> Plugin:
        """Register a module or object that implements hooks, and return how it is listed.

        A fault of its own switches it off, with the reason in `failure`.
        """
        if plugin is None:
            plugin = Plugin(
                getattr(implementation, "__name__", type(implementation).__name__), "", ""
            )
        self._plugins.append(plugin)
        plugin.failure = self._register(implementation, plugin) or self._collect(plugin)
        if plugin.failure is not None:
            plugin.sources, plugin.sinks, plugin.rulesets = {}, {}, {}
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
        return {name: one for each in self._plugins for name, one in each.sources.items()}

    @property
    def sinks(self) -> dict[str, Sink]:
        """Return the sinks by format."""
        return {name: one for each in self._plugins for name, one in each.sinks.items()}

    @property
    def rulesets(self) -> dict[str, Path]:
        """Return the folders (or files) of plug-ins' rulesets by name."""
        return {name: one for each in self._plugins for name, one in each.rulesets.items()}

    @property
    def ruleset_folders(self) -> tuple[Path, ...]:
        """Return where load_ruleset finds plug-ins' rulesets by name."""
        return tuple(dict.fromkeys(each.parent for each in self.rulesets.values()))

    def open_source(self, table: BookTable, connection: Any) -> Rows:  # noqa: ANN401  DuckDB's
        """Return the rows of a table of a book. Raises DataError when there is none to be had."""
        if table.uri is None:
            from kamrules.adapters.memory import open_rows  # noqa: PLC0415  rarely needed

            return open_rows(table, connection)
        source = self.sources.get(table.scheme)
        if source is None:
            known = ", ".join(sorted(self.sources))
            near = nearest(table.scheme, self.sources)
            mend = f'did you mean "{near}:{table.location}"?' if near else None
            message = f"there is no source `{table.scheme}`; there are {known}"
            raise DataError(table.fault("KR704", message, "from", help=mend))
        try:
            found = source(table, connection)
        except KamrulesError:
            raise
        except Exception as error:
            owner = self._owner("sources", table.scheme)
            message = f"source `{table.scheme}` of {owner} failed: {_told(error)}"
            raise DataError(table.fault("KR703", message, "from")) from error
        return found if isinstance(found, Rows) else Rows(found)

    def write(self, format: str, tables: Tables, folder: Path, connection: Any) -> tuple[str, ...]:  # noqa: A002, ANN401
        """Write output tables into an existing folder and return the names of the files.

        Raises UsageError for a format that no sink has, DataError when writing fails.
        """
        sink = self.sink(format)
        try:
            return tuple(sink(tables, folder, connection))
        except KamrulesError:
            raise
        except Exception as error:
            message = f"sink `{format}` of {self._owner('sinks', format)} failed: {_told(error)}"
            raise DataError(Diagnostic("KR703", message)) from error

    def sink(self, format: str) -> Sink:  # noqa: A002  the command line's word
        """Return the sink of a format. Raises UsageError when there is none."""
        found = self.sinks.get(format)
        if found is None:
            near = nearest(format, self.sinks)
            message = f"there is no format `{format}`; there are {', '.join(sorted(self.sinks))}"
            raise UsageError(
                Diagnostic("KR705", message, help=f"did you mean `{near}`?" if near else None)
            )
        return found

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

    def _tell(self, hook: str, **arguments: Any) -> tuple[Diagnostic, ...]:  # noqa: ANN401
        return tuple(
            Diagnostic(
                "KR703", f"{plugin.shown} failed in `{hook}`: {_told(answer)}", Severity.WARNING
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

    def _owner(self, registry: str, name: str) -> str:
        return next(each.shown for each in self._plugins if name in getattr(each, registry))

    def _wanted(
        self, points: list[metadata.EntryPoint], selection: str | None
    ) -> list[metadata.EntryPoint]:
        if selection is None:
            return points
        wanted = [each.strip() for each in selection.split(",") if each.strip()]
        names = {each for point in points for each in (point.name, _distribution(point)[0])}
        for each in wanted:
            if each not in names:
                message = f"{LOAD} asks for plug-in `{each}`, which is not installed"
                near = nearest(each, names)
                mend = f"did you mean `{near}`?" if near else None
                self._warnings.append(Diagnostic("KR706", message, Severity.WARNING, help=mend))
        return [point for point in points if {point.name, _distribution(point)[0]} & set(wanted)]

    def _load(self, point: metadata.EntryPoint) -> None:
        plugin = Plugin(point.name, *_distribution(point))
        try:
            implementation = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001  importing runs a stranger's code
            message = f"{plugin.shown} cannot be loaded: {_told(error)}"
            plugin.failure = _failure("KR702", message)
            self._plugins.append(plugin)
        else:
            self.add(implementation, plugin)

    def _register(self, implementation: object, plugin: Plugin) -> Diagnostic | None:
        """Return why the manager does not take the plug-in, if it does not."""
        twin = next((each for each in self._plugins[:-1] if each.name == plugin.name), None)
        if twin is not None:
            message = (
                f"two plug-ins are called `{plugin.name}`: of {_of(twin)} and of {_of(plugin)}"
            )
            return _failure("KR701", message)
        try:
            self._manager.register(implementation, plugin.name)
        except Exception as error:  # noqa: BLE001  pluggy looks at every attribute of a stranger
            return _failure("KR702", f"{plugin.shown} cannot be used: {_told(error)}")
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
                return _failure("KR700", message, mend)
        return None

    def _collect(self, plugin: Plugin) -> Diagnostic | None:
        """Let a plug-in register what it has, and return why it may not, if so."""
        registries: dict[str, dict[str, Any]] = {
            "sources": plugin.sources, "sinks": plugin.sinks, "rulesets": plugin.rulesets,
        }  # fmt: skip
        for registry, found in registries.items():
            hook = f"register_{registry}"
            if hook not in plugin.hooks:
                continue
            try:
                self._call(plugin, hook, {"register": self._registrar(plugin, registry, found)})
            except _RefusedError as refused:
                return refused.failure
            except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
                return _failure("KR702", f"{plugin.shown} failed in `{hook}`: {_told(error)}")
        return None

    def _registrar(
        self, plugin: Plugin, registry: str, found: dict[str, Any]
    ) -> Callable[[str, Any], None]:
        word = registry.removesuffix("s")

        def register(name: str, one: Any) -> None:  # noqa: ANN401  what the hook says
            for each in self._plugins:
                if name in getattr(each, registry):
                    message = (
                        f"{word} `{name}` of {plugin.shown} is already registered by {each.shown}"
                    )
                    raise _RefusedError(_failure("KR701", message))
            if registry == "rulesets":
                one = Path(one)
                if name not in (one.name, one.stem) or not one.exists():
                    message = f"ruleset `{name}` of {plugin.shown} has to be in a folder or file of that name"
                    raise _RefusedError(_failure("KR702", message))
            elif not callable(one):
                message = f"{word} `{name}` of {plugin.shown} cannot be called"
                raise _RefusedError(_failure("KR702", message))
            found[name] = one

        return register


class _RefusedError(Exception):
    """A plug-in may not register something."""

    def __init__(self, failure: Diagnostic) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _failure(code: str, message: str, mend: str | None = None) -> Diagnostic:
    return Diagnostic(code, f"{message}; it is switched off", Severity.WARNING, help=mend)


def _of(plugin: Plugin) -> str:
    return plugin.distribution or "no distribution"


def _told(error: BaseException) -> str:
    """Return an exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _distribution(point: metadata.EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist is not None else ("", "")


def _entry_points() -> list[metadata.EntryPoint]:
    """Return what is installed, in an order that does not depend on the file system."""
    return sorted(
        metadata.entry_points(group=GROUP), key=lambda each: (_distribution(each), each.name)
    )


def _print_call(hook: str, implementations: Any, arguments: Any) -> None:  # noqa: ANN401
    names = ", ".join(each.plugin_name for each in implementations) or "nobody"
    told = ", ".join(f"{key}={value!r:.60}" for key, value in arguments.items())
    sys.stderr.write(f"kamrules: {hook}({told}) to {names}\n")


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

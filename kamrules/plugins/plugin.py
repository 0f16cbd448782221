"""One plug-in as it is listed, and what every kind of registration takes from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.contracts import LanguageFunction
from kamrules.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kamrules.contracts import Engine, Format, Sink, Source, TablesOf, Webhook
    from kamrules.expression.plugged import PluginFunction

BRINGS = ("sources", "sinks", "formats", "rulesets", "functions", "webhooks", "engines")
"""What plug-ins register by name: the attribute of Plugin, and the hook `register_<it>`."""


@dataclass(slots=True)
class Plugin:
    """A plug-in as `kamrules plugins` lists it; `failure` tells why it is switched off.

    `place` is the file that its hooks are in. `lists` has what lists the tables of those of its sources
    that can.
    """

    name: str
    distribution: str
    version: str
    built_in: bool = False
    place: str = ""
    hooks: tuple[str, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)
    sinks: dict[str, Sink] = field(default_factory=dict)
    formats: dict[str, Format] = field(default_factory=dict)
    rulesets: dict[str, Path] = field(default_factory=dict)
    functions: dict[str, PluginFunction] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    engines: dict[str, Engine] = field(default_factory=dict)
    lists: dict[str, TablesOf] = field(default_factory=dict)
    failure: Diagnostic | None = None

    @property
    def shown(self) -> str:
        """Return the words by which people are told of it."""
        return f"built-in plug-in `{self.name}`" if self.built_in else f"plug-in `{self.name}`"

    @property
    def distribution_shown(self) -> str:
        """Return the distribution it came with, in words."""
        return self.distribution or "no distribution"

    def brought(self, what: str) -> dict[str, Any]:
        """Return what it registered of a kind in BRINGS."""
        found: dict[str, Any] = getattr(self, what)
        return found

    def switch_off(self, failure: Diagnostic) -> None:
        """Take back all that it registered."""
        self.failure = failure
        for each in BRINGS:
            self.brought(each).clear()
        self.lists.clear()

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "built_in": self.built_in,
            "place": self.place,
            "hooks": list(self.hooks),
            **{each: sorted(self.brought(each)) for each in BRINGS},
            "failure": self.failure.message if self.failure else None,
        }


class RefusedError(Exception):
    """A plug-in may not register something."""

    def __init__(self, failure: Diagnostic) -> None:
        """Take what is told of it."""
        super().__init__(failure.message)
        self.failure = failure


def off(code: str, message: str, mend: str | None = None) -> Diagnostic:
    """Return the diagnostic of a plug-in that is switched off."""
    return Diagnostic(code, f"{message}; it is switched off", Severity.WARNING, help=mend)


def told(error: BaseException) -> str:
    """Return an exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Registrar:
    """Takes what a plug-in registers of one kind, and refuses what cannot be used."""

    def __init__(self, plugin: Plugin, what: str, others: Iterable[Plugin]) -> None:
        """Take the plug-in, the kind (one of BRINGS), and the plug-ins that are there already."""
        self._plugin, self._what, self._others = plugin, what, tuple(others)
        self._word = what.removesuffix("s")

    @property
    def register(self) -> Callable[..., None]:
        """Return what the hook `register_<what>` is given."""
        if self._what == "rulesets":
            return self._ruleset
        return self._function if self._what == "functions" else self._named

    def _put(self, name: str, one: Any) -> None:  # noqa: ANN401  what the hook says
        for each in (*self._others, self._plugin):
            if name in each.brought(self._what):
                raise self._refused("KR701", f"`{name}`", f"is already registered by {each.shown}")
        self._plugin.brought(self._what)[name] = one

    def _named(self, name: str, one: Any, *, tables: TablesOf | None = None) -> None:  # noqa: ANN401
        if not callable(one) or not (tables is None or callable(tables)):
            raise self._refused("KR702", f"`{name}`", "cannot be called")
        self._put(name, one)
        if tables is not None:
            self._plugin.lists[name] = tables

    def _ruleset(self, name: str, one: Any) -> None:  # noqa: ANN401
        path = Path(one)
        if name not in (path.name, path.stem) or not path.exists():
            raise self._refused("KR702", f"`{name}`", "has to be in a folder or file of that name")
        self._put(name, path)

    def _function(self, one: Any) -> None:  # noqa: ANN401
        from kamrules.expression.accepting import accepted  # noqa: PLC0415  few plug-ins need it

        if not isinstance(one, LanguageFunction):
            raise self._refused("KR702", f"`{one!r:.40}`", "is no LanguageFunction")
        found = accepted(one, self._plugin.shown)
        if isinstance(found, Diagnostic):
            raise RefusedError(off(found.code, found.message, found.help))
        self._put(found.name, found)

    def _refused(self, code: str, name: str, why: str) -> RefusedError:
        return RefusedError(off(code, f"{self._word} {name} of {self._plugin.shown} {why}"))

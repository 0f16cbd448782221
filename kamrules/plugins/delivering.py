"""Deliveries: the output of a run on its way to sinks, all of them staged before any is committed."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import DataError, Diagnostic, KamrulesError, UsageError, nearest
from kamrules.plugins.opening import refuse_clear, scheme_in
from kamrules.plugins.plugin import told
from kamrules.progress import Taken, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kamrules.contracts import Delivery, Tables, Target
    from kamrules.plugins.manager import Plugins
    from kamrules.progress import Progress


class Deliveries:
    """What one run delivers. Whoever made it ends with `abandon`, which undoes what is not committed."""

    def __init__(self, plugins: Plugins, targets: Sequence[Target]) -> None:
        """Reach each sink. Raises UsageError and DataError, with nothing left open."""
        self._plugins = plugins
        self._open: list[tuple[Target, str, Delivery]] = []
        names = [self._name(each) for each in targets]
        try:
            for target, name in zip(targets, names, strict=True):
                delivery = self._doing(name, partial(plugins.sinks[name], target))
                self._open.append((target, name, delivery))
        except BaseException:
            self.abandon()
            raise

    def stage(
        self,
        tables: Tables,
        connection: Any,  # noqa: ANN401  DuckDB's
        progress: Progress = silent,
    ) -> list[dict[str, Any]]:
        """Bring the tables to every sink without showing them, and return what is told of each.

        `progress` is told the table at which a sink is. Raises DataError.
        """
        found = []
        for target, name, delivery in self._open:
            chosen = {each: tables[each] for each in _tables(target, tables)}
            wanted = Taken(chosen, lambda table: progress(f"delivering {table}"))
            rows = self._doing(name, partial(delivery.stage, wanted, connection))
            found.append({"to": target.uri, "mode": target.mode, "rows": dict(rows)})
        return found

    def commit(self) -> None:
        """Let everything be seen, sink by sink. Raises DataError for the first that fails."""
        done: list[str] = []
        for target, name, delivery in self._open:
            try:
                self._doing(name, delivery.commit)
            except KamrulesError as error:
                raise _after(error, done) from error
            done.append(target.uri)

    def abandon(self) -> None:
        """Undo what is not committed; a sink that fails in that keeps no other from being undone."""
        for _, _, delivery in self._open:
            with suppress(Exception):  # the run has ended, and if badly, with an error of its own
                delivery.abandon()

    def _name(self, target: Target) -> str:
        refuse_clear(target.uri, target.options, _placeless, "to")
        name = scheme_in(self._plugins.sinks, target.scheme)
        if name is None:
            known = ", ".join(sorted(self._plugins.sinks)) or "none"
            near = nearest(target.scheme, self._plugins.sinks)
            message = f"there is no sink `{target.scheme}`; there are {known}"
            mend = f"did you mean `{near}:{target.location}`?" if near else None
            raise UsageError(Diagnostic("KR710", message, help=mend))
        return name

    def _doing(self, name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401  what a sink gives
        try:
            return work()
        except KamrulesError:
            raise
        except Exception as error:
            message = f"sink `{name}` of {self._plugins.owner('sinks', name)} failed: {told(error)}"
            raise DataError(Diagnostic("KR703", message)) from error


def _tables(target: Target, tables: Tables) -> Iterator[str]:
    """Yield the tables that a target wants. Raises UsageError for one that the run does not have."""
    for each in target.tables or tuple(tables):
        if each not in tables:
            near = nearest(each, tables)
            message = f"a run has no table `{each}`; it has {', '.join(tables)}"
            mend = f"did you mean `{near}`?" if near else None
            raise UsageError(Diagnostic("KR711", message, help=mend))
        yield each


def _after(error: KamrulesError, done: list[str]) -> KamrulesError:
    """Return an error that also tells to which sinks the run has gone already."""
    if not done:
        return error
    listed = ", ".join(f"`{each}`" for each in done)
    message = f"the run was delivered to {listed} before another sink failed"
    mend = "mend the cause and run again; what has arrived is then written once more"
    return DataError(*error.diagnostics, Diagnostic("KR712", message, help=mend))


def _placeless(code: str, message: str, *_: object, help: str | None = None) -> Diagnostic:  # noqa: A002
    return Diagnostic(code, message, help=help)

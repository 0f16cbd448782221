"""Finding what is installed: the entry points of the group `kamrules`, and for which hooks they were made."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from kamrules.contracts import API_VERSION
from kamrules.diagnostics import Diagnostic, Severity, nearest
from kamrules.plugins.plugin import Plugin, off, told

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "kamrules"
LOAD = "KAMRULES_LOAD_PLUGINS"
DECLARED = "kamrules_api"
"""The attribute by which a plug-in says for which version of the hooks it was written."""


def entry_points() -> list[metadata.EntryPoint]:
    """Return what is installed, in an order that does not depend on the file system."""
    return sorted(
        metadata.entry_points(group=GROUP), key=lambda each: (distribution(each), each.name)
    )


def distribution(point: metadata.EntryPoint) -> tuple[str, str]:
    """Return name and version of the distribution that an entry point came with."""
    return (point.dist.name, point.dist.version) if point.dist is not None else ("", "")


def wanted(
    points: list[metadata.EntryPoint], selection: str | None
) -> tuple[list[metadata.EntryPoint], list[Diagnostic]]:
    """Return those that the environment lets in, and warnings for those it asks for in vain."""
    if selection is None:
        return points, []
    names = {each for point in points for each in (point.name, distribution(point)[0])}
    asked = [each.strip() for each in selection.split(",") if each.strip()]
    found = [point for point in points if {point.name, distribution(point)[0]} & set(asked)]
    return found, list(_in_vain(asked, names))


def _in_vain(asked: list[str], names: set[str]) -> Iterator[Diagnostic]:
    for each in asked:
        if each not in names:
            message = f"{LOAD} asks for plug-in `{each}`, which is not installed"
            near = nearest(each, names)
            mend = f"did you mean `{near}`?" if near else None
            yield Diagnostic("KR706", message, Severity.WARNING, help=mend)


def imported(point: metadata.EntryPoint) -> tuple[Plugin, object | None]:
    """Import a plug-in, and return how it is listed, with its failure if it has one."""
    plugin = Plugin(point.name, *distribution(point))
    try:
        implementation = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  importing runs a stranger's code
        plugin.failure = off("KR702", f"{plugin.shown} cannot be loaded: {told(error)}")
        return plugin, None
    declared = getattr(implementation, DECLARED, 1)
    if declared != API_VERSION:
        plugin.failure = _other_version(plugin, declared)
    return plugin, implementation


def _other_version(plugin: Plugin, declared: object) -> Diagnostic:
    what = plugin.distribution or plugin.name
    if type(declared) is not int or declared < 1:
        message = f"{plugin.shown} does not say for which version of the hooks it was written"
        return off("KR709", message, f"its module has to say {DECLARED} = {API_VERSION}")
    message = (
        f"{plugin.shown} was written for version {declared} of the hooks, and kamrules has version"
        f" {API_VERSION}"
    )
    mend = f"update `{what}`; a module that is up to date says {DECLARED} = {API_VERSION}"
    if declared > API_VERSION:
        mend = "update kamrules"
    return off("KR709", message, mend)

"""`from = "dlt:package.module:callable"`: a dlt resource as a table of a book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules import DataError
from kamrules.diagnostics import nearest

from kamrules_dlt.finding import calling, module_of, named, opened, told
from kamrules_dlt.options import checked, revealed_in
from kamrules_dlt.quiet import dlt, unlogged
from kamrules_dlt.rows import Collected, StrangeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

    from dlt.common.normalizers.naming import NamingConvention
    from kamrules import Diagnostic
    from kamrules.book import BookTable


OPTIONS = {"resource": str, "arguments": dict, "unfold": str, "path": str}


class _Place:
    """What a table's `from` and its options say: module, callable, and which resource."""

    def __init__(self, table: BookTable) -> None:
        self.table = table
        self.options: Mapping[str, Any] = checked(table.options, OPTIONS, "source", self._at_option)
        self.module, _, rest = table.location.partition(":")
        self.callable, _, self.resource = rest.partition(":")
        asked = self.options.get("resource")
        if asked is not None and self.resource and asked != self.resource:
            message = f"`from` names resource `{self.resource}`, and `options` names `{asked}`"
            raise DataError(table.fault("KR633", message, "options", "resource"))
        self.resource = asked or self.resource

    def _at_option(self, code: str, message: str, name: str, mend: str | None) -> Diagnostic:
        return self.table.fault(code, message, "options", name, key=code == "KR632", help=mend)

    def fault(self, code: str, message: str, mend: str | None) -> Diagnostic:
        """Return an error that shows the line of the book file."""
        return self.table.fault(code, message, "from", help=mend)

    def argument_fault(self, code: str, message: str, mend: str | None) -> Diagnostic:
        """Return an error about the arguments in the book file."""
        return self.table.fault(code, message, "options", "arguments", help=mend)

    @property
    def folder(self) -> Path | None:
        """Return where else modules are looked for: nowhere, unless the book file says so."""
        path = self.options.get("path")
        return None if path is None else self.table.folder / path

    def found(self) -> ModuleType:
        """Return the module."""
        return module_of(self.module, self.folder, self.fault)

    def opened(self) -> Any:  # noqa: ANN401  a DltSource or a DltResource
        """Return the source or resource that is named."""
        module = self.found()
        if not self.callable:
            listed = ", ".join(f"`{each}`" for each in sources_of(module)) or "none"
            message = f"`{self.module}` is a module; its dlt sources and resources are {listed}"
            raise DataError(
                self.fault("KR622", message, "write it like dlt:package.module:callable")
            )
        found = named(module, self.callable, self.fault)
        arguments = revealed_in(self.options.get("arguments", {}), self.argument_fault)
        return opened(found, f"{self.module}:{self.callable}", arguments, self.fault)


def open_table(table: BookTable, connection: Any) -> Any:  # noqa: ANN401  DuckDB's
    """Return the rows of a resource as a DuckDB relation. Raises DataError when there is none to be had."""
    place = _Place(table)
    made = place.opened()
    resource = made
    if isinstance(made, dlt.sources.DltSource):
        resource = _resource(place, made)
        made = made.with_resources(resource.name)
    elif place.resource and place.resource != made.name:
        message = f"`{place.module}:{place.callable}` is one resource, `{made.name}`"
        raise DataError(place.fault("KR622", f"{message}, and not `{place.resource}`", None))
    naming = _naming(made)
    unfold = place.options.get("unfold")
    hints = resource.columns if isinstance(resource.columns, dict) else {}
    as_json = [
        naming.normalize_identifier(name)
        for name, one in hints.items()
        if one.get("data_type") == "json"
    ]
    with unlogged(), Collected(connection, naming, unfold=unfold, as_json=as_json) as rows:
        calling(
            lambda: _collect(made, rows, resource.name, place), place.table.location, place.fault
        )
        if unfold is not None and rows.rows and unfold not in rows.lists:
            near = nearest(unfold, rows.lists)
            mend = f"did you mean `{near}`?" if near else None
            message = f"no record of `{resource.name}` has a list `{unfold}`"
            raise DataError(table.fault("KR633", message, "options", "unfold", help=mend))
        declared = [rows.name(each) for each in hints]
        return rows.relation([*declared, *(() if rows.rows else _wanted(table))])


def tables(table: BookTable) -> Sequence[str]:
    """Return the `from` of each resource that a source has, or of what a module has."""
    place = _Place(table)
    if not place.callable:
        return [f"dlt:{place.module}:{each}" for each in sources_of(place.found())]
    made = place.opened()
    start = f"dlt:{place.module}:{place.callable}"
    if isinstance(made, dlt.sources.DltSource):
        return [f"{start}:{each}" for each in made.resources]
    return [start]


def sources_of(module: ModuleType) -> list[str]:
    """Return the names of the dlt sources and resources that a module holds."""
    from dlt.extract.reference import SourceFactory  # noqa: PLC0415

    kinds = (SourceFactory, dlt.sources.DltSource, dlt.sources.DltResource)
    return [name for name, one in vars(module).items() if isinstance(one, kinds)]


def _resource(place: _Place, source: Any) -> Any:  # noqa: ANN401  dlt's
    """Return the resource that is meant: the one named, the one called like the table, or the only one."""
    known = source.resources
    if not place.resource:
        if place.table.name in known:
            return known[place.table.name]
        if len(known) == 1:
            return next(iter(known.values()))
        listed = ", ".join(f"`{each}`" for each in known) or "none"
        message = f"`{source.name}` has several resources, and none is called `{place.table.name}`: {listed}"
        if not known:
            message = f"`{source.name}` has no resources"
        raise DataError(
            place.fault("KR622", message, "name one behind a colon, or by the option `resource`")
        )
    if place.resource not in known:
        near = nearest(place.resource, known)
        mend = f"did you mean `{near}`?" if near else f"it has {', '.join(known) or 'none'}"
        message = f"source `{source.name}` has no resource `{place.resource}`"
        if "resource" in place.options:
            raise DataError(place.table.fault("KR622", message, "options", "resource", help=mend))
        raise DataError(place.fault("KR622", message, mend))
    return known[place.resource]


def _naming(made: Any) -> NamingConvention:  # noqa: ANN401
    """Return by what convention dlt would name the columns in a destination."""
    if isinstance(made, dlt.sources.DltSource):
        return made.schema.naming
    return dlt.Schema("kamrules").naming


def _collect(made: Any, rows: Collected, name: str, place: _Place) -> None:  # noqa: ANN401
    try:
        for each in made:
            rows.add(each)
    except StrangeError as error:
        raise DataError(place.fault("KR623", f"resource `{name}` {error}", None)) from None
    except DataError:
        raise
    except Exception as error:
        if not rows.rows:
            raise
        count = f"{rows.rows:,} row{'s' if rows.rows > 1 else ''}"
        what = f"resource `{name}` failed after {count}: {told(error)}"
        raise DataError(place.fault("KR623", what, None)) from error


def _wanted(table: BookTable) -> list[str]:
    """Return the columns that a book file names, which an empty resource does not show."""
    mapped = [each.column for each in table.columns.values() if each.column is not None]
    return list(dict.fromkeys([table.account, *mapped, *table.only]))

"""What is asked of plug-ins by name: sources, forms of files, sections of reports, proposed mappings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kamrules.book import Rows
from kamrules.contracts import Proposal, Section
from kamrules.diagnostics import (
    DataError,
    Diagnostic,
    KamrulesError,
    Severity,
    UsageError,
    nearest,
)
from kamrules.plugins.plugin import told
from kamrules.secrets import clear_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from kamrules.book import BookTable
    from kamrules.contracts import Format, Tables
    from kamrules.plugins.manager import Plugins
    from kamrules.plugins.plugin import Plugin

    Answers = Iterable[tuple[Plugin, Any]]

Kind = TypeVar("Kind")


def scheme_in(known: Mapping[str, Kind], scheme: str) -> str | None:
    """Return the name under which a scheme is known: `postgresql+psycopg` also as `postgresql`."""
    return next((each for each in (scheme, scheme.partition("+")[0]) if each in known), None)


def refuse_clear(
    uri: str | None, options: Mapping[str, object], fault: Callable[..., Diagnostic], key: str
) -> None:
    """Raise DataError (KR707) where a URI or an option holds a secret in clear."""
    found = clear_faults(uri, options, fault, key)
    if found:
        raise DataError(*found)


def open_source(plugins: Plugins, table: BookTable, connection: Any) -> Rows:  # noqa: ANN401
    """Return the rows of a table of a book; see Plugins.open_source."""
    if table.uri is None:
        from kamrules.adapters.memory import open_rows  # noqa: PLC0415  rarely needed

        return open_rows(table, connection)
    name = _source(plugins, table)
    try:
        found = plugins.sources[name](table, connection)
    except KamrulesError:
        raise
    except Exception as error:
        message = f"source `{name}` of {plugins.owner('sources', name)} failed: {told(error)}"
        raise DataError(table.fault("KR703", message, "from")) from error
    return found if isinstance(found, Rows) else Rows(found)


def tables_of(plugins: Plugins, table: BookTable) -> tuple[str, ...] | None:
    """Return what a source has; see Plugins.tables_of."""
    name = _source(plugins, table)
    lists = plugins.lists.get(name)
    if lists is None:
        return None
    try:
        return tuple(lists(table))
    except KamrulesError:
        raise
    except Exception as error:
        message = f"source `{name}` of {plugins.owner('sources', name)} failed: {told(error)}"
        raise DataError(table.fault("KR703", message, "from")) from error


def _source(plugins: Plugins, table: BookTable) -> str:
    """Return the name of the source that reads a table. Raises DataError when nothing does."""
    refuse_clear(table.uri, table.options, table.fault, "from")
    name = scheme_in(plugins.sources, table.scheme)
    if name is None:
        near = nearest(table.scheme, plugins.sources)
        mend = f'did you mean "{near}:{table.location}"?' if near else None
        known = ", ".join(sorted(plugins.sources))
        message = f"there is no source `{table.scheme}`; there are {known}"
        raise DataError(table.fault("KR704", message, "from", help=mend))
    return name


def form(plugins: Plugins, format: str) -> Format:  # noqa: A002  the command line's word
    """Return what writes files of a form; see Plugins.form."""
    found = plugins.formats.get(format)
    if found is None:
        near = nearest(format, plugins.formats)
        message = f"there is no format `{format}`; there are {', '.join(sorted(plugins.formats))}"
        raise UsageError(
            Diagnostic("KR705", message, help=f"did you mean `{near}`?" if near else None)
        )
    return found


def write(
    plugins: Plugins,
    format: str,  # noqa: A002  the command line's word
    tables: Tables,
    folder: Path,
    connection: Any,  # noqa: ANN401  DuckDB's
) -> tuple[str, ...]:
    """Write output tables as files; see Plugins.write."""
    writes = form(plugins, format)
    try:
        return tuple(writes(tables, folder, connection))
    except KamrulesError:
        raise
    except Exception as error:
        owner = plugins.owner("formats", format)
        message = f"format `{format}` of {owner} failed: {told(error)}"
        raise DataError(Diagnostic("KR703", message)) from error


def sections(answers: Answers) -> tuple[tuple[Section, ...], tuple[Diagnostic, ...]]:
    """Return the sections among what plug-ins answered, and what is told of other answers."""
    found: list[Section] = []
    warnings = []
    for plugin, answer in answers:
        if isinstance(answer, Section) and all(
            len(each) == len(answer.columns) for each in answer.rows
        ):
            found.append(answer)
        elif answer not in (None, []):
            wrong = "gave a section whose rows are not as wide as its columns"
            if not isinstance(answer, Section):
                wrong = f"failed in `report_section`: {_strange(answer)}"
            warnings.append(Diagnostic("KR703", f"{plugin.shown} {wrong}", Severity.WARNING))
    return tuple(found), tuple(warnings)


def proposals(answers: Answers) -> tuple[tuple[Proposal, ...], tuple[Diagnostic, ...]]:
    """Return the proposals among what plug-ins answered, and what is told of other answers."""
    found: list[Proposal] = []
    warnings = []
    for plugin, answer in answers:
        some = [answer] if isinstance(answer, Proposal) else answer
        if isinstance(some, Sequence) and all(isinstance(each, Proposal) for each in some):
            found.extend(some)
        elif some is not None:
            message = f"{plugin.shown} failed in `propose_mapping`: {_strange(some)}"
            warnings.append(Diagnostic("KR703", message, Severity.WARNING))
    return tuple(found), tuple(warnings)


def _strange(answer: object) -> str:
    """Return the words for an answer that is none."""
    if isinstance(answer, Exception):
        return told(answer)
    return f"it answered with a {type(answer).__name__}"

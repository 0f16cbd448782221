"""`--to dlt:DESTINATION`: the decisions' tables loaded by a dlt pipeline."""

from __future__ import annotations

import inspect
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlt.common.destination import Destination
from dlt.common.destination import DestinationCapabilitiesContext as Capabilities
from dlt.common.destination.utils import resolve_replace_strategy
from dlt.destinations import __all__ as known_destinations
from kamrules import DataError, Diagnostic
from kamrules.diagnostics import nearest

from kamrules_dlt.finding import calling, module_of, named, refused
from kamrules_dlt.loaded import table_resource
from kamrules_dlt.options import checked, revealed_in
from kamrules_dlt.quiet import dlt, unlogged
from kamrules_dlt.rows import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dlt.common.destination import PreparedTableSchema
    from dlt.common.schema.typing import TLoaderReplaceStrategy
    from kamrules.contracts import Tables, Target

NAME, DATASET = "kamrules", "kamrules_decisions"
"""The pipeline, and where its tables are; DuckDB would confuse a file and a schema of one name."""
OPTIONS = {"dataset": str, "arguments": dict, "path": str}
DECISIONS = "decisions"
GONE = "kamrules_gone"
"""With `upsert`, the column that tells dlt of an account that has no rows in a table any more."""
SETTINGS = {
    # Ctrl-C is kamrules' business: dlt would go on loading for a while
    "RUNTIME__INTERCEPT_SIGNALS": "false",
    # what the tables were loaded through is emptied again
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
}
"""How dlt works here unless its own settings, in the environment, say otherwise."""
_DISPOSITIONS = {"create": "append", "replace": "replace", "append": "append", "upsert": "merge"}
_SAFE: TLoaderReplaceStrategy = "insert-from-staging"
"""The way of replacing in which readers see the old rows until the new ones are all there."""


def fault(code: str, message: str, mend: str | None = None) -> Diagnostic:
    """Return an error of a sink, which has no place in a file."""
    return Diagnostic(code, message, help=mend)


def _at_option(code: str, message: str, _: str, mend: str | None) -> Diagnostic:
    return fault(code, message, mend)


class Loading:
    """Decisions on their way: extracted and normalised when staged, loaded when committed.

    The pipeline works in a temporary folder, unless the user's own function makes it.
    """

    def __init__(self, target: Target) -> None:
        """Make the pipeline. Raises DataError when the destination is not to be had."""
        self._target = target
        self._options = checked(target.options, OPTIONS, "sink", _at_option)
        self._folder = Path(tempfile.mkdtemp(prefix="kamrules-dlt-"))
        self._staged = self._done = False
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        try:
            self._pipeline = self._made()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def stage(self, tables: Tables, connection: Any) -> Mapping[str, int]:  # noqa: ANN401  DuckDB's
        """Extract and normalise, and look whether the destination takes them."""
        written = {name: self._folder / f"{name}.parquet" for name in tables}
        accounts = self._all_accounts(tables)
        counts = {
            name: _write(tables, name, path, connection, accounts) for name, path in written.items()
        }
        with self._telling("cannot be prepared for"):
            self._check(list(written))
            self._staged = True
            self._pipeline.extract(self._source(written))
            self._pipeline.normalize()
        return counts

    def commit(self) -> None:
        """Load what was staged."""
        with self._telling("cannot be loaded into"):
            self._pipeline.load(raise_on_failed_jobs=True)
        self._done = True
        self.abandon()

    def abandon(self) -> None:
        """Drop what was staged and is not loaded, and the folder."""
        try:
            # a pipeline of ours goes with the folder
            if self._staged and not self._done and not self._ours:
                with unlogged():
                    self._pipeline.abort_packages()
        finally:
            self._staged = False
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _ours(self) -> bool:
        return Path(self._pipeline.pipelines_dir) == self._folder

    # making the pipeline

    def _made(self) -> Any:  # noqa: ANN401  a dlt.Pipeline
        """Return the user's pipeline, or one of our own into the destination that is named."""
        module, colon, name = self._target.location.partition(":")
        if colon:
            found = self._found(module, name)
            if isinstance(found, dlt.Pipeline):
                return self._taken(found)
        else:
            found = self._known(module)
        return self._own(found)

    def _found(self, module: str, name: str) -> Any:  # noqa: ANN401
        """Return the pipeline or destination that a function of a module makes, or that it names."""
        path = self._options.get("path")
        folder = None if path is None else self._target.folder / path
        found = named(module_of(module, folder, fault), name, fault)
        shown, arguments = f"{module}:{name}", self._options.get("arguments")
        if callable(found) and not isinstance(found, Destination | dlt.Pipeline):
            # what @dlt.destination has made; nothing else is called with arguments, see finding.opened
            if arguments and not hasattr(found, "_factory"):
                message = f"`{shown}` is not decorated by dlt and takes no arguments from here"
                raise DataError(fault("KR633", message, "put @dlt.destination before it"))
            found = self._called(found, shown)
        elif arguments:
            message = f"`{shown}` is made already and takes no arguments"
            raise DataError(fault("KR633", message))
        if not isinstance(found, Destination | dlt.Pipeline):
            message = f"`{shown}` makes neither a dlt pipeline nor a destination"
            raise DataError(fault("KR623", message, "let it return what dlt.pipeline(...) returns"))
        return found

    def _known(self, name: str) -> Any:  # noqa: ANN401
        """Return one of dlt's own destinations, by name."""
        if name not in known_destinations:
            near = nearest(name, known_destinations)
            message = f"dlt has no destination `{name}`" if name else "no dlt destination is named"
            known = ", ".join(sorted(known_destinations))
            raise DataError(
                fault(
                    "KR622", message, f"did you mean `dlt:{near}`?" if near else f"it has {known}"
                )
            )
        return self._called(getattr(dlt.destinations, name), f"dlt.destinations.{name}")

    def _called(self, factory: Any, shown: str) -> Any:  # noqa: ANN401
        """Return what a function or class of destinations makes with the arguments.

        dlt itself drops arguments that it does not know, with a line in its log.
        """
        arguments: dict[str, Any] = revealed_in(self._options.get("arguments", {}), fault)
        with unlogged():
            made = calling(lambda: factory(**arguments), shown, fault)
        if isinstance(made, Destination):
            known = {*made.spec.get_resolvable_fields(), *Capabilities.get_resolvable_fields()}
            known |= {*inspect.signature(type(made).__init__).parameters}
            for name in arguments.keys() - known:
                near = nearest(name, known)
                mend = f"did you mean `{near}`?" if near else None
                if isinstance(made, dlt.destinations.destination) and near is None:
                    mend = "its function has to give it a default, such as dlt.config.value"
                message = f"destination `{made.destination_name}` has no argument `{name}`"
                raise DataError(fault("KR632", message, mend))
        return made

    def _own(self, destination: Any) -> Any:  # noqa: ANN401
        """Return a pipeline that leaves nothing behind but what it loads."""
        table: PreparedTableSchema = {"name": NAME, "write_disposition": "replace"}
        if resolve_replace_strategy(table, _SAFE, destination.capabilities()) is not None:
            destination.config_params.setdefault("replace_strategy", _SAFE)
        if destination.capabilities().supports_ddl_transactions:
            # dlt says for few databases that they have transactions at all, and for the others takes the
            # old rows out for good before it puts the new ones in
            destination.caps_params.setdefault("supports_transactions", True)
        with self._telling("cannot be prepared for"):
            pipeline = dlt.pipeline(
                NAME,
                pipelines_dir=str(self._folder),
                destination=destination,
                dataset_name=self._options.get("dataset", DATASET),
            )
            # what kamrules loads has no state of dlt's, and leaves no trace in the user's home
            pipeline.config.restore_from_destination = False
            pipeline.config.enable_runtime_trace = False
        return pipeline

    def _taken(self, pipeline: Any) -> Any:  # noqa: ANN401
        """Return the user's pipeline. Raises DataError when it has other things to do first."""
        if "dataset" in self._options:
            message = f"pipeline `{pipeline.pipeline_name}` names its dataset itself"
            raise DataError(fault("KR633", message, "leave the option `dataset` out"))
        if pipeline.has_pending_data:
            message = (
                f"pipeline `{pipeline.pipeline_name}` has data of its own that is not loaded yet"
            )
            mend = f"dlt pipeline {pipeline.pipeline_name} drop-pending-packages"
            raise DataError(fault("KR648", message, mend))
        return pipeline

    # staging

    @property
    def _custom(self) -> bool:
        """Return whether a function of the user's takes the rows, which knows itself what to do with them."""
        return isinstance(self._pipeline.destination, dlt.destinations.destination)

    def _all_accounts(self, tables: Tables) -> str | None:
        """Return the table that has every account, if others have to lose rows of accounts without any."""
        wanted = self._target.mode == "upsert" and not self._custom
        return DECISIONS if wanted and DECISIONS in tables else None

    def _check(self, names: list[str]) -> None:
        """Raise DataError when the destination cannot do what the mode asks for."""
        if self._custom:
            return
        shown = f"dlt destination `{self._pipeline.destination.destination_name}`"
        mode = self._target.mode
        strategies = self._pipeline.destination.capabilities().supported_merge_strategies or ()
        if mode == "upsert" and "delete-insert" not in strategies:
            mend = "use --mode replace or append"
            raise DataError(
                fault("KR648", f"{shown} cannot take the place of an account's rows", mend)
            )
        with self._pipeline.destination_client() as client:
            if mode != "create" or not client.is_storage_initialized():
                return
            there = [name for name, columns in client.get_storage_tables(names) if columns]
        if there:
            listed = ", ".join(f"`{each}`" for each in there)
            message = f"{shown} has {listed} already, and the mode is `create`"
            raise DataError(fault("KR648", message, "use --mode replace, append or upsert"))

    def _source(self, written: Mapping[str, Path]) -> Any:  # noqa: ANN401  a DltSource
        hints: dict[str, Any] = {"write_disposition": _DISPOSITIONS[self._target.mode]}
        if self._target.mode == "upsert":
            # all rows of an account go, and those that are written come
            hints["write_disposition"] = {"disposition": "merge", "strategy": "delete-insert"}
            hints["merge_key"] = "account_id"
            if not self._custom:
                hints["columns"] = {GONE: {"data_type": "bool", "hard_delete": True}}
        resources = [
            table_resource(name, written.__getitem__, plain=self._custom, **hints)
            for name in written
        ]
        return dlt.sources.DltSource(dlt.Schema(NAME), NAME, resources)

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Turn whatever dlt raises into a DataError."""
        told = f"the decisions {what} `{self._target.uri}`"
        try:
            with unlogged():
                yield
        except DataError:
            raise
        except Exception as error:
            raise refused(error, told, told, fault, "KR648") from error


def _write(
    tables: Tables,
    name: str,
    path: Path,
    connection: Any,  # noqa: ANN401  DuckDB's
    accounts: str | None,
) -> int:
    """Write a table as a Parquet file, with the `accounts` that have no rows in it; return its own rows."""
    view = f"kamrules_dlt_{name}"
    tables[name].create_view(view, replace=True)
    query = f"FROM {quoted(view)}"
    if accounts is not None:
        others = f"kamrules_dlt_{accounts}"
        tables[accounts].create_view(others, replace=True)
        query = (
            f"SELECT *, NULL::BOOLEAN AS {GONE} FROM {quoted(view)} UNION ALL BY NAME "  # noqa: S608
            f"SELECT account_id, true AS {GONE} FROM {quoted(others)} "
            f"WHERE account_id NOT IN (SELECT account_id FROM {quoted(view)})"
        )
    target = str(path).replace("'", "''")
    ((rows,),) = connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)").fetchall()
    if accounts is None:
        return int(rows)
    lacking = connection.read_parquet(str(path)).filter(GONE).aggregate("count(*)").fetchall()
    return int(rows - lacking[0][0])

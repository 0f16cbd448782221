"""What `package.module:callable` names: imported, looked up, and called if dlt made it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlt.common.configuration.exceptions import ConfigFieldMissingException, flatten_traces
from dlt.extract.decorators import DltSourceFactoryWrapper
from kamrules import DataError
from kamrules.diagnostics import nearest

from kamrules_dlt.quiet import dlt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from kamrules_dlt.options import Fault

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def module_of(name: str, folder: Path | None, fault: Fault) -> ModuleType:
    """Return a module by name, found where Python looks, and last in `folder` if one is given.

    Raises DataError when there is no such module, or it cannot be imported.
    """
    if not _MODULE.fullmatch(name):
        mend = "write it like dlt:package.module:callable"
        raise DataError(fault("KR622", f"`{name}` is no name of a module", mend))
    if folder is not None:
        if not folder.is_dir():
            raise DataError(fault("KR622", f"there is no folder `{folder}` for `{name}`", None))
        where = str(folder.resolve())
        if where not in sys.path:
            # behind all others, so that no file of the folder takes the place of a library
            sys.path.append(where)
            importlib.invalidate_caches()
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        if name == missing or name.startswith(f"{missing}."):
            message = f"there is no module `{missing}`"
            raise DataError(fault("KR622", message, _near(missing))) from None
        message = f"module `{name}` needs `{missing}`, which is not installed"
        raise DataError(fault("KR623", message, None)) from error
    except (Exception, SystemExit) as error:
        message = f"module `{name}` cannot be imported: {told(error)}"
        raise DataError(fault("KR623", message, None)) from error
    if folder is not None and _elsewhere(module, folder):
        message = f"`{name}` is another module than that of `{folder}`: {module.__file__}"
        raise DataError(fault("KR623", message, "give the one in the folder another name"))
    return module


def _elsewhere(module: ModuleType, folder: Path) -> bool:
    """Return whether a folder has a module, and another of the same name was found."""
    path = folder.resolve() / Path(*module.__name__.split("."))
    there = path.is_dir() or path.with_suffix(".py").is_file()
    file = module.__file__
    return there and file is not None and not Path(file).resolve().is_relative_to(folder.resolve())


def _near(missing: str) -> str:
    """Return a line of help for a module that is not there."""
    parent, _, last = missing.rpartition(".")
    try:
        folders = importlib.import_module(parent).__path__ if parent else None
        near = nearest(last, [each.name for each in pkgutil.iter_modules(folders)])
    except Exception:  # noqa: BLE001  a help less
        near = None
    if near:
        return f"did you mean `{parent}.{near}`?" if parent else f"did you mean `{near}`?"
    return "a module has to be installed, or in the folder that the option `path` names"


def named(module: ModuleType, name: str, fault: Fault) -> Any:  # noqa: ANN401  whatever it is
    """Return what a module calls by a name. Raises DataError with the nearest one when there is none."""
    try:
        return getattr(module, name)
    except AttributeError:
        near = nearest(name, [each for each in vars(module) if not each.startswith("_")])
        mend = f"did you mean `{near}`?" if near else None
        message = f"module `{module.__name__}` has no `{name}`"
        raise DataError(fault("KR622", message, mend)) from None


def opened(found: Any, name: str, arguments: Mapping[str, Any], fault: Fault) -> Any:  # noqa: ANN401
    """Return the dlt source or resource that an object is or makes, with arguments.

    What dlt decorated is called with the arguments; another function only without any, as a book file
    is no place from which to call just anything. Raises DataError when neither makes a source.
    """
    if isinstance(found, dlt.sources.DltResource) and not (arguments or not found.args_bound):
        return found
    decorated = isinstance(found, DltSourceFactoryWrapper | dlt.sources.DltResource)
    if not decorated and inspect.isfunction(found) and arguments:
        message = f"`{name}` is not decorated by dlt and takes no arguments from here"
        raise DataError(fault("KR633", message, "put @dlt.source or @dlt.resource before it"))
    made = found
    if decorated or inspect.isfunction(found):
        made = calling(lambda: found(**arguments), name, fault)
    if isinstance(made, dlt.sources.DltSource | dlt.sources.DltResource):
        return made
    mend = "put @dlt.source or @dlt.resource before it" if inspect.isfunction(found) else None
    message = f"`{name}` is no dlt source: it {'gives' if made is not found else 'is'} {_a(made)}"
    raise DataError(fault("KR623", message, mend))


def calling(call: Callable[[], Any], name: str, fault: Fault) -> Any:  # noqa: ANN401
    """Return what a stranger's function returns. Raises DataError for whatever it raises."""
    try:
        return call()
    except DataError:
        raise
    except (Exception, SystemExit) as error:
        raise refused(error, f"`{name}` cannot be called", f"`{name}` failed", fault) from error


def refused(
    error: BaseException, call: str, work: str, fault: Fault, code: str = "KR623"
) -> DataError:
    """Return what is told of a stranger's failure: of a `call` that cannot be made, or of its `work`."""
    inner = innermost(error)
    if isinstance(inner, ConfigFieldMissingException):
        mend = _configured(inner)
        return DataError(fault(code, f"{work}: dlt is not told {_fields(inner)}", mend))
    if inner is error and isinstance(error, TypeError) and "argument" in str(error):
        return DataError(fault("KR633", f"{call}: {told(error)}", None))
    return DataError(fault(code, f"{work}: {told(error)}", None))


def _fields(error: ConfigFieldMissingException) -> str:
    return ", ".join(f"`{each}`" for each in error.fields)


def _configured(error: ConfigFieldMissingException) -> str | None:
    """Return where dlt looks first for what is missing."""
    traces = flatten_traces([each for some in error.traces.values() for each in some])
    keys = [each.key for each in traces if each.key.isupper()]
    # dlt also looks by the name of the pipeline, which users of a book file do not know
    plain = [each for each in keys if each.startswith(("SOURCES__", "DESTINATION__"))]
    key = next(iter([*plain, *keys]), None)
    return f"name it in `arguments`, or set {key} in the environment" if key else None


def innermost(error: BaseException) -> BaseException:
    """Return the error that dlt wrapped into others of its own."""
    while type(error).__module__.startswith("dlt."):
        inner = error.__cause__ or getattr(error, "inner_exc", None)
        if inner is None:
            break
        error = inner
    return error


def told(error: BaseException) -> str:
    """Return what went wrong in one line."""
    error = innermost(error)
    line = next((each.strip() for each in str(error).splitlines() if each.strip()), "")
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def _a(thing: object) -> str:
    word = "None" if thing is None else type(thing).__name__
    if inspect.ismodule(thing):
        return "a module"
    return word if thing is None else f"a{'n' if word[0].lower() in 'aeiou' else ''} {word}"

"""Settings: parameters given for one run, as `--set name=value` on the command line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, Place, UsageError, nearest
from kamrules.document.positions import Positions, Spot
from kamrules.document.reading import Document
from kamrules.document.ruleset import Ruleset, digest_of
from kamrules.document.tree import Entry
from kamrules.document.values import WANTED, parameter_slips, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.document.models import ParameterModel, RulesetModel
    from kamrules.document.values import Scalar

FILE = "--set"


def apply(
    model: RulesetModel, root: Entry, settings: Mapping[str, str]
) -> tuple[RulesetModel, list[Diagnostic]]:
    """Return the model with the parameters set, and what is wrong with the settings.

    The tree's entries of those parameters are replaced, so that places point to the setting.
    """
    parameters = dict(model.parameter)
    problems: list[Diagnostic] = []
    for name, text in settings.items():
        parameter = parameters.get(name)
        if parameter is None:
            problems.append(_unknown(name, text, parameters))
            continue
        value = parse(parameter.type, text)
        problem = _misfit(name, text, value, parameter)
        if problem is not None:
            problems.append(problem)
            continue
        parameters[name] = parameter.model_copy(update={"value": value})
        entry = root.value["parameter"].value[name]
        entry.value["value"] = Entry(value, _document(name, text), ("value",))
    return model.model_copy(update={"parameter": parameters}), problems


def settled(ruleset: Ruleset, settings: Mapping[str, str]) -> Ruleset:
    """Return the ruleset with parameters set. Raises UsageError when a setting does not fit."""
    root = ruleset.root
    parameters = root.value.get("parameter")
    if parameters is not None:
        copies = {
            name: Entry(dict(each.value), each.document, each.path)
            for name, each in parameters.value.items()
        }
        copied = Entry(copies, parameters.document, parameters.path)
        root = Entry({**root.value, "parameter": copied}, root.document, root.path)
    model, problems = apply(ruleset.model, root, settings)
    if problems:
        raise UsageError(*problems)
    return replace(ruleset, model=model, digest=digest_of(model), root=root)


def _unknown(name: str, text: str, known: Mapping[str, ParameterModel]) -> Diagnostic:
    near = nearest(name, known)
    mend = f"did you mean `{near}`?" if near else None
    excerpt = f"{name}={text}"
    place = Place(FILE, 1, 1, len(name) + 1)
    message = f"the ruleset has no parameter `{name}`"
    return Diagnostic("KR173", message, place=place, excerpt=excerpt, help=mend)


def _misfit(
    name: str, text: str, value: Scalar | None, parameter: ParameterModel
) -> Diagnostic | None:
    place = Place(FILE, 1, len(name) + 2, len(name) + 2 + len(text))
    excerpt = f"{name}={text}"
    if value is None:
        message = f"parameter `{name}` is {WANTED[parameter.type]}, not `{text}`"
        near = nearest(text, ("true", "false")) if parameter.type == "bool" else None
        mend = f"did you mean `{near}`?" if near else None
        return Diagnostic("KR174", message, place=place, excerpt=excerpt, help=mend)
    slips = parameter_slips(parameter.type, value, parameter.low, parameter.high, parameter.choices)
    if not slips:
        return None
    near = nearest(text, parameter.choices)
    mend = slips[0].help or (f"did you mean `{near}`?" if near else None)
    message = f"parameter `{name}`: {slips[0].message}"
    return Diagnostic("KR175", message, place=place, excerpt=excerpt, help=mend)


def _document(name: str, text: str) -> Document:
    """Return the setting as a document of its own, so that it has a place like anything written."""
    whole = f"{name}={text}".replace("\n", " ")
    spot = Spot(key=(0, len(name)), value=(len(name) + 1, len(whole)))
    return Document(FILE, {}, Positions(whole, {("value",): spot}))

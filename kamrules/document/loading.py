"""Loading a ruleset: from a name or a path to the Ruleset, or to all that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from kamrules.diagnostics import Diagnostic, RulesetError, UsageError
from kamrules.document import inheritance, messages, settings
from kamrules.document.finding import Location, find, find_extended, shipped_folder, toml_files
from kamrules.document.models import RulesetModel
from kamrules.document.reading import UnreadableError, parse_document, read_text
from kamrules.document.refusals import refusals, reserved_ids
from kamrules.document.ruleset import Ruleset, digest_of
from kamrules.document.tree import Entry, entries, fault, origin, spot_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path as FilePath

    from kamrules.document.positions import Path
    from kamrules.document.ruleset import Layers
    from kamrules.expression.plugged import Functions

DEEPEST_EXTENDS = 30
_MULTI_LINE = {"about", "objective", "because", "advice"}
_FREE = {"message", "persona", "test"}


def load_ruleset(
    name_or_path: str | FilePath,
    *,
    folders: Sequence[FilePath] = (),
    set: Mapping[str, str] | None = None,  # noqa: A002  the command line's word
    functions: Functions | None = None,
) -> Ruleset:
    """Return a ruleset by path (a folder of TOML files, or one file) or by name.

    Names are looked up in `folders`, by default where the shipped rulesets are. `set` gives
    parameters other values, as text. `functions` are those of plug-ins that expressions may call
    (`kamrules.plugins.Plugins.load().functions`), None for none. Raises UsageError when there is no such
    ruleset or a setting does not fit, RulesetError with every problem of the stage that found some.
    """
    places = tuple(folders) or (shipped_folder(),)
    start = find(name_or_path, places)
    if isinstance(start, Diagnostic):
        raise UsageError(start)
    reader = _Reader(places)
    reader.read(start)
    reader.give_up()
    return _finished(reader, set or {}, functions)


def reload_ruleset(
    layers: Layers, settings: Mapping[str, str], functions: Functions | None = None
) -> Ruleset:
    """Return a ruleset from the `layers` and `settings` of one that was loaded, without its files.

    Raises as load_ruleset does, which it does for texts that an older kamrules took.
    """
    reader = _Reader(())
    for number, layer in enumerate(layers, start=1):
        reader.keep(layer, own=number == len(layers))
    reader.give_up()
    return _finished(reader, settings, functions)


def _finished(
    reader: _Reader,
    set: Mapping[str, str],  # noqa: A002  the command line's word
    functions: Functions | None,
) -> Ruleset:
    """Return the ruleset of what was read. Raises as load_ruleset does."""
    root, strays = inheritance.extend(reader.layers)
    known = messages.addresses(root)
    messages.disinherit(root, known, reader.own)
    problems = [*strays, *messages.check(root, known), *_one_line(root), *reserved_ids(root)]
    off = inheritance.switch_off(root)
    try:
        model = RulesetModel.model_validate(root.plain())
    except ValidationError as error:
        base = reader.own if len(reader.layers) > 1 else ()
        raise RulesetError(*problems, *refusals(root, error, base)) from None
    if problems:
        raise RulesetError(*problems)
    model, misfits = settings.apply(model, root, set)
    if misfits:
        raise UsageError(*misfits)
    own = frozenset(reader.own)
    layers = tuple(reader.texts)
    files = tuple(reader.files)
    return Ruleset(model, files, digest_of(model), root, own, off, layers, dict(set), functions)


@dataclass(slots=True)
class _Reader:
    """Reads a ruleset and those it extends, each once, the furthest base first."""

    folders: Sequence[FilePath]
    own: set[str] = field(default_factory=set)
    layers: list[Entry] = field(default_factory=list)
    texts: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    usage: bool = True
    done: list[str] = field(default_factory=list)
    chain: list[Location] = field(default_factory=list)

    def give_up(self) -> None:
        """Raise what went wrong: as wrong usage if only the file system was in the way."""
        if self.problems:
            raise (UsageError if self.usage else RulesetError)(*self.problems)

    def refuse(self, *problems: Diagnostic, usage: bool = False) -> None:
        self.problems += problems
        self.usage = self.usage and (usage or not problems)

    def read(self, location: Location) -> None:
        self.chain.append(location)
        texts = self._texts(location)
        layer = self._joined(texts)
        if layer is not None:
            for number, wanted in enumerate(_extended(layer)):
                self._extend(layer, location, wanted, number)
            self.layers.append(layer)
            self.texts.append(texts)
        self.done.append(location.identity)
        self.chain.pop()

    def keep(self, texts: tuple[tuple[str, str], ...], *, own: bool) -> None:
        """Take a layer whose files were read before."""
        for shown, _ in texts:
            self.files.append(shown)
            if own:
                self.own.add(shown)
        layer = self._joined(texts)
        if layer is not None:
            self.layers.append(layer)
            self.texts.append(texts)

    def _texts(self, location: Location) -> tuple[tuple[str, str], ...]:
        """Return the files of a ruleset, as shown to the user, with their texts."""
        found, problems = toml_files(location)
        self.refuse(*problems, usage=True)
        texts = []
        for path, shown in found:
            self.files.append(shown)
            if len(self.chain) == 1:
                self.own.add(shown)
            try:
                texts.append((shown, read_text(path, shown)))
            except UnreadableError as error:
                self.refuse(*error.diagnostics, usage=error.usage)
        return tuple(texts)

    def _joined(self, texts: tuple[tuple[str, str], ...]) -> Entry | None:
        """Return what the files of a layer say together; None when they cannot be used."""
        layer: Entry | None = None
        for shown, text in texts:
            try:
                document = entries(parse_document(text, shown))
            except UnreadableError as error:
                self.refuse(*error.diagnostics, usage=error.usage)
                continue
            self.refuse(*messages.flatten(document))
            if layer is None:
                layer = document
            else:
                self.refuse(*inheritance.join(layer, document))
        return layer

    def _extend(self, layer: Entry, location: Location, wanted: str, number: int) -> None:
        path = ("ruleset", "extends", number)
        found = find_extended(wanted, location, self.folders)
        if isinstance(found, Diagnostic):
            self.refuse(fault(layer, found.code, found.message, path, help=found.help))
            return
        circle = [each.identity for each in self.chain]
        if found.identity in circle:
            names = [each.shown for each in self.chain[circle.index(found.identity) :]]
            way = " -> ".join([*names, found.shown])
            self.refuse(fault(layer, "KR170", f"`{found.shown}` extends itself: {way}", path))
        elif len(self.chain) > DEEPEST_EXTENDS:
            message = f"rulesets extend each other more than {DEEPEST_EXTENDS} deep"
            self.refuse(fault(layer, "KR170", message, path))
        elif found.identity not in self.done:
            self.read(found)


def _extended(layer: Entry) -> list[str]:
    header = layer.value.get("ruleset")
    extends = header.value.get("extends") if header and isinstance(header.value, dict) else None
    wanted = extends.value if extends is not None else []
    return [each for each in wanted if isinstance(each, str)] if isinstance(wanted, list) else []


def _one_line(root: Entry) -> Iterator[Diagnostic]:
    """Yield errors about expressions and names that are written over several lines."""
    for path in _over_several_lines(root, root.value, ()):
        keys = [each for each in path if isinstance(each, str)]
        if keys[0] in _FREE or keys[-1] in _MULTI_LINE:
            continue
        mend = None
        if keys[-1] in ("when", "stay", "all", "any", "of", "not"):
            mend = "split a long condition into a list: all its members must hold"
        yield fault(root, "KR160", f"`{keys[-1]}` has to stand on one line", path, help=mend)


def _over_several_lines(root: Entry, value: Any, path: Path) -> Iterator[Path]:  # noqa: ANN401
    if isinstance(value, Entry):
        value = value.value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _over_several_lines(root, each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _over_several_lines(root, each, (*path, number))
    elif isinstance(value, str) and (found := origin(root, path)) is not None:
        document, where = found
        spot = spot_of(document, where)
        if spot and spot.value and document.positions is not None:
            start, end = spot.value
            if "\n" in document.positions.text[start:end]:
                yield path

"""Files: which ones of a ruleset are laid out, what they become, and how they are written."""

from __future__ import annotations

import difflib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import DataError, Diagnostic, RulesetError, Severity, UsageError
from kamrules.disk import beside
from kamrules.document.reading import UnreadableError, parse_document, read_document
from kamrules.progress import silent
from kamrules.workbench.formatting.expressions import Expressions
from kamrules.workbench.formatting.keys import in_order, known_keys
from kamrules.workbench.formatting.layout import laid_out
from kamrules.workbench.formatting.places import condition_of
from kamrules.workbench.formatting.written import as_written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kamrules.document import Ruleset
    from kamrules.document.positions import Path as Where
    from kamrules.document.reading import Document
    from kamrules.progress import Progress


@dataclass(frozen=True, slots=True)
class FormattedFile:
    """A file of a ruleset: its name as shown to the user, its text, and its text in the one layout."""

    file: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the layout changes anything."""
        return self.before != self.after

    def diff(self) -> str:
        """Return what changes, as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.file, self.file, lineterm=""
        )
        return "\n".join(lines)


def formatted(ruleset: Ruleset, progress: Progress = silent) -> tuple[FormattedFile, ...]:
    """Return the ruleset's own files, not those of rulesets it extends, in the one layout.

    Raises RulesetError when expressions cannot be read or do not fit their types, UsageError when a file
    has gone since the ruleset was read.
    """
    expressions = Expressions(ruleset)
    own = [each for each in ruleset.files if each in ruleset.own]
    found = []
    for number, each in enumerate(own):
        progress("laying out", number, len(own))
        found.append(_formatted(each, expressions))
    errors = [each for each in expressions.diagnostics if each.severity is Severity.ERROR]
    if errors:
        raise RulesetError(*errors)
    return tuple(found)


def _formatted(file: str, expressions: Expressions) -> FormattedFile:
    try:
        document = read_document(Path(file), file)
        before = Path(file).read_bytes().decode()
    except UnreadableError as error:
        raise (UsageError if error.usage else RulesetError)(*error.diagnostics) from None
    written = as_written(_plain(before))
    known = len(expressions.diagnostics)
    expressions.settle(written, document)
    in_order(written)
    text = laid_out(written)
    if len(expressions.diagnostics) == known:
        _same_meaning(document, text, expressions)
    # a file keeps the way in which its lines end
    return FormattedFile(file, before, text.replace("\n", "\r\n") if "\r\n" in before else text)


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _same_meaning(document: Document, text: str, expressions: Expressions) -> None:
    """Make sure that the layout has lost nothing; whatever it did otherwise is a defect of ours."""
    again = parse_document(text, document.file)
    if _meaning(document.data, (), document, expressions) != _meaning(
        again.data, (), again, expressions
    ):
        raise AssertionError(f"the layout of {document.file} would change what it means")


def _meaning(value: Any, path: Where, document: Document, expressions: Expressions) -> Any:  # noqa: ANN401
    """Return a value with its expressions in canonical text and its keys in no order where none matters."""
    if condition_of(path) == path and isinstance(value, str | list):
        members = value if isinstance(value, list) else [value]
        return [
            part
            for number, each in enumerate(members)
            for part in _parts(
                each, (*path, number) if isinstance(value, list) else path, document, expressions
            )
        ]
    if isinstance(value, dict):
        inside = [
            (key, _meaning(each, (*path, key), document, expressions))
            for key, each in value.items()
        ]
        return sorted(inside, key=lambda each: each[0]) if known_keys(path) is not None else inside
    if isinstance(value, list):
        return [
            _meaning(each, (*path, number), document, expressions)
            for number, each in enumerate(value)
        ]
    return expressions.text(value, path, document) if isinstance(value, str) else repr(value)


def _parts(value: Any, path: Where, document: Document, expressions: Expressions) -> list[Any]:  # noqa: ANN401
    if isinstance(value, str):
        return list(expressions.parts(value, path, document))
    return [_meaning(value, path, document, expressions)]


def write(files: Iterable[FormattedFile]) -> None:
    """Write the files that change, all of them or none. Raises DataError when that is not possible."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for each in files:
            if each.changed:
                waiting.append(_beside(each))  # noqa: PERF401  what is there when one fails is removed
        while waiting:
            beside, target = waiting[0]
            try:
                beside.replace(target)
            except OSError as error:
                raise _unwritable(target.name, error) from error
            waiting.pop(0)
    finally:
        for beside, _ in waiting:
            with suppress(OSError):
                beside.unlink()


def _beside(file: FormattedFile) -> tuple[Path, Path]:
    """Write the new text beside a file, with its permissions, and return both paths."""
    target = Path(file.file).resolve()
    draft = beside(target)
    try:
        draft.write_bytes(file.after.encode())
        draft.chmod(target.stat().st_mode & 0o7777)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise _unwritable(file.file, error) from error
    return draft, target


def _unwritable(file: str, error: OSError) -> DataError:
    reason = (error.strerror or str(error)).lower()
    return DataError(Diagnostic("KR802", f"`{file}` cannot be written: {reason}"))

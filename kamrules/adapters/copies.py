"""Copies of text files that DuckDB cannot read where they are: packed, remote, or in another encoding.

DuckDB passes over a checksum that is wrong and a zst file that ends too early; so what is packed is
unpacked here, where neither goes unseen.
"""

from __future__ import annotations

import codecs
import gzip
import shutil
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast

from kamrules.adapters.encodings import begins_as_utf_8, guessed, marked, start_of
from kamrules.adapters.failures import told
from kamrules.adapters.keeping import spill_folder
from kamrules.adapters.lines import Files
from kamrules.book import Problem
from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from kamrules.adapters.paths import File
    from kamrules.book import BookTable

_CHUNK = 1 << 20
_NATIVE = {"utf-8": "utf-8", "utf-16": "utf-16", "iso8859-1": "latin-1", "ascii": "utf-8"}
"""Encodings that DuckDB reads itself, by Python's names."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text file on this machine; `encoding` is Python's name, `guess` the one that it was read by if
    nobody named it and it is not UTF-8, `sure` whether there is nothing left to guess."""

    path: Path
    shown: str
    encoding: str = "utf-8"
    guess: str | None = None
    sure: bool = False


class Copies:
    """A folder for copies of a table's files, made when it is needed and removed when it is left."""

    def __init__(self, table: BookTable, connection: Any) -> None:  # noqa: ANN401  DuckDB's
        """Take the table whose files they are, and the connection in whose spill folder there is room."""
        self._table = table
        self._connection = connection
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._made = 0

    def __enter__(self) -> Self:
        """Start without copies."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the copies."""
        if self._folder is not None:
            self._folder.cleanup()

    def local(self, file: File) -> Path:
        """Return where a file is unpacked on this machine. Raises DataError when it is not whole."""
        suffix = Path(file.path).suffix.lower()
        if file.system is None and suffix not in {".gz", ".zst"}:
            return Path(file.path)
        copy = self.file()
        with (
            _reaching(self._table, file.shown),
            file.open() as raw,
            _unpacked(raw, suffix) as opened,
            copy.open("wb") as out,
        ):
            shutil.copyfileobj(opened, out, _CHUNK)
        return copy

    def texts(
        self, found: Sequence[File], encoding: str | None, *, guess: bool = True
    ) -> list[Text]:
        """Return the files as texts in the encoding named, or else in UTF-8, UTF-16 or a guess.

        Either all are in the same encoding, which DuckDB reads, or all are in UTF-8.
        """
        texts = [self._text(self.local(each), each.shown, encoding, guess) for each in found]
        return self._alike(texts)

    def _text(self, path: Path, shown: str, encoding: str | None, guess: bool) -> Text:  # noqa: FBT001
        if encoding is not None:
            return Text(path, shown, codecs.lookup(encoding).name, sure=True)
        start = start_of(path)
        if mark := marked(start):
            return Text(path, shown, mark, sure=True)
        plain = Text(path, shown)
        return plain if not guess or begins_as_utf_8(start) else self._judged(plain)

    def _judged(self, text: Text) -> Text:
        guess = guessed(text.path)
        if guess is None:
            return replace(text, sure=True)
        return replace(text, encoding=guess, guess=guess, sure=True)

    def judged(self, texts: Sequence[Text], among: set[str]) -> list[Text] | None:
        """Return the texts again, those of the names given in a likelier encoding; None if all stay."""
        again = [
            self._judged(each) if each.shown in among and not each.sure else each for each in texts
        ]
        return self._alike(again) if any(each.encoding != "utf-8" for each in again) else None

    def _alike(self, texts: list[Text]) -> list[Text]:
        (first, *others) = {each.encoding for each in texts}
        if not others and first in _NATIVE and not any(each.guess for each in texts):
            return texts
        return [each if each.encoding == "utf-8" else self.rewritten(each) for each in texts]

    def rewritten(self, text: Text) -> Text:
        """Return a copy of a text in UTF-8 with one kind of line end."""
        copy = self.file()
        # What is not UTF-8 stays as it is, for the reader to report; other encodings have to fit.
        errors = "surrogateescape" if text.encoding == "utf-8" else "strict"
        try:
            # Read with every line end as \n, as Python does unless told otherwise.
            with (
                text.path.open(encoding=text.encoding, errors=errors) as source,
                copy.open("w", encoding="utf-8", errors=errors, newline="\n") as out,
            ):
                shutil.copyfileobj(source, out, _CHUNK)
        except UnicodeError as error:
            raise DataError(self._misread(text)) from error
        return replace(text, path=copy, encoding="utf-8")

    def _misread(self, text: Text) -> Any:  # noqa: ANN401  a diagnostic
        message, mend = f"`{text.shown}` is not written in {text.encoding}", None
        if text.guess is not None:
            message = f"`{text.shown}` is neither written in UTF-8 nor in {text.guess}, which it looks like"
            mend = 'name its encoding, as in options = { encoding = "cp1252" }'
        return self._table.fault("KR623", message, "from", help=mend)

    def file(self) -> Path:
        """Return where a new file may be made, in a folder that is removed in the end."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(
                prefix="kamrules-", dir=spill_folder(self._connection), ignore_cleanup_errors=True
            )
        self._made += 1
        return Path(self._folder.name) / f"{self._made}.txt"


def as_duckdb(texts: Sequence[Text]) -> Files:
    """Return texts as DuckDB's reader takes them."""
    return Files(
        tuple(each.path for each in texts),
        _NATIVE[texts[0].encoding],
        tuple(each.shown for each in texts),
    )


def guesses(texts: Sequence[Text]) -> Iterator[Problem]:
    """Yield what is told of encodings that nobody named: a guess is a guess."""
    for guess in dict.fromkeys(each.guess for each in texts if each.guess):
        some = [f"`{each.shown}`" for each in texts if each.guess == guess]
        which = some[0] if len(some) == 1 else f"{some[0]} and {len(some) - 1:,} more"
        message = (
            f"{which} is not UTF-8 and was read as {guess}, which is a guess;"
            f' name its encoding to be sure: options = {{ encoding = "{guess}" }}'
        )
        yield Problem("KR650", None, 0, message)


def _unpacked(raw: IO[bytes], suffix: str) -> IO[bytes]:
    if suffix == ".gz":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if suffix == ".zst":
        from backports import zstd  # noqa: PLC0415  only what is packed so needs it

        return cast("IO[bytes]", zstd.ZstdFile(raw))
    return raw


@contextmanager
def _reaching(table: BookTable, shown: str) -> Iterator[None]:
    """Turn what goes wrong with a packed or remote file into a DataError."""
    try:
        yield
    except EOFError as error:
        message = f"`{shown}` ends too early: it was not packed or copied as a whole"
        raise DataError(table.fault("KR623", message, "from")) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        message = f"`{shown}` is no whole gz file: {told(error)}"
        raise DataError(table.fault("KR623", message, "from")) from error
    except OSError:
        raise
    except Exception as error:
        if type(error).__name__ == "ZstdError":
            message = f"`{shown}` is no whole zst file: {told(error)}"
            raise DataError(table.fault("KR623", message, "from")) from error
        if "://" in table.location:
            message = f"`{shown}` cannot be read: {told(error)}"
            raise DataError(table.fault("KR658", message, "from")) from error
        raise

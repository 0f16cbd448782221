"""Standard input as a file: read once, kept until the process ends, so that it can be read again."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

STANDARD_INPUT = "-"
"""What stands for standard input in place of a file's name."""
SHOWN = "standard input"

_PACKINGS = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
_FORMS = {b"PAR1": "parquet", b"PK\x03\x04": "xlsx", b"\xd0\xcf\x11\xe0": "xlsx"}
_START = 4096
_KEPT: list[tuple[object, Path]] = []
"""The stream that was read, and where what it held is."""


class NoInputError(Exception):
    """There is nothing to be had from standard input; its arguments are why, and the mend."""


def standard_input() -> Path:
    """Return a file with all of standard input, its name ending as it is packed. Raises NoInputError."""
    if not _KEPT or _KEPT[0][0] is not sys.stdin:
        _KEPT[:] = [(sys.stdin, _spooled())]
    return _KEPT[0][1]


def _spooled() -> Path:
    stream = sys.stdin
    if stream is None or stream.closed:
        raise NoInputError("standard input is closed", None)
    if stream.isatty():
        mend = "send a file to it, as in: kamrules run csv:- < accounts.csv"
        raise NoInputError("standard input is a terminal, so there is no table in it", mend)
    folder = Path(tempfile.mkdtemp(prefix="kamrules-input-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "input"
    with path.open("wb") as file:
        shutil.copyfileobj(stream.buffer, file, 1 << 20)
    with path.open("rb") as file:
        start = file.read(_START)
    if not start:
        raise NoInputError("standard input is empty", None)
    packing = next((end for mark, end in _PACKINGS.items() if start.startswith(mark)), "")
    return path.rename(path.with_name(path.name + packing))


def form_of_input() -> str:
    """Return the source that reads standard input, by what it begins with. Raises NoInputError."""
    path = standard_input()
    with path.open("rb") as file:
        start = file.read(_START)
    if path.suffix == ".gz":
        import zlib  # noqa: PLC0415

        start = zlib.decompressobj(31).decompress(start, _START)
    elif path.suffix == ".zst":
        from backports import zstd  # noqa: PLC0415  only what is packed so needs it

        start = zstd.ZstdDecompressor().decompress(start, _START)
    for mark, form in _FORMS.items():
        if start.startswith(mark):
            return form
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "jsonl" if text.startswith(b"{") else "csv"

"""Workbooks of spreadsheet programs (xlsx, xls, xlsb, ods): opening them, and the tables they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import nearest
from kamrules.expression.types import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TABLE = re.compile(r"[a-z][a-z0-9_]*")
_START = 512
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The part of the container that an xlsx file with a password is put into."""
_LOCKED = (
    "is protected by a password", "open it in its program and save it without a password"
)  # fmt: skip


class UnreadableWorkbookError(Exception):
    """A file is no workbook, or cannot be opened; its arguments are what it is, and the mend."""


def open_workbook(path: Path) -> Any:  # noqa: ANN401  calamine's
    """Return the workbook in a file, by calamine. Raises UnreadableWorkbookError."""
    import python_calamine  # noqa: PLC0415  only workbooks need it

    try:
        with path.open("rb") as file:
            start = file.read(_START)
        # Its endings do not tell what a file holds, so they are not asked.
        with path.open("rb") as file:
            return python_calamine.CalamineWorkbook.from_filelike(file)
    except python_calamine.PasswordError:
        raise UnreadableWorkbookError(*_LOCKED) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnreadableWorkbookError(f"cannot be read: {reason}", None) from None
    except python_calamine.CalamineError as error:
        if start.startswith(_OLE) and _ENCRYPTED in path.read_bytes():
            raise UnreadableWorkbookError(*_LOCKED) from None
        raise UnreadableWorkbookError(*_other(start, str(error))) from None


def _other(start: bytes, told: str) -> tuple[str, str | None]:
    """Return what a file is that is no workbook, and the mend."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    resave = "open it in a spreadsheet program and save it as a workbook (.xlsx)"
    if not start:
        return "is empty", None
    if text.startswith(b"<"):
        kind = "an HTML page" if b"<html" in text or b"<table" in text else "an XML text"
        return f"is {kind} that was given the name of a workbook", resave
    if start.startswith(b"PK\x03\x04"):
        return "is not a whole workbook: it was cut off, or holds something else", "export it again"
    if b"\0" not in start:
        mend = 'name it .csv, or say which source reads it, as in from = "csv:..."'
        return "is a text that was given the name of a workbook", mend
    return f"is no workbook: {told[:1].lower()}{told[1:].rstrip('.')}", None


def sheets_shown(workbook: Any) -> list[str]:  # noqa: ANN401
    """Return the names of the sheets that hold cells and are not hidden, in their order."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum  # noqa: PLC0415

    return [
        each.name
        for each in workbook.sheets_metadata
        if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
    ]


def table_name(sheet: str) -> str:
    """Return the name of the table that a sheet holds by its name: `Sales Orders` is sales_orders."""
    return re.sub(r"[\s-]+", "_", sheet.strip().casefold())


def tables_of(workbook: Any) -> dict[str, str]:  # noqa: ANN401
    """Return the sheets by the tables they hold; a single sheet holds the accounts, whatever its name.

    Of two sheets for the same table, the first is taken.
    """
    shown = sheets_shown(workbook)
    if len(shown) == 1:
        return {ACCOUNTS: shown[0]}
    found: dict[str, str] = {}
    for each in shown:
        if _TABLE.fullmatch(table_name(each)):
            found.setdefault(table_name(each), each)
    return found


def nearest_sheet(wanted: str, sheets: Sequence[str]) -> str | None:
    """Return the sheet whose name is nearest to one that is not there; case and spaces do not count."""
    by_name = {table_name(each): each for each in reversed(sheets)}
    return by_name.get(table_name(wanted)) or nearest(wanted, sheets)

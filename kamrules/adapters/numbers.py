"""Numbers as people write them: decimal and thousands signs and currencies, in SQL, for millions of rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kamrules.adapters.formulas import literal, quoted
from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.book import BookTable

_SIGNS = {".": r"\.", ",": ",", " ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]"}
"""Thousands signs and the characters that are written for each."""
_SAME = {"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'"}
_LONGEST = 10
OPTIONS = ("decimal", "thousands", "currency")


def wrong_decimal(value: Any) -> str | None:  # noqa: ANN401  whatever TOML holds
    """Return what is wrong with the option `decimal`."""
    return None if value in (".", ",") else 'has to be "." or ","'


def wrong_thousands(value: Any) -> str | None:  # noqa: ANN401
    """Return what is wrong with the option `thousands`."""
    if isinstance(value, str) and (not value or _SAME.get(value, value) in _SIGNS):
        return None
    return 'has to be ".", ",", " ", "\'", or "" for numbers without'


def wrong_currency(value: Any) -> str | None:  # noqa: ANN401
    """Return what is wrong with the option `currency`."""
    some = [value] if isinstance(value, str) else value
    if isinstance(some, list) and some and all(_is_currency(each) for each in some):
        return None
    return 'has to be the sign or letters beside amounts, as in currency = ["€", "EUR"]'


def _is_currency(value: object) -> bool:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        return False
    return not re.search(r"[\d.,+'-]\d|^[+\-.,'\d]|\d", value)


def check_signs(table: BookTable, chosen: Mapping[str, Any]) -> None:
    """Raise DataError when one sign is to be both for decimals and thousands."""
    decimal, thousands = chosen.get("decimal", "."), chosen.get("thousands")
    if thousands == decimal:
        message = f'option `thousands` is "{thousands}", and so is the decimal sign'
        mend = f'say decimal = "{"," if decimal == "." else "."}"'
        raise DataError(table.fault("KR633", message, "options", "thousands", help=mend))


def cell(table: BookTable, source: str, column: str, chosen: Mapping[str, Any]) -> str:
    """Return the SQL of a cell: as it is, or a number in it as programs write it.

    The account's column stays as it is, and so do those mapped with values, a date format or `unknown`.
    """
    name = quoted(column)
    maps = [each for each in table.columns.values() if each.column == source]
    is_text = any(each.values or each.format or each.unknown for each in maps)
    if not any(each in chosen for each in OPTIONS) or source == table.account or is_text:
        return name
    decimal = chosen.get("decimal", ".")
    thousands = chosen.get("thousands", "." if decimal == "," else "")
    thousands = _SAME.get(thousands, thousands)
    pattern = _pattern(decimal, thousands, _currencies(chosen))
    plain = name
    for each in _currencies(chosen):
        plain = f"replace({plain}, {literal(each)}, '')"
    plain = f"regexp_replace({plain}, {literal(_noise(thousands))}, '', 'g')"
    if decimal == ",":
        plain = f"replace({plain}, ',', '.')"
    return f"CASE WHEN regexp_full_match({name}, {literal(pattern)}) THEN {plain} ELSE {name} END"


def _currencies(chosen: Mapping[str, Any]) -> list[str]:
    given = chosen.get("currency", [])
    some = [given] if isinstance(given, str) else given
    return sorted((each.strip() for each in some), key=len, reverse=True)


def _pattern(decimal: str, thousands: str, currencies: list[str]) -> str:
    point = r"\." if decimal == "." else ","
    whole = r"\d+"
    if thousands:
        sign = _SIGNS[thousands]
        # 12,34,567 is how India writes it
        group = r"\d{2,3}" if thousands == "," else r"\d{3}"
        whole = rf"(\d{{1,3}}({sign}{group})*{sign}\d{{3}}|\d+)"
    number = rf"{whole}({point}\d+)?([eE][+-]?\d+)?"
    if not currencies:
        return rf"[\s\x{{a0}}]*[+-]?{number}[\s\x{{a0}}]*"
    money = "|".join(re.escape(each) for each in currencies)
    space = r"[\s\x{a0}\x{202f}]*"
    before = rf"({money})?{space}[+-]?{space}|[+-]?{space}({money})?{space}"
    return rf"{space}({before}){number}{space}({money})?{space}"


def _noise(thousands: str) -> str:
    """Return the pattern of what stands in a number and is no part of it."""
    signs = {".": ".", ",": ",", "'": "'\u2019"}.get(thousands, "")
    return rf"[\s\x{{a0}}\x{{2009}}\x{{202f}}{signs}]"

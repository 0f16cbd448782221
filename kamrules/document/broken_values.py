"""What authors write where TOML wants a value: numbers as people write them, words, bare expressions."""

from __future__ import annotations

import re
from decimal import Decimal

_WORDS = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}
_NOTHING = {"null", "none", "nil", "undefined"}

Told = tuple[str, str | None]
"""A sentence about what was written, and a mend."""


def mended(written: str) -> Told:
    """Return what is wrong with a text that is no TOML value (not empty), and its mend if one is sure."""
    for rule in (_other_word, _grouped, _percent, _unit, _plain_number):
        told = rule(written)
        if told is not None:
            return told
    return _quoted(written)


def _other_word(written: str) -> Told | None:
    word = written.casefold()
    if word in _WORDS:
        return f"`{written}` is not a value here", f"write `{_WORDS[word]}`"
    if word in _NOTHING:
        return f"there is no `{written}`", "leave the key out"
    return None


def _grouped(written: str) -> Told | None:
    if re.fullmatch(r"[+-]?\d{1,3}([, '.\u00a0\u202f]\d{3})+", written):
        mended = re.sub(r"\D(?=\d{3})", "_", written)
        separator = re.sub(r"[+\-\d]", "", written)[0]
        return (
            f"digits are not grouped with `{separator}`",
            f"digits are grouped with `_`: {mended}",
        )
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+\.\d+", written):
        return (
            "digits are not grouped with `,`",
            f"digits are grouped with `_`: {written.replace(',', '_')}",
        )
    return None


def _percent(written: str) -> Told | None:
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)\s*%", written)
    if found is None:
        return None
    share = format((Decimal(found.group(1)) / 100).normalize(), "f")
    return f"`{written}` is written as a share here", f"did you mean {share}?"


def _unit(written: str) -> Told | None:
    found = re.fullmatch(r"([+-]?\d[\d_]*(?:\.\d+)?)\s*[A-Za-z\u20ac$\u00a5\u00a3]+", written)
    if found is None or re.fullmatch(r"[+-]?0[xob].*", written):
        return None
    return "a number stands alone, without its unit", f"did you mean {found.group(1)}?"


def _plain_number(written: str) -> Told | None:
    if re.fullmatch(r"[+-]?0\d+(\.\d+)?", written):
        sign, digits = re.match(r"([+-]?)0*(.*)", written).groups()  # type: ignore[union-attr]
        return "a number does not begin with 0", f"did you mean {sign}{digits or '0'}?"
    if re.fullmatch(r"[+-]?\.\d+", written):
        return "a digit stands before the point", f"did you mean {written.replace('.', '0.')}?"
    if re.fullmatch(r"[+-]?\d[\d_]*\.", written):
        return "a digit stands after the point", f"did you mean {written[:-1]}?"
    if re.fullmatch(r"[+-]?\d+,\d+", written):
        return "decimals stand after a point", f"did you mean {written.replace(',', '.')}?"
    if re.fullmatch(r".*[,;]", written):
        return f"nothing follows a value, not even `{written[-1]}`", None
    if re.fullmatch(r"\d{4}[/.]\d{1,2}[/.]\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4}", written):
        return "a date is written as 2026-01-31", None
    return None


def _quoted(written: str) -> Told:
    if "//" in written:
        return "a comment begins with `#`", None
    first = written[0]
    if first in {'"', "'"}:
        message = f"the text ends at the second {first}, and something follows"
        inside = written[1:-1] if written.endswith(first) else ""
        if inside and "\\" not in inside and first == '"' and "'" not in inside:
            better = inside.replace('"', "'")
            return message, f'texts within an expression stand in single quotes: "{better}"'
        if inside and first == "'" and '"' not in inside:
            return message, f'put it in double quotes: "{inside}"'
        return message, None
    if re.search(r"\s[\w.-]+\s*=(?!=)", written):
        return "each key has a line of its own", None
    message = "texts and expressions stand in quotes"
    if "\\" in written or ('"' in written and "'" in written):
        return message, None
    better = written.replace('"', "'")
    return message, f'write it as "{better}"'

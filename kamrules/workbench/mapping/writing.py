"""A proposed book as a book file: what is sure is live, what is not stands behind a # with its reason."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from kamrules.workbench.formatting.layout import text_of
from kamrules.workbench.mapping.pairing import SURE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kamrules.expression.types import Table
    from kamrules.workbench.mapping.keys import Key
    from kamrules.workbench.mapping.pairing import Pair
    from kamrules.workbench.mapping.proposing import Suggested, Suggestion
    from kamrules.workbench.mapping.seen import Column

_WIDE = 60
_MOST_UNUSED = 40
_EXAMPLES = 3
_SHOWN = 24
_FOLDED = 110


def book_file(  # noqa: PLR0913  what its head says
    found: Suggestion,
    vocabulary: Mapping[str, Table],
    *,
    shown: str,
    name: str,
    sure: float = SURE,
    looked: int,
) -> str:
    """Return the text of a book file; what is at least so `sure` is live in it.

    `shown` is the source as the user named it, `looked` how many rows of each table were looked at, at most.
    """
    lines = [
        f"# Proposed from {_plain(shown)} by `kamrules inspect --suggest`.",
        f"# At most {looked:,} rows of each table were looked at. What is live below is at least",
        f"# {_percent(sure)} sure. Take the # away from what else is right; leave out what is wrong.",
    ]
    if found.crm:
        lines.append(f"# Its names are those of {found.crm}.")
    lines += ["", "[book]", f"name = {text_of(name)}"]
    lines += _head(found)
    for each in found.tables:
        lines += ["", *_table(each, vocabulary[each.table], sure)]
    lines += _strange(found)
    return "\n".join(lines) + "\n"


def additions(
    found: Suggestion, vocabulary: Mapping[str, Table], *, shown: str, sure: float = SURE
) -> str:
    """Return what could be added to a book file: lines for tables that it has, and new tables."""
    lines = [f"# Proposed by `kamrules inspect --suggest` for what {_plain(shown)} leaves open."]
    parts = [each for each in found.tables if each.source.table is None or each.pairs]
    for each in parts:
        if each.source.table is None:
            lines += ["", *_table(each, vocabulary[each.table], sure)]
            continue
        lines += ["", f"# belongs below the header that is there; {_plain(each.source.uri)}",
                  f"[table.{each.table}.column]", *_columns(each, sure, live=True)]  # fmt: skip
    if not parts:
        lines.append("# Nothing: no column that it does not use looks like one that it lacks.")
    return "\n".join([*lines, *_strange(found)]) + "\n"


def _head(found: Suggestion) -> Iterator[str]:
    if found.as_of is not None:
        day, where = found.as_of
        yield _marked(
            f"as_of = {day}", f"# the last day in {_plain(where)}; the day to which the data go"
        )
    else:
        yield "# as_of =                 # the day to which the data go; or give a run --as-of"
    if found.currency is not None:
        code, where = found.currency
        yield _after(f"currency = {text_of(code)}", f"# all there is in {_plain(where)}")
    else:
        yield '# currency = "EUR"        # the one that all amounts are in'


def _table(one: Suggested, table: Table, sure: float) -> Iterator[str]:
    live = one.sure >= sure
    mark = "" if live else "# "
    if table.about:
        yield f"# {table.about}"
    if not live:
        yield f"# {_unsure(one.sure)}: {one.why}"
    yield _after(f"{mark}[table.{one.table}]", f"# {one.why}" if live else "")
    for each in one.others:
        yield f"# {_plain(each)} could be this table too"
    yield f"{mark}from = {text_of(one.source.uri)}"
    yield from _account(one.key, sure, live=live)
    if one.only:
        kept = ", ".join(f"{_key(name)} = {_value(list(some))}" for name, some in one.only.items())
        yield f"{mark}only = {{ {kept} }}"
    if one.options:
        yield f"{mark}options = {_value(one.options)}"
    yield _after(f"{mark}automatic = false", "# only the columns named below are filled")
    yield f"{mark}[table.{one.table}.column]"
    yield from _columns(one, sure, live=live)
    unused = [_example(each) for each in one.unused[:_MOST_UNUSED]]
    if (left := len(one.unused) - _MOST_UNUSED) > 0:
        unused.append(f"and {left} more")
    yield from _listed("not used", unused)
    yield from _listed("not found", one.lacking)


def _listed(title: str, names: Sequence[str]) -> Iterator[str]:
    """Yield a list as comments, folded."""
    if names:
        text = f"{title}: {', '.join(names)}"
        yield from textwrap.wrap(text, _FOLDED, initial_indent="# ", subsequent_indent="#   ",
                                 break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _account(key: Key | None, sure: float, *, live: bool) -> Iterator[str]:
    if key is None:
        yield _after(
            '# account = ""', "# nothing looks like the account's id: name its column here"
        )
        return
    reason = "; ".join((key.why, *key.notes))
    line = f"account = {text_of(key.column)}"
    if key.sure < sure:
        # without the account's id a table is of no use, so a table that is sure keeps it
        yield _after(line if live else f"# {line}", f"# {_unsure(key.sure)}: {_plain(reason)}")
    else:
        yield _after(line if live else f"# {line}", f"# {_plain(reason)}")


def _columns(one: Suggested, sure: float, *, live: bool) -> Iterator[str]:
    for pair in one.pairs:
        line = f"{pair.column} = {_mapped(pair)}"
        good = pair.sure >= sure
        comment = "; ".join((*pair.doubts, *pair.notes)) if good else _reason(pair)
        yield _after(
            line if live and good else f"# {line}", f"# {_plain(comment)}" if comment else ""
        )


def _reason(pair: Pair) -> str:
    """Return why a pair is unsure, and at which columns to look."""
    reason = "; ".join(pair.doubts) or pair.why
    text = f"{_unsure(pair.sure)}: {reason}"
    notes = [*pair.notes]
    if pair.others:
        notes.append(f"look at: {', '.join(text_of(each) for each in (pair.source, *pair.others))}")
    return "; ".join([text, *notes])


def _unsure(sure: float) -> str:
    return f"unsure ({_percent(sure)})"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _mapped(pair: Pair) -> str:
    if not pair.mapping:
        return text_of(pair.source)
    return _value({"column": pair.source, **pair.mapping})


def _value(value: Any) -> str:  # noqa: ANN401  what a mapping holds
    """Return a value as TOML on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:_}"
        case float():
            return repr(value)
        case list() | tuple():
            return f"[{', '.join(_value(each) for each in value)}]"
        case dict():
            inside = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
            return f"{{ {inside} }}"
        case _:
            return text_of(str(value))


def _key(name: str) -> str:
    """Return a key as TOML writes it: bare where it may be."""
    bare = name.isascii() and name.replace("_", "a").replace("-", "a").isalnum()
    return name if bare else text_of(name)


def _plain(text: str) -> str:
    """Return text that may stand in a comment: on one line, nothing that steers a terminal."""
    return "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for each in " ".join(text.split())
    )


def _example(column: Column) -> str:
    """Return a column with some of its values."""
    some = [
        each if len(each) <= _SHOWN else each[: _SHOWN - 1] + "…" for each in column.most(_EXAMPLES)
    ]
    shown = f" ({', '.join(_plain(each) for each in some)})" if some else " (empty)"
    return f"{_plain(column.name)}{shown}"


def _after(line: str, comment: str) -> str:
    if not comment:
        return line
    return f"{line.ljust(_WIDE)}  {comment}" if len(line) <= _WIDE else f"{line}  {comment}"


def _marked(line: str, comment: str) -> str:
    return _after(f"# {line}", comment)


def _strange(found: Suggestion) -> Sequence[str]:
    if not found.strange:
        return []
    lines = ["", "# Tables that are none of the ruleset's, as far as their names and columns tell:"]
    for each in found.strange:
        names = ", ".join(_plain(name) for name in list(each.columns)[:8])
        more = f" and {len(each.columns) - 8} more" if len(each.columns) > 8 else ""
        lines.append(f"#   {_plain(each.uri)}: {names}{more}")
    return lines

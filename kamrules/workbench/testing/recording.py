"""Recording: a test made of a real account, with what is decided about it now as what must come out."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import tomli

from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.document.fields import LONGEST_ID
from kamrules.document.values import value_slips
from kamrules.engines.layout import layout_of
from kamrules.engines.row import decide
from kamrules.engines.row.stored import Wrong, day, stored
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS, PLACES, Kind
from kamrules.show import EPOCH
from kamrules.workbench.formatting.keys import in_order
from kamrules.workbench.formatting.layout import laid_out, text_of
from kamrules.workbench.formatting.written import as_written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.compiler import Program
    from kamrules.decision import Decision, Earlier
    from kamrules.document import Ruleset
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.expression.types import Column

_ID = re.compile(r"[a-z][a-z0-9_]*")
NONE, UNKNOWN = "none", "unknown"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A persona and a test of the same name, as the text of a TOML file laid out as `fmt` does."""

    name: str
    text: str


def recorded(  # noqa: PLR0913  what one decision depends on
    ruleset: Ruleset,
    program: Program,
    facts: Mapping[str, Any],
    *,
    as_of: datetime.date,
    settings: Sequence[str] = (),
    earlier: Earlier | None = None,
    cutoffs: Cutoffs | None = None,
    name: str | None = None,
) -> Recorded:
    """Return a test that holds an account's facts and expects what is decided about it now.

    Only facts that some rule or text of the program reads are written, each exactly; what is unknown is
    left out.

    Args:
        ruleset: the one that gets the test.
        program: what it compiles to.
        facts: the account, as `decide` takes it.
        as_of: the day on which it is decided.
        settings: ids of parameters that the ruleset was given other values of; the test sets them too.
        earlier: what was decided about it before.
        cutoffs: where it stands in its book, if the program compares accounts.
        name: of the persona and the test; made of the account's id when None.

    Raises:
        UsageError: the name is taken or no id (KR876); the decision rests on other accounts (KR875).
        DataError: a test cannot hold a value (KR877).
    """
    name = _called(ruleset, str(facts[ACCOUNT_ID]), name)
    decision = decide(
        program, facts, as_of=as_of, earlier=earlier, strict=False, cutoffs=cutoffs
    )  # fmt: skip
    wanted = _expected(program, decision, moves=earlier is not None)
    given, rounded = _facts(program, facts)
    before = None if earlier is None else _before(ruleset, earlier)
    values = {each: ruleset.model.parameter[each].value for each in settings}
    text = _text(name, as_of, given, values, before, wanted)
    written = tomli.loads(text)["persona"][name].get("facts", {})
    again = decide(program, {ACCOUNT_ID: name, **written}, as_of=as_of, earlier=earlier)
    if _expected(program, again, moves=earlier is not None) != wanted:
        raise _otherwise(program, str(facts[ACCOUNT_ID]), rounded)
    return Recorded(name, text)


def appended(before: str, text: str) -> str:
    """Return a file's text with a recorded test below it."""
    before = before.rstrip("\n")
    return f"{before}\n\n{text}" if before else text


# names


def _called(ruleset: Ruleset, account_id: str, name: str | None) -> str:
    taken = {*ruleset.model.persona, *ruleset.model.test}
    if name is None:
        plain = re.sub(r"[^a-z0-9]+", "_", account_id.lower()).strip("_")
        plain = plain if _ID.match(plain) else f"account_{plain}".rstrip("_")
        plain = plain[: LONGEST_ID - 6].rstrip("_")
        number, found = 1, plain
        while found in taken:
            number, found = number + 1, f"{plain}_{number + 1}"
        return found
    if not _ID.fullmatch(name) or len(name) > LONGEST_ID:
        message = f"a test cannot be called `{name}`"
        mend = (
            f"a name has small letters, digits and `_`, a letter first, at most {LONGEST_ID} in all"
        )
        raise UsageError(Diagnostic("KR876", message, help=mend))
    if name in taken:
        kind = "test" if name in ruleset.model.test else "persona"
        message = f"the ruleset has a {kind} `{name}` already"
        raise UsageError(Diagnostic("KR876", message, help="give it another --name"))
    return name


# what must come out


def _expected(program: Program, decision: Decision, *, moves: bool) -> dict[str, Any]:
    """Return what the test expects, in the words of `expect`; nothing of what the ruleset does not decide."""
    found: dict[str, Any] = {}
    for key, came, rules in (
        ("class", decision.class_, program.classes), ("tier", decision.tier, program.tiers),
        ("phase", decision.phase, program.phases),
        ("strategy", decision.strategy, program.strategies),
    ):  # fmt: skip
        if rules:
            found[key] = came or NONE
    if moves:
        for key, move in (("class_move", decision.class_move), ("tier_move", decision.tier_move)):
            if move is not None:
                found[key] = move.value
    actions = [each.id for each in decision.actions]
    found["top_action"] = actions[0] if actions else NONE
    if actions:
        found["actions"] = actions
    scores = {
        each.id: UNKNOWN if each.value is None else each.band
        for each in decision.scores
        if each.value is None or each.band is not None
    }
    if scores:
        found["scores"] = scores
    return found


def _before(ruleset: Ruleset, earlier: Earlier) -> dict[str, Any]:
    """Return what was decided before, as far as the ruleset still knows it; the rest does not count."""
    model = ruleset.model
    found: dict[str, Any] = {}
    if earlier.class_ in model.class_:
        found["class"] = earlier.class_
    if earlier.tier in model.tier:
        found["tier"] = earlier.tier
    proposed = {key: day for key, day in earlier.proposed.items() if key in model.action}
    return found | ({"proposed": proposed} if proposed else {})


# facts


def _facts(program: Program, facts: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the facts that the program reads, and which of them are only nearly what the book holds."""
    layout = layout_of(program)
    rounded: list[str] = []
    columns = program.tables[ACCOUNTS].columns
    found = _row(facts, layout.account, columns, "", rounded)
    for table, used in layout.tables:
        if facts.get(table) is not None:
            names = tuple(dict.fromkeys(name for name, _ in used))
            of = program.tables[table].columns
            found[table] = [
                _row(row, names, of, f"{table}[{number}].", rounded)
                for number, row in enumerate(facts[table])
            ]
    return found, rounded


def _row(
    row: Mapping[str, Any],
    names: Sequence[str],
    columns: Mapping[str, Column],
    where: str,
    rounded: list[str],
) -> dict[str, Any]:
    found = {}
    for name in names:
        value = row.get(name)
        if value is not None and columns[name].type.numeric:
            try:
                value = _number(value, columns[name], f"{where}{name}", rounded)
            except Wrong:
                # unknown to `decide` as well
                value = None
        if value is not None:
            _held(value, columns[name], f"{where}{name}")
            found[name] = value
    return found


def _number(
    value: Any,  # noqa: ANN401  a fact, as `decide` takes it
    column: Column,
    where: str,
    rounded: list[str],
) -> int | float | datetime.date | None:
    """Return a number as TOML gives it back: exactly what is stored, or the nearest double to it."""
    kind = column.type.kind
    if kind is Kind.DATE:
        return datetime.date.fromordinal(day(value) + EPOCH)
    units = stored(value, kind)
    if units is None:
        return None
    exact = Decimal(units).scaleb(-PLACES[kind])
    if exact == exact.to_integral_value():
        return int(exact)
    near = float(exact)
    if stored(near, kind) != units:
        rounded.append(where)
    return near


def _held(value: Any, column: Column, where: str) -> None:  # noqa: ANN401
    """Raise DataError for a value that no test may give."""
    of = column.type
    kind = Kind.NUMBER.value if of.kind is Kind.SHARE else of.kind.value
    for slip in value_slips(kind, value, of.choices):
        message = f"a test cannot hold `{where}` of this account: {slip.message}"
        raise DataError(Diagnostic("KR877", message))


def _otherwise(program: Program, account_id: str, rounded: list[str]) -> UsageError | DataError:
    """Return why the account is decided otherwise when it stands alone, with its facts as written."""
    if program.book_steps:
        texts = ", ".join(f"`{each.text}`" for each in program.book_steps)
        message = (
            f"`{account_id}` is decided by where it stands in its book, which a test of it alone does "
            f"not hold: {program.name} compares accounts by {texts}"
        )
        mend = "write a test with `among`, the personas that make up the book beside it"
        return UsageError(Diagnostic("KR875", message, help=mend))
    what = ", ".join(f"`{each}`" for each in rounded) or "its facts"
    message = f"a test cannot hold {what} of `{account_id}` so that it is decided alike"
    return DataError(Diagnostic("KR877", message))


# TOML


def _text(  # noqa: PLR0913, PLR0917  the parts of a test
    name: str,
    as_of: datetime.date,
    facts: Mapping[str, Any],
    settings: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    expected: Mapping[str, Any],
) -> str:
    lines = [f"[persona.{name}]", f"as_of = {as_of.isoformat()}"]
    if facts:
        lines += [
            f"[persona.{name}.facts]",
            *(f"{key} = {_rows(each)}" for key, each in facts.items()),
        ]
    lines += ["", f"[test.{name}]", f"given = {text_of(name)}"]
    if settings:
        lines.append(f"set = {_value(settings)}")
    if before is not None:
        lines.append(f"before = {_value(before)}")
    lines += [
        f"[test.{name}.expect]",
        *(f"{key} = {_value(each)}" for key, each in expected.items()),
    ]
    written = as_written("\n".join(lines) + "\n")
    in_order(written)
    return laid_out(written)


def _rows(value: Any) -> str:  # noqa: ANN401  a fact, or a table's rows
    if isinstance(value, list) and value:
        return "[\n" + "".join(f"{_value(each)},\n" for each in value) + "]"
    return _value(value)


def _value(value: Any) -> str:  # noqa: ANN401  whatever TOML holds
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return text_of(value)
        case float():
            whole = value.is_integer() and abs(value) < 2**53
            return str(int(value)) if whole else repr(value)
        case datetime.date():
            return value.isoformat()
        case list():
            return f"[{', '.join(_value(each) for each in value)}]"
        case dict():
            inside = ", ".join(f"{key} = {_value(each)}" for key, each in value.items())
            return f"{{ {inside} }}" if inside else "{}"
    return str(value)

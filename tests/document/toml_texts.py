"""TOML texts at random, written in all the ways that authors and their tools write them."""

from __future__ import annotations

from hypothesis import strategies as st

BARE = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
LETTERS = st.text(
    st.sampled_from("abz \t#=.,[]{}'\"\\\u4e2d\u6587\u00e9\U0001f600\u0301\u00a0"), max_size=12
)
NAMED = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


@st.composite
def basic(draw, *, lines=False):
    """A string in double quotes, each character as such or escaped in one of several ways."""
    pieces = []
    for each in draw(LETTERS):
        must = each in '"\\'
        form = draw(st.sampled_from(["named", "u", "U", "plain"]))
        if form == "u" and ord(each) < 0x10000:
            pieces.append(f"\\u{ord(each):04X}")
        elif form == "U":
            pieces.append(f"\\U{ord(each):08x}")
        elif each in NAMED and (must or form == "named"):
            pieces.append(NAMED[each])
        else:
            pieces.append(each)
        if lines:
            pieces.append(draw(st.sampled_from(["", "", "\n", "\\\n   ", '"', "\n\n\t"])))
    text = "".join(pieces)
    if not lines:
        return f'"{text}"'
    start = draw(st.sampled_from(["", "\n"]))
    return f'"""{start}{text.replace(chr(34) * 3, "")}x"""'


@st.composite
def literal(draw, *, lines=False):
    """A string in single quotes."""
    text = draw(LETTERS).replace("'", "")
    if not lines:
        return f"'{text}'"
    more = draw(st.sampled_from(["", "\n", "''x", "\n\n  'y"]))
    return f"'''{text}{more}'''" + draw(st.sampled_from(["", "'"]))


SCALARS = st.one_of(
    basic(),
    literal(),
    basic(lines=True),
    literal(lines=True),
    st.sampled_from(
        [
            *(
                "true",
                "false",
                "0",
                "-7",
                "+1_000",
                "3.25",
                "-1e3",
                "6.02E+2_3",
                "inf",
                "-nan",
                "0xDEAD_beef",
            ),
            *("0o17", "0b101", "2026-01-31", "2026-01-31T10:00:00Z", "10:00:00.5"),
            "1979-05-27T00:32:00.999-07:00",
        ]
    ),
    st.just("1979-05-27 07:32:00"),
)
GAPS = st.sampled_from(["", " ", "\t", "  "])
WIDE_GAPS = st.sampled_from(["", " ", "\n", "\n  ", " # a , ] } comment \u4e2d\n\t"])


@st.composite
def key(draw, number):
    """A key, bare or quoted, that no other key with another number equals."""
    return draw(
        st.one_of(
            BARE.map(lambda each: f"{each}_{number}"),
            LETTERS.map(lambda each: each.replace("'", "")).map(lambda each: f"'{each}{number}'"),
            basic().map(lambda each: f'{each[:-1]}\\u00e9{number}"'),
        )
    )


@st.composite
def keys(draw, number):
    """A key of one part or several, with blanks around the dots."""
    parts = [draw(key(number))]
    if draw(st.booleans()):
        parts += [draw(key(each)) for each in range(draw(st.integers(0, 2)))]
    dot = draw(GAPS) + "." + draw(GAPS)
    return dot.join(parts)


def _list(inner):
    @st.composite
    def build(draw):
        members = draw(st.lists(inner, max_size=3))
        text = "["
        for number, each in enumerate(members):
            text += draw(WIDE_GAPS) + each + draw(WIDE_GAPS)
            text += "," if number + 1 < len(members) or draw(st.booleans()) else ""
        return text + draw(WIDE_GAPS) + "]"

    return build()


def _table(inner):
    @st.composite
    def build(draw):
        pairs = [
            f"{draw(GAPS)}{draw(keys(number))}{draw(GAPS)}={draw(GAPS)}{draw(inner)}{draw(GAPS)}"
            for number in range(draw(st.integers(0, 3)))
        ]
        return "{" + ",".join(pairs) + "}"

    return build()


VALUES = st.recursive(SCALARS, lambda inner: st.one_of(_list(inner), _table(inner)), max_leaves=6)


@st.composite
def pairs(draw, start):
    """A few lines of keys with values."""
    lines = []
    for number in range(start, start + draw(st.integers(0, 3))):
        comment = draw(st.sampled_from(["", " # why \u4e2d", "\t#"]))
        lines.append(
            f"{draw(GAPS)}{draw(keys(number))}{draw(GAPS)}={draw(GAPS)}{draw(VALUES)}{comment}"
        )
        lines += draw(st.sampled_from([[], [""], ["  # a line = [of] comment"]]))
    return lines


@st.composite
def documents(draw):
    """A whole document: pairs, tables, tables within tables, arrays of tables; any newline, maybe a BOM."""
    lines = draw(pairs(0))
    for number in range(100, 100 + draw(st.integers(0, 3))):
        name = draw(key(number))
        for _ in range(draw(st.integers(1, 2))):
            array = draw(st.booleans()) if _ == 0 else array  # noqa: F821  of the first round
            if _ and not array:
                lines += [f"[{name}.{draw(key(900))}]", *draw(pairs(0))]
                continue
            lines += [
                f"[[ {name} ]]" if array else f"[{draw(GAPS)}{name}{draw(GAPS)}]",
                *draw(pairs(0)),
            ]
            if array and draw(st.booleans()):
                lines += [f"[{name}.{draw(key(800))}.{draw(key(801))}]", *draw(pairs(0))]
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n"]))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text

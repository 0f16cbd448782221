"""Values in texts are written by the SQL engine as by everybody else, digit for digit."""

from __future__ import annotations

import random

import pytest

from kamrules.engines.sql.connecting import connect
from kamrules.engines.sql.showing import shown
from kamrules.engines.sql.tree import column, sql
from kamrules.expression.types import Kind, Type
from kamrules.show import show

EDGES = (
    None, 0.0, -0.0, 0.4, 0.5, -0.4, -0.5, 999.4, 999.5, 999.49999999, -999.4, -999.5, -1234.5, 1000.0,
    999_999.4, 999_999.5, 1e6, 9.99e17, 1e18, -1e18, 2.0**53, 0.05, 0.049999, 0.005, 0.994999, 0.995, 99.95,
    999.95, 999.995, 9999.995, -0.05, -0.004, -0.005, 0.0005, 0.00049, 0.9995, 0.99949, 12.1, 12.01, 12.10,
)  # fmt: skip


def numbers():
    """Return edges, and numbers of many sizes."""
    chosen = random.Random(7)
    found = list(EDGES)
    for size in (2, 2_000, 2_000_000, 1e12):
        found += [chosen.uniform(-size, size) for _ in range(1_000)]
        found += [round(chosen.uniform(-size, size), chosen.randint(0, 3)) for _ in range(1_000)]
    return found


@pytest.mark.parametrize(
    "kind", [Kind.MONEY, Kind.SHARE, Kind.SCORE, Kind.NUMBER, Kind.INTEGER, Kind.DAYS]
)
def test_a_number_is_shown_as_in_every_other_engine(kind, tmp_path):
    of, values = Type(kind), numbers()
    connection, folder = connect(None, tmp_path, None)
    with connection, folder:
        connection.execute("CREATE TABLE told (x DOUBLE)")
        connection.execute("INSERT INTO told SELECT unnest($values)", {"values": values})
        found = connection.execute(f"SELECT {sql(shown(column('x'), of, 'en'))} FROM told")
        assert [row[0] for row in found.fetchall()] == [show(each, of) for each in values]

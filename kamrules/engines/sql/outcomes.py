"""Outcomes: class, tier and actions of a held book's accounts by any number of programs, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.actions import lay_chosen
from kamrules.engines.sql.before import PROPOSALS, before_tables
from kamrules.engines.sql.connecting import told_as_data
from kamrules.engines.sql.cooling import has_cooldown
from kamrules.engines.sql.staging import LINE
from kamrules.engines.sql.summary import REVENUE
from kamrules.engines.sql.tree import (
    binary,
    call,
    cast,
    column,
    is_known,
    listed,
    named,
    null,
    sql,
    total,
    when,
    whole,
)
from kamrules.engines.sql.trying import FEW, HELD, Trial, Trials
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from kamrules.compiler.program import Program
    from kamrules.engines.sql.held import HeldBook
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.values import Values
    from kamrules.memory import EarlierFiles

BITS = 60
"""So many actions are told by one whole number."""
OLD, NEW, DIFFERING = "outcome_old", "outcome_new", "differing"


def mask(word: int) -> str:
    """Return the column whose bits say which of the BITS actions of a word are proposed."""
    return f"m{word}"


class Outcomes(Trials):
    """What programs decide about a book's accounts: a table each, one row an account.

    Its columns are the row's `line` and `account_id`; `class` and `tier`; `best`, the numbers of the `top`
    actions that come first; for every BITS actions a number whose bits say which are proposed; and
    `revenue`, in exact decimals. Actions are numbered as in `actions`, whichever program has them.
    """

    def __init__(  # noqa: PLR0913  as Trials, and which actions
        self,
        held: HeldBook,
        program: Program,
        as_of: datetime.date,
        earlier: EarlierFiles | None = None,
        *,
        actions: Sequence[str],
        top: int,
    ) -> None:
        """Place the accounts by one of the programs; `earlier` is what was decided before."""
        super().__init__(held, program, as_of, earlier)
        self.earlier = earlier
        self.numbers = {each: number for number, each in enumerate(actions)}
        self.words = -(-len(actions) // BITS)
        self.top = top

    def decided(self, program: Program) -> int:
        """Return a number for what a program decides: equal numbers, equal outcomes for any account."""
        return self.meanings.of(program).decided()

    def decide(self, program: Program, name: str, *, few: bool = False) -> None:
        """Make the table of a program's outcomes under a name.

        With `few` only of the accounts that differ, where that is possible: see `keep_differing`.
        """
        meaning = self.meanings.of(program)
        # who compares accounts anew has to look at all of them
        people = FEW if few and self.compares_alike(meaning, program) else HELD
        with told_as_data(), self.held.scratch():
            trial = Trial(self, program, meaning, people)
            trial.joins += self._cooldowns(program)
            trial.lay(memory=self.memory)
            lay_chosen(trial.values, program, top=self.top, memory=self.memory)
            select = trial.stack.select(self._items(trial.values, program), trial.ground())
            self.held.connection.execute(f'CREATE TABLE "{name}" AS {sql(select)}')

    def _cooldowns(self, program: Program) -> list[tuple[str, list[str]]]:
        if self.earlier is None or not any(has_cooldown(each) for each in program.actions):
            return []
        tables = before_tables(self.held.connection, program, self.earlier, self.settings.as_of)
        return [each for each in tables if each[0] == PROPOSALS]

    def _items(self, values: Values, program: Program) -> list[Sql]:
        items: list[Sql] = [column(LINE), column(ACCOUNT_ID)]
        items += [named(values.places["step", each].copy(), each) for each in ("class", "tier")]
        items.append(named(self._best(program), "best"))
        items += [named(self._mask(program, word), mask(word)) for word in range(self.words)]
        revenue = values.places.get(("step", f"fact.{REVENUE}"), null("double"))
        exact = exp.TryCast(this=revenue.copy(), to=exp.DataType.build("DECIMAL(38, 4)"))
        return [*items, named(exact, "revenue")]

    def _mask(self, program: Program, word: int) -> Sql:
        bits = []
        for index, each in enumerate(program.actions):
            place = self.numbers[each.id] - word * BITS
            if 0 <= place < BITS:
                bits.append(when([(is_known(column(f"key{index}")), whole(1 << place))], whole(0)))
        return cast(total(bits), "bigint") if bits else cast(whole(0), "bigint")

    def _best(self, program: Program) -> Sql:
        """Return the numbers of the actions that come first, as a list."""
        count, places = len(program.actions), min(self.top, len(self.numbers))
        # the actions' numbers from the last to the first, as keys count them
        numbers = [whole(self.numbers[each.id]) for each in reversed(program.actions)]
        slots: list[Sql] = []
        for place in range(1, places + 1):
            if place > count:
                slots.append(null("bigint"))
                continue
            key = call("list_extract", column("chosen"), whole(place))
            index = binary(exp.Add, binary(exp.Mod, key, whole(count)), whole(1))
            slots.append(
                call("list_extract", listed([each.copy() for each in numbers], "bigint"), index)
            )
        return listed(slots, "bigint")

    def keep_differing(self) -> int:
        """Keep apart the accounts that OLD and NEW differ in; return how many those are."""
        same = ["class", "tier", "best", *(mask(word) for word in range(self.words))]
        items = "".join(f', o."{each}" AS "{each}_was", n."{each}" AS "{each}_is"' for each in same)
        tests = " OR ".join(f'o."{each}" IS DISTINCT FROM n."{each}"' for each in same)
        connection = self.held.connection
        with told_as_data():
            connection.execute(
                f'CREATE TABLE "{DIFFERING}" AS SELECT n."{LINE}", n."{ACCOUNT_ID}", n.revenue {items} '  # noqa: S608
                f'FROM "{NEW}" n JOIN "{OLD}" o USING ("{LINE}") WHERE {tests} ORDER BY n."{LINE}"'
            )
            connection.execute(
                f'CREATE TABLE "{FEW}" AS SELECT * FROM "{HELD}" '  # noqa: S608
                f'WHERE "{LINE}" IN (SELECT "{LINE}" FROM "{DIFFERING}") ORDER BY "{LINE}"'
            )
        found: int = self.held.rows(f'SELECT count(*) FROM "{DIFFERING}"')[0][0]  # noqa: S608
        return found

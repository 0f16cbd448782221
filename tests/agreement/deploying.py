"""Checks one case in a warehouse: the views of `kamrules sql` must tell what the row engine decides."""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from kamrules.compiler.in_force import in_force
from kamrules.engines.sql.deploying import Deployment, Run, deploy, statements_of
from kamrules.engines.sql.deploying.refusing import COMPLETE
from tests.agreement.comparing import Disagreement, beside, differences
from tests.agreement.engines import NAMES, by_row, compiled
from tests.oracle.deciding import Account
from tests.strategies import facts_of

if TYPE_CHECKING:
    from kamrules.compiler.program import Program
    from tests.agreement.engines import Tables
    from tests.engines.sql.warehouses import Warehouse
    from tests.strategies import Case

FEW = 25
"""Of so many accounts every fact is compared; the oracle is slow."""
BEFORE = {
    "states": {"account_id": "text", "class": "text", "tier": "text"},
    "proposals": {"account_id": "text", "action": "text", "proposed_on": "date"},
}
PLACED = ("account_id", "class", "tier", "phase", "strategy")
PROPOSED = ("account_id", "rank", "action", "priority", "owner", "due_on", "effort_hours")


def agree_in(warehouse: Warehouse, case: Case, program: Program | None = None) -> None:
    """Raise Disagreement unless the views tell what the row engine decides of a case, without its past.

    The program is that of the case's ruleset when None.
    """
    case = replace(case, past=None, top=1000)
    program = compiled(case.ruleset) if program is None else program
    lacking = _lacking(program, case)
    asked = Deployment(
        warehouse.dialect, case.as_of, prefix="crm.rules", schema="crm", without=lacking,
        language=case.language,
    )  # fmt: skip
    sql = deploy(program, asked)
    warehouse.empty()
    warehouse.fill_all(case.tables)
    warehouse.run(sql)
    row, found = told_by_row(program, by_row(program, case)), told_by(warehouse, program, case)
    row["facts"] = facts_by_oracle(program, case)
    found["facts"] = facts_by(warehouse, program, case)
    if wrong := differences(row, found):
        text = f"row and {warehouse.dialect} differ in {len(wrong)} cells\n" + "\n".join(wrong[:12])
        raise Disagreement(
            case, f"{text}\n\nrow above, {warehouse.dialect} below:\n{beside(row, found)}"
        )


def agree_completely(warehouse: Warehouse, case: Case, program: Program | None = None) -> None:
    """Raise Disagreement unless the statements of a run give the row engine's tables, cell for cell.

    What was decided before counts. The program is that of the case's ruleset when None.
    """
    program = compiled(case.ruleset) if program is None else program
    asked = Deployment(
        warehouse.dialect, case.as_of, schema="crm", without=_lacking(program, case),
        language=case.language,
    )  # fmt: skip
    warehouse.empty()
    warehouse.fill_all(case.tables)
    run = Run(case.top)
    if case.past is not None:
        for name, forms in BEFORE.items():
            rows = [dict(zip(forms, row, strict=True)) for row in getattr(case.past, name)]
            warehouse.fill(name, forms, rows)
        run = Run(case.top, "crm.states", "crm.proposals")
    made = statements_of(program, asked, run)
    for each in made.steps:
        (warehouse.keep if each.keep else warehouse.view)(each.name, each.sql)
    row = in_some_order(by_row(program, case))
    found = in_some_order({name: warehouse.rows(sql) for name, sql in made.tables.items()})
    if wrong := differences(row, found):
        text = f"row and {warehouse.dialect} differ in {len(wrong)} cells\n" + "\n".join(wrong[:12])
        raise Disagreement(
            case, f"{text}\n\nrow above, {warehouse.dialect} below:\n{beside(row, found)}"
        )


def in_some_order(tables: Tables) -> Tables:
    """Return tables sorted by what tells their rows apart; warehouses give them as they come."""
    keys = {"actions": ("account_id", "action"), "gaps": ("account_id", "fact")}
    return {
        name: sorted(tables[name], key=itemgetter(*keys.get(name, ("account_id",))))
        for name in NAMES
    }


def _lacking(program: Program, case: Case) -> tuple[str, ...]:
    """Return the tables and columns of the vocabulary that the case's book lacks."""
    found = []
    for name, table in program.tables.items():
        if name not in case.tables:
            found.append(name)
            continue
        forms = case.tables[name].forms
        found += [f"{name}.{each}" for each in table.columns if each not in forms]
    return tuple(found)


def told_by_row(program: Program, tables: Tables) -> Tables:
    """Return what the views should tell, from the row engine's output tables."""
    scores = {each["account_id"]: each for each in tables["scores"]}
    placed = [
        {key: each[key] for key in PLACED} | _scores(program, scores[each["account_id"]])
        for each in tables["decisions"]
    ]
    proposed = [
        {key: each[key] for key in PROPOSED}
        for each in tables["actions"]
        if each["status"] == "proposed"
    ]
    return _sorted({"decisions": placed, "actions": proposed})


def told_by(warehouse: Warehouse, program: Program, case: Case) -> Tables:
    """Return what the views tell."""
    decisions = [
        {key: each[key] for key in PLACED} | _scores(program, each)
        for each in warehouse.rows("SELECT * FROM crm.rules_decisions")
    ]
    actions = []
    if in_force(program, case.as_of).actions:
        found = warehouse.rows("SELECT * FROM crm.rules_actions")
        actions = [{key: each[key] for key in PROPOSED} for each in found]
    return _sorted({"decisions": decisions, "actions": actions})


def facts_by_oracle(program: Program, case: Case) -> list[dict[str, Any]]:
    """Return every fact and gate of the first accounts, as the oracle works them out."""
    book = facts_of(case.tables)
    signals = tomllib.loads(case.ruleset).get("signal", {})
    found = []
    for key in sorted(book)[:FEW]:
        account = Account(
            program, book[key], case.as_of, None, case.language, list(book.values()), signals
        )
        told = {each.id: _unsigned(account[each.address]) for each in program.facts}
        points = {
            f"{one.id}_points": _unsigned(account[one.address])
            for each in account.program.scores
            for one in each.criteria
        }
        found.append({"account_id": key, **told, **points})
    return found


def facts_by(warehouse: Warehouse, program: Program, case: Case) -> list[dict[str, Any]]:
    """Return the same from the view of facts."""
    scores = in_force(program, case.as_of).scores
    names = [each.id for each in program.facts]
    names += [f"{one.id}_points" for each in scores for one in each.criteria]
    rows = warehouse.rows("SELECT * FROM crm.rules_facts")
    rows = sorted(rows, key=lambda each: each["account_id"])[:FEW]
    return [
        {"account_id": each["account_id"], **{name: _unsigned(each[name]) for name in names}}
        for each in rows
    ]


def _unsigned(value: Any) -> Any:
    """Return a value; the sign of zero is no matter of SQL."""
    return value + 0.0 if isinstance(value, float) else value


def _scores(program: Program, row: dict[str, Any]) -> dict[str, Any]:
    names = [
        f"{each.id}{part}" for each in program.scores for part in ("", "_low", "_high", "_band")
    ]
    return {each: _unsigned(row[each]) for each in names}


def _sorted(tables: Tables) -> Tables:
    decisions = sorted(tables["decisions"], key=lambda each: each["account_id"])
    actions = sorted(tables["actions"], key=lambda each: (each["account_id"], each["rank"]))
    return {"decisions": decisions, "actions": actions}


def main() -> None:
    """Try cases at length: `python -m tests.agreement.deploying --examples 2000 --seed 7`."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    from tests.engines.sql.warehouses import WAREHOUSES, warehouse_of
    from tests.strategies import cases

    words = argparse.ArgumentParser(
        description="compare the views of warehouses with the row engine"
    )
    words.add_argument("--examples", type=int, default=200)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--dialect", choices=WAREHOUSES, action="append")
    words.add_argument("--what", choices=["views", "complete", "both"], default="both")
    asked = words.parse_args()
    for dialect in asked.dialect or WAREHOUSES:
        with warehouse_of(dialect) as warehouse:
            tried = 0

            @seed(asked.seed)
            @settings(
                max_examples=asked.examples, database=None, deadline=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(cases())
            def every(case: Case) -> None:
                nonlocal tried
                if asked.what != "complete":
                    agree_in(warehouse, case)
                if asked.what != "views" and warehouse.dialect in COMPLETE:
                    agree_completely(warehouse, case)
                tried += 1

            every()
        print(f"{dialect}: {tried} cases agree")  # noqa: T201


if __name__ == "__main__":
    main()

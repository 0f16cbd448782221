"""Writing: views as text that people read, with a heading that tells what was deployed."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.columns import day
from kamrules.engines.sql.deploying.chain import harmless, over
from kamrules.engines.sql.deploying.dialects import DIALECTS
from kamrules.engines.sql.deploying.lean import folded, lean
from kamrules.engines.sql.deploying.parting import parted
from kamrules.engines.sql.deploying.view import View
from kamrules.engines.sql.tree import binary, column, is_known, named, table_of, whole
from kamrules.expression.types import ACCOUNT_ID
from kamrules.show import LAST

if TYPE_CHECKING:
    from kamrules.compiler.program import Program
    from kamrules.engines.sql.deploying.actions import Acting
    from kamrules.engines.sql.deploying.chain import Chain
    from kamrules.engines.sql.deploying.dialects import Dialect
    from kamrules.engines.sql.deploying.options import Deployment
    from kamrules.engines.sql.deploying.values import WrittenValues
    from kamrules.engines.sql.tree import Sql

HOLDS = {
    "facts": "one row an account: every fact, and what follows from them up to the strategy",
    "decisions": "one row an account: class, tier, phase, strategy, and the scores with bounds and band",
    "actions": "one row an account and proposed action, the most urgent first",
}
AS_OF = "as_of"


def decisions_of(
    values: WrittenValues, program: Program, views: dict[str, tuple[str, ...]]
) -> View:
    """Return the view of decisions, over that of facts."""
    placed = ("class", "tier", "phase", "strategy")
    columns: list[tuple[str, Sql]] = [(each, column(each)) for each in (ACCOUNT_ID, AS_OF)]
    columns += [(each, values.places["step", each].copy()) for each in placed]
    for score in program.scores:
        for name, part in (("", ""), ("_low", ".low"), ("_high", ".high"), ("_band", ".band")):
            found = values.places["step", f"{score.address}{part}"]
            columns.append((f"{score.id}{name}", found.copy()))
    select = exp.Select(expressions=[named(item, name) for name, item in columns])
    return View(views["decisions"], [("", select.from_(table_of(views["facts"]), copy=False))])


def actions_of(
    acting: Acting,
    chain: Chain,
    views: dict[str, tuple[str, ...]],
    dialect: Dialect,
    asked: Deployment,
) -> View:
    """Return the view of actions, over that of facts."""
    facts = exp.Select(expressions=[exp.Star()]).from_(table_of(views["facts"]), copy=False)
    ctes = [("known", facts)]
    for place, (_, storey) in enumerate(chain.levels() if dialect.flat else chain.storeys()):
        ctes.append((f"decided_{place + 1}", over(ctes[-1][0], storey, ACCOUNT_ID)))
    here = ctes[-1][0]
    due = [_due(asked, each.due_days) for each in acting.actions]
    ctes.append(("listed", acting.listed(due)))
    ctes.append(("proposed", _proposed(acting, here)))
    later = dialect.later(column(AS_OF), column("due_days"))
    window = exp.Window(
        this=exp.RowNumber(),
        partition_by=[column(ACCOUNT_ID)],
        order=exp.Order(expressions=[
            exp.Ordered(this=column("thousandths"), desc=True, nulls_first=False),
            exp.Ordered(this=column("place"), desc=False, nulls_first=False),
        ]),
    )  # fmt: skip
    priority = binary(exp.Div, exp.cast(column("thousandths"), "double"), whole(1000))
    items: list[tuple[str, Sql]] = [
        (ACCOUNT_ID, column(ACCOUNT_ID)),
        (AS_OF, column(AS_OF)),
        ("rank", window),
        ("action", column("action")),
        ("title", column("title")),
        ("priority", priority),
        ("owner", column("owner")),
        ("due_on", later if asked.as_of is None else column("due_on")),
        ("effort_hours", column("effort_hours")),
        ("reason", column("reason")),
        ("source", column("source")),
    ]
    final = exp.Select(expressions=[named(item, name) for name, item in items])
    final = final.from_(table_of(("proposed",)), copy=False)
    ctes.append(("", final.where(is_known(column("thousandths")), copy=False)))
    return View(views["actions"], ctes)


def _due(asked: Deployment, days: int) -> Sql | None:
    if asked.as_of is None:
        return None
    due = min(asked.as_of.toordinal() + days, LAST)
    return day(datetime.date.fromordinal(due).isoformat())


def _proposed(acting: Acting, here: str) -> exp.Select:
    """Return every account beside every action, with how urgent it is there, if it is proposed."""
    listed = ["place", "action", "owner", "effort_hours", "reason", "source"]
    listed.append("due_on" if "due_on" in acting.columns else "due_days")
    items = [
        column(ACCOUNT_ID, here),
        column(AS_OF, here),
        *(column(each, "listed") for each in listed),
        named(acting.title(here), "title"),
        named(acting.milli(here), "thousandths"),
    ]
    select = exp.Select(expressions=items).from_(table_of((here,)), copy=False)
    return select.join(table_of(("listed",)), join_type="cross", copy=False)


def written(program: Program, asked: Deployment, views: list[View]) -> str:
    """Return the views as one text."""
    dialect = DIALECTS[asked.dialect]
    date = (
        "of the day on which the views are asked"
        if asked.as_of is None
        else asked.as_of.isoformat()
    )
    lines = [
        f"-- kamrules {program.name} {program.version} (digest {program.digest})",
        f"-- for {asked.dialect}; the date of the run is {date}",
        "-- accounts are placed as if nobody had decided them before: no hysteresis, no cooldown",
    ]
    if dialect.fenced:
        lines.append(
            "-- OFFSET 0 changes no rows: it keeps expressions from being copied into those that read them"
        )
    parts = ["\n".join(map(harmless_line, lines))]
    if dialect.replaces_by_dropping:
        drops = [
            f"DROP VIEW IF EXISTS {_sql(table_of(each.path), dialect)};" for each in reversed(views)
        ]
        parts.append("\n".join(drops))
    if dialect.deepest:
        views = [one for each in views for one in parted(each, dialect.deepest)]
    parts += [_view(each, dialect) for each in views]
    return "\n\n".join(parts) + "\n"


def harmless_line(line: str) -> str:
    """Return a line of comment that no author's word ends."""
    return f"-- {harmless(line.removeprefix('-- '))}"


def _view(view: View, dialect: Dialect) -> str:
    *before, (_, final) = view.ctes
    if before:
        expressions = [
            exp.CTE(
                this=_fenced(lean(select), dialect),
                alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)),
            )
            for name, select in before
        ]
        final.set("with_", exp.With(expressions=expressions))
    made = exp.Create(
        this=table_of(view.path),
        kind="VIEW",
        replace=not dialect.replaces_by_dropping,
        expression=lean(final),
    )
    name, _, last = view.path[-1].rpartition("_")
    holds = HOLDS.get(last) or f"on the way to {name}, which would be too deep in one view"
    return f"-- {holds}\n{_sql(made, dialect)};"


def _fenced(select: exp.Select, dialect: Dialect) -> exp.Select:
    """Return a select that is worked out for itself where the warehouse would merge it with the next."""
    if dialect.fenced:
        select.set("offset", exp.Offset(expression=whole(0)))
    return select


def _sql(tree: exp.Expression, dialect: Dialect) -> str:
    if dialect.folds_to_capitals:
        tree = folded(tree)
    text = tree.sql(dialect.name, pretty=True, copy=False, max_text_width=100)
    if not dialect.longest or len(text) < dialect.longest:
        return text
    # what readers are told of each value has to give way where the warehouse would refuse the view
    return tree.sql(dialect.name, pretty=True, copy=False, max_text_width=100, comments=False)

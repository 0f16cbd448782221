"""decide_frame: a book's tables as frames in, the tables of decisions as frames out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.book import BookTable
from kamrules.compiler import compile_ruleset
from kamrules.compiler.in_force import in_force
from kamrules.compiler.in_language import in_language
from kamrules.diagnostics import DataError, Diagnostic, UsageError, nearest
from kamrules.document import load_ruleset
from kamrules.expression.types import ACCOUNTS

from kamrules_spark.deciding import Asked, columns_read, decided
from kamrules_spark.quality import people_of
from kamrules_spark.reading import of_frame
from kamrules_spark.session import planning
from kamrules_spark.staging import staged
from kamrules_spark.writing import shaped

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping

    from kamrules.compiler import Program
    from pyspark.sql import DataFrame, SparkSession


def decide_frame(  # noqa: PLR0913  one call, and all but three have defaults
    spark: SparkSession,
    tables: Mapping[str, DataFrame],
    ruleset: str | Program = "kam",
    *,
    as_of: datetime.date,
    top: int = 3,
    language: str | None = None,
    settings: Mapping[str, str] | None = None,
    states: DataFrame | None = None,
    proposals: DataFrame | None = None,
    keep: Callable[[DataFrame], DataFrame] | None = None,
) -> dict[str, DataFrame]:
    """Return the output tables as frames; nothing runs, and nothing comes to the driver, until one is asked.

    Args:
        spark: the session.
        tables: frames by the names of the vocabulary's tables, `accounts` among them; columns as in the
            vocabulary, others are passed over, lacking ones are unknown.
        ruleset: a name, a path, or a compiled program.
        as_of: the date of the run.
        top: how many proposed actions to keep for an account.
        language: of titles and reasons; the ruleset's first when None.
        settings: parameters of the ruleset set anew, as by `--set`.
        states: what was decided before: account_id, class, tier, one row an account. Without it every
            account is placed directly.
        proposals: account_id, action, proposed_on: the last date on which an action was proposed.
        keep: what is done to frames that are read more than once. When None they are checkpointed once they
            are first worked out: in the checkpoint folder of the session where there is one, else on the
            executors, so that a job then fails that loses one.

    Values that cannot be used are unknown, rows without an account's id are not there, and of several rows
    of an account in `accounts` one is kept.

    Raises:
        RulesetError: the ruleset does not compile.
        UsageError: a language or table that there is not, or proposals without states.
        DataError: there are no accounts, or a frame lacks `account_id`.
    """
    if isinstance(ruleset, str):
        ruleset = compile_ruleset(load_ruleset(ruleset, set=settings or {}))
    _check(ruleset, tables, states, proposals)
    chosen = _language(ruleset, language)
    program = in_force(in_language(ruleset, chosen), as_of)
    used = columns_read(program)
    frames = {}
    for name, frame in tables.items():
        if name not in used:
            continue
        table = BookTable(name, data=frame)
        one = staged(of_frame(table), table, program.tables[name], used[name])
        frames[name] = people_of(one, unique=False) if name == ACCOUNTS else one.rows
    before = {"states": states, "proposals": proposals}
    given = {name: frame for name, frame in before.items() if frame is not None}
    reliable = spark.sparkContext.getCheckpointDir() is not None

    def kept(_: str, frame: DataFrame) -> DataFrame:
        # persisting would do for the work, but whoever plans the next query would look through it
        if keep is not None:
            return keep(frame)
        return frame.checkpoint(eager=False) if reliable else frame.localCheckpoint(eager=False)

    with (
        planning(spark),
        decided(
            spark,
            program,
            Asked(as_of, chosen, top),
            frames,
            before=given,
            kept=kept,
        ) as (_, made),
    ):
        return shaped(program, made)


def _check(
    program: Program,
    tables: Mapping[str, DataFrame],
    states: DataFrame | None,
    proposals: DataFrame | None,
) -> None:
    if ACCOUNTS not in tables:
        raise DataError(Diagnostic("KR894", "there is no frame `accounts` among the tables"))
    for name in tables:
        if name not in program.tables:
            near = nearest(name, program.tables)
            what = f"table `{name}` is not in the ruleset's vocabulary"
            mend = f"did you mean `{near}`?" if near else None
            raise UsageError(Diagnostic("KR894", what, help=mend))
    if proposals is not None and states is None:
        what = "proposals of an earlier run are given without its states"
        raise UsageError(Diagnostic("KR894", what, help="give states=... too"))


def _language(program: Program, wanted: str | None) -> str:
    from kamrules.run import language_of  # noqa: PLC0415

    return language_of(program, wanted)

"""kamrules' own engines on the same rules: one account at a time, and the whole book."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.peers.rules import AS_OF, SCORES, TOP
from benchmarks.peers.ruleset import toml
from kamrules import compile_ruleset, decide, decide_many, load_ruleset
from kamrules.engines.row import engine_of
from kamrules.run import Order, run_book


def program():
    """Return the compiled rules."""
    with tempfile.TemporaryDirectory() as folder:
        return compile_ruleset(load_ruleset(write_ruleset(Path(folder))))


def write_ruleset(folder: Path) -> Path:
    """Write the ruleset into a folder, and return its file."""
    file = folder / "peers.toml"
    file.write_text(toml(), encoding="utf-8")
    return file


def build_decide():
    """Return a function from accounts to Decisions, one call an account."""
    compiled = program()
    return lambda accounts: (decide(compiled, each, as_of=AS_OF, top=TOP) for each in accounts)


def build_decide_many():
    """Return a function from accounts to Decisions, one call for all."""
    compiled = program()
    return lambda accounts: decide_many(compiled, accounts, as_of=AS_OF, top=TOP)


def build_compact():
    """Return a function from accounts to ids and numbers, as the other peers give them."""
    engine = engine_of(program())
    return lambda accounts: (engine.compact(engine.prepare(each), AS_OF) for each in accounts)


def told(decision):
    """Return a Decision as class, tier, both scores and the names of the best actions."""
    scores = {each.id: each.value for each in decision.scores}
    best = [each.id for each in decision.actions[:TOP]]
    return (decision.class_, decision.tier, *(scores[each] for each in SCORES), tuple(best))


def run(book: Path, out: Path, threads: int, rules: Path, engine: str, *tables: str) -> None:
    """Decide a file of accounts into a folder by an engine: all tables, or those named."""
    run_book(
        Order(
            book, out, ruleset=str(rules), as_of=AS_OF, top=TOP, threads=int(threads),
            engine=engine, spill_folder=out.parent, tables=tables,
        )
    )  # fmt: skip

"""Deciding all parties of a company, or some: facts by SQL, decisions by kamrules, written back by SQL."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from kamrules import Cutoffs, Earlier, KamrulesError
from trytond.pool import Pool
from trytond.transaction import Transaction

from .deciding import Deciding
from .facts import Facts
from .programs import told
from .recording import Recording
from .remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)


def recompute_companies(companies: Sequence[Any]) -> list[Any]:
    """Decide all parties of companies; return a kamrules.run for each.

    What is wrong with a ruleset, a parameter or facts is told in the run; what was decided before stays.
    """
    pool = Pool()
    Run = pool.get("kamrules.run")
    Configuration = pool.get("kamrules.configuration")
    runs = []
    for company in companies:
        context = {"company": company.id, "companies": [company.id], "_check_access": False}
        with Transaction().set_context(context):
            started = time.monotonic()
            configuration = Configuration(1)
            values = {"company": company.id, "as_of": configuration.date()}
            try:
                configuration.read_parts()
                values |= recompute(company)
                values["state"] = "done"
            except KamrulesError as error:
                logger.warning("key accounts of %s are not decided: %s", company.rec_name, error)
                values |= {"state": "failed", "problem": told(error)}
            values["seconds"] = round(time.monotonic() - started, 1)
            runs += Run.create([values])
    return runs


def recompute(company: Any, parties: Sequence[int] | None = None) -> dict[str, Any]:
    """Decide a company's parties, or some of them; return what stands in kamrules.run of it.

    Raises KamrulesError when the ruleset cannot be used; nothing is written then.
    """
    pool = Pool()
    Configuration = pool.get("kamrules.configuration")
    configuration = Configuration(1)
    as_of = configuration.date()
    loaded = configuration.loaded(company)
    pool.get("kamrules.parameter").tell(loaded.refused)
    program = loaded.program
    # two at a time would both create a party's account
    pool.get("kamrules.account").lock()
    categories = _categories(configuration)
    facts = list(Facts(company, as_of, parties=parties, categories=categories).all())
    deciding = Deciding(
        program,
        as_of,
        configuration.languages_of(program),
        gaps=configuration.gaps,
        cutoffs=_cutoffs(
            program, company, as_of, None if parties is None else categories, facts, parties
        ),
    )
    remembered = Remembered(company, as_of, program, rest=configuration.rest, parties=parties)
    recording = Recording(company, as_of, program, top=configuration.top, remembered=remembered)
    for each in facts:
        party = int(each["account_id"])
        recording.add(party, deciding.told(each, remembered.earlier(party)))
    if parties is None:
        recording.leave(party for party in remembered.accounts if party not in recording.seen)
    counts = recording.write()
    problem = "\n".join(loaded.refused.values()) or None
    return {"ruleset": f"{program.name} {program.version}", "problem": problem, **counts}


def explained(company: Any, party: Any) -> tuple[Any, Any, dict[str, Any], Earlier | None, Any]:
    """Return what an explanation of one party's decision takes: program, date, facts, memory, cut-offs.

    Facts are empty when the party is no account. Raises KamrulesError as `recompute` does.
    """
    pool = Pool()
    configuration = pool.get("kamrules.configuration")(1)
    as_of = configuration.date()
    program = configuration.loaded(company).program
    categories = _categories(configuration)
    found = list(Facts(company, as_of, parties=[party.id], categories=categories).all())
    remembered = Remembered(company, as_of, program, rest=configuration.rest, parties=[party.id])
    cutoffs = _cutoffs(program, company, as_of, categories, found, [party.id])
    facts = found[0] if found else {}
    return program, as_of, facts, remembered.earlier(party.id), cutoffs


def _categories(configuration: Any) -> list[int] | None:
    if configuration.category is None:
        return None
    Category = Pool().get("party.category")
    return [
        each.id for each in Category.search([("parent", "child_of", [configuration.category.id])])
    ]


def _cutoffs(program, company, as_of, categories, facts, parties) -> Cutoffs | None:  # noqa: PLR0913, PLR0917
    """Return what places parties among all others, for rulesets that compare them."""
    if not program.book_steps:
        return None
    if parties is not None:
        facts = list(Facts(company, as_of, categories=categories).all())
    return Cutoffs.of(program, facts, as_of=as_of, strict=False)

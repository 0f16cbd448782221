"""Why a party is decided as it is: kamrules' explanation in a window."""

from __future__ import annotations

from kamrules import KamrulesError, advised, explain
from kamrules.workbench.proofs import as_markdown, outline
from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.transaction import Transaction
from trytond.wizard import Button, StateView, Wizard

from .deciding import Titles
from .programs import told
from .recompute import explained


class Shown(ModelView):
    """Explanation of a Decision."""

    __name__ = "kamrules.explain.shown"
    __string__ = "Explanation"

    text = fields.Text("Explanation", readonly=True)
    whole = fields.Text("With Rules and Files", readonly=True)


class Explain(Wizard):
    """Explain the Decision."""

    __name__ = "kamrules.explain"

    start_state = "shown"
    shown = StateView(
        "kamrules.explain.shown",
        "kamrules.explain_shown_view_form",
        [Button("Close", "end", "tryton-close", default=True)],
    )

    def default_shown(self, fields):
        """Return the explanation in the user's language, in short and in full."""
        pool = Pool()
        company = Transaction().context.get("company")
        if not company:
            raise UserError(gettext("kamrules.msg_no_company"))
        with Transaction().set_context(_check_access=False):
            try:
                short, whole = explanation_of(pool.get("company.company")(company), self.record)
            except KamrulesError as error:
                raise UserError(gettext("kamrules.msg_not_decided"), told(error)) from error
        return {"text": short, "whole": whole}


def explanation_of(company, party):
    """Return why a party is decided as it is, as Markdown: in short, and with every rule and file.

    Raises KamrulesError when the ruleset cannot be used, UserError when the party is no account.
    """
    program, as_of, facts, earlier, cutoffs = explained(company, party)
    if not facts:
        raise UserError(gettext("kamrules.msg_no_account", parties=party.rec_name))
    language = (Transaction().language or "en").partition("_")[0]
    if language not in program.languages:
        language = program.languages[0]
    given = {"earlier": earlier, "cutoffs": cutoffs, "language": language, "strict": False}
    found = explain(program, facts, as_of=as_of, **given)
    decision = advised(program, found.decision, facts, **given)
    owners = {each.id: each.title or each.id for each in Titles(program, language).program.roles}
    root = outline(found.model_copy(update={"decision": decision}), owners, language)
    whole = as_markdown(root, language)
    _shorten(root)
    # read as it stands, where nothing renders it
    short = as_markdown(root, language).replace("\\[", "[").replace("\\]", "]")
    return short, whole


def _shorten(line):
    """Take out ids, files and lines that are for authors of rules."""
    line.rule, line.place = "", None
    line.lines = [each for each in line.lines if not each.full]
    for each in line.lines:
        _shorten(each)

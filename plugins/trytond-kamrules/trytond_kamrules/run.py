"""The log of recomputes: what each did, and what it had to leave aside."""

from __future__ import annotations

from trytond.model import ModelSQL, ModelView, fields


class Run(ModelSQL, ModelView):
    """Recompute of Key Accounts."""

    __name__ = "kamrules.run"
    __string__ = "Recompute"

    company = fields.Many2One(
        "company.company", "Company", required=True, readonly=True, ondelete="CASCADE"
    )
    as_of = fields.Date("As of", required=True, readonly=True)
    ruleset = fields.Char("Ruleset", readonly=True)
    accounts = fields.Integer("Parties", readonly=True)
    changed = fields.Integer(
        "Changed", readonly=True, help="Parties decided otherwise than before."
    )
    proposed = fields.Integer("New Actions", readonly=True)
    lapsed = fields.Integer("Lapsed Actions", readonly=True)
    seconds = fields.Float("Seconds", digits=(16, 1), readonly=True)
    state = fields.Selection([("done", "Done"), ("failed", "Failed")], "State", readonly=True)
    problem = fields.Text("Problem", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [("id", "DESC")]

    def get_rec_name(self, name):
        """Return the date."""
        return str(self.as_of)

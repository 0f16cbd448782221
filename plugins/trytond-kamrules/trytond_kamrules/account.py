"""A party as an account of a company: what was decided about it, and what it rests on."""

from __future__ import annotations

from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import Transaction

from .recompute import recompute_companies
from .told import ToldMixin

MOVES = [
    (None, ""),
    ("placed", "Placed"),
    ("stayed", "Stayed"),
    ("up", "Moved up"),
    ("down", "Moved down"),
    ("held", "Held"),
]


class Account(ToldMixin, ModelSQL, ModelView):
    """Key Account."""

    __name__ = "kamrules.account"
    __string__ = "Key Account"

    party = fields.Many2One(
        "party.party",
        "Party",
        required=True,
        readonly=True,
        ondelete="CASCADE",
        context={"company": Eval("company", -1)},
        depends={"company"},
    )
    company = fields.Many2One(
        "company.company", "Company", required=True, readonly=True, ondelete="CASCADE"
    )
    account_manager = fields.Many2One(
        "company.employee", "Account Manager", domain=[("company", "=", Eval("company", -1))]
    )
    executive_sponsor = fields.Many2One(
        "company.employee", "Executive Sponsor", domain=[("company", "=", Eval("company", -1))]
    )
    class_id = fields.Char("Class (id)", readonly=True)
    class_level = fields.Integer("Level of Class", readonly=True)
    class_move = fields.Selection(MOVES, "Move of Class", readonly=True, sort=False)
    tier_id = fields.Char("Tier (id)", readonly=True)
    tier_level = fields.Integer("Level of Tier", readonly=True)
    tier_move = fields.Selection(MOVES, "Move of Tier", readonly=True, sort=False)
    phase_id = fields.Char("Phase (id)", readonly=True)
    strategy_id = fields.Char("Strategy (id)", readonly=True)
    score = fields.Float("Score", digits=(3, 1), readonly=True, help="The ruleset's first score.")
    fault = fields.Text("Fault of the Ruleset", readonly=True)
    decided_on = fields.Date("Decided on", readonly=True)
    ruleset = fields.Char("Ruleset", readonly=True)
    digest = fields.Char("Digest", readonly=True)

    told_class = fields.Function(fields.Char("Class"), "get_told", searcher="search_told")
    told_tier = fields.Function(fields.Char("Tier"), "get_told", searcher="search_told")
    told_phase = fields.Function(fields.Char("Phase"), "get_told", searcher="search_told")
    told_strategy = fields.Function(fields.Char("Strategy"), "get_told", searcher="search_told")
    told_objective = fields.Function(fields.Text("Objective"), "get_told", searcher="search_told")
    told_next_class = fields.Function(fields.Char("Next Class"), "get_told", searcher="search_told")
    told_next_tier = fields.Function(fields.Char("Next Tier"), "get_told", searcher="search_told")

    scores = fields.One2Many("kamrules.score", "account", "Scores", readonly=True)
    lacks = fields.One2Many("kamrules.lack", "account", "Lacking", readonly=True)
    gaps = fields.One2Many("kamrules.gap", "account", "Gaps", readonly=True)
    moves = fields.One2Many("kamrules.move", "account", "History", readonly=True)
    actions = fields.One2Many("kamrules.action", "account", "Actions", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints = [
            (
                "party_company_unique",
                Unique(table, table.party, table.company),
                "kamrules.msg_account_unique",
            )
        ]
        cls._sql_indexes.add(Index(table, (table.company, Index.Equality())))

    def get_rec_name(self, name):
        """Return the party's name."""
        return self.party.rec_name

    @classmethod
    def search_rec_name(cls, name, clause):
        """Search by party."""
        return [("party.rec_name", *clause[1:])]

    @classmethod
    def of_parties(cls, parties):
        """Return the accounts of parties in the company at work, by the party's id."""
        company = Transaction().context.get("company")
        if company is None or company < 0:
            return {}
        found = cls.search(
            [("party", "in", [each.id for each in parties]), ("company", "=", company)]
        )
        return {each.party.id: each for each in found}

    @classmethod
    def recompute_all(cls):
        """Decide all parties anew: of the company at work, else of every company; the cron's method."""
        company = Transaction().context.get("company")
        Company = Pool().get("company.company")
        companies = [Company(company)] if company else Company.search([])
        recompute_companies(companies)


class _Below(ToldMixin, ModelSQL, ModelView):
    """What stands below an account and is written anew with its decision."""

    account = fields.Many2One(
        "kamrules.account", "Account", required=True, readonly=True, ondelete="CASCADE"
    )
    sequence = fields.Integer("Sequence", readonly=True)
    told_title = fields.Function(fields.Char("Title"), "get_told", searcher="search_told")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_indexes.add(Index(table, (table.account, Index.Equality())))
        cls._order = [("sequence", "ASC"), ("id", "ASC")]

    def get_rec_name(self, name):
        """Return the title."""
        return self.told_title or str(self.id)


class Score(_Below):
    """Score of a Key Account."""

    __name__ = "kamrules.score"
    __string__ = "Score"

    score_id = fields.Char("Score (id)", readonly=True)
    value = fields.Float("Value", digits=(3, 1), readonly=True, help="Of 100; empty when unknown.")
    low = fields.Float(
        "At least", digits=(3, 1), readonly=True, help="Whatever the unknown facts turn out to be."
    )
    high = fields.Float(
        "At most", digits=(3, 1), readonly=True, help="Whatever the unknown facts turn out to be."
    )
    band_id = fields.Char("Band (id)", readonly=True)
    told_band = fields.Function(fields.Char("Band"), "get_told", searcher="search_told")


class Lack(_Below):
    """What a Key Account Lacks for its next Class or Tier."""

    __name__ = "kamrules.lack"
    __string__ = "Lack"

    kind = fields.Selection([("class", "Class"), ("tier", "Tier")], "For", readonly=True)
    gate_id = fields.Char("Gate (id)", readonly=True)
    state = fields.Selection(
        [("unmet", "Not met"), ("unknown", "Not known")], "State", readonly=True
    )
    told_advice = fields.Function(fields.Char("What to do"), "get_told", searcher="search_told")

    @classmethod
    def view_attributes(cls):
        """Show what is not known weaker than what is not met."""
        return [
            *super().view_attributes(),
            (
                "/tree/field[@name='state']",
                "visual",
                If(Eval("state") == "unmet", "warning", "muted"),
            ),
        ]


class Gap(_Below):
    """What is not known of a Key Account and would matter."""

    __name__ = "kamrules.gap"
    __string__ = "Gap"

    fact = fields.Char("Fact (id)", readonly=True)
    info_level = fields.Selection(
        [
            (None, ""),
            ("1", "Public and free"),
            ("2", "Public, paid for"),
            ("3", "From people there"),
            ("4", "From the top"),
        ],
        "Found",
        readonly=True,
        sort=False,
    )
    matters = fields.Integer("Rules", readonly=True, help="How many rules wait for it.")


class Move(ToldMixin, ModelSQL, ModelView):
    """History of Class and Tier."""

    __name__ = "kamrules.move"
    __string__ = "Move"

    account = fields.Many2One(
        "kamrules.account", "Account", required=True, readonly=True, ondelete="CASCADE"
    )
    date = fields.Date("Since", required=True, readonly=True)
    class_id = fields.Char("Class (id)", readonly=True)
    tier_id = fields.Char("Tier (id)", readonly=True)
    told_class = fields.Function(fields.Char("Class"), "get_told", searcher="search_told")
    told_tier = fields.Function(fields.Char("Tier"), "get_told", searcher="search_told")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints = [
            (
                "account_date_unique",
                Unique(table, table.account, table.date),
                "kamrules.msg_move_unique",
            )
        ]
        cls._order = [("date", "DESC"), ("id", "DESC")]

"""The party's page about key account management, and its button."""

from __future__ import annotations

from kamrules import KamrulesError
from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction

from .programs import told
from .recompute import recompute

SHOWN = {
    "kam_class": "told_class",
    "kam_tier": "told_tier",
    "kam_phase": "told_phase",
    "kam_strategy": "told_strategy",
    "kam_objective": "told_objective",
    "kam_next_class": "told_next_class",
    "kam_next_tier": "told_next_tier",
    "kam_class_id": "class_id",
    "kam_tier_id": "tier_id",
    "kam_score": "score",
    "kam_fault": "fault",
    "kam_decided_on": "decided_on",
    "kam_ruleset": "ruleset",
    "kam_manager": "account_manager",
    "kam_sponsor": "executive_sponsor",
    "kam_scores": "scores",
    "kam_gaps": "gaps",
    "kam_moves": "moves",
}
"""The party's fields and those of its account in the company at work that they show."""
COMPANY = Eval("context", {}).get("company", -1)
PEOPLE = {"kam_manager": "account_manager", "kam_sponsor": "executive_sponsor"}


def _shown(field):
    return fields.Function(field, "get_kam", searcher="search_kam")


def _people(string):
    return fields.Function(
        fields.Many2One("company.employee", string, domain=[("company", "=", COMPANY)]),
        "get_kam",
        setter="set_kam",
        searcher="search_kam",
    )


class Party(metaclass=PoolMeta):
    """Adds what was decided about a party in the company at work."""

    __name__ = "party.party"

    kam_class = _shown(fields.Char("Class"))
    kam_tier = _shown(fields.Char("Tier"))
    kam_phase = _shown(fields.Char("Phase"))
    kam_strategy = _shown(fields.Char("Strategy"))
    kam_objective = _shown(fields.Text("Objective"))
    kam_next_class = _shown(
        fields.Char("Next Class", states={"invisible": ~Bool(Eval("kam_next_class"))})
    )
    kam_next_tier = _shown(
        fields.Char("Next Tier", states={"invisible": ~Bool(Eval("kam_next_tier"))})
    )
    kam_class_id = _shown(fields.Char("Class (id)"))
    kam_tier_id = _shown(fields.Char("Tier (id)"))
    kam_score = _shown(fields.Float("Score", digits=(3, 1)))
    kam_fault = _shown(fields.Text("Fault of the Ruleset"))
    kam_decided_on = _shown(fields.Date("Decided on"))
    kam_ruleset = _shown(fields.Char("Ruleset"))
    kam_manager = _people("Account Manager")
    kam_sponsor = _people("Executive Sponsor")
    kam_scores = fields.Function(
        fields.One2Many("kamrules.score", None, "Scores", readonly=True),
        "get_kam",
        setter="set_below",
    )
    kam_class_lacks = fields.Function(
        fields.One2Many(
            "kamrules.lack",
            None,
            "Lacking for the Next Class",
            readonly=True,
            states={"invisible": ~Bool(Eval("kam_next_class"))},
        ),
        "get_kam",
        setter="set_below",
    )
    kam_tier_lacks = fields.Function(
        fields.One2Many(
            "kamrules.lack",
            None,
            "Lacking for the Next Tier",
            readonly=True,
            states={"invisible": ~Bool(Eval("kam_next_tier"))},
        ),
        "get_kam",
        setter="set_below",
    )
    kam_gaps = fields.Function(
        fields.One2Many("kamrules.gap", None, "What we do not know", readonly=True),
        "get_kam",
        setter="set_below",
    )
    kam_moves = fields.Function(
        fields.One2Many("kamrules.move", None, "History", readonly=True),
        "get_kam",
        setter="set_below",
    )
    kam_actions = fields.Function(
        fields.One2Many("kamrules.action", None, "Next Actions"), "get_kam", setter="set_below"
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({"kam_recompute": {}, "kam_explain": {}})

    @classmethod
    def view_attributes(cls):
        """Hide what has nothing to show."""
        return [
            *super().view_attributes(),
            ("//group[@id='kam_fault']", "states", {"invisible": ~Bool(Eval("kam_fault"))}),
        ]

    @classmethod
    def get_kam(cls, parties, names):
        """Return what was decided, by field and party."""
        accounts = Pool().get("kamrules.account").of_parties(parties)
        found = {name: {} for name in names}
        for name in names:
            many = cls._fields[name]._type in {"many2many", "one2many"}
            for party in parties:
                account = accounts.get(party.id)
                value = _value(account, name) if account is not None else None
                found[name][party.id] = value if value is not None else ([] if many else None)
        return found

    @classmethod
    def set_kam(cls, parties, name, value):
        """Name who looks after parties."""
        Account = Pool().get("kamrules.account")
        company = Transaction().context.get("company")
        known = Account.of_parties(parties)
        if known:
            Account.write([*known.values()], {PEOPLE[name]: value})
        new = [each for each in parties if each.id not in known]
        if value is not None and new:
            if not company:
                raise UserError(gettext("kamrules.msg_no_company"))
            rows = [{"party": each.id, "company": company, PEOPLE[name]: value} for each in new]
            Account.create(rows)

    @classmethod
    def set_below(cls, parties, name, value):
        """Write what people may change of what stands below: employee and date of an action."""
        Below = Pool().get(cls._fields[name].model_name)
        for command, *given in value:
            if command == "write":
                for ids, values in zip(given[::2], given[1::2], strict=True):
                    Below.write(Below.browse(ids), values)

    @classmethod
    def search_kam(cls, name, clause):
        """Search parties by what was decided about them in the company at work."""
        Account = Pool().get("kamrules.account")
        company = Transaction().context.get("company", -1)
        nested = clause[0][len(name) :]
        domain = [("company", "=", company), (SHOWN[name] + nested, *clause[1:])]
        inside = Account.search(domain, query=True)
        account = Account.__table__()
        where = account.id.in_(inside)
        return [("id", "in", account.select(account.party, where=where))]

    @staticmethod
    def _order_by(name, tables):
        """Return the order by a column of the account, which joins it."""
        table, _ = tables[None]
        found = tables.get("kamrules")
        if found is None:
            account = Pool().get("kamrules.account").__table__()
            company = Transaction().context.get("company", -1)
            joined = (account.party == table.id) & (account.company == company)
            found = tables["kamrules"] = {None: (account, joined)}
        account, _ = found[None]
        return [getattr(account, name)]

    @classmethod
    def order_kam_class(cls, tables):
        """Order by level, not by word."""
        return cls._order_by("class_level", tables)

    @classmethod
    def order_kam_tier(cls, tables):
        """Order by level, not by word."""
        return cls._order_by("tier_level", tables)

    @classmethod
    def order_kam_score(cls, tables):
        """Order by the number."""
        return cls._order_by("score", tables)

    @classmethod
    def order_kam_decided_on(cls, tables):
        """Order by the date."""
        return cls._order_by("decided_on", tables)

    @classmethod
    @ModelView.button
    def kam_recompute(cls, parties):
        """Decide parties anew in the company at work."""
        pool = Pool()
        company = Transaction().context.get("company")
        if not company:
            raise UserError(gettext("kamrules.msg_no_company"))
        with Transaction().set_context(_check_access=False):
            try:
                counts = recompute(
                    pool.get("company.company")(company), [each.id for each in parties]
                )
            except KamrulesError as error:
                raise UserError(gettext("kamrules.msg_not_decided"), told(error)) from error
        if not counts["accounts"]:
            names = ", ".join(each.rec_name for each in parties)
            raise UserError(gettext("kamrules.msg_no_account", parties=names))

    @classmethod
    @ModelView.button_action("kamrules.wizard_explain")
    def kam_explain(cls, parties):
        """Open the explanation of the decision."""


def _value(account, name):
    """Return what a field shows of an account, records as their ids."""
    if name in {"kam_class_lacks", "kam_tier_lacks"}:
        kind = name.removeprefix("kam_").removesuffix("_lacks")
        return [each.id for each in account.lacks if each.kind == kind]
    if name == "kam_actions":
        return [each.id for each in account.actions if each.state in {"proposed", "accepted"}]
    value = getattr(account, SHOWN[name])
    if isinstance(value, tuple | list):
        return [each.id for each in value]
    return getattr(value, "id", value)


class Erase(metaclass=PoolMeta):
    """Forgets what decisions say about a party that is erased: texts hold names."""

    __name__ = "party.erase"

    def to_erase(self, party_id):
        """Add our tables; class, tier and dates stay for statistics."""
        pool = Pool()
        of_party, of_account = [("party", "=", party_id)], [("account.party", "=", party_id)]
        below = (pool.get(f"kamrules.{name}") for name in ("score", "lack", "gap", "move"))
        return [
            *super().to_erase(party_id),
            (pool.get("kamrules.action"), of_party, True, ["texts", "note"], [None, None]),
            (pool.get("kamrules.account"), of_party, True, ["texts", "digest"], [None, None]),
            *((each, of_account, False, ["texts"], [None]) for each in below),
        ]

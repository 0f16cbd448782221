"""Next actions: what kamrules proposed, and what people made of it."""

from __future__ import annotations

from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Workflow, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Date, Eval, If
from trytond.transaction import Transaction

from .told import ToldMixin

OPEN = ("proposed", "accepted")
ANSWERED = ("done", "dismissed")
STATES = [
    ("proposed", "Proposed"),
    ("accepted", "Accepted"),
    ("done", "Done"),
    ("dismissed", "Dismissed"),
    ("lapsed", "No longer called for"),
]


class Action(Workflow, ToldMixin, ModelSQL, ModelView):
    """Next Action for a Key Account."""

    __name__ = "kamrules.action"
    __string__ = "Next Action"

    account = fields.Many2One(
        "kamrules.account", "Account", required=True, readonly=True, ondelete="CASCADE"
    )
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
    action = fields.Char("Action (id)", required=True, readonly=True)
    told_title = fields.Function(fields.Char("What to do"), "get_told", searcher="search_told")
    told_reason = fields.Function(fields.Text("Why"), "get_told", searcher="search_told")
    role = fields.Char("Role (id)", readonly=True)
    told_role = fields.Function(fields.Char("Role"), "get_told", searcher="search_told")
    employee = fields.Many2One(
        "company.employee",
        "Employee",
        domain=[("company", "=", Eval("company", -1))],
        states={"readonly": ~Eval("state").in_([*OPEN])},
    )
    due_date = fields.Date("Due", states={"readonly": ~Eval("state").in_([*OPEN])})
    effort = fields.Float("Effort (hours)", digits=(16, 2), readonly=True)
    priority = fields.Float("Priority", digits=(3, 1), readonly=True, help="0 to 100.")
    state = fields.Selection(STATES, "State", required=True, readonly=True, sort=False)
    stands = fields.Boolean(
        "Still called for", readonly=True, help="Whether its condition still holds."
    )
    proposed_on = fields.Date("Proposed on", required=True, readonly=True)
    answered_on = fields.Date("Answered on", readonly=True)
    answered_by = fields.Many2One("res.user", "Answered by", readonly=True)
    note = fields.Text("Note")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_indexes.update(
            {
                Index(table, (table.account, Index.Equality())),
                Index(table, (table.company, Index.Equality()), (table.state, Index.Equality())),
            }
        )
        cls._order = [("priority", "DESC"), ("due_date", "ASC"), ("id", "ASC")]
        cls._transitions |= {
            ("proposed", "accepted"),
            ("proposed", "done"),
            ("proposed", "dismissed"),
            ("accepted", "done"),
            ("accepted", "dismissed"),
            ("accepted", "proposed"),
            ("done", "proposed"),
            ("dismissed", "proposed"),
        }
        opened = Eval("state").in_([*OPEN])
        cls._buttons.update(
            {
                "accept": {"invisible": Eval("state") != "proposed", "depends": ["state"]},
                "done": {"invisible": ~opened, "depends": ["state"]},
                "dismiss": {"invisible": ~opened, "depends": ["state"]},
                "reopen": {
                    "invisible": ~Eval("state").in_([*ANSWERED, "accepted"]),
                    "icon": "tryton-undo",
                    "depends": ["state"],
                },
            }
        )

    def get_rec_name(self, name):
        """Return what to do."""
        return self.told_title or self.action

    @classmethod
    def search_rec_name(cls, name, clause):
        """Search what to do, and for whom."""
        junction = "AND" if clause[1].startswith(("!", "not ")) else "OR"
        return [junction, ("told_title", *clause[1:]), ("party.rec_name", *clause[1:])]

    @classmethod
    def view_attributes(cls):
        """Mark what is late, and mute what is over."""
        late = Eval("state").in_([*OPEN]) & (Eval("due_date", Date()) < Date())
        over = ~Eval("state").in_([*OPEN])
        return [
            *super().view_attributes(),
            ("/tree", "visual", If(over, "muted", "")),
            ("/tree/field[@name='due_date']", "visual", If(late, "danger", "")),
        ]

    @classmethod
    @ModelView.button
    @Workflow.transition("accepted")
    def accept(cls, actions):
        """Take them on: who has no employee gets the one at work."""
        employee = Transaction().context.get("employee")
        if employee:
            free = [each for each in actions if not each.employee]
            own = Pool().get("company.employee")(employee)
            cls.write(
                [each for each in free if each.company == own.company], {"employee": employee}
            )
        cls._answered(actions)

    @classmethod
    @ModelView.button
    @Workflow.transition("done")
    def done(cls, actions):
        """Say that they are done: they are not proposed again before their cooldown is over."""
        cls._answered(actions)

    @classmethod
    @ModelView.button
    @Workflow.transition("dismissed")
    def dismiss(cls, actions):
        """Say that nothing will be done: they rest as if they had been."""
        cls._answered(actions)

    @classmethod
    @ModelView.button
    @Workflow.transition("proposed")
    def reopen(cls, actions):
        """Take back an answer."""
        for each in actions:
            others = cls.search(
                [
                    ("account", "=", each.account.id),
                    ("action", "=", each.action),
                    ("state", "in", OPEN),
                    ("id", "!=", each.id),
                ],
                limit=1,
            )
            if others:
                raise AccessError(gettext("kamrules.msg_action_open", action=each.rec_name))
        cls.write(actions, {"answered_on": None, "answered_by": None})

    @classmethod
    def _answered(cls, actions):
        pool = Pool()
        for company in {each.company for each in actions}:
            with Transaction().set_context(company=company.id):
                today = pool.get("kamrules.configuration")(1).date()
            some = [each for each in actions if each.company == company]
            cls.write(some, {"answered_on": today, "answered_by": Transaction().user})

    @classmethod
    def copy(cls, records, default=None):
        """Refuse: what was proposed once was proposed once."""
        if records:
            raise AccessError(gettext("kamrules.msg_action_copy"))
        return []

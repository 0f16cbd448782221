"""How key accounts are decided: ruleset, language, date, and who takes which role."""

from __future__ import annotations

from kamrules import KamrulesError
from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import ModelSingleton, ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction

from .deciding import Titles, as_json
from .programs import program_of, told, usable
from .recompute import recompute_companies
from .told import ToldMixin, of_user


class Configuration(ModelSingleton, ModelSQL, ModelView):
    """Key Account Configuration."""

    __name__ = "kamrules.configuration"
    __string__ = "Key Account Configuration"

    ruleset = fields.Char(
        "Ruleset",
        required=True,
        help="The name of a ruleset: one that comes with kamrules, of a plug-in, "
        "or in the folder that trytond.conf names.",
    )
    language = fields.Selection(
        "get_languages",
        "Language",
        help="The language of titles and reasons for users whose own language the ruleset does not have.",
    )
    as_of = fields.Date("As of", help="The date to decide on.\nLeave empty for today.")
    top = fields.Integer(
        "Actions Proposed",
        required=True,
        domain=[("top", ">=", 1), ("top", "<=", 100)],
        help="So many of a party's most urgent actions are proposed at a time.",
    )
    gaps = fields.Integer(
        "Gaps Shown",
        required=True,
        domain=[("gaps", ">=", 0), ("gaps", "<=", 100)],
        help="So many of the unknown facts that matter most are kept for a party.",
    )
    rest = fields.Integer(
        "Days of Rest",
        required=True,
        domain=[("rest", ">=", 0), ("rest", "<=", 3660)],
        help="So long an action that was done or dismissed is not proposed again "
        "when its rule names no cooldown.",
    )
    category = fields.Many2One(
        "party.category",
        "Category",
        ondelete="RESTRICT",
        help="Decide only parties of this category and those below it.\nLeave empty for all.",
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({"recompute": {}, "read_ruleset": {}})

    @classmethod
    def default_ruleset(cls):
        """Return kamrules' own default."""
        return "kam"

    @classmethod
    def default_top(cls):
        """Return as many as a person can keep in mind."""
        return 5

    @classmethod
    def default_gaps(cls):
        """Return as many as fit beside the rest."""
        return 10

    @classmethod
    def default_rest(cls):
        """Return a month."""
        return 30

    @classmethod
    def get_languages(cls):
        """Return the languages that the ruleset has texts in."""
        names = {"en": gettext("kamrules.msg_english"), "zh": gettext("kamrules.msg_chinese")}
        try:
            languages = program_of(cls(1).ruleset or "kam").languages
        except KamrulesError:
            languages = ()
        return [(None, ""), *((each, names.get(each, each)) for each in languages)]

    def date(self):
        """Return the date to decide on."""
        return self.as_of or Pool().get("ir.date").today()

    def languages_of(self, program):
        """Return the ruleset's languages that users can read, the one for all others first."""
        Lang = Pool().get("ir.lang")
        read = {each.code.partition("_")[0] for each in Lang.search([("translatable", "=", True)])}
        read |= {each.code for each in Lang.search([("translatable", "=", True)])}
        first = self.language if self.language in program.languages else program.languages[0]
        return [first, *(each for each in program.languages if each in read and each != first)]

    def loaded(self, company):
        """Return the ruleset with a company's parameters, and what is wrong with them."""
        settings = Pool().get("kamrules.parameter").settings(company)
        return usable(self.ruleset or "kam", settings)

    @classmethod
    def validate_fields(cls, records, field_names):
        """Refuse a ruleset that does not compile."""
        super().validate_fields(records, field_names)
        if field_names is None or "ruleset" in field_names:
            for record in records:
                record.check_ruleset()

    def check_ruleset(self):
        """Raise UserError with what kamrules says when the ruleset cannot be used."""
        try:
            program_of(self.ruleset)
        except KamrulesError as error:
            raise UserError(
                gettext("kamrules.msg_ruleset_refused", ruleset=self.ruleset), told(error)
            ) from error

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        """Read parameters and roles of a ruleset that was chosen."""
        super().on_modification(mode, records, field_names=field_names)
        if mode in {"create", "write"} and (field_names is None or "ruleset" in field_names):
            cls(1).read_parts()

    def read_parts(self):
        """Bring the lists of parameters and roles to what the ruleset has."""
        pool = Pool()
        program = program_of(self.ruleset or "kam")
        languages = self.languages_of(program)
        with Transaction().set_context(_check_access=False):
            pool.get("kamrules.parameter").read_from(program, languages)
            pool.get("kamrules.role").read_from(program, languages)

    @classmethod
    @ModelView.button
    def read_ruleset(cls, configurations):
        """Read the ruleset again, after its files have changed."""
        one = cls(1)
        one.check_ruleset()
        one.read_parts()

    @classmethod
    @ModelView.button
    def recompute(cls, configurations):
        """Decide all parties of the company at work."""
        pool = Pool()
        company = Transaction().context.get("company")
        if not company:
            raise UserError(gettext("kamrules.msg_no_company"))
        (run,) = recompute_companies([pool.get("company.company")(company)])
        if run.state == "failed":
            raise UserError(gettext("kamrules.msg_not_decided"), run.problem)


class Role(ToldMixin, ModelSQL, ModelView):
    """Who Takes a Role."""

    __name__ = "kamrules.role"
    __string__ = "Role"

    role = fields.Char("Role (id)", required=True, readonly=True)
    told_title = fields.Function(fields.Char("Role"), "get_told", searcher="search_told")
    told_about = fields.Function(fields.Text("About"), "get_told", searcher="search_told")
    company = fields.Many2One(
        "company.company", "Company", required=True, readonly=True, ondelete="CASCADE"
    )
    employee = fields.Many2One(
        "company.employee",
        "Employee",
        domain=[("company", "=", Eval("company", -1))],
        help="Gets the actions of this role where the party itself names nobody.",
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints = [
            (
                "role_company_unique",
                Unique(table, table.role, table.company),
                "kamrules.msg_role_unique",
            )
        ]

    def get_rec_name(self, name):
        """Return the title."""
        return of_user(self.texts).get("title") or self.role

    @classmethod
    def read_from(cls, program, languages):
        """Bring the list to a program's roles, for every company; who takes one stays."""
        Company = Pool().get("company.company")
        known = {(each.role, each.company.id): each for each in cls.search([])}
        titles = {each: Titles(program, each).program.roles for each in languages}
        wanted = {}
        for place, role in enumerate(program.roles):
            texts = {
                language: {"title": some[place].title or role.id, "about": some[place].about}
                for language, some in titles.items()
            }
            for company in Company.search([]):
                wanted[role.id, company.id] = as_json(texts)
        cls.delete([each for key, each in known.items() if key not in wanted])
        cls.create(
            [
                {"role": role, "company": company, "texts": texts}
                for (role, company), texts in wanted.items()
                if (role, company) not in known
            ]
        )
        for key, each in known.items():
            if key in wanted and each.texts != wanted[key]:
                cls.write([each], {"texts": wanted[key]})

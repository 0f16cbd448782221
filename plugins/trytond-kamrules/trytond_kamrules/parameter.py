"""The ruleset's parameters, to be tuned in Tryton: for all companies, or for one."""

from __future__ import annotations

from kamrules import KamrulesError
from kamrules.compiler.in_language import in_language
from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool
from trytond.pyson import Bool, Eval, If

from .deciding import as_json
from .programs import program_of, told
from .told import ToldMixin

TYPES = [
    ("money", "Money"),
    ("share", "Share (0 to 1)"),
    ("score", "Score (0 to 100)"),
    ("number", "Number"),
    ("integer", "Whole Number"),
    ("days", "Days"),
    ("date", "Date"),
    ("text", "Text"),
    ("choice", "Choice"),
    ("bool", "Yes or No"),
]


class Parameter(ToldMixin, ModelSQL, ModelView):
    """Parameter of the Ruleset."""

    __name__ = "kamrules.parameter"
    __string__ = "Parameter"
    _rec_name = "name"

    sequence = fields.Integer("Sequence", readonly=True)
    name = fields.Char("Name", required=True, readonly=True)
    told_about = fields.Function(fields.Text("About"), "get_told", searcher="search_told")
    type = fields.Selection(TYPES, "Type", readonly=True, sort=False)
    default = fields.Char("Ruleset's Value", readonly=True)
    low = fields.Char("At least", readonly=True)
    high = fields.Char("At most", readonly=True)
    value = fields.Char("Own Value", help="Leave empty for the ruleset's.")
    companies = fields.One2Many(
        "kamrules.parameter.company",
        "parameter",
        "By Company",
        help="Values of single companies, in place of the one for all.",
    )
    problem = fields.Text("Problem", readonly=True, help="Why the value is not used.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints = [
            ("name_unique", Unique(table, table.name), "kamrules.msg_parameter_unique")
        ]
        cls._order = [("sequence", "ASC"), ("id", "ASC")]

    @classmethod
    def view_attributes(cls):
        """Mark values that are not used."""
        return [
            *super().view_attributes(),
            ("/tree", "visual", If(Bool(Eval("problem")), "danger", "")),
            ("//group[@id='problem']", "states", {"invisible": ~Bool(Eval("problem"))}),
        ]

    @classmethod
    def settings(cls, company):
        """Return the values that a company's decisions are made with, as text by parameter."""
        found = {each.name: each.value.strip() for each in cls.search([]) if _given(each.value)}
        ParameterCompany = Pool().get("kamrules.parameter.company")
        if company is not None:
            own = ParameterCompany.search([("company", "=", company.id)])
            found |= {each.parameter.name: each.value.strip() for each in own if _given(each.value)}
        return found

    @classmethod
    def validate_fields(cls, records, field_names):
        """Refuse a value that the ruleset would."""
        super().validate_fields(records, field_names)
        if field_names is None or "value" in field_names:
            for record in records:
                refuse(record, record.value)

    @classmethod
    def preprocess_values(cls, mode, values):
        """Forget what was wrong with another value."""
        values = super().preprocess_values(mode, values)
        if "value" in values and "problem" not in values:
            values["problem"] = None
        return values

    @classmethod
    def read_from(cls, program, languages):
        """Bring the list to a program's parameters; own values of those that remain stay."""
        parameters = {each.id: each for each in program.parameters}
        versions = {each: in_language(program, each).parameters for each in languages}
        abouts = {
            language: {each.id: each.about for each in some} for language, some in versions.items()
        }
        known = {each.name: each for each in cls.search([])}
        cls.delete([each for name, each in known.items() if name not in parameters])
        created, written = [], []
        for sequence, (name, each) in enumerate(parameters.items()):
            values = {
                "sequence": sequence,
                "type": str(each.type.kind),
                "default": shown(each.value),
                "low": shown(each.low),
                "high": shown(each.high),
                "texts": as_json(
                    {language: {"about": some.get(name, "")} for language, some in abouts.items()}
                ),
            }
            if name not in known:
                created.append({"name": name, **values})
            elif any(getattr(known[name], key) != value for key, value in values.items()):
                written += [[known[name]], values]
        if created:
            cls.create(created)
        if written:
            cls.write(*written)

    @classmethod
    def tell(cls, refused):
        """Note what is wrong with values that were left out, by parameter."""
        for each in cls.search([]):
            problem = refused.get(each.name)
            if each.problem != problem:
                cls.write([each], {"problem": problem})


class ParameterCompany(ModelSQL, ModelView):
    """Parameter of a Company."""

    __name__ = "kamrules.parameter.company"
    __string__ = "Parameter of a Company"

    parameter = fields.Many2One(
        "kamrules.parameter", "Parameter", required=True, ondelete="CASCADE"
    )
    company = fields.Many2One("company.company", "Company", required=True, ondelete="CASCADE")
    value = fields.Char("Value", required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints = [
            (
                "parameter_company_unique",
                Unique(table, table.parameter, table.company),
                "kamrules.msg_parameter_company_unique",
            )
        ]

    def get_rec_name(self, name):
        """Return the parameter's name."""
        return self.parameter.rec_name

    @classmethod
    def validate_fields(cls, records, field_names):
        """Refuse a value that the ruleset would."""
        super().validate_fields(records, field_names)
        if field_names is None or "value" in field_names:
            for record in records:
                refuse(record.parameter, record.value)


def refuse(parameter, value):
    """Raise UserError with what kamrules says of a value that it does not take."""
    if not _given(value):
        return
    ruleset = Pool().get("kamrules.configuration")(1).ruleset or "kam"
    try:
        program_of(ruleset, {parameter.name: value.strip()})
    except KamrulesError as error:
        message = gettext("kamrules.msg_parameter_refused", parameter=parameter.name)
        raise UserError(message, told(error)) from error


def shown(value):
    """Return a value as it is written in a ruleset, None for none."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:_.10f}".rstrip("0").rstrip(".")
    return str(value)


def _given(value):
    return value is not None and value.strip()

"""Creates the data that the tests decide on, by Tryton's own client library: run it by .venv-tryton's Python.

    python seed.py trytond.conf DATABASE

Two companies; customers with posted invoices, sales, and deals; a supplier; users with and without rights.
"""

from __future__ import annotations

import datetime
import sys
from decimal import Decimal

from proteus import Model, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import (
    create_payment_term,
    set_fiscalyear_invoice_sequences,
)
from trytond.modules.company.tests.tools import create_company
from trytond.modules.currency.tests.tools import get_currency

PASSWORD = "key-account-1"


def main(conf, database):
    session = config.set_trytond(database, config_file=conf)
    session.skip_warning = True
    close_wizards()
    create_company(currency="USD")
    (company,) = Model.get("company.company").find()
    create_chart(company)
    year = set_fiscalyear_invoice_sequences(create_fiscalyear(company))
    year.click("create_period")
    seller, _boss = employees(company, session)
    product = the_product(company)
    term = create_payment_term()
    term.save()
    parties = the_parties()
    today = datetime.date.today()

    def sold(party, quantity, days, *, post, currency=None):
        sale = Model.get("sale.sale")()
        sale.party = party
        sale.payment_term = term
        sale.sale_date = today - datetime.timedelta(days)
        sale.invoice_method = "order"
        if currency is not None:
            sale.currency = currency
        line = sale.lines.new()
        line.product = product
        line.quantity = quantity
        line.unit_price = Decimal(100)
        sale.click("quote")
        sale.click("confirm")
        sale.click("process")
        if post:
            (invoice,) = sale.invoices
            invoice.invoice_date = sale.sale_date
            invoice.click("post")
        return sale

    # Tryton numbers invoices by date: the oldest first
    sold(parties["Acme"], 6000, 100, post=True)
    sold(parties["Acme"], 9000, 40, post=True)
    sold(parties["Globex"], 700, 60, post=False)
    euro = get_currency("EUR")
    sold(parties["Initech"], 1000, 30, post=True, currency=euro)
    draft = Model.get("sale.sale")(party=parties["Hooli"])
    draft.save()
    deals(parties, seller, term, today)
    supplied(parties["Umbrella"], term, product, company)
    rights(company, seller)
    second_company(conf, database, parties["Globex"].id, today)
    print("seeded")


def close_wizards():
    Item = Model.get("ir.module.config_wizard.item")
    for each in Item.find([("state", "!=", "done")]):
        each.state = "done"
        each.save()


def employees(company, session):
    Party, Employee, User = (
        Model.get(each) for each in ("party.party", "company.employee", "res.user")
    )
    found = []
    for name in ("Sally Seller", "Bea Boss"):
        person = Party(name=name)
        person.save()
        one = Employee(party=person, company=company)
        one.save()
        found.append(one)
    admin = User(session.user)
    admin.employees.append(Employee(found[1].id))
    admin.employee = Employee(found[1].id)
    admin.company = company
    admin.save()
    session._context = User.get_preferences(True, {})
    return found


def the_product(company):
    accounts = get_accounts(company)
    category = Model.get("product.category")(name="Accounting", accounting=True)
    category.account_expense = accounts["expense"]
    category.account_revenue = accounts["revenue"]
    category.save()
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    template = Model.get("product.template")(name="Pump", type="service", salable=True)
    template.default_uom = unit
    template.list_price = Decimal(100)
    template.account_category = category
    template.save()
    (product,) = template.products
    product.cost_price = Decimal(60)
    product.save()
    return product


def the_parties():
    Party, Country = Model.get("party.party"), Model.get("country.country")
    germany = Country(name="Germany", code="DE")
    germany.save()
    found = {}
    for name in ("Acme", "Globex", "Initech", "Hooli", "Umbrella", "Sleepy"):
        party = Party(name=name)
        party.save()
        found[name] = party
    (address,) = found["Acme"].addresses
    address.country = germany
    address.save()
    found["Sleepy"].active = False
    found["Sleepy"].save()
    return found


def deals(parties, seller, term, today):
    Opportunity = Model.get("sale.opportunity")

    def deal(party, amount, days):
        one = Opportunity(party=parties[party], employee=seller, payment_term=term)
        one.description = f"Deal with {party}"
        one.start_date = today - datetime.timedelta(days)
        one.amount = Decimal(amount)
        (one.address,) = parties[party].addresses
        one.save()
        return one

    deal("Globex", 50_000, 20).click("opportunity")
    lost = deal("Acme", 10_000, 90)
    lost.click("opportunity")
    lost.click("lost")
    deal("Hooli", 800_000, 10).click("opportunity")


def supplied(party, term, product, company):
    invoice = Model.get("account.invoice")(type="in")
    invoice.party = party
    invoice.payment_term = term
    line = invoice.lines.new()
    line.account = get_accounts(company)["expense"]
    line.description = "Steel"
    line.quantity = 1
    line.unit_price = Decimal(500)
    invoice.save()


def rights(company, seller):
    User, Group = Model.get("res.user"), Model.get("res.group")
    Company, Lang = Model.get("company.company"), Model.get("ir.lang")
    (chinese,) = Lang.find([("code", "=", "zh_CN")])
    for login, groups, language in (
        ("sally", ["Key Accounts"], None),
        ("xiaoli", ["Key Accounts"], chinese),
        ("stranger", ["Sales"], None),
    ):
        user = User(name=login.title(), login=login, password=PASSWORD)
        if language is not None:
            user.language = language
        for each in groups:
            user.groups.append(*Group.find([("name", "=", each)]))
        user.companies.append(Company(company.id))
        user.company = Company(company.id)
        if login == "sally":
            employee = Model.get("company.employee")(seller.id)
            user.employees.append(employee)
            user.employee = employee
        user.save()


def second_company(conf, database, globex, today):
    """One more company with a user of its own, to which Globex has only a deal."""
    User, Group = Model.get("res.user"), Model.get("res.group")
    party = Model.get("party.party")(name="Dunder East")
    party.save()
    create_company(party=party, currency=get_currency("EUR"))
    (east,) = Model.get("company.company").find([("party", "=", party.id)])
    user = User(name="Eve", login="eve", password=PASSWORD)
    for each in ("Key Accounts", "Key Account Administration", "Sales", "Sale Opportunity"):
        user.groups.append(*Group.find([("name", "=", each)], limit=1))
    user.companies.append(east)
    user.company = Model.get("company.company")(east.id)
    user.save()
    other = config.set_trytond(database, user="eve", config_file=conf)
    other._context = Model.get("res.user").get_preferences(True, {})
    one = Model.get("sale.opportunity")(description="East")
    one.party = Model.get("party.party")(globex)
    one.start_date = today - datetime.timedelta(5)
    one.amount = Decimal(7000)
    one.save()


if __name__ == "__main__":
    main(*sys.argv[1:])

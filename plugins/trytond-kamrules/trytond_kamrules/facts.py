"""What Tryton knows about parties, as kamrules' vocabulary has it: one SQL statement a source table."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sql import Literal, Null
from sql.aggregate import Count, Max, Min, Sum
from sql.conditionals import Case, Coalesce
from trytond.model import fields
from trytond.pool import Pool
from trytond.transaction import Transaction

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Sequence

INVOICED = ("posted", "paid")
SOLD = ("confirmed", "processing", "done")
NOT_INVOICED = ("none", "pending")
"""States of a sale's invoices before the first of them is posted; from then on those count, not the sale."""
STAGES = {
    "lead": "open",
    "opportunity": "open",
    "converted": "open",
    "won": "won",
    "lost": "lost",
}
SMALLEST = Decimal("0.0001")


class Facts:
    """Reads the facts of a company's parties on a date; of some of them when `parties` are given."""

    def __init__(
        self,
        company: Any,
        as_of: datetime.date,
        *,
        parties: Sequence[int] | None = None,
        categories: Sequence[int] | None = None,
    ) -> None:
        self.company = company
        self.as_of = as_of
        self.parties = parties
        self.categories = categories
        self.cursor = Transaction().connection.cursor()
        self._rates: dict[int, tuple[list[datetime.date], list[Decimal]]] = {}

    def all(self) -> Iterator[dict[str, Any]]:
        """Yield the facts of each party that is an account, its id as text."""
        self._read_rates()
        orders: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for party, row in (*self._sales(), *self._invoices()):
            orders[party].append(row)
        opportunities = self._opportunities(orders)
        managed = self._managed()
        suppliers = self._suppliers()
        for party, name, country in self._accounts():
            if party in suppliers and party not in orders and party not in opportunities:
                continue
            rows = sorted(orders.get(party, ()), key=lambda each: each["date"])
            manager, sponsor = managed.get(party, (None, None))
            yield {
                "account_id": str(party),
                "name": name,
                "country": country,
                "customer_since": rows[0]["date"] if rows else None,
                "account_manager": manager,
                "executive_sponsor": sponsor,
                "orders": rows,
                "opportunities": opportunities.get(party, []),
            }

    # parties

    def _accounts(self) -> list[tuple[int, str, str | None]]:
        """Return active parties that are no company or employee of ours, with the country they are in."""
        pool = Pool()
        party = pool.get("party.party").__table__()
        address = pool.get("party.address").__table__()
        country = pool.get("country.country").__table__()
        company = pool.get("company.company").__table__()
        employee = pool.get("company.employee").__table__()
        lands = address.join(country, condition=address.country == country.id).select(
            address.party.as_("party"),
            Min(country.code).as_("country"),
            where=address.active == Literal(True),
            group_by=address.party,
        )
        where = (
            (party.active == Literal(True))
            & (party.replaced_by == Null)
            & ~party.id.in_(company.select(company.party))
            & ~party.id.in_(employee.select(employee.party))
        )
        if self.categories is not None:
            tagged = pool.get("party.party-party.category").__table__()
            inside = fields.SQL_OPERATORS["in"](tagged.category, list(self.categories))
            where &= party.id.in_(tagged.select(tagged.party, where=inside))
        where &= self._wanted(party.id)
        query = party.join(lands, type_="LEFT", condition=lands.party == party.id).select(
            party.id,
            Coalesce(party.name, party.code),
            lands.country,
            where=where,
            order_by=party.id,
        )
        self.cursor.execute(*query)
        return self.cursor.fetchall()

    def _managed(self) -> dict[int, tuple[str | None, str | None]]:
        """Return the names of account manager and executive sponsor by party."""
        pool = Pool()
        account = pool.get("kamrules.account").__table__()
        tables = [pool.get("company.employee").__table__() for _ in range(2)]
        people = [pool.get("party.party").__table__() for _ in range(2)]
        joined = account
        for who, employee, person in zip(
            (account.account_manager, account.executive_sponsor), tables, people, strict=True
        ):
            joined = joined.join(employee, type_="LEFT", condition=employee.id == who)
            joined = joined.join(person, type_="LEFT", condition=person.id == employee.party)
        query = joined.select(
            account.party,
            *(Coalesce(person.name, person.code) for person in people),
            where=(account.company == self.company.id) & self._wanted(account.party),
        )
        self.cursor.execute(*query)
        return {party: (manager, sponsor) for party, manager, sponsor in self.cursor.fetchall()}

    def _suppliers(self) -> set[int]:
        """Return the parties that have sent us an invoice."""
        invoice = Pool().get("account.invoice").__table__()
        where = (invoice.type == "in") & (invoice.company == self.company.id)
        query = invoice.select(
            invoice.party, where=where & self._wanted(invoice.party), group_by=invoice.party
        )
        self.cursor.execute(*query)
        return {party for (party,) in self.cursor.fetchall()}

    # business

    def _sales(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield what was sold and not invoiced yet."""
        pool = Pool()
        sale = pool.get("sale.sale").__table__()
        line = pool.get("sale.line").__table__()
        state = sale.state.in_(SOLD) & sale.invoice_state.in_(NOT_INVOICED)
        return self._ordered(sale, line, line.sale, sale.sale_date, state)

    def _invoices(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield what was invoiced, credit notes with their negative amounts."""
        pool = Pool()
        invoice = pool.get("account.invoice").__table__()
        line = pool.get("account.invoice.line").__table__()
        state = invoice.state.in_(INVOICED) & (invoice.type == "out")
        return self._ordered(invoice, line, line.invoice, invoice.invoice_date, state)

    def _ordered(self, head, line, of, date, state) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield one order for each document: its net amount, and what is left of it when the cost is known.

        The cost is that of the product today, for lines in the product's own unit of measure; a cost of
        zero is what Tryton puts where nobody has entered one.
        """
        pool = Pool()
        product = pool.get("product.product").__table__()
        template = pool.get("product.template").__table__()
        cost = pool.get("product.cost_price").__table__()
        joined = (
            head.join(line, condition=(of == head.id) & (line.type == "line"))
            .join(product, type_="LEFT", condition=product.id == line.product)
            .join(
                template,
                type_="LEFT",
                condition=(template.id == product.template) & (template.default_uom == line.unit),
            )
            .join(
                cost,
                type_="LEFT",
                condition=(cost.product == product.id)
                & (cost.company == self.company.id)
                & (template.id != Null)
                # SQLite keeps decimals as bytes, which are above all numbers until they are added up
                & (cost.cost_price + 0 > 0),
            )
        )
        query = joined.select(
            head.party,
            date,
            head.currency,
            Coalesce(Max(head.untaxed_amount_cache), Sum(line.quantity * line.unit_price)),
            Case(
                (Count(cost.id) == Count(line.id), Sum(line.quantity * cost.cost_price)), else_=Null
            ),
            where=(head.company == self.company.id)
            & state
            & (date != Null)
            & (date <= self.as_of)
            & self._wanted(head.party),
            group_by=[head.id, head.party, date, head.currency],
            order_by=[date, head.id],
        )
        self.cursor.execute(*query)
        for party, day, currency, amount, spent in self.cursor.fetchall():
            ours = self._converted(amount, currency, day)
            if ours is None:
                continue
            row: dict[str, Any] = {"date": day, "amount": ours}
            if spent is not None:
                row["margin"] = ours - _decimal(spent)
            yield party, row

    def _opportunities(self, orders: dict[int, Any]) -> dict[int, list[dict[str, Any]]]:
        """Return the deals by party."""
        deal = Pool().get("sale.opportunity").__table__()
        where = (
            (deal.company == self.company.id)
            & (deal.party != Null)
            & deal.state.in_(tuple(STAGES))
            & (deal.start_date <= self.as_of)
        )
        query = deal.select(
            deal.party, deal.start_date, deal.end_date, deal.state, deal.currency, deal.amount,
            where=where & self._wanted(deal.party), order_by=[deal.start_date, deal.id],
        )  # fmt: skip
        self.cursor.execute(*query)
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for party, start, end, state, currency, amount in self.cursor.fetchall():
            row: dict[str, Any] = {"opened": start, "stage": STAGES[state]}
            if state in {"won", "lost"}:
                row["closed"] = end
            if amount is not None:
                row["amount"] = self._converted(amount, currency, start)
            before = (each["date"] < start for each in orders.get(party, ()))
            if not any(before):
                row["kind"] = "new"
            found[party].append(row)
        return found

    # money

    def _read_rates(self) -> None:
        """Read all rates of currencies: they are few."""
        rate = Pool().get("currency.currency.rate").__table__()
        self.cursor.execute(
            *rate.select(rate.currency, rate.date, rate.rate, order_by=[rate.currency, rate.date])
        )
        for currency, day, value in self.cursor.fetchall():
            days, values = self._rates.setdefault(currency, ([], []))
            days.append(day)
            values.append(_decimal(value))

    def _rate(self, currency: int, day: datetime.date) -> Decimal | None:
        days, values = self._rates.get(currency, ([], []))
        place = bisect_right(days, day)
        # a day before the first rate is taken at the first
        return values[max(place - 1, 0)] if values else None

    def _converted(self, amount: Any, currency: int, day: datetime.date) -> Decimal | None:
        """Return an amount in the company's currency at the day's rate; None when there is no rate."""
        if amount is None:
            return None
        found = _decimal(amount)
        own = self.company.currency.id
        if currency == own:
            return found
        rate, ours = self._rate(currency, day), self._rate(own, day)
        if not rate or not ours:
            return None
        return (found / rate * ours).quantize(SMALLEST)

    def _wanted(self, column):
        """Return the test for the parties that are asked about."""
        if self.parties is None:
            return Literal(True)
        return fields.SQL_OPERATORS["in"](column, list(self.parties))


def _decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    text = value.decode() if isinstance(value, bytes) else str(value)
    return Decimal(text).quantize(SMALLEST)

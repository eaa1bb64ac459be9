"""A small company for tests of revenue, and what the definitions say of it, in plain Python.

Three currencies, whose rates move and sometimes are missing: a plan swap, accounts that come back before and after
three months, a credit note in a later month, an account below zero, subscriptions by day, week and year.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any

from tests.support.chance import chance
from tests.support.known import known, unrated
from tests.support.oracle import days, month_end, month_number, months, movement
from tests.support.rates import newest

AS_OF = date(2025, 9, 10)
FIRST = date(2023, 6, 1)
CURRENCIES = ("EUR", "SEK", "GBP")
Rows = list[dict[str, Any]]
Key = tuple[str, str, date]  # account, basis, month


MONTHS = months(FIRST, AS_OF)
RATES = {  # quoted on the first of the month; GBP isn't quoted for five months and unknown for four of them
    "SEK": {month: Fraction(85 + (7 * place) % 11, 1000) for place, month in enumerate(MONTHS)},
    "GBP": {month: Fraction(115 + place % 5, 100) for place, month in enumerate(MONTHS) if not 8 <= place < 13},
}


@cache
def rate(currency: str, day: date) -> Fraction | None:
    """The last quote on or before the day, no older than 31 days."""
    return Fraction(1) if currency == "EUR" else newest(RATES[currency], day)


def measured(month: date) -> date:
    """The month's end, or the as-of date in the month that runs."""
    return min(month_end(month), AS_OF)


class Company:
    """The rows of the exports."""

    def __init__(self) -> None:
        """Makes all rows."""
        self.random = chance(7)
        self.rows: dict[str, Rows] = defaultdict(list)
        for number in range(14):
            # The second segment has no account that ever goes quiet for good.
            self.rows["crm.accounts"].append(
                {"account_id": f"A{number}", "name": f"Firm {number}", "segment": "Steady" if number > 11 else "Mixed"}
            )
            self.rows["billing.customers"].append(
                {"customer_id": f"C{number}", "name": f"Firm {number}", "account_id": f"A{number}"}
            )
        for currency, quotes in RATES.items():
            self.rows["plan.fx_rates"] += [
                {"currency": currency, "rate_date": day, "rate": float(value)} for day, value in quotes.items()
            ]
        self.subscriptions()
        self.invoices()
        self.payments()
        self.plans()

    def subscription(self, account: int, price: int, first: str, last: str | None = None, **more: Any) -> None:
        """A subscription of an account, by the month unless told otherwise."""
        self.rows["billing.subscriptions"].append(
            {"subscription_id": f"S{len(self.rows['billing.subscriptions'])}", "customer_id": f"C{account}",
             "product_id": "P1", "currency": "EUR", "unit_price": price, "quantity": 1, "interval_unit": "month",
             "interval_count": 1, "started_on": first, "ended_on": last} | more
        )  # fmt: skip

    def subscriptions(self) -> None:
        """What each of these accounts is for: see the tests of single accounts."""
        self.subscription(0, 100, "2023-07-05", "2024-05-31")
        self.subscription(0, 150, "2024-06-01")
        self.subscription(1, 1_000, "2023-06-15", currency="SEK")
        self.subscription(2, 10, "2023-08-01", interval_unit="week", interval_count=2, quantity=3)
        self.subscription(2, 1_200, "2023-10-01", interval_unit="year")
        self.subscription(2, 1, "2024-01-01", interval_unit="day")
        self.subscription(3, 75, "2023-06-01", "2024-08-15")
        self.subscription(4, 60, "2024-01-10", "2024-02-29")
        self.subscription(4, 60, "2024-04-01")
        self.subscription(5, 80, "2024-01-10", "2024-01-31")
        self.subscription(5, 80, "2024-03-02")
        self.subscription(6, 200, "2023-09-01", currency="GBP")
        self.subscription(7, 300, "2023-09-01", "2024-03-31", currency="SEK", interval_count=3)
        self.subscription(7, 40, "2024-03-10")
        self.subscription(8, 500, "2024-02-03", "2024-02-20")  # gained and lost within a month
        self.subscription(9, 90, "2025-12-01")  # begins after the as-of date
        self.rows["billing.subscriptions"].append(self.rows["billing.subscriptions"][0] | {
            "subscription_id": "unpriced", "customer_id": "C13", "unit_price": None, "ended_on": None,
        })  # fmt: skip
        # The same price twice, then others, by the days of the exports; the last one ends it.
        for told_on, price, last in (
            ("2023-08-01", 70, None), ("2024-02-01", 70, None), ("2024-11-12", 95, None), ("2024-11-12T08", 90, None),
            ("2025-03-01", 65, "2025-06-30"),
        ):  # fmt: skip
            at = f"{told_on}:00:00Z" if "T" in told_on else f"{told_on}T00:00:00Z"
            self.subscription(12, price, "2023-07-01", last, subscription_id="repriced", _known_at=at)

    def invoice(self, account: int, day: date, net: Decimal, currency: str = "EUR", kind: str = "invoice") -> str:
        """A document of 25 % tax."""
        name = f"I{len(self.rows['billing.invoices'])}"
        self.rows["billing.invoices"].append(
            {"invoice_id": name, "number": name, "document_kind": kind, "status": "issued", "issued_on": day,
             "customer_id": f"C{account}", "due_on": day + days(30), "currency": currency, "net_amount": net,
             "tax_amount": net / 4, "gross_amount": net * 5 / 4}
        )  # fmt: skip
        return name

    def invoices(self) -> None:
        """Habits of all kinds, and documents that don't count."""
        for account, step, currency in (
            (0, 30, "EUR"), (1, 31, "SEK"), (2, 62, "EUR"), (3, 25, "GBP"), (6, 90, "EUR"), (7, 20, "SEK"),
            (12, 30, "EUR"), (13, 14, "SEK"),
        ):  # fmt: skip
            day = FIRST + days(account)
            while day <= AS_OF + days(20):
                self.invoice(account, day, Decimal(self.random.randrange(20_000, 90_000)) / 100, currency)
                day += days(step + self.random.randrange(-3, 4))
        for number in range(6):  # stops for good in the middle of 2024
            self.invoice(8, date(2024, 1, 10) + days(30 * number), Decimal(400))
        for number in range(4):  # from one currency to another, and never two months alike
            self.invoice(9, date(2024, 3, 5) + days(30 * number), Decimal(100 + number), "SEK" if number > 1 else "EUR")
        for month in (date(2024, 3, 12), date(2024, 4, 12)):  # the same amount at two rates
            self.invoice(10, month, Decimal(5_000), "SEK")
        self.invoice(11, date(2024, 5, 2), Decimal(300))
        self.invoice(11, date(2024, 7, 20), Decimal(450), kind="credit_note")
        self.invoice(0, date(2024, 6, 20), Decimal(900), kind="credit_note")
        self.invoice(2, date(2024, 6, 20), Decimal(80), kind="debit_note")
        self.invoice(2, date(2024, 6, 21), Decimal(999), kind="prepayment")
        self.invoice(2, date(2024, 6, 22), Decimal(999))
        self.rows["billing.invoices"][-1]["status"] = "void"

    def payments(self) -> None:
        """Two of three invoices are paid, some twice in part; some refunds and a write-off."""
        for place, invoice in enumerate(list(self.rows["billing.invoices"])):
            if place % 3 == 2 or invoice["document_kind"] != "invoice" or invoice["status"] == "void":
                continue
            parts = [invoice["gross_amount"]] if place % 2 else [invoice["gross_amount"] / 2] * 2
            for part, amount in enumerate(parts):
                on = invoice["issued_on"] + days(10 + place % 23 + 9 * part)
                name = f"P{place}-{part}"
                shared = {"payment_id": name, "amount": amount}
                self.rows["billing.payments"].append(
                    shared | {"customer_id": invoice["customer_id"], "received_on": on, "status": "received",
                              "currency": invoice["currency"]}
                )  # fmt: skip
                self.rows["billing.applications"].append(
                    shared | {"application_id": name, "invoice_id": invoice["invoice_id"], "applied_on": on}
                )
            if place % 17 == 3:
                self.adjust("refund", invoice, Decimal(25), on + days(5), payment_id=name)
            if place % 13 == 4:
                self.adjust("chargeback", invoice, Decimal(10), on + days(9), payment_id=name)
        for place in (5, 11):
            invoice = self.rows["billing.invoices"][place]
            self.adjust("write_off", invoice, invoice["gross_amount"], invoice["issued_on"] + days(120))

    def adjust(self, kind: str, invoice: dict[str, Any], amount: Decimal, on: date, **more: Any) -> None:
        """An adjustment of an invoice."""
        self.rows["billing.adjustments"].append(
            {"adjustment_id": f"X{len(self.rows['billing.adjustments'])}", "adjustment_kind": kind, "occurred_on": on,
             "customer_id": invoice["customer_id"], "invoice_id": invoice["invoice_id"], "amount": amount,
             "currency": invoice["currency"]} | more
        )  # fmt: skip

    def plans(self) -> None:
        """Costs from 2024 on for two accounts, a budget, list prices with two lines."""
        for month in months(date(2024, 1, 1), AS_OF):
            for account, amount in (("A0", 40), ("A12", 120)):
                self.rows["plan.costs"].append(
                    {
                        "account_id": account,
                        "month": month,
                        "cost_kind": "delivery",
                        "amount": amount,
                        "currency": "EUR",
                    }
                )
        for month, amount in ((date(2024, 6, 1), 1_000), (date(2024, 7, 1), 0)):
            self.rows["plan.budgets"].append({"account_id": "A2", "month": month, "amount": amount, "currency": "EUR"})
        self.rows["crm.products"].append({"product_id": "P1", "name": "One", "list_price": 50, "currency": "EUR"})
        credit = next(row for row in self.rows["billing.invoices"] if row["document_kind"] == "credit_note")
        for name, quantity, net in (("L1", 10, 400), ("L2", 4, 210)):
            self.rows["billing.invoice_lines"].append(
                {"line_id": name, "product_id": "P1", "quantity": quantity, "net_amount": net, "tax_amount": 0,
                 "invoice_id": credit["invoice_id"] if name == "L2" else self.of(11, "invoice")}
            )  # fmt: skip

    def of(self, account: int, kind: str) -> str:
        """The first document of an account and kind."""
        return next(
            row["invoice_id"]
            for row in self.rows["billing.invoices"]
            if row["customer_id"] == f"C{account}" and row["document_kind"] == kind
        )


COMPANY = Company()
PER_MONTH = {"day": Fraction(365, 12), "week": Fraction(52, 12), "month": Fraction(1), "year": Fraction(1, 12)}


def account_of(customer: str) -> str:
    """The account of a customer."""
    return f"test:A{customer[1:]}"


@cache
def documents() -> Rows:
    """What counts as revenue up to the as-of date, signed and with its rate."""
    return [
        row | {"account": account_of(row["customer_id"]), "month": row["issued_on"].replace(day=1),
               "amount": Fraction(row["net_amount"]) * (-1 if row["document_kind"] == "credit_note" else 1),
               "rate": rate(row["currency"], row["issued_on"])}
        for row in COMPANY.rows["billing.invoices"]
        if row["status"] == "issued" and row["document_kind"] != "prepayment" and row["issued_on"] <= AS_OF
    ]  # fmt: skip


def runs(row: dict[str, Any], day: date) -> bool:
    """Whether a subscription runs on a day at the price that this version of its row says."""
    versions = [
        one for one in COMPANY.rows["billing.subscriptions"] if one["subscription_id"] == row["subscription_id"]
    ]
    if not row["started_on"] <= str(day) <= (versions[-1]["ended_on"] or "9999"):
        return False
    told = [one for one in versions[1:] if one["_known_at"][:10] <= str(day)]
    return row is (told[-1] if told else versions[0])


@cache
def pieces() -> dict[tuple[str, str, str, date], list[tuple[Fraction, Fraction | None]]]:
    """By account, basis, currency and month: the amounts in the currency, each with its rate."""
    found = defaultdict(list)
    for row in documents():
        found[row["account"], "invoiced", row["currency"], row["month"]].append((row["amount"], row["rate"]))
    for row in COMPANY.rows["billing.subscriptions"]:
        if row["unit_price"] is None:
            continue
        monthly = (
            Fraction(row["unit_price"]) * row["quantity"] * PER_MONTH[row["interval_unit"]] / row["interval_count"]
        )
        for month in MONTHS:
            if runs(row, measured(month)):
                key = account_of(row["customer_id"]), "mrr", row["currency"], month
                found[key].append((monthly, rate(row["currency"], measured(month))))
    return dict(found)


def base(parts: list[tuple[Fraction, Fraction | None]]) -> Fraction:
    """In the base currency, as far as there are rates."""
    return sum((amount * known for amount, known in parts if known is not None), Fraction(0))


def year_before(day: date, years: int = 1) -> date:
    """The day after which the 12 months begin that end with a day."""
    if day == month_end(day.replace(day=1)):
        return month_end(day.replace(year=day.year - years, day=1))
    return day.replace(year=day.year - years)


Pieces = list[tuple[Fraction, Fraction | None]]


@cache
def invoiced(account: str, currency: str, after: date, until: date) -> Pieces:
    """The amounts of the documents of these days, each with its rate."""
    return [
        (row["amount"], row["rate"])
        for row in documents()
        if (row["account"], row["currency"]) == (account, currency) and after < row["issued_on"] <= until
    ]


def trailing(account: str, day: date) -> Fraction:
    """Revenue of the 12 months that end with a day, in the base currency."""
    return sum((base(invoiced(account, currency, year_before(day), day)) for currency in CURRENCIES), Fraction(0))


def compared(now: dict[str, Pieces], before: dict[str, Pieces], day: date) -> tuple[Fraction, Fraction, bool]:
    """What was before at the rates of now, and what is now, by currency, neither below zero; whether they compare.

    Where a part of what came later has no rate, the two do not, and the account opened with what it closed with.
    """
    opening = closing = Fraction(0)
    comparable = True
    for currency in CURRENCIES:
        parts = now[currency]
        earlier = sum((amount for amount, _ in before[currency]), Fraction(0))
        known = [(abs(amount), with_rate) for amount, with_rate in parts if with_rate is not None]
        later = sum((amount for amount, _ in parts), Fraction(0))
        closing += base(parts)
        comparable &= all(amount == 0 or with_rate is not None for amount, with_rate in parts)
        if earlier == 0:
            continue
        if earlier == later:
            opening += base(parts)
        elif known:
            opening += earlier * base(known) / sum(amount for amount, _ in known)
        else:
            comparable &= rate(currency, day) is not None
            opening += earlier * (rate(currency, day) or 0)
    closing = max(closing, Fraction(0))
    return max(opening, Fraction(0)) if comparable else closing, closing, comparable


@cache
def revenue(account: str, basis: str, month: date) -> Fraction:
    """In the base currency, credit notes taken off."""
    parts = [pieces().get((account, basis, currency, month), []) for currency in CURRENCIES]
    return sum((base(part) for part in parts), Fraction(0))


@cache
def expected() -> dict[Key, dict[str, Any]]:
    """Every account, basis and month from its first revenue on."""
    found: dict[Key, dict[str, Any]] = {}
    for account, basis in sorted({key[:2] for key in pieces()}):
        mine = {key[3]: parts for key, parts in pieces().items() if key[:2] == (account, basis)}
        paid = min((month for month, parts in mine.items() if any(amount > 0 for amount, _ in parts)), default=None)
        closed, closed_missing = Fraction(0), 0
        for place, month in enumerate(MONTHS):
            if month < min(mine):
                continue
            day = measured(month)
            of_months = [
                {
                    currency: pieces().get((account, basis, currency, MONTHS[at]), []) if at >= 0 else []
                    for currency in CURRENCIES
                }
                for at in (place, place - 1, place - 12)
            ]
            years = [of_months[0], of_months[2]]
            if basis == "invoiced":
                years = [
                    {
                        currency: invoiced(
                            account, currency, year_before(day, ago + 1), year_before(day, ago) if ago else day
                        )
                        for currency in CURRENCIES
                    }
                    for ago in (0, 1)
                ]
            opening, closing, comparable = compared(of_months[0], of_months[1], day)
            year_opening, year_closing, of_year = compared(years[0], years[1], day)
            history = month_number(month) - month_number(paid) if paid else 0
            found[account, basis, month] = {
                "revenue": revenue(account, basis, month),
                "opening_revenue": opening, "closing_revenue": closing, "currency_effect": opening - closed,
                "movement": movement(opening, closing, history >= 3) if comparable else None,
                "year_opening_revenue": year_opening, "year_closing_revenue": year_closing,
                "year_movement": movement(year_opening, year_closing, history >= 12) if of_year else None,
            }  # fmt: skip
            # What has no rate is counted; an amount of which nothing has one is unknown, and no nought.
            missing, year_missing = unrated(of_months[0]), unrated(years[0])
            now = found[account, basis, month]
            now["missing"] = missing + (0 if comparable or missing else 1)
            now["year_missing"] = year_missing + (0 if of_year or year_missing else 1)
            for column, is_unknown in (
                ("revenue", missing), ("closing_revenue", missing), ("opening_revenue", not comparable),
                ("year_closing_revenue", year_missing), ("year_opening_revenue", not of_year),
            ):  # fmt: skip
                now[column] = known(now[column], is_unknown)
            if now["opening_revenue"] is None or known(closed, closed_missing) is None:
                now["currency_effect"] = None
            closed, closed_missing = closing, missing
    return found


@cache
def invoice_days(account: str) -> list[date]:
    """The days of an account's invoices and debit notes."""
    return sorted(
        row["issued_on"] for row in documents() if row["account"] == account and row["document_kind"] != "credit_note"
    )


@cache
def is_quiet(account: str, day: date) -> bool | None:
    """V9: longer without an invoice than twice its median gap, and 60 days."""
    bought = invoice_days(account)
    before = [one for one in bought if one <= day]
    if not before:
        return None
    # The habit counts prepayments too, and from three days of invoicing on.
    habit = sorted({*bought, *([date(2024, 6, 21)] if account == "test:A2" else [])})
    gap = median((later - one).days for one, later in pairwise(habit)) if len(habit) >= 3 else 0
    return (day - before[-1]).days > max(60, 2 * gap)


def booked(kinds: tuple[str, ...]) -> dict[str, Fraction]:
    """By account: applied payments (`applied`) and adjustments of these kinds, in the base currency by their days."""
    currency = {row["invoice_id"]: row["currency"] for row in COMPANY.rows["billing.invoices"]}
    customer = {row["invoice_id"]: row["customer_id"] for row in COMPANY.rows["billing.invoices"]}
    events = [
        ("applied", row["invoice_id"], row["applied_on"], row["amount"]) for row in COMPANY.rows["billing.applications"]
    ]
    events += [
        (row["adjustment_kind"], row["invoice_id"], row["occurred_on"], row["amount"])
        for row in COMPANY.rows["billing.adjustments"]
    ]
    found: dict[str, Fraction] = defaultdict(Fraction)
    for kind, invoice, day, amount in events:
        if kind in kinds and day <= AS_OF:
            found[account_of(customer[invoice])] += Fraction(amount) * (rate(currency[invoice], day) or 0)
    return found

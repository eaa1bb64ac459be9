"""What the clients of a random call tracker bought: leads, deals, and invoices with all that may happen to them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

from tests.support.call_streams import SEASONS
from tests.support.chance import chance
from tests.support.log_streams import ACCOUNTS, Logs
from tests.support.oracle import days
from tests.support.rates import CURRENCIES

Row = dict[str, Any]
# Both sides of the look-back, and the days of the calls themselves.
OFF = (0, 0, 1, 2, 5, 30, 83, 89, 90, 91, 92, -3, 200)


class Sales:
    """The books of one system's clients."""

    def __init__(self, logs: Logs) -> None:
        """Sells to each of them, and to one that nobody knows."""
        self.random, self.system = chance(2000 + logs.stream.seed), logs.system
        self.rows: dict[str, list[Row]] = defaultdict(list)
        for place in [*range(ACCOUNTS), None]:
            account = None if place is None else f"A{place}"
            self.add(
                "billing.customers", customer_id=f"C{place}", name=f"{self.system} buyer {place}", account_id=account
            )
            for number in range(5):
                self.sell(f"{place}.{number}", account)
        for number in range(6):
            self.add(
                "crm.leads", lead_id=f"L{number}", full_name=f"Lead {number} of {self.system}",
                lead_source=self.random.choice((f"{self.system} Form", f"{self.system} ADS ", "(Direct)", None)),
                created_at=self.at(self.near()), account_id=self.random.choice((None, "A0", "A1", "A4")),
            )  # fmt: skip

    def add(self, entity: str, **row: Any) -> None:
        """A row of its exports."""
        self.rows[entity].append({"_system": self.system} | row)

    def near(self) -> date:
        """A day about a season's."""
        return self.random.choice(SEASONS) + days(self.random.randrange(7) + self.random.choice(OFF))

    @staticmethod
    def at(day: date) -> str:
        """Noon of a day."""
        return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).isoformat()

    def sell(self, name: str, account: str | None) -> None:
        """A deal or none, an invoice, and what is paid, given back or lost of it."""
        pick, sold_on, currency = self.random.choice, self.near(), self.random.choice(CURRENCIES)
        deal = f"D{name}" if account and pick((True, False)) else None
        amount = pick((100.0, 33.33, 0.07, 1250.5))
        if deal:
            won_on = sold_on + days(pick((0, 10, 40)))
            self.add(
                "crm.deals", deal_id=deal, account_id=account, name=deal, status="won", amount=amount, currency=currency,
                created_at=self.at(sold_on), closed_at=self.at(won_on), owner_id=f"seller of {self.system}",
            )  # fmt: skip
        issued_on = sold_on + days(pick((0, 3, 60)))
        invoice = {"customer_id": f"C{name.split('.')[0]}", "currency": currency, "status": "issued", "tax_amount": 0.0}
        self.add(
            "billing.invoices", invoice_id=f"I{name}", document_kind="invoice", issued_on=issued_on, due_on=issued_on,
            net_amount=amount, gross_amount=amount, deal_id=deal, **invoice,
        )  # fmt: skip
        paid_on, paid = issued_on + days(pick((0, 20, 70))), round(amount * pick((1, 0.5, 0.3)), 2)
        common = {"customer_id": invoice["customer_id"], "currency": currency}
        if pick((True, True, True, False)):
            self.add(
                "billing.payments", payment_id=f"P{name}", received_on=paid_on, amount=paid, status="received", **common
            )
            self.add(
                "billing.applications", application_id=f"X{name}", payment_id=f"P{name}", invoice_id=f"I{name}",
                applied_on=paid_on, amount=paid, payment_amount=paid,
            )  # fmt: skip
            if pick((True, False, False)):
                self.add(
                    "billing.adjustments", adjustment_id=f"R{name}", adjustment_kind=pick(("chargeback", "reversal")),
                    payment_id=f"P{name}", invoice_id=f"I{name}", occurred_on=paid_on + days(15), amount=paid, **common,
                )  # fmt: skip
        if paid < amount and pick((True, False)):
            self.add(
                "billing.adjustments", adjustment_id=f"W{name}", adjustment_kind="write_off", invoice_id=f"I{name}",
                occurred_on=paid_on + days(30), amount=round(amount - paid, 2), **common,
            )  # fmt: skip
        elif paid < amount:
            left = round((amount - paid) / 2, 2)
            self.add(
                "billing.invoices", invoice_id=f"N{name}", document_kind="credit_note", issued_on=issued_on + days(8),
                due_on=issued_on + days(8), net_amount=left, gross_amount=left, deal_id=None, **invoice,
            )  # fmt: skip
            self.add(
                "billing.applications", application_id=f"Y{name}", credit_note_id=f"N{name}", invoice_id=f"I{name}",
                applied_on=issued_on + days(8), amount=left, payment_amount=left,
            )  # fmt: skip

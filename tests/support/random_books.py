"""Companies drawn at random whose billing exports say things that a person would not think of together.

Nothing here tells a story: documents, money, applications and adjustments name each other as they are drawn, on few days
and in few amounts, so that much falls on one day and much is one sum. A company has one or two billing systems with ids of
their own, and one or two currencies that nobody else has; the first of a build keeps its books in the default currency, and leaves it out as often as not.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.chance import chance
from tests.support.oracle import days

AS_OF = date(2025, 3, 1)
# What a row without a currency is in.
DEFAULT = "EUR"
FIRST = date(2024, 10, 1)
Row = dict[str, Any]
AMOUNTS = tuple(Decimal(text) for text in ("100", "60", "40", "30", "10", "33.33", "0.01", "250"))
# What a company may have that its books are hard to tell by. The last ones the plain ledger of one currency has not.
FEATURES = (
    "two systems", "two currencies", "applications", "some applications", "notes applied", "settled", "balances", "voids",
    "notes", "money back", "write-offs", "openings", "instalments", "other number", "two exports", "odd signs", "late rates",
)  # fmt: skip
STRANGE = ("nobody", "deleted", "other currency", "blanks")


class RandomBooks:
    """One company: `rows` by entity, each with its system."""

    def __init__(self, seed: int, place: int) -> None:
        """Draws it; its currencies are those of its place among the companies of a build."""
        self.random, self.name = chance(seed), f"f{seed:05}"
        has = self.random.random
        self.features = {name for name in FEATURES if has() < 0.5} | {name for name in STRANGE if has() < 0.07}
        self.currencies = [f"Q{chr(65 + place // 13)}{chr(65 + place % 13 * 2 + more)}" for more in (0, 1)]
        if place == 0:
            self.currencies[0] = DEFAULT
        if "two currencies" not in self.features:
            self.currencies = self.currencies[:1]
        self.systems = [f"{self.name}a", f"{self.name}b"] if "two systems" in self.features else [f"{self.name}a"]
        # Few days, close together: what counts for how long after what is tried.
        begins = [FIRST + days(self.random.randrange((AS_OF - FIRST).days + 10)) for _ in range(3)]
        self.calendar = [begin + days(after) for begin in begins for after in (0, 1, 2, self.random.randrange(3, 9))]
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.rows["crm.accounts"].append(
            {"_system": self.systems[0], "account_id": "K", "name": f"{self.name} of many"}
        )
        for system in self.systems:
            self._books(system)
        for number, currency in enumerate(self.currencies):
            self._rates(currency, number)
        if place == 0:
            self._leaves_out()

    def __repr__(self) -> str:
        """Its name: a whole build is told when a test fails."""
        return self.name

    def _leaves_out(self) -> None:
        """Rows of the default currency do not say so; an adjustment only where what it names is in it."""
        is_left_out = chance(f"{self.name} currency").random
        said = {
            (row["_system"], row[key]): row.get("currency")
            for entity, key in (("invoices", "invoice_id"), ("payments", "payment_id"))
            for row in self.rows[f"billing.{entity}"]
        }
        for entity in ("invoices", "payments", "adjustments"):
            for row in self.rows[f"billing.{entity}"]:
                named = {said.get((row["_system"], row.get(key)), DEFAULT) for key in ("invoice_id", "payment_id")}
                if row.get("currency") == DEFAULT and named == {DEFAULT} and is_left_out() < 0.5:
                    row["currency"] = None
        for row in self.rows["billing.opening_balances"]:
            row["currency"] = row["currency"] if row["currency"] != DEFAULT else None

    def rate(self, currency: str, on: date) -> Decimal | None:
        """Base units for one of a currency of its own: the last quote of the day or the 31 days before."""
        quotes = [(row["rate_date"], row["rate"]) for row in self.rows["plan.fx_rates"] if row["currency"] == currency]
        known = [(quote, rate) for quote, rate in quotes if quote <= on <= quote + days(31)]
        return max(known)[1] if known else None

    def told(self) -> str:
        """What a person needs to replay it."""
        lines = [f"{entity}: {row}" for entity, rows in self.rows.items() for row in rows]
        return "\n".join([f"{self.name}: {', '.join(sorted(self.features))}", *lines])

    def _has(self, *features: str) -> bool:
        return bool(self.features & set(features))

    def _maybe(self, chance: float, *features: str) -> bool:
        """Whether something that a feature brings is drawn here."""
        return self._has(*features) and self.random.random() < chance

    def _day(self) -> date:
        return self.random.choice(self.calendar)

    def _amount(self) -> Decimal:
        return self.random.choice(AMOUNTS)

    def _add(self, entity: str, system: str, **row: Any) -> Row:
        self.rows[f"billing.{entity}"].append({"_system": system} | row)
        return row

    def _books(self, system: str) -> None:
        pick = self.random.choice
        for customer in ("C0", "C1", "C8", "C9"):
            # Under 8 and 9, and in the second system under 0, an account has numbers beside its first.
            is_one = customer in ("C0", "C8") or (customer == "C9" and self._has("other number"))
            linked = is_one and (system == self.systems[0] or self._has("other number"))
            if linked and system != self.systems[0]:
                self.rows["lists.account_links"].append(
                    {"system": system, "kind": "billing_customer", "native_id": customer, "decision": "link",
                     "account_id": f"{self.systems[0]}:K"}
                )  # fmt: skip
            self._add(
                "customers", system, customer_id=customer, name=f"{system} {customer}",
                payment_terms_days=pick((None, 0, 14, 30)), account_id="K" if linked and system == self.systems[0] else None,
            )  # fmt: skip
        owing = ["C0", "C1"] + (["C9"] if self._maybe(0.3, "other number") else [])
        paying = owing + (["C8"] if self._has("other number") else [])
        debts = [self._document(system, number, pick(owing)) for number in range(self.random.randint(1, 5))]
        notes = [
            self._document(system, number, pick(paying), "credit_note")
            for number in range(self.random.randint(1, 2) if self._has("notes", "notes applied") else 0)
        ]
        money = [self._payment(system, number, pick(paying)) for number in range(self.random.randint(0, 5))]
        if self._maybe(0.6, "openings"):
            for _ in range(pick((1, 1, 2))):
                self._add(
                    "opening_balances", system, customer_id=pick(owing), currency=pick(self.currencies), as_of=self._day(),
                    amount=self._amount(), due_on=pick((None, self._day())),
                )  # fmt: skip
        unique = {(row["_system"], row["customer_id"], row["currency"], row["as_of"]): row
                  for row in self.rows["billing.opening_balances"]}  # fmt: skip
        self.rows["billing.opening_balances"] = list(unique.values())
        self._applications(system, debts, notes, money)
        self._adjustments(system, debts, notes, money, paying)

    def _document(self, system: str, number: int, customer: str, kind: str = "") -> Row:
        pick, maybe = self.random.choice, self._maybe
        is_note = kind == "credit_note"
        issued, gross = self._day(), self._amount()
        kind = kind or pick(("invoice",) * 8 + ("debit_note", "prepayment"))
        if maybe(0.15, "odd signs"):
            gross = pick((-gross, Decimal(0))) if not is_note else -gross
        status = "void" if maybe(0.35, "voids") else "draft" if maybe(0.1, "odd signs") else "issued"
        known: Row = {}
        if maybe(0.7, "balances"):
            size = abs(gross)
            left = pick((Decimal(0), size, (size / 2).quantize(Decimal("0.01")), size / 4 + 1, size + 1))
            known = {"reported_balance": left, "_known_at": f"{self._day() + days(pick((0, 5, 40)))}T12:00:00Z"}
        row = {
            "invoice_id": f"{'N' if is_note else 'I'}{number}", "document_kind": kind, "customer_id": customer,
            "currency": pick(self.currencies), "issued_on": issued, "net_amount": gross, "gross_amount": gross,
            "due_on": None if maybe(0.3, "instalments") else issued + days(pick((0, 10, 30, 60))), "status": status,
            "voided_on": pick((self._day(), issued, issued + days(9), None)) if status == "void" else None,
            "settled_on": pick((self._day(), issued + days(12))) if maybe(0.5, "settled") else None, "is_disputed": False,
        } | known  # fmt: skip
        if maybe(0.1, "blanks"):
            row[pick(("gross_amount", "issued_on", "customer_id"))] = None
        if maybe(0.1, "nobody"):
            row["customer_id"] = None
        self._add("invoices", system, **row)
        if maybe(0.3, "two exports"):
            changed = {"gross_amount": gross * 2, "net_amount": gross * 2, "due_on": issued + days(5)}
            self._add("invoices", system, **(row | changed | _second(known)))
        if maybe(0.3, "deleted"):
            at = max(issued, FIRST) + days(pick((1, 20, 60)))
            self._add("invoices", system, invoice_id=row["invoice_id"], _deleted=True, _known_at=f"{at}T12:00:00Z",
                      _loaded_at="2026-04-01T00:00:00Z", _file_sha256="d" * 64)  # fmt: skip
        if maybe(0.5, "instalments") and not is_note:
            for part, amount in enumerate((gross / 2, gross - gross / 2), start=1):
                self._add("instalments", system, invoice_id=row["invoice_id"], number=part, amount=amount,
                          due_on=pick((issued, issued + days(15), issued + days(45), None)))  # fmt: skip
        return row

    def _payment(self, system: str, number: int, customer: str) -> Row:
        pick, maybe = self.random.choice, self._maybe
        amount = self._amount()
        if maybe(0.2, "odd signs"):
            amount = pick((-amount, Decimal(0)))
        row: Row = {
            "payment_id": f"P{number}", "customer_id": None if maybe(0.3, "nobody") else customer,
            "currency": pick(self.currencies), "received_on": self._day(), "amount": amount,
            "status": "failed" if maybe(0.15, "odd signs") else "received",
        }  # fmt: skip
        if maybe(0.1, "blanks"):
            row[pick(("amount", "received_on"))] = None
        self._add("payments", system, **row)
        if maybe(0.3, "two exports"):
            self._add("payments", system, **(row | {"received_on": self._day()} | _second({})))
        return row

    def _applications(self, system: str, debts: list[Row], notes: list[Row], money: list[Row]) -> None:
        pick = self.random.choice
        # Some customers' payments are applied, others' not.
        whose = {"C0", "C1", "C8", "C9"} if self._has("applications") else {pick(("C0", "C1", "C8"))}
        sources = [
            row for row in money if self._has("applications", "some applications") and row["customer_id"] in whose
        ]
        sources += notes if self._has("notes applied") else []
        for number in range(len(sources) * 2):
            source = pick(sources)
            fitting = [row for row in debts if row["currency"] == source["currency"] or self._has("other currency")]
            fitting = [row for row in fitting if row["customer_id"] == source["customer_id"]] or fitting
            if not fitting:
                continue
            debt = pick(fitting)
            is_other = debt["currency"] != source["currency"]
            self._add(
                "applications", system, application_id=f"A{number}", payment_id=source.get("payment_id"),
                credit_note_id=source.get("invoice_id"), invoice_id=debt["invoice_id"],
                applied_on=pick((None, self._day(), self._day())), amount=self._amount(),
                payment_amount=pick((None, self._amount())) if is_other else None,
            )  # fmt: skip
        # A payment used a credit note, its export does not say for which of its lines.
        has = chance(f"{system} used")
        for number in range(2 if self._has("notes applied") and notes and money and has.random() < 0.6 else 0):
            payment, note = has.choice(money), has.choice(notes)
            if payment["currency"] != note["currency"]:
                self.features.add("other currency")
            self._add(
                "applications", system, application_id=f"A{has.randrange(20)}/{number}", invoice_id=None, applied_on=None,
                payment_id=payment["payment_id"], credit_note_id=note["invoice_id"], amount=has.choice(AMOUNTS),
                payment_amount=None,
            )  # fmt: skip

    def _adjustments(
        self, system: str, debts: list[Row], notes: list[Row], money: list[Row], paying: list[str]
    ) -> None:
        pick = self.random.choice
        kinds = ["refund", "chargeback", "reversal"] * self._has("money back") + ["write_off"] * 2 * self._has(
            "write-offs"
        )
        for number in range(self.random.randint(1, 5) if kinds else 0):
            kind = pick(kinds)
            payment, debt = (pick((None, *rows)) if rows else None for rows in (money, debts))
            debt = pick(notes) if notes and kind != "write_off" and self.random.random() < 0.1 else debt
            payment = None if kind == "write_off" else payment
            if payment and debt and debt["currency"] != payment["currency"] and not self._has("other currency"):
                debt = None
            named = payment or debt or {"customer_id": pick(paying), "currency": pick(self.currencies)}
            currency = pick(self.currencies) if self._maybe(0.5, "other currency") else named["currency"]
            self._add(
                "adjustments", system, adjustment_id=f"J{self.random.randrange(90)}-{number}", adjustment_kind=kind,
                customer_id=named["customer_id"], currency=currency, amount=self._amount(), occurred_on=self._day(),
                payment_id=payment and payment["payment_id"], invoice_id=debt and debt["invoice_id"],
            )  # fmt: skip

    def _rates(self, currency: str, place: int) -> None:
        """Quotes of a currency: each fortnight, or with gaps, or late, or none."""
        quotes = [FIRST - days(10) + days(14 * number) for number in range(12)]
        if self._has("late rates"):
            quotes = [quote for quote in quotes if self.random.random() < 0.4]
        for quote in quotes if self.random.random() < 0.8 else []:
            self.rows["plan.fx_rates"].append(
                {"currency": currency, "rate_date": quote, "rate": Decimal(self.random.choice((50, 80, 125))) / 100}
            )


def _second(known: Row) -> Row:
    """What of a row says that a later export has it."""
    at = known.get("_known_at", "2026-02-01T00:00:00Z")
    return {"_known_at": at, "_loaded_at": "2026-02-01T00:00:00Z", "_file_sha256": "b" * 64}

"""What is asked for and expected of what is owed, in plain Python: from a company's books and its rows.

The ledger is the proof's (`tests.support.books`). Reminders, promises and forecasts of single invoices are taken from the
tables below reporting, which tests of their own hold.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any

from pipelines.verification.documents import Debt, named
from pipelines.verification.receivables import bucket
from tests.support.books import ZERO, Rows, known
from tests.support.dealings import Dealings, Row
from tests.support.oracle import days, months_before

WEEK = timedelta(days=7)


class Claims(Dealings):
    """A company's reminders and forecasts, and what reports make of them."""

    def unrated(self, parts: Any, day: date) -> int:
        """How many currencies of amounts have no rate on a day."""
        return len({currency for currency, amount in parts if amount and self.company.rates.on(currency, day) is None})

    def open_invoices(self) -> Rows:
        """Open invoice and the day on which a part of it is due: whether nobody knows what it is worth."""
        return {
            (self.shown(debt), due): {"missing_rate_count": self.unrated([(debt.currency, part)], self.day)}
            for debt in self.company.books.debts.values()
            for due, part in debt.parts_on(self.day)
            if part > 0
        }

    @staticmethod
    def shown(debt: Debt) -> str:
        """The name under which a debt is published."""
        if not debt.id.startswith("opening "):
            return debt.id
        system, native = debt.customer.split(":", 1)
        return f"{system}:opening:{native}:{debt.currency}:{debt.issued}"

    def missed_calls(self) -> Rows:
        """Missed case: currencies in which its account is overdue and that have no rate."""
        late: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
        for (account, currency), row in self.company.balances(self.day).items():
            late[account].append((currency, row["overdue_amount"]))
        return {
            (row["case_id"],): {"missing_rate_count": self.unrated(late[row["account_id"]], self.day)}
            for row in self.rows("fct_missed_calls")
        }

    def roll_rates(self) -> Rows:
        """Month, segment and bucket: currencies with something open in it that have no rate."""
        segments = {row["account_id"]: row["segment"] or "not_known" for row in self.rows("dim_accounts")}
        found: dict[tuple[Any, ...], list[tuple[str, Decimal]]] = defaultdict(list)
        for day in self.company.days:
            for debt in self.company.books.debts.values():
                segment = segments.get(self.company.books.account(debt.customer), "not_known")
                for due, part in debt.parts_on(day):
                    key = day, segment, bucket((day - due).days)
                    found[key].append((debt.currency, part))
        return {key: {"missing_rate_count": self.unrated(parts, key[0])} for key, parts in found.items()}

    def reminded(self) -> list[tuple[Row, Debt, date]]:
        """Each reminder with each debt that it asked for: the one that it names, or all that the customer had overdue."""
        books, found = self.company.books, []
        for row in self.company.raw.rows("billing.dunning_events"):
            if row["sent_at"] is None:
                continue
            on = self.company.raw.day(row["sent_at"])
            customer, debts = named(row["_system"], row["customer_id"]), []
            if row["invoice_id"]:
                debts = [books.debts.get(named(row["_system"], row["invoice_id"]))]
            elif row["customer_id"]:
                debts = [
                    debt for debt in books.debts.values()
                    if debt.customer == customer and any(part > 0 and due < on for due, part in debt.parts_on(on))
                ]  # fmt: skip
            found += [(row, debt, on) for debt in debts if debt]
        return sorted(found, key=lambda each: (each[0]["sent_at"], named(each[0]["_system"], each[0]["dunning_id"])))

    def is_promised(self, debt: Debt, on: date) -> bool:
        """Whether a promise about a debt was in force on a day."""
        return any(
            row["made_on"] is not None and row["made_on"] <= on <= (row["closed_on"] or row["kept_by"] or date.max)
            and (
                row["invoice_id"] == debt.id
                or (row["invoice_id"] is None and (row["customer_id"], row["currency"]) == (debt.customer, debt.currency))
            )
            for row in self.rows("fct_promises")
        )  # fmt: skip

    def dunning(self) -> Rows:
        """Step, channel and window: reminders that count, what was open then, what came of it (R26)."""
        lengths = {self.parameter(f"dunning_window_{name}") for name in ("short", "middle", "long")}
        cash: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for row in self.rows("fct_receivable_events"):
            if row["event_type"] in ("payment", "refund", "chargeback", "reversal"):
                cash[row["invoice_id"]].append((row["event_date"], -row["amount"]))
        names = ("steps", "steps_left_out", "missing_rate_count", "open_at_step", "cash_after", "squares")
        sums: Rows = defaultdict(lambda: dict.fromkeys(names, ZERO))
        before: dict[str, date] = {}
        numbers: dict[str, int] = defaultdict(int)
        for row, debt, on in self.reminded():
            previous, before[debt.id] = before.get(debt.id), on
            numbers[debt.id] += 1
            owed = sum((part for _, part in debt.parts_on(on)), ZERO)
            if owed <= 0:
                continue
            worth = self.company.in_base(owed, debt.currency, on)
            for length in lengths:
                own = sums[row["level"] or numbers[debt.id], row["channel"], length]
                is_alone = previous is None or (on - previous).days > length
                if on + days(length) > self.day or not is_alone or self.is_promised(debt, on):
                    own["steps_left_out"] += 1
                elif worth is None:
                    own["missing_rate_count"] += 1
                else:
                    came = sum(
                        (amount for day, amount in cash[self.shown(debt)] if on < day <= on + days(length)), ZERO
                    )
                    own["steps"] += 1
                    own["open_at_step"] += worth
                    own["cash_after"] += min(max(came, ZERO), owed) * worth / owed
                    own["squares"] += worth * worth
        found: Rows = {}
        for key, own in sums.items():
            # Kish: the squared sum over the sum of the squares.
            effective = own["open_at_step"] ** 2 / own["squares"] if own["squares"] else None
            money = {
                name: own[name] or (None if own["missing_rate_count"] else ZERO)
                for name in ("open_at_step", "cash_after")
            }
            found[key] = own | money | {"effective_steps": effective}
        return found

    def expected(self, keys: tuple[str, ...]) -> Rows:
        """What is promised, and the band around what is expected, of the parts of invoices that are paid in a week (R30).

        A part of what no promise covers comes in the week or it does not: the variance of that, as if all were alone.
        """
        items: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        rows = self.rows("rpt_cash_expectations", "reporting")
        for row in rows:
            items[row["invoice_id"], row["instalment_number"]] += row["promised_amount"]
        sums: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(lambda: defaultdict(Decimal))
        for row in rows:
            if row["outcome"] == "paid":
                own = sums[tuple(row[name] for name in keys)]
                unpromised = row["open_amount"] - items[row["invoice_id"], row["instalment_number"]]
                rest = row["expected_amount"] - row["promised_amount"]
                own["promised"] += row["promised_amount"]
                own["expected"] += row["expected_amount"]
                own["open"] += row["open_amount"]
                own["variance"] += rest * (unpromised - rest)
        wide = self.company.parameter("forecast_band_deviations")
        found: Rows = {}
        for key, own in sums.items():
            apart = Decimal(wide * sqrt(own["variance"]))
            low, high = own["expected"] - apart, own["expected"] + apart
            found[key] = {
                "promised_amount": own["promised"], "low": max(low, own["promised"]), "high": min(high, own["open"]),
            }  # fmt: skip
        return found

    def forecast(self) -> Rows:
        """Week, account and currency."""
        return self.expected(("week_start", "account_id", "currency"))

    def forecast_weeks(self) -> Rows:
        """Week and currency."""
        return self.expected(("week_start", "currency"))

    def backtest(self) -> Rows:
        """Origin and method: what was open then and still is, which weeks are over, and what was paid in them (R30)."""
        books, found = self.company.books, {}
        cash: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for row in self.rows("fct_receivable_events"):
            if row["event_type"] == "payment":
                cash[row["invoice_id"]][row["event_date"]] -= row["amount"]
        for origin in {row["origin"] for row in self.rows("dim_forecast_origins") if not row["is_as_of"]}:
            monday = origin + days(1) - days((origin + days(1)).weekday())
            over = sum(
                monday + WEEK * (week + 1) - days(1) <= self.day
                for week in range(self.parameter("forecast_horizon_weeks"))
            )
            owing = [debt for debt in books.debts.values() if any(part > 0 for _, part in debt.parts_on(origin))]
            still = 0
            paid: list[Decimal | None] = [ZERO] if over else []
            for debt in owing:
                then, least = dict(debt.parts_on(origin)), debt.open_on(origin)
                lowest = dict(then)
                for on in sorted({on for on, _ in debt.events if origin < on <= self.day}):
                    lowest = {due: min(part, lowest[due]) for due, part in debt.parts_on(on)}
                    # Of what is open again nothing counts twice: only what was never paid of it since.
                    fell = least - max(debt.open_on(on), ZERO)
                    if fell > 0:
                        least -= fell
                        off = sum(-amount for day, amount in debt.events if day == on and amount < 0)
                        share = min(cash[self.shown(debt)].get(on, ZERO) / off, Decimal(1)) if off else ZERO
                        if on < monday + WEEK * over:
                            paid.append(self.company.in_base(fell * share, debt.currency, origin))
                still += sum(part > 0 and lowest[due] > 0 for due, part in then.items())
            unrated = self.unrated([(debt.currency, 1) for debt in owing], origin)
            for method in ("payment_behaviour", "due_date", "mean_lag"):
                found[origin, method] = {
                    "invoices_still_open": still, "weeks": over, "missing_rate_count": unrated if over else 0,
                    "paid_amount": known(paid) if over else None,
                }  # fmt: skip
        return {
            key: row
            for key, row in found.items()
            if key in self.read_keys("rpt_forecast_backtest", ("origin", "method"))
        }

    def read_keys(self, table: str, key: tuple[str, ...]) -> set[tuple[Any, ...]]:
        """The rows that a report has."""
        return {tuple(row[name] for name in key) for row in self.rows(table, "reporting")}

    def earned(self, account: str, upto: date) -> tuple[Decimal | None, int]:
        """Net revenue of the 12 months up to a day, and how many documents of it have no rate (V1)."""
        begins = months_before(upto, 12)
        parts = [worth for on, worth in self.invoiced[account] if begins < on <= upto]
        return known(parts), sum(part is None for part in parts)

    @property
    def invoiced(self) -> dict[str, list[tuple[date, Decimal | None]]]:
        """Account -> the documents that count as revenue, each at the rate of its day; less than nothing for credit notes."""
        if not hasattr(self, "_invoiced"):
            self._invoiced = defaultdict(list, {account: self.counted(account, date.max) for account in self.documents})
        return self._invoiced

    def counted(self, account: str, upto: date) -> list[tuple[date, Decimal | None]]:
        """An account's documents that counted on a day: one that was made void later still did."""
        return [
            (on, worth)
            for on, until, worth in self.documents[account]
            if on <= upto and (until is None or upto < until)
        ]

    @property
    def documents(self) -> dict[str, list[tuple[date, date | None, Decimal | None]]]:
        """Account -> day of issue, day on which it was made void, and worth of each document that ever counted."""
        if not hasattr(self, "_documents"):
            found: dict[str, list[tuple[date, date | None, Decimal | None]]] = defaultdict(list)
            for row in self.rows("fct_invoices"):
                net, kind, on, until = row["net_amount"], row["document_kind"], row["issued_on"], row["voided_on"]
                if row["is_draft"] or kind in ("prepayment", "opening") or not net or on is None:
                    continue
                if row["is_void"] and (until is None or until <= on):
                    continue
                net = -abs(net) if kind == "credit_note" else net
                worth = self.company.in_base(net, row["currency"], on)
                found[row["account_id"]].append((on, until if row["is_void"] else None, worth))
            self._documents = found
        return self._documents

"""A company's books in plain Python, from its raw rows and the definitions, to be held against what is published of it.

The ledger is the proof's (`pipelines.verification`), on every month's end instead of the run's day alone. Whose record it is
is taken from the publication, as the proof does; rows of nobody are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from pipelines.verification import receivables
from pipelines.verification.documents import account_names, customers_named, named, read_books, status_of
from pipelines.verification.rates import Rates
from pipelines.verification.rows import Raw
from pipelines.verification.settlement import PLACES, Settlement
from tests.support.oracle import month_end, month_number, months

ZERO = Decimal(0)
Row = dict[str, Any]
Rows = dict[tuple[Any, ...], Row]
# What a CRM calls a task that is done.
DONE = {"completed", "done", "closed"}


def known(parts: Iterable[Decimal | None]) -> Decimal | None:
    """A sum of what is known; None where nothing of it is."""
    found = list(parts)
    total = sum((part for part in found if part is not None), ZERO)
    return total if total or None not in found else None


class Company:
    """What the rows of a publication's raw store come to."""

    def __init__(self, raw: Path | Raw, publication: duckdb.DuckDBPyConnection) -> None:
        """Reads them and replays the ledger; `raw` is the folder, or its rows where no receipts tell which they are."""
        publication.execute("set timezone = 'UTC'")
        self.raw = Raw.of(raw, publication) if isinstance(raw, Path) else raw
        self.day, self.base = self.raw.run.as_of, self.raw.run.base_currency
        self.rates = Rates(self.raw)
        self.books = read_books(self.raw, account_names(publication), customers_named(publication))
        Settlement(self.raw, self.books, self.rates)
        found = publication.execute(
            "select system, native_id, account_id from reporting.rpt_account_identities where kind = 'crm_account'"
        ).fetchall()
        self.accounts = {named(system, native): account for system, native, account in found}
        self.invoices = {
            named(row["_system"], row["invoice_id"]): row
            for row in self.raw.rows("billing.invoices", keep_vanished=True)
        }

    def parameter(self, name: str) -> float:
        """What the run counted with."""
        return self.raw.parameters[name]

    def in_base(self, amount: Decimal, currency: str, day: date) -> Decimal | None:
        """Money at the rate of a day; None without one."""
        rate = self.rates.on(currency, day)
        return ZERO if not amount else None if rate is None else amount * rate

    def account(self, row: Row) -> str | None:
        """Whose row of a CRM it is."""
        return self.accounts.get(named(row["_system"], row["account_id"])) if row["account_id"] else None

    @cached_property
    def days(self) -> list[date]:
        """The ends of all months since the first debt, and the run's day."""
        first = min(debt.issued for debt in self.books.debts.values())
        return [min(month_end(month), self.day) for month in months(first, self.day)]

    def disputed(self, invoice: str, day: date) -> bool:
        """Whether a document is in dispute on a day (R36)."""
        row = self.invoices.get(invoice)
        if row is None or not (row["is_disputed"] or row["disputed_on"]):
            return False
        begun, over = row["disputed_on"] or row["issued_on"], row["dispute_resolved_on"]
        return bool(begun <= day and (over is None or day < over))

    def balances(self, day: date) -> Rows:
        """Account and currency: what it owes at a day's end, and what that is worth (R1 to R5, R36)."""
        found: Rows = defaultdict(lambda: dict.fromkeys(("open_amount", "overdue_amount", "unapplied_amount"), ZERO))
        for name, cells in receivables.balances(self.books, day).items():
            for key, amount in cells.items():
                found[key][name] = amount or ZERO
        for debt in self.books.debts.values():
            key = self.books.account(debt.customer), debt.currency
            if key in found and self.disputed(debt.id, day):
                part = sum((part for _, part in debt.parts_on(day)), ZERO)
                found[key]["disputed_amount"] = found[key].get("disputed_amount", ZERO) + part
        for (_, currency), row in found.items():
            row["disputed_amount"] = row.get("disputed_amount", ZERO)
            for name in ("open_amount", "overdue_amount", "unapplied_amount"):
                row[f"{name}_base"] = self.in_base(row[name], currency, day)
        return dict(found)

    def of_accounts(self, day: date, column: str) -> dict[str, Decimal | None]:
        """A balance of each account in the base currency."""
        parts: dict[str, list[Decimal | None]] = defaultdict(list)
        for (account, _), row in self.balances(day).items():
            parts[account].append(row[f"{column}_base"])
        return {account: known(found) for account, found in parts.items()}

    def aging(self) -> Rows:
        """`rpt_receivable_aging` on the ends of months."""
        return {(day, *key): row for day in self.days for key, row in self.balances(day).items()}

    def won(self) -> Iterator[tuple[str, date, Row]]:
        """Deals that were won, each with its account and the day on which it was (P6)."""
        for row in self.raw.rows("crm.deals"):
            planned = row["expected_close_on"]
            day = self.raw.day(row["closed_at"]) if row["closed_at"] else planned
            account = self.account(row)
            if row["status"] == "won" and account and day and day <= self.day:
                yield account, day, row

    def monthly(self) -> Rows:
        """Account and month: balances at its end, cash in it, deals won in it."""
        parts: dict[tuple[str, date], dict[str, list[Decimal | None]]] = defaultdict(lambda: defaultdict(list))
        for day in self.days:
            for column in ("open_amount", "overdue_amount"):
                for account, amount in self.of_accounts(day, column).items():
                    parts[account, day.replace(day=1)][f"{column}_end"].append(amount)
        for customer, currency, on, amount in self.books.cash:
            if on <= self.day:
                own = parts[self.books.account(customer), on.replace(day=1)]
                own["collected"].append(self.in_base(amount, currency, on))
        for account, on, row in self.won():
            own, amount = parts[account, on.replace(day=1)], row["amount"]
            currency = row["currency"] or self.raw.run.default_currency
            own["won_amount"].append(None if amount is None else self.in_base(amount, currency, on))
            own["won_deals"].append(Decimal(1))
            own["missing_amount_count"].append(Decimal(amount is None))
        return {key: {name: known(found) for name, found in row.items()} for key, row in parts.items()}

    def worklist(self) -> Rows:
        """Account: what of it is overdue on the run's day (R26)."""
        found: dict[tuple[str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        # By account, currency and column: what is late in a currency is converted whole, and then rounded.
        sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for debt in self.books.debts.values():
            late = [(due, part) for due, part in debt.parts_on(self.day) if part > 0 and due < self.day]
            if not late:
                continue
            own = found[(self.books.account(debt.customer),)]
            own["overdue_invoices"].append(1)
            own["oldest_days_overdue"] += [(self.day - due).days for due, _ in late]
            column = "disputed_amount" if self.disputed(debt.id, self.day) else "collectible_amount"
            sums[self.books.account(debt.customer), debt.currency, column] += sum((part for _, part in late), ZERO)
        for (account, currency, column), amount in sums.items():
            worth = self.in_base(amount, currency, self.day)
            found[(account,)][column].append(None if worth is None else worth.quantize(PLACES, ROUND_HALF_UP))
        return {
            key: {
                "overdue_invoices": len(row["overdue_invoices"]),
                "oldest_days_overdue": max(row["oldest_days_overdue"]),
            } | {name: known(row[name]) for name in ("collectible_amount", "disputed_amount")}
            for key, row in found.items()
        }  # fmt: skip

    def cards(self) -> Rows:
        """Account: what its card says of money and of tasks on the run's day (B9, A12)."""
        found: Rows = defaultdict(dict)
        for account, amount in self.of_accounts(self.day, "unapplied_amount").items():
            found[(account,)]["unapplied_amount"] = amount
        for (account,), row in self.last_invoices().items():
            found[(account,)] |= row
        for task in self.raw.rows("crm.activities"):
            account, due = self.account(task), task["due_at"] or task["occurred_at"]
            is_done = task["completed_at"] or (task["outcome"] or "").lower() in DONE
            if account and task["activity_type"] == "task" and not is_done:
                own = found[(account,)]
                own["open_tasks"] = own.get("open_tasks", 0) + 1
                is_late = bool(due) and self.raw.day(due) < self.day
                own["overdue_tasks"] = own.get("overdue_tasks", 0) + is_late
        return dict(found)

    def last_invoices(self) -> Rows:
        """Account: the amount of the last document that asks for money."""
        last: dict[str, tuple[date, str, Decimal | None]] = {}
        for name, row in self.invoices.items():
            kind = row["document_kind"] or "invoice"
            is_gone = status_of(row) in ("void", "draft") or row["vanished_on"]
            if is_gone or row["issued_on"] is None or kind == "credit_note":
                continue
            account = self.books.account(named(row["_system"], row["customer_id"]))
            mine = (row["issued_on"], row["number"] or name, row["gross_amount"])
            last[account] = max(last.get(account, mine), mine, key=lambda found: found[:2])
        return {(account,): {"last_invoice_amount": amount} for account, (_, _, amount) in last.items()}

    def documents(self) -> Rows:
        """Document: its amount and the terms that it sets."""
        return {
            (named(row["_system"], row["document_id"]),): {
                "amount": row["amount"], "payment_terms_days": row["payment_terms_days"],
            }
            for row in self.raw.rows("crm.documents")
        }  # fmt: skip

    def deals(self) -> Rows:
        """Deal that was won: what it is worth in its own currency (P6)."""
        return {(named(row["_system"], row["deal_id"]),): {"won_amount": row["amount"]} for _, _, row in self.won()}

    def items(self) -> Rows:
        """Open invoice, day on which a part of it is due: what that part was to be."""
        found: Rows = {}
        for debt in self.books.debts.values():
            if debt.open_on(self.day) > 0:
                for due, amount in debt.parts:
                    found[debt.id, due] = {"instalment_amount": amount}
        return found

    def acquisition(self) -> Rows:
        """Month: what channels and serving cost in the twelve months up to it, and who bought for the first time (V16)."""
        costs: dict[str, dict[int, list[Decimal | None]]] = {
            name: defaultdict(list) for name in ("acquisition_cost", "serving_cost")
        }
        for name, entity, on in (
            ("acquisition_cost", "calls.channel_costs", "spent_on"), ("serving_cost", "plan.costs", "month"),
        ):  # fmt: skip
            for row in self.raw.rows(entity):
                if row["amount"] is not None if name == "acquisition_cost" else row["account_id"]:
                    day = row[on] if on == "spent_on" else min(month_end(row[on]), self.day)
                    worth = self.in_base(row["amount"], row["currency"] or self.raw.run.default_currency, day)
                    costs[name][month_number(day)].append(worth)
        firsts: dict[str, date] = {}
        for name, row in self.invoices.items():
            kind = row["document_kind"] or "invoice"
            is_gone = status_of(row) in ("void", "draft") or row["vanished_on"]
            if row["issued_on"] and not is_gone and kind != "prepayment":
                account = self.books.account(self.books.named[name][0])
                firsts[account] = min(firsts.get(account, row["issued_on"]), row["issued_on"])
        # Who bought in the first month of all may have bought before; who owed when the books began had.
        begun = month_number(min(firsts.values()))
        for debt in self.books.debts.values():
            account = self.books.account(debt.customer)
            if debt.id.startswith("opening ") and month_number(debt.issued) <= month_number(
                firsts.get(account, date.min)
            ):
                del firsts[account]
        found: Rows = {}
        for day in self.days:
            window = range(month_number(day) - 11, month_number(day) + 1)
            own: Row = {
                "new_accounts": sum(
                    month_number(first) in window and month_number(first) > begun for first in firsts.values()
                )
            }
            for name, spent in costs.items():
                is_told = all(spent.get(month) for month in window)
                own[name] = known(part for month in window for part in spent[month]) if is_told else None
            found[(day.replace(day=1),)] = own
        return found


def differences(found: Mapping[Any, Row], expected: Mapping[Any, Row]) -> list[str]:
    """Cells that differ; what one side lacks is nothing."""
    wrong = []
    for key in sorted(found.keys() | expected.keys(), key=str):
        said, own = found.get(key, {}), expected.get(key, {})
        for column in next(iter(found.values())):
            one, other = (row.get(column, 0) for row in (said, own))
            one = 0 if one is None and column not in own else one
            if (one is None) != (other is None) or (
                one is not None and abs(Decimal(one) - Decimal(other)) > Decimal("0.005")
            ):
                wrong.append(f"{key}: {column} is {one}, not {other}")
    return wrong

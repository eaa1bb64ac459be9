"""Net revenue: V1, by account and month, how many customers brought it, and what names none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

import duckdb

from pipelines.verification.compare import Figure, Key, nonzero, published
from pipelines.verification.documents import DOCUMENT, ZERO, is_nobody, named, status_of
from pipelines.verification.rates import Rates
from pipelines.verification.rows import Raw
from pipelines.verification.shares import parts


def figures(
    raw: Raw, publication: duckdb.DuckDBPyConnection, accounts: Mapping[str, str], rates: Rates
) -> Iterator[Figure]:
    """Documents net of tax less credit notes, each at the rate of its day; what is void counts in no month.

    `accounts` says whose account a customer's is.
    """
    found: dict[Key, Decimal] = defaultdict(Decimal)
    of_nobody: dict[Key, Decimal] = defaultdict(Decimal)
    for part in parts(raw, "billing.invoices", ("_system", "invoice_id")):
        for (customer, month), amount in _revenue(part, rates).items():
            found[month, accounts.get(customer, customer)] += amount
            if is_nobody(customer):
                of_nobody[(month,)] += amount
    keys = ("month", "account_id")
    said = published(publication, "rpt_account_monthly", keys, ["net_revenue"])["net_revenue"]
    yield Figure(
        "revenue", "rpt_account_monthly", "net_revenue", keys, said, nonzero(found), raw.run.base_currency
    )  # fmt: skip
    # What names no customer is sold to nobody who could be counted.
    nobodys = {account for customer, account in accounts.items() if is_nobody(customer)}
    customers = Counter((month,) for (month, account), amount in found.items() if amount > 0 and account not in nobodys)
    measures: dict[str, tuple[Mapping[Key, Decimal | int], str]] = {
        "closing_accounts": (customers, ""), "unnamed_revenue": (of_nobody, raw.run.base_currency),
    }  # fmt: skip
    told = published(publication, "rpt_revenue_retention", ("month",), list(measures), "basis = 'invoiced'")
    for measure, (own, currency) in measures.items():
        yield Figure("revenue", "rpt_revenue_retention", measure, ("month",), told[measure], nonzero(own), currency)


def _revenue(raw: Raw, rates: Rates) -> Mapping[tuple[str, date], Decimal]:
    """By customer and month."""
    found: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for row in raw.rows("billing.invoices", True, DOCUMENT):
        kind, issued, net = row["document_kind"] or "invoice", row["issued_on"], row["net_amount"]
        if net is None and row["gross_amount"] is not None:
            net = row["gross_amount"] - (row["tax_amount"] or ZERO)
        is_void = status_of(row) == "void" or (row["vanished_on"] and row["_vanished_from"] == "full")
        if is_void or status_of(row) == "draft" or kind == "prepayment" or issued is None or net is None:
            continue
        rate = rates.on(row["currency"] or raw.run.default_currency, issued)
        if rate is not None:
            customer = named(row["_system"], row["customer_id"])
            found[customer, issued.replace(day=1)] += (-abs(net) if kind == "credit_note" else net) * rate
    return found

"""The billing system's exports as frames: customers, invoice lines, payments; and what it gives in templates."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.columns import blank_unless, cents, days, numbered, taken, times
from pipelines.sample.crm_files import product_codes
from pipelines.sample.invoices import monthly_product
from pipelines.sample.ledger import METHODS, REVERSAL
from pipelines.sample.noise import Ints
from pipelines.sample.scope import DAY
from pipelines.sample.spellings import (
    customer_addresses,
    customer_emails,
    customer_names,
    customer_phones,
    customer_tax_ids,
)
from pipelines.sample.world import World, billing_ids


def customers(world: World) -> pl.DataFrame:
    """Every company that is invoiced, as accounting wrote it down (spellings.py)."""
    parties, noise = world.parties, world.scope.noise
    place = customer_addresses(world)
    tax_ids, has_tax = customer_tax_ids(world)
    limit = parties.multiple.astype(np.int64) * 12_000 + 15_000
    shown = np.flatnonzero(parties.is_customer)
    frame = pl.DataFrame({
        "id": world.ids.customer,
        "name": customer_names(world),
        "email": customer_emails(world),
        "phone": customer_phones(world),
        "currency": taken(words.CURRENCIES, parties.currency),
        "terms": pl.Series(parties.terms),
        "terms_label": "Net " + pl.Series(parties.terms).cast(pl.String),
        "credit_limit": blank_unless(noise.chance("customer/limit", parties.count, 0.8), cents(limit * 100)),
        "tax_id": blank_unless(has_tax, tax_ids),
        "street": place["street"],
        "city": place["city"],
        "postal_code": place["postal_code"],
        "country": place["country"],
        "created": times(np.minimum(parties.created, world.scope.until_day * DAY)),
    })  # fmt: skip
    return frame[shown]


def invoice_status(world: World) -> Ints:
    """Position in STATUSES of every invoice on the last day."""
    invoices, balance = world.invoices, world.ledger.balance
    credited = np.zeros(invoices.count, bool)
    notes, others = world.ledger.credit_notes, world.ledger.adjustments
    whole_note = (notes.net + notes.tax) == np.where(notes.invoice >= 0, invoices.gross[notes.invoice], -1)
    credited[notes.invoice[whole_note]] = True
    credited[others.invoice[others.is_write_off]] = True
    status = np.where(balance <= 0, 2, np.where(invoices.due < world.scope.until_day, 3, 1))
    status = np.where((status == 1) & (balance < invoices.gross), 4, status)
    status = np.where((balance == 0) & credited, 5, status)
    return np.where(invoices.is_void, 6, np.where(invoices.is_draft, 0, status))


KINDS = ("write_off", "chargeback", "reversal", "refund")
STATUSES = ("Draft", "Sent", "Paid", "Overdue", "PartiallyPaid", "Closed", "Void")


def invoice_lines(world: World) -> pl.DataFrame:
    """One row per line, in the order of the invoices' numbers; what is the invoice's own repeats on each."""
    invoices, lines, parties = world.invoices, world.lines, world.parties
    # The k-th line of the file: the invoices by number, each with its lines.
    by_number = np.argsort(invoices.number)
    counts = invoices.lines[by_number]
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    line = np.repeat(invoices.first_line[by_number], counts) + offset
    of = lines.invoice[line]
    party, product = invoices.party[of], lines.product[line]
    permille = np.array([place.tax_permille for place in words.COUNTRIES])[parties.country[party]]
    euro = world.rates.on(invoices.issued[of])
    percent = (
        pl.Series(permille // 10).cast(pl.String)
        + pl.select(
            pl.when(pl.Series(permille % 10) > 0)
            .then("." + pl.Series(permille % 10).cast(pl.String))
            .otherwise(pl.lit(""))
        ).to_series()
    )
    disputed = invoices.disputed[of]
    return pl.DataFrame({
        "issued": days(invoices.issued[of]),
        "id": billing_ids(2, invoices.count).gather(invoices.number[of] - 1),
        "number": world.ids.invoice.gather(of),
        "status": taken(STATUSES, invoice_status(world)[of]),
        "customer_id": world.ids.customer.gather(party),
        "customer_name": customer_names(world).gather(party),
        "due": days(invoices.due[of]),
        "currency": taken(words.CURRENCIES, parties.currency[party]),
        "rate": world.rates.text(euro, parties.currency[party]),
        "item": taken([row[0] for row in words.PRODUCTS], product),
        "sku": product_codes().gather(product),
        "quantity": pl.Series(lines.quantity[line].astype(np.float64)),
        "price": cents(lines.price[line]),
        "item_total": cents(lines.net[line]),
        "tax_name": taken(("VAT",), np.where(permille > 0, 0, -1)),
        "tax_percent": percent,
        "item_tax": cents(lines.tax[line]),
        "net": cents(invoices.net[of]),
        "gross": cents(invoices.gross[of]),
        "balance": cents(world.ledger.balance[of]),
        "subject": taken([row[1] for row in words.PRODUCTS], monthly_product(world.scope, parties, party)),
        "disputed": days(disputed),
        "resolved": days(np.where(invoices.resolved[of] > world.scope.until_day, -1, invoices.resolved[of])),
        "deal_id": taken(world.ids.deal, world.deals.of_invoice[of]),
    })  # fmt: skip


def payment_rows(world: World) -> pl.DataFrame:
    """One row per application, and one more without an invoice for what was paid too much."""
    pay, invoices, parties = world.ledger.payments, world.invoices, world.parties
    over = np.flatnonzero(pay.excess > 0)
    payment = np.append(pay.application_payment, over)
    invoice = np.append(pay.application_invoice, np.full(len(over), -1))
    applied = np.append(pay.application_amount, pay.excess[over])
    day = np.append(pay.application_day, np.full(len(over), -1))
    order = np.lexsort((invoice < 0, day, payment))
    payment, invoice, applied, day = payment[order], invoice[order], applied[order], day[order]
    party = pay.party[payment]
    is_application = invoice >= 0
    ids = numbered("IP", np.cumsum(is_application), 9)
    bank = ("Main account", "Card clearing", "Main account", "Main account")
    return pl.DataFrame({
        "number": pl.Series(payment + 1),
        "id": world.ids.payment.gather(payment),
        "mode": taken(METHODS, pay.method[payment]),
        "customer_id": world.ids.customer.gather(party),
        "customer_name": customer_names(world).gather(party),
        "rate": world.rates.text(world.rates.on(pay.received[payment]), parties.currency[party]),
        "amount": cents(pay.amount[payment]),
        "unused": cents((pay.excess - pay.refunded)[payment]),
        "reference": "TRF" + pl.Series(payment * 7 + 10_000_019).cast(pl.String),
        "currency": taken(words.CURRENCIES, parties.currency[party]),
        "received": days(pay.received[payment]),
        "account": taken(bank, pay.method[payment]),
        "application_id": blank_unless(is_application, ids),
        "applied": cents(applied),
        "applied_on": days(day),
        "invoice": taken(world.ids.invoice, invoice),
        "issued": days(np.where(is_application, invoices.issued[invoice], -1)),
    })  # fmt: skip


def credit_notes(world: World) -> pl.DataFrame:
    """Credit notes as rows of the entity billing.invoices."""
    notes, parties = world.ledger.credit_notes, world.parties
    count = len(notes.party)
    return pl.DataFrame({
        "invoice_id": world.ids.credit_note,
        "number": world.ids.credit_note,
        "document_kind": pl.Series(["credit_note"] * count),
        "customer_id": world.ids.customer.gather(notes.party),
        "issued_on": days(notes.issued),
        "currency": taken(words.CURRENCIES, parties.currency[notes.party]),
        "exchange_rate": world.rates.text(world.rates.on(notes.issued), parties.currency[notes.party]),
        "net_amount": cents(notes.net),
        "tax_amount": cents(notes.tax),
        "gross_amount": cents(notes.net + notes.tax),
        "status": pl.Series(["issued"] * count),
        "is_disputed": pl.Series(["false"] * count),
    })  # fmt: skip


def credit_applications(world: World) -> pl.DataFrame:
    """Which credit note was set off against which invoice."""
    notes = world.ledger.credit_notes
    chosen = np.flatnonzero(notes.invoice >= 0)
    amount = cents((notes.net + notes.tax)[chosen])
    return pl.DataFrame({
        "application_id": "CA-" + world.ids.credit_note.gather(chosen),
        "credit_note_id": world.ids.credit_note.gather(chosen),
        "invoice_id": world.ids.invoice.gather(notes.invoice[chosen]),
        "applied_on": days(notes.applied[chosen]),
        "amount": amount,
        "payment_amount": amount,
    })  # fmt: skip


def adjustments(world: World) -> pl.DataFrame:
    """Write-offs, chargebacks, returned payments and refunds."""
    pay, other, parties, ids = world.ledger.payments, world.ledger.adjustments, world.parties, world.ids
    back = np.flatnonzero(pay.refund_day >= 0)
    kind = np.append(other.kind, np.full(len(back), len(KINDS) - 1))
    payer = np.where(other.payment >= 0, pay.party[other.payment], world.invoices.party[other.invoice])
    party = np.append(payer, pay.party[back])
    # A bank that takes a payment back does not know the invoice.
    invoice = np.append(np.where(other.kind == REVERSAL, -1, other.invoice), np.full(len(back), -1))
    payment = np.append(other.payment, back)
    day = np.append(other.day, pay.refund_day[back])
    amount = np.append(other.amount, pay.refunded[back])
    order = np.lexsort((invoice, day))
    kind, party, invoice, payment, day, amount = (
        values[order] for values in (kind, party, invoice, payment, day, amount)
    )
    return pl.DataFrame({
        "adjustment_id": numbered("ADJ-", np.arange(1, len(order) + 1), 5),
        "adjustment_kind": taken(KINDS, kind),
        "customer_id": ids.customer.gather(party),
        "invoice_id": taken(ids.invoice, invoice),
        "payment_id": taken(ids.payment, payment),
        "occurred_on": days(day),
        "currency": taken(words.CURRENCIES, parties.currency[party]),
        "exchange_rate": world.rates.text(world.rates.on(day), parties.currency[party]),
        "amount": cents(amount),
    })  # fmt: skip

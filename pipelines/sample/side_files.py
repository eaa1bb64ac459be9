"""The exports of the two small billing systems: a card processor's lists, a bookkeeper's reports."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.sample.columns import blank_unless, days, numbered, taken, times, whole
from pipelines.sample.money import amounts
from pipelines.sample.noise import Bools, Ints
from pipelines.sample.scope import DAY
from pipelines.sample.side_billing import CURRENCIES, DRAFT, OPEN, PAID, TERMS, UNCOLLECTIBLE, VOID, Receipts
from pipelines.sample.world import World

NOON = 12 * 3600
STATES = ("open", "paid", "void", "draft", "uncollectible")


def card_customers(world: World) -> pl.Series:
    """The processor's id of every company."""
    return numbered("cus_", 70_001 + 37 * np.arange(world.parties.count), 9)


def branch_customers(world: World) -> pl.Series:
    """Every company's name as the branch writes it, by which its books know it: some without the legal form."""
    names = world.parties.names
    short = world.scope.noise.chance("branch/short", len(names), 0.3)
    return pl.Series(
        [name.rsplit(" ", 1)[0] if is_short else name for name, is_short in zip(names, short, strict=True)]
    )


def _lower(currency: Ints) -> pl.Series:
    return taken([code.lower() for code in CURRENCIES], currency)


def _moment(condition: Bools, day: Ints, seconds: int = NOON) -> pl.Series:
    """Seconds since 1970 on a day, nothing where the condition does not hold."""
    return whole(np.where(condition, day * DAY + seconds, -1))


def card_invoices(world: World) -> pl.DataFrame:
    """The processor's invoices: amounts in cents, times in seconds."""
    found = world.cards.invoices
    count, state = len(found.party), found.state
    credited = np.zeros(count, dtype=np.int64)
    credited[world.cards.credit_notes.due] = world.cards.credit_notes.amount
    remaining = np.where(np.isin(state, [OPEN, UNCOLLECTIBLE, DRAFT]), found.amount, 0)
    return pl.DataFrame({
        "id": numbered("in_", np.arange(count) + 1, 8),
        "number": numbered("WEB-", np.arange(count) + 1, 6),
        "customer": card_customers(world).gather(found.party),
        "status": taken(STATES, state),
        "currency": _lower(found.currency),
        "due": pl.Series(found.amount - credited),
        "paid": pl.Series(np.where(state == PAID, found.amount - credited, 0)),
        "remaining": pl.Series(remaining),
        "total": pl.Series(found.amount),
        "created": _moment(state >= 0, found.issued, NOON - 3600),
        "due_date": _moment(state >= 0, found.due),
        "finalized_at": _moment(state != DRAFT, found.issued),
        "paid_at": _moment(state == PAID, found.settled),
        "voided_at": _moment(state == VOID, found.issued),
        "given_up_at": _moment(state == UNCOLLECTIBLE, found.issued + 60),
    })  # fmt: skip


def card_notes(world: World) -> pl.DataFrame:
    """The processor's credit notes, all given before the invoice was paid."""
    found = world.cards.credit_notes
    return pl.DataFrame({
        "id": numbered("cn_", np.arange(len(found.party)) + 1, 8),
        "number": "WEB-" + numbered("", found.due + 1, 6) + "-CN-01",
        "invoice": numbered("in_", found.due + 1, 8),
        "customer": card_customers(world).gather(found.party),
        "currency": _lower(found.currency),
        "amount": pl.Series(found.amount),
        "created": _moment(found.amount >= 0, found.issued, NOON + 60),
    })  # fmt: skip


def card_payments(world: World) -> pl.DataFrame:
    """The processor's list of payments; a refund stands in its payment's row."""
    found: Receipts = world.cards.receipts
    contact = world.contacts.first_of_party[found.party]
    refunded = found.refunded_day >= 0
    status = np.where(found.is_failed == 1, 1, np.where(refunded, 2, 0))
    return pl.DataFrame({
        "id": numbered("ch_", np.arange(len(found.party)) + 1, 10),
        "created": times(found.received * DAY + NOON + np.arange(len(found.party)) % 3000),
        "amount": amounts(found.amount),
        "refunded": amounts(np.where(refunded, found.amount, 0)),
        "refunded_on": times(np.where(refunded, found.refunded_day * DAY + NOON, -1)),
        "currency": _lower(found.currency),
        "status": taken(("Paid", "Failed", "Refunded"), status),
        "message": taken(("Payment complete.", "The card was declined."), found.is_failed),
        "customer": card_customers(world).gather(found.party),
        "name": taken(world.parties.names, found.party),
        "email": world.contacts.emails.gather(contact),
    })  # fmt: skip


def branch_invoices(world: World) -> pl.DataFrame:
    """The branch's list of invoices, with what is open on the day of the report."""
    found = world.branch.invoices
    count = len(found.party)
    return pl.DataFrame({
        "date": days(found.issued),
        "type": pl.Series(["Invoice"] * count),
        "number": pl.Series(np.arange(count) + 1001).cast(pl.String),
        "name": branch_customers(world).gather(found.party),
        "memo": pl.Series([None] * count, dtype=pl.String),
        "due": days(found.issued + TERMS),
        "amount": amounts(found.amount, ","),
        "open": amounts(found.left, ","),
        "currency": taken(CURRENCIES, found.currency),
    })  # fmt: skip


def branch_payments(world: World) -> pl.DataFrame:
    """The branch's report of payments, which says neither what was paid nor gives an id."""
    found = world.branch.receipts
    count = len(found.party)
    has_number = world.scope.noise.chance("branch/number", count, 0.8)
    return pl.DataFrame({
        "date": days(found.received),
        "type": pl.Series(["Payment"] * count),
        "number": blank_unless(has_number, numbered("CHK ", np.arange(count) + 5001, 4)),
        "name": branch_customers(world).gather(found.party),
        "amount": amounts(found.amount, ","),
        "currency": taken(CURRENCIES, found.currency),
    })  # fmt: skip


def branch_openings(world: World) -> pl.DataFrame:
    """What the branch's customers owed when its books begin here."""
    found = world.branch.openings
    return pl.DataFrame({
        "customer_id": branch_customers(world).gather(found.party),
        "currency": taken(CURRENCIES, found.currency),
        "as_of": days(found.issued),
        "amount": amounts(found.amount),
        "due_on": days(found.due),
    })  # fmt: skip

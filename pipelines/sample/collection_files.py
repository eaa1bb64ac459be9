"""How debts are collected, in templates: instalments, reminders, promises; and the subscriptions."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.columns import cents, days, numbered, taken, times
from pipelines.sample.crm_files import product_codes
from pipelines.sample.ledger import still_open
from pipelines.sample.noise import Bools, Ints
from pipelines.sample.scope import DAY, next_workday
from pipelines.sample.world import World

# Days after the due date of each reminder, and how it is sent.
REMINDERS = ((7, "email"), (21, "letter"), (45, "phone"))


def instalments(world: World) -> pl.DataFrame:
    """Three equal parts, thirty days apart, of the invoices that are paid so; the last part takes the remainder."""
    invoices = world.invoices
    chosen = np.repeat(np.flatnonzero(invoices.instalments == 3), 3)
    part = np.tile(np.arange(3), len(chosen) // 3)
    third = invoices.gross[chosen] // 3
    return pl.DataFrame({
        "invoice_id": taken(world.ids.invoice, chosen),
        "number": pl.Series(part + 1),
        "due_on": days(invoices.issued[chosen] + 30 * (part + 1)),
        "amount": cents(np.where(part == 2, invoices.gross[chosen] - 2 * third, third)),
    })  # fmt: skip


def _owing(world: World, day: Ints) -> tuple[Ints, Bools]:
    """What each invoice owes on a day of its own, and whether that can be asked for."""
    left = still_open(world.invoices, world.ledger, day)
    is_disputed = (world.invoices.disputed >= 0) & (world.invoices.disputed <= day)
    return left, (left > 0) & (day <= world.scope.until_day) & ~is_disputed


def dunning(world: World) -> pl.DataFrame:
    """Reminders that were sent: most invoices that are unpaid when a step comes get it."""
    invoices, noise = world.invoices, world.scope.noise
    found = []
    for level, (after, _) in enumerate(REMINDERS):
        day = next_workday(invoices.due + after)
        _, asks = _owing(world, day)
        chosen = np.flatnonzero(asks & noise.chance(f"dunning/{level}", invoices.count, 0.85))
        found.append(np.stack([chosen, np.full(len(chosen), level), day[chosen]]))
    invoice, level, day = np.concatenate(found, axis=1)
    order = np.lexsort((invoice, level, day))
    invoice, level, day = invoice[order], level[order], day[order]
    return pl.DataFrame({
        "dunning_id": numbered("DUN-", np.arange(1, len(order) + 1), 6),
        "customer_id": taken(world.ids.customer, invoices.party[invoice]),
        "invoice_id": taken(world.ids.invoice, invoice),
        "level": pl.Series(level + 1),
        "channel": taken([row[1] for row in REMINDERS], level),
        "sent_at": times(day * DAY + 8 * 3600 + invoice % 3000),
    })  # fmt: skip


def _older_debt(world: World, invoice: Ints, day: Ints) -> Ints:
    """What the customer's invoice before each of these owes on that day, where it is overdue and not disputed."""
    invoices = world.invoices
    order = np.lexsort((invoices.issued, invoices.party))
    before = np.full(invoices.count, -1)
    same = invoices.party[order][1:] == invoices.party[order][:-1]
    before[order[1:][same]] = order[:-1][same]
    older = before[invoice]
    # Every invoice comes before one other at most, so that each is asked for one day.
    asked = np.zeros(invoices.count, dtype=np.int64)
    asked[older[older >= 0]] = day[older >= 0]
    left, asks = _owing(world, asked)
    return np.where((older >= 0) & asks[older] & (invoices.due[older] < day), left[older], 0)


def promises(world: World) -> pl.DataFrame:
    """Promises to pay that debtors made; whether they were kept is for the payments to tell.

    A few are about all that is overdue and name no invoice, some are made again shortly before their day, and some are
    cancelled.
    """
    invoices, noise, scope = world.invoices, world.scope.noise, world.scope
    made = next_workday(invoices.due + noise.whole("promise/made", invoices.count, 8, 25))
    left, asks = _owing(world, made)
    chosen = np.flatnonzero(asks & noise.chance("promise", invoices.count, 0.3))
    made = made[chosen]
    until = next_workday(made + noise.whole("promise/days", chosen, 4, 21))
    until = np.maximum(until, made + 1)
    cancelled = np.where(noise.chance("promise/cancelled", chosen, 0.04), np.minimum(made + 2, scope.until_day), -1)
    older = _older_debt(world, chosen, made)
    is_of_all = (older > 0) & noise.chance("promise/of_all", chosen, 0.5)

    again = next_workday(until - 2)
    asked = np.zeros(invoices.count, dtype=np.int64)
    asked[chosen] = again
    left_again, asks_again = _owing(world, asked)
    repeats = (again > made) & (cancelled < 0) & ~is_of_all & asks_again[chosen]
    repeats &= noise.chance("promise/again", chosen, 0.2)
    invoice = np.concatenate([chosen, chosen[repeats]])
    days_made = np.concatenate([made, again[repeats]])
    promised = np.concatenate([until, next_workday(until[repeats] + 7)])
    amount = np.concatenate([left[chosen] + np.where(is_of_all, older, 0), left_again[chosen[repeats]]])
    dropped = np.concatenate([cancelled, np.full(np.count_nonzero(repeats), -1)])
    named = np.concatenate([~is_of_all, np.ones(np.count_nonzero(repeats), dtype=bool)])
    order = np.lexsort((invoice, days_made))
    frame = pl.DataFrame({
        "customer_id": taken(world.ids.customer, invoices.party[invoice]),
        "invoice_id": taken(world.ids.invoice, np.where(named, invoice, -1)),
        "made_on": days(days_made),
        "promised_for": days(promised),
        "amount": cents(amount),
        "currency": taken(words.CURRENCIES, world.parties.currency[invoices.party[invoice]]),
        "cancelled_on": days(dropped),
    })[order]  # fmt: skip
    return frame.with_columns(promise_id=numbered("PTP-", np.arange(1, len(order) + 1), 6))


def subscriptions(world: World) -> pl.DataFrame:
    """The terms of the subscriptions."""
    found = world.subscriptions
    return pl.DataFrame({
        "subscription_id": numbered("SUB-", np.arange(1, len(found.party) + 1), 5),
        "customer_id": taken(world.ids.customer, found.party),
        "product_id": taken(product_codes(), found.product),
        "currency": taken(words.CURRENCIES, world.parties.currency[found.party]),
        "unit_price": cents(found.price * np.where(found.is_yearly, 12, 1)),
        "quantity": pl.Series(found.quantity),
        "interval_unit": taken(("month", "year"), found.is_yearly.astype(np.int64)),
        "interval_count": pl.Series([1] * len(found.party)),
        "started_on": days(found.started),
        "ended_on": days(found.ended),
    })  # fmt: skip

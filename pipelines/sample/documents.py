"""Contracts, acts, reconciliation acts and service cases of the accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.activities import laid_out, weights
from pipelines.sample.columns import blank_unless, cents, days, numbered, record_ids, taken, times
from pipelines.sample.deals import WON
from pipelines.sample.ledger import summed
from pipelines.sample.noise import Ints
from pipelines.sample.scope import DAY, next_workday
from pipelines.sample.world import World

# Cases that are still open were opened within so many days before the last.
OPEN_DAYS = 60
SUBJECTS = ("Slow network", "Wrong invoice", "New user", "Outage", "Question about the service")


def contracts(world: World) -> pl.DataFrame:
    """A frame contract for most customers, renewed every year; the terms of payment stand in it."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    known = np.arange(parties.accounts)
    has_one = known[parties.is_customer[known] & noise.chance("contract", parties.accounts, 0.85)]
    # Customers from before are in their n-th year; who came in the period signed when converted.
    begun = np.where(parties.acquired_month[has_one] >= 0, parties.created[has_one] // DAY,
                     scope.start_day - noise.whole("contract/begun", has_one, 0, 360))  # fmt: skip
    parts = []
    for year in range(scope.months // 12 + 2):
        starts = begun + 365 * year
        goes_on = (starts <= scope.until_day + 30) & (starts < np.minimum(parties.silent_day[has_one], 1 << 30))
        parts.append(np.stack([has_one[goes_on], starts[goes_on]]))
    party, starts = np.concatenate(parts, axis=1)
    order = np.lexsort((party, starts))
    party, starts = party[order], starts[order]
    keys = np.arange(len(party))
    sent = scope.workday(starts - noise.whole("contract/sent", keys, 12, 40))
    signed = next_workday(sent + noise.whole("contract/signed", keys, 2, 11))
    is_signed = ~noise.chance("contract/unsigned", keys, 0.05) & (signed <= scope.until_day)
    limit = parties.multiple[party].astype(np.int64) * 12_000 + 15_000
    return pl.DataFrame({
        "id": record_ids("800", len(party)),
        "number": numbered("", keys + 101, 8),
        "account_id": taken(world.ids.account, party),
        "owner_id": taken(world.ids.user, parties.owner_at(party, starts)),
        "status": taken(("Activated", "In Approval Process"), np.where(is_signed, 0, 1)),
        "starts": days(starts),
        "ends": days(starts + 364),
        "sent": days(sent),
        "signed": days(np.where(is_signed, signed, -1)),
        "terms": pl.Series(parties.terms[party]),
        "credit_limit": cents(limit * 100),
        "currency": taken(words.CURRENCIES, parties.currency[party]),
        "created": times(sent * DAY + 10 * 3600),
    }).filter(pl.Series(sent <= scope.until_day))  # fmt: skip


@dataclass(frozen=True)
class Served:
    """The cases as they are numbered: the keys of their draws, whose they are, and when (closed -1: not yet)."""

    place: Ints
    party: Ints
    owner: Ints
    opened: Ints
    closed: Ints
    ids: pl.Series


def served(world: World) -> Served:
    """Service cases; the overloaded account manager's stay open longer, and some of the last weeks are still open."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    count = max(12, round(scope.accounts * scope.months * 0.07))
    party, day = laid_out(scope, "case", weights(scope, parties), count)
    keys = np.arange(count)
    opened = scope.clock("case/opened", day)
    owner = parties.owner_at(party, day)
    hours = noise.curve("case/hours", keys, [1, 4, 9, 24, 48, 96, 240]).astype(np.int64)
    hours = np.where(owner == world.people.overloaded, hours * 3, hours)
    closed = opened + hours * 3600
    is_left = (day > scope.until_day - OPEN_DAYS) & noise.chance("case/left", keys, 0.6)
    closed = np.where(is_left | (closed >= (scope.until_day + 1) * DAY), -1, closed)
    order = np.argsort(opened, kind="stable")
    return Served(keys[order], party[order], owner[order], opened[order], closed[order], record_ids("500", count))


def cases(world: World) -> pl.DataFrame:
    """Service cases as the CRM exports them."""
    scope, noise, found = world.scope, world.scope.noise, served(world)
    keys, is_closed = found.place, found.closed >= 0
    is_begun = scope.until_day - found.opened // DAY >= 2
    subject = noise.pick("case/subject", keys, [0.25, 0.15, 0.25, 0.1, 0.25])
    return pl.DataFrame({
        "id": found.ids,
        "number": numbered("", np.arange(len(keys)) + 1026, 8),
        "account_id": taken(world.ids.account, found.party),
        "contact_id": taken(world.ids.contact, world.contacts.first_of_party[found.party]),
        "owner_id": taken(world.ids.user, found.owner),
        "subject": taken(SUBJECTS, subject),
        "reason": taken(("Performance", "Billing", "Request", "Breakdown", "Question"), subject),
        "status": taken(("New", "Working", "Closed"), np.where(is_closed, 2, is_begun * 1)),
        "priority": taken(("High", "Medium", "Low"), noise.pick("case/priority", keys, [0.2, 0.6, 0.2])),
        "is_closed": pl.Series(is_closed),
        "opened": times(found.opened),
        "closed": times(found.closed),
    })  # fmt: skip


def closing_balances(world: World) -> Ints:
    """What each CRM account owes at the end of each month less its unapplied credit, in cents."""
    parties, invoices, ledger, scope = world.parties, world.invoices, world.ledger, world.scope
    pay, credit, other = ledger.payments, ledger.credit_notes, ledger.adjustments
    issued = invoices.is_issued
    pieces = [
        (invoices.party[issued], invoices.issued[issued], invoices.gross[issued]),
        (pay.party, pay.received, -pay.amount),
        # What is applied to another's invoice goes over to it.
        (pay.party[pay.application_payment], pay.application_day, pay.application_amount),
        (invoices.party[pay.application_invoice], pay.application_day, -pay.application_amount),
        # A debt that was given up is none: what comes in for it afterwards is not owed back.
        (
            invoices.party[pay.application_invoice[pay.recovers]],
            pay.application_day[pay.recovers],
            pay.application_amount[pay.recovers],
        ),
        (pay.party[pay.refund_day >= 0], pay.refund_day[pay.refund_day >= 0], pay.refunded[pay.refund_day >= 0]),
        (credit.party, credit.issued, -(credit.net + credit.tax)),
        (invoices.party[other.invoice], other.day, other.sign * other.amount),
    ]
    moved = np.zeros(parties.accounts * scope.months, dtype=np.int64)
    for party, day, amount in pieces:
        account = parties.true_account[party]
        known = account >= 0
        moved += summed(account[known] * scope.months + scope.month_of(day[known]), amount[known], len(moved))
    return np.cumsum(moved.reshape(parties.accounts, scope.months), axis=1)


def _reconciliations(world: World) -> pl.DataFrame:
    """The monthly reconciliation acts: most are sent, fewer come back signed, a few with another closing balance."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    months = np.arange(scope.months)
    known = np.arange(parties.accounts)
    active = (
        parties.is_customer[known, None]
        & (months >= parties.first_month[known, None])
        & (months < parties.last_month[known, None])
    )
    cell = np.flatnonzero(active.ravel())
    cell = cell[noise.chance("act/sent", cell, 0.78)]
    party, month = cell // scope.months, cell % scope.months
    sent = scope.month_ends[month] + noise.whole("act/sent_after", cell, 1, 6)
    keep = sent <= scope.until_day
    cell, party, month, sent = cell[keep], party[keep], month[keep], sent[keep]
    signed = sent + noise.whole("act/signed_after", cell, 2, 20)
    is_signed = noise.chance("act/signed", cell, 0.74) & (signed <= scope.until_day)
    amount = closing_balances(world)[party, month]
    disagrees = noise.chance("act/gap", cell, 0.06)
    gap = noise.whole("act/gap_size", cell, 2_000, 90_000) * np.where(noise.chance("act/gap_sign", cell, 0.45), -1, 1)
    order = np.lexsort((party, sent))
    return pl.DataFrame({
        "document_type": pl.Series(["reconciliation_act"] * len(cell), dtype=pl.String),
        "number": numbered("RA-", np.arange(1, len(cell) + 1), 6),
        "account_id": taken(world.ids.account, party[order]),
        "deal_id": pl.Series([None] * len(cell), dtype=pl.String),
        "sent_at": times(sent[order] * DAY + 9 * 3600),
        "signed_at": times(np.where(is_signed, signed * DAY + 14 * 3600, -1)[order]),
        "starts_on": days(scope.month_starts[month][order]),
        "ends_on": days(scope.month_ends[month][order]),
        "amount": blank_unless(is_signed[order], cents(np.where(disagrees, amount + gap, amount)[order])),
        "currency": taken(words.CURRENCIES, parties.currency[party[order]]),
    })  # fmt: skip


def _acts(world: World) -> pl.DataFrame:
    """The act of completion of most won and billed opportunities, sent after the last invoice."""
    deals, invoices, scope, noise = world.deals, world.invoices, world.scope, world.scope.noise
    last = np.full(deals.count, -1)
    billed = np.flatnonzero(deals.of_invoice >= 0)
    np.maximum.at(last, deals.of_invoice[billed], invoices.issued[billed])
    chosen = np.flatnonzero((deals.stage == WON) & (last >= 0) & noise.chance("act", deals.count, 0.86))
    sent = next_workday(last[chosen] + noise.whole("act/after", chosen, 0, 4))
    chosen, sent = chosen[sent <= scope.until_day], sent[sent <= scope.until_day]
    signed = next_workday(sent + noise.whole("act/back", chosen, 2, 16))
    is_signed = noise.chance("act/back_at_all", chosen, 0.88) & (signed > sent) & (signed <= scope.until_day)
    order = np.lexsort((chosen, sent))
    chosen, sent, signed, is_signed = chosen[order], sent[order], signed[order], is_signed[order]
    return pl.DataFrame({
        "document_type": pl.Series(["act"] * len(chosen), dtype=pl.String),
        "number": numbered("ACT-", np.arange(1, len(chosen) + 1), 6),
        "account_id": taken(world.ids.account, deals.party[chosen]),
        "deal_id": taken(world.ids.deal, chosen),
        "sent_at": times(sent * DAY + 11 * 3600),
        "signed_at": times(np.where(is_signed, signed * DAY + 15 * 3600, -1)),
        "starts_on": days(deals.closed[chosen] // DAY),
        "ends_on": days(sent),
        "amount": cents(deals.amount[chosen]),
        "currency": taken(words.CURRENCIES, world.parties.currency[deals.party[chosen]]),
    })  # fmt: skip


def documents(world: World) -> pl.DataFrame:
    """Acts and reconciliation acts, which no vendor's export here holds."""
    frame = pl.concat([_acts(world), _reconciliations(world)])
    return frame.with_columns(document_id="DOC-" + pl.col("number"))

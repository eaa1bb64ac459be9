"""What is true about a sample, for tests to hold a warehouse against. None of it stands in the sample's files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.calls import ANSWERED
from pipelines.sample.calls_files import make_legs
from pipelines.sample.columns import days, phone_numbers, taken
from pipelines.sample.deals import LOST, WON
from pipelines.sample.decline import make_decline
from pipelines.sample.headlines import headlines
from pipelines.sample.ledger import CHARGEBACK, REVERSAL, summed
from pipelines.sample.noise import Bools, Ints
from pipelines.sample.side_files import branch_customers, card_customers
from pipelines.sample.spellings import customer_names
from pipelines.sample.story import CAST, PART
from pipelines.sample.world import World
from pipelines.sample.writer import formats


@dataclass(frozen=True)
class SampleTruth:
    """Counts, totals by currency in that currency's units, and who is who.

    `files` has the rows below each file's header, faulty ones among them; every other figure leaves those out.
    """

    files: dict[str, int]
    faulty_rows: dict[str, int]
    counts: dict[str, int]
    totals: dict[str, dict[str, Decimal]]
    monthly_net: dict[str, dict[str, Decimal]]
    story: dict[str, dict[str, str | None]]
    callers: pl.DataFrame
    customers: pl.DataFrame
    declines: pl.DataFrame
    headlines: dict[str, pl.DataFrame]  # headlines.py; parties are named by `parties`
    parties: pl.DataFrame

    def as_json(self) -> str:
        """All of it as JSON text, money as text."""
        frames = {name for name, value in vars(self).items() if isinstance(value, pl.DataFrame)}
        shown: dict[str, Any] = {name: value for name, value in vars(self).items() if name not in frames}
        shown |= {name: getattr(self, name).to_dicts() for name in sorted(frames)}
        shown["headlines"] = {name: frame.to_dicts() for name, frame in self.headlines.items()}
        return json.dumps(shown, default=str, ensure_ascii=False, indent=1)


def _by_currency(world: World, party: Ints, amount: Ints) -> dict[str, Decimal]:
    totals = summed(world.parties.currency[party], amount, len(words.CURRENCIES))
    return {code: Decimal(int(cents)) / 100 for code, cents in zip(words.CURRENCIES, totals, strict=True)}


def _counts(world: World) -> dict[str, int]:
    invoices, pay, deals, calls = world.invoices, world.ledger.payments, world.deals, world.calls
    notes, other = world.ledger.credit_notes, world.ledger.adjustments
    legs = make_legs(world)

    def number(found: Bools) -> int:
        return int(np.count_nonzero(found))

    return {
        "accounts": world.parties.accounts,
        "merged_accounts": 1,
        "customers": number(world.parties.is_customer),
        "customers_without_account": number(world.parties.is_customer & (world.parties.true_account < 0)),
        "employees": world.people.count,
        "contacts": len(world.contacts.party),
        "leads": len(world.leads.party),
        "leads_converted": number(world.leads.party >= 0),
        "deals": deals.count,
        "deals_won": number(deals.stage == WON),
        "deals_lost": number(deals.stage == LOST),
        "tasks": len(world.tasks.kind),
        "meetings": len(world.meetings.party),
        "invoices": invoices.count,
        "invoices_issued": number(invoices.is_issued),
        "invoices_draft": number(invoices.is_draft),
        "invoices_void": number(invoices.is_void),
        "invoices_open": number(world.ledger.balance > 0),
        "invoices_disputed_now": number((invoices.disputed >= 0) & (invoices.resolved < 0)),
        "invoice_lines": len(world.lines.net),
        "payments": len(pay.party),
        "payment_applications": len(pay.application_day),
        "credit_notes": len(notes.party),
        "credit_note_applications": number(notes.invoice >= 0),
        "write_offs": number(other.is_write_off),
        "chargebacks": number(other.kind == CHARGEBACK),
        "reversals": number(other.kind == REVERSAL),
        "recoveries": number(pay.recovers),
        "refunds": number(pay.refund_day >= 0),
        "conversations": len(calls),
        "call_legs": len(legs.of),
        "inbound": number(calls.is_inbound),
        "inbound_answered": number(calls.is_inbound & (calls.status == ANSWERED)),
        "talk_seconds": int(legs.talk.sum()),
    }


def _totals(world: World) -> dict[str, dict[str, Decimal]]:
    invoices, pay, scope = world.invoices, world.ledger.payments, world.scope
    notes, other, issued = world.ledger.credit_notes, world.ledger.adjustments, world.invoices.is_issued
    balance, loose = world.ledger.balance, notes.invoice < 0
    overdue = invoices.due < scope.until_day
    unapplied = _by_currency(world, pay.party, pay.excess - pay.refunded)
    credits = _by_currency(world, notes.party[loose], (notes.net + notes.tax)[loose])
    return {
        "invoiced_net": _by_currency(world, invoices.party[issued], invoices.net[issued]),
        "invoiced_gross": _by_currency(world, invoices.party[issued], invoices.gross[issued]),
        "credited_net": _by_currency(world, notes.party, notes.net),
        "credited_gross": _by_currency(world, notes.party, notes.net + notes.tax),
        "received": _by_currency(world, pay.party, pay.amount),
        "refunded": _by_currency(world, pay.party, pay.refunded),
        "applied": _by_currency(world, invoices.party[pay.application_invoice], pay.application_amount),
        "written_off": _by_currency(
            world, invoices.party[other.invoice], np.where(other.is_write_off, other.amount, 0)
        ),
        "charged_back": _by_currency(
            world, invoices.party[other.invoice], np.where(other.kind == CHARGEBACK, other.amount, 0)
        ),
        "returned": _by_currency(
            world, invoices.party[other.invoice], np.where(other.kind == REVERSAL, other.amount, 0)
        ),
        "recovered": _by_currency(
            world, invoices.party[pay.application_invoice], np.where(pay.recovers, pay.application_amount, 0)
        ),
        "open": _by_currency(world, invoices.party, balance),
        # By the invoice's own due date; parts of instalments fall due before it.
        "overdue": _by_currency(world, invoices.party[overdue], balance[overdue]),
        "unapplied": {code: unapplied[code] + credits[code] for code in unapplied},
        "won": _by_currency(world, world.deals.party, np.where(world.deals.stage == WON, world.deals.amount, 0)),
    }


def _monthly_net(world: World) -> dict[str, dict[str, Decimal]]:
    """Net invoiced by month and currency, credit notes not taken off."""
    invoices, scope = world.invoices, world.scope
    issued = invoices.is_issued
    month = scope.month_of(invoices.issued[issued])
    cell = month * len(words.CURRENCIES) + world.parties.currency[invoices.party[issued]]
    totals = summed(cell, invoices.net[issued], scope.months * len(words.CURRENCIES)).reshape(scope.months, -1)
    names = [str(name)[:7] for name in scope.month_starts.astype("datetime64[D]")]
    return {
        name: {code: Decimal(int(cents)) / 100 for code, cents in zip(words.CURRENCIES, row, strict=True)}
        for name, row in zip(names, totals, strict=True)
    }


def _story(world: World) -> dict[str, dict[str, str | None]]:
    parties, ids = world.parties, world.ids
    found: dict[str, dict[str, str | None]] = {}
    for actor in CAST:
        place = PART[actor.key]
        found[actor.key] = {"name": actor.name, "account_id": ids.account[place], "customer_id": ids.customer[place]}
    day = np.datetime64(0, "D")
    found["quiet"]["silent_from"] = str(day + world.turns.quiet_day)
    found["bankrupt"]["written_off_on"] = str(day + world.turns.write_off_day)
    found["disputed"]["invoice_id"] = ids.invoice[
        int(np.flatnonzero((world.invoices.party == PART["disputed"]) & (world.invoices.disputed >= 0)
                           & (world.invoices.resolved < 0))[-1])
    ]  # fmt: skip
    found["survivor"] |= {
        "merged_account_id": ids.account[parties.duplicate], "merged_customer_id": ids.customer[parties.duplicate],
    }  # fmt: skip
    people = world.people
    for key in ("overloaded", "leaver"):
        place = getattr(people, key)
        found[key] = {
            "name": people.names[place],
            "employee_id": ids.user[place],
            "extension": str(people.extensions[place]),
        }
    found["search_campaign"] = {
        "campaign_id": ids.campaign[0],
        "from": str(day + world.scope.month_starts[world.turns.search_month]),
    }
    found["brand_campaign"] = {"campaign_id": ids.campaign[1]}
    return found


def _callers(world: World) -> pl.DataFrame:
    """Every number in the call log: the account that it truly is, or the customer that no CRM knows.

    A switchboard of several companies is nobody's alone: `is_shared`, and no account.
    """
    calls = world.calls
    number, place = np.unique(calls.number, return_index=True)
    party = calls.party[place]
    shown = number > 0
    number, party = number[shown], party[shown]
    account = np.where(party >= 0, world.parties.true_account[np.maximum(party, 0)], -1)
    listed = world.numbers.number[world.numbers.is_listed]
    holders = np.unique(np.stack([world.numbers.number, world.numbers.party]), axis=1)[0]
    often, count = np.unique(holders, return_counts=True)
    is_shared = np.isin(number, often[count > 1])
    account = np.where(is_shared, -1, account)
    party = np.where(is_shared, -1, party)
    return pl.DataFrame({
        "number": phone_numbers(number),
        "account_id": taken(world.ids.account, account),
        "customer_id": taken(world.ids.customer, np.where(account < 0, party, -1)),
        "is_in_crm": pl.Series(np.isin(number, listed)),
        "is_lead": pl.Series(np.isin(number, world.lead_numbers)),
        "is_shared": pl.Series(is_shared),
        "is_reused": pl.Series(np.isin(number, world.contacts.mobile[world.contacts.has_given_up])),
    })  # fmt: skip


def _customers(world: World) -> pl.DataFrame:
    parties = world.parties
    chosen = np.flatnonzero(parties.is_customer)
    return pl.DataFrame({
        "customer_id": world.ids.customer.gather(chosen),
        "name": pl.Series([parties.names[place] for place in chosen]),
        "written_name": customer_names(world).gather(chosen),
        "account_id": taken(world.ids.account, parties.true_account[chosen]),
    })  # fmt: skip


def _declines(world: World) -> pl.DataFrame:
    """Who leaves and when, and who shows signs of it from when to when; some stay, some leave without a sign."""
    parties = world.parties
    decline = make_decline(world.scope, parties)
    shows = decline.pays_later | decline.goes_quiet
    chosen = np.flatnonzero(decline.is_leaving | shows)
    chosen = chosen[chosen < parties.accounts]
    return pl.DataFrame({
        "account_id": taken(world.ids.account, chosen),
        "left_on": days(np.where(decline.is_leaving, parties.silent_day, -1)[chosen]),
        "signs_from": days(np.where(shows, decline.starts, -1)[chosen]),
        "signs_until": days(np.where(shows, decline.ends, -1)[chosen]),
        "pays_later": pl.Series(decline.pays_later[chosen]),
        "goes_quiet": pl.Series(decline.goes_quiet[chosen]),
    })  # fmt: skip


def _parties(world: World) -> pl.DataFrame:
    """Every company, and what each billing system calls it."""
    return pl.DataFrame({
        "party": np.arange(world.parties.count),
        "account_id": taken(world.ids.account, world.parties.true_account),
        "billing": world.ids.customer,
        "cards": card_customers(world),
        "branch": branch_customers(world),
    })  # fmt: skip


def tell(world: World, rows: dict[str, int]) -> SampleTruth:
    """The truth about a world that was written in `rows` rows by file."""
    faults = formats()["faults"]
    faulty: dict[str, int] = {}
    for row in faults["rows"]:
        faulty[row["file"]] = faulty.get(row["file"], 0) + 1
    return SampleTruth(
        files=rows,
        faulty_rows=faulty,
        counts=_counts(world),
        totals=_totals(world),
        monthly_net=_monthly_net(world),
        story=_story(world),
        callers=_callers(world),
        customers=_customers(world),
        declines=_declines(world),
        headlines=headlines(world),
        parties=_parties(world),
    )

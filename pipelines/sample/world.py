"""The whole sample in memory: everything that happens, before it is written in anybody's format."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.sample.activities import Meetings, Tasks, make_meetings, make_tasks
from pipelines.sample.adjustments import make_ledger
from pipelines.sample.calls import Conversations, lead_numbers, make_calls
from pipelines.sample.columns import numbered, record_ids
from pipelines.sample.contacts import Contacts, Numbers, make_contacts, make_numbers, switchboards
from pipelines.sample.deals import Deals, Leads, Stages, make_deals, make_leads, make_stages
from pipelines.sample.invoices import Invoices, Lines, make_invoices
from pipelines.sample.ledger import Ledger
from pipelines.sample.money import Rates, make_rates
from pipelines.sample.noise import Ints
from pipelines.sample.parties import Parties, make_parties
from pipelines.sample.people import Absences, People, make_absences, make_people
from pipelines.sample.scope import Scope
from pipelines.sample.side_billing import SideBilling, make_branch, make_cards
from pipelines.sample.story import CAMPAIGNS, Turns, turns
from pipelines.sample.subscriptions import Subscriptions, make_subscriptions

BILLING_IDS = 4_271_668_000_000_000_000  # the billing system numbers everything within one range an organisation


@dataclass(frozen=True)
class Ids:
    """The ids of both systems by position."""

    user: pl.Series
    account: pl.Series
    contact: pl.Series
    lead: pl.Series
    deal: pl.Series
    campaign: pl.Series
    product: pl.Series
    customer: pl.Series
    invoice: pl.Series  # the number, by which payments name an invoice
    payment: pl.Series
    credit_note: pl.Series


@dataclass(frozen=True)
class World:
    """Everything that happens in the sample."""

    scope: Scope
    turns: Turns
    people: People
    absences: Absences
    parties: Parties
    contacts: Contacts
    main_numbers: Ints
    numbers: Numbers
    invoices: Invoices
    lines: Lines
    ledger: Ledger
    subscriptions: Subscriptions
    deals: Deals
    stages: Stages
    leads: Leads
    lead_numbers: Ints
    calls: Conversations
    tasks: Tasks
    meetings: Meetings
    rates: Rates
    cards: SideBilling
    branch: SideBilling
    ids: Ids


def billing_ids(kind: int, count: int) -> pl.Series:
    """Ids of the billing system; `kind` keeps documents of different kinds apart."""
    return pl.Series(BILLING_IDS + kind * 10**11 + 107_001 + np.arange(count) * 12).cast(pl.String)


def make_world(scope: Scope) -> World:
    """Makes everything, in the order in which one thing leads to the next."""
    turn = turns(scope)
    people = make_people(scope)
    parties = make_parties(scope, people, turn)
    contacts = make_contacts(scope, parties)
    main = switchboards(scope, parties)
    numbers = make_numbers(scope, parties, contacts, main)
    invoices, lines = make_invoices(scope, parties, turn)
    ledger = make_ledger(scope, parties, turn, invoices)
    deals = make_deals(scope, parties, invoices)
    stages = make_stages(scope, deals)
    leads = make_leads(scope, parties, people, turn, deals)
    enquirers = lead_numbers(scope, leads, contacts, 4 * parties.count)
    calls = make_calls(scope, parties, people, turn, contacts, numbers, leads, enquirers, invoices, ledger)
    tasks = make_tasks(scope, parties, people, contacts, deals, stages, calls, invoices, ledger)
    ids = Ids(
        user=record_ids("005", people.count),
        account=record_ids("001", parties.count),
        contact=record_ids("003", len(contacts.party)),
        lead=record_ids("00Q", len(leads.party)),
        deal=record_ids("006", deals.count),
        campaign=record_ids("701", len(CAMPAIGNS) + scope.months),
        product=record_ids("01t", 32),
        customer=billing_ids(1, parties.count),
        invoice=numbered("INV-", invoices.number, 6),
        payment=billing_ids(3, len(ledger.payments.party)),
        credit_note=numbered("CN-", np.arange(1, len(ledger.credit_notes.party) + 1), 5),
    )
    return World(
        scope=scope, turns=turn, people=people, absences=make_absences(scope, people, turn), parties=parties,
        contacts=contacts, main_numbers=main, numbers=numbers, invoices=invoices, lines=lines, ledger=ledger,
        subscriptions=make_subscriptions(scope, parties), deals=deals, stages=stages, leads=leads,
        lead_numbers=enquirers, calls=calls, tasks=tasks,
        meetings=make_meetings(scope, parties, contacts, deals), rates=make_rates(scope),
        cards=make_cards(scope, parties), branch=make_branch(scope, parties), ids=ids,
    )  # fmt: skip

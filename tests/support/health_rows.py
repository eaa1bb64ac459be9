"""A small world of the sample as rows of exports, for tests of account health: no files, no vendor's format."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from pipelines.sample import collection_files, documents, words
from pipelines.sample.calls import ANSWERED
from pipelines.sample.columns import numbered
from pipelines.sample.deals import LOST, WON
from pipelines.sample.ledger import summed
from pipelines.sample.scope import DAY
from pipelines.sample.world import World

Rows = list[dict[str, Any]]
EPOCH = date(1970, 1, 1)
APART = 600  # seconds; calls of one client that are nearer would fold into one


def day(number: int) -> date:
    """The date of a day's number."""
    return EPOCH + timedelta(days=int(number))


def moment(seconds: int) -> str:
    """A time, in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def amount(cents: int) -> str:
    """Cents as an amount."""
    return f"{int(cents) // 100}.{int(cents) % 100:02d}"


def _invoices(world: World) -> dict[str, Rows]:
    """Issued invoices of the CRM's customers, credit notes taken off at once; payments and what they pay."""
    parties, invoices, ledger = world.parties, world.invoices, world.ledger
    notes, pay = ledger.credit_notes, ledger.payments
    applied = notes.invoice >= 0
    credited = summed(notes.invoice[applied], (notes.net + notes.tax)[applied], invoices.count)
    gross = invoices.gross - credited
    kept = np.flatnonzero(invoices.is_issued & (gross > 0) & (parties.true_account[invoices.party] == invoices.party))
    currency = [words.CURRENCIES[code] for code in parties.currency]
    used = np.isin(pay.application_invoice, kept)
    payments = np.unique(pay.application_payment[used])
    return {
        "billing.invoices": [
            {
                "invoice_id": f"I{i}", "number": f"N{i}", "document_kind": "invoice", "status": "issued",
                "customer_id": f"C{invoices.party[i]}", "issued_on": day(invoices.issued[i]),
                "due_on": day(invoices.due[i]), "currency": currency[invoices.party[i]],
                "net_amount": amount(invoices.net[i]), "gross_amount": amount(gross[i]),
                "is_disputed": bool(invoices.disputed[i] >= 0),
                "disputed_on": day(invoices.disputed[i]) if invoices.disputed[i] >= 0 else None,
                "dispute_resolved_on": day(invoices.resolved[i]) if invoices.resolved[i] >= 0 else None,
            }
            for i in kept
        ],
        "billing.payments": [
            {
                "payment_id": f"P{p}", "customer_id": f"C{pay.party[p]}", "received_on": day(pay.received[p]),
                "currency": currency[pay.party[p]], "amount": amount(pay.amount[p]), "status": "received",
            }
            for p in payments
        ],
        "billing.applications": [
            {
                "application_id": f"X{a}", "payment_id": f"P{pay.application_payment[a]}",
                "invoice_id": f"I{pay.application_invoice[a]}", "applied_on": day(pay.application_day[a]),
                "amount": amount(pay.application_amount[a]),
            }
            for a in np.flatnonzero(used)
        ],
    }  # fmt: skip


def _calls(world: World) -> Rows:
    """Conversations with the CRM's accounts, each from or to the account's one number."""
    calls, last, found = world.calls, {}, []
    for c in np.argsort(calls.started, kind="stable"):
        party = int(calls.party[c])
        if (
            not 0 <= party < world.parties.accounts
            or calls.started[c] - last.get(party, -APART) < APART + calls.talk[c]
        ):
            continue
        last[party] = int(calls.started[c]) + int(calls.talk[c])
        side = "caller_number" if calls.is_inbound[c] else "callee_number"
        found.append({
            "call_id": f"K{c}", "direction": "inbound" if calls.is_inbound[c] else "outbound",
            side: f"+4670{party:07d}", "started_at": moment(calls.started[c]),
            "status": "answered" if calls.status[c] == ANSWERED else "missed",
            "talk_seconds": int(calls.talk[c]), "wait_seconds": int(calls.wait[c]), "is_voicemail": False,
        })  # fmt: skip
    return found


def rows_of(world: World) -> dict[str, Rows]:
    """The rows of all exports that health is made of; ids are positions (A3, C3)."""
    parties, deals, meetings = world.parties, world.deals, world.meetings
    crm = range(parties.accounts)
    number = {name: place for place, name in enumerate(world.ids.customer)}
    account = {name: place for place, name in enumerate(world.ids.account)}
    invoice = {name: place for place, name in enumerate(numbered("INV-", world.invoices.number, 6))}
    billed = _invoices(world)
    there = {row["invoice_id"] for row in billed["billing.invoices"]}
    promises = [row for row in collection_files.promises(world).to_dicts() if number[row["customer_id"]] in crm]
    statuses = {WON: "won", LOST: "lost"}
    rates = [
        world.scope.start_day - 40 + step for step in range(0, world.scope.until_day - world.scope.start_day + 41, 14)
    ]
    return billed | {
        "crm.accounts": [
            {"account_id": f"A{i}", "name": parties.names[i], "phone": f"+4670{i:07d}",
             "segment": "Large" if parties.multiple[i] > 2 else "Small"}
            for i in crm
        ],
        "billing.customers": [
            {"customer_id": f"C{i}", "name": parties.names[i], "account_id": f"A{i}"}
            for i in crm if parties.is_customer[i]
        ],
        "billing.promises": [
            {**row, "customer_id": f"C{number[row['customer_id']]}",
             "invoice_id": f"I{invoice[row['invoice_id']]}" if row["invoice_id"] else None}
            for row in promises
            if row["invoice_id"] is None or f"I{invoice[row['invoice_id']]}" in there
        ],
        "crm.deals": [
            {"deal_id": f"D{d}", "account_id": f"A{deals.party[d]}", "name": f"Deal {d}",
             "status": statuses.get(int(deals.stage[d]), "open"), "amount": amount(deals.amount[d]), "currency": "EUR",
             "created_at": moment(deals.created[d]),
             "closed_at": moment(deals.closed[d]) if int(deals.stage[d]) in statuses else None}
            for d in range(deals.count)
        ],
        "crm.activities": [
            {"activity_id": f"M{m}", "activity_type": "meeting", "outcome": "held",
             "account_id": f"A{meetings.party[m]}", "occurred_at": moment(meetings.starts[m])}
            for m in np.flatnonzero(meetings.starts < (world.scope.until_day + 1) * DAY)
        ],
        "crm.cases": [
            {"case_id": row["id"], "account_id": f"A{account[row['account_id']]}", "reason": row["reason"],
             "status": row["status"], "opened_at": row["opened"], "closed_at": row["closed"]}
            for row in documents.cases(world).to_dicts()
        ],
        "calls.calls": _calls(world),
        # A rate that changes half-way: revenue of one account is not the same money before and after.
        "plan.fx_rates": [
            {"currency": "USD", "rate_date": day(rate_on), "rate": "0.9" if place < len(rates) // 2 else "0.8"}
            for place, rate_on in enumerate(rates)
        ],
    }  # fmt: skip

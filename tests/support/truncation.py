"""What the systems would have written, had they been asked on an earlier day.

From the definition of an export: it holds the rows that had been entered by the end of the day, with what had happened to
them by then. Nothing is taken from the models or from `pipelines/entities.yml`. What no export keeps a history of is
written as it is now; that is the one thing that a cut export cannot give. A system that wrote fewer columns knew what it
did not write: when a row was entered, and what happened to it, is what all its exports tell.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.exports.entities import entities

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def read_rows(raw: Path) -> Rows:
    """Every row of an export in a raw store, by entity id."""
    found: Rows = {}
    with duckdb.connect() as connection:
        for entity in entities().values():
            if entity.domain == "lists":
                continue
            pattern = f"{raw}/{entity.domain}/{entity.name}/*[0-9a-f].parquet"
            read = connection.execute(f"select * from read_parquet('{pattern}', union_by_name = true)")
            names = [column[0] for column in read.description or []]
            found[entity.id] = [dict(zip(names, row, strict=True)) for row in read.fetchall()]
            for row in found[entity.id]:
                row["_extra"] = json.loads(row["_extra"]) if row["_extra"] else None
    return found


def day_of(value: Any) -> date:
    """The day of a date or a moment, of a business whose clock is UTC's."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    assert isinstance(value, date)
    return value


# When a row was entered: by the first of these that it gives.
ENTERED = {
    "crm.accounts": ["created_at"], "crm.account_owners": ["starts_on"], "crm.contacts": ["created_at"],
    "crm.employees": ["active_from"], "crm.leads": ["created_at"], "crm.deals": ["created_at"],
    "crm.deal_stages": ["entered_at"], "crm.activities": ["created_at"], "crm.cases": ["opened_at"],
    "crm.documents": ["sent_at", "signed_at", "starts_on"], "crm.campaigns": ["starts_on"],
    "billing.invoices": ["issued_on"], "billing.orders": ["ordered_on"], "billing.opening_balances": ["as_of"],
    "billing.payments": ["received_on"], "billing.applications": ["applied_on"], "billing.adjustments": ["occurred_on"],
    "billing.subscriptions": ["started_on"], "billing.dunning_events": ["sent_at"], "billing.promises": ["made_on"],
    "calls.calls": ["started_at"], "calls.channel_costs": ["spent_on"], "plan.costs": ["month"],
    "plan.fx_rates": ["rate_date"], "crm.case_events": ["occurred_at"], "crm.commitments": ["made_on"],
    "crm.stock_outs": ["asked_on"], "crm.campaign_members": ["invited_on"], "crm.product_uses": ["used_on"],
    "billing.deliveries": ["ordered_on"],
}  # fmt: skip

# A row that names one of these is entered after it.
NAMES = {
    "crm.deal_stages": {"deal_id": "crm.deals"},
    "crm.case_events": {"case_id": "crm.cases"},
    "billing.instalments": {"invoice_id": "billing.invoices"},
    "billing.invoice_lines": {"invoice_id": "billing.invoices"},
    "billing.applications": {
        "invoice_id": "billing.invoices", "credit_note_id": "billing.invoices", "payment_id": "billing.payments"
    },
    "billing.adjustments": {"invoice_id": "billing.invoices", "payment_id": "billing.payments"},
}  # fmt: skip


def _deal(row: Row, happened: Callable[[str], bool]) -> None:
    if not happened("closed_at"):
        row |= {"closed_at": None, "status": "open", "stage": None, "probability": None, "forecast_category": None}
        row["lost_reason"] = None


def _lead(row: Row, happened: Callable[[str], bool]) -> None:
    if not happened("converted_at"):
        row |= {"converted_at": None, "status": None, "account_id": None, "contact_id": None, "deal_id": None}


def _activity(row: Row, happened: Callable[[str], bool]) -> None:
    if not happened("completed_at"):
        row |= {"completed_at": None, "outcome": None}
    if not happened("occurred_at"):
        row["outcome"] = None


def _case(row: Row, happened: Callable[[str], bool]) -> None:
    if not happened("closed_at"):
        row |= {"closed_at": None, "status": None}


def _stock_out(row: Row, happened: Callable[[str], bool]) -> None:
    _only("supply_requested_on", "told_on", "analogue_offered_on")(row, happened)
    if not happened("closed_on"):
        row |= {"closed_on": None, "outcome": None}


def _delivery(row: Row, happened: Callable[[str], bool]) -> None:
    if not happened("delivered_on"):
        row |= {"delivered_on": None, "quantity_delivered": None}


def _invoice(row: Row, happened: Callable[[str], bool]) -> None:
    if not happened("voided_on"):
        row |= {"voided_on": None, "status": "issued"}
    if not happened("dispute_resolved_on"):
        row |= {"dispute_resolved_on": None, "is_disputed": True}
    if not happened("disputed_on"):
        row |= {"disputed_on": None, "is_disputed": False}
    for column in ("settled_on", "delivered_on"):
        if not happened(column):
            row[column] = None
    # The balance of that day is in no export of a later one.
    if not happened("_known_at"):
        row["reported_balance"] = None


def _only(*columns: str) -> Callable[[Row, Callable[[str], bool]], None]:
    def undo(row: Row, happened: Callable[[str], bool]) -> None:
        row |= {column: None for column in columns if not happened(column)}

    return undo


# What had not happened to a row yet.
UNDONE = {
    "crm.accounts": _only("updated_at"), "crm.account_owners": _only("ends_on"), "crm.deals": _deal,
    "crm.deal_stages": _only("left_at"), "crm.leads": _lead, "crm.activities": _activity, "crm.cases": _case, "crm.documents": _only("sent_at", "signed_at"),
    "crm.commitments": _only("approved_on", "done_on"), "crm.stock_outs": _stock_out,
    "crm.campaign_members": _only("opened_on", "responded_on", "attended_on", "left_on"), "billing.deliveries": _delivery,
    "billing.invoices": _invoice, "billing.promises": _only("cancelled_on"),
}  # fmt: skip


# What stays until the day on which an export says that it was deleted; of all else no export says since when it is gone.
FALLS = ("billing.invoices", "billing.subscriptions")


def known(entity_id: str, rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    """What the newest export that has a column says in it, by the rows' keys."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=lambda row: str(row.get("_known_at") or "")):
        held = f",{','.join(entities()[entity_id].key)}," if row.get("_deleted") else row.get("_holds")
        said = {name: value for name, value in row.items() if held is None or f",{name}," in held}
        found.setdefault(_key(entity_id, row), {}).update(said)
    return found


def _key(entity_id: str, row: Row) -> tuple[Any, ...]:
    return (row.get("_system"), *(row[name] for name in entities()[entity_id].key))


def cut(rows: Rows, day: date) -> Rows:
    """The exports of that day's end."""
    all_known = {entity_id: known(entity_id, versions) for entity_id, versions in rows.items()}
    found: Rows = {}
    for entity_id in sorted(rows, key=lambda name: name in NAMES):
        found[entity_id] = []
        for row in rows[entity_id]:
            told = all_known[entity_id][_key(entity_id, row)]
            entered = next((told[name] for name in ENTERED.get(entity_id, ()) if told.get(name) is not None), None)
            if entered is not None and day_of(entered) > day:
                continue
            copy = dict(row)

            def happened(column: str, told: Row = told) -> bool:
                return told.get(column) is None or day_of(told[column]) <= day

            if entity_id in FALLS and copy.get("_deleted") and day_of(copy["_known_at"]) > day:
                # That it is gone a later export says, and nothing else of it.
                copy |= {"_deleted": None, "_holds": f",{','.join(entities()[entity_id].key)},"}
            if entity_id in UNDONE:
                UNDONE[entity_id](copy, happened)
            found[entity_id].append(copy)
    for entity_id, names in NAMES.items():
        for column, whole in names.items():
            key = entities()[whole].key[0]
            there = {(row.get("_system"), row[key]) for row in found.get(whole, [])}
            later = {(row.get("_system"), row[key]) for row in rows.get(whole, [])} - there
            told_of = all_known.get(entity_id, {})
            found[entity_id] = [
                row
                for row in found.get(entity_id, [])
                if (row.get("_system"), told_of[_key(entity_id, row)].get(column)) not in later
            ]
    return found

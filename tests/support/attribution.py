"""Who is given what was sold: touches, models of attribution, costs and payback, by the definitions (K21, N1, N14)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from math import floor
from typing import Any

from tests.support.calls import Conversation
from tests.support.known import known_sum
from tests.support.oracle import ZONE, days, month_end, month_number, parameter, seed
from tests.support.sources import key

Row = dict[str, Any]
Touch = tuple[date, str]
Place = tuple[date, str, str, str]
Rate = Callable[[str, date], Fraction | None]
MODELS = ("first", "last", "last_non_direct", "linear")
INVOICED, LOST = {"invoice", "debit_note", "credit_note"}, {"write_off", "recovery"}


def direct() -> set[str]:
    """Sources that say that nobody sent the client."""
    return {row["source"] for row in seed("direct_sources_defaults")}


def credited(touches: list[Touch], model: str, directs: set[str]) -> list[Touch]:
    """The touches of a sale, in their order, that share it."""
    if model == "linear" or not touches:
        return touches
    if model == "last_non_direct":
        touches = [touch for touch in touches if touch[1] not in directs] or touches
    return [touches[0] if model == "first" else touches[-1]]


def up_to(amount: Fraction, number: int, touches: list[Touch]) -> Fraction:
    """What the first so many touches get of an amount together, to the fourth digit."""
    exact = abs(amount) * number / len(touches) * 10_000
    return Fraction(floor(exact + Fraction(1, 2)), 10_000) * (1 if amount >= 0 else -1)


@dataclass
class Sold:
    """An amount, of a sale of a day."""

    account: str | None
    sold_on: date
    measure: str
    happened_on: date | None
    amount: Fraction | None


def sold(deals: list[Row], invoices: list[Row], events: list[Row]) -> list[Sold]:
    """Deals, and what the ledger says of invoices: each belongs to the day of its deal, else of its invoice."""
    created = {row["deal_id"]: row["created_on"] for row in deals}
    deal_of = {row["invoice_id"]: row["deal_id"] for row in invoices}
    found = []
    for row in deals:
        if sold_on := row["created_on"] or row["closed_on"]:
            found.append(Sold(row["account_id"], sold_on, "deals", row["created_on"], Fraction(1)))
            if row["status"] == "won":
                base = row["amount_base"]
                amount = None if base is None else Fraction(base)
                found.append(Sold(row["account_id"], sold_on, "won_amount", row["closed_on"], amount))
    for row in events:
        kind = row["event_type"]
        name = "invoiced" if kind in INVOICED else "written_off" if kind in LOST else "cash_applied"
        sold_on = created.get(deal_of.get(row["invoice_id"])) or row["issued_on"] or row["event_date"]
        base = row["amount_base"]
        amount = None if base is None else Fraction(base) * (1 if name == "invoiced" else -1)
        found.append(Sold(row["account_id"], sold_on, name, row["event_date"], amount))
    return found


def touched(
    found: list[Conversation], leads: list[Row], accounts: dict[str, str], as_of: date
) -> dict[str, list[Touch]]:
    """The touches of each account: inbound calls and leads, one a day and source."""
    touches: dict[str, set[Touch]] = defaultdict(set)
    for one in found:
        if one.direction == "inbound" and one.day and (one.client or "") in accounts:
            touches[accounts[one.client or ""]].add((one.day, key(one.opening["source"])))
    for lead in leads:
        created = datetime.fromisoformat(lead["created_at"]).astimezone(ZONE).date()
        if lead["account_id"] and created <= as_of:
            touches[f"{lead['_system']}:{lead['account_id']}"].add((created, key(lead["lead_source"])))
    return {account: sorted(mine) for account, mine in touches.items()}


def counted_leads(found: list[Conversation], leads: list[Row], as_of: date) -> dict[tuple[date, str], int | None]:
    """First-time target callers and leads of each month and source; None where talk is not known."""
    callers: dict[tuple[date, str], set[str]] = defaultdict(set)
    unknown: set[tuple[date, str]] = set()
    forms: dict[tuple[date, str], int] = defaultdict(int)
    for one in found:
        if one.direction == "inbound" and one.day:
            place = one.day.replace(day=1), key(one.opening["source"])
            forms[place] += 0
            if one.is_target is None:
                unknown.add(place)
            elif one.is_first_time and one.is_target and one.client:
                callers[place].add(one.client)
    for lead in leads:
        created = datetime.fromisoformat(lead["created_at"]).astimezone(ZONE).date()
        if created <= as_of:
            forms[created.replace(day=1), key(lead["lead_source"])] += 1
    return {place: None if place in unknown else len(callers[place]) + forms[place] for place in {*forms, *callers}}


def attribution(
    amounts: Iterable[Sold], touches: dict[str, list[Touch]], leads: dict[tuple[date, str], int | None],
    costs: list[Row], rate: Rate, as_of: date,
) -> dict[Place, Row]:  # fmt: skip
    """`rpt_call_attribution`."""
    back, directs = days(parameter("attribution_lookback_days")), direct()
    parts: dict[Place, list[tuple[Sold, Fraction | None]]] = defaultdict(list)
    for one in amounts:
        near = [touch for touch in touches.get(one.account or "", []) if one.sold_on - back <= touch[0] <= one.sold_on]
        for model in MODELS:
            mine = credited(near, model, directs)
            for number, (day, source) in enumerate(mine, start=1):
                kind = "unknown" if source == "unknown" else "named"
                share = (
                    None
                    if one.amount is None
                    else up_to(one.amount, number, mine) - up_to(one.amount, number - 1, mine)
                )
                parts[day.replace(day=1), kind, source, model].append((one, share))
            if not mine:
                kind = "no_account" if one.account is None else "no_touch"
                parts[one.sold_on.replace(day=1), kind, kind, model].append((one, one.amount))
    spent: dict[tuple[date, str], list[Fraction | None]] = defaultdict(list)
    for cost in costs:
        if cost["spent_on"] <= as_of and cost["amount"] is not None:
            known = rate(cost["currency"], cost["spent_on"])
            place = cost["spent_on"].replace(day=1), key(cost["source"])
            spent[place].append(None if known is None else Fraction(str(cost["amount"])) * known)
    for month, source in {*leads, *spent}:
        for model in MODELS:
            parts[month, "unknown" if source == "unknown" else "named", source, model] += []
    return {
        place: _row(place, mine, leads.get(place[:3:2], 0), spent.get(place[:3:2], []), as_of)
        for place, mine in parts.items()
    }


def _row(
    place: Place, mine: list[tuple[Sold, Fraction | None]], leads: int | None, spent: list[Fraction | None], as_of: date
) -> Row:
    row: Row = {"leads": leads if place[1] in ("named", "unknown") else None, "missing_rate_count": spent.count(None)}
    for name in ("deals", "won_amount", "invoiced", "cash_applied", "written_off"):
        given = [amount for one, amount in mine if one.measure == name]
        row[name] = known_sum(given)
        row["missing_rate_count"] += given.count(None)
    row["cost"] = known_sum(spent) if spent else None
    is_whole = row["cost"] is not None and None not in spent
    row["cost_per_lead"] = row["cost"] / leads if is_whole and leads else None
    row["cost_per_deal"] = row["cost"] / row["deals"] if is_whole and row["deals"] else None
    row["payback_months"] = None
    cash = [(one.happened_on, amount) for one, amount in mine if one.measure == "cash_applied"]
    if is_whole and row["cost"] > 0 and all(amount is not None for _, amount in cash):
        months = sorted({on.replace(day=1) for one, _ in mine if (on := one.happened_on)})
        enough = [
            sum((amount or 0 for on, amount in cash if on and on.replace(day=1) <= month), Fraction(0)) >= row["cost"]
            for month in months
        ]
        while enough and enough[-1]:
            row["payback_months"] = month_number(months[len(enough) - 1]) - month_number(place[0])
            enough.pop()
    row["is_young"] = month_end(place[0]) + days(parameter("attribution_lookback_days")) > as_of
    return row

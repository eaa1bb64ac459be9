"""Today: an account manager's day: whom to call, why, and what finance would say of each."""

from __future__ import annotations

from functools import partial
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.components.formats import iso, money, number, percent, plain, plural
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, open_account, section
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.team_commission import hidden
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import one, said
from dashboards.queries import today

FIRST = 3
page = current_page()
base = page.base_currency


def to_do(row: dict[str, Any]) -> str:
    """What to do with an account: about its debt, else about its silence, and what was planned for today."""
    parts = said("collection_action", row["suggested_action"], row) if row["rank"] is not None else []
    if not parts and row["waiting_missed_calls"]:
        parts = [one("collection_action", "call_back")]
    if not parts:
        parts = said("contact_action", row["next_action"], row)
    if row["planned_type"]:
        parts.append(": ".join(filter(None, (f"Planned today: {row['planned_type']}", row["planned_subject"]))))
    if row["task_on"]:
        parts.append(f"Task of {iso(row['task_on'])}" + (f": {row['task_subject']}" if row["task_subject"] else ""))
    return "; ".join(parts)


def why(row: dict[str, Any]) -> str:
    """Why the account is on the list."""
    if row["rank"] is not None:
        return "; ".join(said("collection_reason", row["reason"], row))
    reasons = []
    if row["waiting_missed_calls"]:
        reasons.append(one("collection_reason", "called_in_vain", row))
    if row["silence_rank"] is not None:
        silent = row["days_since_contact"]
        reasons.append("no contact yet" if silent is None else f"last contact {plural(silent, 'day')} ago")
    return "; ".join(reasons)


def promise(row: dict[str, Any]) -> str | None:
    """What became of the last promise to pay, and for which day it was."""
    if not row["last_promise_state"]:
        return None
    is_late = "promise_kept_late" in (row["reason"] or "").split(",")
    state = "kept late" if is_late else one("pack.promise_state", row["last_promise_state"])
    return f"{state}, for {iso(row['last_promised_for'])}"


def told(data: pa.Table) -> pa.Table:
    """The list with what is said of each row."""
    found = data.to_pylist()
    for name, say in (("to_do", to_do), ("why", why), ("promise", promise)):
        data = data.append_column(name, pa.array([say(row) for row in found], pa.string()))
    return data


def card(place: int, row: dict[str, Any]) -> None:
    """One of the first accounts: what to do, why, whom to reach, and what finance would say."""
    with st.container(border=True, key=f"card-today-{place}", height="stretch"):
        st.markdown(f"##### {place}. {plain(row['account_name'])}")
        st.markdown(f"**{plain(row['to_do'])}**")
        if row["why"]:
            st.markdown(plain(row["why"][:1].upper() + row["why"][1:]))
        person = ", ".join(plain(part) for part in (row["contact_name"], row["contact_title"]) if part)
        reach = " · ".join(plain(part) for part in (row["contact_phone"], row["contact_email"]) if part)
        st.markdown(f":material/person: {person or 'See the account for people'}" + (f"  \n{reach}" if reach else ""))
        finance = [f"overdue {plain(money(row['overdue_amount'], base))}"]
        if row["oldest_days_overdue"]:
            finance.append(f"the oldest for {plural(row['oldest_days_overdue'], 'day')}")
        if row["credit_used_ratio"] is not None:
            finance.append(f"{percent(row['credit_used_ratio'], 0)} of the credit limit used")
        if row["promise"]:
            finance.append(f"last promise {plain(row['promise'])}")
        if row["waiting"]:
            finance.append(f"commission that waits on cash: {plain(money(row['waiting'], base))}")
        st.caption("Finance: " + ", ".join(finance) + ".")
        if st.button("Open account", key=f"today_{place}", icon=":material/open_in_new:", type="tertiary"):
            open_account(row["account_id"])


header("Today", "Whom to call, why, and what finance would say.")
counts = today.totals(page.warehouse, page.filters)
if not counts["all_accounts"]:
    drop_in("any")
    footnotes()
    st.stop()
waits = today.waiting_total(page.warehouse, page.filters)
sight = page.filters.sight
shown = [
    Tile("To get in touch with", number(counts["accounts"])),
    Tile("Called in vain", number(counts["callers"]), metric=("rpt_accounts", "waiting_missed_calls", "N8")),
    Tile("Overdue to ask for", number(counts["debtors"])),
    Tile("Promises broken", number(counts["broken"])),
    Tile("Planned or due today", number(counts["planned"])),
]
if sight.everybody or sight.people or sight.teams:
    note = "Commission that becomes payable once all that is left of the deals' invoices is paid."
    metric = ("rpt_commission_deals", "waiting", "P21")
    shown.append(Tile("Commission that waits", money(waits["waiting"], base), metric=metric, note=note))
tiles(page.warehouse, shown)

found = told(today.today(page.warehouse, page.filters, MOST))
firsts = found.slice(0, FIRST).to_pylist()
if firsts:
    with st.grid(len(firsts), min_column_width=260, gap="small"):
        for place, row in enumerate(firsts, start=1):
            card(place, row)
about = (
    "Who called in vain first, debtors before others; then who owes, in the order of the collection worklist, what is "
    "planned or due today, and who is silent for longer than should be. Click a row to open the account."
)
with section("Whom to get in touch with", about, key="today"):
    columns = {
        "account_name": Column("Account", width="medium", pinned=True),
        "to_do": Column("What to do", width="medium"),
        "overdue_amount": Column(f"Overdue, {base or 'base'}", "money", "R4"),
        "oldest_days_overdue": Column("Oldest, days", "count", "Days overdue of the oldest open item."),
        "credit_used_ratio": Column("Limit used", "ratio", "R24: what is used of the credit limit.", optional=True),
        "promise": Column("Last promise", help="R22", optional=True),
        "waiting": Column(
            "Commission waits", "money", "P21: of the managers chosen; payable once invoices are paid.", optional=True
        ),
        "missed_call_on": Column("Called in vain", "date", "N8: nobody has spoken with them since.", optional=True),
        "last_spoken_on": Column("Last contact", "date"),
        "contact_name": Column("Contact", optional=True),
        "contact_phone": Column("Phone", optional=True),
        "owner_name": Column("Manager"),
        "why": Column("Why", width="large"),
    }  # fmt: skip
    if not found.num_rows:
        nothing("Nobody has to be called today.")
        picked = None
    else:
        picked = table(found, columns, "today", pick="account_id", height=460 if found.num_rows > 11 else "content")
        shown_of(found.num_rows, counts["accounts"], "accounts")
        every = partial(today.today, page.warehouse, page.filters, EVERY)
        download("Download as CSV", "today", lambda: told(every()).select([*columns, "account_id"]), "today", columns)
    open_account(picked)

with section(
    "Commission that waits on cash",
    f"Won deals whose invoices are not paid, in {base or 'base currency'}: what is paid becomes payable (P21).",
    key="waiting",
):
    if held_back := hidden(sight):
        st.caption(held_back)
    deals = today.waiting(page.warehouse, page.filters, MOST)
    if deals.num_rows:
        of_deals = {
            "account_name": Column("Account", width="medium"),
            "deal_name": Column("Deal", width="medium"),
            "employee_name": Column("Whose"),
            "won_on": Column("Won", "date"),
            "billed_amount": Column("Invoiced", "money", "Net of tax, less credit notes and write-offs."),
            "earned_amount": Column("Of it paid", "money"),
            "rate": Column("Rate", "ratio"),
            "share": Column("Share", "ratio"),
            "payable": Column("Payable so far", "money", "Less what was clawed back."),
            "waiting": Column("Waits", "money", "P21"),
            "plan_version": Column("Plan"),
        }
        open_account(table(deals, of_deals, "waiting", pick="account_id"))
        download(
            "Download as CSV", "commission-that-waits", lambda: today.waiting(page.warehouse, page.filters, EVERY),
            "waiting", of_deals,
        )  # fmt: skip
    elif sight.everybody or sight.people or sight.teams:
        nothing("Nothing waits: every invoice of a won deal is paid, or no invoice names a deal.")
footnotes()

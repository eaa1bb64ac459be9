"""Accounts: the list, and with `?account=…` in the address the card of one."""

from __future__ import annotations

import streamlit as st

from dashboards.components.account_card import account_card
from dashboards.components.account_exports import exports
from dashboards.components.formats import money, number, plain, plural
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, section
from dashboards.components.tables import MOST, Column, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.queries import accounts

STATUSES = ("active", "paused", "lost")
FLAGS = {
    "new": "New cards",
    "unmapped": "Not in the CRM",
    "terms": "Billed without terms",
    "incomplete": "Card incomplete",
    "unsigned": "Unsigned acts",
    "unplanned": "Nothing planned",
    "away": "Manager away",
    "deciders": "Key, decision makers not reached",
}
ABOUT = "Every account that the CRM, the billing system or the telephone knows, once."


def asked_for() -> accounts.Asked:
    """The search and the filters of the list."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        search = st.text_input(
            "Search",
            key="account_search",
            placeholder="Name, person, telephone, e-mail, document number",
            help="A telephone number in any writing, five digits or more.",
            width=400,
        )
        chosen = st.pills("Status", STATUSES, selection_mode="multi", key="account_status")
        keys_only = st.toggle("Key accounts", key="account_keys")
        overdue_only = st.toggle("With overdue", key="account_overdue")
    flags = st.pills(
        "Only",
        list(FLAGS),
        selection_mode="multi",
        format_func=FLAGS.__getitem__,
        key="account_flags",
        help="Of several all have to hold.",
    )
    return accounts.Asked(tuple(chosen), tuple(flags), search.strip(), keys_only, overdue_only)


def cards_section(asked: accounts.Asked) -> None:
    """How the cards are kept, by manager: what they lack and how soon they hear of what happens."""
    page = current_page()
    kept = accounts.cards(page.warehouse, page.filters, asked)
    if not kept.num_rows:
        return
    about = "What cards lack now (P16), and how soon the newest month's events were entered (P17)."
    with section("How cards are kept", about, key="account-cards"):
        table(
            kept,
            {
                "owner_name": Column("Manager", pinned=True),
                "team": Column("Team"),
                "accounts": Column("Accounts", "count"),
                "incomplete": Column("Incomplete", "count", "Cards that lack a required field."),
                "new_cards": Column("New", "count"),
                "without_terms": Column("Billed without terms", "count"),
                "card_entries": Column("Entries", "count", "Of the newest month; all of the manager's accounts."),
                "card_on_time_ratio": Column("On time", "ratio", "Entered within card_entry_days."),
                "card_timeliness": Column("Entered after, days", "real", "P17: the median; negative is ahead."),
            },
            "account_cards",
            height="content" if kept.num_rows <= 12 else "auto",
        )


def account_list() -> None:
    """The accounts that match, one row each; a click opens the card."""
    page = current_page()
    code = page.base_currency
    header("Accounts", ABOUT)
    asked = asked_for()
    totals = accounts.totals(page.warehouse, page.filters, asked)
    found = accounts.found(page.warehouse, page.filters, asked, MOST)
    picked = found.column("account_id")[0].as_py() if found.num_rows == 1 and asked.search else None
    if picked:
        name = found.column("account_name")[0].as_py() or picked
        if not st.button(
            f"Open the card of {plain(name[:80])}", icon=":material/contact_page:", key="account_only_one"
        ):
            picked = None
    tiles(
        page.warehouse,
        [
            Tile("Accounts", number(totals["accounts"]), versus=f"{number(totals['active'])} active"),
            Tile(
                "Paused or lost",
                number(totals["paused"] + totals["lost"]),
                versus=f"{number(totals['status_unknown'])} not known" if totals["status_unknown"] else None,
            ),
            Tile(
                "Revenue, 12 months", money(totals["revenue_12m"], code), metric=("rpt_accounts", "revenue_12m", "V1")
            ),
            Tile("Open", money(totals["open_amount"], code), metric=("rpt_accounts", "open_amount", "R1")),
            Tile(
                "Overdue",
                money(totals["overdue_amount"], code),
                metric=("rpt_accounts", "overdue_amount", "R4"),
                versus=f"{number(totals['with_overdue'])} accounts",
            ),
            Tile(
                "Unapplied", money(totals["unapplied_amount"], code), metric=("rpt_accounts", "unapplied_amount", "R2")
            ),
        ],
    )
    about = "Click a row to open its card. Sums are in base currency."
    if totals["missing_rate_count"]:
        about += f" {plural(totals['missing_rate_count'], 'amount')} without an exchange rate are not in the sums."
    with section("All accounts", about, key="accounts"):
        if not found.num_rows:
            nothing("No account matches. Take a filter away, or search for less.")
        else:
            opened = table(
                found,
                {
                    "status": Column("Status"),
                    "account_name": Column("Account", width="medium"),
                    "found_by": Column("Found by", help="The person or document that matches.", optional=True),
                    "tier": Column("Tier", optional=True),
                    "is_key_account": Column("Key", "bool", optional=True),
                    "owner_name": Column("Manager"),
                    "team": Column("Team"),
                    "segment": Column("Segment"),
                    "country": Column("Country"),
                    "revenue_12m": Column(
                        f"Revenue 12m, {code or 'base'}", "money", "Net of tax, the last 12 months (V1)."
                    ),
                    "open_amount": Column(f"Open, {code or 'base'}", "money", "Gross of tax (R1)."),
                    "overdue_amount": Column(f"Overdue, {code or 'base'}", "money", "Due before the as-of date (R4)."),
                    "last_payment_on": Column("Last payment", "date"),
                    "next_due_on": Column("Next due", "date"),
                    "last_contact_on": Column("Last contact", "date", "The last two-way contact (P14)."),
                    "next_contact_on": Column("Next contact", "date", "Planned in the CRM.", optional=True),
                    "health_score": Column("Health", "score", "From 0 to 100 (V18).", optional=True),
                    "card_completeness": Column("Card filled", "ratio", "Of the required fields (P16).", optional=True),
                    "missing_fields": Column("Card lacks", optional=True, words="card_field"),
                },
                "accounts_table",
                pick="account_id",
                height=560 if found.num_rows > 14 else "content",
            )
            picked = picked or opened
            shown_of(found.num_rows, totals["rows"], "accounts")
            exports(asked)
    if found.num_rows:
        cards_section(asked)
    if picked:
        st.query_params["account"] = picked
        st.rerun()


wanted = st.query_params.get("account")
if wanted:
    account_card(wanted)
elif accounts.totals(current_page().warehouse, current_page().filters.__class__(), accounts.Asked())["accounts"]:
    account_list()
else:
    header("Accounts", ABOUT)
    drop_in("crm")
footnotes()

"""Accounts: the list, and with `?account=…` in the address the card of one."""

from __future__ import annotations

import streamlit as st

from dashboards.components.account_card import account_card
from dashboards.components.formats import iso, money, number, plain
from dashboards.components.page import drop_in, footnotes, header, here, nothing, section
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.xlsx import download_xlsx, to_xlsx
from dashboards.queries import accounts

TABLES = (
    "rpt_accounts",
    "rpt_account_monthly",
    "rpt_account_timeline",
    "rpt_open_invoices",
    "rpt_open_deals",
)
STATUSES = ("active", "paused", "lost")
FLAGS = {
    "new": "New cards",
    "unmapped": "Not in the CRM",
    "terms": "Billed without terms",
    "incomplete": "Card incomplete",
    "unsigned": "Unsigned acts",
    "unplanned": "Nothing planned",
    "away": "Manager away",
}
ABOUT = "Every account that the CRM, the billing system or the telephone knows, once."
# The sums below the universal table: amounts in base currency and counts, which may be added.
SUMMED = (
    "revenue_12m", "open_amount", "overdue_amount", "unapplied_amount", "disputed_amount", "open_deals",
    "open_deals_amount", "open_cases", "unsigned_acts",
)  # fmt: skip


def universal_columns(code: str) -> dict[str, Column]:
    """The columns of the universal table, in its order."""
    return {
        "account_name": Column("Account"),
        "account_id": Column("Account id"),
        "status": Column("Status"),
        "tier": Column("Tier"),
        "is_key_account": Column("Key account", "bool"),
        "health_score": Column("Health", "score"),
        "segment": Column("Segment"),
        "industry": Column("Industry"),
        "country": Column("Country"),
        "city": Column("City"),
        "owner_name": Column("Manager"),
        "team": Column("Team"),
        "substitute_name": Column("Substitute today"),
        "revenue_12m": Column(f"Revenue 12m, {code}", "money"),
        "open_amount": Column(f"Open, {code}", "money"),
        "overdue_amount": Column(f"Overdue, {code}", "money"),
        "oldest_days_overdue": Column("Oldest days overdue", "count"),
        "unapplied_amount": Column(f"Unapplied, {code}", "money"),
        "disputed_amount": Column(f"Disputed, {code}", "money"),
        "open_deals": Column("Open deals", "count"),
        "open_deals_amount": Column(f"Open deals, {code}", "money"),
        "open_cases": Column("Open cases", "count"),
        "payment_terms_days": Column("Payment terms, days", "count"),
        "credit_limit": Column("Credit limit", "money"),
        "credit_currency": Column("Limit's currency"),
        "credit_used": Column("Limit used", "money"),
        "credit_used_ratio": Column("Limit used, share", "ratio"),
        "effective_discount": Column("Effective discount", "ratio"),
        "contract_number": Column("Contract"),
        "contract_ends_on": Column("Contract ends", "date"),
        "last_invoice_on": Column("Last invoice", "date"),
        "last_payment_on": Column("Last payment", "date"),
        "last_payment_amount": Column(f"Last payment, {code}", "money"),
        "next_due_on": Column("Next due", "date"),
        "next_due_amount": Column(f"Next due, {code}", "money"),
        "last_act_sent_on": Column("Last act sent", "date"),
        "last_act_signed_on": Column("Last act signed", "date"),
        "unsigned_acts": Column("Unsigned acts", "count"),
        "last_contact_on": Column("Last contact", "date"),
        "usual_channel": Column("Usual channel"),
        "next_contact_on": Column("Next contact", "date"),
        "decision_maker_names": Column("Decision makers"),
        "phone": Column("Telephone"),
        "email": Column("E-mail"),
        "card_completeness": Column("Card filled", "ratio"),
        "missing_fields": Column("Card lacks"),
        "_file": Column("File"),
        "_row": Column("Line", "count"),
    }


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


def exports(asked: accounts.Asked) -> None:
    """What leaves from here: the universal table as a workbook or CSV, and the e-mail addresses."""
    page = here()
    code = page.base_currency or "base"
    columns = universal_columns(code)

    def workbook() -> bytes:
        found = accounts.universal(page.warehouse, page.filters, asked)
        note = f"As of {iso(page.publication['as_of_date'])}; amounts in {code} unless a currency stands beside them."
        return to_xlsx(found, columns, f"Accounts: {found.num_rows:,}", note, SUMMED)

    with st.container(horizontal=True, gap="small"):
        download_xlsx("Universal table as XLSX", "accounts", workbook, "accounts")
        download(
            "Download as CSV",
            "accounts",
            lambda: accounts.found(page.warehouse, page.filters, asked, EVERY),
            "accounts",
        )
        download(
            "E-mail addresses as CSV",
            "account-emails",
            lambda: accounts.emails(page.warehouse, page.filters, asked),
            "account_emails",
        )
    st.caption(
        "The downloads hold all accounts that the filters leave; for the e-mail list of paused clients, choose the "
        "status paused. Everybody who can open this page may download: there are no roles yet."
    )


def account_list() -> None:
    """The accounts that match, one row each; a click opens the card."""
    page = here()
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
    with section("All accounts", "Click a row to open its card. Sums are in base currency.", key="accounts"):
        if not found.num_rows:
            nothing("No account matches. Take a filter away, or search for less.", "rpt_accounts")
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
                    "missing_fields": Column("Card lacks", optional=True),
                },
                "accounts_table",
                pick="account_id",
                height=560 if found.num_rows > 14 else "content",
            )
            picked = picked or opened
            shown_of(found.num_rows, totals["accounts"], "accounts")
            exports(asked)
    if picked:
        st.query_params["account"] = picked
        st.rerun()


wanted = st.query_params.get("account")
if wanted:
    account_card(wanted)
elif accounts.totals(here().warehouse, here().filters.__class__(), accounts.Asked())["accounts"]:
    account_list()
else:
    header("Accounts", ABOUT)
    drop_in("crm", "rpt_accounts")
footnotes(*TABLES)

"""What leaves from the list of accounts: the universal table (F12), CSV, and the e-mail addresses (F13)."""

from __future__ import annotations

import streamlit as st

from dashboards.components.formats import iso
from dashboards.components.page import current_page
from dashboards.components.tables import EVERY, Column, download
from dashboards.components.xlsx import download_xlsx, to_xlsx
from dashboards.queries import accounts

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
        "effective_discount_12m": Column("Effective discount", "ratio"),
        "price_list": Column("Price list"),
        "client_goal": Column("Client's goal"),
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
        "last_review_on": Column("Last review", "date"),
        "usual_channel": Column("Usual channel"),
        "next_contact_on": Column("Next contact", "date"),
        "decision_maker_names": Column("Decision makers"),
        "is_decision_maker_silent": Column("Decision makers not reached", "bool"),
        "phone": Column("Telephone"),
        "email": Column("E-mail"),
        "card_completeness": Column("Card filled", "ratio"),
        "missing_fields": Column("Card lacks", words="card_field"),
        "_file": Column("File"),
        "_row": Column("Line", "count"),
    }


def exports(asked: accounts.Asked) -> None:
    """What leaves from here: the universal table as a workbook or CSV, and the e-mail addresses."""
    page = current_page()
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
            columns,
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

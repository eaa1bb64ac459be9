"""The card of one account: who it is, on what terms it buys, what it owes, and everything that happened."""

from __future__ import annotations

import html
from typing import Literal

import pyarrow as pa
import streamlit as st

from dashboards.components import charts
from dashboards.components.account_answers import answers
from dashboards.components.formats import iso, money, number, plain, words
from dashboards.components.page import current_page, nothing, section
from dashboards.components.tables import MOST, Column, download, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import in_place
from dashboards.queries import account_card as cards
from dashboards.queries import statements
from dashboards.queries.base import rows

TIMELINE_MOST = 500
_STATUS_COLOURS: dict[str, Literal["green", "orange", "red", "gray"]] = {
    "active": "green",
    "paused": "orange",
    "lost": "red",
}


def back() -> None:
    """Leaves the card for the list."""
    st.query_params.pop("account", None)


def money_section(account: str, code: str | None) -> None:
    """Two charts by month: what was invoiced and paid, and what was open."""
    page = current_page()
    monthly = rows(cards.monthly(page.warehouse, account, page.filters))
    left, right = st.columns(2, gap="small")
    with left, section("Revenue and cash", f"A month, in {code or 'base currency'}.", key="card-money"):
        if any(row["net_revenue"] is not None or row["collected"] is not None for row in monthly):
            charts.bars(
                monthly,
                {"net_revenue": "Revenue", "collected": "Collected"},
                ["blue", "teal"],
                code or "",
                stacked=False,
                key="card_money",
                alt_text="Revenue and cash of this account by month",
            )
        else:
            nothing("Nothing was invoiced or paid in this period.")
    with right, section("Open and overdue", f"At each month end, in {code or 'base currency'}.", key="card-open"):
        if any(row["open_amount_end"] is not None for row in monthly):
            charts.lines(
                monthly,
                {"open_amount_end": "Open", "overdue_amount_end": "Overdue"},
                ["blue", "orange"],
                code or "",
                key="card_open",
                fmt=",.2f",
                alt_text="Open and overdue of this account at month ends",
            )
        else:
            nothing("Nothing was open in this period.")
    with section("Contact", "Two-way contacts and calls a month.", key="card-contact"):
        if any(row["two_way_contacts"] or row["inbound_calls"] or row["outbound_calls"] for row in monthly):
            charts.bars(
                monthly,
                {"two_way_contacts": "Two-way contacts", "inbound_calls": "Calls in", "outbound_calls": "Calls out"},
                ["blue", "teal", "grey"],
                "Number",
                stacked=False,
                key="card_contact",
                alt_text="Contacts and calls of this account by month",
            )
            charts.bars(
                monthly,
                {
                    "call_contacts": "By telephone",
                    "email_contacts": "By e-mail",
                    "meeting_contacts": "Meetings and visits",
                },
                ["blue", "teal", "orange"],
                "Two-way contacts",
                key="card_channels",
                alt_text="Contacts of this account by channel and month",
            )
        else:
            nothing("No contact in this period.")


def plan_section(account: str, code: str | None) -> None:
    """Budget against actual and cost against revenue by month, where a plan brings them (C16, C17)."""
    page = current_page()
    monthly = cards.monthly(page.warehouse, account, page.filters)
    planned = [row for row in rows(monthly) if row["budget"] is not None or row["cost"] is not None]
    if not planned:
        return
    about = f"A month, in {code or 'base currency'}; the months for which a plan has a budget or a cost, newest first."
    with section("Budget and margin", about, key="card-plan"):
        data = pa.Table.from_pylist(planned[::-1], schema=monthly.schema)
        columns = {
            "month": Column("Month", pinned=True),
            "net_revenue": Column("Revenue", "money", "V1"),
            "budget": Column("Budget", "money"),
            "budget_variance": Column("Variance", "money", "V19: revenue less budget."),
            "budget_variance_ratio": Column("Variance, share", "ratio", "V19"),
            "budget_state": Column("Is", help="C16: by more than budget_tolerance.", words="budget_state"),
            "budget_explanation": Column(
                "Said to the client", width="medium", help="C34: from the plan.", optional=True
            ),
            "budget_action": Column("Done about it", width="medium", help="C16: from the plan.", optional=True),
            "cost": Column("Cost", "money", optional=True),
            "representation_cost": Column("Of it representation", "money", "C33", optional=True),
            "margin": Column("Margin", "money", "Revenue less cost (C17).", optional=True),
        }
        table(data, columns, "card_plan", height="content" if len(planned) <= 12 else "auto")
        download("Download as CSV", "budget-and-margin", lambda: data, "card_plan", columns)


def use_section(account: str, code: str | None) -> None:
    """What the account uses of what it bought, and whom it sent to us, where an export tells it."""
    page = current_page()
    monthly = cards.monthly(page.warehouse, account, page.filters)
    told = [row for row in rows(monthly) if row["product_uses"] is not None or row["referrals"] is not None]
    if not told:
        return
    with section("Use and referrals", "A month beside what it bought, newest first.", key="card-use"):
        columns = {
            "month": Column("Month", pinned=True),
            "net_revenue": Column(f"Revenue, {code or 'base'}", "money", "V1"),
            "product_uses": Column("Uses of our products", "real", "C28", optional=True),
            "referrals": Column("Deals that it referred", "count", "C14", optional=True),
        }
        table(pa.Table.from_pylist(told[::-1], schema=monthly.schema), columns, "card_use", height="content")


def terms_section(account: str) -> None:
    """Limit, rating and payment behaviour, a row a currency; and the promises."""
    page = current_page()
    terms = cards.terms(page.warehouse, account)
    with section("Terms and payment behaviour", "A row a currency; currencies are never added.", key="card-terms"):
        if terms.num_rows:
            table(
                terms,
                {
                    "currency": Column("Currency", pinned=True),
                    "credit_limit": Column("Limit", "money"),
                    "credit_used_ratio": Column("Limit used", "ratio", "R24"),
                    "open_amount": Column("Open", "money", "R1"),
                    "overdue_amount": Column("Overdue", "money", "R4"),
                    "unapplied_amount": Column("Unapplied", "money", "R2: paid, not yet set against an invoice."),
                    "disputed_amount": Column("Disputed", "money", "R36"),
                    "payment_rating": Column("Rating", help="R28: A to D by average days delinquent."),
                    "average_days_delinquent": Column("Days delinquent", "days", "R12"),
                    "average_payment_days": Column("Days to pay", "days", "R13"),
                    "on_time_ratio_amount": Column("On time", "ratio", "R14, by amount"),
                    "promises_kept_ratio": Column("Promises kept", "ratio", "R22"),
                },
                "card_terms",
                height="content",
            )
        else:
            nothing("No receivables of this account.")
        promises = cards.promises(page.warehouse, account)
        if promises.num_rows:
            st.caption("Promises to pay")
            table(
                promises,
                {
                    "promised_for": Column("Promised for", "date"),
                    "amount": Column("Amount", "money"),
                    "kept_amount": Column("Kept", "money"),
                    "broken_value": Column("Broken", "money", "R23"),
                    "state": Column("State"),
                },
                "card_promises",
                height="content",
            )


def invoices_section(account: str) -> None:
    """What is open, with the file and the line that each invoice came from."""
    invoices = cards.invoices(current_page().warehouse, account)
    with section("Open invoices", "With the export file and the line in it that each came from.", key="card-invoices"):
        if not invoices.num_rows:
            nothing("No open invoices.")
            return
        table(
            invoices.set_column(
                invoices.column_names.index("aging_bucket"),
                "aging_bucket",
                [[words(value) for value in invoices.column("aging_bucket").to_pylist()]],
            ),
            {
                "invoice_number": Column("Invoice", pinned=True, words="placeholder"),
                "instalment_number": Column("Instalment"),
                "issued_on": Column("Issued", "date"),
                "due_on": Column("Due", "date"),
                "days_overdue": Column("Days overdue", "count"),
                "aging_bucket": Column("Age"),
                "currency": Column("Currency"),
                "gross_amount": Column("Gross", "money"),
                "open_amount": Column("Open", "money"),
                "is_disputed": Column("Disputed", "bool"),
                "dunning_level": Column("Reminders", "count", "R25: the highest level that was sent."),
                "allocation": Column(
                    "Allocation", help="How payments were set against it; some exports only let us infer it."
                ),
                "_file": Column("File"),
                "_row": Column("Line", "count"),
            },
            "card_invoices",
        )
        download("Download as CSV", "open-invoices", lambda: in_place(invoices, "invoice_number"), "card_invoices")


def deals_section(account: str) -> None:
    """What is being sold to it."""
    deals = cards.deals(current_page().warehouse, account)
    with section("Open deals", "Those expected to close first on top.", key="card-deals"):
        if not deals.num_rows:
            nothing("No deal is open.")
            return
        table(
            deals,
            {
                "deal_name": Column("Deal", width="medium"),
                "stage": Column("Stage"),
                "probability": Column("Probability", "ratio", "As the CRM gives it."),
                "currency": Column("Currency"),
                "amount": Column("Amount", "money"),
                "payment_warning": Column("Warning", help="B12", optional=True, words="payment_warning"),
                "expected_close_on": Column("Expected", "date"),
                "created_on": Column("Created", "date"),
                "employee_name": Column("Manager", words="placeholder"),
                "_file": Column("File"),
                "_row": Column("Line", "count"),
            },
            "card_deals",
            height="content" if deals.num_rows <= 10 else "auto",
        )


def people_section(account: str) -> None:
    """Who is there, who decides, whose birthday is near."""
    people = cards.people(current_page().warehouse, account)
    with section("People", "Those who decide first (A15).", key="card-people"):
        if not people.num_rows:
            nothing("The CRM has no person of this account.")
            return
        near = [f"{iso(row['next_birthday_on'])} {row['full_name']}" for row in rows(people) if row["is_birthday_soon"]]
        if near:
            st.caption(f":material/cake: Birthdays soon: {plain('; '.join(near))}")
        table(
            people,
            {
                "full_name": Column("Name", pinned=True),
                "title": Column("Title or role"),
                "is_decision_maker": Column("Decides", "bool", "By role or title: list decision_maker_roles."),
                "phone": Column("Telephone"),
                "email": Column("E-mail"),
                "last_two_way_on": Column("Last contact", "date", "Two-way, with this person (P14)."),
                "last_channel": Column("By", optional=True),
                "last_contact_by": Column("Of us", optional=True),
                "next_birthday_on": Column("Next birthday", "date", optional=True),
                "_file": Column("File"),
                "_row": Column("Line", "count"),
            },
            "card_people",
            height="content" if people.num_rows <= 12 else "auto",
        )


def documents_section(account: str) -> None:
    """Contracts, acts and acts of reconciliation with their dates."""
    papers = cards.documents(current_page().warehouse, account)
    with section("Documents", "Sent and signed, the newest first.", key="card-documents"):
        if not papers.num_rows:
            nothing("No contract and no act is known.")
            return
        for name in ("document_type", "state"):
            values = [words(value) for value in papers.column(name).to_pylist()]
            papers = papers.set_column(papers.column_names.index(name), name, [values])
        table(
            papers,
            {
                "document_type": Column("Document", pinned=True),
                "document_number": Column("Number"),
                "state": Column("State", help="overdue: sent more than unsigned_after_days ago, not signed (B8)."),
                "sent_on": Column("Sent", "date"),
                "signed_on": Column("Signed", "date"),
                "days_unsigned": Column("Days unsigned", "count", optional=True),
                "starts_on": Column("From", "date", optional=True),
                "ends_on": Column("To", "date", optional=True),
                "amount": Column("Amount", "money", optional=True),
                "currency": Column("Currency", optional=True),
                "_file": Column("File"),
                "_row": Column("Line", "count"),
            },
            "card_documents",
            height="content" if papers.num_rows <= 8 else 320,
        )


def timeline_section(account: str) -> None:
    """What happened, newest first."""
    page = current_page()
    kinds = cards.groups(page.warehouse, account)
    with section("Timeline", "All that happened with this account, newest first.", key="card-timeline"):
        chosen: list[str] = []
        if len(kinds) > 1:
            chosen = st.pills(
                "Show",
                list(kinds),
                selection_mode="multi",
                format_func=lambda kind: f"{kind} {kinds[kind]:,}",
                key="card_kinds",
                label_visibility="collapsed",
            )
        # What the account of a moment ago offered may not be here.
        wanted = tuple(kind for kind in chosen if kind in kinds)
        timeline = cards.timeline(page.warehouse, account, wanted, TIMELINE_MOST)
        if not timeline.num_rows:
            nothing("Nothing is known to have happened.")
            return
        columns = {
            "occurred_at": Column("When", "time", pinned=True),
            "event_type": Column("What", width="large", words="timeline"),
            "amount": Column("Amount", "money"),
            "currency": Column("Currency"),
            "employee_name": Column("By"),
            "_file": Column("File"),
            "_row": Column("Line", "count"),
        }
        table(timeline, columns, "card_timeline")
        if timeline.num_rows == TIMELINE_MOST:
            st.caption(f"The newest {TIMELINE_MOST} events. The download has up to {MOST * 1000:,}.")
        download(
            "Download as CSV",
            "timeline",
            lambda: cards.timeline(page.warehouse, account, wanted, MOST * 1000),
            "card_timeline",
            columns,
        )


def account_card(account: str) -> None:
    """The whole card, or a plain sentence when this publication has no such account."""
    page = current_page()
    st.button("All accounts", icon=":material/arrow_back:", type="tertiary", on_click=back, key="card_back")
    card = cards.card(page.warehouse, account)
    if card is None:
        st.title("Account not found", anchor=False)
        asked = account[:200]
        st.text(f"This publication has no account with the id {asked}. It may have been merged into another one.")
        return
    code = card["base_currency"] or page.base_currency
    deals = cards.deals_total(page.warehouse, account)
    place = " · ".join(filter(None, (card["segment"], card["industry"], card["city"], card["country"])))
    st.html(
        f'<h1 class="keybook-name">{html.escape(card["account_name"] or account)}</h1>'
        f'<p class="keybook-place">{html.escape(place)}</p>'
    )
    with st.container(horizontal=True, gap="small"):
        status = card["status"]
        st.badge(
            status if status in _STATUS_COLOURS else "status not known",
            color=_STATUS_COLOURS.get(status or "", "gray"),
        )
        if card["is_key_account"]:
            st.badge("key account", color="blue")
        if card["tier"]:
            st.badge(f"tier {plain(card['tier'])}", color="gray")
        if card["is_new_card"]:
            st.badge("new card", color="blue")
        if card["has_crm_record"] is False:
            st.badge("not in the CRM", color="orange")
        if (card["credit_used_ratio"] or 0) > 1:
            st.badge("over its credit limit", color="red")
        if card["is_billed_without_terms"]:
            st.badge("billed without terms", color="orange")
        if card["is_owner_away"]:
            st.badge("manager away", color="orange")
        st.caption(f"As of {iso(page.publication['as_of_date'])}, in {code or 'base currency'}.")
        if statements.has_lines(page.warehouse, account):
            st.page_link(
                "app_pages/statements.py",
                label="Statement",
                icon=":material/receipt_long:",
                query_params={"account": account},
            )
    tiles(
        page.warehouse,
        [
            Tile("Revenue, 12 months", money(card["revenue_12m"], code), metric=("rpt_accounts", "revenue_12m", "V1")),
            Tile("Open", money(card["open_amount"], code), metric=("rpt_accounts", "open_amount", "R1")),
            Tile("Overdue", money(card["overdue_amount"], code), metric=("rpt_accounts", "overdue_amount", "R4")),
            Tile("Unapplied", money(card["unapplied_amount"], code), metric=("rpt_accounts", "unapplied_amount", "R2")),
            Tile(
                "Open deals",
                number(deals["deals"]),
                versus=money(deals["amount_base"], code) if deals["amount_base"] is not None else None,
                metric=("rpt_open_deals", "amount_base", "P8"),
            ),
            Tile(
                "Health",
                number(card["health_score"]),
                metric=("rpt_accounts", "health_score", "V18"),
                versus=words(card["health_band"]) if card["health_band"] else None,
                note="From 0 to 100.",
            ),
        ],
    )
    answers(card, account, code)
    people_section(account)
    documents_section(account)
    invoices_section(account)
    terms_section(account)
    plan_section(account, code)
    use_section(account, code)
    deals_section(account)
    timeline_section(account)
    money_section(account, code)

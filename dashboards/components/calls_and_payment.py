"""Tab of the page Collections: what calls and reminders are followed by, beside debts without one."""

from __future__ import annotations

from dashboards.components.page import PageContext, nothing, open_account, section
from dashboards.components.tables import EVERY, MOST, Column, download, table
from dashboards.components.words import one
from dashboards.queries import call_payments
from dashboards.queries.base import rows

EFFECT = {
    "channel": Column("After", pinned=True, words="contact_channel"),
    "age_band": Column("Age of the debt", words="age_band"),
    "reading": Column("Reading", width="medium", words="contact_reading"),
    "hazard_ratio": Column("Against none", "ratio", "K22: payments a day after over those without; 100 % is equal."),
    "low": Column("Low", "ratio", "95 % interval; debts of one account hang together, so it is rather too narrow."),
    "high": Column("High", "ratio"),
    "payments_per_100_days_after": Column("Payments a 100 days", "real", "Days after a contact on which it was open."),
    "payments_per_100_days_without": Column("Expected without", "real", "Of debts of the same age, size and habit."),
    "invoices_after": Column("Invoices after", "count"),
    "invoices_without": Column("Invoices without", "count"),
    "payments_after": Column("Payments after", "count"),
    "compared_share": Column("Compared", "ratio", "Share of the days after that have others to compare with."),
    "invoices_left_out": Column("Left out", "count", "Paid on a day that nobody knows, or without a rate."),
}
INVOICES = {
    "invoice_number": Column("Invoice", pinned=True),
    "account_name": Column("Account", width="medium"),
    "due_on": Column("Due", "date"),
    "connected_calls_after_due": Column("Calls", "count", "Connected conversations with the account since it was due."),
    "minutes_after_due": Column("Minutes", "real"),
    "dunning_level": Column("Reminders", "count", "R25"),
    "currency": Column("Currency"),
    "cash_after_due": Column("Paid late", "money", "Applied after it was due."),
    "cash_after_calls": Column("After a call", "money", "Of that, within the window after a connected call."),
    "cash_per_minute": Column("A minute", "money", "N2: cash within the window over the minutes."),
    "days_last_call_to_cash": Column("Call to cash, days", "count", "From the last call to the last payment."),
    "last_call_on": Column("Last call", "date"),
    "last_cash_on": Column("Last payment", "date"),
    "is_open": Column("Open", "bool"),
}


def calls_and_payment(page: PageContext) -> None:
    """The comparison of the whole company, then the invoices that the filters leave."""
    found = call_payments.effect(page.warehouse)
    window = next((row["window_days"] for row in rows(found)), None)
    with section(
        "Are debts paid sooner after a call?",
        f"Payments in the {window} days after a connected call or a reminder, beside debts of the same age, size and "
        f"payer's habit without one (K22). Of the whole company. {one('evidence', 'not_causal')}."
        if window
        else "Beside debts without one (K22).",
        key="contact-effect",
    ):
        if found.num_rows:
            table(found, EFFECT, "contact_effect", height="content")
            download("Download as CSV", "contact-effect", lambda: found, "contact_effect", EFFECT)
        else:
            nothing("No connected call and no reminder in the exports, or nothing was overdue.")
    invoices = call_payments.invoices(page.warehouse, page.filters, MOST)
    with section(
        "Calls by overdue invoice",
        "From the day after it was due until it was paid; open ones first. A call stands with every overdue invoice of "
        "its account (N2). Click a row to open the account.",
        key="call-payments",
    ):
        if not invoices.num_rows:
            nothing("Nothing was overdue in this period.")
            return
        picked = table(invoices, INVOICES, "call_payments", pick="account_id")
        download(
            "Download as CSV",
            "calls-and-payment",
            lambda: call_payments.invoices(page.warehouse, page.filters, EVERY),
            "call_payments",
            INVOICES,
        )
        open_account(picked)

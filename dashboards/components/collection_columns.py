"""The columns of the page Collections' tables, each with its words and the metric that it shows."""

from __future__ import annotations

from dashboards.components.tables import Column


def worklist(base: str | None) -> dict[str, Column]:
    """Whom to contact next; amounts in base currency."""
    return {
        "rank": Column("Rank", "count"),
        "account_name": Column("Account", width="medium"),
        "suggested_action": Column("Suggested action", width="medium", words="collection_action"),
        "overdue_amount": Column(f"Overdue, {base or 'base'}", "money"),
        "oldest_days_overdue": Column("Oldest, days", "count"),
        "missed_call_on": Column("Called in vain", "date", "N8: nobody has spoken with them since.", optional=True),
        "reason": Column("Why", width="large", words="collection_reason"),
        "contact_name": Column("Contact", optional=True),
        "contact_phone": Column("Phone", optional=True),
        "contact_email": Column("E-mail", optional=True),
        "usual_channel": Column("Usual channel", optional=True, help="A24"),
        "last_contact_on": Column("Last contact", "date"),
        "last_promise_state": Column("Last promise", help="R22"),
        "dunning_level": Column("Reminders", "count", "R25: the highest level sent for the oldest item."),
        "owner_name": Column("Owner"),
        "worklist_score": Column("Score", "score", "The sum of the points; its weights are parameters.", optional=True),
        "money_points": Column("Money", "real", "Its place among the debtors by amount.", optional=True),
        "age_points": Column("Age", "real", "Days overdue of the oldest item.", optional=True),
        "silence_points": Column("Silence", "real", "Days without a contact.", optional=True),
        "promise_points": Column("Promise", "real", "A promise broken, or one awaited.", optional=True),
        "habit_points": Column("Habit", "real", "Later than it usually pays.", optional=True),
    }


def disputes(base: str | None) -> dict[str, Column]:
    """What is disputed, in base currency."""
    return {
        "account_name": Column("Account", width="medium"),
        "disputed_amount": Column(f"Disputed, {base or 'base'}", "money"),
        "overdue_amount": Column(f"Overdue, {base or 'base'}", "money", "With what is disputed."),
        "oldest_days_overdue": Column("Oldest, days", "count"),
        "owner_name": Column("Owner"),
        "contact_name": Column("Contact", optional=True),
        "contact_phone": Column("Phone", optional=True),
        "contact_email": Column("E-mail", optional=True),
        "last_contact_on": Column("Last contact", "date"),
    }


PROMISES = {
    "promised_for": Column("Promised for", "date"),
    "account_name": Column("Account", width="medium"),
    "state": Column("State"),
    "currency": Column("Currency"),
    "amount": Column("Promised", "money"),
    "kept_amount": Column("Received", "money", "Cash applied by the day and its days of grace (R22)."),
    "broken_value": Column("Broken", "money", "R23"),
    "invoice_number": Column("Invoice", help="None where the promise is about all that is owed."),
    "made_on": Column("Made", "date"),
    "has_call_that_day": Column("Call that day", "bool", "N7: a connected call, in which it may have been given."),
    "kept_on": Column("Paid in full", "date"),
    "is_kept_late": Column("Late", "bool"),
    "_file": Column("File", help="The export that it came from."),
    "_row": Column("Line", "count", "The line in that file."),
}


def dunning(base: str | None) -> dict[str, Column]:
    """What reminders bring; amounts in base currency."""
    return {
        "window_days": Column("Window, days", "count"),
        "label": Column("Step"),
        "steps": Column("Reminders", "count"),
        "open_at_step": Column(f"Open at step, {base or 'base'}", "money"),
        "cash_after": Column("Paid after", "money"),
        "rate": Column("Rate", "ratio", "R26"),
        "low": Column("Low", "ratio", "Wilson score interval, 95 %, on the effective number of reminders."),
        "high": Column("High", "ratio"),
        "comparison_rate": Column("Untouched", "ratio"),
        "difference": Column("Difference", "ratio"),
        "comparison_invoices": Column("Untouched invoices", "count"),
        "comparison_share": Column("Compared", "ratio", "Share of the open amount that has a comparison."),
        "steps_left_out": Column(
            "Left out", "count", "Window not over, another step shortly before, or a promise in force."
        ),
    }


DOCUMENTS = {
    "won_on": Column("Won", "date"),
    "account_name": Column("Account", width="medium"),
    "deal_name": Column("Deal", width="medium"),
    "missing": Column("Missing", width="large", words="missing_document"),
    "currency": Column("Currency"),
    "won_amount": Column("Won", "money", "The deal's amount, net of tax."),
    "invoiced_amount": Column("Invoiced", "money", "Net of tax, less credit notes."),
    "unbilled_amount": Column("Not invoiced", "money", "R34"),
    "invoice_lag_days": Column("Lag, days", "count", "R33: from delivery or the deal won to its first invoice."),
    "contract_signed_on": Column("Contract signed", "date"),
    "first_invoice_on": Column("First invoice", "date"),
    "act_sent_on": Column("Act sent", "date"),
    "act_signed_on": Column("Act signed", "date"),
    "last_payment_on": Column("Last payment", "date"),
    "_file": Column("File", help="The export that the deal came from."),
    "_row": Column("Line", "count", "The line in that file."),
}


ACTS = {
    "month": Column("Month"),
    "account_name": Column("Account", width="medium"),
    "state": Column("State", width="medium"),
    "currency": Column("Currency"),
    "our_closing": Column("Our closing", "money", "Open less credit and unapplied money (R3)."),
    "client_closing": Column("Client's closing", "money"),
    "gap": Column("Gap", "money", "R32"),
    "act_sent_on": Column("Sent", "date"),
    "act_signed_on": Column("Signed", "date"),
    "document_number": Column("Act"),
    "_file": Column("File", help="The export that it came from."),
    "_row": Column("Line", "count", "The line in that file."),
}

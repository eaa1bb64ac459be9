"""The columns of the tables of account health, renewals and whitespace, each with its words and the metric it shows."""

from __future__ import annotations

from dashboards.components.tables import Column

MEASURE_WORDS = {
    "overdue_share": "Overdue share",
    "payment_delay": "Later than it used to pay",
    "broken_promises": "Broken promises",
    "disputed_share": "Disputed share",
    "silence": "Silence",
    "contact_trend": "Contacts against before",
    "unhandled_missed": "Missed calls not called back",
    "open_pipeline": "Open deals",
    "recent_win": "Last win",
    "invoice_gap": "Time since the last invoice",
    "revenue_trend": "Revenue against before",
    "pending_cases": "Open cases",
    "oldest_case": "Oldest open case",
}
METHOD_WORDS = {"score": "Health score", "silence": "Silence alone", "overdue": "Overdue alone"}
WINDOW_WORDS = {
    "past": "Past its last day",
    "last": "30 days",
    "second": "60 days",
    "first": "90 days",
    "later": "Later",
}


def worst(base: str | None) -> dict[str, Column]:
    """Accounts in danger; amounts in base currency."""
    return {
        "band": Column("Band"),
        "account_name": Column("Account", width="medium"),
        "score": Column("Score", "score", "V18: 0 to 100."),
        "score_before": Column("4 weeks before", "score", "The score four weeks earlier."),
        "revenue_12m": Column(f"Revenue 12 months, {base or 'base'}", "money", "V1"),
        "open_amount": Column(f"Open, {base or 'base'}", "money", "R1"),
        "reasons": Column("Why", width="large", words="health_reason"),
        "is_key_account": Column("Key", "bool", optional=True),
        "cash_score": Column("Cash", "score"),
        "contact_score": Column("Contact", "score"),
        "deal_score": Column("Deal", "score"),
        "service_score": Column("Service", "score", optional=True),
        "coverage": Column("Known", "ratio", "The share of the measures, by weight, that is known."),
        "status": Column("Status", help="V9"),
        "last_contact_on": Column("Last contact", "date"),
        "last_invoice_on": Column("Last invoice", "date"),
        "owner_name": Column("Owner"),
    }


MEASURES = {
    "group": Column("Group"),
    "name": Column("Measure", width="medium"),
    "value": Column("Value", "real"),
    "unit": Column("Unit", words="health_unit"),
    "points": Column("Points", "real", "0 to 100; empty: missing, and the others weigh more instead."),
    "weight": Column("Weight", "ratio", "The share of the score that it decides."),
    "contribution": Column("Contributes", "real", "points × weight; all of them sum to the score."),
    "lost_points": Column("Costs", "real", "What is missing to 100 because of it."),
    "range": Column("No points … all points"),
    "meaning": Column("What it is", width="large", words="health_measure"),
}

EVIDENCE = {
    "occurred_at": Column("When", "time"),
    "event_type": Column("What", width="large", words="timeline"),
    "amount": Column("Amount", "money", optional=True),
    "currency": Column("Currency", optional=True),
    "_file": Column("File"),
    "_row": Column("Line", "count"),
}

BACKTEST = {
    "method": Column("Alarm by", width="medium"),
    "threshold": Column("At or below", "score", "Points."),
    "departures": Column("Left", "count", "Accounts that V9 paused and that could be foretold."),
    "flagged_before": Column("Flagged before", "count", "An alarm began before the account left."),
    "recall": Column("of them", "ratio", "Flagged before ÷ left."),
    "lead_days_median": Column("Lead, days", "score", "The middle one, of those flagged before."),
    "recall_by_pause": Column("Flagged by the pause", "ratio", "Before the status said paused."),
    "alarms": Column("Alarms", "count"),
    "alarms_false": Column("False alarms", "count", "The account did not leave within the horizon."),
    "precision": Column("Right", "ratio", "Alarms that were right ÷ alarms that are decided."),
    "alarms_open": Column("Too early", "count", "Alarms of which it is too early to tell."),
}


def departures(base: str | None) -> dict[str, Column]:
    """Accounts that left; amounts in base currency."""
    return {
        "left_on": Column("Left", "date", "The day after the last invoice, won deal or two-way contact."),
        "account_name": Column("Account", width="medium"),
        "outcome": Column("Alarm", words="health_outcome"),
        "lead_days": Column("Lead, days", "count"),
        "last_score": Column("Last score", "score"),
        "last_reasons": Column("What showed", width="large", words="health_reason"),
        "revenue_12m": Column(f"Revenue 12 months, {base or 'base'}", "money"),
        "recognised_on": Column("Paused", "date", "The first week end on which the status said so (V9)."),
        "returned_on": Column("Came back", "date", optional=True),
        "silence_lead_days": Column("Lead by silence", "count", optional=True),
        "overdue_lead_days": Column("Lead by overdue", "count", optional=True),
        "owner_name": Column("Owner"),
    }


def silent(base: str | None) -> dict[str, Column]:
    """Silent accounts; amounts in base currency."""
    return {
        "silence_rank": Column("Rank", "count"),
        "account_name": Column("Account", width="medium"),
        "next_action": Column("Suggested action", width="medium", words="contact_action"),
        "days_since_contact": Column("Days silent", "count", "P15"),
        "cadence_days": Column("Expected within", "score", "A17: days; by its tier, else by its own habit."),
        "is_key_account": Column("Key", "bool", optional=True),
        "tier": Column("Tier", optional=True),
        "open_amount": Column(f"Open, {base or 'base'}", "money", "R1"),
        "overdue_amount": Column(f"Overdue, {base or 'base'}", "money", "R4"),
        "days_to_renewal": Column("Days to renewal", "count", "C12", optional=True),
        "open_deals": Column("Open deals", "count"),
        "attempts_without_reply": Column("Tries without answer", "count", "A19"),
        "health_band": Column("Health", help="V18"),
        "silence_score": Column("Score", "score", "The sum of the points; its weights are parameters."),
        "last_contact_on": Column("Last contact", "date"),
        "owner_name": Column("Owner"),
    }


def talk_next(base: str | None) -> dict[str, Column]:
    """With whom to talk next; amounts in base currency."""
    return {
        "talk_rank": Column("Rank", "count"),
        "account_name": Column("Account", width="medium"),
        "overdue_amount": Column(f"Overdue, {base or 'base'}", "money", "R4"),
        "days_since_contact": Column("Days silent", "count", "P15"),
        "days_to_renewal": Column("Days to renewal", "count", "C12"),
        "open_deals": Column("Open deals", "count"),
        "open_deals_amount": Column(f"In them, {base or 'base'}", "money"),
        "is_key_account": Column("Key", "bool"),
        "is_silent": Column("Silent", "bool", "For longer than its cadence (A17)."),
        "talk_score": Column(
            "Score", "score", "Silence, money, renewal and deals, with the weights of the silent list."
        ),
        "owner_name": Column("Owner"),
    }


def renewals(base: str | None) -> dict[str, Column]:
    """The renewals calendar; amounts in base currency."""
    return {
        "ends_on": Column("Last day", "date"),
        "account_name": Column("Account", width="medium"),
        "days_to_end": Column("Days", "count", "Negative: past."),
        "state": Column("State", words="renewal_state"),
        "term_kind": Column("Kind"),
        "term_number": Column("Number"),
        "revenue_12m": Column(f"Revenue 12 months, {base or 'base'}", "money", "V1"),
        "monthly_amount": Column(f"A month, {base or 'base'}", "money", "V2: of a subscription.", optional=True),
        "open_amount": Column(f"Open, {base or 'base'}", "money", "R1"),
        "overdue_amount": Column(f"Overdue, {base or 'base'}", "money", "R4"),
        "health_band": Column("Health", help="V18"),
        "last_contact_on": Column("Last contact", "date"),
        "owner_name": Column("Owner"),
    }


def whitespace(base: str | None) -> dict[str, Column]:
    """Products that accounts lack; amounts in base currency."""
    return {
        "segment": Column("Segment", words="placeholder"),
        "account_name": Column("Account", width="medium"),
        "product_name": Column("Product", width="medium"),
        "expected_value": Column(f"A year, {base or 'base'}", "money", "V14: what the segment's middle buyer spends."),
        "is_candidate": Column("Offer it", "bool", "N12"),
        "gate_reason": Column("Why not yet", width="large", words="gate_reason"),
        "segment_share": Column("Bought by", "ratio", "The share of the segment's buyers that bought it."),
        "health_band": Column("Health", help="V18"),
        "decision_maker_reached_on": Column("Decider reached", "date"),
        "category": Column("Category", optional=True),
    }

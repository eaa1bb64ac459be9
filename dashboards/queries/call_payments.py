"""Collections: what calls and reminders are followed by, and the calls of each overdue invoice."""

from __future__ import annotations

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, select

EFFECT = """
    select channel, age_band, reading, hazard_ratio, low, high, payments_per_100_days_after,
        payments_per_100_days_without, invoices_after, invoices_without, days_after, days_without, payments_after,
        payments_without, compared_share, invoices_left_out, window_days, evidence
    from {rpt_contact_effect} as effects
    order by channel <> 'call', channel, age_band <> 'all', len(age_band) > 11, age_band
"""

INVOICES = f"""
    with chosen as ({ACCOUNTS})

    select invoice_number, account_name, due_on, connected_calls_after_due, minutes_after_due, dunning_level, currency,
        cash_after_due, cash_after_calls, cash_per_minute, days_last_call_to_cash, last_call_on, last_cash_on, is_open,
        account_id
    from {{rpt_calls_and_payment}} as invoices
    where {CHOSEN} and ($currency = '*' or currency = $currency) and coalesce(last_cash_on, as_of_date) >= $since
    order by is_open desc, connected_calls_after_due desc, due_on, invoice_id
    limit $most
"""


@st.cache_data(show_spinner=False, max_entries=64)
def effect(warehouse: str) -> pa.Table:
    """The hazard of payment after a contact beside that without one, by channel and age (K22)."""
    return select(warehouse, EFFECT)


@st.cache_data(show_spinner=False, max_entries=64)
def invoices(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Overdue invoices with their calls and the cash that followed (N2), those that are open first."""
    return select(warehouse, INVOICES, most=most, **filters.values())

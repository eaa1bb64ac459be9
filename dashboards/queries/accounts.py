"""The accounts: the list, and what the card of one account shows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, EMPLOYEES, Filters, first, select

_FOUND = f"""
    with chosen as ({ACCOUNTS}),

    found as (
        select *
        from {{rpt_accounts}} as accounts
        where {CHOSEN}
            and (len($statuses) = 0 or list_contains($statuses, status))
            and (not $keys_only or is_key_account)
            and (not $overdue_only or overdue_amount > 0)
            and (
                $search = ''
                or contains(lower(account_name), lower($search))
                or contains(lower(account_id), lower($search))
            )
    )
"""

LIST = f"""{_FOUND}
    select account_id, account_name, status, tier, is_key_account, segment, country, team, owner_name, revenue_12m,
        open_amount, overdue_amount, unapplied_amount, last_payment_on, next_due_on, last_contact_on, health_score
    from found
    order by revenue_12m desc nulls last, open_amount desc nulls last, account_name, account_id
    limit $most
"""

TOTALS = f"""{_FOUND}
    select count(*) as accounts, count(*) filter (status = 'active') as active,
        count(*) filter (status = 'paused') as paused, count(*) filter (status = 'lost') as lost,
        count(*) filter (status is null) as status_unknown, sum(revenue_12m) as revenue_12m,
        sum(open_amount) as open_amount, sum(overdue_amount) as overdue_amount,
        sum(unapplied_amount) as unapplied_amount, count(*) filter (overdue_amount > 0) as with_overdue
    from found
"""

CARD = """
    select accounts.account_id, accounts.account_name, accounts.parent_account_id, parents.account_name as parent_name,
        accounts.owner_name, accounts.owner_id, accounts.team, accounts.segment, accounts.industry, accounts.country,
        accounts.city, accounts.website, accounts.phone, accounts.email, accounts.status, accounts.tier,
        accounts.is_key_account, accounts.revenue_12m, accounts.open_amount, accounts.overdue_amount,
        accounts.unapplied_amount, accounts.last_payment_on, accounts.last_payment_amount, accounts.next_due_on,
        accounts.last_act_sent_on, accounts.last_contact_on, accounts.usual_channel, accounts.health_score,
        accounts.card_completeness, accounts.first_invoice_on, accounts.payment_terms_days,
        accounts.credit_limit, accounts.currency, accounts.base_currency, accounts._file, accounts._row
    from {rpt_accounts} as accounts
    left join {rpt_accounts} as parents on parents.account_id = accounts.parent_account_id
    where accounts.account_id = $account
"""

MONTHLY = """
    select strftime(month, '%Y-%m') as month, net_revenue, collected, open_amount_end, overdue_amount_end, won_deals,
        won_amount, two_way_contacts, inbound_calls, outbound_calls
    from {rpt_account_monthly}
    where account_id = $account and month >= $since
    order by month
"""

TIMELINE = f"""
    with employees as ({EMPLOYEES})

    select cast(occurred_at as timestamp) as occurred_at, event_type, title, amount, currency,
        coalesce(employees.employee_name, timeline.employee_id) as employee_name, _file, _row
    from {{rpt_account_timeline}} as timeline
    left join employees on employees.employee_id = timeline.employee_id
    where account_id = $account
    order by timeline.occurred_at desc nulls last, event_type, title
    limit $most
"""

TERMS = """
    select currency, open_amount, overdue_amount, unapplied_amount, disputed_amount, credit_limit, credit_used_ratio,
        payment_rating, average_days_delinquent, average_payment_days, on_time_ratio_amount, delinquency_trend,
        promises_kept_ratio
    from {rpt_receivable_accounts}
    where account_id = $account
    order by currency
"""

INVOICES = """
    select invoice_number, instalment_number, issued_on, due_on, days_overdue, aging_bucket, currency, gross_amount,
        open_amount, is_disputed, dunning_level, allocation, _file, _row
    from {rpt_open_invoices}
    where account_id = $account
    order by due_on, invoice_number, instalment_number
"""

DEALS = """
    select deal_name, stage, probability, currency, amount, expected_close_on, created_on, employee_name, _file, _row
    from {rpt_open_deals}
    where account_id = $account
    order by expected_close_on nulls last, amount_base desc nulls last, deal_name
"""

DEALS_TOTAL = """
    select count(*) as deals, sum(amount_base) as amount_base
    from {rpt_open_deals}
    where account_id = $account
"""

PROMISES = """
    select promised_for, amount, kept_amount, broken_value, state
    from {rpt_promises}
    where account_id = $account
    order by promised_for desc
"""


def _values(
    filters: Filters, statuses: tuple[str, ...], search: str, keys_only: bool, overdue_only: bool
) -> dict[str, Any]:
    chosen = {"statuses": list(statuses), "search": search, "keys_only": keys_only, "overdue_only": overdue_only}
    return filters.values() | chosen


@st.cache_data(show_spinner=False, max_entries=64)
def found(
    warehouse: str,
    filters: Filters,
    statuses: tuple[str, ...],
    search: str,
    keys_only: bool,
    overdue_only: bool,
    most: int,
) -> pa.Table:
    """The accounts that match, those with most revenue first, at most so many."""
    return select(warehouse, LIST, most=most, **_values(filters, statuses, search, keys_only, overdue_only))


@st.cache_data(show_spinner=False, max_entries=64)
def totals(
    warehouse: str, filters: Filters, statuses: tuple[str, ...], search: str, keys_only: bool, overdue_only: bool
) -> dict[str, Any]:
    """How many match, and their sums in base currency."""
    return first(select(warehouse, TOTALS, **_values(filters, statuses, search, keys_only, overdue_only)))


@st.cache_data(show_spinner=False, max_entries=64)
def card(warehouse: str, account: str) -> dict[str, Any] | None:
    """One account, or None when there is none of this id."""
    found_rows = select(warehouse, CARD, account=account)
    return first(found_rows) if found_rows.num_rows else None


@st.cache_data(show_spinner=False, max_entries=64)
def monthly(warehouse: str, account: str, filters: Filters) -> pa.Table:
    """The account's months within the period, in base currency."""
    return select(warehouse, MONTHLY, account=account, since=filters.since)


@st.cache_data(show_spinner=False, max_entries=64)
def timeline(warehouse: str, account: str, most: int) -> pa.Table:
    """What happened, newest first, at most so many."""
    return select(warehouse, TIMELINE, account=account, most=most)


@st.cache_data(show_spinner=False, max_entries=64)
def terms(warehouse: str, account: str) -> pa.Table:
    """Credit limit, rating and payment behaviour, one row a currency."""
    return select(warehouse, TERMS, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def invoices(warehouse: str, account: str) -> pa.Table:
    """The open invoices, those due first on top."""
    return select(warehouse, INVOICES, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def promises(warehouse: str, account: str) -> pa.Table:
    """The promises to pay, the latest first."""
    return select(warehouse, PROMISES, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def deals(warehouse: str, account: str) -> pa.Table:
    """The deals that are open at the as-of date, those expected first on top."""
    return select(warehouse, DEALS, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def deals_total(warehouse: str, account: str) -> dict[str, Any]:
    """How many deals are open, and their sum in base currency."""
    return first(select(warehouse, DEALS_TOTAL, account=account))

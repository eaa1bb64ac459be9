"""What the card of one account shows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import EMPLOYEES, Filters, first, rows, select

CARD = """
    select accounts.*, parents.account_name as parent_name, groups.account_name as group_name
    from {rpt_accounts} as accounts
    left join {rpt_accounts} as parents on parents.account_id = accounts.parent_account_id
    left join {rpt_accounts} as groups on groups.account_id = accounts.group_id
    where accounts.account_id = $account
"""

MONTHLY = """
    select strftime(month, '%Y-%m') as month, net_revenue, collected, open_amount_end, overdue_amount_end, won_deals,
        won_amount, two_way_contacts, contact_days, call_contacts, email_contacts, meeting_contacts, inbound_calls,
        outbound_calls, budget, budget_variance, budget_variance_ratio, budget_state, budget_explanation, budget_action,
        cost, representation_cost, margin, product_uses, referrals
    from {rpt_account_monthly}
    where account_id = $account and month >= $since
    order by month
"""

TIMELINE = f"""
    with employees as ({EMPLOYEES}),

    happened as (
        select *
        from {{rpt_account_timeline}}
        where account_id = $account and (len($groups) = 0 or list_contains($groups, event_group))
        order by occurred_at desc nulls last, event_type, title
        limit $most
    )

    select cast(occurred_at as timestamp) as occurred_at, event_type, title, state, stage, direction, channel,
        reminder_level, promised_for, amount, currency,
        coalesce(employees.employee_name, happened.employee_id) as employee_name, _file, _row
    from happened
    left join employees on employees.employee_id = happened.employee_id
    order by happened.occurred_at desc nulls last, event_type, title
"""

GROUPS = """
    select event_group, count(*) as events
    from {rpt_account_timeline}
    where account_id = $account and event_group is not null
    group by event_group
    order by event_group
"""

# The rows behind the answers at the top of the card, each with the file and the line that it came from.
PROOF = """
    with account as (select * from {rpt_accounts} where account_id = $account),

    events as (
        select timeline.*, coalesce(occurred_on, cast(occurred_at as date)) as happened_on
        from {rpt_account_timeline} as timeline
        where account_id = $account
    ),

    answered as (
        select case
                when event_type = 'payment' and happened_on = last_payment_on then 1
                when event_type = 'act_sent' and happened_on = last_act_sent_on then 2
                when event_type = 'act_signed' and happened_on = last_act_signed_on then 3
                when event_type in ('invoice', 'debit_note', 'prepayment') and happened_on = last_invoice_on then 4
                when is_two_way and occurred_at = last_contact_at then 7
            end as place,
            events.*
        from events, account
    ),

    found as (
        select place, array_extract(
                ['Last payment', 'Last act sent', 'Last act signed', 'Last invoice', '', '', 'Last contact'], place
            ) as answer,
            happened_on, event_type, title, state, stage, direction, channel, reminder_level, promised_for, amount,
            currency, _file, _row
        from answered
        where place is not null
        union all by name
        select 5 as place, 'Next due' as answer, due_on as happened_on,
            case when document_kind = 'opening' then 'opening' else 'invoice' end as event_type,
            invoice_number as title, invoices.open_amount as amount, invoices.currency,
            invoices._file, invoices._row
        from {rpt_open_invoices} as invoices, account where invoices.account_id = $account and due_on = next_due_on
        union all by name
        select 6 as place, 'Contract' as answer, coalesce(signed_on, sent_on) as happened_on, 'contract' as event_type,
            document_number as title, amount, documents.currency, documents._file, documents._row
        from {rpt_account_documents} as documents, account
        where documents.account_id = $account and document_type = 'contract' and document_number = contract_number
        union all by name
        select 8 as place, 'Account record' as answer, 'account_record' as event_type, account_name as title, _file,
            _row
        from account where _file is not null
    )

    select answer, happened_on, event_type, title, state, stage, direction, channel, reminder_level, promised_for,
        amount, currency, _file, _row
    from found
    order by place, happened_on, title
"""

PEOPLE = """
    select full_name, coalesce(job_title, contact_role) as title, is_decision_maker, phone, email, last_two_way_on,
        last_channel, last_contact_by, next_birthday_on, is_birthday_soon, _file, _row
    from {rpt_account_people}
    where account_id = $account
    order by is_decision_maker desc nulls last, last_two_way_on desc nulls last, full_name
"""

DOCUMENTS = """
    select document_type, document_number, state, sent_on, signed_on, days_unsigned, starts_on, ends_on, amount,
        currency, _file, _row
    from {rpt_account_documents}
    where account_id = $account
    order by coalesce(sent_on, signed_on) desc, document_type, document_number desc
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
    select coalesce(invoice_number, 'opening_balance') as invoice_number, instalment_number, issued_on,
        due_on, days_overdue, aging_bucket, currency, gross_amount,
        open_amount, is_disputed, dunning_level, allocation, _file, _row
    from {rpt_open_invoices}
    where account_id = $account
    order by due_on, invoice_number, instalment_number
"""

DEALS = """
    select deal_name, stage, probability, currency, amount, payment_warning, expected_close_on, created_on,
        case when employee_id = 'unassigned' then 'no_owner' else coalesce(employee_name, employee_id) end
            as employee_name,
        _file, _row
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
def timeline(warehouse: str, account: str, groups: tuple[str, ...], most: int) -> pa.Table:
    """What happened, newest first, at most so many; with `groups` of these kinds only."""
    return select(warehouse, TIMELINE, account=account, groups=list(groups), most=most)


@st.cache_data(show_spinner=False, max_entries=64)
def groups(warehouse: str, account: str) -> dict[str, int]:
    """Kind of event -> how many of them the account has."""
    return {row["event_group"]: row["events"] for row in rows(select(warehouse, GROUPS, account=account))}


@st.cache_data(show_spinner=False, max_entries=64)
def proof(warehouse: str, account: str) -> pa.Table:
    """The rows behind the answers at the top of the card."""
    return select(warehouse, PROOF, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def people(warehouse: str, account: str) -> pa.Table:
    """The people at the account, those who decide first."""
    return select(warehouse, PEOPLE, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def documents(warehouse: str, account: str) -> pa.Table:
    """Contracts, acts and acts of reconciliation, the newest first."""
    return select(warehouse, DOCUMENTS, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def terms(warehouse: str, account: str) -> pa.Table:
    """Credit limit, rating and payment behaviour, one row per currency."""
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

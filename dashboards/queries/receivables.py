"""Receivables: ageing, open invoices, the metrics of credit control by month, movements, expected cash."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, ALL, CHOSEN, OF_CURRENCY, Filters, first, select

BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120")

_KPI_COLUMNS = (
    "sales",
    "collected",
    "open_amount",
    "overdue_amount",
    "unapplied_amount",
    "overdue_ratio",
    "dso_simple",
    "dso_countback",
    "best_possible_dso",
    "delinquent_days",
    "average_days_delinquent",
    "average_payment_days",
    "on_time_ratio_amount",
    "collection_effectiveness",
    "turnover",
    "provision",
    "bad_debt_ratio",
    "disputed_share",
    "top10_share",
    "hhi",
)
_CHANGES = ", ".join(f"kpis.{name} - before.{name} as {name}_change" for name in _KPI_COLUMNS)

# The month before is that of the calendar, not the row before.
KPIS = f"""
    select strftime(kpis.month, '%Y-%m') as month, kpis.month as month_date, strftime(before.month, '%Y-%m') as before,
        kpis.dso_average, kpis.dso_weighted, kpis.average_delay_days, kpis.on_time_ratio_count,
        kpis.collection_effectiveness_cash, kpis.missing_rate_count, kpis.undated_payment_count,
        kpis.are_days_unknown,
        {", ".join(f"kpis.{name}" for name in _KPI_COLUMNS)}, {_CHANGES}
    from (select * from {{rpt_receivable_kpis}} where {OF_CURRENCY}) as kpis
    left join (select * from {{rpt_receivable_kpis}} where {OF_CURRENCY}) as before
        on before.month = kpis.month - interval 1 month
    where kpis.month >= $since
    order by kpis.month
"""

# The newest as-of date of the ageing history: the publication's own.
_NEWEST = "(select max(as_of_date) from {rpt_receivable_aging})"

AGEING_BY_CURRENCY = f"""
    with chosen as ({ACCOUNTS})

    select currency, count(distinct account_id) as accounts, {", ".join(f"sum({name}) as {name}" for name in BUCKETS)},
        sum(open_amount) as open_amount, sum(overdue_amount) as overdue_amount, sum(credit_amount) as credit_amount,
        sum(unapplied_amount) as unapplied_amount, sum(net_amount) as net_amount
    from {{rpt_receivable_aging}} as aging
    where {CHOSEN} and as_of_date = {_NEWEST} and ($currency = '*' or currency = $currency)
    group by currency
    order by currency
"""

AGEING_BY_ACCOUNT = f"""
    with chosen as ({ACCOUNTS})

    select account_id, account_name, currency, {", ".join(BUCKETS)}, open_amount, overdue_amount, credit_amount,
        unapplied_amount, net_amount
    from {{rpt_receivable_aging}} as aging
    where {CHOSEN} and as_of_date = {_NEWEST} and ($currency = '*' or currency = $currency)
    order by overdue_amount desc, open_amount desc, account_name, account_id, currency
    limit $most
"""

# The as-of date's open invoices in base currency by bucket: the only ageing that may span currencies.
AGEING_BASE = f"""
    with chosen as ({ACCOUNTS})

    select aging_bucket, sum(open_amount_base) as amount, count(*) as invoices,
        count(*) filter (open_amount_base is null and open_amount is not null) as missing_rate_count
    from {{rpt_open_invoices}} as invoices
    where {CHOSEN} and ($currency = '*' or currency = $currency)
    group by aging_bucket
"""

# By age at every month end and at the as-of date, of one currency.
AGEING_HISTORY = f"""
    with chosen as ({ACCOUNTS})

    select strftime(as_of_date, '%Y-%m') as month, {", ".join(f"sum({name}) as {name}" for name in BUCKETS)}
    from {{rpt_receivable_aging}} as aging
    where {CHOSEN} and currency = $one_currency and as_of_date >= $since
    group by as_of_date
    qualify as_of_date = max(as_of_date) over (partition by strftime(as_of_date, '%Y-%m'))
    order by as_of_date
"""

# The as-of date's buckets of the user's own edges, of one currency: 0 or less, 1–7, over 360.
OWN_AGEING = f"""
    with chosen as ({ACCOUNTS}),

    edges as (select distinct bucket_number, from_days, to_days from {{rpt_receivable_aging_buckets}}),

    newest as (
        select bucket_number, sum(open_amount) as open_amount, sum(open_amount_by_issue) as open_amount_by_issue
        from {{rpt_receivable_aging_buckets}} as buckets
        where {CHOSEN} and currency = $one_currency
            and as_of_date = (select max(as_of_date) from {{rpt_receivable_aging_buckets}})
        group by bucket_number
    )

    select
        case
            when from_days is null then '≤ ' || to_days
            when to_days is null then '≥ ' || from_days
            else from_days || '–' || to_days
        end as bucket,
        coalesce(newest.open_amount, 0) as open_amount, coalesce(newest.open_amount_by_issue, 0) as open_amount_by_issue
    from edges
    left join newest on edges.bucket_number = newest.bucket_number
    where exists (from newest)
    order by edges.bucket_number
"""

_OPEN_INVOICES = f"""
    with chosen as ({ACCOUNTS}),

    found as (
        select *
        from {{rpt_open_invoices}} as invoices
        where {CHOSEN} and ($currency = '*' or currency = $currency)
            and (len($buckets) = 0 or list_contains($buckets, aging_bucket))
            and (
                $search = ''
                or contains(lower(coalesce(invoice_number, '')), lower($search))
                or contains(lower(coalesce(account_name, '')), lower($search))
            )
    )
"""

OPEN_INVOICES = f"""{_OPEN_INVOICES}
    select account_id, coalesce(invoice_number, 'opening_balance') as invoice_number, instalment_number, account_name,
        issued_on, due_on, days_overdue, aging_bucket,
        currency, gross_amount, open_amount, open_amount_base, is_disputed, dunning_level, late_interest, allocation,
        _file, _row
    from found
    order by days_overdue desc nulls last, open_amount desc, invoice_number, instalment_number
    limit $most
"""

OPEN_INVOICES_TOTAL = f"""{_OPEN_INVOICES}
    select count(*) as invoices, sum(open_amount_base) as open_amount_base,
        count(*) filter (open_amount_base is null) as missing_rate_count,
        count(*) filter (is_disputed) as disputed
    from found
"""

# Opening at the start of the period, what moved in it, closing at its end; one currency.
MOVEMENTS = f"""
    with chosen as ({ACCOUNTS}),

    moves as (
        select month, opening, invoiced, credited, collected, written_off, refunded, other, closing
        from {{rpt_receivable_movements}} as movements
        where {CHOSEN} and currency = $one_currency and month >= $since
    )

    select
        sum(opening) filter (month = (select min(month) from moves)) as opening,
        sum(invoiced) as invoiced, sum(credited) as credited, sum(collected) as collected,
        sum(written_off) as written_off, sum(refunded) as refunded, sum(other) as other,
        sum(closing) filter (month = (select max(month) from moves)) as closing,
        strftime(min(month), '%Y-%m') as first_month, strftime(max(month), '%Y-%m') as last_month
    from moves
"""

# The same month by month, with what `other` is made of.
_MOVES = ("opening", "invoiced", "credited", "collected", "written_off", "refunded", "charged_back", "reversed",
          "recovered", "brought_forward", "transferred", "closing")  # fmt: skip
MOVEMENTS_BY_MONTH = f"""
    with chosen as ({ACCOUNTS})

    select strftime(month, '%Y-%m') as month, {", ".join(f"sum({name}) as {name}" for name in _MOVES)}
    from {{rpt_receivable_movements}} as movements
    where {CHOSEN} and currency = $one_currency and month >= $since
    group by movements.month
    order by movements.month
"""


@st.cache_data(show_spinner=False, max_entries=64)
def kpis(warehouse: str, filters: Filters) -> pa.Table:
    """The metrics a month, of the whole company, with the change since the month before."""
    return select(warehouse, KPIS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def ageing_by_currency(warehouse: str, filters: Filters) -> pa.Table:
    """Buckets at the as-of date, one row per currency."""
    return select(warehouse, AGEING_BY_CURRENCY, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def ageing_by_account(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Buckets at the as-of date, one row per account and currency, most overdue first."""
    return select(warehouse, AGEING_BY_ACCOUNT, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def ageing_base(warehouse: str, filters: Filters) -> pa.Table:
    """Open invoices at the as-of date by bucket, in base currency."""
    return select(warehouse, AGEING_BASE, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def ageing_history(warehouse: str, filters: Filters, currency: str) -> pa.Table:
    """Buckets at each month end of the period, in one currency."""
    return select(warehouse, AGEING_HISTORY, one_currency=currency, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def own_ageing(warehouse: str, filters: Filters, currency: str) -> pa.Table:
    """Buckets of the user's own edges at the as-of date, in one currency."""
    return select(warehouse, OWN_AGEING, one_currency=currency, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def open_invoices(warehouse: str, filters: Filters, buckets: tuple[str, ...], search: str, most: int) -> pa.Table:
    """The open invoices and instalments, the oldest first, at most so many."""
    return select(warehouse, OPEN_INVOICES, buckets=list(buckets), search=search, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def open_invoices_total(warehouse: str, filters: Filters, buckets: tuple[str, ...], search: str) -> dict[str, Any]:
    """How many there are, and their sum in base currency."""
    return first(select(warehouse, OPEN_INVOICES_TOTAL, buckets=list(buckets), search=search, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def movements(warehouse: str, filters: Filters, currency: str) -> dict[str, Any]:
    """From the opening to the closing balance of the period, in one currency."""
    return first(select(warehouse, MOVEMENTS, one_currency=currency, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def movements_by_month(warehouse: str, filters: Filters, currency: str) -> pa.Table:
    """Opening, movements and closing of each month of the period, in one currency."""
    return select(warehouse, MOVEMENTS_BY_MONTH, one_currency=currency, **filters.values())


def one_currency(by_currency: list[dict[str, Any]], chosen: str, base: str | None) -> str | None:
    """The currency that a chart of one currency shows: the chosen, else base currency, else that of most accounts."""
    present = {row["currency"]: row["accounts"] for row in by_currency}
    if chosen != ALL:
        return chosen
    if base in present:
        return base
    return max(present, key=lambda code: (present[code], code), default=None)

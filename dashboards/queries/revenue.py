"""Revenue: what was kept, lost and won by month and part of the accounts, cohorts, concentration, customer value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, rows, select

# One choice of one filter is a group of rpt_revenue_retention_groups; other combinations have no figures of their own.
_SINGLE = (("segment", "segments"), ("team", "teams"), ("owner", "managers"), ("country", "countries"))

_RETENTION = """
        strftime(month, '%Y-%m') as month, month as month_start, is_complete, is_history_start, base_currency,
        opening_revenue, new, expansion, contraction, churned, reactivated, closing_revenue, currency_effect,
        net_revenue,
        opening_accounts, churned_accounts, closing_accounts, nrr, grr, logo_churn, net_churn, quick_ratio, nrr_12m,
        grr_12m, logo_churn_12m, noncontract_accounts, noncontract_churned, noncontract_churn, repeat_purchase_ratio,
        missing_rate_count, missing_rate_count_12m, unpriced_count
"""

# A year's movements stand for the whole company alone.
MONTHS = f"""
    select
        {_RETENTION}, logo_churn_daily, repeat_deal_ratio, opening_revenue_12m, new_12m, expansion_12m, contraction_12m,
        churned_12m, reactivated_12m, closing_revenue_12m
    from {{rpt_revenue_retention}}
    where basis = $basis and $kind is null
    union all
    select
        {_RETENTION}, null, null, null, null, null, null, null, null, null
    from {{rpt_revenue_retention_groups}}
    where basis = $basis and grouping_kind = $kind and grouping_value = $value
    order by month
"""

# What rates alone did in the months that are over since a day.
CURRENCY_EFFECT = """
    select sum(currency_effect) as currency_effect
    from {rpt_revenue_retention}
    where basis = $basis and $kind is null
        and is_complete and not is_history_start and month >= date_trunc('month', $since)
    union all
    select sum(currency_effect)
    from {rpt_revenue_retention_groups}
    where basis = $basis and grouping_kind = $kind and grouping_value = $value
        and is_complete and not is_history_start and month >= date_trunc('month', $since)
    order by 1 nulls last
    limit 1
"""

BASES = """
    select basis, count(*) as months
    from {rpt_revenue_retention}
    where closing_revenue > 0
    group by basis
    order by basis
"""

GROUPS = """
    select
        groups.grouping_value, coalesce(accounts.account_name, people.owner_name, groups.grouping_value) as group_name,
        groups.closing_accounts, groups.closing_revenue, groups.nrr_12m, groups.grr_12m, groups.logo_churn_12m,
        groups.noncontract_churned, groups.repeat_purchase_ratio, groups.nrr, groups.grr, groups.logo_churn
    from {rpt_revenue_retention_groups} as groups
    left join {rpt_accounts} as accounts
        on groups.grouping_kind = 'parent' and groups.grouping_value = accounts.account_id
    left join (
        select owner_id, max(owner_name) as owner_name from {rpt_accounts} group by owner_id
    ) as people on groups.grouping_kind = 'owner' and groups.grouping_value = people.owner_id
    where groups.basis = $basis and groups.grouping_kind = $kind and groups.month = $month
    order by groups.closing_revenue desc, group_name
"""

MOVERS = f"""
    with chosen as ({ACCOUNTS})

    select
        revenue.account_id, accounts.account_name, accounts.owner_name, revenue.base_currency,
        case when $year then movement_12m else movement end as movement,
        case when $year then opening_revenue_12m else opening_revenue end as opening,
        case when $year then closing_revenue_12m else closing_revenue end as closing,
        case when $year then revenue_change_12m else revenue_change end as change
    from {{rpt_account_revenue}} as revenue
    left join {{rpt_accounts}} as accounts on revenue.account_id = accounts.account_id
    where revenue.basis = $basis and revenue.month = $month
        and case when $year then movement_12m else movement end <> 'unchanged'
        and ($everything or revenue.account_id in (select account_id from chosen))
    order by abs(change) desc, revenue.account_id
    limit $most
"""

COHORTS = """
    select
        strftime(cohort_month, '%Y-%m') as cohort, month_number, cohort_accounts, accounts, revenue, retention,
        account_retention, is_history_start, base_currency, missing_rate_count
    from {rpt_cohorts}
    where cohort_month >= (select max(month) - to_months(23) from {rpt_cohorts})
        or is_history_start
    order by cohort_month, month_number
"""

CONCENTRATION = """
    select
        strftime(month, '%Y-%m') as month, revenue, negative_revenue, clients, top1_share, top5_share, top10_share, hhi,
        clients_for_80_percent, clients_for_80_percent_share, key_accounts, key_account_share, window_months,
        is_complete, missing_rate_count
    from {rpt_concentration}
    where month >= $since
    order by month
"""

VALUES = f"""
    with chosen as ({ACCOUNTS})

    select
        worth.*, accounts.account_name, accounts.owner_name
    from {{rpt_account_value}} as worth
    left join {{rpt_accounts}} as accounts on worth.account_id = accounts.account_id
    where ($everything or worth.account_id in (select account_id from chosen))
        and ($rfm is null or rfm_segment = $rfm)
    order by clv_historic desc nulls last, worth.account_id
    limit $most
"""

PARETO = """
    select revenue_rank, revenue_share, revenue_share_so_far, accounts.account_name
    from {rpt_account_value} as worth
    left join {rpt_accounts} as accounts on worth.account_id = accounts.account_id
    where revenue_share > 0
    order by revenue_rank
"""

WORTH_OF_GROUPS = """
    select
        worth.grouping_value, coalesce(people.owner_name, worth.grouping_value) as group_name, worth.accounts,
        worth.clv_historic, worth.tax_in_cash, worth.clv_predicted, worth.clv_low, worth.clv_high, worth.revenue_12m,
        worth.revenue_based_accounts
    from {rpt_account_value_groups} as worth
    left join (
        select owner_id, max(owner_name) as owner_name from {rpt_accounts} group by owner_id
    ) as people on worth.grouping_kind = 'owner' and worth.grouping_value = people.owner_id
    where worth.grouping_kind = $kind
    order by worth.clv_historic desc, group_name
"""

RFM = f"""
    with chosen as ({ACCOUNTS})

    select
        coalesce(rfm_segment, 'never_paid') as rfm_segment, count(*) filter (is_named) as accounts,
        sum(worth.revenue_12m) as revenue_12m, sum(worth.clv_historic) as clv_historic
    from {{rpt_account_value}} as worth
    left join {{rpt_accounts}} as accounts using (account_id)
    where {CHOSEN}
    group by 1
    order by accounts desc, 1
"""

CURVE = """
    select
        strftime(month, '%Y-%m') as month, revenue_to_date, cost_to_date, revenue_to_cost, is_cost_from_first_deal,
        base_currency, missing_rate_count
    from {rpt_account_monthly}
    where account_id = $account
    order by month
"""

REFERENCES = "select reference_id, metric_id, column_name, value, label, source from {rpt_reference_lines}"

ACQUISITION = """
    select
        strftime(month, '%Y-%m') as month, acquisition_cost, new_accounts, cost_per_new_account, serving_cost,
        cost_per_served_account, acquisition_to_serving
    from {rpt_acquisition}
    where is_complete
    order by month desc
    limit 1
"""


def group_of(filters: Filters) -> tuple[str | None, str | None, bool]:
    """The group that the filters choose (kind, value), and whether they choose something that has no such figures."""
    chosen = [(kind, values) for kind, name in _SINGLE if (values := getattr(filters, name))]
    if not chosen:
        return None, None, False
    [(kind, values), *more] = chosen
    if more or len(values) > 1:
        return None, None, True
    return kind, values[0] or "not_known", False


UNRATED = """
    select currency, amount, event_date, _file, _row
    from {rpt_receivable_findings}
    where reason = 'no_base_rate' and entity = 'invoices'
    order by event_date desc, _file, _row
    limit 3
"""


@st.cache_data(show_spinner=False, max_entries=16)
def unrated(warehouse: str) -> list[dict[str, Any]]:
    """The newest documents whose currency has no exchange rate of their day."""
    return rows(select(warehouse, UNRATED))


@st.cache_data(show_spinner=False, max_entries=16)
def bases(warehouse: str) -> list[str]:
    """The bases that have any revenue: invoiced, mrr."""
    return [row["basis"] for row in rows(select(warehouse, BASES))]


@st.cache_data(show_spinner=False, max_entries=64)
def months(warehouse: str, basis: str, kind: str | None, value: str | None) -> list[dict[str, Any]]:
    """Retention month by month, of the whole company or a group; the month that is not over included."""
    return rows(select(warehouse, MONTHS, basis=basis, kind=kind, value=value))


@st.cache_data(show_spinner=False, max_entries=64)
def currency_effect(warehouse: str, basis: str, kind: str | None, value: str | None, since: date) -> Decimal | None:
    """What exchange rates alone changed in the months since a day that are over."""
    found = select(warehouse, CURRENCY_EFFECT, basis=basis, kind=kind, value=value, since=since).to_pylist()
    return found[0]["currency_effect"] if found else None


@st.cache_data(show_spinner=False, max_entries=64)
def groups(warehouse: str, basis: str, kind: str, month: date) -> pa.Table:
    """Retention of each group of a kind in a month, that with most revenue first."""
    return select(warehouse, GROUPS, basis=basis, kind=kind, month=month)


@st.cache_data(show_spinner=False, max_entries=64)
def movers(warehouse: str, filters: Filters, basis: str, month: date, year: bool, most: int) -> pa.Table:
    """The accounts behind a month's movements, or a year's; the largest change first."""
    return select(warehouse, MOVERS, basis=basis, month=month, year=year, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=16)
def cohorts(warehouse: str) -> list[dict[str, Any]]:
    """The cohorts of two years, and the first one of all."""
    return rows(select(warehouse, COHORTS))


@st.cache_data(show_spinner=False, max_entries=64)
def concentration(warehouse: str, filters: Filters) -> list[dict[str, Any]]:
    """How much hangs on few accounts, month by month."""
    return rows(select(warehouse, CONCENTRATION, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=16)
def pareto(warehouse: str) -> list[dict[str, Any]]:
    """The accounts in the order of their revenue of twelve months, with the share so far."""
    return rows(select(warehouse, PARETO))


@st.cache_data(show_spinner=False, max_entries=64)
def values(warehouse: str, filters: Filters, rfm: str | None, most: int) -> pa.Table:
    """What each account has been worth and may be worth yet, most first."""
    return select(warehouse, VALUES, rfm=rfm, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=16)
def worth_of_groups(warehouse: str, kind: str) -> pa.Table:
    """The value of all accounts of each segment, team or manager."""
    return select(warehouse, WORTH_OF_GROUPS, kind=kind)


@st.cache_data(show_spinner=False, max_entries=64)
def rfm_segments(warehouse: str, filters: Filters) -> list[dict[str, Any]]:
    """How many accounts each word for how they pay has."""
    return rows(select(warehouse, RFM, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def curve(warehouse: str, account: str) -> list[dict[str, Any]]:
    """Revenue and cost of an account from its first month on, added up."""
    return rows(select(warehouse, CURVE, account=account))


@st.cache_data(show_spinner=False, max_entries=16)
def references(warehouse: str) -> list[dict[str, Any]]:
    """The figures from the literature that are shown beside a metric."""
    return rows(select(warehouse, REFERENCES))


@st.cache_data(show_spinner=False, max_entries=16)
def acquisition(warehouse: str) -> dict[str, Any] | None:
    """What winning and serving an account cost in the last twelve months that are over."""
    found = rows(select(warehouse, ACQUISITION))
    return found[0] if found else None

"""Sales: the pipeline at the as-of date, what was won and lost by month, and by manager."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import EMPLOYEES, OF_PEOPLE, Filters, first, known_sum, ratio, select

# A deal without an owner stands under 'unassigned', so that managers add up to the whole.
_NAME = """
    case
        when coalesce({0}.employee_id, 'unassigned') = 'unassigned' then 'no_owner'
        else coalesce({0}.employee_name, owners.employee_name, {0}.employee_id)
    end"""

_PEOPLE = f"""
    owners as ({EMPLOYEES}),

    pipeline as (
        select
            deals.employee_id, deals.stage, deals.open_deals, deals.open_amount, deals.weighted_amount,
            deals.stale_deals, deals.missing_amount_count, deals.missing_probability_count,
            deals.missing_rate_count, deals.as_of_date,
            {_NAME.format("deals")} as employee_name,
            coalesce(deals.team, owners.team) as team
        from {{rpt_pipeline}} as deals
        left join owners using (employee_id)
    ),

    months as (
        select
            sales.*,
            {_NAME.format("sales")} as owner,
            coalesce(sales.team, owners.team) as owner_team
        from {{rpt_sales_monthly}} as sales
        left join owners using (employee_id)
    )
"""

_CHOSEN_MONTHS = OF_PEOPLE.replace("coalesce(team", "coalesce(owner_team")

_NOW = f"select * from pipeline where as_of_date = (select max(as_of_date) from pipeline) and {OF_PEOPLE}"

# Deals of none of which an amount is known are not worth nothing, and without a probability nothing is weighted.
_UNKNOWN = "sum(missing_amount_count) + sum(missing_rate_count)"
_WORTH = (
    f"{known_sum('open_amount', _UNKNOWN)}, "
    f"{known_sum('weighted_amount', f'{_UNKNOWN} + coalesce(sum(missing_probability_count), 0)')}"
)

TOTALS = f"""
    with {_PEOPLE}, now as ({_NOW})

    select sum(open_deals) as open_deals, {_WORTH},
        sum(stale_deals) as stale_deals, sum(missing_amount_count) as missing_amount_count,
        sum(missing_rate_count) as missing_rate_count
    from now
"""

STAGES = f"""
    with {_PEOPLE}, now as ({_NOW})

    select coalesce(stage, 'not_known') as stage, sum(open_deals) as open_deals, {_WORTH},
        sum(stale_deals) as stale_deals
    from now as deals
    group by 1
    order by {ratio("sum(deals.weighted_amount)", "sum(deals.open_amount)")} nulls last, sum(deals.open_deals) desc, 1
"""

MANAGERS = f"""
    with {_PEOPLE}, now as ({_NOW})

    select employee_id, any_value(employee_name) as employee_name, any_value(team) as team,
        sum(open_deals) as open_deals, {_WORTH}, sum(stale_deals) as stale_deals
    from now
    group by employee_id
    order by open_amount desc nulls last, open_deals desc, employee_name
"""

HISTORY = f"""
    with {_PEOPLE}

    select strftime(as_of_date, '%Y-%m') as month, sum(open_amount) as open_amount,
        sum(weighted_amount) as weighted_amount, sum(open_deals) as open_deals, sum(stale_deals) as stale_deals
    from pipeline
    where {OF_PEOPLE} and as_of_date >= $since
    group by as_of_date
    qualify as_of_date = max(as_of_date) over (partition by strftime(as_of_date, '%Y-%m'))
    order by as_of_date
"""

MONTHLY = f"""
    with {_PEOPLE}

    select strftime(month, '%Y-%m') as month, sum(created) as created, sum(won) as won, sum(lost) as lost,
        sum(won_amount) as won_amount, sum(lost_amount) as lost_amount, bool_and(is_complete) as is_complete,
        strftime(month - interval 1 month, '%Y-%m') as before
    from months
    where {_CHOSEN_MONTHS} and month >= $since
    group by month
    order by month
"""

# One row per employee and month, as the model has it: ratios aren't added up.
BY_MANAGER = f"""
    with {_PEOPLE}

    select strftime(month, '%Y-%m') as month, employee_id, owner as employee_name, owner_team as team, created, won,
        lost, won_amount, is_complete, win_rate_count, win_rate_amount, cycle_days_median, coverage, velocity
    from months
    where {_CHOSEN_MONTHS} and month >= $since
    order by months.month desc, won_amount desc nulls last, employee_name
"""


@st.cache_data(show_spinner=False, max_entries=64)
def totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """Open deals at the as-of date, in base currency."""
    return first(select(warehouse, TOTALS, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def stages(warehouse: str, filters: Filters) -> pa.Table:
    """Open deals a stage, the least likely stage first."""
    return select(warehouse, STAGES, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def managers(warehouse: str, filters: Filters) -> pa.Table:
    """Open deals a manager, the largest pipeline first."""
    return select(warehouse, MANAGERS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def history(warehouse: str, filters: Filters) -> pa.Table:
    """The pipeline at each month end."""
    return select(warehouse, HISTORY, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def monthly(warehouse: str, filters: Filters) -> pa.Table:
    """Created, won and lost a month."""
    return select(warehouse, MONTHLY, **filters.values())


# Where deals come from and go (C14, A28, C22, C30), of months in which a deal says so.
KINDS = f"""
    with {_PEOPLE}

    select strftime(month, '%Y-%m') as month, employee_id, owner as employee_name, owner_team as team, referred,
        referral_rate, referred_won, from_exhibitions, tenders, tender_win_rate, lost_to_competitor,
        lost_to_competitor_amount
    from months
    where {_CHOSEN_MONTHS} and month >= $since
        and referred + referred_won + from_exhibitions + tenders + lost_to_competitor > 0
    order by months.month desc, lost_to_competitor_amount desc nulls last, employee_name
"""


@st.cache_data(show_spinner=False, max_entries=64)
def kinds(warehouse: str, filters: Filters) -> pa.Table:
    """Referrals, exhibitions, tenders and competitors, one row a manager and month."""
    return select(warehouse, KINDS, **filters.values())


STAGES_PASSED = """
    select pipeline, stage, deals, went_further, conversion, still_there, reentered, skipped, days_median, days_p90
    from {rpt_stage_conversion}
    order by pipeline, deals desc, stage
"""


@st.cache_data(show_spinner=False, max_entries=16)
def stages_passed(warehouse: str) -> pa.Table:
    """Stages of the whole company: how many deals went further, and how long they took (P3, P4)."""
    return select(warehouse, STAGES_PASSED)


# Of the whole company: a campaign is nobody's.
CAMPAIGNS = """
    select begun_on, coalesce(campaign_name, campaign_id) as campaign_name, kind, channel, members, accounts, coverage,
        open_rate, response_rate, attendance_rate, revenue_change, other_revenue_change, stayed_share,
        other_stayed_share
    from {rpt_campaign_reach}
    where begun_on >= $since
    order by begun_on desc, campaign_name, kind, channel
"""


@st.cache_data(show_spinner=False, max_entries=64)
def campaigns(warehouse: str, filters: Filters) -> pa.Table:
    """Whom each campaign reached, and how these bought and stayed beside the others."""
    return select(warehouse, CAMPAIGNS, since=filters.values()["since"])


UNTIDY = f"""
    with owners as ({EMPLOYEES})

    select hygiene, deal_name, account_id, stage, amount, currency, expected_close_on, idle_days, payment_warning,
        case when employee_id = 'unassigned' then 'no_owner' else coalesce(deals.employee_name, employee_id) end
            as employee_name,
        _file, _row
    from {{rpt_open_deals}} as deals
    left join owners using (employee_id)
    where hygiene is not null and {OF_PEOPLE}
    order by amount_base desc nulls last, deal_id
"""


@st.cache_data(show_spinner=False, max_entries=64)
def untidy(warehouse: str, filters: Filters) -> pa.Table:
    """Open deals about which something is to be tidied up (P11), the largest first."""
    return select(warehouse, UNTIDY, **filters.values())


# What leads took (F19): those that came in the period, and those that are open whenever they came.
LEAD_STATES = f"""
    with states as (
        select state, count(*) as leads, sum(efforts) as efforts, sum(effort_minutes) as effort_minutes
        from {{rpt_leads}}
        where {OF_PEOPLE} and created_on >= $since
        group by state
    )

    select *, {ratio("effort_minutes", "sum(effort_minutes) over ()")} as time_share
    from states
    order by leads desc, state
"""

OPEN_LEADS = f"""
    select lead_name, lead_source, status, score, scored_leads, is_doubtful, efforts, effort_minutes, created_on,
        last_effort_on,
        case when employee_id = 'unassigned' then 'no_owner' else coalesce(employee_name, employee_id) end
            as employee_name,
        _file, _row
    from {{rpt_leads}}
    where {OF_PEOPLE} and state = 'open'
    order by score nulls last, effort_minutes desc nulls last, created_on, lead_id
"""


@st.cache_data(show_spinner=False, max_entries=64)
def lead_states(warehouse: str, filters: Filters) -> pa.Table:
    """What became of the period's leads, and the time that they took."""
    return select(warehouse, LEAD_STATES, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def open_leads(warehouse: str, filters: Filters) -> pa.Table:
    """Open leads, those of which the fewest become clients first."""
    return select(warehouse, OPEN_LEADS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def by_manager(warehouse: str, filters: Filters) -> pa.Table:
    """Sales a manager and month, newest first."""
    return select(warehouse, BY_MANAGER, **filters.values())

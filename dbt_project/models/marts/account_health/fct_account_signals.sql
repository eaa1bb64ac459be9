-- Grain: one row an account and week in which one of its counts changes: by how much each of them does. A count of a past
-- week is the sum of the changes up to it. What happens enters its window once and leaves it once, so that the work grows
-- with the events and not with the weeks that they are seen from. Money is in hundredths of the base currency.
with run as (
    select * from {{ ref('dim_runs') }}
),

{% set windows = {
    'paid': [('paid_recent', 0, 'recent'), ('paid_habit', 'recent', 'habit')],
    'paid_days': [('paid_recent_days', 0, 'recent'), ('paid_habit_days', 'recent', 'habit')],
    'contact': [('contacts_recent', 0, 'contact_recent'), ('contacts_habit', 'contact_recent', 'contact_habit')],
    'revenue': [('revenue_recent', 0, 'recent'), ('revenue_habit', 'recent', 'habit')],
    'promise': [('promises_due', 0, 'promise')],
    'promise_broken': [('promises_broken', 0, 'promise')],
    'missed': [('missed_cases', 0, 'missed')],
    'unhandled': [('missed_unhandled', 0, 'missed')],
    'case': [('cases_recent', 0, 'case')],
    'deal': [('deals_known', 0, none)],
    'open_deal': [('open_deals', 0, none)],
    'open_case': [('open_cases', 0, none)],
    'overdue': [('overdue_items', 0, none)],
    'overdue_due': [('overdue_due_days', 0, none)],
} -%}
settings as (
    select
        run.as_of_date,
        {{ week_number('run.as_of_date') }} as last_week,
        {{ week_number(plus_months('run.as_of_date', '-' ~ parameter('health_history_months'))) }} as first_week,
        0 as lag_0,
        {%- for name in ['recent', 'contact_recent', 'promise', 'missed', 'case'] %}
        cast({{ parameter('health_' ~ name ~ '_weeks') }} as integer) as lag_{{ name }},
        {%- endfor %}
        cast({{ parameter('health_recent_weeks') }} + {{ parameter('health_habit_weeks') }} as integer) as lag_habit,
        cast({{ parameter('health_contact_recent_weeks') }} + {{ parameter('health_contact_habit_weeks') }} as integer)
            as lag_contact_habit
    from run
),

-- Which count an event changes, after how many weeks and in which direction.
windows as (
    {%- for flow, counts in windows.items() %}
    {%- set last_flow = loop.last %}
    {%- for count, from_lag, to_lag in counts %}
    select '{{ flow }}' as flow, '{{ count }}' as counted, lag_{{ from_lag }} as lag_weeks, 1 as sign from settings
    {%- if to_lag is not none %}
    union all
    select '{{ flow }}', '{{ count }}', lag_{{ to_lag }}, -1 from settings
    {%- endif %}
    {{ '' if last_flow and loop.last else 'union all' }}
    {%- endfor %}
    {%- endfor %}
),

paid as (
    select
        account_id,
        event_date as day,
        greatest({{ days_from('due_on', 'settlement_date') }}, 0) as late_days
    from {{ ref('fct_receivable_settlements') }}
    where is_payment and not is_opening
),

overdue as (
    select
        account_id,
        due_on,
        greatest(valid_from, {{ plus_days('due_on', 1) }}) as from_day,
        valid_to as to_day
    from {{ ref('fct_receivable_intervals') }}
    where open_amount > 0 and valid_to > {{ plus_days('due_on', 1) }}
),

-- A missed call is decided once the time to call back is over.
missed as (
    select
        misses.account_id,
        misses.is_handled,
        {{ business_date(
            seconds_after('misses.started_at', parameter('handled_window_hours') ~ ' * 3600'), 'run.business_timezone'
        ) }} as decided_on
    from {{ ref('fct_missed_calls') }} as misses
    cross join run
    where misses.is_handled is not null
),

-- A promise is decided once its last day is over.
events as (
    select account_id, 'paid' as flow, day, cast(1 as bigint) as amount from paid
    union all
    select account_id, 'paid_days', day, late_days from paid where late_days > 0
    union all
    select account_id, 'contact', occurred_on, 1 from {{ ref('fct_two_way_contacts') }}
    union all
    select account_id, 'revenue', issued_on, cast(round(revenue_amount_base * 100, 0) as bigint)
    from {{ ref('fct_invoices') }}
    where not is_void and not is_draft and revenue_amount_base <> 0
    union all
    select account_id, 'promise', {{ plus_days('kept_by', 1) }}, 1
    from {{ ref('fct_promises') }}
    where state in ('kept', 'partly', 'broken')
    union all
    select account_id, 'promise_broken', {{ plus_days('kept_by', 1) }}, 1
    from {{ ref('fct_promises') }}
    where state in ('partly', 'broken')
    union all
    select account_id, 'missed', decided_on, 1 from missed
    union all
    select account_id, 'unhandled', decided_on, 1 from missed where not is_handled
    union all
    select account_id, 'case', opened_on, 1 from {{ ref('fct_cases') }}
    union all
    select account_id, 'deal', min(created_on), 1 from {{ ref('fct_deals') }} group by account_id
    union all
    select account_id, 'open_deal', created_on, 1 from {{ ref('fct_deals') }}
    union all
    select account_id, 'open_deal', greatest(closed_on, created_on), -1
    from {{ ref('fct_deals') }}
    where closed_on is not null and created_on is not null
    union all
    select account_id, 'open_case', opened_on, 1 from {{ ref('fct_cases') }}
    union all
    select account_id, 'open_case', greatest(closed_on, opened_on), -1
    from {{ ref('fct_cases') }}
    where closed_on is not null and opened_on is not null
    {%- for side, sign in [('from', ''), ('to', '-')] %}
    union all
    select account_id, 'overdue', {{ side }}_day, {{ sign }}1 from overdue
    union all
    select account_id, 'overdue_due', {{ side }}_day, {{ sign }}{{ day_number('due_on') }} from overdue
    {%- endfor %}
),

-- Per week first: a window has nothing to say of a day.
weekly as (
    select
        events.account_id,
        events.flow,
        {{ week_number('events.day') }} as week_number,
        cast(sum(events.amount) as bigint) as amount
    from events
    cross join settings
    where events.account_id is not null and events.day <= settings.as_of_date
    group by events.account_id, events.flow, {{ week_number('events.day') }}
),

moved as (
    select
        weekly.account_id,
        windows.counted,
        greatest(weekly.week_number + windows.lag_weeks, settings.first_week) as week_number,
        windows.sign * weekly.amount as amount
    from weekly
    inner join windows on weekly.flow = windows.flow
    inner join settings on weekly.week_number + windows.lag_weeks <= settings.last_week
)

select
    account_id,
    week_number,
    {%- for count in health_counts() %}
    cast(coalesce(sum(amount) filter (where counted = '{{ count }}'), 0) as bigint) as {{ count }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from moved
group by account_id, week_number

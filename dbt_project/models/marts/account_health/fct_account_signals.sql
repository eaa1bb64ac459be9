-- Grain: one row per account and week in which one of its counts changes: by how much each of them does. A count of a past
-- week is the sum of the changes up to it. What happens enters its window once and leaves it once, so that the work grows
-- with the events and not with the weeks that they are seen from. Money is in hundredths of the base currency.
with run as (
    select * from {{ ref('int_run_dated') }}
),

{#- What the number and the amount of an event of each flow count towards, in which window: entered at once or when
    another window is left, and left after so many weeks, or never. -#}
{% set windows = [
    ('paid', 'paid_recent', 'paid_recent_days', '0', 'recent'),
    ('paid', 'paid_habit', 'paid_habit_days', 'recent', 'habit'),
    ('contact', 'contacts_recent', none, '0', 'contact_recent'),
    ('contact', 'contacts_habit', none, 'contact_recent', 'contact_habit'),
    ('revenue', 'unrated_recent', 'revenue_recent', '0', 'recent'),
    ('revenue', 'unrated_habit', 'revenue_habit', 'recent', 'habit'),
    ('promise', 'promises_due', 'promises_broken', '0', 'promise'),
    ('missed', 'missed_cases', 'missed_unhandled', '0', 'missed'),
    ('case', 'cases_recent', none, '0', 'case'),
    ('deal', 'deals_known', none, '0', none),
    ('open_deal', 'open_deals', none, '0', none),
    ('open_case', 'open_cases', none, '0', none),
    ('overdue', 'overdue_items', 'overdue_due_days', '0', none),
] -%}
{% set flows = ['paid', 'contact', 'revenue', 'promise', 'missed', 'case', 'deal', 'open_deal', 'open_case', 'overdue'] -%}
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

-- Numbers stand for accounts, flows and windows: tens of millions of rows are grouped by them.
keys as (
    select account_id, cast(row_number() over (order by account_id) as integer) as account_key
    from {{ ref('dim_accounts') }}
),

windows as (
    {%- for flow, count, amount, from_lag, to_lag in windows %}
    select
        cast({{ flows.index(flow) }} as tinyint) as flow,
        cast({{ loop.index }} as tinyint) as counted,
        lag_{{ from_lag }} as lag_weeks,
        1 as sign
    from settings
    {%- if to_lag is not none %}
    union all
    select cast({{ flows.index(flow) }} as tinyint), cast({{ loop.index }} as tinyint), lag_{{ to_lag }}, -1 from settings
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

paid as (
    select
        account_id,
        event_date as day,
        {{ greatest_known(days_from('due_on', 'settlement_date'), '0') }} as late_days
    from {{ ref('fct_receivable_settlements') }}
    where is_payment and is_dated and not is_opening
),

overdue as (
    select
        account_id,
        due_on,
        {{ greatest_known('valid_from', plus_days('due_on', 1)) }} as from_day,
        valid_to as to_day
    from {{ ref('fct_receivable_intervals') }}
    where open_amount > 0 and valid_to > {{ plus_days('due_on', 1) }}
),

-- A missed call is decided once the time to call back is over.
missed as (
    select
        misses.account_id,
        misses.is_handled,
        misses.decided_on
    from {{ ref('fct_missed_calls') }} as misses
    where misses.is_handled is not null
),

-- A promise is decided once its last day is over. What is open, or overdue, comes on one day and goes on another.
events as (
    select account_id, {{ flows.index('paid') }} as flow, day, 1 as number, cast(late_days as bigint) as amount from paid
    union all
    select account_id, {{ flows.index('contact') }}, occurred_on, 1, 0 from {{ ref('fct_two_way_contacts') }}
    union all
    select
        account_id,
        {{ flows.index('revenue') }},
        issued_on,
        case when revenue_amount_base is null then 1 else 0 end,
        cast(round(coalesce(revenue_amount_base, 0) * 100, 0) as bigint)
    from {{ ref('fct_invoices') }}
    where not is_void and not is_draft and revenue_amount <> 0
    union all
    select account_id, {{ flows.index('promise') }}, {{ plus_days('kept_by', 1) }}, 1, case when state = 'kept' then 0 else 1 end
    from {{ ref('fct_promises') }}
    where state in ('kept', 'partly', 'broken')
    union all
    select account_id, {{ flows.index('missed') }}, decided_on, 1, case when is_handled then 0 else 1 end from missed
    union all
    select account_id, {{ flows.index('case') }}, opened_on, 1, 0 from {{ ref('fct_cases') }}
    union all
    select account_id, {{ flows.index('deal') }}, min(valid_from), 1, 0 from {{ ref('fct_deal_intervals') }} group by account_id
    union all
    select account_id, {{ flows.index('open_deal') }}, valid_from, 1, 0
    from {{ ref('fct_deal_intervals') }}
    where status = 'open'
    union all
    select account_id, {{ flows.index('open_deal') }}, valid_to, -1, 0
    from {{ ref('fct_deal_intervals') }}
    where status = 'open' and valid_to is not null
    union all
    select account_id, {{ flows.index('open_case') }}, opened_on, 1, 0 from {{ ref('fct_cases') }}
    union all
    select account_id, {{ flows.index('open_case') }}, {{ greatest_known('closed_on', 'opened_on') }}, -1, 0
    from {{ ref('fct_cases') }}
    where closed_on is not null and opened_on is not null
    union all
    select account_id, {{ flows.index('overdue') }}, from_day, 1, {{ day_number('due_on') }} from overdue
    union all
    select account_id, {{ flows.index('overdue') }}, to_day, -1, -{{ day_number('due_on') }} from overdue
),

-- Per week first: a window has nothing to say of a day.
weekly as (
    select
        keys.account_key,
        cast(events.flow as tinyint) as flow,
        {{ week_number('events.day') }} as week_number,
        cast(sum(events.number) as bigint) as number,
        cast(sum(events.amount) as bigint) as amount
    from events
    inner join keys on events.account_id = keys.account_id
    inner join settings on events.day <= settings.as_of_date
    group by keys.account_key, cast(events.flow as tinyint), {{ week_number('events.day') }}
),

moved as (
    select
        weekly.account_key,
        windows.counted,
        {{ greatest_known('weekly.week_number + windows.lag_weeks', 'settings.first_week') }} as week_number,
        windows.sign * weekly.number as number,
        windows.sign * weekly.amount as amount
    from weekly
    inner join windows on weekly.flow = windows.flow
    inner join settings on weekly.week_number + windows.lag_weeks <= settings.last_week
),

summed as (
    select
        account_key,
        week_number
        {%- for flow, count, amount, from_lag, to_lag in windows %}
        {%- set counted = loop.index %}
        {%- for name, column in [(count, 'number'), (amount, 'amount')] if name is not none %},
        cast(coalesce(sum({{ column }}) filter (where counted = {{ counted }}), 0) as bigint) as {{ name }}
        {%- endfor %}
        {%- endfor %}
    from moved
    group by account_key, week_number
)

select
    keys.account_id,
    summed.week_number,
    {%- for count in health_counts() %}
    summed.{{ count }}{{ ',' if not loop.last }}
    {%- endfor %}
from summed
inner join keys on summed.account_key = keys.account_key

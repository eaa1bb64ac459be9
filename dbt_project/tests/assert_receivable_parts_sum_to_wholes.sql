-- What is owed on the as-of date is the same however it is divided: by account, by manager (an account has one owner on a
-- day, or none) and by segment, in each currency. The whole is what the days add up to, without any account.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_receivable_accounts'}}}) }}

with run as (
    select * from {{ ref('int_run_dated') }}
),

aging as (
    select aging.*
    from {{ ref('rpt_receivable_aging') }} as aging
    inner join run on aging.as_of_date = run.as_of_date
),

owners as (
    select owners.account_id, owners.employee_id
    from {{ ref('dim_account_owners') }} as owners
    inner join run on {{ holds_on('owners', 'run.as_of_date') }}
),

{% set amounts = ['open_amount', 'overdue_amount', 'credit_amount', 'unapplied_amount'] %}
managed as (
    select
        owners.employee_id,
        aging.currency,
        {%- for amount in amounts %}
        sum(aging.{{ amount }}) as {{ amount }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from aging
    left join owners on aging.account_id = owners.account_id
    group by owners.employee_id, aging.currency
),

segments as (
    select
        segment,
        currency,
        {%- for amount in amounts %}
        sum({{ amount }}) as {{ amount }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ ref('rpt_receivable_accounts') }}
    group by segment, currency
),

parts as (
    select 'accounts' as divided_by, currency, {{ amounts | join(', ') }} from aging
    union all
    select 'managers', currency, {{ amounts | join(', ') }} from managed
    union all
    select 'segments', currency, {{ amounts | join(', ') }} from segments
),

sums as (
    select
        divided_by,
        currency,
        {%- for amount in amounts %}
        sum({{ amount }}) as {{ amount }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from parts
    group by divided_by, currency
),

wholes as (
    select kinds.divided_by, days.currency, {% for amount in amounts %}days.{{ amount }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ ref('fct_receivable_days') }} as days
    inner join run on days.day = run.as_of_date
    cross join (select 'accounts' as divided_by union all select 'managers' union all select 'segments') as kinds
)

select
    coalesce(wholes.divided_by, sums.divided_by) as divided_by,
    coalesce(wholes.currency, sums.currency) as currency,
    {%- for amount in amounts %}
    sums.{{ amount }},
    wholes.{{ amount }} as whole_{{ amount }}{% if not loop.last %},{% endif %}
    {%- endfor %}
from wholes
full join sums on wholes.divided_by = sums.divided_by and wholes.currency = sums.currency
where {% for amount in amounts -%}
coalesce(sums.{{ amount }}, 0) <> coalesce(wholes.{{ amount }}, 0){{ '\n    or ' if not loop.last }}
{%- endfor %}

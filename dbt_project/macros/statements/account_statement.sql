{#- The lines of an account between two days, both included, each currency after the other, each with the line before
    them that brings its balance forward. `lines` is rpt_statement_lines; the names account, from_date and to_date are
    what the user gives. -#}
{% macro account_statement(lines) -%}
with known as (
    select * from {{ lines }} where account_id = account and occurred_on <= cast(to_date as date)
),

brought_forward as (
    select
        account_id,
        max(account_name) as account_name,
        currency,
        coalesce(max(line_number) filter (where occurred_on < cast(from_date as date)), 0) as line_number,
        {{ opening_balance() }} as running_balance
    from known
    group by account_id, currency
)

select
    cast(null as varchar(1)) as line_id,
    account_id,
    account_name,
    currency,
    line_number,
    'brought_forward' as kind,
    cast(null as varchar(1)) as document,
    cast(null as varchar(1)) as invoice_id,
    cast(null as varchar(1)) as allocation,
    true as is_dated,
    {{ money('0') }} as debit,
    {{ money('0') }} as credit,
    running_balance,
    cast(from_date as date) as occurred_on,
    cast(null as date) as due_on,
    cast(null as varchar(1)) as _file,
    cast(null as bigint) as _row
from brought_forward
union all
select
    line_id,
    account_id,
    account_name,
    currency,
    line_number,
    kind,
    document,
    invoice_id,
    allocation,
    is_dated,
    debit,
    credit,
    running_balance,
    occurred_on,
    due_on,
    _file,
    _row
from known
where occurred_on >= cast(from_date as date)
order by currency, line_number, line_id nulls first
{%- endmacro %}

{#- A row a currency of the same: what was brought forward, the turnovers, and the closing balance, which is the last
    line's and not worked out from them: opening + debits − credits = closing is a test (R31). -#}
{% macro account_statement_totals(lines) -%}
select
    account_id,
    max(account_name) as account_name,
    currency,
    {{ opening_balance() }} as opening,
    coalesce(sum(debit) filter (where occurred_on >= cast(from_date as date)), 0) as debits,
    coalesce(sum(credit) filter (where occurred_on >= cast(from_date as date)), 0) as credits,
    {{ last_by('running_balance', 'line_number') }} as closing,
    count(*) filter (where occurred_on >= cast(from_date as date)) as lines
from {{ lines }}
where account_id = account and occurred_on <= cast(to_date as date)
group by account_id, currency
order by currency
{%- endmacro %}

{#- What stood on the account before the first day of a statement. -#}
{% macro opening_balance() -%}
{{ money(
    'coalesce(' ~ last_by('running_balance', 'line_number') ~ ' filter (where occurred_on < cast(from_date as date)), 0)'
) }}
{%- endmacro %}

{#- The id as its own system writes it, of a global id in a row of that system. -#}
{% macro native_id(global) -%}
substring({{ global }}, length(_system) + 2)
{%- endmacro %}

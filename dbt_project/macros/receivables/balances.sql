{#- What is open of an account on a date, in all and past its due date, from its buckets (R1, R4). -#}
{% macro aging_totals() -%}
{{ money(aging_buckets() | map(attribute=0) | join(' + ')) }} as open_amount,
        {{ money((aging_buckets() | map(attribute=0) | list)[1:] | join(' + ')) }} as overdue_amount
{%- endmacro %}

{#- The columns of an account's balance of a date, in order (R1 to R5, R36). Takes the relations `balances` (buckets,
    credit_amount, unapplied_amount, disputed_amount and aging_totals), `keys` (account_id, currency), `run` and
    `rates`, joined by the date. -#}
{% macro balance_columns(keys='keys') -%}
{{ keys }}.account_id,
        {{ keys }}.currency,
        {%- for bucket in aging_buckets() %}
        balances.{{ bucket[0] }},
        {%- endfor %}
        balances.open_amount,
        balances.credit_amount,
        balances.overdue_amount,
        balances.unapplied_amount,
        {{ money('balances.open_amount - balances.credit_amount - balances.unapplied_amount') }} as net_amount,
        balances.disputed_amount,
        {{ money('balances.open_amount * rates.rate') }} as open_amount_base,
        {{ money('balances.overdue_amount * rates.rate') }} as overdue_amount_base,
        {{ money('balances.unapplied_amount * rates.rate') }} as unapplied_amount_base,
        run.base_currency,
        case when rates.rate is null then 1 else 0 end as missing_rate_count,
        balances.as_of_date
{%- endmacro %}

{#- Whose history rests on more than what the days themselves said: money that no application puts on an invoice goes where it
    is best known now to have gone, or to wait; money that waited for the first application of all was not known to wait; and
    money that was put on a document that is void now was never put there, nor what it said to be settled or left. -#}
{% macro assumed_histories() -%}
select account_id, currency
    from {{ ref('fct_receivable_events') }}
    where allocation in ('settled_date', 'fifo_assumed', 'balance_only')
    union
    select credits.account_id, credits.currency
    from {{ ref('fct_unapplied_credits') }} as credits
    inner join (
        select account_id, min(event_date) as applied_on
        from (
            select account_id, event_date from {{ ref('fct_unapplied_credits') }}
            where movement_kind = 'application' and origin_kind = 'payment'
            union all
            select account_id, event_date from {{ ref('fct_receivable_exceptions') }} where entity = 'applications'
        ) as applications
        group by account_id
    ) as firsts on credits.account_id = firsts.account_id
    where credits.movement_type = 'received' and credits.event_date < firsts.applied_on
    union
    select account_id, currency
    from {{ ref('fct_unapplied_credits') }}
    where origin_kind = 'payment'
    group by account_id, currency, origin_id
    having count(*) filter (where movement_kind = 'application') = 0
    union
    select account_id, currency
    from {{ ref('fct_receivable_exceptions') }}
    where reason = 'invoice_not_a_receivable'
    union
    select account_id, currency
    from {{ ref('fct_invoices') }}
    where voided_on is not null and (settled_on is not null or reported_balance is not null)
{%- endmacro %}

{#- The ageing report's columns, in order, of `balances` (balance_columns), `accounts` and `assumed` (assumed_histories). -#}
{% macro aging_report_columns() -%}
balances.account_id,
    accounts.account_name,
    accounts.owner_id,
    balances.currency,
    {%- for bucket in aging_buckets() %}
    balances.{{ bucket[0] }},
    {%- endfor %}
    balances.open_amount,
    balances.credit_amount,
    balances.overdue_amount,
    balances.unapplied_amount,
    balances.net_amount,
    balances.disputed_amount,
    balances.open_amount_base,
    balances.overdue_amount_base,
    balances.unapplied_amount_base,
    balances.base_currency,
    cast(balances.missing_rate_count as bigint) as missing_rate_count,
    assumed.account_id is not null as is_history_assumed,
    balances.as_of_date
{%- endmacro %}

{#- The ageing report of one day, whichever: the same columns as rpt_receivable_aging, whose history holds week and month
    ends only. Counts item by item, as a single day can afford. `run` is a query of one row: as_of_date, base_currency. -#}
{% macro receivable_aging_at(run) -%}
with run as (
    {{ run }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

items as (
    {{ open_items_at(ref('fct_receivable_intervals'), 'run', [
        'account_id', 'currency', 'open_amount', 'credit_amount', 'due_on'
    ]) }}
),

credits as (
    select run.as_of_date, credits.account_id, credits.currency, credits.amount
    from {{ ref('fct_unapplied_credits') }} as credits
    inner join run on credits.event_date <= run.as_of_date
),

parts as (
    select
        as_of_date, account_id, currency, open_amount, credit_amount, 0 as unapplied_amount, days_overdue, is_disputed
    from items
    union all
    select as_of_date, account_id, currency, 0, 0, amount, null, false from credits
),

by_account as (
    select
        as_of_date,
        account_id,
        currency,
        {%- for bucket in aging_buckets() %}
        {{ money("coalesce(sum(open_amount) filter (where " ~ in_aging_bucket('days_overdue', bucket) ~ "), 0)") }}
            as {{ bucket[0] }},
        {%- endfor %}
        {{ money('sum(credit_amount)') }} as credit_amount,
        {{ money('sum(unapplied_amount)') }} as unapplied_amount,
        {{ money('coalesce(sum(open_amount) filter (where is_disputed), 0)') }} as disputed_amount
    from parts
    group by as_of_date, account_id, currency
),

totalled as (
    select *, {{ aging_totals() }} from by_account
),

assumed as (
    {{ assumed_histories() }}
),

balances as (
    select {{ balance_columns('balances') }}
    from totalled as balances
    cross join run
    left join rates on balances.currency = rates.currency and balances.as_of_date = rates.rate_date
    where balances.open_amount <> 0 or balances.credit_amount <> 0 or balances.unapplied_amount <> 0
)

select
    {{ aging_report_columns() }}
from balances
left join accounts on balances.account_id = accounts.account_id
left join assumed on balances.account_id = assumed.account_id and balances.currency = assumed.currency
{%- endmacro %}

{#- What is open of each invoice and instalment on a day (R1, R4, R5, R25, R27): rpt_open_invoices for the as-of date,
    open_invoices(as_of) for any day. `run` is a query of one row: as_of_date, base_currency. -#}
{% macro open_invoices_at(run) -%}
with run as (
    {{ run }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

items as (
    {{ open_items_at(ref('fct_receivable_intervals'), 'run', [
        'invoice_id', 'instalment_number', 'account_id', 'currency', 'allocation', 'instalment_amount', 'open_amount', 'due_on'
    ]) }}
),

dunned as (
    select dunning.invoice_id, max(dunning.step) as dunning_level, max(dunning.sent_on) as last_dunned_on
    from {{ ref('fct_dunning_steps') }} as dunning
    cross join run
    where dunning.sent_on <= run.as_of_date
    group by dunning.invoice_id
),

-- R27: each part of the debt bears interest from its due date to the day on which it was paid, or to the day asked for.
interest as (
    select
        items.invoice_id,
        items.instalment_number,
        sum(intervals.open_amount * {{ days_from(
            greatest_known(
                'intervals.valid_from', 'items.due_on'
            ), least_known('intervals.valid_to', 'items.as_of_date')
        ) }}) as amount_days
    from items
    inner join {{ ref('fct_receivable_intervals') }} as intervals
        on items.invoice_id = intervals.invoice_id
        and items.instalment_number = intervals.instalment_number
        and items.as_of_date >= intervals.valid_from
        and items.due_on < intervals.valid_to
    where items.days_overdue > 0
    group by items.invoice_id, items.instalment_number
),

final as (
    select
        items.invoice_id,
        invoices.invoice_number,
        cast(items.instalment_number as bigint) as instalment_number,
        items.account_id,
        accounts.account_name,
        accounts.owner_id,
        invoices.document_kind,
        items.currency,
        cast({{ aging_bucket('items.days_overdue') }} as varchar) as aging_bucket,
        cast(items.allocation as varchar) as allocation,
        invoices.due_rule,
        run.base_currency,
        cast(items.days_overdue as bigint) as days_overdue,
        invoices.gross_amount,
        items.instalment_amount,
        items.open_amount,
        {{ money('items.open_amount * rates.rate') }} as open_amount_base,
        {{ money('case
            when items.days_overdue > 0
                then interest.amount_days / 36500
                    * cast(coalesce(interest_rates.percent_a_year, ' ~ parameter('late_interest_percent')
                        ~ ') as decimal(9, 4))
                    + cast(coalesce(interest_rates.fee, ' ~ parameter('late_fee') ~ ') as decimal(18, 4))
            else 0
        end') }} as late_interest,
        cast(case when rates.rate is null then 1 else 0 end as bigint) as missing_rate_count,
        cast(dunned.dunning_level as bigint) as dunning_level,
        items.is_disputed,
        invoices.issued_on,
        items.due_on,
        dunned.last_dunned_on,
        items.as_of_date,
        invoices._file,
        invoices._row
    from items
    cross join run
    inner join invoices on items.invoice_id = invoices.invoice_id
    left join accounts on items.account_id = accounts.account_id
    left join rates on items.currency = rates.currency and items.as_of_date = rates.rate_date
    left join dunned on items.invoice_id = dunned.invoice_id
    left join interest
        on items.invoice_id = interest.invoice_id and items.instalment_number = interest.instalment_number
    left join {{ ref('late_interest_rates') }} as interest_rates on items.currency = interest_rates.currency
    where items.open_amount > 0
)

select * from final
{%- endmacro %}

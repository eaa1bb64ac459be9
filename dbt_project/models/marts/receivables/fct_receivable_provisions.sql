-- Grain: one row per month, segment, currency and ageing bucket with anything open at the month's end (R20).
-- The provision is what is open times the bucket's rate; of items in lists/specific_provisions.csv their own rate counts.
with accounts as (
    {{ segments_of_debtors() }}
),

loss_rates as (
    select * from {{ ref('fct_loss_rates') }}
),

specific as (
    select * from {{ ref('stg_lists__specific_provisions') }} where rate is not null
),

intervals as (
    select * from {{ ref('fct_receivable_intervals') }} where open_amount > 0
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

periods as (
    select distinct month, as_of_date from loss_rates
),

balances as (
    select balances.*, accounts.segment
    from {{ ref('fct_receivable_balances') }} as balances
    inner join periods on balances.as_of_date = periods.as_of_date
    inner join accounts on balances.account_id = accounts.account_id
    where balances.open_amount > 0
),

opened as (
    {%- for bucket in aging_buckets() %}
    select
        as_of_date,
        segment,
        currency,
        '{{ bucket[0] }}' as bucket,
        sum({{ bucket[0] }}) as open_amount
    from balances
    group by as_of_date, segment, currency
    having sum({{ bucket[0] }}) <> 0
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

named as (
    select
        intervals.*,
        specific.rate,
        specific.valid_from as rate_from,
        specific.valid_to as rate_to,
        1 as preference
    from intervals
    inner join specific on intervals.invoice_id = specific.invoice_id
    union all
    select intervals.*, specific.rate, specific.valid_from, specific.valid_to, 2
    from intervals
    inner join specific on specific.invoice_id is null and intervals.account_id = specific.account_id
),

specific_items as (
    select
        periods.as_of_date,
        accounts.segment,
        named.currency,
        {{ aging_bucket(days_from('named.due_on', 'periods.as_of_date')) }} as bucket,
        named.open_amount,
        named.rate
    from named
    inner join accounts on named.account_id = accounts.account_id
    inner join periods
        on periods.as_of_date >= named.valid_from
        and periods.as_of_date < named.valid_to
        and (named.rate_from is null or periods.as_of_date >= named.rate_from)
        and (named.rate_to is null or periods.as_of_date <= named.rate_to)
    qualify row_number() over (
        partition by periods.as_of_date, named.invoice_id, named.instalment_number
        order by named.preference, coalesce(named.rate_from, cast('0001-01-01' as date)) desc, named.rate desc
    ) = 1
),

specifics as (
    select
        as_of_date,
        segment,
        currency,
        bucket,
        sum(open_amount) as open_amount,
        {{ money('sum(open_amount * rate)') }} as provision
    from specific_items
    group by as_of_date, segment, currency, bucket
),

provided as (
    select
        periods.month,
        opened.as_of_date,
        opened.segment,
        opened.currency,
        opened.bucket,
        loss_rates.bucket_number,
        loss_rates.provision_rate,
        opened.open_amount,
        coalesce(specifics.open_amount, 0) as specific_open_amount,
        coalesce(specifics.provision, 0) as specific_provision,
        opened.open_amount - coalesce(specifics.open_amount, 0) as matrix_open_amount,
        rates.rate
    from opened
    inner join periods on opened.as_of_date = periods.as_of_date
    inner join loss_rates
        on opened.as_of_date = loss_rates.as_of_date
        and opened.segment = loss_rates.segment
        and opened.bucket = loss_rates.bucket
    left join specifics
        on opened.as_of_date = specifics.as_of_date
        and opened.segment = specifics.segment
        and opened.currency = specifics.currency
        and opened.bucket = specifics.bucket
    left join rates on opened.currency = rates.currency and opened.as_of_date = rates.rate_date
),

-- Without a rate what the matrix should cover is unknown, and counted; it is never taken for nothing.
final as (
    select
        *,
        case when provision_rate is null then matrix_open_amount else 0 end as unprovided_amount,
        case
            when provision_rate is not null or matrix_open_amount = 0
                then specific_provision + {{ money('matrix_open_amount * coalesce(provision_rate, 0)') }}
            when specific_open_amount > 0 then specific_provision
        end as provision
    from provided
)

select
    segment,
    currency,
    bucket,
    bucket_number,
    {%- for amount in ['open_amount', 'specific_open_amount', 'specific_provision', 'unprovided_amount', 'provision'] %}
    {{ money(amount) }} as {{ amount }},
    {{ money(amount ~ ' * rate') }} as {{ amount }}_base,
    {%- endfor %}
    case when rate is null then 1 else 0 end as missing_rate_count,
    month,
    as_of_date
from final

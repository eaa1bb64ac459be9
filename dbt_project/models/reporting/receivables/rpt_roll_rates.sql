-- Grain: one row per month, segment and ageing bucket (R18-R20), in the base currency.
-- The provision matrix of each month's end: what is open, the loss rate of the company's own history, the provision. The
-- roll rate is of what was open at that end: the share that stood in the next bucket roll_rate_days later.
with run as (
    select * from {{ ref('int_run_dated') }}
),

loss_rates as (
    select * from {{ ref('fct_loss_rates') }}
),

provisions as (
    select * from {{ ref('fct_receivable_provisions') }}
),

accounts as (
    {{ segments_of_debtors() }}
),

intervals as (
    select * from {{ ref('fct_receivable_intervals') }} where open_amount > 0
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

periods as (
    select distinct
        loss_rates.month,
        loss_rates.as_of_date,
        {{ plus_days('loss_rates.as_of_date', parameter('roll_rate_days')) }} as looked_at_on
    from loss_rates
),

-- An item that pays nothing in the meantime is as many days older; what is known of the later day alone counts.
started as (
    select
        periods.month,
        periods.looked_at_on,
        intervals.invoice_id,
        intervals.instalment_number,
        intervals.account_id,
        intervals.open_amount,
        rates.rate,
        {{ aging_bucket_number(days_from('intervals.due_on', 'periods.as_of_date')) }} as bucket_number,
        {{ aging_bucket_number(days_from('intervals.due_on', 'periods.looked_at_on')) }} as later_bucket_number
    from periods
    cross join run
    inner join intervals
        on periods.as_of_date >= intervals.valid_from and periods.as_of_date < intervals.valid_to
    left join rates on intervals.currency = rates.currency and periods.as_of_date = rates.rate_date
    where periods.looked_at_on <= run.as_of_date
),

rolled as (
    select
        started.month,
        accounts.segment,
        started.bucket_number,
        {{ known_sum('started.open_amount * started.rate', 'started.open_amount') }} as amount,
        count(*) - count(started.rate) as unrated,
        coalesce(sum({{ least_known('started.open_amount', 'intervals.open_amount') }} * started.rate) filter (
            where started.later_bucket_number = started.bucket_number + 1 and intervals.invoice_id is not null
        ), 0) as rolled_amount
    from started
    inner join accounts on started.account_id = accounts.account_id
    left join intervals
        on started.invoice_id = intervals.invoice_id
        and started.instalment_number = intervals.instalment_number
        and started.looked_at_on >= intervals.valid_from
        and started.looked_at_on < intervals.valid_to
    group by started.month, accounts.segment, started.bucket_number
),

provided as (
    select
        month,
        segment,
        bucket_number,
        {%- for amount in ['open_amount', 'specific_open_amount', 'specific_provision', 'unprovided_amount', 'provision'] %}
        sum({{ amount }}_base) as {{ amount }},
        {%- endfor %}
        sum(missing_rate_count) as missing_rate_count
    from provisions
    group by month, segment, bucket_number
),

final as (
    select
        loss_rates.*,
        run.base_currency,
        case
            when loss_rates.bucket_number < {{ aging_buckets() | length }} and rolled.unrated = 0
                then {{ ratio('rolled.rolled_amount', 'rolled.amount') }}
        end as roll_rate,
        rolled.amount as rolling_amount,
        {%- for amount in ['open_amount', 'specific_open_amount', 'specific_provision', 'unprovided_amount'] %}
        case when provided.bucket_number is null then 0 else provided.{{ amount }} end as {{ amount }},
        {%- endfor %}
        case when provided.bucket_number is null then 0 else provided.provision end as provision,
        coalesce(provided.missing_rate_count, 0) as missing_rate_count
    from loss_rates
    cross join run
    left join rolled
        on loss_rates.month = rolled.month
        and loss_rates.segment = rolled.segment
        and loss_rates.bucket_number = rolled.bucket_number
    left join provided
        on loss_rates.month = provided.month
        and loss_rates.segment = provided.segment
        and loss_rates.bucket_number = provided.bucket_number
)

select
    cast(segment as varchar) as segment,
    cast(bucket as varchar) as bucket,
    cast(basis as varchar) as basis,
    cast(base_currency as varchar) as base_currency,
    cast(bucket_number as bigint) as bucket_number,
    cast(invoices as bigint) as history_invoices,
    reached_amount,
    lost_amount,
    unresolved_amount,
    cast(roll_rate as double) as roll_rate,
    cast(loss_rate as double) as loss_rate,
    cast(provision_rate as double) as provision_rate,
    cast(rolling_amount as decimal(38, 4)) as rolling_amount,
    {%- for amount in ['open_amount', 'specific_open_amount', 'specific_provision', 'unprovided_amount', 'provision'] %}
    cast({{ amount }} as decimal(38, 4)) as {{ amount }},
    {%- endfor %}
    cast(missing_rate_count as bigint) as missing_rate_count,
    month,
    as_of_date
from final

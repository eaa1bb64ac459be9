-- Grain: one row per month, segment and ageing bucket: what of it was finally lost in the past (R19).
-- A cohort is what fell due in loss_history_months and had loss_maturity_days since to be paid or written off. Of it, the
-- loss rate of a bucket is what was written off since it stood there, over what ever stood there. Each month knows only
-- what had happened by its end. Where too few of a segment's invoices reached the bucket, the whole company's rate counts.
with run as (
    select * from {{ ref('dim_runs') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

accounts as (
    {{ segments_of_debtors() }}
),

left_out as (
    select invoice_id from {{ ref('fct_invoices') }} where is_void or document_kind = 'opening'
),

intervals as (
    select * from {{ ref('fct_receivable_intervals') }} where open_amount > 0
),

events as (
    select * from {{ ref('fct_receivable_events') }} where event_type = 'write_off' and not is_opening
),

rates as (
    select * from {{ ref('dim_fx_rates') }}
),

settings as (
    select
        as_of_date,
        cast({{ parameter('loss_history_months') }} as integer) as history_months,
        cast({{ parameter('loss_maturity_days') }} as integer) as maturity_days,
        cast({{ parameter('loss_min_invoices') }} as integer) as min_invoices,
        cast({{ parameter('provision_forward_percent') }} as double) as forward_percent
    from run
),

-- What ever stood in each bucket, of each instalment that was sold here. It reached a bucket if it was open at the end of
-- the bucket's first day or later; what came back after the cohort was closed comes too late. Both sides of a rate are
-- converted at the issue date's rate, so that currencies that move make no loss.
items as (
    select
        intervals.invoice_id,
        intervals.instalment_number,
        accounts.segment,
        intervals.due_on,
        rates.rate,
        {%- for bucket in aging_buckets() %}
        max(intervals.open_amount) filter (
            where intervals.valid_from <= {{ plus_days(
                'intervals.due_on', greatest_known('settings.maturity_days', (bucket[1] or 0))
            ) }}
            {%- if bucket[1] is not none %}
            and intervals.valid_to > {{ plus_days('intervals.due_on', bucket[1]) }}
            {%- endif %}
        ) as {{ bucket[0] }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from intervals
    cross join settings
    anti join left_out on intervals.invoice_id = left_out.invoice_id
    inner join accounts on intervals.account_id = accounts.account_id
    inner join rates on intervals.currency = rates.currency and intervals.issued_on = rates.rate_date
    group by intervals.invoice_id, intervals.instalment_number, accounts.segment, intervals.due_on, rates.rate
),

reached_by_day as (
    select
        segment,
        due_on,
        {%- for bucket in aging_buckets() %}
        sum({{ bucket[0] }} * rate) as {{ bucket[0] }},
        count({{ bucket[0] }}) as {{ bucket[0] }}_invoices{% if not loop.last %},{% endif %}
        {%- endfor %}
    from items
    group by segment, due_on
),

buckets as (
    {%- for bucket in aging_buckets() %}
    select
        cast({{ loop.index }} as integer) as bucket_number,
        '{{ bucket[0] }}' as bucket,
        cast({{ bucket[1] or 0 }} as integer) as first_day
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

reached as (
    {%- for bucket in aging_buckets() %}
    select
        segment,
        due_on,
        cast({{ loop.index }} as integer) as bucket_number,
        {{ bucket[0] }} as amount,
        {{ bucket[0] }}_invoices as invoices
    from reached_by_day
    where {{ bucket[0] }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

write_offs as (
    select invoice_id, event_date as lost_on, -sum(amount) as amount from events group by invoice_id, event_date
),

-- A write-off names an invoice. It took what fell of each instalment on its day; the last one where nothing fell.
fallen as (
    select
        write_offs.invoice_id,
        write_offs.lost_on,
        write_offs.amount,
        intervals.instalment_number,
        {{ greatest_known(
            'coalesce(sum(intervals.open_amount) filter ( where intervals.valid_from < write_offs.lost_on and intervals.valid_to >= write_offs.lost_on ), 0) - coalesce(sum(intervals.open_amount) filter ( where intervals.valid_from <= write_offs.lost_on and intervals.valid_to > write_offs.lost_on ), 0)',
            '0'
        ) }} as fell
    from write_offs
    inner join intervals on write_offs.invoice_id = intervals.invoice_id
    group by write_offs.invoice_id, write_offs.lost_on, write_offs.amount, intervals.instalment_number
),

shared as (
    select
        *,
        sum(fell) over (partition by invoice_id, lost_on) as fell_in_all,
        instalment_number = max(instalment_number) over (partition by invoice_id, lost_on) as is_last
    from fallen
),

-- Of a bucket is lost what is written off once it stands there, and no more than ever stood there.
lost_items as (
    select
        items.invoice_id,
        items.instalment_number,
        items.segment,
        items.due_on,
        items.rate,
        shared.lost_on,
        buckets.bucket_number,
        cast(case
            when shared.fell_in_all > 0 then shared.amount * shared.fell / shared.fell_in_all
            when shared.is_last then shared.amount
            else 0
        end as decimal(18, 4)) as amount,
        coalesce(case buckets.bucket_number
            {%- for bucket in aging_buckets() %}
            when {{ loop.index }} then items.{{ bucket[0] }}
            {%- endfor %}
        end, 0) as reached
    from shared
    inner join items
        on shared.invoice_id = items.invoice_id and shared.instalment_number = items.instalment_number
    inner join buckets
        on buckets.bucket_number = 1
        or shared.lost_on >= {{ plus_days('items.due_on', 'buckets.first_day') }}
),

summed as (
    select
        *,
        sum(amount) over (partition by invoice_id, instalment_number, bucket_number order by lost_on) as amount_to_date
    from lost_items
),

lost as (
    select
        segment,
        due_on,
        lost_on,
        bucket_number,
        sum(({{ least_known(
            'amount_to_date', 'reached'
        ) }} - {{ least_known('amount_to_date - amount', 'reached') }}) * rate) as amount
    from summed
    group by segment, due_on, lost_on, bucket_number
),

periods as (
    select
        dates.month,
        dates.day as as_of_date,
        {{ plus_days('dates.day', '-settings.maturity_days') }} as last_due_on,
        {{ plus_months(plus_days('dates.day', '-settings.maturity_days'), '-settings.history_months') }} as due_after
    from dates
    cross join settings
    where (dates.is_month_end or dates.is_as_of)
        and dates.day <= settings.as_of_date
        and dates.day >= (select min(valid_from) from intervals)
),

history as (
    select
        periods.month,
        reached.segment,
        reached.bucket_number,
        sum(reached.amount) as reached_amount,
        sum(reached.invoices) as invoices,
        cast(0 as decimal(38, 4)) as lost_amount
    from periods
    inner join buckets on true
    inner join reached
        on reached.bucket_number = buckets.bucket_number
        and reached.due_on > periods.due_after
        and reached.due_on <= periods.last_due_on
        and {{ plus_days('reached.due_on', 'buckets.first_day') }} <= periods.as_of_date
    group by periods.month, reached.segment, reached.bucket_number
    union all
    select periods.month, lost.segment, lost.bucket_number, 0, 0, sum(lost.amount)
    from periods
    inner join lost
        on lost.due_on > periods.due_after
        and lost.due_on <= periods.last_due_on
        and lost.lost_on <= periods.as_of_date
    group by periods.month, lost.segment, lost.bucket_number
),

of_segments as (
    select
        month,
        segment,
        bucket_number,
        sum(reached_amount) as reached_amount,
        sum(lost_amount) as lost_amount,
        sum(invoices) as invoices
    from history
    group by month, segment, bucket_number
),

of_company as (
    select
        month,
        bucket_number,
        sum(reached_amount) as reached_amount,
        sum(lost_amount) as lost_amount,
        sum(invoices) as invoices
    from history
    group by month, bucket_number
),

segments as (
    select distinct segment from accounts
),

based as (
    select
        periods.month,
        periods.as_of_date,
        segments.segment,
        buckets.bucket_number,
        buckets.bucket,
        case
            when of_segments.invoices >= settings.min_invoices and of_segments.reached_amount > 0 then 'segment'
            when of_company.reached_amount > 0 then 'company'
            else 'none'
        end as basis,
        of_segments.reached_amount as segment_reached,
        of_segments.lost_amount as segment_lost,
        of_segments.invoices as segment_invoices,
        of_company.reached_amount as company_reached,
        of_company.lost_amount as company_lost,
        of_company.invoices as company_invoices,
        settings.forward_percent
    from periods
    cross join segments
    cross join buckets
    cross join settings
    left join of_segments
        on periods.month = of_segments.month
        and segments.segment = of_segments.segment
        and buckets.bucket_number = of_segments.bucket_number
    left join of_company
        on periods.month = of_company.month and buckets.bucket_number = of_company.bucket_number
),

chosen as (
    select
        *,
        case basis when 'segment' then segment_reached when 'company' then company_reached end as reached_amount,
        case basis when 'segment' then segment_lost when 'company' then company_lost end as lost_amount,
        case basis when 'segment' then segment_invoices when 'company' then company_invoices else 0 end as invoices
    from based
)

select
    segment,
    bucket,
    bucket_number,
    basis,
    cast(invoices as bigint) as invoices,
    cast(reached_amount as decimal(38, 4)) as reached_amount,
    cast(lost_amount as decimal(38, 4)) as lost_amount,
    {{ ratio('lost_amount', 'reached_amount') }} as loss_rate,
    -- The least of what is known would be 1 where the rate is not.
    case
        when reached_amount > 0
            then {{ least_known(ratio('lost_amount', 'reached_amount') ~ ' * (1 + forward_percent / 100)', '1') }}
    end as provision_rate,
    month,
    as_of_date
from chosen

-- Grain: one row per month, segment and ageing bucket: what of it was finally lost in the past (R19).
-- A cohort is what fell due in loss_history_months and had loss_maturity_days since to be paid or written off. Of it, the
-- loss rate of a bucket is what was written off since it stood there, over what ever stood there and is decided: what is
-- still open is neither lost nor recovered. Where less than loss_decided_percent is decided, nothing is known of the loss.
-- Each month knows only what had happened by its end. Where too few of a segment's invoices reached the bucket and are
-- decided, the whole company's rate counts.
with run as (
    select * from {{ ref('int_run_dated') }}
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
    select * from {{ ref('int_fx_rates_dated') }}
),

settings as (
    select
        as_of_date,
        cast({{ parameter('loss_history_months') }} as integer) as history_months,
        cast({{ parameter('loss_maturity_days') }} as integer) as maturity_days,
        cast({{ parameter('loss_min_invoices') }} as integer) as min_invoices,
        {{ parameter('loss_decided_percent') }} / 100 as decided_share,
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

stood as (
    {%- for bucket in aging_buckets() %}
    select
        invoice_id,
        instalment_number,
        segment,
        due_on,
        rate,
        cast({{ loop.index }} as integer) as bucket_number,
        {{ bucket[0] }} as reached
    from items
    where {{ bucket[0] }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

reached as (
    select segment, due_on, bucket_number, sum(reached * rate) as amount, count(*) as invoices
    from stood
    group by segment, due_on, bucket_number
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
        stood.*,
        shared.lost_on,
        cast(case
            when shared.fell_in_all > 0 then shared.amount * shared.fell / shared.fell_in_all
            when shared.is_last then shared.amount
            else 0
        end as decimal(18, 4)) as amount
    from shared
    inner join stood
        on shared.invoice_id = stood.invoice_id and shared.instalment_number = stood.instalment_number
    inner join buckets on stood.bucket_number = buckets.bucket_number
    where buckets.bucket_number = 1
        or shared.lost_on >= {{ plus_days('stood.due_on', 'buckets.first_day') }}
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

unresolved as (
    select
        periods.month,
        stood.segment,
        stood.bucket_number,
        sum({{ least_known('intervals.open_amount', 'stood.reached') }} * stood.rate) as amount,
        count(*) as invoices
    from periods
    inner join buckets on true
    inner join stood
        on stood.bucket_number = buckets.bucket_number
        and stood.due_on > periods.due_after
        and stood.due_on <= periods.last_due_on
        and {{ plus_days('stood.due_on', 'buckets.first_day') }} <= periods.as_of_date
    inner join intervals
        on stood.invoice_id = intervals.invoice_id
        and stood.instalment_number = intervals.instalment_number
        and {{ holds_on('intervals', 'periods.as_of_date') }}
    group by periods.month, stood.segment, stood.bucket_number
),

history as (
    select
        periods.month,
        reached.segment,
        reached.bucket_number,
        sum(reached.amount) as reached_amount,
        sum(reached.invoices) as invoices,
        cast(0 as decimal(38, 4)) as lost_amount,
        cast(0 as decimal(38, 4)) as unresolved_amount
    from periods
    inner join buckets on true
    inner join reached
        on reached.bucket_number = buckets.bucket_number
        and reached.due_on > periods.due_after
        and reached.due_on <= periods.last_due_on
        and {{ plus_days('reached.due_on', 'buckets.first_day') }} <= periods.as_of_date
    group by periods.month, reached.segment, reached.bucket_number
    union all
    select periods.month, lost.segment, lost.bucket_number, 0, 0, sum(lost.amount), 0
    from periods
    inner join lost
        on lost.due_on > periods.due_after
        and lost.due_on <= periods.last_due_on
        and lost.lost_on <= periods.as_of_date
    group by periods.month, lost.segment, lost.bucket_number
    union all
    select month, segment, bucket_number, 0, -invoices, 0, amount from unresolved
),

of_segments as (
    select
        month,
        segment,
        bucket_number,
        sum(reached_amount) as reached_amount,
        sum(lost_amount) as lost_amount,
        sum(unresolved_amount) as unresolved_amount,
        sum(reached_amount - unresolved_amount) as decided_amount,
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
        sum(unresolved_amount) as unresolved_amount,
        sum(reached_amount - unresolved_amount) as decided_amount,
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
            when of_segments.invoices >= settings.min_invoices
                and of_segments.decided_amount > 0
                and of_segments.decided_amount >= settings.decided_share * of_segments.reached_amount then 'segment'
            when of_company.decided_amount > 0
                and of_company.decided_amount >= settings.decided_share * of_company.reached_amount then 'company'
            else 'none'
        end as basis,
        {%- for whose in ['segment', 'company'] %}
        {%- set history = {'segment': 'of_segments', 'company': 'of_company'}[whose] %}
        {%- for count in ['reached_amount', 'lost_amount', 'unresolved_amount', 'decided_amount', 'invoices'] %}
        {{ history }}.{{ count }} as {{ whose }}_{{ count }},
        {%- endfor %}
        {%- endfor %}
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

-- Without a rate, what of the whole company's cohort reached the bucket and is not decided stands beside it.
chosen as (
    select
        *,
        {%- for count in ['reached_amount', 'lost_amount', 'unresolved_amount', 'decided_amount'] %}
        case basis when 'segment' then segment_{{ count }} else company_{{ count }} end as {{ count }},
        {%- endfor %}
        coalesce(case basis when 'segment' then segment_invoices else company_invoices end, 0) as invoices
    from based
),

rated as (
    select
        *,
        case
            when basis <> 'none' then {{ ratio('lost_amount', 'decided_amount') }}
        end as loss_rate
    from chosen
)

select
    segment,
    bucket,
    bucket_number,
    basis,
    cast(invoices as bigint) as invoices,
    cast(reached_amount as decimal(38, 4)) as reached_amount,
    cast(lost_amount as decimal(38, 4)) as lost_amount,
    cast(unresolved_amount as decimal(38, 4)) as unresolved_amount,
    loss_rate,
    {{ least_or_unknown('loss_rate * (1 + forward_percent / 100)', '1') }} as provision_rate,
    month,
    as_of_date
from rated

-- Grain: one row per snapshot date, account, currency and bucket of the list aging_edges with anything open in it (R5).
with edges as (
    select distinct edge_days from {{ ref('aging_edges') }} where edge_days is not null
),

intervals as (
    select * from {{ ref('fct_receivable_intervals') }} where open_amount > 0
),

snapshots as (
    select distinct as_of_date from {{ ref('fct_receivable_balances') }}
),

bounded as (
    select lag(edge_days) over (order by edge_days) + 1 as from_days, edge_days as to_days from edges
    union all
    select max(edge_days) + 1, cast(null as integer) from edges
),

buckets as (
    select
        cast(row_number() over (order by coalesce(from_days, -1000000)) as tinyint) as bucket_number,
        case
            when from_days is null then 'days_up_to_' || cast(to_days as varchar(10))
            when to_days is null then 'days_over_' || cast(from_days - 1 as varchar(10))
            else 'days_' || cast(from_days as varchar(10)) || '_' || cast(to_days as varchar(10))
        end as bucket,
        from_days,
        to_days
    from bounded
),

-- A number stands for account and currency: what follows sorts and groups by it.
keys as (
    select account_id, currency, cast(row_number() over (order by account_id, currency) as integer) as account_key
    from (select distinct account_id, currency from intervals) as found
),

items as (
    select
        keys.account_key,
        intervals.open_amount,
        intervals.due_on,
        intervals.issued_on,
        intervals.valid_from,
        intervals.valid_to
    from intervals
    inner join keys on intervals.account_id = keys.account_id and intervals.currency = keys.currency
),

-- An item lies in one bucket after the other as it ages: what enters and leaves a bucket is counted, not every item on
-- every date.
{% for aged_by in ['due_on', 'issued_on'] %}
stretches_{{ aged_by }} as (
    select
        items.account_key,
        buckets.bucket_number,
        items.open_amount,
        case
            when buckets.from_days is null then items.valid_from
            else {{ greatest_known('items.valid_from', plus_days('items.' ~ aged_by, 'buckets.from_days')) }}
        end as from_day,
        case
            when buckets.to_days is null then items.valid_to
            else {{ least_known('items.valid_to', plus_days('items.' ~ aged_by, 'buckets.to_days + 1')) }}
        end as to_day
    from items
    inner join buckets
        on (buckets.from_days is null or items.valid_to > {{ plus_days('items.' ~ aged_by, 'buckets.from_days') }})
        and (
            buckets.to_days is null
            or items.valid_from < {{ plus_days('items.' ~ aged_by, 'buckets.to_days + 1') }}
        )
),
{% endfor %}
moves as (
    select account_key, bucket_number, from_day as day, open_amount, cast(0 as decimal(18, 4)) as open_amount_by_issue
    from stretches_due_on
    union all
    select account_key, bucket_number, to_day, -open_amount, 0 from stretches_due_on
    union all
    select account_key, bucket_number, from_day, 0, open_amount from stretches_issued_on
    union all
    select account_key, bucket_number, to_day, 0, -open_amount from stretches_issued_on
),

-- A day's change shows first on the next snapshot date.
next_snapshots as (
    select days.day, min(snapshots.as_of_date) as as_of_date
    from (select distinct day from moves) as days
    inner join snapshots on days.day <= snapshots.as_of_date
    group by days.day
),

changes as (
    select
        moves.account_key,
        moves.bucket_number,
        next_snapshots.as_of_date,
        {{ money('sum(moves.open_amount)') }} as open_amount,
        {{ money('sum(moves.open_amount_by_issue)') }} as open_amount_by_issue
    from moves
    inner join next_snapshots on moves.day = next_snapshots.day
    group by moves.account_key, moves.bucket_number, next_snapshots.as_of_date
    having sum(moves.open_amount) <> 0 or sum(moves.open_amount_by_issue) <> 0
),

running as (
    select
        account_key,
        bucket_number,
        {%- for amount in ['open_amount', 'open_amount_by_issue'] %}
        sum({{ amount }}) over (partition by account_key, bucket_number order by as_of_date) as {{ amount }},
        {%- endfor %}
        as_of_date as valid_from,
        lead(as_of_date) over (partition by account_key, bucket_number order by as_of_date) as valid_to
    from changes
)

select
    keys.account_id,
    keys.currency,
    buckets.bucket,
    cast(buckets.bucket_number as bigint) as bucket_number,
    cast(buckets.from_days as bigint) as from_days,
    cast(buckets.to_days as bigint) as to_days,
    {{ money('running.open_amount') }} as open_amount,
    {{ money('running.open_amount_by_issue') }} as open_amount_by_issue,
    snapshots.as_of_date
from running
inner join snapshots
    on running.valid_from <= snapshots.as_of_date
    and coalesce(running.valid_to, {{ end_of_time() }}) > snapshots.as_of_date
inner join keys on running.account_key = keys.account_key
inner join buckets on running.bucket_number = buckets.bucket_number
where running.open_amount <> 0 or running.open_amount_by_issue <> 0

-- Grain: one row a snapshot date, account and currency that has anything open, over-applied or unapplied on it.
with run as (
    select * from {{ ref('int_run_dated') }}
),

snapshots as (
    select as_of_date from {{ ref('int_snapshot_dates') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

-- Millions of item days pass here: a number stands for account and currency, and one sum a place (a bucket, credit,
-- unapplied) is made before the places become columns.
keys as (
    select account_id, currency, cast(row_number() over (order by account_id, currency) as integer) as account_key
    from (
        select account_id, currency from {{ ref('fct_receivable_intervals') }}
        union
        select account_id, currency from {{ ref('fct_unapplied_credits') }}
    ) as found
),

keyed as (
    select
        keys.account_key,
        intervals.open_amount,
        intervals.credit_amount,
        intervals.due_on,
        intervals.disputed_from,
        intervals.disputed_to,
        intervals.valid_from,
        intervals.valid_to
    from {{ ref('fct_receivable_intervals') }} as intervals
    inner join keys on intervals.account_id = keys.account_id and intervals.currency = keys.currency
),

items as (
    {{ open_items_at('keyed', 'snapshots', ['account_key', 'open_amount', 'credit_amount']) }}
),

-- 0 is credit, -1 unapplied, and the buckets count from 1.
placed as (
    select
        as_of_date,
        account_key,
        is_disputed,
        cast(case when credit_amount > 0 then 0 else {{ aging_bucket_number('days_overdue') }} end as tinyint) as place,
        open_amount + credit_amount as amount
    from items
),

movements as (
    select keys.account_key, credits.event_date, sum(credits.amount) as amount
    from {{ ref('fct_unapplied_credits') }} as credits
    inner join keys on credits.account_id = keys.account_id and credits.currency = keys.currency
    group by keys.account_key, credits.event_date
),

unapplied as (
    select
        account_key,
        event_date as valid_from,
        lead(event_date) over (partition by account_key order by event_date) as valid_to,
        sum(amount) over (partition by account_key order by event_date) as amount
    from movements
),

by_place as (
    select as_of_date, account_key, place, is_disputed, sum(amount) as amount
    from placed
    group by as_of_date, account_key, place, is_disputed
    union all
    select snapshots.as_of_date, unapplied.account_key, cast(-1 as tinyint), false, unapplied.amount
    from unapplied
    inner join snapshots
        on snapshots.as_of_date >= unapplied.valid_from
        and snapshots.as_of_date < coalesce(unapplied.valid_to, {{ end_of_time() }})
    where unapplied.amount <> 0
),

by_account as (
    select
        as_of_date,
        account_key,
        {%- for bucket in aging_buckets() %}
        {{ money("coalesce(sum(amount) filter (where place = " ~ loop.index ~ "), 0)") }} as {{ bucket[0] }},
        {%- endfor %}
        {{ money("coalesce(sum(amount) filter (where place > 0), 0)") }} as open_amount,
        {{ money("coalesce(sum(amount) filter (where place > 1), 0)") }} as overdue_amount,
        {{ money("coalesce(sum(amount) filter (where place = 0), 0)") }} as credit_amount,
        {{ money("coalesce(sum(amount) filter (where place = -1), 0)") }} as unapplied_amount,
        {{ money("coalesce(sum(amount) filter (where is_disputed and place > 0), 0)") }} as disputed_amount
    from by_place
    group by as_of_date, account_key
),

final as (
    select
        keys.account_id,
        keys.currency,
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
    from by_account as balances
    inner join keys on balances.account_key = keys.account_key
    cross join run
    left join rates on keys.currency = rates.currency and balances.as_of_date = rates.rate_date
)

select * from final

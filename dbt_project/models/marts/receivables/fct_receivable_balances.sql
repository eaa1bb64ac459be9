-- Grain: one row per snapshot date, account and currency that has anything open, over-applied or unapplied on it.
with run as (
    select * from {{ ref('int_run_dated') }}
),

snapshots as (
    select day as as_of_date from {{ ref('dim_dates') }} where is_snapshot
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

-- A number stands for account and currency: what follows sorts and groups by it.
keys as (
    select account_id, currency, cast(row_number() over (order by account_id, currency) as integer) as account_key
    from (
        select account_id, currency from {{ ref('fct_receivable_intervals') }}
        union
        select account_id, currency from {{ ref('fct_unapplied_credits') }}
    ) as found
),

intervals as (
    select
        keys.account_key,
        items.open_amount,
        items.credit_amount,
        items.due_on,
        items.disputed_from,
        items.disputed_to,
        items.valid_from,
        items.valid_to
    from {{ ref('fct_receivable_intervals') }} as items
    inner join keys on items.account_id = keys.account_id and items.currency = keys.currency
),

-- An item lies in one place after the other: in the buckets (1, 2, ...) as it ages. Beside them stand what is
-- over-applied (0) and what is disputed (99). Counting item by item on every date would pass each old debt hundreds of
-- times; counting what enters and leaves a place passes it twice.
stretches as (
    {%- for bucket in aging_buckets() %}
    select
        account_key,
        cast({{ loop.index }} as tinyint) as place,
        {{ bucket_starts_on('due_on', bucket, 'valid_from') }} as from_day,
        {{ bucket_ends_on('due_on', bucket, 'valid_to') }} as to_day,
        open_amount as amount
    from intervals
    where open_amount > 0
        and {{ bucket_ends_on('due_on', bucket, 'valid_to') }} > {{ bucket_starts_on('due_on', bucket, 'valid_from') }}
    union all
    {%- endfor %}
    select account_key, cast(0 as tinyint), valid_from, valid_to, credit_amount
    from intervals
    where credit_amount > 0
    union all
    select
        account_key,
        cast(99 as tinyint),
        {{ greatest_known('valid_from', 'disputed_from') }},
        {{ least_known('valid_to', 'disputed_to') }},
        open_amount
    from intervals
    where open_amount > 0 and disputed_from < valid_to and disputed_to > valid_from
),

-- A day's change shows first on the next snapshot date.
next_snapshots as (
    select days.rate_date as day, min(snapshots.as_of_date) as as_of_date
    from rates as days
    inner join run on days.currency = run.base_currency
    inner join snapshots on snapshots.as_of_date >= days.rate_date
    group by days.rate_date
),

-- Unapplied money (-1) is movements already.
moves as (
    select account_key, place, from_day as day, amount from stretches
    union all
    select account_key, place, to_day, -amount from stretches
    union all
    select keys.account_key, cast(-1 as tinyint), credits.event_date, credits.amount
    from {{ ref('fct_unapplied_credits') }} as credits
    inner join keys on credits.account_id = keys.account_id and credits.currency = keys.currency
),

changes as (
    select moves.account_key, moves.place, next_snapshots.as_of_date, {{ money('sum(moves.amount)') }} as change
    from moves
    inner join next_snapshots on moves.day = next_snapshots.day
    group by moves.account_key, moves.place, next_snapshots.as_of_date
    having sum(moves.amount) <> 0
),

running as (
    select
        account_key,
        place,
        {{ money('sum(change) over (partition by account_key, place order by as_of_date)') }} as amount,
        as_of_date as valid_from,
        lead(as_of_date) over (partition by account_key, place order by as_of_date) as valid_to
    from changes
),

by_place as (
    select snapshots.as_of_date, running.account_key, running.place, running.amount
    from running
    inner join snapshots
        on snapshots.as_of_date >= running.valid_from
        and snapshots.as_of_date < coalesce(running.valid_to, {{ end_of_time() }})
    where running.amount <> 0
),

by_account as (
    select
        as_of_date,
        account_key,
        {%- for bucket in aging_buckets() %}
        {{ money("coalesce(sum(amount) filter (where place = " ~ loop.index ~ "), 0)") }} as {{ bucket[0] }},
        {%- endfor %}
        {{ money("coalesce(sum(amount) filter (where place = 0), 0)") }} as credit_amount,
        {{ money("coalesce(sum(amount) filter (where place = -1), 0)") }} as unapplied_amount,
        {{ money("coalesce(sum(amount) filter (where place = 99), 0)") }} as disputed_amount
    from by_place
    group by as_of_date, account_key
),

totalled as (
    select
        *,
        {{ aging_totals() }}
    from by_account
),

final as (
    select
        {{ balance_columns() }}
    from totalled as balances
    inner join keys on balances.account_key = keys.account_key
    cross join run
    left join rates on keys.currency = rates.currency and balances.as_of_date = rates.rate_date
)

select * from final

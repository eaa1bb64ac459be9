-- Grain: one row per deal and stretch of days (valid_from ≤ D < valid_to, NULL while it lasts): what it was at the end of each
-- of them. A deal is open on D where its row of D says so: every figure of open deals is a filter on this (P8, P19, P20).
-- The newest row of the stage history by then tells (basis 'history'); before its first row, and from a closing that the
-- history does not know on, the deal's own record as it is known now does ('record'). A closing counts from the day that
-- the deal gives, or from the day on which the history shows it where that is earlier, until the history opens it again.
with employees as (
    select * from {{ ref('int_employee_identities') }}
),

-- An export that never gives an amount has no history of amounts; in one that does, a missing one is unknown.
stages as (
    select
        *,
        bool_or(amount is not null) over (partition by _file_sha256) as tells_amount,
        bool_or(probability is not null) over (partition by _file_sha256) as tells_probability,
        bool_or(expected_close_on is not null) over (partition by _file_sha256) as tells_expected_close,
        bool_or(owner_id is not null) over (partition by _file_sha256) as tells_owner
    from {{ ref('int_deal_stages_ordered') }}
),

deals as (
    select
        deals.*,
        dated.record_status,
        dated.record_closed_rule,
        dated.record_closed_on,
        dated.exists_from
    from {{ ref('fct_deals') }} as deals
    inner join {{ ref('int_deals_dated') }} as dated on deals.deal_id = dated.deal_id
),

sequenced as (
    select
        stages.*,
        employees.employee_id,
        row_number() over (partition by stages.deal_id order by stages.day) as history_number
    from stages
    left join employees on stages._system = employees.system and stages.owner_id = employees.reference
    where stages.is_last_of_day and stages.is_deal_in_export
),

days as (
    select deal_id, exists_from as day from deals
    union
    select deal_id, day from sequenced
    union
    select deal_id, record_closed_on from deals where record_closed_on > exists_from
),

-- The number of the newest row of the history on each day, and when the deal was last opened again.
numbered as (
    select
        days.deal_id,
        days.day,
        lead(days.day) over (partition by days.deal_id order by days.day) as next_day,
        count(sequenced.deal_id) over (partition by days.deal_id order by days.day) as history_number,
        max(case when sequenced.is_reopening then days.day end) over (
            partition by days.deal_id order by days.day
        ) as reopened_on
    from days
    left join sequenced on days.deal_id = sequenced.deal_id and days.day = sequenced.day
),

described as (
    select
        deals.*,
        numbered.day,
        numbered.next_day,
        sequenced.deal_id is not null as has_history,
        sequenced.stage as told_stage,
        sequenced.status as told_status,
        sequenced.amount as told_amount,
        sequenced.currency as told_currency,
        sequenced.probability as told_probability,
        sequenced.forecast_category as told_forecast_category,
        sequenced.expected_close_on as told_expected_close_on,
        sequenced.employee_id as told_owner_id,
        coalesce(sequenced.tells_amount, false) as tells_amount,
        coalesce(sequenced.tells_probability, false) as tells_probability,
        coalesce(sequenced.tells_expected_close, false) as tells_expected_close,
        coalesce(sequenced.tells_owner, false) as tells_owner,
        coalesce(sequenced.is_closed, false) as is_told_closed,
        not coalesce(sequenced.is_closed, false)
        and coalesce(deals.record_closed_on <= numbered.day, false)
        and not coalesce(numbered.reopened_on > deals.record_closed_on, false) as is_closed_by_record
    from numbered
    inner join deals on numbered.deal_id = deals.deal_id
    left join sequenced
        on numbered.deal_id = sequenced.deal_id and numbered.history_number = sequenced.history_number
),

-- A deal that is closed without a day was open until nobody knows when: its state is unknown.
judged as (
    select
        *,
        has_history and not is_closed_by_record as is_by_history,
        case
            when is_told_closed then told_status
            when is_closed_by_record then record_status
            when record_closed_rule = 'unknown' then told_status
            else 'open'
        end as day_status
    from described
),

-- The record's stage and probability are those of its own state, which it has since its closing: a won deal's 100 % say
-- nothing of the time before, not even where the history shows it as won earlier.
owned as (
    select
        *,
        (day_status is not distinct from record_status)
        and not coalesce(record_closed_rule = 'given' and record_closed_on > day, false) as is_of_record
    from judged
)

select
    deal_id,
    account_id,
    case when is_by_history and tells_owner then told_owner_id else owner_id end as owner_id,
    case when is_by_history then 'history' else 'record' end as basis,
    pipeline,
    case
        when is_by_history then told_stage
        when is_of_record then stage
    end as stage,
    day_status as status,
    coalesce(case when is_by_history and tells_amount then told_currency end, currency) as currency,
    case when is_by_history and tells_amount then told_amount else amount end as amount,
    case
        when is_by_history and tells_probability then told_probability
        when is_of_record then probability
    end as probability,
    -- What the record says is of today: a won deal's is that it is closed.
    case when is_by_history then told_forecast_category end as forecast_category,
    case when is_by_history and tells_expected_close then told_expected_close_on else expected_close_on end
        as expected_close_on,
    day as valid_from,
    next_day as valid_to
from owned

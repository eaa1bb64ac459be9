-- Grain: one row per deal and stretch of days (valid_from ≤ D < valid_to, NULL while it lasts): what it was at the end of each
-- of them. A deal is open on D where its row of D says so: every figure of open deals is a filter on this (P8, P19, P20).
-- The newest row of the stage history by then tells (basis 'history'); before its first row, and from a closing that the
-- history does not know on, the deal's own record as it is known now does ('record'). A closing counts from the day that
-- the deal gives, or from the day on which the history shows it where that is earlier, until the history opens it again.
with run as (
    select * from {{ ref('int_run_dated') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

deal_stages as (
    select
        *,
        {{ global_id('_system', 'deal_id') }} as global_deal_id,
        -- An export that never gives an amount has no history of amounts; in one that does, a missing one is unknown.
        bool_or(amount is not null) over (partition by _file_sha256) as tells_amount,
        bool_or(probability is not null) over (partition by _file_sha256) as tells_probability,
        bool_or(expected_close_on is not null) over (partition by _file_sha256) as tells_expected_close,
        bool_or(owner_id is not null) over (partition by _file_sha256) as tells_owner
    from {{ ref('stg_crm__deal_stages') }}
),

stage_rows as (
    select
        deal_stages.global_deal_id,
        {{ business_date('deal_stages.entered_at', 'run.business_timezone') }} as entered_on,
        deal_stages.entered_at,
        deal_stages.left_at,
        deal_stages.stage,
        deal_stages.status,
        deal_stages.amount,
        deal_stages.currency,
        deal_stages.probability,
        deal_stages.expected_close_on,
        employees.employee_id as owner_id,
        deal_stages.tells_amount,
        deal_stages.tells_probability,
        deal_stages.tells_expected_close,
        deal_stages.tells_owner,
        deal_stages._row
    from deal_stages
    cross join run
    left join employees on deal_stages._system = employees.system and deal_stages.owner_id = employees.reference
),

first_rows as (
    select global_deal_id, min(entered_on) as first_told_on
    from stage_rows
    group by global_deal_id
),

-- A deal without a creation date is there since its history, its closing or the first export that knew it, at the latest
-- on the run's day: whatever is known in a run was known on its day.
deals as (
    select
        deals.*,
        coalesce(
            deals.created_on,
            {{ least_known('first_rows.first_told_on', 'deals.closed_on', 'deals.first_known_on', 'run.as_of_date') }}
        ) as exists_from
    from {{ ref('fct_deals') }} as deals
    cross join run
    left join first_rows on deals.deal_id = first_rows.global_deal_id
),

-- The last of a day counts. What is told of the time before the deal was created counts from its first day on.
history as (
    select
        stage_rows.*,
        deals.deal_id,
        {{ greatest_known('stage_rows.entered_on', 'deals.exists_from') }} as day
    from stage_rows
    inner join deals on stage_rows.global_deal_id = deals.deal_id
    qualify row_number() over (
        partition by deals.deal_id, {{ greatest_known('stage_rows.entered_on', 'deals.exists_from') }}
        order by stage_rows.entered_at desc, stage_rows.left_at desc nulls first, stage_rows._row desc
    ) = 1
),

sequenced as (
    select
        *,
        row_number() over (partition by deal_id order by day) as history_number,
        coalesce(status in ('won', 'lost'), false) as is_closed,
        coalesce(lag(status) over (partition by deal_id order by day) in ('won', 'lost'), false) as was_closed
    from history
),

days as (
    select deal_id, exists_from as day from deals
    union
    select deal_id, day from sequenced
    union
    select deal_id, closed_on from deals where closed_on > exists_from
),

-- The number of the newest row of the history on each day, and when the deal was last opened again.
numbered as (
    select
        days.deal_id,
        days.day,
        lead(days.day) over (partition by days.deal_id order by days.day) as next_day,
        count(sequenced.deal_id) over (partition by days.deal_id order by days.day) as history_number,
        max(case when sequenced.was_closed and not sequenced.is_closed then days.day end) over (
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
        sequenced.expected_close_on as told_expected_close_on,
        sequenced.owner_id as told_owner_id,
        coalesce(sequenced.tells_amount, false) as tells_amount,
        coalesce(sequenced.tells_probability, false) as tells_probability,
        coalesce(sequenced.tells_expected_close, false) as tells_expected_close,
        coalesce(sequenced.tells_owner, false) as tells_owner,
        coalesce(sequenced.is_closed, false) as is_told_closed,
        not coalesce(sequenced.is_closed, false)
        and coalesce(deals.closed_on <= numbered.day, false)
        and not coalesce(numbered.reopened_on > deals.closed_on, false) as is_closed_by_record
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
            when is_closed_by_record then status
            when closed_rule = 'unknown' then told_status
            else 'open'
        end as day_status
    from described
),

-- The record's stage and probability are those of its own state, which it has since its closing: a won deal's 100 % say
-- nothing of the time before, not even where the history shows it as won earlier. A record of which the history alone
-- knows the closing is that of an open deal.
owned as (
    select
        *,
        (day_status is not distinct from case when closed_rule = 'history' then 'open' else status end)
        and not coalesce(closed_rule = 'given' and closed_on > day, false) as is_of_record
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
    case when is_by_history and tells_expected_close then told_expected_close_on else expected_close_on end
        as expected_close_on,
    day as valid_from,
    next_day as valid_to
from owned

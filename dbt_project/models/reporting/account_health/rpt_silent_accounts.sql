-- Grain: one row per client that has not left: how long nobody has spoken with it, held against how often it should be (N9, P15,
-- A17 to A19), and how much is at stake. Silent ones are ranked, key accounts first: silence_score is the sum of four
-- shares from 0 to 1 times their weights (parameters silence_weight_*).
with run as (
    select * from {{ ref('int_run_dated') }}
),

{% set settings = ['gap_factor', 'floor_days', 'default_days', 'full_factor', 'renewal_days', 'fatigue_days',
    'fatigue_attempts', 'weight_silence', 'weight_money', 'weight_renewal', 'weight_pipeline'] -%}
settings as (
    select
        {%- for name in settings %}
        {{ parameter('silence_' ~ name) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name, team from {{ ref('dim_employees') }}
),

classes as (
    select account_id, tier, is_key_account from {{ ref('dim_account_classes') }}
),

cadences as (
    select * from {{ ref('contact_cadences') }}
),

health as (
    select * from {{ ref('fct_account_health') }} where is_newest
),

states as (
    select * from {{ ref('fct_account_states') }}
),

rhythms as (
    select account_id, gap_days
    from {{ ref('fct_account_rhythms') }}
    where rhythm = 'contact'
    qualify row_number() over (partition by account_id order by week_number desc) = 1
),

balances as (
    select balances.*
    from {{ ref('fct_account_balances') }} as balances
    inner join run on balances.as_of_date = run.as_of_date
),

renewals as (
    select renewals.account_id, min(renewals.ends_on) as next_renewal_on
    from {{ ref('fct_renewals') }} as renewals
    inner join run on renewals.ends_on >= run.as_of_date
    where renewals.state not in ('renewed', 'lapsed')
    group by renewals.account_id
),

pipeline as (
    select
        deals.account_id,
        count(*) as open_deals,
        sum(deals.amount_base) as open_deals_amount,
        sum(deals.missing_rate_count) as missing_rate_count
    from {{ ref('fct_open_deals') }} as deals
    where deals.is_as_of and deals.account_id is not null
    group by deals.account_id
),

-- A19: what we tried since the last contact that got no answer: calls that nobody took, e-mails and letters of ours.
attempts as (
    select account_id, started_on as tried_on
    from {{ ref('fct_calls') }}
    where direction = 'outbound' and status <> 'answered' and account_id is not null
    union all
    select account_id, occurred_on
    from {{ ref('fct_activities') }}
    where is_completed and not coalesce(is_two_way, false) and account_id is not null
        and activity_type in ('email', 'proposal') and coalesce(direction, 'outbound') = 'outbound'
),

recent_attempts as (
    select attempts.account_id, count(*) as attempts, max(attempts.tried_on) as last_attempt_on
    from attempts
    cross join run
    cross join settings
    inner join states on attempts.account_id = states.account_id
    where attempts.tried_on > coalesce(states.last_contact_on, cast('1900-01-01' as date))
        and attempts.tried_on > {{ plus_days('run.as_of_date', '-settings.fatigue_days') }}
    group by attempts.account_id
),

measured as (
    select
        health.account_id,
        classes.tier,
        coalesce(classes.is_key_account, false) as is_key_account,
        states.days_silent,
        states.last_contact_on,
        states.usual_channel,
        rhythms.gap_days,
        case
            when cadences.days is not null then 'tier'
            when rhythms.gap_days is not null then 'own'
            else 'default'
        end as cadence_rule,
        coalesce(
            cadences.days,
            settings.gap_factor * {{ greatest_or_unknown('rhythms.gap_days', 'settings.floor_days') }},
            settings.default_days
        ) as cadence_days,
        case when balances.account_id is null then 0 else balances.open_amount end as open_amount,
        case when balances.account_id is null then 0 else balances.overdue_amount end as overdue_amount,
        renewals.next_renewal_on,
        {{ days_from('run.as_of_date', 'renewals.next_renewal_on') }} as days_to_renewal,
        coalesce(pipeline.open_deals, 0) as open_deals,
        case when pipeline.account_id is null then 0 else pipeline.open_deals_amount end as open_deals_amount,
        coalesce(balances.unknown_open_count, 0) + coalesce(pipeline.missing_rate_count, 0) as missing_rate_count,
        coalesce(recent_attempts.attempts, 0) as attempts,
        recent_attempts.last_attempt_on,
        health.score as health_score,
        health.band as health_band
    from health
    cross join run
    cross join settings
    left join classes on health.account_id = classes.account_id
    left join cadences on classes.tier = cadences.tier
    left join states on health.account_id = states.account_id
    left join rhythms on health.account_id = rhythms.account_id
    left join balances on health.account_id = balances.account_id
    left join renewals on health.account_id = renewals.account_id
    left join pipeline on health.account_id = pipeline.account_id
    left join recent_attempts on health.account_id = recent_attempts.account_id
),

placed as (
    select
        *,
        coalesce(days_silent > cadence_days, true) as is_silent,
        {{ ratio('days_silent', 'cadence_days') }} as silence_factor,
        case when open_amount > 0 then cume_dist() over (order by open_amount) else 0 end as money_place,
        case when open_deals_amount > 0 then cume_dist() over (order by open_deals_amount) else 0 end as pipeline_place
    from measured
),

pointed as (
    select
        placed.*,
        {{ points('settings.weight_silence * case
            when not placed.is_silent then 0
            when placed.silence_factor is null then 1
            else ' ~ least_known('1', 'placed.silence_factor / settings.full_factor') ~ '
        end') }} as cadence_points,
        {{ points('settings.weight_money * case when placed.is_silent then placed.money_place else 0 end') }}
            as receivable_points,
        -- A14: the same weights for everybody, silent or not: with whom to talk next.
        {{ points(
            'settings.weight_silence * case when placed.silence_factor is null then 1 else '
            ~ least_known('1', 'placed.silence_factor / settings.full_factor') ~ ' end'
            ~ ' + settings.weight_money * placed.money_place'
            ~ ' + settings.weight_renewal * case when placed.days_to_renewal is null then 0 else '
            ~ greatest_known('0', '1 - placed.days_to_renewal / settings.renewal_days') ~ ' end'
            ~ ' + settings.weight_pipeline * placed.pipeline_place'
        ) }} as talk_score,
        {{ points('settings.weight_renewal * case
            when placed.is_silent and placed.days_to_renewal is not null
                then ' ~ greatest_known('0', '1 - placed.days_to_renewal / settings.renewal_days') ~ '
            else 0
        end') }} as renewal_points,
        {{ points('settings.weight_pipeline * case when placed.is_silent then placed.pipeline_place else 0 end') }}
            as pipeline_points
    from placed
    cross join settings
),

advised as (
    select
        pointed.*,
        {{ points('pointed.cadence_points + pointed.receivable_points + pointed.renewal_points + pointed.pipeline_points') }}
            as silence_score,
        pointed.attempts >= settings.fatigue_attempts as is_fatigued,
        case
            when not pointed.is_silent then null
            when pointed.attempts >= settings.fatigue_attempts then 'change_approach'
            when pointed.days_to_renewal <= settings.renewal_days then 'call_about_renewal'
            when pointed.overdue_amount > 0 then 'call_about_overdue'
            when pointed.open_deals > 0 then 'follow_up_deal'
            when pointed.is_key_account then 'arrange_review'
            else 'check_in'
        end as next_action
    from pointed
    cross join settings
)

select
    case
        when advised.is_silent then row_number() over (
            order by
                case when advised.is_silent then 0 else 1 end,
                case when advised.is_key_account then 0 else 1 end,
                advised.silence_score desc,
                advised.open_amount desc nulls last,
                advised.account_id
        )
    end as silence_rank,
    row_number() over (
        order by advised.talk_score desc, advised.overdue_amount desc nulls last, advised.account_id
    ) as talk_rank,
    advised.account_id,
    accounts.account_name,
    accounts.owner_id,
    employees.full_name as owner_name,
    employees.team,
    accounts.segment,
    advised.tier,
    advised.is_key_account,
    run.base_currency,
    advised.next_action,
    advised.cadence_rule,
    advised.usual_channel,
    advised.health_band,
    cast(advised.health_score as double) as health_score,
    advised.silence_score,
    advised.talk_score,
    advised.cadence_points,
    advised.receivable_points,
    advised.renewal_points,
    advised.pipeline_points,
    cast(advised.days_silent as bigint) as days_since_contact,
    cast(advised.cadence_days as double) as cadence_days,
    cast(advised.gap_days as double) as own_gap_days,
    advised.silence_factor,
    {{ money('advised.open_amount') }} as open_amount,
    {{ money('advised.overdue_amount') }} as overdue_amount,
    {{ money('advised.open_deals_amount') }} as open_deals_amount,
    cast(advised.open_deals as bigint) as open_deals,
    cast(advised.missing_rate_count as bigint) as missing_rate_count,
    cast(advised.attempts as bigint) as attempts_without_reply,
    cast(advised.days_to_renewal as bigint) as days_to_renewal,
    advised.is_silent,
    advised.is_fatigued,
    advised.last_contact_on,
    advised.last_attempt_on,
    advised.next_renewal_on,
    run.as_of_date
from advised
cross join run
left join accounts on advised.account_id = accounts.account_id
left join employees on accounts.owner_id = employees.employee_id

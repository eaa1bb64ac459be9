-- Grain: one row per quarter and account that was known by then: whether it was a key account (D2, D5, D6, N11). An account
-- qualifies when it meets more than half of all criteria; of those that do, the best fill the list. What a person decided
-- (seed key_account_decisions) holds from its quarter on until decided anew, whatever is proposed.
{%- set measures = key_account_measures() %}
{#- Parts of the checklist that are counted for themselves: name -> condition on the seed's row. #}
{%- set parts = {
    'criteria': 'true',
    'fit': "theme <> 'revenue'",
    'attractiveness': "side = 'attractiveness'",
    'strength': "side = 'strength'",
} %}
with run as (
    select * from {{ ref('int_run_dated') }}
),

quarters as (
    select * from {{ ref('fct_account_quarters') }}
),

criteria as (
    select * from {{ ref('key_account_criteria') }}
),

ratings as (
    select * from {{ ref('stg_lists__key_account_ratings') }}
),

decisions as (
    select account_id, cast(date_trunc('quarter', quarter) as date) as quarter, decision, reason, decided_on
    from {{ ref('stg_lists__key_account_decisions') }}
    where decision in ('enter', 'leave')
),

periods as (
    select distinct quarter, measured_on from quarters
),

thresholds as (
    select
        {%- for measure in measures %}
        max(threshold) filter (where criterion = '{{ measure }}' and kind = 'computed') as {{ measure }},
        {%- for part, condition in parts.items() %}
        count(*) filter (where criterion = '{{ measure }}' and kind = 'computed' and {{ condition }})
            as {{ measure }}_{{ part }},
        {%- endfor %}
        {%- endfor %}
        {%- for part, condition in parts.items() %}
        count(*) filter (where {{ condition }}) as {{ part }}_total{{ ',' if not loop.last }}
        {%- endfor %}
    from criteria
),

-- The newest rating of each rated criterion on the day counts.
rated_rows as (
    select periods.quarter, ratings.account_id, ratings.is_met, criteria.theme, criteria.side
    from ratings
    inner join criteria on ratings.criterion = criteria.criterion and criteria.kind = 'rated'
    inner join periods on ratings.rated_on <= periods.measured_on
    qualify row_number() over (
        partition by periods.quarter, ratings.account_id, ratings.criterion order by ratings.rated_on desc, ratings.is_met
    ) = 1
),

rated as (
    select
        quarter,
        account_id,
        {%- for part, condition in parts.items() %}
        count(*) filter (where is_met and {{ condition }}) as {{ part }}_met,
        count(*) filter (where is_met is not null and {{ condition }}) as {{ part }}_known{{ ',' if not loop.last }}
        {%- endfor %}
    from rated_rows
    group by quarter, account_id
),

-- Each computed criterion that is met, or known, is one of these numbers; their sum tells all of them at once.
met as (
    select
        quarters.*,
        {%- for measure in measures %}
        case when quarters.{{ measure }} >= thresholds.{{ measure }} then {{ 2 ** loop.index0 }} else 0 end
        {{ '+ ' if not loop.last }}
        {%- endfor %} as met_mask,
        {%- for measure in measures %}
        case when quarters.{{ measure }} is not null and thresholds.{{ measure }} is not null then {{ 2 ** loop.index0 }} else 0 end
        {{ '+ ' if not loop.last }}
        {%- endfor %} as known_mask
    from quarters
    cross join thresholds
),

counted as (
    select
        met.*,
        {%- for part in parts %}
        {%- for state in ['met', 'known'] %}
        {%- for measure in measures %}
        case when (met.{{ state }}_mask & {{ 2 ** loop.index0 }}) > 0 then thresholds.{{ measure }}_{{ part }} else 0 end
        {{ '+ ' if not loop.last }}
        {%- endfor %} + coalesce(rated.{{ part }}_{{ state }}, 0) as {{ part }}_{{ state }},
        {%- endfor %}
        thresholds.{{ part }}_total,
        {%- endfor %}
        cast(floor({{ parameter('key_criteria_share') }} * thresholds.criteria_total) as integer) + 1 as criteria_needed
    from met
    cross join thresholds
    left join rated on met.quarter = rated.quarter and met.account_id = rated.account_id
),

qualified as (
    select
        *,
        criteria_met >= criteria_needed as is_qualified,
        row_number() over (partition by quarter order by criteria_met desc, revenue_12m desc nulls last, account_id) as list_rank
    from counted
),

decided as (
    select qualified.quarter, qualified.account_id, decisions.decision, decisions.reason, decisions.quarter as decided_in
    from qualified
    inner join decisions
        on qualified.account_id = decisions.account_id and qualified.quarter >= decisions.quarter
    qualify row_number() over (
        partition by qualified.quarter, qualified.account_id
        order by decisions.quarter desc, decisions.decided_on desc nulls last, decisions.decision desc
    ) = 1
),

-- Sums by quarter are joined: a window over a whole quarter of 100,000 accounts takes ten times as long.
places as (
    select quarter, count(*) as decided_places
    from decided
    where decision = 'enter'
    group by quarter
),

ranked as (
    select
        qualified.*,
        decided.decision,
        decided.reason as decision_reason,
        decided.decided_in,
        coalesce(places.decided_places, 0) as decided_places,
        row_number() over (
            partition by qualified.quarter, decided.decision is null order by qualified.list_rank
        ) as open_rank
    from qualified
    left join decided on qualified.quarter = decided.quarter and qualified.account_id = decided.account_id
    left join places on qualified.quarter = places.quarter
),

-- Who is decided is proposed by merit alone, so that the proposal says whether the decision still fits. The others share
-- the places that decisions leave.
merited as (
    select
        *,
        is_qualified and case
            when decision is not null then list_rank <= {{ parameter('key_list_max') }}
            else open_rank <= {{ parameter('key_list_max') }} - decided_places
        end as is_proposed
    from ranked
),

listed as (
    select
        *,
        case
            when decision is not null then decision = 'enter'
            else is_proposed and {{ parameter('key_list_follows_proposals') }} = 1
        end as is_listed
    from merited
),

sizes as (
    select quarter, count(*) as list_size
    from listed
    where is_listed
    group by quarter
),

-- An account has a row a quarter from its first on, so that the row before is the quarter before.
followed as (
    select
        *,
        coalesce(lag(is_listed) over (partition by account_id order by quarter), false) as was_listed,
        lag(relationship_stage) over (partition by account_id order by quarter) as stage_before,
        lag(met_mask) over (partition by account_id order by quarter) as mask_before,
        max(case when is_qualified then quarter end) over (
            partition by account_id order by quarter rows between unbounded preceding and current row
        ) as qualified_in,
        row_number() over (partition by quarter, is_listed or decision is not null order by list_rank) as rank_beside
    from listed
),

proposed as (
    select
        followed.*,
        case
            when is_proposed and was_listed then 'stay'
            when is_proposed then 'enter'
            when was_listed or is_listed then 'leave'
        end as proposal,
        not is_listed and criteria_met > 0 and decision is null
        and rank_beside <= {{ parameter('key_candidates') }} as is_candidate,
        {%- for name, now, before in [('gained', 'met_mask', 'mask_before'), ('lost', 'mask_before', 'met_mask')] %}
        nullif(concat_ws(
            ','
            {%- for measure in measures %},
            case
                when (followed.{{ now }} & {{ 2 ** loop.index0 }}) > 0
                    and (followed.{{ before }} & {{ 2 ** loop.index0 }}) = 0
                    then '{{ measure }}'
            end
            {%- endfor %}
        ), '') as {{ name }}_criteria{{ ',' if not loop.last }}
        {%- endfor %}
    from followed
)

select
    proposed.quarter,
    account_id,
    proposal,
    case when decision is not null then 'decided' when is_listed then 'proposed' end as basis,
    case
        when proposal is not null or is_candidate or decision is not null then concat_ws(
            ',',
            'criteria_met',
            case when is_qualified and not is_proposed then 'list_full' end,
            case when (proposal = 'enter' or is_candidate) and gained_criteria is not null then 'gained' end,
            case when proposal = 'leave' and lost_criteria is not null then 'lost' end,
            case when criteria_known < criteria_total and not is_qualified then 'not_known' end,
            case decision when 'enter' then 'decided_to_enter' when 'leave' then 'decided_to_leave' end
        )
    end as reason,
    tier,
    relationship_stage,
    stage_rank,
    stage_before,
    decision,
    decision_reason,
    gained_criteria,
    lost_criteria,
    cast(criteria_total - criteria_known as bigint) as criteria_unknown,
    is_listed,
    was_listed,
    is_proposed,
    is_qualified,
    -- Listed although it no longer qualifies (N11): only a decision keeps it.
    is_listed and not is_qualified as is_drifting,
    is_candidate,
    coalesce(tier = 'A', false) as is_large,
    cast(criteria_met as bigint) as criteria_met,
    cast(criteria_known as bigint) as criteria_known,
    criteria_total,
    criteria_needed,
    {{ ratio('criteria_met', 'criteria_total') }} as criteria_share,
    {{ ratio('fit_met', 'fit_total') }} as fit_share,
    -- The axes of a grid (D8) are of what is known: nobody withdraws from an account that nobody has rated.
    {{ ratio('attractiveness_met', 'attractiveness_known') }} as attractiveness_share,
    {{ ratio('strength_met', 'strength_known') }} as strength_share,
    list_rank,
    coalesce(sizes.list_size, 0) as list_size,
    revenue_12m,
    revenue_share,
    missing_rate_count,
    measured_on,
    qualified_in,
    decided_in
from proposed
cross join run
left join sizes on proposed.quarter = sizes.quarter
where proposed.quarter > {{ plus_months(
    "cast(date_trunc('quarter', run.as_of_date) as date)", '-3 * ' ~ parameter('key_history_quarters')
) }}

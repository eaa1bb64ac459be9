-- Grain: one row a quarter and account that was known by then: whether it was a key account (D2, D5, D6, N11). An account
-- qualifies when it meets more than half of all criteria; of those that do, the best fill the list. What a person decided
-- (seed key_account_decisions) holds from its quarter on until decided anew, whatever is proposed.
{%- set measures = key_account_measures() %}
with quarters as (
    select * from {{ ref('fct_account_quarters') }}
),

criteria as (
    select * from {{ ref('key_account_criteria') }}
),

ratings as (
    select * from {{ ref('key_account_ratings') }}
),

decisions as (
    select account_id, cast(date_trunc('quarter', quarter) as date) as quarter, decision, reason, decided_on
    from {{ ref('key_account_decisions') }}
    where decision in ('enter', 'leave')
),

periods as (
    select distinct quarter, measured_on from quarters
),

thresholds as (
    select
        {%- for measure in measures %}
        max(threshold) filter (where criterion = '{{ measure }}' and kind = 'computed') as {{ measure }},
        {%- endfor %}
        count(*) as criteria_total
    from criteria
),

-- The newest rating of each rated criterion on the day counts.
rated_rows as (
    select periods.quarter, ratings.account_id, ratings.is_met
    from ratings
    inner join criteria on ratings.criterion = criteria.criterion and criteria.kind = 'rated'
    inner join periods on ratings.rated_on <= periods.measured_on
    qualify row_number() over (
        partition by periods.quarter, ratings.account_id, ratings.criterion order by ratings.rated_on desc, ratings.is_met
    ) = 1
),

rated as (
    select quarter, account_id, count(*) filter (where is_met) as met, count(*) filter (where is_met is not null) as known
    from rated_rows
    group by quarter, account_id
),

counted as (
    select
        quarters.*,
        {%- for kind, condition in [('met', '>= thresholds.'), ('known', 'is not null and 0 = 0 * thresholds.')] %}
        {%- for measure in measures %}
        case when quarters.{{ measure }} {{ condition }}{{ measure }} then 1 else 0 end
        {{ '+ ' if not loop.last }}
        {%- endfor %} + coalesce(rated.{{ kind }}, 0) as criteria_{{ kind }},
        {%- endfor %}
        thresholds.criteria_total
    from quarters
    cross join thresholds
    left join rated on quarters.quarter = rated.quarter and quarters.account_id = rated.account_id
),

qualified as (
    select
        *,
        {{ ratio('criteria_met', 'criteria_total') }} as criteria_share,
        criteria_met > {{ parameter('key_criteria_share') }} * criteria_total as is_qualified,
        row_number() over (partition by quarter order by criteria_met desc, revenue_12m desc, account_id) as list_rank
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

listed as (
    select
        qualified.*,
        decided.decision,
        decided.reason as decision_reason,
        decided.decided_in,
        qualified.is_qualified and qualified.list_rank <= {{ parameter('key_list_max') }} as is_proposed,
        case
            when decided.decision is not null then decided.decision = 'enter'
            else qualified.is_qualified
                and qualified.list_rank <= {{ parameter('key_list_max') }}
                and {{ parameter('key_list_follows_proposals') }} = 1
        end as is_listed
    from qualified
    left join decided on qualified.quarter = decided.quarter and qualified.account_id = decided.account_id
),

-- The quarter before is looked up by its day: an account without a row then was not listed.
followed as (
    select
        listed.*,
        coalesce(
            lag(is_listed) over (partition by account_id order by quarter)
            and lag(quarter) over (partition by account_id order by quarter) = {{ plus_months('quarter', -3) }},
            false
        ) as was_listed,
        max(case when is_qualified then quarter end) over (partition by account_id order by quarter) as qualified_in,
        count(*) filter (where is_listed) over (partition by quarter) as list_size,
        row_number() over (partition by quarter, is_listed order by list_rank) as rank_beside
    from listed
)

select
    quarter,
    account_id,
    case
        when is_proposed and was_listed then 'stay'
        when is_proposed then 'enter'
        when was_listed or is_listed then 'leave'
    end as proposal,
    case when decision is not null then 'decided' when is_listed then 'proposed' end as basis,
    tier,
    relationship_stage,
    stage_rank,
    decision,
    decision_reason,
    is_listed,
    was_listed,
    is_proposed,
    is_qualified,
    -- Listed although it no longer qualifies (N11): only a decision keeps it.
    is_listed and not is_qualified as is_drifting,
    not is_listed and rank_beside <= {{ parameter('key_candidates') }} and coalesce(decision, '') <> 'leave'
        as is_candidate,
    tier = 'A' as is_large,
    criteria_met,
    criteria_known,
    criteria_total,
    criteria_share,
    list_rank,
    list_size,
    revenue_12m,
    revenue_share,
    measured_on,
    qualified_in,
    decided_in
from followed

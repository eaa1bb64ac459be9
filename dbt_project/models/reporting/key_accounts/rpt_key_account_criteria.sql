-- Grain: one row per quarter, account and criterion of the checklist (D6): of every account in the newest quarter, and before
-- of those that were listed, proposed or candidates.
with quarters as (
    select * from {{ ref('fct_key_account_quarters') }}
),

evidence as (
    select * from {{ ref('fct_account_quarters') }}
),

criteria as (
    select * from {{ ref('key_account_criteria') }}
),

ratings as (
    select * from {{ ref('stg_lists__key_account_ratings') }}
),

newest as (
    select max(quarter) as quarter from quarters
),

shown as (
    select quarters.quarter, quarters.account_id, quarters.measured_on
    from quarters
    cross join newest
    where quarters.quarter = newest.quarter or quarters.proposal is not null or quarters.is_candidate
),

rated as (
    select shown.quarter, shown.account_id, ratings.criterion, ratings.is_met, ratings.rated_on, ratings.rated_by, ratings.note
    from shown
    inner join ratings on shown.account_id = ratings.account_id and ratings.rated_on <= shown.measured_on
    qualify row_number() over (
        partition by shown.quarter, shown.account_id, ratings.criterion order by ratings.rated_on desc, ratings.is_met
    ) = 1
),

valued as (
    select
        shown.quarter,
        shown.account_id,
        shown.measured_on,
        criteria.*,
        case criteria.criterion
            {%- for measure in key_account_measures() %}
            when '{{ measure }}' then cast(evidence.{{ measure }} as double)
            {%- endfor %}
        end as value
    from shown
    inner join evidence on shown.quarter = evidence.quarter and shown.account_id = evidence.account_id
    cross join criteria
)

select
    valued.quarter,
    valued.account_id,
    valued.criterion,
    valued.name as criterion_name,
    valued.theme,
    valued.side,
    valued.kind,
    valued.meaning,
    valued.unit,
    case when valued.kind = 'computed' then valued.value end as value,
    valued.threshold,
    case when valued.kind = 'rated' then rated.is_met else valued.value >= valued.threshold end as is_met,
    rated.rated_by,
    rated.note,
    rated.rated_on,
    valued.measured_on
from valued
left join rated
    on valued.kind = 'rated' and valued.quarter = rated.quarter and valued.account_id = rated.account_id
    and valued.criterion = rated.criterion

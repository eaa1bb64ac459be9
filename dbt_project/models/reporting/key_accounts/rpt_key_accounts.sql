-- Grain: one row per quarter and account that was known by then (D2, D5, D6, D7, N11): who was a key account, what is proposed
-- and why, and the stage of the relationship with what it rests on.
{%- set measures = key_account_measures() %}
with quarters as (
    select * from {{ ref('fct_key_account_quarters') }}
),

evidence as (
    select * from {{ ref('fct_account_quarters') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

owners as (
    select * from {{ ref('dim_account_owners') }}
),

-- A criterion that nobody's records reach far enough back for is known of no account: growth for the first two years.
known as (
    select
        quarter
        {%- for measure in measures %},
        case when count({{ measure }}) > 0 then 1 else 0 end as {{ measure }}
        {%- endfor %}
    from evidence
    group by quarter
),

newly as (
    select
        quarter,
        {% for measure in measures %}{{ measure }}{{ ' + ' if not loop.last }}{% endfor %} as measures_known,
        nullif(concat_ws(
            ','
            {%- for measure in measures %},
            case when {{ measure }} > lag({{ measure }}) over (order by quarter) then '{{ measure }}' end
            {%- endfor %}
        ), '') as newly_known_criteria
    from known
),

followed as (
    select
        *,
        max(case when is_listed and not was_listed then quarter end) over (
            partition by account_id order by quarter rows between unbounded preceding and current row
        ) as entered_in,
        max(case when was_listed and not is_listed then quarter end) over (
            partition by account_id order by quarter rows between unbounded preceding and current row
        ) as left_in
    from quarters
)

select
    followed.quarter,
    followed.account_id,
    accounts.account_name,
    accounts.segment,
    accounts.country,
    owners.employee_id as owner_id,
    employees.full_name as owner_name,
    employees.team,
    followed.proposal,
    followed.basis,
    followed.reason,
    followed.decision,
    followed.decision_reason,
    followed.gained_criteria,
    followed.lost_criteria,
    followed.criteria_unknown,
    newly.newly_known_criteria,
    followed.is_listed,
    followed.was_listed,
    followed.is_proposed,
    followed.is_qualified,
    followed.is_drifting,
    case
        when followed.is_drifting then cast(
            4 * (extract(year from followed.quarter) - extract(year from followed.qualified_in))
            + extract(quarter from followed.quarter) - extract(quarter from followed.qualified_in) as bigint
        )
    end as drift_quarters,
    followed.is_candidate,
    -- A change that nobody has decided in its quarter, and a decision that no longer fits, want a person's review.
    coalesce(
        (followed.proposal in ('enter', 'leave') and coalesce(followed.decided_in <> followed.quarter, true)),
        false
    ) as is_review_due,
    followed.tier,
    followed.is_large,
    followed.criteria_met,
    followed.criteria_known,
    followed.criteria_total,
    followed.criteria_needed,
    cast(newly.measures_known as bigint) as measures_known,
    {{ ratio('followed.criteria_needed - 1', 'followed.criteria_total') }} as fit_cut,
    followed.criteria_share,
    followed.fit_share,
    followed.attractiveness_share,
    followed.strength_share,
    followed.list_rank,
    followed.list_size,
    case
        when followed.list_size < {{ parameter('key_list_min') }} then 'short'
        when followed.list_size > {{ parameter('key_list_max') }} then 'long'
        else 'within'
    end as list_state,
    followed.relationship_stage,
    followed.stage_rank,
    followed.stage_before,
    coalesce(followed.relationship_stage <> followed.stage_before, false) as is_stage_changed,
    evidence.base_currency,
    evidence.revenue_12m,
    evidence.revenue_previous_12m,
    evidence.revenue_share,
    cast({{ greatest_or_unknown('evidence.revenue_12m', '0') }} as decimal(38, 4)) as counted_revenue_12m,
    -- Of the whole company, of whose missing amounts the row has no count.
    cast(case when evidence.company_unknown = 0 then evidence.company_revenue end as decimal(38, 4))
        as company_revenue_12m,
    evidence.revenue_growth,
    evidence.margin_share,
    evidence.on_time_share,
    evidence.tenure_years,
    evidence.contracts,
    evidence.contracts_in_force,
    evidence.buying_centres,
    evidence.decision_maker_contacts,
    evidence.two_way_contacts_12m,
    evidence.product_breadth,
    evidence.open_deals,
    evidence.missing_rate_count,
    followed.measured_on,
    followed.entered_in,
    case when not followed.is_listed then followed.left_in end as left_in,
    evidence.client_since,
    evidence.last_contact_on
from followed
inner join evidence on followed.quarter = evidence.quarter and followed.account_id = evidence.account_id
inner join newly on followed.quarter = newly.quarter
left join accounts on followed.account_id = accounts.account_id
left join owners
    on followed.account_id = owners.account_id
    and {{ holds_on('owners', 'followed.measured_on') }}
left join employees on owners.employee_id = employees.employee_id

-- Grain: one row per month and employee; deals without an owner stand under 'unassigned', so that employees sum to the
-- whole. Deals count in the month in which they were created, won or lost, up to the as-of date. Open deals are those
-- at the month's end. Coverage (P7) is what was expected to close in the month ÷ (target − what was won in it). Expected is
-- what was open as the month began, in the as-of month what is open on the as-of date, by the close dates of that day.
with run as (
    select * from {{ ref('int_run_dated') }}
),

deals as (
    select
        deals.*,
        coalesce(deals.owner_id, 'unassigned') as employee_id,
        deals.amount is not null and deals.amount_base is null as has_no_rate,
        -- What a deal is and where it came from or went, as its words say (seed activity_purposes).
        {{ tells_of('tender', 'deals.name, deals.pipeline, deals.lead_source') }} as is_tender,
        {{ tells_of('referral', 'deals.lead_source') }} or deals.referred_by is not null as is_referral,
        {{ tells_of('exhibition', 'deals.lead_source') }} as is_of_exhibition,
        {{ tells_of('competitor', 'deals.lost_reason') }} as is_to_competitor
    from {{ ref('fct_deals') }} as deals
),

employees as (
    select * from {{ ref('dim_employees') }}
),

-- A plan may set a target for what is won or for revenue; the first is what sales are held against.
targets as (
    select
        employee_id,
        month,
        coalesce(
            sum(target) filter (where metric = 'won_amount'), sum(target) filter (where metric = 'revenue')
        ) as target
    from {{ ref('fct_targets') }}
    group by employee_id, month
),

month_ends as (
    select distinct dates.month, {{ least_known('dates.month_end', 'run.as_of_date') }} as month_end
    from {{ ref('dim_dates') }} as dates
    cross join run
    where dates.day <= run.as_of_date
),

created as (
    select
        deals.employee_id,
        {{ month_of('deals.created_on') }} as month,
        count(*) as created,
        count(*) filter (where deals.is_referral) as referred,
        count(*) filter (where coalesce(nullif(trim(deals.lead_source), ''), deals.referred_by) is not null) as sourced,
        count(*) filter (where deals.is_of_exhibition) as from_exhibitions
    from deals
    where deals.created_on is not null
    group by 1, 2
),

closed as (
    select
        deals.employee_id,
        {{ month_of('deals.closed_on') }} as month,
        count(*) filter (where deals.status = 'won') as won,
        count(*) filter (where deals.status = 'lost') as lost,
        {%- for status in ['won', 'lost'] %}
        sum(deals.amount_base) filter (where deals.status = '{{ status }}') as {{ status }}_amount,
        count(*) filter (where deals.status = '{{ status }}' and deals.amount_base is null) as unknown_{{ status }},
        {%- endfor %}
        count(*) filter (where deals.status = 'won' and deals.is_referral) as referred_won,
        count(*) filter (where deals.is_tender) as tenders,
        count(*) filter (where deals.status = 'won' and deals.is_tender) as tenders_won,
        count(*) filter (where deals.status = 'lost' and deals.is_to_competitor) as lost_to_competitor,
        {{ known_total(
            "case when deals.status = 'lost' and deals.is_to_competitor then deals.amount_base end",
            "case when deals.status = 'lost' and deals.is_to_competitor and deals.amount_base is null then 1 else 0 end"
        ) }} as lost_to_competitor_amount,
        median(deals.cycle_days) filter (where deals.cycle_days >= 0) as cycle_days_median,
        count(*) filter (where deals.cycle_days < 0) as negative_cycle_deals,
        count(*) filter (where deals.amount is null) as missing_amount_count,
        count(*) filter (where deals.has_no_rate) as missing_rate_count
    from deals
    where deals.closed_on is not null
    group by 1, 2
),

standing as (
    select
        coalesce(open_deals.owner_id, 'unassigned') as employee_id,
        month_ends.month,
        count(*) as open_deals
    from {{ ref('fct_open_deals') }} as open_deals
    inner join month_ends on open_deals.as_of_date = month_ends.month_end
    group by 1, 2
),

looked as (
    select open_deals.*, month_ends.month, coalesce(open_deals.owner_id, 'unassigned') as employee_id
    from {{ ref('fct_open_deals') }} as open_deals
    cross join run
    inner join month_ends
        on open_deals.as_of_date = case
            when month_ends.month = run.as_of_month then run.as_of_date else {{ plus_days('month_ends.month', -1) }}
        end
),

expected as (
    select
        employee_id,
        month,
        count(*) as deals,
        {{ known_amount('sum(amount_base)', 'count(*) - count(amount_base)') }} as expected_amount,
        count(*) - count(amount_base) as unknown_amounts,
        sum(missing_amount_count) as missing_amount_count,
        sum(missing_rate_count) as missing_rate_count
    from looked
    where {{ month_of('expected_close_on') }} = month
    group by 1, 2
),

-- Where nobody says of any open deal when it is expected to close, nobody knows what was expected of the month.
undated as (
    select employee_id, month
    from looked
    group by 1, 2
    having count(expected_close_on) = 0
),

keys as (
    select employee_id, month from created
    union
    select employee_id, month from closed
    union
    select employee_id, month from standing
    union
    select employee_id, month from expected
    union
    select targets.employee_id, targets.month
    from targets
    cross join run
    where targets.month <= run.as_of_month and targets.target is not null
),

joined as (
    select
        keys.month,
        keys.employee_id,
        coalesce(created.created, 0) as created,
        coalesce(closed.won, 0) as won,
        coalesce(closed.lost, 0) as lost,
        {%- for status in ['won', 'lost'] %}
        {{ known_amount('closed.' ~ status ~ '_amount', 'closed.unknown_' ~ status) }} as {{ status }}_amount,
        coalesce(closed.unknown_{{ status }}, 0) as unknown_{{ status }},
        {%- endfor %}
        {%- for count in ['referred', 'sourced', 'from_exhibitions'] %}
        coalesce(created.{{ count }}, 0) as {{ count }},
        {%- endfor %}
        {%- for count in ['referred_won', 'tenders', 'tenders_won', 'lost_to_competitor'] %}
        coalesce(closed.{{ count }}, 0) as {{ count }},
        {%- endfor %}
        case when coalesce(closed.lost_to_competitor, 0) = 0 then 0 else closed.lost_to_competitor_amount end
            as lost_to_competitor_amount,
        coalesce(standing.open_deals, 0) as open_deals,
        case
            when undated.month is not null then null
            when expected.deals is null then 0
            else expected.expected_amount
        end as expected_amount,
        targets.target,
        targets.target - coalesce(closed.won_amount, 0) as target_left,
        coalesce(expected.unknown_amounts, 0) as unknown_expected,
        coalesce(closed.missing_amount_count, 0) + coalesce(expected.missing_amount_count, 0) as missing_amount_count,
        closed.cycle_days_median,
        coalesce(closed.negative_cycle_deals, 0) as negative_cycle_deals,
        cast(coalesce(closed.missing_rate_count, 0) + coalesce(expected.missing_rate_count, 0) as bigint)
            as missing_rate_count
    from keys
    left join created on keys.employee_id = created.employee_id and keys.month = created.month
    left join closed on keys.employee_id = closed.employee_id and keys.month = closed.month
    left join standing on keys.employee_id = standing.employee_id and keys.month = standing.month
    left join expected on keys.employee_id = expected.employee_id and keys.month = expected.month
    left join undated on keys.employee_id = undated.employee_id and keys.month = undated.month
    left join targets on keys.employee_id = targets.employee_id and keys.month = targets.month
)

select
    joined.month,
    joined.employee_id,
    employees.full_name as employee_name,
    employees.team,
    run.base_currency,
    joined.created,
    joined.won,
    joined.lost,
    joined.open_deals,
    joined.referred,
    {{ ratio('joined.referred', 'joined.sourced') }} as referral_rate,
    joined.referred_won,
    joined.from_exhibitions,
    joined.tenders,
    {{ ratio('joined.tenders_won', 'joined.tenders') }} as tender_win_rate,
    joined.lost_to_competitor,
    {{ money('joined.lost_to_competitor_amount') }} as lost_to_competitor_amount,
    {{ money('joined.won_amount') }} as won_amount,
    {{ money('joined.lost_amount') }} as lost_amount,
    {{ money('joined.expected_amount') }} as expected_amount,
    {{ money('joined.target') }} as target,
    {{ ratio('joined.won', '(joined.won + joined.lost)') }} as win_rate_count,
    case
        when joined.unknown_won + joined.unknown_lost = 0
            then {{ ratio('joined.won_amount', '(joined.won_amount + joined.lost_amount)') }}
    end as win_rate_amount,
    cast(joined.cycle_days_median as double) as cycle_days_median,
    case
        when joined.target_left > 0 and joined.unknown_won + joined.unknown_expected = 0
            then {{ ratio('joined.expected_amount', 'joined.target_left') }}
    end as coverage,
    -- What is known of it may be enough; that it is not says nothing while a part is unknown.
    case when joined.target_left <= 0 or joined.unknown_won = 0 then joined.target_left <= 0 end as is_target_met,
    {{ is_told(month_end_of('joined.month'), 'feeds') }} as is_complete,
    -- Open deals × win rate × average won amount ÷ cycle: base currency a day (P6).
    case when joined.unknown_won = 0 then {{ money(
        'joined.open_deals * ' ~ ratio('joined.won', '(joined.won + joined.lost)') ~ ' * '
        ~ 'cast(joined.won_amount as double) / nullif(joined.won, 0) / nullif(joined.cycle_days_median, 0)'
    ) }} end as velocity,
    joined.negative_cycle_deals,
    cast(joined.missing_amount_count as bigint) as missing_amount_count,
    joined.missing_rate_count
from joined
cross join run
left join {{ ref('fct_feed_ends') }} as feeds on feeds.feed = 'deals'
left join employees on joined.employee_id = employees.employee_id

-- Grain: one row per campaign, kind and channel: whom it reached, who opened, answered and came (A21, A28, C29), and how the active
-- accounts that it reached bought and stayed beside those that it did not (C24, C32). Active is who was so in the month in which
-- the first was told; who bought before and nothing after bought less by all of it. Who is reached is chosen: that one bought
-- more says nothing of why.
with run as (
    select
        *,
        cast({{ parameter('campaign_effect_days') }} as integer) as effect_days
    from {{ ref('int_run_dated') }}
),

members as (
    select * from {{ ref('fct_campaign_members') }}
),

-- Where no row of the feed says that anything was opened, answered or visited, nobody knows.
answered as (
    select count(opened_on) > 0 as is_opened, count(responded_on) > 0 as is_responded, count(attended_on) > 0 as is_attended
    from members
),

campaigns as (
    select
        campaign_id,
        kind,
        channel,
        min(invited_on) as begun_on,
        count(*) as members,
        count(distinct account_id) as accounts,
        count(opened_on) as opened,
        count(responded_on) as responded,
        count(attended_on) as attended
    from members
    group by campaign_id, kind, channel
),

reached as (
    select distinct campaign_id, kind, channel, account_id from members where account_id is not null
),

active as (
    select months.account_id, months.month, coalesce(now.status = 'active', false) as is_active_now
    from {{ ref('fct_account_months') }} as months
    cross join run
    left join {{ ref('fct_account_months') }} as now
        on months.account_id = now.account_id and now.month = run.as_of_month
    where months.status = 'active'
),

begun as (
    select distinct begun_on from campaigns where begun_on is not null
),

-- A window that the history does not cover is not known.
history as (
    select min(issued_on) as first_on from {{ ref('fct_invoices') }} where not is_void and not is_draft
),

bought as (
    select
        begun.begun_on,
        invoices.account_id,
        sum(invoices.revenue_amount_base) filter (where invoices.issued_on < begun.begun_on) as revenue_before,
        sum(invoices.revenue_amount_base) filter (where invoices.issued_on >= begun.begun_on) as revenue_after,
        count(*) filter (
            where invoices.revenue_amount is distinct from 0 and invoices.revenue_amount_base is null
        ) as unknown_revenue
    from begun
    cross join run
    inner join history on {{ plus_days('begun.begun_on', '-run.effect_days') }} >= history.first_on
    inner join {{ ref('fct_invoices') }} as invoices
        on invoices.issued_on >= {{ plus_days('begun.begun_on', '-run.effect_days') }}
        and invoices.issued_on < {{ plus_days('begun.begun_on', 'run.effect_days') }}
    where not invoices.is_void and not invoices.is_draft and {{ plus_days('begun.begun_on', 'run.effect_days') }} <= run.as_of_date
    group by begun.begun_on, invoices.account_id
),

compared as (
    select
        campaigns.campaign_id,
        campaigns.kind,
        campaigns.channel,
        {%- for prefix, is_one in {'reached': 'reached.account_id is not null', 'other': 'reached.account_id is null'}.items() %}
        count(*) filter (where {{ is_one }}) as {{ prefix }}_active,
        count(*) filter (where {{ is_one }} and active.is_active_now) as {{ prefix }}_stayed,
        sum(bought.revenue_before) filter (where {{ is_one }}) as {{ prefix }}_before,
        sum(bought.revenue_after) filter (where {{ is_one }}) as {{ prefix }}_after,
        coalesce(sum(bought.unknown_revenue) filter (where {{ is_one }}), 0) as {{ prefix }}_unknown{{ ',' if not loop.last }}
        {%- endfor %}
    from campaigns
    inner join active on {{ month_of('campaigns.begun_on') }} = active.month
    left join reached
        on campaigns.campaign_id = reached.campaign_id
        and campaigns.kind = reached.kind
        and campaigns.channel = reached.channel
        and active.account_id = reached.account_id
    left join bought on campaigns.begun_on = bought.begun_on and active.account_id = bought.account_id
    group by campaigns.campaign_id, campaigns.kind, campaigns.channel
)

select
    campaigns.campaign_id,
    names.campaign_name,
    campaigns.kind,
    campaigns.channel,
    cast(campaigns.members as bigint) as members,
    cast(campaigns.accounts as bigint) as accounts,
    cast(compared.reached_active as bigint) as active_accounts,
    {{ ratio('compared.reached_active', '(compared.reached_active + compared.other_active)') }} as coverage,
    {%- for what, name in {'opened': 'open_rate', 'responded': 'response_rate', 'attended': 'attendance_rate'}.items() %}
    case when answered.is_{{ what }} then cast(campaigns.{{ what }} as bigint) end as {{ what }},
    case when answered.is_{{ what }} then {{ ratio('campaigns.' ~ what, 'campaigns.members') }} end as {{ name }},
    {%- endfor %}
    {%- for prefix, name in {'reached': '', 'other': 'other_'}.items() %}
    case
        when compared.{{ prefix }}_unknown = 0
            then {{ ratio('coalesce(compared.' ~ prefix ~ '_after, 0)', 'compared.' ~ prefix ~ '_before') }} - 1
    end as {{ name }}revenue_change,
    {{ ratio('compared.' ~ prefix ~ '_stayed', 'compared.' ~ prefix ~ '_active') }} as {{ name }}stayed_share,
    {%- endfor %}
    campaigns.begun_on,
    run.as_of_date
from campaigns
cross join run
cross join answered
left join compared
    on campaigns.campaign_id = compared.campaign_id
    and campaigns.kind = compared.kind
    and campaigns.channel = compared.channel
left join {{ ref('dim_campaigns') }} as names on campaigns.campaign_id = names.campaign_id

-- Grain: one row per quarter and account of somebody that was known by then: the evidence for tier (D3), key account criteria (D6) and
-- relationship stage (D7), measured at the quarter's end or, in the quarter that runs, on the as-of date. Everything is
-- counted from dated events up to that day, so a past quarter stays as it is when later ones are added.
with run as (
    select * from {{ ref('int_run_dated') }}
),

invoices as (
    select
        account_id,
        -- A document that was made void counts until that day; one that was void without a day never counts.
        case when document_kind = 'credit_note' then -net_amount_base else net_amount_base end as revenue,
        case when net_amount <> 0 and net_amount_base is null then 1 else 0 end as missing_rate_count,
        issued_on,
        case when is_void then voided_on end as voided_on
    from {{ ref('fct_invoices') }}
    where document_kind in ('invoice', 'debit_note', 'credit_note') and not is_draft and issued_on is not null
        and (not is_void or voided_on > issued_on)
),

lines as (
    select lines.account_id, lines.product_id, lines.issued_on, case when invoices.is_void then invoices.voided_on end as voided_on
    from {{ ref('fct_invoice_lines') }} as lines
    inner join {{ ref('fct_invoices') }} as invoices on lines.invoice_id = invoices.invoice_id
    where lines.product_id is not null and not invoices.is_draft
        and invoices.document_kind in ('invoice', 'debit_note')
        and (not invoices.is_void or invoices.voided_on > invoices.issued_on)
),

settlements as (
    select
        account_id,
        event_date,
        is_dated,
        case
            when {{ days_from('due_on', 'settlement_date') }} <= {{ parameter('on_time_grace_days') }} then 1 else 0
        end as on_time
    from {{ ref('fct_receivable_settlements') }}
    where is_payment and due_on is not null
),

costs as (
    select account_id, month, amount_base, missing_rate_count
    from {{ ref('fct_account_plans') }}
    where plan_kind = 'cost' and account_id is not null
),

won as (
    select account_id, closed_on
    from {{ ref('fct_deals') }}
    where account_id is not null and status = 'won'
),

deals as (
    select account_id, min(valid_from) as known_on
    from {{ ref('fct_deal_intervals') }}
    group by account_id
),

contracts as (
    select * from {{ ref('fct_contract_intervals') }}
),

-- Signed or not: that somebody wrote one tells that the account was there, and that the feed tells of contracts.
papers as (
    select account_id, min(coalesce(starts_on, signed_on, sent_on)) as known_on
    from {{ ref('fct_documents') }}
    where document_type in ('contract', 'addendum') and account_id is not null
    group by account_id
),

people as (
    select
        contact_id,
        account_id,
        created_on,
        lower(coalesce(job_title, contact_role)) as centre,
        coalesce(is_decision_maker, false) as is_decision_maker
    from {{ ref('dim_account_people') }}
),

-- The CRM's record of a talk names the person, the call tracker's does not: a talk that both have counts here by the CRM's.
talks as (
    select
        activities.account_id,
        activities.occurred_on,
        people.centre,
        people.is_decision_maker
    from {{ ref('fct_activities') }} as activities
    inner join people on activities.contact_id = people.contact_id
    where activities.is_two_way and activities.account_id is not null
),

contacts as (
    select account_id, occurred_on from {{ ref('fct_two_way_contacts') }}
),

periods as (
    select distinct
        dates.quarter,
        {{ least_known(plus_days(plus_months('dates.quarter', 3), -1), 'run.as_of_date') }} as measured_on,
        {{ year_before(least_known(plus_days(plus_months('dates.quarter', 3), -1), 'run.as_of_date')) }}
            as year_before,
        {{ year_before(least_known(plus_days(plus_months('dates.quarter', 3), -1), 'run.as_of_date'), years=2) }}
            as two_years_before
    from {{ ref('dim_dates') }} as dates
    cross join run
    where dates.day <= run.as_of_date
        -- One more than the quarters kept: what is proposed in the first of them follows from the one before.
        and dates.quarter >= {{ plus_months(
            "cast(date_trunc('quarter', run.as_of_date) as date)", '-3 * ' ~ parameter('key_history_quarters')
        ) }}
),

-- The first day on which anything tells of the account. One without any day was always there.
known_days as (
    select account_id, created_on as known_on from {{ ref('dim_accounts') }} where created_on is not null
    union all
    select account_id, min(issued_on) from invoices group by account_id
    union all
    select account_id, known_on from deals where account_id is not null
    union all
    select account_id, known_on from papers where known_on is not null
    union all
    select account_id, min(occurred_on) from contacts group by account_id
),

known as (
    select account_id, min(known_on) as known_on
    from known_days
    group by account_id
),

-- The first day of business: an invoice, a won deal or a contract (D7 tenure).
client_days as (
    select account_id, min(issued_on) as client_since from invoices group by account_id
    union all
    select account_id, min(closed_on) from won group by account_id
    union all
    select account_id, min(valid_from) from contracts group by account_id
),

clients as (
    select account_id, min(client_since) as client_since
    from client_days
    group by account_id
),

spine as (
    select periods.*, accounts.account_id, clients.client_since
    from {{ ref('dim_accounts') }} as accounts
    left join known on accounts.account_id = known.account_id
    left join clients on accounts.account_id = clients.account_id
    inner join periods on periods.measured_on >= coalesce(known.known_on, periods.measured_on)
    where accounts.is_named
),

-- From when on a feed says anything at all: before, what it would tell is not known, rather than nothing.
feeds as (
    select
        (select min(issued_on) from invoices) as invoices_from,
        (select min(known_on) from deals) as deals_from,
        (select min(known_on) from papers) as contracts_from
),

earned as (
    select
        periods.quarter,
        invoices.account_id,
        sum(invoices.revenue) filter (where invoices.issued_on > periods.year_before) as revenue_12m,
        sum(invoices.revenue) filter (where invoices.issued_on <= periods.year_before) as revenue_previous_12m,
        coalesce(sum(invoices.missing_rate_count) filter (where invoices.issued_on > periods.year_before), 0)
            as unknown_12m,
        coalesce(sum(invoices.missing_rate_count) filter (where invoices.issued_on <= periods.year_before), 0)
            as unknown_previous_12m,
        sum(invoices.missing_rate_count) as missing_rate_count
    from invoices
    inner join periods
        on invoices.issued_on > periods.two_years_before and invoices.issued_on <= periods.measured_on
        and coalesce(invoices.voided_on > periods.measured_on, true)
    group by periods.quarter, invoices.account_id
),

bought as (
    select periods.quarter, lines.account_id, count(distinct lines.product_id) as product_breadth
    from lines
    inner join periods
        on lines.issued_on > periods.year_before and lines.issued_on <= periods.measured_on
        and coalesce(lines.voided_on > periods.measured_on, true)
    group by periods.quarter, lines.account_id
),

paid as (
    select
        periods.quarter,
        settlements.account_id,
        count(*) as payments_12m,
        case when bool_and(settlements.is_dated) then {{ ratio('sum(settlements.on_time)', 'count(*)') }} end
            as on_time_share
    from settlements
    inner join periods
        on settlements.event_date > periods.year_before and settlements.event_date <= periods.measured_on
    group by periods.quarter, settlements.account_id
),

spent as (
    select
        periods.quarter,
        costs.account_id,
        sum(costs.amount_base) as cost_12m,
        sum(costs.missing_rate_count) as unknown_12m
    from costs
    inner join periods on costs.month > periods.year_before and costs.month <= periods.measured_on
    group by periods.quarter, costs.account_id
),

dealt as (
    select
        periods.quarter,
        won.account_id,
        count(*) as won_deals
    from won
    inner join periods on won.closed_on <= periods.measured_on
    group by periods.quarter, won.account_id
),

worked as (
    select periods.quarter, open_deals.account_id, count(*) as open_deals
    from {{ ref('fct_open_deals') }} as open_deals
    inner join periods on open_deals.as_of_date = periods.measured_on
    group by periods.quarter, open_deals.account_id
),

agreed as (
    select
        periods.quarter,
        contracts.account_id,
        count(*) as contracts,
        count(*) filter (
            where contracts.document_type = 'contract' and coalesce(contracts.valid_to > periods.measured_on, true)
        ) as contracts_in_force
    from contracts
    inner join periods on coalesce(contracts.valid_from <= periods.measured_on, true)
    group by periods.quarter, contracts.account_id
),

talked as (
    select
        periods.quarter,
        talks.account_id,
        count(distinct talks.centre) as buying_centres,
        count(*) filter (
            where talks.is_decision_maker
                and talks.occurred_on
                > {{ plus_days('periods.measured_on', '-' ~ parameter('decision_maker_days')) }}
        ) as decision_maker_contacts
    from talks
    inner join periods on talks.occurred_on > periods.year_before and talks.occurred_on <= periods.measured_on
    group by periods.quarter, talks.account_id
),

-- Whether anybody's role or title is known: else nobody can say that no decision maker was reached.
peopled as (
    select periods.quarter, people.account_id
    from people
    inner join periods on coalesce(people.created_on <= periods.measured_on, true)
    where people.centre is not null
    group by periods.quarter, people.account_id
),

contacted as (
    select periods.quarter, contacts.account_id, count(*) as two_way_contacts_12m, max(contacts.occurred_on) as last_contact_on
    from contacts
    inner join periods on contacts.occurred_on > periods.year_before and contacts.occurred_on <= periods.measured_on
    group by periods.quarter, contacts.account_id
),

sold as (
    select
        quarter,
        {{ known_total(greatest_known('revenue_12m', '0'), 'unknown_12m') }} as company_revenue,
        sum(unknown_12m) as company_unknown
    from earned
    inner join {{ ref('dim_accounts') }} as accounts on earned.account_id = accounts.account_id
    where accounts.is_named
    group by quarter
),

evidence as (
    select
        spine.quarter,
        spine.account_id,
        spine.measured_on,
        case when spine.client_since <= spine.measured_on then spine.client_since end as client_since,
        {{ money(known_amount('earned.revenue_12m', 'earned.unknown_12m')) }} as revenue_12m,
        -- Of months before the first export nobody knows anything.
        case
            when feeds.invoices_from <= {{ plus_days('spine.two_years_before', 1) }}
                then {{ money(known_amount('earned.revenue_previous_12m', 'earned.unknown_previous_12m')) }}
        end as revenue_previous_12m,
        cast(coalesce(earned.missing_rate_count, 0) as bigint) as missing_rate_count,
        sold.company_revenue,
        sold.company_unknown,
        case
            when earned.unknown_12m + spent.unknown_12m = 0
                then {{ ratio('earned.revenue_12m - spent.cost_12m', 'earned.revenue_12m') }}
        end as margin_share,
        bought.product_breadth,
        paid.on_time_share,
        coalesce(paid.payments_12m, 0) as payments_12m,
        case when feeds.deals_from <= spine.measured_on then coalesce(worked.open_deals, 0) end as open_deals,
        case when feeds.deals_from <= spine.measured_on then coalesce(dealt.won_deals, 0) end as won_deals,
        case when feeds.contracts_from <= spine.measured_on then coalesce(agreed.contracts, 0) end as contracts,
        case
            when feeds.contracts_from <= spine.measured_on then coalesce(agreed.contracts_in_force, 0)
        end as contracts_in_force,
        case when peopled.account_id is not null then coalesce(talked.buying_centres, 0) end as buying_centres,
        case
            when peopled.account_id is not null then coalesce(talked.decision_maker_contacts, 0)
        end as decision_maker_contacts,
        coalesce(contacted.two_way_contacts_12m, 0) as two_way_contacts_12m,
        contacted.last_contact_on
    from spine
    cross join feeds
    left join earned on spine.quarter = earned.quarter and spine.account_id = earned.account_id
    left join sold on spine.quarter = sold.quarter
    left join bought on spine.quarter = bought.quarter and spine.account_id = bought.account_id
    left join paid on spine.quarter = paid.quarter and spine.account_id = paid.account_id
    left join spent on spine.quarter = spent.quarter and spine.account_id = spent.account_id
    left join dealt on spine.quarter = dealt.quarter and spine.account_id = dealt.account_id
    left join worked on spine.quarter = worked.quarter and spine.account_id = worked.account_id
    left join agreed on spine.quarter = agreed.quarter and spine.account_id = agreed.account_id
    left join talked on spine.quarter = talked.quarter and spine.account_id = talked.account_id
    left join peopled on spine.quarter = peopled.quarter and spine.account_id = peopled.account_id
    left join contacted on spine.quarter = contacted.quarter and spine.account_id = contacted.account_id
),

measured as (
    select
        *,
        case
            when company_unknown = 0 then {{ ratio(greatest_known('revenue_12m', '0'), 'company_revenue') }}
        end as revenue_share,
        case when missing_rate_count = 0 then {{ ratio('revenue_12m', 'revenue_previous_12m') }} end as revenue_growth,
        case
            when client_since is not null then {{ days_from('client_since', 'measured_on') }} / 365.0
        end as tenure_years,
        -- What the accounts before it in order of revenue bring: the one that crosses the limit still belongs to it.
        {{ ratio(
            'sum(' ~ greatest_known('revenue_12m', '0') ~ ') over (
                partition by quarter order by revenue_12m desc nulls last, account_id
                rows between unbounded preceding and current row
            ) - ' ~ greatest_known('revenue_12m', '0'), 'company_revenue'
        ) }} as share_before
    from evidence
),

-- The highest stage whose conditions all hold; what is not known does not hold. No stage before the first business.
staged as (
    select
        measured.quarter,
        measured.account_id,
        max(stages.stage_rank) as stage_rank
    from measured
    inner join {{ ref('relationship_stages') }} as stages
        on {{ plus_months('measured.client_since', 'stages.min_tenure_months') }} <= measured.measured_on
        and coalesce(measured.contracts, 0) >= stages.min_contracts
        and coalesce(measured.buying_centres, 0) >= stages.min_buying_centres
        and coalesce(measured.decision_maker_contacts, 0) >= stages.min_decision_maker_contacts
    group by measured.quarter, measured.account_id
)

select
    measured.quarter,
    measured.account_id,
    case
        -- What brought nothing has no class, and neither has what nobody knows.
        when coalesce(measured.revenue_12m <= 0, true) or measured.share_before is null then null
        when measured.share_before < {{ parameter('tier_a_share') }} then 'A'
        when measured.share_before < {{ parameter('tier_b_share') }} then 'B'
        else 'C'
    end as tier,
    stages.stage as relationship_stage,
    staged.stage_rank,
    run.base_currency,
    measured.revenue_12m,
    measured.revenue_previous_12m,
    measured.missing_rate_count,
    measured.revenue_share,
    measured.company_revenue,
    measured.company_unknown,
    measured.margin_share,
    measured.revenue_growth,
    measured.tenure_years,
    measured.on_time_share,
    measured.payments_12m,
    measured.product_breadth,
    measured.open_deals,
    measured.won_deals,
    measured.contracts,
    measured.contracts_in_force,
    measured.buying_centres,
    measured.decision_maker_contacts,
    measured.two_way_contacts_12m,
    measured.measured_on,
    measured.client_since,
    measured.last_contact_on
from measured
cross join run
left join staged on measured.quarter = staged.quarter and measured.account_id = staged.account_id
left join {{ ref('relationship_stages') }} as stages on staged.stage_rank = stages.stage_rank

-- Grain: one row per account, as of the as-of date: what it has been worth in cash (V10), what it may be worth yet
-- (V11), how it pays (V17), and its place among all by revenue (V15). A cost counts where the plan gives the account
-- any; where it gives none, is_revenue_based says that nothing was taken off. What names no customer was worth its cash and
-- has no place, habit or future.
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, segment as crm_segment, {{ segment_or_unknown('segment') }} as segment, is_named
    from {{ ref('dim_accounts') }}
),

account_revenue as (
    select revenue.*, {{ segment_or_unknown('accounts.segment') }} as segment
    from {{ ref('fct_account_revenue') }} as revenue
    left join accounts on revenue.account_id = accounts.account_id
    where revenue.basis = 'invoiced'
),

-- Cash set against invoices, less what was taken back; a credit note that was used up without saying where made some of
-- it look like cash.
cash_events as (
    select
        events.account_id,
        case when events.event_type = 'refund' then 'refund' when events.event_type = 'write_off' then 'write_off'
            else 'applied' end as kind,
        events.amount,
        events.amount_base,
        {{ ratio('invoices.gross_amount - invoices.net_amount', 'invoices.gross_amount') }} as tax_share
    from {{ ref('fct_receivable_events') }} as events
    cross join run
    left join {{ ref('fct_invoices') }} as invoices on events.invoice_id = invoices.invoice_id
    where events.event_type in ('payment', 'reversal', 'chargeback', 'refund', 'write_off')
        and events.event_date <= run.as_of_date
    union all
    select account_id, 'applied', -amount, -amount_base, 0
    from {{ ref('fct_unapplied_credits') }}
    cross join run
    where movement_kind = 'consumption' and event_date <= run.as_of_date
),

cash as (
    select
        account_id,
        -{{ known_sum('amount_base', 'amount', among="kind = 'applied'") }} as cash_applied,
        {{ known_sum('amount_base', 'amount', among="kind = 'refund'") }} as refunds,
        -{{ known_sum('amount_base', 'amount', among="kind = 'write_off'") }} as write_offs,
        {{ money(known_amount(
            "-sum(cast(amount_base * tax_share as decimal(38, 10))) filter (where kind in ('applied', 'refund'))",
            "count(*) filter (where tax_share <> 0 and kind in ('applied', 'refund') and amount <> 0 and amount_base is null)"
        )) }} as tax_in_cash,
        count(*) filter (where amount <> 0 and amount_base is null) as missing_rate_count
    from cash_events
    group by account_id
),

costs as (
    select
        plans.account_id,
        {{ known_total('plans.amount_base', 'plans.missing_rate_count') }} as cost,
        cast(sum(plans.missing_rate_count) as bigint) as missing_rate_count
    from {{ ref('fct_account_plans') }} as plans
    where plans.plan_kind = 'cost' and plans.account_id is not null
    group by plans.account_id
),

last_months as (
    select max(month) as month
    from {{ ref('dim_dates') }}
    cross join run
    left join {{ ref('fct_feed_ends') }} as feeds on feeds.feed = 'invoices'
    where month_end <= run.as_of_date and month_end <= coalesce(feeds.complete_until, run.as_of_date)
),

-- V11, margin: of the last twelve complete months, or of those since the first invoice.
margins as (
    select
        months.account_id,
        case
            when sum(months.unknown_net_revenue + months.unknown_cost) = 0
                then sum(months.net_revenue) - coalesce(sum(months.cost), 0)
        end as margin,
        cast(sum(months.unknown_net_revenue + months.unknown_cost) as bigint) as missing_rate_count,
        {{ greatest_known(
            '1',
            least_known(
                '12',
                'max(' ~ month_number('last_months.month') ~ ') - min(' ~ month_number('states.first_invoice_on') ~ ') + 1'
            )
        ) }} as months
    from {{ ref('fct_account_months') }} as months
    cross join last_months
    inner join {{ ref('fct_account_states') }} as states on months.account_id = states.account_id
    where months.month <= last_months.month and months.month > {{ plus_months('last_months.month', -12) }}
        and states.first_invoice_on <= {{ month_end_of('last_months.month') }}
    group by months.account_id
),

-- V11, churn: accounts that were active by their own rhythm of invoices, went quiet and have not bought since.
last_bought as (
    select account_id, max(month) as month
    from account_revenue
    where invoices > 0 and is_named
    group by account_id
),

-- V11: who is quiet by the rhythm of its invoices has left, and will bring nothing until it comes back.
left_already as (
    select account_revenue.account_id
    from account_revenue
    inner join run on account_revenue.month = run.as_of_month
    where account_revenue.invoice_status <> 'active'
    union all
    select account_id
    from last_bought
    where account_id not in (
        select account_revenue.account_id
        from account_revenue
        inner join run on account_revenue.month = run.as_of_month
    )
),

lives as (
    select
        account_revenue.segment,
        count(*) as at_risk,
        count(*) filter (
            where account_revenue.invoice_status <> 'active' and account_revenue.month > last_bought.month
        ) as lost
    from account_revenue
    cross join last_months
    left join last_bought on account_revenue.account_id = last_bought.account_id
    where account_revenue.opening_invoice_status = 'active' and account_revenue.is_complete
        and account_revenue.month > {{ plus_months('last_months.month', '-' ~ parameter('clv_history_months')) }}
    group by account_revenue.segment
),

company as (
    select cast(sum(at_risk) as bigint) as at_risk, cast(sum(lost) as bigint) as lost
    from lives
),

churns as (
    select
        segments.segment,
        case when lives.at_risk >= {{ parameter('clv_min_account_months') }} and lives.lost > 0
            then 'segment' else 'company' end as churn_basis,
        case when lives.at_risk >= {{ parameter('clv_min_account_months') }} and lives.lost > 0
            then lives.at_risk else company.at_risk end as at_risk,
        case when lives.at_risk >= {{ parameter('clv_min_account_months') }} and lives.lost > 0
            then lives.lost else company.lost end as lost
    from (select distinct segment from accounts) as segments
    cross join company
    left join lives on segments.segment = lives.segment
),

churn_rates as (
    select
        segment,
        churn_basis,
        {{ ratio('lost', 'at_risk') }} as churn,
        {{ wilson(ratio('lost', 'at_risk'), 'at_risk', parameter('confidence_z'), '-') }} as churn_low,
        {{ wilson(ratio('lost', 'at_risk'), 'at_risk', parameter('confidence_z'), '+') }} as churn_high,
        {{ parameter('clv_churn_floor') }} as churn_floor,
        power(1 + {{ parameter('clv_discount_percent') }} / 100, 1.0 / 12) - 1 as discount
    from churns
    where at_risk > 0
),

-- V17: what was paid, not what was invoiced; refunds and chargebacks lower the amount.
paid as (
    select
        payments.account_id,
        {{ last_payment_day('payments.received_on', 'payments.is_dated', 'payments.amount > 0') }} as last_payment_on,
        count(*) filter (where payments.amount > 0) as payments,
        bool_and(payments.is_dated or payments.amount <= 0) as is_dated,
        {{ known_sum('payments.amount_base', 'payments.amount') }} as paid_amount,
        count(*) filter (where payments.amount <> 0 and payments.amount_base is null) as missing_rate_count
    from {{ ref('fct_payments') }} as payments
    cross join run
    where payments.received_on <= run.as_of_date and payments.account_id is not null
    group by payments.account_id
    having count(*) filter (where payments.amount > 0) > 0
),

-- Equal values have equal ranks, so that the same behaviour never has two scores. Who paid something without a rate has no
-- place by what was paid, who paid on a day or in a number of payments that nobody knows none by when or how often; the
-- others have theirs among themselves.
scored as (
    select
        *,
        {%- for score, measure in {'recency': ('last_payment_on', 'has_day'), 'frequency': ('payments', 'has_number'),
            'monetary': ('paid_amount', 'has_rates')}.items() %}
        case
            when {{ measure[1] }} then cast(floor(
                5.0 * (rank() over (partition by {{ measure[1] }} order by {{ measure[0] }}) - 1)
                / count(*) over (partition by {{ measure[1] }})
            ) as integer) + 1
        end as {{ score }}_score{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            paid.account_id,
            paid.last_payment_on,
            paid.payments,
            paid.paid_amount,
            paid.missing_rate_count,
            paid.last_payment_on is not null and accounts.is_named as has_day,
            paid.is_dated and accounts.is_named as has_number,
            paid.missing_rate_count = 0 and accounts.is_named as has_rates
        from paid
        inner join accounts on paid.account_id = accounts.account_id
    ) as payers
),

-- V15: the accounts in the order of their revenue of twelve months.
ranked as (
    select
        account_revenue.account_id,
        account_revenue.year_revenue,
        account_revenue.year_unknown_count,
        account_revenue.year_missing_rate_count,
        {{ greatest_known('account_revenue.year_revenue', '0') }} as revenue,
        account_revenue.is_named,
        row_number() over (
            partition by account_revenue.is_named order by account_revenue.year_revenue desc, account_revenue.account_id
        ) as revenue_rank
    from account_revenue
    inner join run on account_revenue.month = run.as_of_month
    where account_revenue.year_revenue <> 0 or account_revenue.year_unknown_count > 0
),

-- Where anything of anybody's is not known, nobody's place and share of the whole is.
unknown as (
    select coalesce(sum(year_missing_rate_count), 0) as amounts from ranked where is_named
),

shared as (
    select
        ranked.*,
        {{ ratio('revenue', 'sum(revenue) over (partition by is_named)') }} as revenue_share,
        {{ ratio(
            'sum(revenue) over (partition by is_named order by revenue_rank)', 'sum(revenue) over (partition by is_named)'
        ) }} as revenue_share_so_far
    from ranked
),

{%- set high = parameter('rfm_high_score') %}
{%- set low = parameter('rfm_low_score') %}
valued as (
    select
        accounts.account_id,
        run.base_currency,
        accounts.crm_segment,
        case
            when scored.recency_score is null or scored.frequency_score is null or scored.monetary_score is null
                then null
            when scored.recency_score >= {{ high }} and scored.frequency_score >= {{ high }}
                and scored.monetary_score >= {{ high }} then 'best'
            when scored.recency_score <= {{ low }}
                and (scored.frequency_score >= {{ high }} or scored.monetary_score >= {{ high }}) then 'slipping_away'
            when scored.recency_score <= {{ low }} and scored.frequency_score <= {{ low }} then 'dormant'
            when scored.recency_score >= {{ high }} and scored.frequency_score <= {{ low }} then 'new_or_occasional'
            when scored.frequency_score >= {{ high }} then 'regular'
            when scored.monetary_score >= {{ high }} then 'large'
            else 'middle'
        end as rfm_segment,
        {%- for amount in ['cash_applied', 'refunds', 'write_offs', 'tax_in_cash'] %}
        case when cash.account_id is null then 0 else cash.{{ amount }} end as {{ amount }},
        {%- endfor %}
        costs.cost,
        costs.account_id is not null as has_cost,
        coalesce(costs.missing_rate_count, 0) as unknown_costs,
        margins.margin / margins.months as margin_per_month,
        churn_rates.churn_basis,
        {{ greatest_or_unknown('churn_rates.churn', 'churn_rates.churn_floor') }} as churn,
        {{ greatest_or_unknown('churn_rates.churn_low', 'churn_rates.churn_floor') }} as churn_low,
        {{ greatest_or_unknown('churn_rates.churn_high', 'churn_rates.churn_floor') }} as churn_high,
        churn_rates.discount,
        scored.last_payment_on,
        scored.payments,
        scored.paid_amount,
        scored.recency_score,
        scored.frequency_score,
        scored.monetary_score,
        {{ known_amount('shared.year_revenue', 'shared.year_unknown_count') }} as year_revenue,
        case when unknown.amounts = 0 and accounts.is_named then shared.revenue_rank end as revenue_rank,
        -- Who bought nothing has no share, where anybody bought.
        case
            when unknown.amounts = 0 and accounts.is_named
                then coalesce(shared.revenue_share, case when (select sum(revenue) from ranked where is_named) > 0 then 0 end)
        end as revenue_share,
        case when unknown.amounts = 0 and accounts.is_named then shared.revenue_share_so_far end as revenue_share_so_far,
        coalesce(cash.missing_rate_count, 0) + coalesce(scored.missing_rate_count, 0)
        + {{ greatest_known('coalesce(margins.missing_rate_count, 0)', 'coalesce(shared.year_unknown_count, 0)') }}
            as missing_rate_count,
        left_already.account_id is not null as has_left,
        run.as_of_date
    from accounts
    cross join run
    cross join unknown
    left join left_already on accounts.account_id = left_already.account_id
    left join cash on accounts.account_id = cash.account_id
    left join costs on accounts.account_id = costs.account_id
    left join margins on accounts.account_id = margins.account_id
    left join churn_rates on accounts.segment = churn_rates.segment and accounts.is_named
    left join scored on accounts.account_id = scored.account_id
    left join shared on accounts.account_id = shared.account_id
),

predicted as (
    select
        *,
        {%- for name, rate in {'expected': 'churn', 'of_short_lives': 'churn_high', 'of_long_lives': 'churn_low'}.items() %}
        case when has_left then 0 else margin_per_month / ({{ rate }} + discount) end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from valued
)

select
    account_id,
    base_currency,
    crm_segment as segment,
    rfm_segment,
    {{ money('cash_applied') }} as cash_applied,
    {{ money('refunds') }} as refunds,
    {{ money('write_offs') }} as write_offs,
    {{ money('cost') }} as direct_cost,
    -- What is left after costs says nothing where a part of the costs is unknown.
    case when unknown_costs = 0 then {{ money('cash_applied - refunds - write_offs - coalesce(cost, 0)') }} end
        as clv_historic,
    {{ money('tax_in_cash') }} as tax_in_cash,
    case
        when unknown_costs = 0
            then {{ money('cash_applied - refunds - write_offs - coalesce(cost, 0) - tax_in_cash') }}
    end as clv_historic_net_of_tax,
    {{ money('margin_per_month') }} as margin_per_month,
    churn_basis,
    churn as monthly_churn,
    {{ money('expected') }} as clv_predicted,
    {{ money(least_or_unknown('of_short_lives', 'of_long_lives')) }} as clv_low,
    {{ money(greatest_or_unknown('of_short_lives', 'of_long_lives')) }} as clv_high,
    cast(payments as bigint) as payments,
    {{ money('paid_amount') }} as paid_amount,
    recency_score,
    frequency_score,
    monetary_score,
    {{ money('year_revenue') }} as revenue_12m,
    revenue_rank,
    revenue_share,
    revenue_share_so_far,
    cast(missing_rate_count + unknown_costs as bigint) as missing_rate_count,
    not has_cost as is_revenue_based,
    {{ days_from('last_payment_on', 'as_of_date') }} as days_since_payment,
    last_payment_on,
    as_of_date
from predicted

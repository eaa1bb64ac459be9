-- Grain: one row per account and month, every month from the account's first event to the as-of date. Flows are those
-- of the month, balances stand at its end (in the as-of month at the as-of date), the owner is the one at its end.
-- Money is in the base currency; missing_rate_count says how many amounts have no rate and are left out. An amount of
-- which nothing is known is unknown.
with run as (
    select * from {{ ref('int_run_dated') }}
),

states as (
    select * from {{ ref('fct_account_states') }}
),

owners as (
    select * from {{ ref('dim_account_owners') }}
),

months as (
    select distinct
        dates.month,
        {{ least_known('dates.month_end', 'run.as_of_date') }} as month_end
    from {{ ref('dim_dates') }} as dates
    cross join run
    where dates.day <= run.as_of_date
),

{%- set measures = account_measures() %}
{%- set no_revenue_rate = 'case when revenue_amount <> 0 and revenue_amount_base is null then 1 else 0 end' %}
{%- set no_rate = 'case when amount is not null and amount_base is null then 1 else 0 end' %}
events as (
    select
        account_id,
        {{ month_of('issued_on') }} as month,
        {{ measured({
            'net_revenue': 'revenue_amount_base',
            'unknown_net_revenue': no_revenue_rate,
            'missing_rate_count': no_revenue_rate,
        }) }}
        case when document_kind <> 'credit_note' then issued_on end as sign_on,
        issued_on as event_on
    from {{ ref('fct_invoices') }}
    where not is_void and not is_draft and document_kind in ('invoice', 'debit_note', 'credit_note', 'prepayment')

    union all

    select
        lines.account_id,
        {{ month_of('lines.issued_on') }},
        {{ measured({
            'listed_net': 'lines.sales_sign * lines.net_amount_base',
            'list_amount': 'lines.sales_sign * lines.quantity * cast(products.list_price as decimal(28, 6)) * rates.rate',
        }) }}
        cast(null as date),
        lines.issued_on
    from {{ ref('fct_invoice_lines') }} as lines
    inner join {{ ref('dim_products') }} as products
        on lines.product_id = products.product_id and lines.currency = products.currency
    inner join {{ ref('int_fx_rates_dated') }} as rates
        on lines.currency = rates.currency and lines.issued_on = rates.rate_date
    where products.list_price > 0 and lines.quantity is not null and lines.net_amount_base is not null

    union all

    -- A rebate that stands as a line of its own is one on what the document sells, listed or not, in proportion.
    select
        lines.account_id,
        {{ month_of('lines.issued_on') }},
        {{ measured({
            'listed_net': 'lines.sales_sign * lines.net_amount_base * shares.listed_share',
        }) }}
        cast(null as date),
        lines.issued_on
    from {{ ref('fct_invoice_lines') }} as lines
    inner join (
        select
            sold.invoice_id,
            cast(
                coalesce(sum(sold.net_amount) filter (where products.list_price > 0 and sold.quantity is not null), 0)
                / sum(sold.net_amount) as decimal(18, 8)
            ) as listed_share
        from {{ ref('fct_invoice_lines') }} as sold
        left join {{ ref('dim_products') }} as products
            on sold.product_id = products.product_id and sold.currency = products.currency
        where sold.net_amount > 0
        group by sold.invoice_id
    ) as shares on lines.invoice_id = shares.invoice_id
    where lines.net_amount < 0 and lines.product_id is null and lines.net_amount_base is not null

    union all

    select
        account_id,
        {{ month_of('received_on') }},
        {{ measured({
            'collected': 'amount_base',
            'unknown_collected': no_rate,
            'missing_rate_count': no_rate,
        }) }}
        cast(null as date),
        received_on
    from {{ ref('fct_payments') }}

    union all

    select
        balances.account_id,
        {{ month_of('balances.as_of_date') }},
        {{ measured({
            'open_amount_end': 'balances.open_amount',
            'overdue_amount_end': 'balances.overdue_amount',
            'unknown_open_amount_end': 'balances.unknown_open_count',
            'unknown_overdue_amount_end': 'balances.unknown_overdue_count',
            'missing_rate_count': 'balances.unknown_open_count',
        }) }}
        cast(null as date),
        balances.as_of_date
    from {{ ref('fct_account_balances') }} as balances
    cross join run
    where (balances.as_of_date = {{ month_end_of('balances.as_of_date') }} or balances.as_of_date = run.as_of_date)
        and (balances.open_amount <> 0 or balances.unknown_open_count > 0)

    union all

    select
        account_id,
        {{ month_of('closed_on') }},
        {{ measured({
            'won_deals': '1',
            'won_amount': 'amount_base',
            'unknown_won_amount': 'case when amount_base is null then 1 else 0 end',
            'missing_amount_count': 'case when amount is null then 1 else 0 end',
            'missing_rate_count': no_rate,
        }) }}
        closed_on,
        closed_on
    from {{ ref('fct_deals') }}
    where status = 'won'

    union all

    select
        referrer_id,
        {{ month_of('created_on') }},
        {{ measured({'referrals': '1'}) }}
        cast(null as date),
        created_on
    from {{ ref('fct_deals') }}
    where created_on is not null

    union all

    select
        account_references.account_id,
        {{ month_of('uses.used_on') }},
        {{ measured({'product_uses': 'uses.quantity'}) }}
        cast(null as date),
        uses.used_on
    from {{ ref('stg_crm__product_uses') }} as uses
    inner join {{ ref('int_account_references') }} as account_references
        on uses._system = account_references.system and uses.account_id = account_references.reference

    union all

    select
        account_id,
        {{ month_of('occurred_on') }},
        {{ measured({
            'two_way_contacts': '1',
            'contact_days': 'case when row_number() over (partition by account_id, occurred_on order by contact_event_id) = 1 then 1 else 0 end',
            'call_contacts': "case when channel = 'call' then 1 else 0 end",
            'email_contacts': "case when channel = 'email' then 1 else 0 end",
            'meeting_contacts': "case when channel in ('meeting', 'visit', 'event') then 1 else 0 end",
        }) }}
        occurred_on,
        occurred_on
    from {{ ref('fct_two_way_contacts') }}

    union all

    select
        account_id,
        {{ month_of('started_on') }},
        {{ measured({
            'inbound_calls': "case when direction = 'inbound' then 1 else 0 end",
            'outbound_calls': "case when direction = 'outbound' then 1 else 0 end",
        }) }}
        cast(null as date),
        started_on
    from {{ ref('fct_calls') }}

    union all

    select
        account_id,
        month,
        {{ measured({
            'cost': "case when plan_kind = 'cost' then amount_base end",
            'representation_cost': "case when plan_kind = 'cost' then representation_base end",
            'budget': "case when plan_kind = 'budget' then amount_base end",
            'unknown_cost': "case when plan_kind = 'cost' then missing_rate_count end",
            'unknown_budget': "case when plan_kind = 'budget' then missing_rate_count end",
            'missing_rate_count': 'missing_rate_count',
        }) }}
        cast(null as date),
        month
    from {{ ref('fct_account_plans') }}
),

summed as (
    select
        events.account_id,
        events.month,
        {%- for measure, type in measures.items() %}
        cast(sum(events.{{ measure }}) as {{ type }}) as {{ measure }},
        {%- endfor %}
        max(events.sign_on) as sign_on
    from events
    cross join run
    where events.account_id is not null and events.event_on <= run.as_of_date
    group by events.account_id, events.month
),

-- E-mails of which nobody says who wrote: each may be one that was received.
undirected as (
    select
        account_id,
        {{ month_of('occurred_on') }} as month,
        count(*) as emails
    from {{ ref('fct_activities') }}
    where activity_type = 'email' and is_two_way is null and account_id is not null and occurred_on is not null
    group by 1, 2
),

spans as (
    select account_id, min(month) as first_month, max(month) as last_month
    from summed
    group by account_id
),

spine as (
    select spans.account_id, months.month, months.month_end, spans.last_month
    from spans
    inner join months on months.month >= spans.first_month
),

-- The newest sign up to each month, over the narrow columns alone: the window need not carry the measures.
signed as (
    select
        spine.account_id,
        spine.month,
        spine.month_end,
        spine.last_month,
        max(summed.sign_on) over (partition by spine.account_id order by spine.month) as last_sign_on
    from spine
    left join summed on spine.account_id = summed.account_id and spine.month = summed.month
)

select
    signed.account_id,
    owners.employee_id as owner_id,
    run.base_currency,
    case
        when states.is_named
            then {{ account_status(days_from('signed.last_sign_on', 'signed.month_end'), 'states.invoice_gap_days') }}
    end as status,
    -- What no plan and no price list says stays unknown.
    {%- for measure in measures %}
    {%- if measure in ['cost', 'representation_cost', 'budget', 'referrals', 'product_uses', 'listed_net', 'list_amount'] %}
    summed.{{ measure }},
    {%- elif measure == 'email_contacts' %}
    {{ known_amount('summed.email_contacts', 'undirected.emails') }} as email_contacts,
    {%- elif 'unknown_' ~ measure in measures %}
    {{ known_amount('summed.' ~ measure, 'summed.unknown_' ~ measure) }} as {{ measure }},
    {%- else %}
    coalesce(summed.{{ measure }}, 0) as {{ measure }},
    {%- endif %}
    {%- endfor %}
    signed.month <= signed.last_month as is_within_activity,
    signed.month,
    signed.month_end,
    signed.last_sign_on
from signed
cross join run
left join summed on signed.account_id = summed.account_id and signed.month = summed.month
left join undirected on signed.account_id = undirected.account_id and signed.month = undirected.month
left join states on signed.account_id = states.account_id
left join owners
    on signed.account_id = owners.account_id
    and {{ holds_on('owners', 'signed.month_end') }}

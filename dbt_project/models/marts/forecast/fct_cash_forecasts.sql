-- Grain: one row per origin, invoice and instalment that is open then: when it is expected to be paid, by the payment
-- curve of its account given what it has lived through, unless a promise says (R30); beside it what two simpler methods say
-- and, as far as the as-of date knows, what happened.
with origins as (
    select * from {{ ref('dim_forecast_origins') }}
),

stretches as (
    select * from {{ ref('fct_debt_stretches') }}
),

curves as (
    select * from {{ ref('fct_payment_curves') }}
),

segments as (
    select * from {{ ref('fct_segment_curves') }}
),

promises as (
    select
        promise_id,
        customer_id,
        invoice_id,
        coalesce(invoice_id, customer_id || ' ' || currency) as target,
        currency,
        case when not is_amount_assumed then amount end as amount,
        made_on,
        promised_for,
        kept_on,
        closed_on
    from {{ ref('fct_promises') }}
),

invoices as (
    select invoice_id, customer_id from {{ ref('fct_invoices') }}
),

settings as (
    {{ forecast_settings() }}
),

items as (
    select
        origins.origin,
        origins.is_as_of,
        origins.first_week,
        origins.as_of_date,
        stretches.invoice_id,
        stretches.account_id,
        stretches.instalment_number,
        stretches.currency,
        stretches.open_amount,
        stretches.issued_on,
        stretches.due_on,
        cast({{ greatest_known(
            days_from('stretches.due_on', 'origins.origin'), '-settings.earliest_days - 1'
        ) }} as integer) as lag_at_origin
    from stretches
    cross join settings
    inner join origins on stretches.valid_from <= origins.origin and stretches.valid_to > origins.origin
),

-- A promise in force: made, not yet due, and neither kept nor closed by the origin. Promises of one day about the same
-- debt are parts of a plan (fct_promises).
promises_in_force as (
    select
        origins.origin,
        promises.*,
        sum(promises.amount) over (
            partition by origins.origin, promises.target, promises.made_on
            order by promises.promised_for, promises.promise_id
        ) as promised_to_date
    from promises
    inner join origins
        on promises.made_on <= origins.origin
        and promises.promised_for > origins.origin
        and coalesce(promises.kept_on > origins.origin, true)
        and coalesce(promises.closed_on > origins.origin, true)
),

-- Without an amount a plan is for all that is due by then.
plans as (
    select
        origin,
        target,
        customer_id,
        invoice_id,
        currency,
        made_on,
        case when count(amount) = count(*) then sum(amount) end as amount,
        max(promised_for) as promised_for
    from promises_in_force
    group by origin, target, customer_id, invoice_id, currency, made_on
),

-- One on an invoice goes before one on the customer, a later before an earlier one.
promised_items as (
    select
        items.origin,
        items.invoice_id,
        items.instalment_number,
        items.due_on,
        items.open_amount,
        promised.target,
        promised.amount,
        promised.made_on,
        1 as nearness
    from items
    inner join plans as promised
        on items.origin = promised.origin
        and items.invoice_id = promised.invoice_id
        and items.currency = promised.currency
    union all
    select
        items.origin,
        items.invoice_id,
        items.instalment_number,
        items.due_on,
        items.open_amount,
        promised.target,
        promised.amount,
        promised.made_on,
        2
    from items
    inner join invoices on items.invoice_id = invoices.invoice_id
    inner join plans as promised
        on items.origin = promised.origin
        and promised.invoice_id is null
        and invoices.customer_id = promised.customer_id
        and items.currency = promised.currency
        and items.due_on <= promised.promised_for
),

chosen_promises as (
    select *
    from promised_items
    qualify row_number() over (
        partition by origin, invoice_id, instalment_number
        order by nearness, made_on desc, target
    ) = 1
),

-- A plan pays the items that it is for in the order in which they fall due.
filled_promises as (
    select
        *,
        coalesce(sum(open_amount) over (
            partition by origin, target, made_on
            order by due_on, invoice_id, instalment_number
            rows between unbounded preceding and 1 preceding
        ), 0) as promised_before
    from chosen_promises
),

-- What is promised of an item is there when the part that covers the last of it is due.
covered as (
    select
        filled.origin,
        filled.invoice_id,
        filled.instalment_number,
        min(parts.promised_for) as promised_for,
        {{ money('max(settings.promise_share * ' ~ least_known(
            'filled.open_amount',
            greatest_known(
                'coalesce(filled.amount, filled.promised_before + filled.open_amount) - filled.promised_before',
                '0'
            )
        ) ~ ')') }} as promised_amount
    from filled_promises as filled
    cross join settings
    inner join promises_in_force as parts
        on filled.origin = parts.origin
        and filled.target = parts.target
        and filled.made_on = parts.made_on
        and coalesce(
            parts.promised_to_date >= {{ least_known('filled.promised_before + filled.open_amount', 'filled.amount') }},
            true
        )
    group by filled.origin, filled.invoice_id, filled.instalment_number
),

-- What is known of the curve at the age that the debt has reached, and its end.
ends as (
    select curve_number, origin, account_id, max(until_lag) as last_lag, max(until_paid) as paid_at_end
    from curves
    group by curve_number, origin, account_id
),

reached as (
    select distinct origin, account_id, lag_at_origin from items
),

ages as (
    select
        reached.*,
        ends.curve_number,
        ends.last_lag,
        ends.paid_at_end,
        {{ survival_on('curves', 'wider') }} as survival_at_origin,
        {{ paid_on('curves', 'wider') }} as paid_at_origin
    from reached
    inner join ends on reached.origin = ends.origin and reached.account_id = ends.account_id
    inner join curves
        on ends.curve_number = curves.curve_number
        and reached.lag_at_origin between curves.lag_days and curves.until_lag
    inner join segments as wider
        on curves.origin = wider.origin
        and curves.segment = wider.segment
        and reached.lag_at_origin = wider.lag_days
    where {{ survival_on('curves', 'wider') }} > {{ least_survival() }}
        and ends.paid_at_end - {{ paid_on('curves', 'wider') }} > {{ least_survival() }}
),

-- The lag by which a share of what will be paid is paid: the median has the smallest absolute error. First the step of the
-- curve in which it is, then the day.
{% set quantiles = {'median': '0.5', 'low': 'settings.low_quantile', 'high': 'settings.high_quantile'} %}
sought as (
    {%- for name, share in quantiles.items() %}
    select
        '{{ name }}' as quantile,
        ages.curve_number,
        ages.lag_at_origin,
        ages.paid_at_origin,
        {{ share }} * (ages.paid_at_end - ages.paid_at_origin) - 0.000000001 as paid_since
    from ages
    cross join settings
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

steps as (
    select
        sought.quantile,
        sought.curve_number,
        sought.lag_at_origin,
        sought.paid_at_origin,
        sought.paid_since,
        min(curves.lag_days) as lag_days
    from sought
    inner join curves
        on sought.curve_number = curves.curve_number
        and curves.until_lag > sought.lag_at_origin
        and curves.until_paid - sought.paid_at_origin >= sought.paid_since
    group by
        sought.quantile, sought.curve_number, sought.lag_at_origin, sought.paid_at_origin, sought.paid_since
),

-- Within a step the account's curve rises as its segment's does: the day is the first on which the segment's has risen as
-- far as it must; where the account leans on no segment, the step's first. What is sought is put in order once with the days
-- of the segments, from those that have risen furthest: to look at each day of each step is many times that.
rises as (
    select
        curves.origin,
        curves.segment,
        curves.at_risk > 0 as is_at_risk,
        curves.wider_paid
        + (steps.paid_since + steps.paid_at_origin - curves.paid) / nullif(curves.leaning, 0) as wider_paid,
        cast(null as integer) as lag_days,
        steps.quantile,
        steps.curve_number,
        steps.lag_at_origin,
        {{ greatest_known('curves.lag_days', 'steps.lag_at_origin + 1') }} as from_lag,
        curves.until_lag
    from steps
    inner join curves on steps.curve_number = curves.curve_number and steps.lag_days = curves.lag_days
    {%- for is_at_risk, paid in {'true': 'paid', 'false': 'followed_paid'}.items() %}
    union all
    select origin, segment, {{ is_at_risk }}, {{ paid }}, lag_days, null, null, null, null, null from segments
    {%- endfor %}
),

days as (
    select
        quantile,
        curve_number,
        lag_at_origin,
        {{ least_known(
            greatest_known('coalesce(min(lag_days) over furthest_first, until_lag)', 'from_lag'), 'until_lag'
        ) }} as lag_days
    from rises
    window furthest_first as (partition by origin, segment, is_at_risk order by wider_paid desc nulls last)
    qualify curve_number is not null
),

quantiles as (
    select
        curve_number,
        lag_at_origin,
        {%- for name in quantiles %}
        min(lag_days) filter (where quantile = '{{ name }}') as {{ name }}_lag{{ ',' if not loop.last }}
        {%- endfor %}
    from days
    group by curve_number, lag_at_origin
),

-- The day on which nothing was left of an item, whichever way: the first after the origin, if the as-of date knows it.
settled as (
    select
        items.origin,
        items.invoice_id,
        items.instalment_number,
        min(stretches.valid_to) as settled_on,
        {{ first_by('stretches.paid_amount', 'stretches.valid_to') }} as paid_amount,
        bool_or(stretches.is_day_unknown) as is_day_unknown
    from items
    inner join stretches
        on items.invoice_id = stretches.invoice_id
        and items.instalment_number = stretches.instalment_number
        and stretches.valid_to > items.origin
    where stretches.open_after = 0 and stretches.valid_to <= items.as_of_date
    group by items.origin, items.invoice_id, items.instalment_number
),

-- What the mean lag of an account's settled debts says, else the company's.
lags as (
    select account_id, valid_to, {{ days_from('due_on', 'valid_to') }} as lag_days
    from stretches
    where open_after = 0 and paid_amount > 0 and is_day_unknown is distinct from true
),

lag_sums as (
    select origins.origin, lags.account_id, sum(lags.lag_days) as days, count(*) as debts
    from lags
    inner join origins on lags.valid_to <= origins.origin
    group by origins.origin, lags.account_id
),

mean_lags as (
    select
        origin,
        account_id,
        {{ ratio('days', 'debts') }} as account_mean,
        {{ ratio('sum(days) over (partition by origin)', 'sum(debts) over (partition by origin)') }} as company_mean
    from lag_sums
),

company_lags as (
    select distinct origin, company_mean from mean_lags
),

final as (
    select
        items.invoice_id,
        items.account_id,
        items.instalment_number,
        items.currency,
        items.open_amount,
        coalesce(covered.promised_amount, 0) as promised_amount,
        case
            when covered.promised_amount * 2 >= items.open_amount then 'promise'
            when ages.origin is not null then 'behaviour'
            else 'none'
        end as basis,
        items.lag_at_origin,
        ages.curve_number,
        ages.last_lag,
        ages.survival_at_origin,
        ages.paid_at_origin,
        ages.paid_at_end,
        -- What is expected to be paid at all, of what is open: unknown where nothing tells of what no promise covers.
        case
            when ages.survival_at_origin is not null or covered.promised_amount >= items.open_amount
                then {{ ratio('coalesce(covered.promised_amount, 0)', 'items.open_amount') }}
                    + (1 - {{ ratio('coalesce(covered.promised_amount, 0)', 'items.open_amount') }})
                    * {{ paid_share('ages.paid_at_end', 'ages') }}
        end as paid_share,
        items.issued_on,
        items.due_on,
        covered.promised_for,
        case
            when covered.promised_amount * 2 >= items.open_amount then covered.promised_for
            else {{ plus_days('items.due_on', 'quantiles.median_lag') }}
        end as expected_on,
        case
            when covered.promised_amount * 2 >= items.open_amount then covered.promised_for
            else {{ plus_days('items.due_on', 'quantiles.low_lag') }}
        end as early_on,
        case
            when covered.promised_amount * 2 >= items.open_amount then covered.promised_for
            else {{ plus_days('items.due_on', 'quantiles.high_lag') }}
        end as late_on,
        -- Nobody expects cash before the day after the origin.
        {{ greatest_known('items.due_on', plus_days('items.origin', 1)) }} as due_date_says,
        {{ greatest_known(plus_days(
                'items.due_on', 'round(coalesce(mean_lags.account_mean, company_lags.company_mean, 0))'
            ), plus_days('items.origin', 1)) }} as mean_lag_says,
        settled.settled_on,
        case when settled.is_day_unknown then false else settled.paid_amount > 0 end as is_settled_by_cash,
        items.first_week,
        items.is_as_of,
        items.as_of_date,
        items.origin
    from items
    left join ages
        on items.origin = ages.origin
        and items.account_id = ages.account_id
        and items.lag_at_origin = ages.lag_at_origin
    left join quantiles
        on ages.curve_number = quantiles.curve_number and ages.lag_at_origin = quantiles.lag_at_origin
    left join covered
        on items.origin = covered.origin
        and items.invoice_id = covered.invoice_id
        and items.instalment_number = covered.instalment_number
    left join settled
        on items.origin = settled.origin
        and items.invoice_id = settled.invoice_id
        and items.instalment_number = settled.instalment_number
    left join mean_lags on items.origin = mean_lags.origin and items.account_id = mean_lags.account_id
    left join company_lags on items.origin = company_lags.origin
)

select * from final

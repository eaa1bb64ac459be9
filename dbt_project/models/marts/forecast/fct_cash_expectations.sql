-- Grain: one row per open invoice, instalment and what is expected of it on the as-of date: paid in a week of the horizon,
-- paid later, never (written off or credited), or not foreseen. An item's rows add up to what is open of it (R30).
with items as (
    select * from {{ ref('fct_cash_forecasts') }} where is_as_of
),

curves as (
    select curves.*
    from {{ ref('fct_payment_curves') }} as curves
    inner join {{ ref('int_run_dated') }} as run on curves.origin = run.as_of_date
),

segments as (
    select * from {{ ref('fct_segment_curves') }}
),

settings as (
    {{ forecast_settings() }}
),

weekly as (
    {{ expected_by_week('items', 'curves', 'segments', 'settings') }}
),

within as (
    select invoice_id, instalment_number, sum(rest_expected) as rest_expected
    from weekly
    group by invoice_id, instalment_number
),

-- Shares of what no promise covers, by the end of the curve: paid, and paid or lost. What is left is not foreseen.
shares as (
    select
        items.*,
        items.open_amount - items.promised_amount as unpromised,
        {{ paid_share('items.paid_at_end', 'items') }} as rest_paid_share,
        case
            when items.survival_at_origin is null then 0
            else {{ greatest_known(
                least_known('1 - ends.until_survival / items.survival_at_origin', '1'),
                paid_share('items.paid_at_end', 'items')
            ) }}
        end as rest_foreseen_share,
        items.promised_for >= {{ plus_days('items.first_week', '7 * settings.horizon_weeks') }} as is_promised_later
    from items
    cross join settings
    left join curves as ends on items.curve_number = ends.curve_number and items.last_lag = ends.until_lag
),

sums as (
    select
        shares.*,
        {{ money('unpromised * rest_paid_share') }} as paid_in_all,
        {{ money('unpromised * rest_foreseen_share') }} as foreseen,
        coalesce(within.rest_expected, 0) as rest_within
    from shares
    left join within
        on shares.invoice_id = within.invoice_id and shares.instalment_number = within.instalment_number
),

outcomes as (
    select
        invoice_id,
        instalment_number,
        account_id,
        currency,
        'paid' as outcome,
        week_start,
        open_amount,
        expected_amount,
        promised_amount,
        variance
    from weekly
    where expected_amount <> 0
    union all
    select
        invoice_id,
        instalment_number,
        account_id,
        currency,
        'later',
        cast(null as date),
        open_amount,
        paid_in_all - rest_within + case when is_promised_later then promised_amount else 0 end,
        case when is_promised_later then promised_amount else 0 end,
        cast(null as decimal(38, 4))
    from sums
    union all
    select invoice_id, instalment_number, account_id, currency, 'never', null, open_amount, foreseen - paid_in_all, 0, null
    from sums
    union all
    select invoice_id, instalment_number, account_id, currency, 'unforeseen', null, open_amount, unpromised - foreseen, 0, null
    from sums
)

select
    invoice_id,
    account_id,
    instalment_number,
    currency,
    outcome,
    open_amount,
    {{ money('expected_amount') }} as expected_amount,
    {{ money('promised_amount') }} as promised_amount,
    variance,
    week_start
from outcomes
where expected_amount <> 0

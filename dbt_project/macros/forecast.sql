{#- The settings of the cash forecast (R30) as a query of one row, for a CTE. -#}
{% macro forecast_settings() -%}
select
        cast({{ parameter('forecast_horizon_weeks') }} as integer) as horizon_weeks,
        cast({{ parameter('forecast_earliest_lag_days') }} as integer) as earliest_days,
        cast({{ parameter('forecast_longest_lag_days') }} as integer) as longest_days,
        {{ parameter('forecast_half_life_days') }} as half_life_days,
        {{ parameter('forecast_account_weight') }} as account_weight,
        {{ parameter('forecast_segment_weight') }} as segment_weight,
        {{ parameter('forecast_low_quantile') }} as low_quantile,
        {{ parameter('forecast_high_quantile') }} as high_quantile,
        {{ parameter('forecast_band_deviations') }} as band_deviations,
        {{ parameter('forecast_promise_share') }} as promise_share
{%- endmacro %}

{#- The share of what is open before a day of lag that goes on it: own counts and the wider group's rate, which weighs as
    `weight` invoices would that had begun with its history and lived on as that group's do. Nobody left: no rate. -#}
{% macro shrunk_rate(counted, at_risk, weight, survival_before, rate) -%}
case
            when {{ at_risk }} + {{ weight }} * {{ survival_before }} > 0.000001
                then ({{ counted }} + {{ weight }} * {{ survival_before }} * {{ rate }})
                    / ({{ at_risk }} + {{ weight }} * {{ survival_before }})
            else 0
        end
{%- endmacro %}

{#- What is still open after each day of lag, of what was before the first: the product of what each day leaves. -#}
{% macro survival_of(keys) -%}
exp(sum(ln({{ greatest_known(
    '1 - paid_rate - lost_rate', '0.000000001'
) }})) over (partition by {{ keys }} order by lag_days))
{%- endmacro %}

{#- What is open before a day of lag, from what is open after it. -#}
{% macro survival_before() -%}
survival / {{ greatest_known('1 - paid_rate - lost_rate', '0.000000001') }}
{%- endmacro %}

{#- What a curve says on a lag within one of its steps (rows of fct_payment_curves): where nothing happens to the account's own
    debts, it goes as the segment's does (`wider`, rows of fct_segment_curves), as far as it leans on that. -#}
{% macro paid_on(step, wider) -%}
round({{ step }}.paid + {{ step }}.leaning * (
            case when {{ step }}.at_risk > 0 then {{ wider }}.paid else {{ wider }}.followed_paid end - {{ step }}.wider_paid
        ), 12)
{%- endmacro %}

{% macro survival_on(step, wider) -%}
round({{ step }}.survival - {{ step }}.leaning * ({{ step }}.wider_survival
            - case when {{ step }}.at_risk > 0 then {{ wider }}.survival else {{ wider }}.followed_survival end
        ), 12)
{%- endmacro %}

{#- Below this nobody who was open so long is known: what is left is not foreseen. -#}
{% macro least_survival() -%} 0.000001 {%- endmacro %}

{#- The share of what is open of `item` at the origin that is paid once its account's curve has paid `paid`; 0 where
    nothing is foreseen. `least` and `greatest` pass over a NULL, so that it has to be asked for. -#}
{% macro paid_share(paid, item) -%}
case
                    when {{ item }}.survival_at_origin is null then 0
                    else {{ least_known(
                        greatest_known(
                            paid ~ ' - ' ~ item ~ '.paid_at_origin', '0'
                        ) ~ ' / ' ~ item ~ '.survival_at_origin',
                        '1'
                    ) }}
                end
{%- endmacro %}

{#- A query of what is expected of each open item of `items` (rows of fct_cash_forecasts), whose curves lean on `wider`, by the end of each week of the
    horizon: origin, invoice_id, instalment_number, account_id, currency, week_start, open_amount, rest_expected, promised_amount,
    expected_amount (the two before it) and variance. `rest` is what no promise covers: week j expects rest × (paid by its end − paid by its beginning) ÷ open at the
    origin, all of the account's curve. What is expected by two week ends is rounded, not what lies between, so that the
    weeks of an item add up. -#}
{% macro expected_by_week(items, curves, wider, settings) -%}
select
        origin,
        invoice_id,
        instalment_number,
        account_id,
        currency,
        week_start,
        open_amount,
        {{ money('rest_by_then - rest_before') }} as rest_expected,
        {{ money('case when promised_week = week_start then promised_amount else 0 end') }} as promised_amount,
        {{ money('rest_by_then - rest_before + case when promised_week = week_start then promised_amount else 0 end') }}
            as expected_amount,
        cast(
            cast(rest_amount as double) * rest_amount * (share_by_then - share_before)
            * (1 - (share_by_then - share_before))
            as decimal(38, 4)
        ) as variance
    from (
        select
            *,
            lag(share_by_then, 1, 0) over (partition by item_number order by week_number) as share_before,
            lag(rest_by_then, 1, 0) over (partition by item_number order by week_number) as rest_before
        from (
            select
                weekly.*,
                {{ paid_share('weekly.paid', 'weekly') }} as share_by_then,
                {{ money('weekly.rest_amount * ' ~ paid_share('weekly.paid', 'weekly')) }} as rest_by_then
            from (
                select weekly.*, {{ paid_on('curves', 'wider') }} as paid
                from (
                    select
                        items.item_number,
                        items.curve_number,
                        items.origin,
                        items.invoice_id,
                        items.instalment_number,
                        items.account_id,
                        items.currency,
                        items.open_amount,
                        items.promised_amount,
                        items.open_amount - items.promised_amount as rest_amount,
                        items.survival_at_origin,
                        items.paid_at_origin,
                        cast(date_trunc('week', items.promised_for) as date) as promised_week,
                        weeks.week_number,
                        {{ plus_days('items.first_week', '7 * weeks.week_number') }} as week_start,
                        cast({{ least_known(
                            greatest_known(
                                days_from('items.due_on', plus_days('items.first_week', '7 * weeks.week_number + 6')),
                                'items.lag_at_origin'
                            ),
                            'items.last_lag'
                        ) }} as integer) as lag_days
                    from (
                        -- A number stands for an item: what follows sorts by it.
                        select *, row_number() over (order by origin, invoice_id, instalment_number) as item_number
                        from {{ items }}
                    ) as items
                    cross join {{ settings }} as settings
                    inner join (select cast(number as integer) as week_number from range(520) as numbers (number)) as weeks
                        on weeks.week_number < settings.horizon_weeks
                ) as weekly
                left join {{ curves }} as curves
                    on weekly.curve_number = curves.curve_number
                    and weekly.lag_days between curves.lag_days and curves.until_lag
                left join {{ wider }} as wider
                    on curves.origin = wider.origin
                    and curves.segment = wider.segment
                    and weekly.lag_days = wider.lag_days
            ) as weekly
        ) as shared
    ) as stepped
{%- endmacro %}

{#- The low and the high edge of a sum of expected amounts: so many standard deviations from it, as if each invoice were
    paid or not independently of the others; never below what is promised, never beyond what is open. Over grouped rows of
    fct_cash_expectations. -#}
{% macro forecast_low(deviations) -%}
{{ money_sum(greatest_known(
    'sum(promised_amount)',
    'sum(expected_amount) - cast(' ~ deviations ~ ' * sqrt(cast(sum(variance) as double)) as decimal(38, 4))'
)) }}
{%- endmacro %}

{% macro forecast_high(deviations) -%}
{{ money_sum(least_known(
    'sum(open_amount)',
    'sum(expected_amount) + cast(' ~ deviations ~ ' * sqrt(cast(sum(variance) as double)) as decimal(38, 4))'
)) }}
{%- endmacro %}

{#- A sum of money. -#}
{% macro money_sum(expression) -%}
cast({{ expression }} as decimal(38, 4))
{%- endmacro %}

{#- Months as whole numbers, so that they can be subtracted. -#}
{% macro month_number(day) -%}
cast(extract(year from {{ day }}) * 12 + extract(month from {{ day }}) as integer)
{%- endmacro %}

{#- What an earlier amount in a currency would be today, in the base currency: at the rate at which the later amount was
    converted, or the month end's where there is none. Equal amounts are equal, whatever the rate did. NULL where the
    later amount has no rate at all: the two can't be compared. `parts` are the absolute amounts that have a rate. -#}
{% macro restated(earlier, later, later_base, parts, parts_base, month_end_rate) -%}
case
            when {{ earlier }} = 0 then 0
            when {{ later }} <> 0 and {{ parts }} = 0 then null
            when {{ earlier }} = {{ later }} then {{ later_base }}
            when {{ parts }} > 0 then {{ money(
                'cast(' ~ earlier ~ ' as double) * cast(' ~ parts_base ~ ' as double) / cast(' ~ parts ~ ' as double)'
            ) }}
            else {{ money(earlier ~ ' * ' ~ month_end_rate) }}
        end
{%- endmacro %}

{#- What an account's invoices net of tax, less credit notes, came to in the trailing 12 months of the as-of date, and
    how many amounts in them have no rate: the one reading of it. CTE body; `run` is int_run_dated. -#}
{% macro revenue_of_12_months(run) -%}
select
        account_revenue.account_id,
        account_revenue.year_revenue as revenue_12m,
        account_revenue.year_missing_rate_count as missing_rate_count
    from {{ ref('fct_account_revenue') }} as account_revenue
    inner join {{ run }} on account_revenue.month = {{ run }}.as_of_month
    where account_revenue.basis = 'invoiced'
{%- endmacro %}

{#- V3: what became of an account between two amounts, both above zero or zero. -#}
{% macro movement(opening, closing, is_returning) -%}
case
        when {{ opening }} > 0 and {{ closing }} > {{ opening }} then 'expansion'
        when {{ opening }} > 0 and {{ closing }} = {{ opening }} then 'unchanged'
        when {{ opening }} > 0 and {{ closing }} > 0 then 'contraction'
        when {{ opening }} > 0 then 'churned'
        when {{ closing }} > 0 and {{ is_returning }} then 'reactivated'
        when {{ closing }} > 0 then 'new'
    end
{%- endmacro %}

{#- A total of accounts' revenue: what is known of it, and unknown where nothing is (`known_amount`). -#}
{% macro known_revenue(total, unknown) -%}
{{ money_sum(known_amount(total, unknown)) }}
{%- endmacro %}

{#- V3 added up over accounts: the money of each movement between `opening` and `closing`, columns with a `suffix`. -#}
{% macro movement_sums(opening, closing, movement, unknown, suffix='') -%}
{%- for kind, sign in {'new': 1, 'expansion': 1, 'contraction': -1, 'churned': -1, 'reactivated': 1}.items() %}
        {{ known_revenue('sum(' ~ (closing ~ ' - ' ~ opening if sign == 1 else opening ~ ' - ' ~ closing)
            ~ ") filter (where " ~ movement ~ " = '" ~ kind ~ "')", unknown) }} as {{ kind }}{{ suffix }},
{%- endfor %}
{%- endmacro %}

{#- The month in which history begins, of rows of fct_account_revenue: that of the first amount. A subscription without a
    first day may run in any month, and is worth nothing that is known in all of them. -#}
{% macro first_month_of_revenue() -%}
coalesce(min(month) filter (where basis <> 'mrr' or revenue <> 0 or missing_rate_count > 0), min(month))
{%- endmacro %}

{#- The sums of rows of fct_account_revenue that V4 to V9 and V13 are made of. What moved is unknown where an amount has no
    rate (`missing`), what there is where one of its own has none, or no price (`unknown`): of customers, as what names
    none is in no share, known or not. -#}
{% macro retention_sums() -%}
{%- set named = ' filter (where is_named)' -%}
{%- set missing, unknown = 'sum(missing_rate_count)' ~ named, 'sum(unknown_count)' ~ named -%}
{%- set year_missing, year_unknown = 'sum(year_missing_count)' ~ named, 'sum(year_unknown_count)' ~ named -%}
{{ known_revenue('sum(opening_revenue)', 'sum(missing_rate_count + unpriced_count)' ~ named) }} as opening_revenue,
        {{- movement_sums('opening_revenue', 'closing_revenue', 'movement', missing) }}
        {{ known_revenue('sum(closing_revenue)', unknown) }} as closing_revenue,
        {{ known_revenue('sum(currency_effect)', missing) }} as currency_effect,
        {{ known_revenue('sum(closing_revenue - revenue)' ~ named, unknown) }} as negative_revenue,
        {{ known_revenue(
            'sum(revenue) filter (where not is_named)', 'sum(unknown_count) filter (where not is_named)'
        ) }} as unnamed_revenue,
        {{ known_revenue('sum(revenue)', 'sum(unknown_count)') }} as net_revenue,
        {{ known_amount('count(*) filter (where opening_revenue > 0)', missing) }} as opening_accounts,
        {{ known_amount("count(*) filter (where movement = 'new')", missing) }} as new_accounts,
        {{ known_amount("count(*) filter (where movement = 'reactivated')", missing) }} as reactivated_accounts,
        {{ known_amount("count(*) filter (where movement = 'churned')", missing) }} as churned_accounts,
        {{ known_amount('count(*) filter (where closing_revenue > 0)', unknown) }} as closing_accounts,
        {{ known_revenue('sum(year_opening_revenue)', 'sum(year_missing_count + year_unknown_count)' ~ named) }} as opening_revenue_12m,
        {{- movement_sums('year_opening_revenue', 'year_closing_revenue', 'year_movement', year_missing, '_12m') }}
        {{ known_revenue('sum(year_closing_revenue)', year_unknown) }} as closing_revenue_12m,
        count(*) filter (where year_opening_revenue > 0) as opening_accounts_12m,
        count(*) filter (where year_movement = 'churned') as churned_accounts_12m,
        count(*) filter (where not is_contract and opening_invoice_status = 'active') as noncontract_accounts,
        count(*) filter (
            where not is_contract and opening_invoice_status = 'active' and invoice_status <> 'active'
        ) as noncontract_churned,
        count(*) filter (where is_named and invoices_12m >= 1) as buying_accounts_12m,
        count(*) filter (where is_named and invoices_12m >= 2) as repeat_accounts_12m,
        coalesce(sum(missing_rate_count), 0) as missing_rate_count,
        coalesce(sum(unpriced_count), 0) as unpriced_count,
        coalesce(sum(year_missing_count), 0) as missing_rate_count_12m,
        coalesce({{ missing }}, 0) as named_missing_rate_count,
        coalesce({{ year_missing }}, 0) as named_missing_rate_count_12m
{%- endmacro %}

{#- V4 to V9 and V13 of `retention_sums`, as columns of the relation `sums`. Twelve months back something must be known:
    `has_year` says so. What the MRR basis doesn't know is NULL, and so is a share of which a part has
    no rate. What has no price is in no share, and counted (`unpriced_count`). -#}
{% macro retention_ratios(sums, has_year) -%}
{%- set is_known = sums ~ '.named_missing_rate_count = 0' -%}
{%- set is_year_known = has_year ~ ' and ' ~ sums ~ '.named_missing_rate_count_12m = 0' -%}
case when {{ is_known }} then {{ ratio(sums ~ '.opening_revenue + ' ~ sums ~ '.expansion - ' ~ sums ~ '.contraction - ' ~ sums ~ '.churned',
        sums ~ '.opening_revenue') }} end as nrr,
    case when {{ is_known }} then {{ ratio(sums ~ '.opening_revenue - ' ~ sums ~ '.contraction - ' ~ sums ~ '.churned',
        sums ~ '.opening_revenue') }} end as grr,
    case when {{ is_known }} then {{ ratio(sums ~ '.churned_accounts', sums ~ '.opening_accounts') }} end as logo_churn,
    case when {{ is_known }} then {{ ratio(sums ~ '.churned + ' ~ sums ~ '.contraction - ' ~ sums ~ '.expansion - ' ~ sums ~ '.reactivated',
        sums ~ '.opening_revenue') }} end as net_churn,
    case when {{ is_known }} then {{ ratio(sums ~ '.new + ' ~ sums ~ '.expansion', sums ~ '.contraction + ' ~ sums ~ '.churned') }} end as quick_ratio,
    case when {{ is_year_known }} then {{ ratio(
        sums ~ '.opening_revenue_12m + ' ~ sums ~ '.expansion_12m - ' ~ sums ~ '.contraction_12m - '
        ~ sums ~ '.churned_12m', sums ~ '.opening_revenue_12m') }} end as nrr_12m,
    case when {{ is_year_known }} then {{ ratio(
        sums ~ '.opening_revenue_12m - ' ~ sums ~ '.contraction_12m - ' ~ sums ~ '.churned_12m',
        sums ~ '.opening_revenue_12m') }} end as grr_12m,
    case when {{ is_year_known }} then {{ ratio(
        sums ~ '.churned_accounts_12m', sums ~ '.opening_accounts_12m') }} end as logo_churn_12m,
    case when {{ sums }}.basis = 'invoiced' then {{ sums }}.noncontract_accounts end as noncontract_accounts,
    case when {{ sums }}.basis = 'invoiced' then {{ sums }}.noncontract_churned end as noncontract_churned,
    case when {{ sums }}.basis = 'invoiced' then {{ ratio(
        sums ~ '.noncontract_churned', sums ~ '.noncontract_accounts') }} end as noncontract_churn,
    case when {{ sums }}.basis = 'invoiced' then {{ ratio(
        sums ~ '.repeat_accounts_12m', sums ~ '.buying_accounts_12m') }} end as repeat_purchase_ratio
{%- endmacro %}

-- Grain: one row per scheme and account: its class in the newest quarter, from the grid of seed classification_schemes or by a
-- person (D5, D8). An account one of whose measures is not known has no class.
{%- set measures = [
    'revenue_share', 'fit_share', 'criteria_share', 'attractiveness_share', 'strength_share', 'stage_rank', 'buying_centres',
    'decision_maker_contacts', 'contracts', 'contracts_in_force', 'product_breadth', 'open_deals', 'on_time_share',
    'margin_share', 'revenue_growth', 'tenure_years', 'two_way_contacts_12m',
] %}
{%- set scored = ['fit_share', 'criteria_share', 'attractiveness_share', 'strength_share'] %}
with quarters as (
    select * from {{ ref('fct_key_account_quarters') }}
),

evidence as (
    select * from {{ ref('fct_account_quarters') }}
),

cells as (
    select * from {{ ref('classification_schemes') }}
),

given as (
    select *
    from {{ ref('stg_lists__account_classifications') }}
    qualify row_number() over (partition by account_id, scheme order by classified_on desc nulls last, class) = 1
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

newest as (
    select max(quarter) as quarter from quarters
),

schemes as (
    select distinct scheme, scheme_name, x_measure, x_label, y_measure, y_label from cells
),

placed as (
    select
        quarters.account_id,
        quarters.quarter,
        schemes.*,
        {%- for axis in ['x', 'y'] %}
        case schemes.{{ axis }}_measure
            {%- for measure in measures %}
            when '{{ measure }}' then cast({{ 'quarters' if measure in scored else 'evidence' }}.{{ measure }} as double)
            {%- endfor %}
        end as {{ axis }}_value{{ ',' if not loop.last }}
        {%- endfor %}
    from quarters
    inner join newest on quarters.quarter = newest.quarter
    inner join evidence on quarters.quarter = evidence.quarter and quarters.account_id = evidence.account_id
    cross join schemes
),

fitted as (
    select placed.account_id, placed.scheme, cells.class, cells.action, cells.origin
    from placed
    inner join cells
        on placed.scheme = cells.scheme
        and coalesce(placed.x_value >= cells.x_min, placed.x_value is not null and cells.x_min is null)
        and coalesce(placed.y_value >= cells.y_min, placed.y_value is not null and cells.y_min is null)
    qualify row_number() over (
        partition by placed.account_id, placed.scheme
        order by cells.x_min desc nulls last, cells.y_min desc nulls last
    ) = 1
),

keys as (
    select account_id, scheme from placed
    union
    select given.account_id, given.scheme
    from given
    inner join accounts on given.account_id = accounts.account_id
)

select
    keys.account_id,
    accounts.account_name,
    keys.scheme,
    coalesce(placed.scheme_name, keys.scheme) as scheme_name,
    coalesce(given.class, fitted.class) as class,
    case when given.class is not null then given.action else fitted.action end as action,
    case when given.class is not null then 'given' when fitted.class is not null then 'grid' end as basis,
    placed.x_label,
    placed.y_label,
    placed.x_value,
    placed.y_value,
    coalesce(given.note, fitted.origin) as origin,
    newest.quarter,
    given.classified_on
from keys
cross join newest
left join accounts on keys.account_id = accounts.account_id
left join placed on keys.account_id = placed.account_id and keys.scheme = placed.scheme
left join fitted on keys.account_id = fitted.account_id and keys.scheme = fitted.scheme
left join given on keys.account_id = given.account_id and keys.scheme = given.scheme

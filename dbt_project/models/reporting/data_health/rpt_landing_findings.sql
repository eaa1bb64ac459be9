-- Grain: one row per finding about an export file, or about an id in one of your own lists (`<home>/lists/`) that nothing
-- has: such a row has no effect, and says so here.
{%- set named = [
    ('account_classifications', 'account_id', 'accounts'),
    ('account_plans', 'account_id', 'accounts'),
    ('account_startup_answers', 'account_id', 'accounts'),
    ('key_account_decisions', 'account_id', 'accounts'),
    ('key_account_ratings', 'account_id', 'accounts'),
    ('key_account_ratings', 'criterion', 'criteria'),
    ('product_eligibility', 'product_id', 'products'),
    ('specific_provisions', 'account_id', 'accounts'),
    ('specific_provisions', 'invoice_id', 'invoices'),
] %}
with landing as (
    select * from {{ ref('fct_landing_findings') }}
),

accounts as (
    select account_id as id from {{ ref('dim_accounts') }}
),

criteria as (
    select criterion as id from {{ ref('key_account_criteria') }}
),

products as (
    select product_id as id from {{ ref('dim_products') }}
),

invoices as (
    select invoice_id as id from {{ ref('fct_invoices') }}
),

listed as (
    {%- for list, column, known in named %}
    select
        listed._file as file,
        listed._row as line,
        '{{ column }}' as column_name,
        cast(listed.{{ column }} as varchar) as id
    from {{ ref('stg_lists__' ~ list) }} as listed
    where listed.{{ column }} is not null
        and not exists (select 1 from {{ known }} where {{ known }}.id = cast(listed.{{ column }} as varchar))
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    file_sha256,
    file,
    part,
    severity,
    code,
    {% for fact in finding_fact_types() %}{{ fact }}{{ ', ' if not loop.last }}{% endfor %}
from landing
union all
select
    cast(null as varchar),
    file,
    cast(null as varchar),
    'note',
    'unknown_id',
    {{ finding_facts({'column_name': 'column_name', 'name': 'id', 'line': 'min(line)', 'row_count': 'count(*)'}) }}
from listed
group by file, column_name, id

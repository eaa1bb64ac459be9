-- Grain: one row per finding about an export file, about two call systems that report the same calls, or about an id in one of
-- your own lists (`<home>/lists/`) that nothing has: such a row has no effect, and says so here. So does a source of which
-- nothing is known on the other side (fct_reach).
{%- set named = [
    ('account_classifications', 'account_id', 'accounts'),
    ('account_plans', 'account_id', 'accounts'),
    ('account_startup_answers', 'account_id', 'accounts'),
    ('commission_closings', 'employee_id', 'employees'),
    ('commission_plans', 'employee_id', 'employees'),
    ('commission_plans', 'product_id', 'products'),
    ('commission_shares', 'deal_id', 'deals'),
    ('commission_shares', 'employee_id', 'employees'),
    ('key_account_decisions', 'account_id', 'accounts'),
    ('key_account_ratings', 'account_id', 'accounts'),
    ('key_account_ratings', 'criterion', 'criteria'),
    ('product_eligibility', 'product_id', 'products'),
    ('risk_flags', 'account_id', 'accounts'),
    ('specific_provisions', 'account_id', 'accounts'),
    ('specific_provisions', 'invoice_id', 'invoices'),
    ('survey_answers', 'account_id', 'accounts'),
    ('work_reports', 'employee_id', 'employees'),
    ('working_times', 'employee_id', 'employees'),
] %}
with landing as (
    select * from {{ ref('fct_landing_findings') }}
),

accounts as (
    select account_id as id from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id as id from {{ ref('dim_employees') }}
),

criteria as (
    select criterion as id from {{ ref('key_account_criteria') }}
),

products as (
    select product_id as id from {{ ref('dim_products') }}
),

deals as (
    select deal_id as id from {{ ref('fct_deals') }}
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
),

-- One call that a tracker and the exchange behind it both report stands twice in every count of calls. Of one system
-- nothing is sorted.
followed as (
    select
        system,
        _file,
        _file_sha256,
        started_at,
        started_on,
        lag(system) over (partition by client_key, direction order by started_at, conversation_id) as earlier_system,
        lag(started_at) over (partition by client_key, direction order by started_at, conversation_id) as earlier_started_at
    from {{ ref('fct_calls') }}
    where client_key is not null and started_at is not null
        and (select count(distinct system) from {{ ref('fct_calls') }}) > 1
),

doubled as (
    select
        *,
        case when earlier_system < system then earlier_system || ', ' || system else system || ', ' || earlier_system end
            as systems
    from followed
    where earlier_system <> system
        and {{ exact_seconds_between('earlier_started_at', 'started_at') }} <= {{ parameter('same_call_seconds') }}
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
union all
select
    max(_file_sha256),
    max(_file),
    cast(null as varchar),
    'note',
    'calls_twice',
    {{ finding_facts({
        'said': 'systems', 'row_count': 'count(*)', 'first_on': 'min(started_on)', 'last_on': 'max(started_on)'
    }) }}
from doubled
group by systems
union all
select
    cast(null as varchar),
    {{ first_by('_file', '_row') }},
    cast(null as varchar),
    'note',
    'shares_not_one',
    {{ finding_facts({'name': 'deal_id', 'said': 'cast(sum(share) as varchar)', 'line': 'min(_row)', 'row_count': 'count(*)'}) }}
from {{ ref('stg_lists__commission_shares') }}
group by deal_id
having sum(share) <> 1
union all
select
    _file_sha256,
    _file,
    cast(null as varchar),
    'note',
    case proof
        when 'calls' then 'calls_reach_none'
        when 'rows' then 'rows_reach_none'
        when 'companies' then 'companies_meet_none'
        else 'people_meet_none'
    end,
    {{ finding_facts({
        'contract': 'contract', 'entity': 'entity', 'name': 'coalesce(system, calling_code)', 'row_count': 'things',
        'other_count': 'reached', 'limit_count': 'others'
    }) }}
from {{ ref('fct_reach') }}
where is_fallen

-- The provision matrix covers what is open, bucket by bucket, in every month and currency, and the part that no rate is
-- known for is told; a provision lies between nothing and all of it (a specific rate above 1 is a typing error).
{{ config(meta={'dagster': {'ref': {'name': 'fct_receivable_provisions'}}}) }}

with run as (
    select * from {{ ref('int_run_dated') }}
),

provisions as (
    select as_of_date, currency, bucket, open_amount, specific_open_amount, unprovided_amount, provision
    from {{ ref('fct_receivable_provisions') }}
),

balances as (
    select balances.*
    from {{ ref('fct_receivable_balances') }} as balances
    cross join run
    where balances.open_amount > 0
        and (
            balances.as_of_date = run.as_of_date
            or balances.as_of_date = {{ month_end_of('balances.as_of_date') }}
        )
),

opened as (
    {%- for bucket in aging_buckets() %}
    select as_of_date, currency, '{{ bucket[0] }}' as bucket, sum({{ bucket[0] }}) as open_amount
    from balances
    group by as_of_date, currency
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

summed as (
    select as_of_date, currency, bucket, sum(open_amount) as open_amount
    from provisions
    group by as_of_date, currency, bucket
)

select
    coalesce(opened.as_of_date, summed.as_of_date) as as_of_date,
    coalesce(opened.currency, summed.currency) as currency,
    coalesce(opened.bucket, summed.bucket) as bucket,
    opened.open_amount,
    summed.open_amount as provided_for
from opened
full join summed
    on opened.as_of_date = summed.as_of_date and opened.currency = summed.currency and opened.bucket = summed.bucket
where coalesce(opened.open_amount, 0) <> coalesce(summed.open_amount, 0)
union all
select as_of_date, currency, bucket, open_amount, provision
from provisions
where provision < 0
    or provision > open_amount - unprovided_amount + 0.0001
    or specific_open_amount + unprovided_amount > open_amount
    or (provision is null and unprovided_amount <> open_amount)

-- Each score is what its measures contribute (V18), but for its rounding to two decimals.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_account_health'}}}) }}

with contributed as (
    select week_start, account_id, sum(contribution) as contribution
    from {{ ref('rpt_account_health_measures') }}
    group by week_start, account_id
)

select health.week_start, health.account_id, health.score, contributed.contribution
from {{ ref('rpt_account_health') }} as health
left join contributed on health.week_start = contributed.week_start and health.account_id = contributed.account_id
where health.has_measures and health.score is not null
    and (contributed.contribution is null or abs(health.score - contributed.contribution) > 0.006)

-- Blocks publishing: each model of attribution gives away every dated deal, all that was invoiced, all cash that was applied
-- and all that was written off, once and no more: what has no touch and what has no account stand in rows of their own.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_call_attribution'}}}) }}

with models as (
    select model from (values ('first'), ('last'), ('last_non_direct'), ('linear')) as models (model)
),

given as (
    select
        model,
        sum(deals) as deals,
        {{ known_total('won_amount', '0') }} as won_amount,
        {{ known_total('invoiced', '0') }} as invoiced,
        {{ known_total('cash_applied', '0') }} as cash_applied,
        {{ known_total('written_off', '0') }} as written_off
    from {{ ref('rpt_call_attribution') }}
    group by model
),

deals as (
    select
        count(*) as deals,
        coalesce(sum(amount_base) filter (where status = 'won'), 0) as won_amount
    from {{ ref('fct_deals') }}
    where coalesce(created_on, closed_on) is not null
),

ledger as (
    select
        coalesce(sum(amount_base) filter (where event_type in ('invoice', 'debit_note', 'credit_note')), 0) as invoiced,
        coalesce(sum(-amount_base) filter (where event_type in ('write_off', 'recovery')), 0) as written_off,
        coalesce(
            sum(-amount_base) filter (
                where event_type not in ('invoice', 'debit_note', 'credit_note', 'write_off', 'recovery')
            ),
            0
        ) as cash_applied
    from {{ ref('fct_receivable_events') }}
)

select
    models.model,
    given.deals,
    deals.deals as all_deals,
    given.cash_applied,
    ledger.cash_applied as all_cash
from models
cross join deals
cross join ledger
left join given on models.model = given.model
where coalesce(given.deals, 0) <> deals.deals
    or coalesce(given.won_amount, 0) <> deals.won_amount
    or coalesce(given.invoiced, 0) <> ledger.invoiced
    or coalesce(given.cash_applied, 0) <> ledger.cash_applied
    or coalesce(given.written_off, 0) <> ledger.written_off

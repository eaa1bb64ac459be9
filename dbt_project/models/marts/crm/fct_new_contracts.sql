-- Grain: one row per account that was won as a new customer (A4): it had neither won a deal nor had an invoice before. Of two
-- deals won on the same first day one is the new contract.
with won as (
    select *
    from {{ ref('fct_deals') }}
    where status = 'won' and account_id is not null and closed_on is not null
    qualify row_number() over (partition by account_id order by closed_on, closed_at, deal_id) = 1
),

states as (
    select * from {{ ref('fct_account_states') }}
)

select
    won.account_id,
    won.deal_id,
    won.owner_id as employee_id,
    won.name,
    won.closed_on,
    {{ month_of('won.closed_on') }} as month,
    won._source,
    won._file,
    won._file_sha256,
    won._row
from won
left join states on won.account_id = states.account_id
where coalesce(states.first_invoice_on, won.closed_on) >= won.closed_on

-- Grain: one row per won deal and person who has a share in it (P21): what it accrued, what its cash has made payable so far, and
-- what waits on cash: the commission that becomes payable once all that is left of its invoices is paid.
with run as (
    select * from {{ ref('int_run_dated') }}
),

deals as (
    select * from {{ ref('fct_commission_deals') }}
),

cash as (
    select
        deal_id,
        {{ last_by('earned', 'step') }} as earned,
        {{ last_by('billed', 'step') }} as billed
    from {{ ref('fct_deal_cash') }}
    group by deal_id
),

-- Where no invoice names a deal, nobody knows which cash is whose.
linking as (
    select count(*) > 0 as are_invoices_linked from {{ ref('fct_deal_cash') }}
),

lines as (
    select
        deal_id,
        employee_id,
        case when count(*) filter (where ledger = 'accrued' and amount is null) = 0
            then coalesce(sum(amount) filter (where ledger = 'accrued'), 0) end as accrued,
        case when count(*) filter (where ledger <> 'accrued' and amount is null) = 0
            then coalesce(sum(amount) filter (where ledger <> 'accrued'), 0) end as payable
    from {{ ref('fct_commission_lines') }}
    where deal_id is not null
    group by deal_id, employee_id
),

owed as (
    select
        deals.*,
        lines.accrued,
        -- Where cash has earned nothing, nothing is payable, whatever the rate is.
        case when linking.are_invoices_linked then case when cash.deal_id is null or cash.earned = 0 then 0 else lines.payable end end as payable,
        case when linking.are_invoices_linked then case when cash.deal_id is null then 0 else cash.billed end end as billed,
        case when linking.are_invoices_linked then case when cash.deal_id is null then 0 else cash.earned end end as earned,
        linking.are_invoices_linked
    from deals
    cross join linking
    inner join lines on deals.deal_id = lines.deal_id and deals.employee_id = lines.employee_id
    left join cash on deals.deal_id = cash.deal_id
),

-- A deal without an invoice waits on nobody's cash, whatever its rate is.
waited as (
    select
        *,
        case
            when billed = 0 then 0
            else cast(cast(billed as decimal(26, 4)) * rate * share as decimal(18, 2)) - payable
        end as waiting
    from owed
)

select
    waited.deal_id,
    waited.employee_id,
    employees.full_name as employee_name,
    employees.team,
    waited.account_id,
    accounts.account_name,
    waited.deal_name,
    run.base_currency,
    waited.won_on,
    cast(waited.won_amount as decimal(18, 4)) as won_amount,
    cast(waited.billed as decimal(18, 4)) as billed_amount,
    cast(waited.earned as decimal(18, 4)) as earned_amount,
    waited.share,
    waited.rate,
    cast(waited.accrued as decimal(18, 2)) as accrued,
    cast(waited.payable as decimal(18, 2)) as payable,
    cast(waited.waiting as decimal(18, 2)) as waiting,
    case
        when waited.accrued is null or (waited.are_invoices_linked and (waited.payable is null or waited.waiting is null)) then 1
        else 0
    end as missing_rate_count,
    concat_ws(' ', waited.plan, cast(waited.plan_valid_from as varchar)) as plan_version,
    waited._file,
    waited._row
from waited
cross join run
left join {{ ref('dim_employees') }} as employees on waited.employee_id = employees.employee_id
left join {{ ref('dim_accounts') }} as accounts on waited.account_id = accounts.account_id

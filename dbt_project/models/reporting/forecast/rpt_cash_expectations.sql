-- Grain: one row per open invoice, instalment and what is expected of it: paid in a week, later, never or not foreseen.
-- The rows behind rpt_cash_forecast; an invoice's rows add up to what is open of it (R30).
{{ config(materialized='held_view') }}

with expectations as (
    select * from {{ ref('fct_cash_expectations') }}
),

forecasts as (
    select * from {{ ref('fct_cash_forecasts') }} where is_as_of
),

invoices as (
    select invoice_id, invoice_number, _file, _row from {{ ref('fct_invoices') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
)

select
    expectations.invoice_id,
    invoices.invoice_number,
    cast(expectations.instalment_number as bigint) as instalment_number,
    expectations.account_id,
    accounts.account_name,
    accounts.owner_id,
    expectations.currency,
    cast(expectations.outcome as varchar) as outcome,
    cast(forecasts.basis as varchar) as basis,
    cast(forecasts.lag_at_origin as bigint) as days_overdue,
    expectations.open_amount,
    expectations.expected_amount,
    expectations.promised_amount,
    forecasts.paid_share,
    expectations.week_start,
    forecasts.due_on,
    forecasts.promised_for,
    -- A debt that is likelier not to be paid has no day on which to expect it; one that is promised for the most part has.
    case when forecasts.basis = 'promise' or forecasts.paid_share >= 0.5 then forecasts.expected_on end as expected_on,
    case when forecasts.basis = 'promise' or forecasts.paid_share >= 0.5 then forecasts.early_on end as early_on,
    case when forecasts.basis = 'promise' or forecasts.paid_share >= 0.5 then forecasts.late_on end as late_on,
    forecasts.as_of_date,
    invoices._file,
    invoices._row
from expectations
inner join forecasts
    on expectations.invoice_id = forecasts.invoice_id
    and expectations.instalment_number = forecasts.instalment_number
left join invoices on expectations.invoice_id = invoices.invoice_id
left join accounts on expectations.account_id = accounts.account_id

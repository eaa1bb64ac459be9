-- What the page Cash forecast reads, on top of reporting.sql: each open invoice of it, parted into two weeks, later,
-- never and not foreseen, its weeks added up, and a test from three month ends.
create table reporting.rpt_cash_expectations as
with numbered as (
    select *, row_number() over (order by invoice_id, instalment_number) as number from reporting.rpt_open_invoices
),

shared as (
    select numbered.*, parts.*
    from numbered, (values
        ('paid', 0, 0.4), ('paid', 1, 0.2), ('later', null, 0.2), ('never', null, 0.1)
    ) as parts(outcome, week, share)
),

parted as (
    select *, cast(round(open_amount * share, 2) as decimal(18, 4)) as part from shared
    union all
    select
        *, 'unforeseen', null, null,
        cast(open_amount - round(open_amount * 0.4, 2) - 2 * round(open_amount * 0.2, 2) - round(open_amount * 0.1, 2)
            as decimal(18, 4))
    from numbered
)

select
    invoice_id, invoice_number, cast(instalment_number as bigint) as instalment_number, account_id, account_name,
    currency, outcome, case when number % 9 = 0 then 'promise' else 'behaviour' end as basis, days_overdue, open_amount,
    part as expected_amount,
    cast(case when number % 9 = 0 and week = 0 then part else 0 end as decimal(18, 4)) as promised_amount,
    case when number % 7 = 0 then 0.3::double else 0.8::double end as paid_share,
    cast(date '2026-11-16' + to_days(7 * (week + number % 3)::int) as date) as week_start, due_on,
    case when number % 9 = 0 then date '2026-11-25' end as promised_for,
    case when number % 7 <> 0 then date '2026-11-27' end as expected_on,
    case when number % 7 <> 0 then date '2026-11-22' end as early_on,
    case when number % 7 <> 0 then date '2026-12-19' end as late_on, date '2026-11-20' as as_of_date, _file, _row
from parted;

create or replace table reporting.rpt_cash_forecast as
select
    account_id, max(account_name) as account_name, cast(null as varchar) as owner_id, currency, count(*) as invoices,
    sum(expected_amount) as expected_amount, sum(expected_amount) * 0.4 as low, sum(expected_amount) * 1.6 as high,
    sum(promised_amount) as promised_amount, week_start
from reporting.rpt_cash_expectations
where outcome = 'paid'
group by account_id, currency, week_start;

create table reporting.rpt_cash_forecast_weeks as
select
    currency, sum(expected_amount) as expected_amount, sum(expected_amount) * 0.8 as low,
    sum(expected_amount) * 1.2 as high, sum(promised_amount) as promised_amount, week_start
from reporting.rpt_cash_forecast
group by currency, week_start;

create table reporting.rpt_forecast_backtest as
select
    origins.origin, methods.method, cast(90 + days as bigint) as invoices, cast(days as bigint) as invoices_still_open,
    cast(error + 0.25 * days as double) as mean_absolute_error_days, cast(ratio as double) as amount_error_ratio,
    cast(band as double) as within_band_ratio,
    cast(1000000 as decimal(38, 4)) as expected_amount, cast(900000 as decimal(38, 4)) as paid_amount,
    cast(13 as bigint) as weeks, cast(error + 0.25 as double) as overall_error_days,
    cast(ratio as double) as overall_amount_error_ratio, cast(band as double) as overall_within_band_ratio, cast(273 as bigint) as overall_invoices, 'EUR' as base_currency,
    cast(0 as bigint) as missing_rate_count
from
    (values (date '2026-08-31', 0), (date '2026-09-30', 1), (date '2026-10-31', 2)) as origins(origin, days),
    (values
        ('payment_behaviour', 5.8, 0.27, 0.74), ('mean_lag', 6.1, 0.34, null), ('due_date', 8.5, 0.55, null)
    ) as methods(method, error, ratio, band);

-- Grain: one row per invoice, instalment and stretch of days (valid_from ≤ D < valid_to) on which something is open or
-- over-applied. A balance of any day is a filter on it. Payments fill instalments in the order of their due dates, so that
-- what is open lies on the last due; what is open beyond the instalments' sum lies on the first. `allocation` says how what
-- was paid by then is known, the least certain way.
with documents as (
    select
        invoice_id, account_id, currency, issued_on, due_on, gross_amount,
        case when is_disputed then coalesce(disputed_on, issued_on) end as disputed_from,
        case when is_disputed then coalesce(dispute_resolved_on, {{ end_of_time() }}) end as disputed_to
    from {{ ref('int_billing_documents') }}
    where is_receivable
),

changes as (
    select
        invoice_id,
        event_date,
        {{ money('sum(amount)') }} as change,
        max({{ certainty_place('allocation') }}) as least_certain
    from {{ ref('fct_receivable_events') }}
    group by invoice_id, event_date
),

-- What no money was taken to have paid is open only because other debts were due before it.
assumed as (
    select distinct debt_id as invoice_id from {{ ref('int_allocation_steps') }} where kind = 'owe' and certainty = 'unknown'
),

balances as (
    select
        invoice_id,
        event_date as valid_from,
        {{ money('sum(change) over (partition by invoice_id order by event_date)') }} as balance,
        max(least_certain) over (partition by invoice_id order by event_date) as least_certain,
        lead(event_date) over (partition by invoice_id order by event_date) as valid_to
    from changes
),

instalments as (
    {{ instalments_of('documents') }}
),

items as (
    select
        documents.invoice_id,
        documents.account_id,
        coalesce(instalments.instalment_number, 1) as instalment_number,
        documents.currency,
        balances.balance,
        coalesce(instalments.later_amount, 0) as later_amount,
        case when not instalments.is_first then instalments.amount end as at_most,
        coalesce(instalments.is_first, true) as is_first,
        coalesce(instalments.amount, documents.gross_amount) as instalment_amount,
        documents.issued_on,
        coalesce(instalments.due_on, documents.due_on) as due_on,
        documents.disputed_from,
        documents.disputed_to,
        {{ greatest_known(
            "balances.least_certain",
            "case when assumed.invoice_id is not null then " ~ certainty_place("'fifo_assumed'") ~ " end"
        ) }} as least_certain,
        balances.valid_from,
        coalesce(balances.valid_to, {{ end_of_time() }}) as valid_to
    from balances
    inner join documents on balances.invoice_id = documents.invoice_id
    left join instalments on balances.invoice_id = instalments.invoice_id
    left join assumed on balances.invoice_id = assumed.invoice_id
    where balances.balance <> 0
),

opened as (
    select
        *,
        {{ money(greatest_known(
            'case when balance - later_amount > at_most then at_most else balance - later_amount end', '0'
        )) }} as open_amount,
        {{ money('case when is_first then ' ~ greatest_known('-balance', '0') ~ ' else 0 end') }} as credit_amount
    from items
),

final as (
    select
        invoice_id,
        account_id,
        instalment_number,
        currency,
        {{ certainty_name('least_certain') }} as allocation,
        instalment_amount,
        open_amount,
        credit_amount,
        issued_on,
        due_on,
        disputed_from,
        disputed_to,
        valid_from,
        valid_to
    from opened
    where open_amount > 0 or credit_amount > 0
)

select * from final

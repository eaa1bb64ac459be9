-- Grain: one row per account and day on which its owner changed (D10, N19): contacts, missed calls and how late payments came
-- in the days before and after. The days after are those up to the as-of date: fewer than before while is_complete is false.
with run as (
    select * from {{ ref('int_run_dated') }}
),

owners as (
    select * from {{ ref('dim_account_owners') }}
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

classes as (
    select * from {{ ref('dim_account_classes') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

contacts as (
    select * from {{ ref('fct_two_way_contacts') }}
),

missed as (
    select * from {{ ref('fct_missed_calls') }}
),

settlements as (
    select * from {{ ref('fct_receivable_settlements') }} where is_payment and due_on is not null
),

held as (
    select
        *,
        lag(employee_id) over (partition by account_id order by valid_from nulls first) as previous_owner_id,
        lag(valid_to) over (partition by account_id order by valid_from nulls first) as previous_valid_to
    from owners
),

handovers as (
    select
        held.account_id,
        held.employee_id as new_owner_id,
        held.previous_owner_id,
        held.valid_from as changed_on,
        {{ days_from('held.previous_valid_to', 'held.valid_from') }} as days_without_owner,
        {{ plus_days('held.valid_from', '-' ~ parameter('handover_window_days')) }} as window_from,
        {{ plus_days('held.valid_from', parameter('handover_window_days') ~ ' - 1') }} as window_to,
        cast({{ parameter('handover_window_days') }} as bigint) as window_days,
        run.as_of_date
    from held
    cross join run
    where held.valid_from <= run.as_of_date and held.previous_owner_id is not null
        and held.previous_owner_id <> held.employee_id
),

happened as (
    select account_id, occurred_on as day, 1 as contacts, 0 as missed, 0 as payments, 0 as late_days
    from contacts
    union all
    select account_id, started_on, 0, 1, 0, 0
    from missed
    union all
    select account_id, event_date, 0, 0, 1, {{ days_from('due_on', 'settlement_date') }}
    from settlements
),

{%- set sides = {'before': 'happened.day < handovers.changed_on', 'after': 'happened.day >= handovers.changed_on'} %}
compared as (
    select
        handovers.account_id,
        handovers.changed_on,
        {%- for side, condition in sides.items() %}
        coalesce(sum(happened.contacts) filter (where {{ condition }}), 0) as contacts_{{ side }},
        coalesce(sum(happened.missed) filter (where {{ condition }}), 0) as missed_calls_{{ side }},
        coalesce(sum(happened.payments) filter (where {{ condition }}), 0) as payments_{{ side }},
        -- Unknown where the day of one is.
        case
            when coalesce(sum(happened.payments) filter (where {{ condition }} and happened.late_days is null), 0) = 0
                then {{ ratio(
                    'sum(happened.late_days) filter (where ' ~ condition ~ ')',
                    'sum(happened.payments) filter (where ' ~ condition ~ ')'
                ) }}
        end as payment_delay_days_{{ side }}{{ ',' if not loop.last }}
        {%- endfor %}
    from handovers
    inner join happened
        on handovers.account_id = happened.account_id
        and happened.day >= handovers.window_from and happened.day <= handovers.window_to
        and happened.day <= handovers.as_of_date
    group by handovers.account_id, handovers.changed_on
),

first_contacts as (
    select handovers.account_id, handovers.changed_on, min(contacts.occurred_on) as first_contact_on
    from handovers
    inner join contacts
        on handovers.account_id = contacts.account_id and handovers.new_owner_id = contacts.employee_id
        and contacts.occurred_on >= handovers.changed_on
    group by handovers.account_id, handovers.changed_on
)

select
    handovers.account_id,
    accounts.account_name,
    handovers.changed_on,
    handovers.previous_owner_id,
    previous_owners.full_name as previous_owner_name,
    handovers.new_owner_id,
    new_owners.full_name as new_owner_name,
    classes.tier,
    coalesce(classes.is_key_account, false) as is_key_account,
    handovers.window_days,
    {{ least_known('handovers.window_days', days_from('handovers.changed_on', 'handovers.as_of_date') ~ ' + 1') }}
        as days_after_seen,
    handovers.window_to <= handovers.as_of_date as is_complete,
    handovers.days_without_owner,
    cast(coalesce(compared.contacts_before, 0) as bigint) as contacts_before,
    cast(coalesce(compared.contacts_after, 0) as bigint) as contacts_after,
    case
        when handovers.window_to <= handovers.as_of_date
            then {{ ratio('compared.contacts_after - compared.contacts_before', 'compared.contacts_before') }}
    end as contacts_change,
    cast(coalesce(compared.missed_calls_before, 0) as bigint) as missed_calls_before,
    cast(coalesce(compared.missed_calls_after, 0) as bigint) as missed_calls_after,
    cast(coalesce(compared.payments_before, 0) as bigint) as payments_before,
    cast(coalesce(compared.payments_after, 0) as bigint) as payments_after,
    compared.payment_delay_days_before,
    compared.payment_delay_days_after,
    compared.payment_delay_days_after - compared.payment_delay_days_before as payment_delay_change,
    first_contacts.first_contact_on,
    {{ days_from('handovers.changed_on', 'first_contacts.first_contact_on') }} as days_to_first_contact
from handovers
left join compared on handovers.account_id = compared.account_id and handovers.changed_on = compared.changed_on
left join first_contacts
    on handovers.account_id = first_contacts.account_id and handovers.changed_on = first_contacts.changed_on
left join accounts on handovers.account_id = accounts.account_id
left join classes on handovers.account_id = classes.account_id
left join employees as previous_owners on handovers.previous_owner_id = previous_owners.employee_id
left join employees as new_owners on handovers.new_owner_id = new_owners.employee_id

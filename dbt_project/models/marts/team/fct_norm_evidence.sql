-- Grain: one row per norm, employee and record of an export that is counted for it (P13), of the periods in which the norm
-- holds. counted_as is what counts once in the period: the company that was offered something, else the record itself.
with run as (
    select * from {{ ref('int_run_dated') }}
),

norms as (
    select * from {{ ref('fct_employee_norms') }}
),

normed as (
    select norm, employee_id, min(period_start) as first_on from norms group by norm, employee_id
),

calls as (
    select * from {{ ref('fct_calls') }} where direction = 'outbound' and employee_id is not null
),

activities as (
    select * from {{ ref('fct_activities') }} where is_completed and occurred_on is not null and owner_id is not null
),

key_accounts as (
    select * from {{ ref('fct_key_account_intervals') }}
),

new_contracts as (
    select * from {{ ref('fct_new_contracts') }}
),

states as (
    select * from {{ ref('fct_account_states') }}
),

-- Who is in no call tracker has the calls that the CRM has of him.
tracked as (
    select distinct employee_id from {{ ref('fct_calls') }} where employee_id is not null
),

made as (
    select
        'call' as evidence_kind,
        calls.conversation_id as evidence_id,
        calls.employee_id,
        calls.account_id,
        calls.disposition as title,
        calls.started_on as occurred_on,
        calls._source,
        calls._file,
        calls._file_sha256,
        calls._row
    from calls
    inner join normed
        on calls.employee_id = normed.employee_id and normed.norm = 'outbound_calls' and calls.started_on >= normed.first_on
    union all
    select
        'activity',
        activities.activity_id,
        activities.owner_id,
        activities.account_id,
        activities.subject,
        activities.occurred_on,
        activities._source,
        activities._file,
        activities._file_sha256,
        activities._row
    from activities
    inner join normed
        on activities.owner_id = normed.employee_id
        and normed.norm = 'outbound_calls'
        and activities.occurred_on >= normed.first_on
    left join tracked on activities.owner_id = tracked.employee_id
    where activities.activity_type = 'call' and activities.direction = 'outbound' and tracked.employee_id is null
),

dialled as (
    select made.*
    from made
    left join key_accounts
        on made.account_id = key_accounts.account_id and {{ holds_on('key_accounts', 'made.occurred_on') }}
    left join states on made.account_id = states.account_id
    where {{ parameter('norm_calls_any_client') }} = 1
        or made.account_id is null
        or coalesce(key_accounts.is_key_account, false)
        or coalesce({{ least_known('states.first_invoice_on', 'states.first_won_on') }} > made.occurred_on, true)
),

-- What a call or an e-mail was for, as its subject or outcome says. A type of its own says it already.
offers as (
    select
        activities.*,
        activities.activity_type = 'proposal' or {{ tells_of('offer', 'activities.subject, activities.outcome') }} as is_offer
    from activities
    inner join (
        select employee_id, min(first_on) as first_on
        from normed
        where norm in ('proposals', 'companies_offered')
        group by employee_id
    ) as offering on activities.owner_id = offering.employee_id and activities.occurred_on >= offering.first_on
    where activities.activity_type = 'proposal'
        or (activities.activity_type = 'email' and coalesce(activities.direction <> 'inbound', true))
        or (activities.activity_type = 'call' and activities.direction = 'outbound' and activities.is_two_way)
),

-- An act counts for each month in whose window it was signed.
reconciled as (
    select documents.*, months.owner_id, months.month
    from {{ ref('fct_account_months') }} as months
    inner join {{ ref('fct_documents') }} as documents
        on months.account_id = documents.account_id
        and documents.signed_on <= months.month_end
        and documents.signed_on > case
            when {{ parameter('reconciliation_window_days') }} = 0 then {{ plus_days('months.month', -1) }}
            else {{ plus_days('months.month_end', '-' ~ parameter('reconciliation_window_days')) }}
        end
    where documents.document_type = 'reconciliation_act' and months.status = 'active'
),

evidence as (
    select 'outbound_calls' as norm, *, evidence_id as counted_as, occurred_on as counted_on from dialled
    union all
    select
        case activity_type when 'call' then 'companies_offered' else 'proposals' end,
        'activity',
        activity_id,
        owner_id,
        account_id,
        subject,
        occurred_on,
        _source,
        _file,
        _file_sha256,
        _row,
        coalesce(account_id, contact_id, lead_id, activity_id),
        occurred_on
    from offers
    where is_offer
    union all
    select
        'companies_offered',
        'call',
        calls.conversation_id,
        calls.employee_id,
        calls.account_id,
        calls.disposition,
        calls.started_on,
        calls._source,
        calls._file,
        calls._file_sha256,
        calls._row,
        coalesce(calls.account_id, calls.client_key, calls.conversation_id),
        calls.started_on
    from calls
    inner join normed
        on calls.employee_id = normed.employee_id
        and normed.norm = 'companies_offered'
        and calls.started_on >= normed.first_on
    where calls.status = 'answered' and {{ tells_of('offer', 'calls.disposition, calls.note') }}
    union all
    select
        'new_contracts',
        'deal',
        deal_id,
        employee_id,
        account_id,
        name,
        closed_on,
        _source,
        _file,
        _file_sha256,
        _row,
        deal_id,
        closed_on
    from new_contracts
    union all
    select
        'reconciled_clients',
        'document',
        document_id,
        owner_id,
        account_id,
        document_number,
        signed_on,
        _source,
        _file,
        _file_sha256,
        _row,
        account_id,
        month
    from reconciled
    union all
    select
        'card_entries',
        entry_kind,
        entry_id,
        employee_id,
        account_id,
        cast(null as varchar),
        entered_on,
        _source,
        _file,
        _file_sha256,
        _row,
        entry_id,
        entered_on
    from {{ ref('fct_card_entries') }}
    where entered_on is not null
    union all
    select
        'work_report',
        'list',
        row_id,
        employee_id,
        cast(null as varchar),
        note,
        handed_in_on,
        _source,
        _file,
        _file_sha256,
        _row,
        'report',
        {{ month_of('month') }}
    from {{ ref('stg_lists__work_reports') }}
    cross join run
    where handed_in_on <= {{ plus_days(plus_months(month_of('month'), 1), parameter('work_report_day') ~ ' - 1') }}
        and handed_in_on <= run.as_of_date
),

-- The period in which each record counts, so that norms are found by it and not looked through.
placed as (
    select
        evidence.*,
        periods.period,
        case periods.period when 'day' then evidence.counted_on else {{ month_of('evidence.counted_on') }} end as period_start
    from evidence
    inner join (select distinct norm, period from norms) as periods on evidence.norm = periods.norm
)

select
    placed.norm,
    placed.employee_id,
    placed.period_start,
    placed.evidence_kind,
    placed.evidence_id,
    placed.counted_as,
    placed.account_id,
    placed.title,
    placed.occurred_on,
    placed._source,
    placed._file,
    placed._file_sha256,
    placed._row
from placed
inner join norms
    on placed.norm = norms.norm
    and placed.employee_id = norms.employee_id
    and placed.period = norms.period
    and placed.period_start = norms.period_start

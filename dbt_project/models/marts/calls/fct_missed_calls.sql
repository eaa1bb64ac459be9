-- Grain: one row a missed case (K4): a caller's misses until someone of ours spoke with the number, or the caller gave up
-- for longer than the window. Its account and agent are those of its first miss.
with cases as (
    select * from {{ ref('int_missed_calls_cased') }}
),

calls as (
    select * from {{ ref('fct_calls') }}
),

counted as (
    select
        case_id,
        count(*) as misses
    from cases
    group by case_id
)

select
    cases.case_id,
    calls.account_id,
    calls.employee_id,
    contacts.employee_id as handled_by_id,
    cases.handled_conversation_id,
    calls.system,
    calls.agent_name,
    contacts.agent_name as handled_by,
    calls.status,
    calls.client_digits,
    calls.client_key,
    counted.misses,
    cases.callback_minutes,
    cases.callback_minutes_plain,
    cases.is_number_known,
    cases.is_handled,
    calls.started_at,
    calls.started_on,
    cases.handled_at,
    cases.decided_on,
    calls._source,
    calls._file,
    calls._file_sha256,
    calls._row
from cases
inner join counted on cases.case_id = counted.case_id
inner join calls on cases.conversation_id = calls.conversation_id
left join calls as contacts on cases.handled_conversation_id = contacts.conversation_id
where cases.is_first_of_case

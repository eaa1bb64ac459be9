-- Grain: one row per answer of a client to a survey (E11) and per weak signal that somebody noticed (E13), up to the as-of date.
with run as (
    select * from {{ ref('int_run_dated') }}
),

answers as (
    select
        *,
        score >= case kind when 'nps' then 0 else 1 end and score <= case kind when 'nps' then 10 else 5 end as is_on_scale
    from {{ ref('stg_lists__survey_answers') }}
),

flags as (
    select * from {{ ref('stg_lists__risk_flags') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name from {{ ref('dim_employees') }}
),

voices as (
    select
        'answer:' || row_id as voice_id,
        kind,
        account_id,
        cast(note as varchar) as words,
        cast(null as varchar) as said_by,
        case when is_on_scale then cast(score as double) end as score,
        -- The share of promoters less that of detractors, and the share of the satisfied, are the means of these.
        case
            when not is_on_scale then null
            when kind = 'nps' then case when score >= 9 then 1 when score >= 7 then 0 else -1 end
            when score >= 4 then 1
            else 0
        end as points,
        not is_on_scale as is_off_scale,
        answered_on as said_on,
        cast(null as date) as resolved_on,
        _file,
        _row
    from answers
    union all
    select
        'flag:' || row_id, 'risk', account_id, reason, flagged_by, null, null, null, flagged_on, resolved_on, _file, _row
    from flags
)

select
    voices.voice_id,
    voices.kind,
    voices.account_id,
    accounts.account_name,
    accounts.owner_id,
    employees.full_name as owner_name,
    voices.words,
    voices.said_by,
    voices.score,
    cast(voices.points as double) as points,
    voices.is_off_scale,
    case when voices.kind = 'risk' then coalesce(voices.resolved_on > run.as_of_date, true) end as is_standing,
    voices.said_on,
    case when voices.resolved_on <= run.as_of_date then voices.resolved_on end as resolved_on,
    run.as_of_date,
    voices._file,
    voices._row
from voices
cross join run
left join accounts on voices.account_id = accounts.account_id
left join employees on accounts.owner_id = employees.employee_id
where voices.said_on <= run.as_of_date

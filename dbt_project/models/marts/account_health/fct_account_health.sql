-- Grain: one row per client and week, from its first invoice or won deal until it is lost (V9): the health score as of the
-- week's end, in the as-of week as of the as-of date (V18). A client is an account that was invoiced or won a deal.
-- Only what had happened by then counts. The measures stand in the newest health_measure_weeks weeks alone, the scores in
-- every week of health_history_months.
with run as (
    select * from {{ ref('int_run_dated') }}
),

settings as (
    {{ health_settings() }}
),

limits as (
    select
        run.as_of_date,
        run.business_timezone,
        {{ week_number('run.as_of_date') }} as last_week,
        {{ week_number(plus_months('run.as_of_date', '-' ~ parameter('health_history_months'))) }} as first_week,
        {%- for name in ['recent_weeks', 'habit_weeks', 'contact_recent_weeks', 'contact_habit_weeks', 'measure_weeks',
            'least_payments', 'least_contacts', 'contact_floor_days', 'invoice_floor_days', 'least_coverage',
            'reason_points'] %}
        {{ parameter('health_' ~ name) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from run
),

signals as (
    select * from {{ ref('fct_account_signals') }}
),

rhythms as (
    select * from {{ ref('fct_account_rhythms') }}
),

wins as (
    select account_id, closed_on, {{ week_number('closed_on') }} as week_number
    from {{ ref('fct_deals') }}
    where status = 'won' and closed_on is not null and account_id is not null
),

-- A number stands for the account: millions of rows are sorted by it.
clients as (
    select
        began.account_id,
        cast(row_number() over (order by began.account_id) as integer) as account_key,
        {{ week_number('min(began.client_on)') }} as client_week,
        {{ week_number('min(began.invoiced_on)') }} as first_invoice_week
    from (
        select invoices.account_id, invoices.issued_on as client_on, invoices.issued_on as invoiced_on
        from {{ ref('fct_invoices') }} as invoices
        where invoices.issued_on is not null
            and invoices.document_kind in ('invoice', 'debit_note', 'prepayment', 'opening')
            and not invoices.is_void and not invoices.is_draft and invoices.account_id is not null
        union all
        select account_id, closed_on, cast(null as date) from wins
    ) as began
    inner join {{ ref('dim_accounts') }} as accounts on began.account_id = accounts.account_id
    where accounts.is_named
    group by began.account_id
),

weeks as (
    select
        {{ week_number('dates.day') }} as week_number,
        min(dates.week_start) as week_start,
        {{ least_known('min(dates.week_end)', 'min(limits.as_of_date)') }} as as_of_date
    from {{ ref('dim_dates') }} as dates
    cross join limits
    where dates.day <= limits.as_of_date and {{ week_number('dates.day') }} >= limits.first_week
    group by {{ week_number('dates.day') }}
),

-- What an account's weeks begin with: the last ones before the history.
rhythm_weeks as (
    select
        clients.account_key,
        rhythms.rhythm,
        {{ greatest_known('rhythms.week_number', 'limits.first_week') }} as week_number,
        rhythms.last_on,
        rhythms.gap_days
    from rhythms
    inner join clients on rhythms.account_id = clients.account_id
    cross join limits
    qualify row_number() over (
        partition by clients.account_key, rhythms.rhythm, {{ greatest_known(
            'rhythms.week_number', 'limits.first_week'
        ) }}
        order by rhythms.last_on desc
    ) = 1
),

win_weeks as (
    select
        clients.account_key,
        {{ greatest_known('wins.week_number', 'limits.first_week') }} as week_number,
        max(wins.closed_on) as last_on
    from wins
    inner join clients on wins.account_id = clients.account_id
    cross join limits
    group by clients.account_key, {{ greatest_known('wins.week_number', 'limits.first_week') }}
),

signal_weeks as (
    select
        clients.account_key,
        signals.week_number,
        {%- for count in health_counts() %}
        signals.{{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from signals
    inner join clients on signals.account_id = clients.account_id
),

changes as (
    select
        clients.account_key,
        weeks.week_number,
        weeks.as_of_date,
        clients.client_week,
        clients.first_invoice_week,
        {%- for count in health_counts() %}
        signal_weeks.{{ count }},
        {%- endfor %}
        contact_weeks.last_on as contact_on,
        contact_weeks.gap_days as contact_gap,
        invoice_weeks.last_on as invoice_on,
        invoice_weeks.gap_days as invoice_gap,
        win_weeks.last_on as won_on
    from clients
    cross join weeks
    left join signal_weeks
        on clients.account_key = signal_weeks.account_key and weeks.week_number = signal_weeks.week_number
    left join rhythm_weeks as contact_weeks
        on clients.account_key = contact_weeks.account_key
        and weeks.week_number = contact_weeks.week_number
        and contact_weeks.rhythm = 'contact'
    left join rhythm_weeks as invoice_weeks
        on clients.account_key = invoice_weeks.account_key
        and weeks.week_number = invoice_weeks.week_number
        and invoice_weeks.rhythm = 'invoice'
    left join win_weeks
        on clients.account_key = win_weeks.account_key and weeks.week_number = win_weeks.week_number
),

running as (
    select
        account_key,
        week_number,
        as_of_date,
        client_week,
        first_invoice_week,
        {%- for count in health_counts() %}
        cast(coalesce(sum({{ count }}) over weeks_so_far, 0) as bigint) as {{ count }},
        {%- endfor %}
        max(contact_on) over weeks_so_far as last_contact_on,
        max(invoice_on) over weeks_so_far as last_invoice_on,
        max(won_on) over weeks_so_far as last_won_on,
        {{ last_known('contact_gap') }} over (
            partition by account_key order by week_number rows between unbounded preceding and current row
        ) as contact_gap,
        {{ last_known('invoice_gap') }} over (
            partition by account_key order by week_number rows between unbounded preceding and current row
        ) as invoice_gap
    from changes
    window weeks_so_far as (
        partition by account_key order by week_number rows between unbounded preceding and current row
    )
),

-- Balances of the week ends, in shares: a share of amounts in several currencies needs them in one.
balances as (
    select
        clients.account_key,
        {{ week_number('balances.as_of_date') }} as week_number,
        {%- for amount in ['overdue', 'disputed'] %}
        case
            when balances.unknown_open_count = 0
                then {{ ratio('balances.' ~ amount ~ '_amount', 'balances.open_amount') }}
        end as {{ amount }}_share{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_account_balances') }} as balances
    inner join weeks on balances.as_of_date = weeks.as_of_date
    inner join clients on balances.account_id = clients.account_id
    where balances.open_amount > 0
),

open_cases as (
    select clients.account_key, weeks.week_number, min(cases.opened_on) as oldest_on
    from {{ ref('fct_cases') }} as cases
    inner join clients on cases.account_id = clients.account_id
    inner join weeks
        on cases.opened_on <= weeks.as_of_date
        and coalesce(cases.closed_on, {{ end_of_time() }}) > weeks.as_of_date
    group by clients.account_key, weeks.week_number
),

valued as (
    select
        running.account_key,
        running.week_number,
        running.as_of_date,
        {{ account_status(
            days_from(greatest_known('running.last_invoice_on', 'running.last_won_on', 'running.last_contact_on'),
                'running.as_of_date'), 'running.invoice_gap'
        ) }} as status,
        {{ greatest_known(
            'running.last_invoice_on', 'running.last_won_on', 'running.last_contact_on'
        ) }} as last_sign_on,
        running.last_contact_on,
        running.last_invoice_on,
        running.contact_gap,
        running.invoice_gap as usual_invoice_gap,
        balances.overdue_share,
        case
            when running.paid_habit >= limits.least_payments and running.paid_recent + running.overdue_items > 0
                then {{ ratio(
                    'running.paid_recent_days + running.overdue_items * ' ~ day_number('running.as_of_date')
                    ~ ' - running.overdue_due_days', 'running.paid_recent + running.overdue_items'
                ) }} - {{ ratio('running.paid_habit_days', 'running.paid_habit') }}
        end as payment_delay,
        {{ ratio('running.promises_broken', 'running.promises_due') }} as broken_promises,
        balances.disputed_share,
        {{ ratio(days_from('running.last_contact_on', 'running.as_of_date'),
            greatest_or_unknown('running.contact_gap', 'limits.contact_floor_days')) }} as silence,
        -- The as-of week may not be over: days of contact are those that have come.
        case
            when running.contacts_habit >= limits.least_contacts
                then running.contacts_recent
                / (7 * limits.contact_recent_weeks - 6 + {{ days_from(
                    "cast(date_trunc('week', running.as_of_date) as date)", 'running.as_of_date'
                ) }})
                / {{ ratio('running.contacts_habit', '7 * limits.contact_habit_weeks') }}
        end as contact_trend,
        case when running.missed_cases > 0 then cast(running.missed_unhandled as double) end as unhandled_missed,
        case when running.deals_known > 0 then cast(running.open_deals as double) end as open_pipeline,
        cast({{ days_from('running.last_won_on', 'running.as_of_date') }} as double) as recent_win,
        {{ ratio(days_from('running.last_invoice_on', 'running.as_of_date'),
            greatest_or_unknown('running.invoice_gap', 'limits.invoice_floor_days')) }} as invoice_gap,
        -- Who buys more rarely than twice in the recent weeks would fall to nothing between two invoices.
        case
            when running.unrated_recent + running.unrated_habit = 0
                and running.invoice_gap * 2 <= limits.recent_weeks * 7
                and running.week_number - running.first_invoice_week >= 2 * limits.recent_weeks
                then {{ ratio('running.revenue_recent',
                    '7 * limits.recent_weeks - 6 + ' ~ days_from(
                        "cast(date_trunc('week', running.as_of_date) as date)", 'running.as_of_date'
                    )) }}
                / {{ ratio(
                    'case when running.revenue_habit > 0 then running.revenue_habit end',
                    '7 * ' ~ least_known(
                        'limits.habit_weeks',
                        'running.week_number - running.first_invoice_week + 1 ' ~ '- limits.recent_weeks'
                    )
                ) }}
        end as revenue_trend,
        case when running.cases_recent + running.open_cases > 0 then cast(running.open_cases as double) end as pending_cases,
        cast({{ days_from('open_cases.oldest_on', 'running.as_of_date') }} as double) as oldest_case
    from running
    cross join limits
    left join balances on running.account_key = balances.account_key and running.week_number = balances.week_number
    left join open_cases
        on running.account_key = open_cases.account_key and running.week_number = open_cases.week_number
    where running.week_number >= running.client_week
),

pointed as (
    select
        valued.*,
        {%- for group, measures in health_measures().items() %}
        {%- for measure in measures %}
        {{ health_points(measure) }} as {{ measure }}_points,
        {%- endfor %}
        {{ health_known_weight(group) }} as {{ group }}_known,
        {%- endfor %}
        1 as one
    from valued
    cross join settings
    where valued.status <> 'lost'
),

grouped as (
    select
        pointed.*,
        {%- for group, measures in health_measures().items() %}
        ({%- for measure in measures %}
        {{ '+ ' if not loop.first }}coalesce(pointed.{{ measure }}_points, 0) * settings.{{ measure }}_weight
        {%- endfor %}
        ) / nullif(pointed.{{ group }}_known, 0) as {{ group }}_score,
        pointed.{{ group }}_known / nullif({% for measure in measures %}
            {{- ' + ' if not loop.first }}settings.{{ measure }}_weight{% endfor %}, 0) as {{ group }}_coverage
        {{- ',' if not loop.last }}
        {%- endfor %}
    from pointed
    cross join settings
),

covered as (
    select
        grouped.*,
        ({%- for group in health_measures() %}
        {{ '+ ' if not loop.first }}coalesce(grouped.{{ group }}_coverage, 0) * settings.{{ group }}_weight
        {%- endfor %}
        ) / nullif({% for group in health_measures() %}
            {{- ' + ' if not loop.first }}settings.{{ group }}_weight{% endfor %}, 0) as coverage,
        -- V18: the weighted mean of the groups that have a score.
        ({%- for group in health_measures() %}
        {{ '+ ' if not loop.first }}coalesce(grouped.{{ group }}_score, 0) * settings.{{ group }}_weight
        {%- endfor %}
        ) / nullif({% for group in health_measures() %}
            {{- ' + ' if not loop.first }}case when grouped.{{ group }}_score is null then 0
            else settings.{{ group }}_weight end{% endfor %}, 0) as full_score
    from grouped
    cross join settings
),

scored as (
    select
        covered.*,
        cast(case when covered.coverage >= limits.least_coverage then covered.full_score end as decimal(5, 2)) as score,
        covered.week_number > limits.last_week - limits.measure_weeks as has_measures
    from covered
    cross join limits
)

select
    clients.account_id,
    -- A band's lower bound belongs to the one below (V18).
    case
        when scored.score <= settings.red_up_to then 'red'
        when scored.score <= settings.yellow_up_to then 'yellow'
        when scored.score is not null then 'green'
    end as band,
    scored.status,
    -- The codes of the measures that have few points.
    concat_ws(
        ','
        {%- for group, measures in health_measures().items() %}
        {%- for measure in measures %},
        case when scored.{{ measure }}_points < limits.reason_points then '{{ measure }}' end
        {%- endfor %}
        {%- endfor %}
    ) as reasons,
    scored.score,
    cast(scored.coverage as decimal(5, 4)) as coverage,
    {%- for group in health_measures() %}
    cast(scored.{{ group }}_score as decimal(5, 2)) as {{ group }}_score,
    {%- endfor %}
    -- The two measures that the back-test compares the score with, in every week.
    cast(scored.silence_points as decimal(5, 2)) as silence_points,
    cast(scored.overdue_share_points as decimal(5, 2)) as overdue_share_points,
    {%- for group, measures in health_measures().items() %}
    {%- for measure in measures %}
    case when scored.has_measures then scored.{{ measure }} end as {{ measure }},
    {%- endfor %}
    {%- endfor %}
    case when scored.has_measures then scored.contact_gap end as usual_contact_gap,
    case when scored.has_measures then scored.usual_invoice_gap end as usual_invoice_gap,
    scored.has_measures,
    scored.week_number = limits.last_week as is_newest,
    weeks.week_start,
    scored.as_of_date,
    scored.last_sign_on,
    scored.last_contact_on,
    scored.last_invoice_on
from scored
cross join settings
cross join limits
inner join clients on scored.account_key = clients.account_key
inner join weeks on scored.week_number = weeks.week_number

-- Grain: one row per calendar and day, from the first day of 1990 to two years after the as-of date: when it is open, and for
-- how many seconds it was before, so that business time between two moments is a difference. The calendar '' is everybody's;
-- a team that the list opening_hours names has its own, called as the team in small letters. Of the list's rows that fit a
-- day, one of the single day counts before one of weekdays, a team's own before everybody's, one that names the weekday before
-- one that means Monday to Friday, and the later line. On a public holiday only rows of the day, or of holidays, count: without
-- any it is closed. What no row names is open from Monday to Friday, at the hours that parameters say. Hours that end before
-- they begin end on the next day: a day has its own, up to midnight, after what the night before them leaves, which ends where
-- its own begin.
with bounds as (
    select
        cast('1990-01-01' as date) as first_on,
        {{ plus_days('as_of_date', 731) }} as last_on
    from {{ ref('int_run_dated') }}
    where as_of_date is not null
),

run as (
    select * from {{ ref('int_run_dated') }}
),

holidays as (
    select day, min(name) as name
    from {{ source('raw', 'holidays') }}
    where day is not null
    group by day
),

every_day as (
    {{ every_day('bounds', 'first_on', 'last_on') }}
),

days as (
    select
        every_day.day,
        {{ days_from("cast(date_trunc('week', every_day.day) as date)", 'every_day.day') }} as weekday,
        holidays.name as holiday_name,
        holidays.day is not null as is_holiday
    from every_day
    left join holidays on every_day.day = holidays.day
),

hours as (
    select
        lower(trim(coalesce(team, ''))) as calendar,
        case weekday
            {%- for weekday in ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday', 'holiday'] %}
            when '{{ weekday }}' then {{ loop.index0 }}
            {%- endfor %}
        end as weekday,
        day,
        opens_at_hour,
        closes_at_hour,
        _row
    from {{ ref('stg_lists__opening_hours') }}
),

calendars as (
    select '' as calendar
    union
    select calendar from hours
),

ruled as (
    select
        calendars.calendar,
        days.day,
        days.holiday_name,
        case
            when hours.calendar is not null then hours.opens_at_hour
            when days.weekday < 5 and not days.is_holiday then {{ parameter('opens_at_hour') }}
            else 0
        end as opens_at_hour,
        case
            when hours.calendar is not null then hours.closes_at_hour
            when days.weekday < 5 and not days.is_holiday then {{ parameter('closes_at_hour') }}
            else 0
        end as closes_at_hour
    from calendars
    cross join days
    left join hours
        on hours.calendar in ('', calendars.calendar)
        and case
            when hours.day is not null then hours.day = days.day
            when days.is_holiday then coalesce(hours.weekday = 7, false)
            when hours.weekday is not null then hours.weekday = days.weekday
            else days.weekday < 5
        end
    qualify row_number() over (
        partition by calendars.calendar, days.day
        order by
            case when hours.day is null then 1 else 0 end,
            case when hours.calendar = calendars.calendar then 0 else 1 end,
            case when hours.weekday is null then 1 else 0 end,
            hours._row desc
    ) = 1
),

nights as (
    select
        *,
        lag(opens_at_hour) over (partition by calendar order by day) as night_from_hour,
        lag(closes_at_hour) over (partition by calendar order by day) as night_until_hour
    from ruled
),

opened as (
    select
        ruled.calendar,
        ruled.day,
        ruled.holiday_name,
        {%- set edges = {
            'opens': 'ruled.opens_at_hour',
            'closes': 'case when ruled.closes_at_hour < ruled.opens_at_hour then 24 else ruled.closes_at_hour end',
            'night_closes': 'case when ruled.night_until_hour < ruled.night_from_hour then ruled.night_until_hour end',
        } %}
        {%- for edge, hour in edges.items() %}
        timezone(
            run.business_timezone,
            cast(ruled.day as timestamp) + to_microseconds(cast(round(({{ hour }}) * 3600) as bigint) * 1000000)
        ) as {{ edge }}_at,
        {%- endfor %}
        {{ start_of_day('ruled.day', 'run.business_timezone') }} as begins_at,
        ruled.closes_at_hour <> ruled.opens_at_hour as is_working_day
    from nights as ruled
    cross join run
),

parted as (
    select
        *,
        case when is_working_day and opens_at < night_closes_at then opens_at else night_closes_at end as night_until
    from opened
),

counted as (
    select
        *,
        case when is_working_day then {{ exact_seconds_between('opens_at', 'closes_at') }} else 0 end as business_seconds,
        coalesce({{ exact_seconds_between('begins_at', 'night_until') }}, 0) as night_seconds
    from parted
)

select
    calendar,
    day,
    holiday_name,
    is_working_day,
    cast(business_seconds as bigint) as business_seconds,
    cast(sum(night_seconds + business_seconds) over (partition by calendar order by day) - business_seconds as bigint)
        as business_seconds_before,
    opens_at,
    night_until
from counted

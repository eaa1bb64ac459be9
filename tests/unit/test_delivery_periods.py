"""What is due by the calendar: each period once, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.delivery.periods import Schedule, Unit, is_late, last_over

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def _due(words: str, since: date, until: datetime, zone: ZoneInfo = STOCKHOLM) -> list[tuple[str, str]]:
    return [(each.key, each.due_at.isoformat()) for each in Schedule.of(words).due(zone, since, until)]


def test_a_week_is_due_after_its_sunday_at_the_time_on_the_wall_through_both_clock_changes() -> None:
    # Clocks go forward on 29 March 2026 and back on 25 October 2026: the Monday after is due at six by the new time.
    spring = _due("every Monday 06:00", date(2026, 3, 20), datetime(2026, 4, 1, tzinfo=UTC))
    assert spring == [("2026-W12", "2026-03-23T05:00:00+00:00"), ("2026-W13", "2026-03-30T04:00:00+00:00")]
    autumn = _due("every Monday 06:00", date(2026, 10, 19), datetime(2026, 10, 27, tzinfo=UTC))
    assert autumn == [("2026-W42", "2026-10-19T04:00:00+00:00"), ("2026-W43", "2026-10-26T05:00:00+00:00")]


def test_a_time_that_is_left_out_comes_later_and_one_that_comes_twice_counts_once() -> None:
    left_out = _due("every Sunday 02:30", date(2026, 3, 29), datetime(2026, 4, 1, tzinfo=UTC))
    assert left_out == [("2026-W12", "2026-03-29T01:30:00+00:00")]  # 03:30 by the new time
    twice = _due("every Sunday 02:30", date(2026, 10, 25), datetime(2026, 10, 31, tzinfo=UTC))
    assert twice == [("2026-W42", "2026-10-25T00:30:00+00:00")]


def test_every_week_of_a_year_is_due_once() -> None:
    found = _due("every Monday 06:00", date(2026, 1, 1), datetime(2026, 12, 31, tzinfo=UTC))
    mondays = [day for number in range(365) if (day := date(2026, 1, 1) + timedelta(number)).weekday() == 0]
    weeks = ["{}-W{:02}".format(*(monday - timedelta(days=1)).isocalendar()) for monday in mondays]
    assert [key for key, _ in found] == weeks
    assert len(set(weeks)) == 52


@pytest.mark.parametrize(
    ("words", "first", "last", "key", "due_at"),
    [
        ("every Wednesday 23:59", date(2026, 2, 23), date(2026, 3, 1), "2026-W09", "2026-03-04T23:59"),
        # A Sunday's report is of the week before: its own is not over.
        ("every Sunday 22:00", date(2026, 2, 23), date(2026, 3, 1), "2026-W09", "2026-03-08T22:00"),
        ("by the 3rd", date(2026, 2, 1), date(2026, 2, 28), "2026-02", "2026-03-03T06:00"),
        # Whether the day that is named still counts.
        ("before the 3rd", date(2026, 2, 1), date(2026, 2, 28), "2026-02", "2026-03-02T06:00"),
        ("By the 31st of every month 9:15", date(2026, 2, 1), date(2026, 2, 28), "2026-02", "2026-03-31T09:15"),
        ("by the 10th of every quarter", date(2026, 1, 1), date(2026, 3, 31), "2026-Q1", "2026-04-10T06:00"),
        ("by the 1st of every half-year 00:00", date(2026, 1, 1), date(2026, 6, 30), "2026-H1", "2026-07-01T00:00"),
    ],
)  # fmt: skip
def test_schedules_in_words(words: str, first: date, last: date, key: str, due_at: str) -> None:
    period = next(Schedule.of(words).periods(STOCKHOLM, date(2026, 3, 2)))
    assert (period.first, period.last, period.key) == (first, last, key)
    assert period.due_at == datetime.fromisoformat(due_at).replace(tzinfo=STOCKHOLM)


def test_a_day_that_a_month_lacks_is_its_last() -> None:
    found = _due("by the 31st", date(2026, 2, 1), datetime(2026, 5, 1, tzinfo=UTC))
    assert [moment[:10] for _, moment in found] == ["2026-02-28", "2026-03-31", "2026-04-30"]


@pytest.mark.parametrize(
    "words", ["every Mnday 06:00", "every Monday 25:00", "by the 0th", "by the 32nd", "weekly", "06:00", ""]
)
def test_what_is_no_schedule_is_refused_with_one_that_is(words: str) -> None:
    with pytest.raises(ValueError, match="write one such as every Monday 06:00"):
        Schedule.of(words)


def test_it_is_late_once_the_business_day_is_over() -> None:
    period = next(Schedule.of("every Monday 06:00").periods(STOCKHOLM, date(2026, 3, 2)))
    assert not is_late(period, STOCKHOLM, datetime(2026, 3, 2, 22, 59, tzinfo=UTC))
    assert is_late(period, STOCKHOLM, datetime(2026, 3, 2, 23, 0, tzinfo=UTC))


def test_what_comes_next_is_what_is_not_due_yet() -> None:
    schedule = Schedule.of("every Monday 06:00")
    now = datetime(2026, 10, 19, 4, tzinfo=UTC)
    assert [period.key for period in schedule.coming(STOCKHOLM, now, 3)] == ["2026-W43", "2026-W44", "2026-W45"]
    assert schedule.due(STOCKHOLM, date(2026, 10, 19), now)[-1].key == "2026-W42"


@pytest.mark.parametrize(("unit", "days"), [
    ("week", {"2026-11-30": "2026-11-29", "2026-12-02": "2026-11-29", "2026-12-06": "2026-11-29", "2026-12-07": "2026-12-06"}),
    ("month", {"2026-12-01": "2026-11-30", "2026-12-31": "2026-11-30", "2027-01-02": "2026-12-31", "2028-03-01": "2028-02-29"}),
    ("quarter", {"2026-10-10": "2026-09-30", "2026-12-31": "2026-09-30", "2027-01-10": "2026-12-31"}),
    ("half-year", {"2026-07-15": "2026-06-30", "2026-12-31": "2026-06-30", "2027-01-15": "2026-12-31"}),
])  # fmt: skip
def test_what_is_over_ended_on_the_same_day_whenever_it_is_caught_up(unit: Unit, days: dict[str, str]) -> None:
    assert {day: str(last_over(unit, date.fromisoformat(day))) for day in days} == days

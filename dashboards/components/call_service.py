"""Sections of the page Calls: service by team and queue, when calls come, the CRM's log against the call tracker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from dashboards.components.charts import drawable, inline, show
from dashboards.components.page import PageContext, nothing, open_account, section
from dashboards.components.palette import colours
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.words import in_place, one
from dashboards.queries import call_service
from dashboards.queries.base import rows

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Who was not answered in time or is no part of it, whether by team or by queue.
_NOT_SERVED = {
    "abandoned": Column("Gave up", "count", "Nobody answered, after abandoned_below_seconds or later."),
    "short_abandoned": Column("At once", "count", "Gave up sooner: no part of the service level."),
    "voicemail": Column("Voicemail", "count"),
    "unknown_calls": Column("Not known", "count", "Calls whose wait or outcome no export tells."),
    "out_of_hours": Column("Out of hours", "count", "Came outside of opening hours: no part of it."),
}
GAPS = ("logged_not_dialled", "dialled_not_logged", "duration_differs", "logged_more_than_once")


def _hours(data: Sequence[dict[str, Any]]) -> None:
    """Calls by weekday and hour, dark where there are many; a blank cell has none."""
    look = colours()
    points = [row | {"day": WEEKDAYS[row["weekday"] - 1], "from": f"{row['hour_of_day']:02}"} for row in drawable(data)]
    chart = (
        alt.Chart(inline(points))
        .mark_rect(cornerRadius=2, stroke=look["ground"], strokeWidth=2)
        .encode(
            x=alt.X("from:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap="parity", grid=False)),
            y=alt.Y("day:N", title=None, sort=list(WEEKDAYS), axis=alt.Axis(grid=False)),
            color=alt.Color(
                "inbound:Q",
                title="Calls",
                scale=alt.Scale(range=[look["grid"], look["blue"]]),
                legend=alt.Legend(
                    format=",.0f", gradientLength=140, title="Calls", titleColor=look["muted"], titleFontWeight="normal"
                ),
            ),
            tooltip=[
                alt.Tooltip("day:N", title="Weekday"),
                alt.Tooltip("from:O", title="Hour"),
                alt.Tooltip("inbound:Q", title="Inbound", format=",.0f"),
                alt.Tooltip("missed:Q", title="Missed", format=",.0f"),
                alt.Tooltip("answer_rate:Q", title="Answer rate", format=".1%"),
            ],
        )
    )
    show(chart.properties(height=240), "hours", "Inbound calls by weekday and hour")


def service(page: PageContext) -> None:
    """The service level by team, and when calls come."""
    left, right = st.columns([3, 2], gap="small")
    teams = in_place(call_service.service_teams(page.warehouse, page.filters), "team")
    hours = rows(call_service.hours(page.warehouse, page.filters))
    with (
        left,
        section(
            "Service level by team",
            "Answered in time of those that came in opening hours (K19); who hung up at once is left out.",
            key="service",
        ),
    ):
        if teams.num_rows:
            table(
                teams,
                {
                    "team": Column("Team", pinned=True),
                    "offered": Column("Offered", "count", "K20: inbound in opening hours, each call once."),
                    "answered_in_time": Column("In time", "count", "Answered within service_level_seconds."),
                    "service_calls": Column("Of", "count", "Answered, given up later, voicemail; by parameters."),
                    "service_level": Column("Service level", "ratio", "K19"),
                    "goal_days": Column("Days at goal", "count", "Days with a service level of the goal or better."),
                    "service_days": Column("Of days", "count", "Days with a service level."),
                    **_NOT_SERVED,
                },
                "service_teams",
                height="content",
            )
            download("Download as CSV", "service-level", lambda: teams, "service_teams")
        else:
            nothing("No inbound calls in this period.")
    with right, section("When they call", "Inbound calls by weekday and hour, out of hours too.", key="when"):
        if hours:
            _hours(hours)
        else:
            nothing("No inbound calls in this period.")


def queues(page: PageContext) -> None:
    """The service level by queue, where an export tells queues."""
    found = in_place(call_service.service_queues(page.warehouse, page.filters), "queue")
    if not found.num_rows:
        return
    with section(
        "Service level by queue",
        "Of all teams. A call counts in each queue that it was in (K20): these are no parts of one total.",
        key="queues",
    ):
        table(
            found,
            {
                "queue": Column("Queue", pinned=True),
                "offered": Column("Offered", "count", "K20: in opening hours, each call once a queue."),
                "answered_in_time": Column("In time", "count", "Within service_level_seconds of entering the queue."),
                "service_calls": Column("Of", "count", "Answered, given up later, moved on, voicemail; by parameters."),
                "service_level": Column("Service level", "ratio", "K19"),
                "answer_seconds_average": Column("Seconds to answer", "real", "K7: from entering the queue."),
                "moved_on": Column("Moved on", "count", "Nobody answered here; another queue had the call in the end."),
                **_NOT_SERVED,
            },
            "service_queues",
            height="content",
        )
        download("Download as CSV", "service-by-queue", lambda: found, "service_queues")


def activity(page: PageContext) -> None:
    """Who calls and is called, how often in vain, at what hours, and whom nobody knows."""
    with section(
        "Conversations by employee",
        "Both ways: attempts to reach somebody, calls outside of opening hours, callers who call again.",
        key="activity",
    ):
        people = in_place(call_service.activity(page.warehouse, page.filters), "employee")
        if not people.num_rows:
            nothing("No calls in this period.")
            return
        table(
            people,
            {
                "employee": Column("Employee", pinned=True),
                "conversations": Column("Conversations", "count", "K1"),
                "inbound": Column("Inbound", "count"),
                "outbound": Column("Outbound", "count"),
                "outbound_connected": Column("Reached", "count", "Outbound conversations that were answered."),
                "attempts_per_connect": Column("Attempts a reach", "real", "K14"),
                "out_of_hours": Column("Out of hours", "count", "K15: began outside of opening hours."),
                "out_of_hours_share": Column("Of all", "ratio", "K15"),
                "repeat_calls": Column("Call again", "count", "Inbound calls of numbers that had called before."),
                "repeat_share": Column("Of known", "ratio", "Of inbound calls whose number is known."),
                "unmatched_calls": Column("No account", "count", "K16: calls that reach no account."),
                "talk_seconds": Column("Talk, s", "count", "K6"),
                "unmatched_talk_seconds": Column("No account, s", "count", "K16: talk that reaches no account."),
            },
            "activity",
            height="content",
        )
        download("Download as CSV", "conversations", lambda: people, "activity")


def results(page: PageContext) -> None:
    """What came of calls, where a tracker or the CRM writes it down."""
    found = in_place(call_service.results(page.warehouse, page.filters), "employee", "source", "result")
    with section(
        "What came of calls",
        "As whoever had the call wrote down. A call may be in both: the two are no parts of one total.",
        key="results",
    ):
        if not found.num_rows:
            nothing("No calls in this period.")
            return
        columns = {
            "told_by": Column("Told by", words="call_teller"),
            "employee": Column("Employee", pinned=True),
            "source": Column("Source", help="The CRM's logs name none."),
            "result": Column("Result", width="medium", help="A13: the tracker's disposition, the CRM's outcome."),
            "calls": Column("Calls", "count"),
            "talk_seconds": Column("Talk, s", "count", "K6; of the CRM's calls their length."),
        }
        table(found, columns, "call_results", height=460 if found.num_rows > 11 else "content")
        download("Download as CSV", "call-results", lambda: found, "call_results", columns)


def gaps(page: PageContext) -> None:
    """What the CRM says of calls against what the call tracker has."""
    with section(
        "The CRM's log against the call tracker",
        "Logged and never dialled, dialled and never logged, lengths that differ (K17), on the days that both tell of.",
        key="gaps",
    ):
        people = in_place(call_service.gaps(page.warehouse, page.filters), "employee")
        if not people.num_rows:
            nothing("No days of this period on which both the CRM and a call tracker tell of calls.")
            return
        table(
            people,
            {
                "employee": Column("Employee", pinned=True),
                "logged_calls": Column("Logged", "count", "Calls that the CRM says were had."),
                "logged_not_dialled": Column("Never dialled", "count", "No conversation stands for them."),
                "logged_undecided": Column(
                    "Not known", "count", "No account, a call at the time from an unknown number, or no telephone."
                ),
                "dialled_calls": Column("Dialled", "count", "Answered conversations, either way."),
                "dialled_not_logged": Column("Never logged", "count", "The CRM has no log of them."),
                "dialled_without_account": Column("No account", "count", "The number reaches no account."),
                "lengths_compared": Column("Lengths compared", "count"),
                "duration_differs": Column("Lengths differ", "count"),
                "logged_more_than_once": Column("Logged several times", "count"),
            },
            "gaps",
            height="content",
        )
        gap = st.segmented_control(
            "Calls", GAPS, default=GAPS[0], key="gap", required=True, format_func=lambda code: one("crm_call_gap", code)
        )
        found = in_place(call_service.gap_calls(page.warehouse, page.filters, gap, MOST), "employee")
        total = sum(row[gap] for row in rows(people))
        if not found.num_rows:
            nothing("No such calls in this period.")
            return
        picked = table(
            found,
            {
                "occurred_at": Column("When", "time"),
                "employee": Column("Employee"),
                "account_name": Column("Account", width="medium"),
                "logged_seconds": Column("Logged, s", "count"),
                "talk_seconds": Column("Talk, s", "count"),
                "logs": Column("Logs", "count"),
                "_file": Column("File"),
                "_row": Column("Line", "count"),
            },
            "gap_calls",
            pick="account_id",
        )
        shown_of(found.num_rows, total, "calls")
        download(
            "Download as CSV",
            "crm-call-gaps",
            lambda: in_place(call_service.gap_calls(page.warehouse, page.filters, gap, EVERY), "employee"),
            "gap_calls",
        )
        open_account(picked)

"""Calls: which channels bring them, how they are answered, and who still waits for a call back."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from dashboards.components import call_service, call_sources, charts
from dashboards.components.formats import number, percent
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, open_account, section
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import in_place
from dashboards.queries import call_service as levels
from dashboards.queries import calls
from dashboards.queries.base import rows

HEAT_DAYS = 14

page = current_page()
code = page.base_currency
header("Calls", "Each conversation counted once, however many telephones rang (K1).")
totals = calls.totals(page.warehouse, page.filters)
cases = calls.missed_totals(page.warehouse, page.filters)
channels = calls.channels(page.warehouse, page.filters)
level = levels.service(page.warehouse, page.filters)
if not totals["inbound"] and not cases["cases"] and not channels.num_rows:
    if page.filters.teams or page.filters.managers:
        st.info("No calls of these teams and managers in this period. Take a filter away.")
    else:
        drop_in("calls")
    footnotes()
    st.stop()

by_month = rows(calls.over_time(page.warehouse, page.filters, "month"))
long_span = bool(totals["first_day"]) and (totals["last_day"] - totals["first_day"]).days > 62
unit: Literal["day", "week"] = "week" if long_span else "day"
over_time = rows(calls.over_time(page.warehouse, page.filters, unit))
response = "rpt_call_response"
tiles(
    page.warehouse,
    [
        Tile(
            "Inbound calls",
            number(totals["inbound"]),
            metric=(response, "inbound", "K1"),
            versus=f"{totals['first_day']} to {totals['last_day']}" if totals["first_day"] else None,
        ),
        Tile(
            "Answer rate",
            percent(totals["answer_rate"]),
            metric=(response, "answer_rate", "K3"),
            versus=f"{number(totals['answered_in_hours'])} of {number(totals['offered_in_hours'])}",
            series=[row["answer_rate"] for row in by_month],
            note="Within opening hours; callers who hung up at once are left out.",
        ),
        Tile(
            "Service level",
            percent(level["service_level"]),
            metric=("rpt_call_service", "service_level", "K19"),
            versus=f"goal {percent(level['service_level_goal'])}" if level["service_level_goal"] is not None else None,
            note="Answered within service_level_seconds; unknown where the wait of an answered call is.",
        ),
        Tile(
            "Out of hours",
            number(totals["out_of_hours"]),
            metric=(response, "out_of_hours", "K3"),
            series=[row["out_of_hours"] for row in by_month],
            note="Calls that came outside of opening hours: no part of the answer rate.",
        ),
        Tile(
            "Missed",
            number(totals["missed"]),
            metric=(response, "missed", "K2"),
            versus=f"{number(totals['abandoned'])} more hung up at once" if totals["abandoned"] else None,
            series=[row["missed"] for row in by_month],
        ),
        Tile(
            "Reached in time",
            number(totals["handled_missed"]),
            metric=(response, "handled_missed", "K4"),
            note="Cases of missed calls and voicemail whose time to call back is over, or that somebody reached since. "
            "A caller who tries again is one case.",
            versus=f"of {number(totals['decided_missed'])} cases" if totals["decided_missed"] else None,
        ),
        Tile(
            "Waiting for a call back",
            number(cases["unhandled"]),
            metric=("rpt_missed_calls", "state", "K4"),
            versus=f"{number(cases['unhandled_with_overdue'])} owe overdue money" if cases["unhandled"] else None,
            note="Nobody has reached them since, whether the time to call back is over or not.",
        ),
    ],
)

left, right = st.columns([3, 2], gap="small")
with left, section(f"Inbound by {unit}", "What became of each call, those out of hours too.", key="days"):
    if over_time:
        charts.bars(
            over_time,
            {"answered": "Answered", "missed": "Missed", "voicemail": "Voicemail", "abandoned": "Abandoned"},
            ["blue", "orange", "sand", "grey"],
            "Calls",
            index="starts_on",
            key="days",
            alt_text="Inbound calls over time and what became of them",
        )
    else:
        nothing("No inbound calls in this period.")
with right, section("By channel", "Conversations by source; the dark part became leads (K10).", key="channels"):
    sources = rows(channels)
    if sources:
        charts.ranked(
            sources[:10],
            "source",
            "calls",
            "Calls",
            part=("leads", "Leads"),
            names=("Calls", "Leads"),
            key="channels",
            alt_text="Calls and leads by source",
        )
    else:
        nothing("No channel is known for any call of this period.")

call_service.service(page)
call_service.queues(page)

agent_days = in_place(calls.agent_days(page.warehouse, page.filters, HEAT_DAYS), "agent")
with section(
    "Answer rate by agent and day",
    f"Answered of those that came in opening hours (K3), the newest {HEAT_DAYS} days.",
    key="rates",
):
    days = rows(agent_days)
    if any(row["answer_rate"] is not None for row in days):
        charts.heat(
            days,
            "day",
            "agent",
            "answer_rate",
            "Answer rate",
            {
                "answered_in_hours": "Answered in hours",
                "offered_in_hours": "Of calls in hours",
                "out_of_hours": "Out of hours",
                "answer_seconds_average": "Seconds to answer",
            },
            key="rates",
            alt_text="Answer rate by agent and day",
        )
    else:
        nothing("No inbound calls in this period.")
    with st.expander("As a table", icon=":material/table_rows:"):
        table(
            agent_days,
            {
                "day": Column("Day", pinned=True),
                "agent": Column("Agent"),
                "inbound": Column("Inbound", "count"),
                "answered": Column("Answered", "count"),
                "missed": Column("Missed", "count"),
                "abandoned": Column("Abandoned", "count"),
                "out_of_hours": Column("Out of hours", "count", "Came outside of opening hours."),
                "answer_rate": Column("Answer rate", "ratio", "K3: in opening hours, without those abandoned."),
                "answer_rate_all": Column("Of all inbound", "ratio", "Answered of all inbound calls."),
                "answer_seconds_average": Column("Seconds to answer", "real", "K7"),
                "handled_missed": Column("Missed, reached in time", "count", "K4"),
                "waiting_missed": Column("Waiting", "count", "Missed, and nobody has reached them since."),
                "callback_minutes_median": Column("Call back, median min", "real", "K5: business minutes."),
                "callback_minutes_p90": Column("Call back, P90 min", "real", "K5: business minutes."),
            },
            "agent_days",
        )
        download(
            "Download as CSV",
            "answer-rates",
            lambda: in_place(calls.agent_days(page.warehouse, page.filters, EVERY), "agent"),
            "agent_days",
        )

with section("Missed calls", "Those who still wait first, the largest overdue debt on top (N8).", key="missed"):
    open_only = st.toggle("Only those still waiting", value=True, key="missed_open")
    missed = calls.missed(page.warehouse, page.filters, open_only, MOST)
    if missed.num_rows:
        picked = table(
            missed,
            {
                "started_at": Column("Called", "time"),
                "caller_number_masked": Column("From"),
                "account_name": Column("Account", width="medium"),
                "overdue_amount": Column(f"Overdue, {code or 'base'}", "money"),
                "state": Column("State", words="missed_call_state"),
                "handled_at": Column("Reached", "time", "K4: the first contact with the same number after it."),
                "handled_by": Column("By"),
                "callback_minutes": Column("Business min", "count", "K5: opening hours between the two."),
                "callback_minutes_plain": Column("Plain min", "count", "The same with nights and weekends."),
            },
            "missed_calls",
            pick="account_id",
        )
        shown_of(missed.num_rows, cases["unhandled"] if open_only else cases["cases"], "cases")
        download(
            "Download as CSV",
            "missed-calls",
            lambda: calls.missed(page.warehouse, page.filters, open_only, EVERY),
            "missed",
        )
        open_account(picked)
    else:
        nothing("Nobody waits for a call back." if open_only else "No missed calls in this period.")

with section("What channels brought", f"In the period; money in {code or 'base currency'}.", key="channel-table"):
    if channels.num_rows:
        table(
            channels,
            {
                "source": Column("Source", pinned=True),
                "calls": Column("Calls", "count"),
                "answered": Column("Answered", "count"),
                "missed": Column("Missed", "count"),
                "out_of_hours": Column("Out of hours", "count", "Came outside of opening hours."),
                "answer_rate": Column("Answer rate", "ratio", "K3: in opening hours, without those abandoned."),
                "first_time_callers": Column("First-time", "count", "K8"),
                "target_calls": Column("Target", "count", "K9"),
                "leads": Column("Leads", "count", "K10"),
                "goals": Column("Goals", "count", "C19: that web analytics counted.", optional=True),
                "deals": Column("Deals", "count", "K12"),
                "cost": Column("Cost", "money"),
                "won_amount": Column("Won", "money", "K12"),
                "invoiced": Column("Invoiced", "money", "K12"),
                "cash_applied": Column("Cash", "money", "K12: cash applied to invoices of accounts that called."),
            },
            "channel_table",
            height="content",
        )
        with st.expander("By month, with the cost of a lead", icon=":material/calendar_month:"):
            months = calls.channel_months(page.warehouse, page.filters)
            table(
                months,
                {
                    "month": Column("Month", pinned=True),
                    "source": Column("Source"),
                    "calls": Column("Calls", "count", "By the source that was told first."),
                    "newest_calls": Column(
                        "By the newest", "count", "K10: as the newest export gives calls to sources."
                    ),
                    "answer_rate": Column("Answer rate", "ratio", "K3"),
                    "leads": Column("Leads", "count", "K10"),
                    "cost": Column("Cost", "money"),
                    "cost_per_lead": Column("Cost a lead", "money", "K11"),
                    "goals": Column("Goals", "count", "C19", optional=True),
                    "cost_per_goal": Column("Cost a goal", "money", "C19", optional=True),
                    "deals": Column("Deals", "count"),
                    "won_amount": Column("Won", "money"),
                    "cash_applied": Column("Cash", "money"),
                    "is_complete": Column("Whole", "bool", "Calls, deals and invoices have told all of the month."),
                },
                "channel_months",
            )
            download("Download as CSV", "channels", lambda: months, "channel_months")
    else:
        nothing("No channel is known for any call of this period.")
call_sources.attribution(page)
call_service.activity(page)
call_service.results(page)
call_service.gaps(page)
footnotes()

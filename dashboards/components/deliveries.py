"""Deliveries on the page Reports: what is not sent as an alarm, a row a delivery, and the files of one to open."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st

from dashboards.components.formats import plain, plural
from dashboards.components.page import nothing, section
from dashboards.components.tables import Column, table
from pipelines.delivery.record import Record, Restated, Told, changed_since
from pipelines.delivery.sight import Sight
from pipelines.settings import load_settings
from pipelines.words import languages

# So many of what is not sent are told in sentences; the table has all.
FEW = 5
OPENED = "delivery_opened"
# A state as the page says it.
STATES = {
    "due": "expected, not sent", "held": "held", "released": "released", "sending": "being sent", "sent": "sent",
    "deferred": "put off", "refused": "refused", "unknown": "may not have arrived", "again": "to be sent again",
    "correct": "to be corrected",
}  # fmt: skip
MIME = {
    ".pdf": "application/pdf", ".eml": "message/rfc822", ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def alarm(record: Record) -> None:
    """What is due and not sent, each with why and what to do; or that there is none."""
    late = record.not_sent
    if not late:
        st.success("All that is due was sent.", icon=":material/mark_email_read:")
        return
    verb = "is" if len(late) == 1 else "are"
    lines = [f"**{plural(len(late), 'report')} that {verb} due {verb} not sent.**"]
    for each in late[:FEW]:
        why = " ".join(filter(None, (f"{plain(each.said).rstrip('.')}." if each.said else "", each.remedy)))
        lines.append(f"- {plain(str(each))}, due {each.due_at:%Y-%m-%d %H:%M}, {STATES[each.state]}: {why}")
    if len(late) > FEW:
        lines.append(f"- and {len(late) - FEW:,} more: see the list.")
    st.error("\n".join(lines), icon=":material/unsubscribe:")


def deliveries(record: Record, sight: Sight) -> None:
    """A row a delivery, the newest first; a click opens what was sent and what happened to it."""
    with section("Deliveries", "Each report that was due, to whom, what came of it and why.", key="deliveries"):
        if not record.told:
            nothing("Nothing was due yet.")
            return
        told = {str(each): each for each in record.told}
        data = pa.table({
            "report": [each.report for each in told.values()],
            "period": [each.period for each in told.values()],
            "name": [each.name for each in told.values()],
            "state": [STATES[each.state] for each in told.values()],
            "due": [each.due_at.replace(tzinfo=None) for each in told.values()],
            "since": [each.since.replace(tzinfo=None) for each in told.values()],
            "said": [each.said or None for each in told.values()],
            "scope": [each.scope for each in told.values()],
            "channel": [each.channel for each in told.values()],
            "address": [each.address or None for each in told.values()],
            "opened": list(told),
        })  # fmt: skip
        columns = {
            "report": Column("Report", pinned=True), "period": Column("Period"), "name": Column("To"),
            "state": Column("State"), "due": Column("Due", "time", "Business time."),
            "since": Column("Since", "time", "Business time."),
            "said": Column("Why, or what the other side said", width="large", optional=True),
            "scope": Column("Sees", help="Whose figures the recipient may see."), "channel": Column("By"),
            "address": Column("Address", optional=True),
        }  # fmt: skip
        st.caption("Click a row to open what was sent and what happened to it.")
        picked = table(data, columns, "deliveries", pick="opened")
        if picked:
            st.session_state[OPENED] = picked
    opened = told.get(st.session_state.get(OPENED, ""))
    if opened is not None:
        _opened(opened, sight)


def _opened(each: Told, sight: Sight) -> None:
    with section(plain(str(each)), f"{STATES[each.state].capitalize()}, to {plain(each.name)}.", key="delivery"):
        if each.remedy:
            st.markdown(each.remedy)
        if each.pack is None:
            nothing("No files: nothing was handed over, or what was is deleted.")
        elif each.pay_of is not None and not sight.covers(each.pay_of):
            nothing("Its files tell what somebody is paid, and are for those who may see that.")
        else:
            st.caption(f"Made of the publication {each.publication}.")
            with st.container(horizontal=True, gap="small"):
                for name in each.pack.files:
                    suffix = Path(name).suffix
                    st.download_button(
                        suffix.removeprefix(".").upper(), (each.pack.folder / name).read_bytes(), name,
                        MIME.get(suffix, "application/octet-stream"), key=f"pack-{name}", on_click="ignore",
                    )  # fmt: skip
        _changed_since(each)
        events = pa.table({
            "at": [event.at and event.at.replace(tzinfo=None) for event in each.events],
            "event": [STATES.get(event.event, event.event) for event in each.events],
            "said": [event.said or None for event in each.events],
            "by": [event.by for event in each.events],
        })  # fmt: skip
        if events.num_rows:
            table(events, {
                "at": Column("When", "time", "Business time."), "event": Column("What happened"),
                "said": Column("Said", width="large", optional=True), "by": Column("By", optional=True),
            }, "delivery_events")  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=8)
def _compared(report: str, period: str, publication: str, published: str) -> Restated:
    """What a period's report and what is published tell differently; the files say when to ask anew."""
    return changed_since(load_settings(), report, period)


def _changed_since(each: Told) -> None:
    """What is told otherwise by now, in the period and in those before it."""
    if not each.publication:
        return
    found = _compared(each.report, each.period, each.publication, os.path.realpath(load_settings().published))
    st.markdown("**What has changed since it was sent**")
    if found.problem:
        nothing(languages()["en"].text(f"pack.notes.restated_{found.problem}", period=plain(each.period)))
    elif not found.rows:
        nothing(f"Nothing up to {found.until} is told otherwise by the publication {found.publication}.")
    else:
        names = ("period", "measure", "currency", "account_name", "document", "reason", "occurred_on", "was", "now",
                 "difference", "was_file", "was_row", "now_file", "now_row")  # fmt: skip
        data = pa.table({name: [row[name] for row in found.rows] for name in names})
        money = "In the currency; conversations are counted."
        st.caption(f"Lines up to {found.until} that are others in {found.publication}; their sum is the change.")
        table(data, {
            "period": Column("Period from", "date"), "measure": Column("Movement", words="pack.restated_measure"),
            "currency": Column("Currency", optional=True), "account_name": Column("Account", optional=True),
            "document": Column("Number", optional=True), "reason": Column("Why", words="pack.restated_reason"),
            "occurred_on": Column("Day", "date"), "was": Column("Was", "money", money),
            "now": Column("Is", "money", money), "difference": Column("Change", "money", money),
            "was_file": Column("Then in file", optional=True),
            "was_row": Column("Then in line", "count", optional=True),
            "now_file": Column("Now in file", optional=True), "now_row": Column("Now in line", "count", optional=True),
        }, "restated")  # fmt: skip


def coming(record: Record) -> None:
    """When each report is due next."""
    with section("Next", "When the next of each report are due, in business time.", key="coming"):
        if not record.coming:
            nothing("No report is planned.")
            return
        reports, periods, times = zip(*record.coming, strict=True)
        data = pa.table({"report": reports, "period": periods, "due": [each.replace(tzinfo=None) for each in times],
                         "weekday": [f"{each:%A}" for each in times]})  # fmt: skip
        table(data, {
            "report": Column("Report"), "period": Column("Period"), "weekday": Column("Day"),
            "due": Column("Due", "time"),
        }, "coming")  # fmt: skip


def published(record: Record) -> None:
    """The publications that are kept: reports are made of them."""
    with section("Published", "The publications that are kept, the newest first; reports are made of these.",
                 key="publications"):  # fmt: skip
        kept, zone = record.publications, ZoneInfo(load_settings().business_timezone)
        data = pa.table({
            "version": [each.version for each in kept], "as_of": [date.fromisoformat(each.as_of_date) for each in kept],
            "published_at": [
                datetime.fromisoformat(at).astimezone(zone).replace(tzinfo=None) if (at := each.published_at) else None
                for each in kept
            ],
            "read_by": ["reports" if each.is_beside else "dashboards" for each in kept],
            "files": [each.files for each in kept],
            "rejected": [each.rows_rejected for each in kept], "held": [each.files_held for each in kept],
        })  # fmt: skip
        table(data, {
            "version": Column("Publication"), "as_of": Column("As of", "date"),
            "published_at": Column("Published", "time", "Business time."),
            "read_by": Column("For", help="What is for reports is published beside: dashboards never show it."),
            "files": Column("Files", "count"), "rejected": Column("Rows rejected", "count"),
            "held": Column("Files held", "count"),
        }, "publications")  # fmt: skip

"""Alerts on the page Reports: what was told to whom, which of it nobody has acknowledged, and a button that does."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import streamlit as st

from dashboards.components.formats import plain, plural
from dashboards.components.page import nothing, section
from dashboards.components.tables import Column, table
from pipelines.delivery.alerts import Standing, alerts_of
from pipelines.settings import load_settings

STATES = {
    "sent": "told", "deferred": "put off", "refused": "refused", "unknown": "may not have arrived",
    "acknowledged": "acknowledged", "cleared": "over", "sending": "being told",
}  # fmt: skip


def alerts() -> None:
    """Every alert that was told, with its rows."""
    found = alerts_of(load_settings())
    with section("Alerts", "Rows that met a condition of `lists/alerts.csv`, and whom they were told.", key="alerts"):
        for problem in found.problems if found else ():
            st.error(plain(problem), icon=":material/notifications_off:")
        standing = found.standing() if found else []
        if not standing:
            nothing("No alert was told yet; `keybook lists` writes a template of the list.")
            return
        data = pa.table({
            "alert": [each.alert for each in standing], "recipient": [each.recipient for each in standing],
            "state": [STATES.get(each.state, each.state) for each in standing],
            "since": [each.since.replace(tzinfo=None) for each in standing],
            "open": [len(each.rows) for each in standing], "seen": [len(each.acknowledged) for each in standing],
            "condition": [each.condition for each in standing], "said": [each.said or None for each in standing],
        })  # fmt: skip
        table(data, {
            "alert": Column("Alert", pinned=True), "recipient": Column("To"), "state": Column("State"),
            "since": Column("Since", "time", "Business time."), "open": Column("Rows told", "count"),
            "seen": Column("Rows acknowledged", "count"), "condition": Column("Condition", width="large"),
            "said": Column("What the other side said", optional=True),
        }, "alerts")  # fmt: skip
        for each in standing:
            if each.rows:
                _acknowledge(each)


def _acknowledge(each: Standing) -> None:
    rows = plural(len(each.rows), "row")
    if st.button(f"Acknowledge {each.alert} to {each.recipient}, {rows}", key=f"seen-{each.alert}-{each.recipient}"):
        found = alerts_of(load_settings())
        if found is not None:
            found.acknowledge(each.alert, each.recipient, datetime.now(UTC))
        st.rerun()

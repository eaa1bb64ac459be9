"""Reports: what was published, made, sent and held, to whom and why, with the files to open."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboards.components.alerts import alerts
from dashboards.components.deliveries import alarm, coming, deliveries, published
from dashboards.components.formats import number, plain
from dashboards.components.page import current_page, footnotes, header
from dashboards.components.tiles import Tile, tiles
from pipelines.delivery.record import record
from pipelines.settings import load_settings

page = current_page()
header("Reports", "What was due to whom, what was sent, and what is held and why.")
found = record(load_settings(), datetime.now(UTC))
if found.problems:
    st.error("**delivery.yml cannot be used, so nothing is sent:**", icon=":material/unsubscribe:")
    for line in found.problems:
        st.text(line)
elif not found.is_planned:
    with st.container(border=True, key="card-unplanned"):
        st.markdown("#### No report is sent to anybody yet")
        st.markdown("Write down who gets which report, and when; this begins the file, each line explained:")
        st.code("keybook deliver --template", language=None)
        st.caption(f"It is `delivery.yml` in {plain(str(load_settings().home))}.")
else:
    alarm(found)
    states = [each.state for each in found.told]
    tiles(
        page.warehouse,
        [
            Tile("Expected", number(len(states))),
            Tile("Sent", number(states.count("sent"))),
            Tile("Held", number(states.count("held"))),
            Tile("Put off or refused", number(states.count("deferred") + states.count("refused"))),
            Tile("May not have arrived", number(states.count("unknown"))),
            Tile("Not looked at yet", number(states.count("due")), note="Due, and no run of `keybook deliver` since."),
        ],
    )
    deliveries(found, page.filters.sight)
    alerts()
    coming(found)
published(found)
footnotes()

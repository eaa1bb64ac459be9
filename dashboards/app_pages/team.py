"""Team: what each person is held to, what was done, and the records behind it."""

from __future__ import annotations

import streamlit as st

from dashboards.components.page import current_page, drop_in, footnotes, header
from dashboards.components.team_commission import commission_section
from dashboards.components.team_load import load_section
from dashboards.components.team_norms import norms_section
from dashboards.components.team_scorecard import scorecard_section, talks_section
from dashboards.queries import team

page = current_page()
header("Team", "What each person is held to, what was done, and what shows it.")
if not team.months(page.warehouse) and not team.scorecard_months(page.warehouse):
    drop_in("crm")
    footnotes()
    st.stop()
if page.filters.segments or page.filters.countries:
    st.caption("People are counted by team and manager: the filters of segment and country don't narrow this page.")
norms_section(page)
scorecard_section(page)
talks_section(page)
load_section(page)
commission_section(page)
footnotes()

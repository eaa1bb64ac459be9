"""What was found of what one page shows: where that page's header leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboards.components.page import section
from dashboards.components.words import one
from dashboards.queries import data_health as health

# In which tab of Data health the findings of each source stand.
TABS = {"receivables": "Receivables", "figures": "Findings and columns", "files": "Findings and columns"}


@dataclass(frozen=True)
class Touching:
    """The page that the address names, or '', and the kinds of findings that touch it."""

    page: str
    kinds: list[dict[str, Any]]

    @property
    def tab(self) -> str | None:
        """The tab to open first."""
        return TABS[self.kinds[0]["finding_source"]] if self.kinds else None

    def among(self, kinds: dict[str, int]) -> list[str]:
        """Those of the given kinds that touch the page."""
        return [row["finding"] for row in self.kinds if row["finding"] in kinds]


def touching(warehouse: str) -> Touching:
    """What touches the page that the address names, and says so at the top of Data health."""
    page = st.query_params.get("touching", "")
    kinds = health.touching_page(warehouse, page) if page else []
    if kinds:
        counts: dict[str, int] = {}
        for row in kinds:
            counts[row["finding_source"]] = counts.get(row["finding_source"], 0) + row["findings"]
        with section(f"What touches the page {page.replace('_', ' ').capitalize()}", key="touching"):
            st.markdown(
                "\n".join(
                    f"- **{count:,}**: {one('finding_source', source)}, in the tab *{TABS[source]}*"
                    for source, count in counts.items()
                )
            )
            st.page_link("app_pages/data_health.py", label="Show every finding", icon=":material/filter_alt_off:")
    return Touching(page if kinds else "", kinds)

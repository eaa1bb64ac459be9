"""The frame of a page: its title, how fresh it is, its sections, and what it says when something isn't there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import streamlit as st

from dashboards.components.filters import summary
from dashboards.components.formats import NOT_KNOWN_HINT, iso, plain, plural
from dashboards.queries import common
from dashboards.queries.base import Filters

# What is dropped in for each domain, in words: the page of a domain without data says it.
DROP_IN = {
    "any": ("data", "the exports of your CRM, your billing system or your call tracker"),
    "crm": ("deals or accounts", "your CRM's exports (accounts, contacts, deals, activities, users)"),
    "billing": ("invoices", "your billing system's exports (customers, invoices, payments)"),
    "contracts": (
        "contracts, subscriptions or products",
        "your CRM's exports (contracts, products) or your billing system's (subscriptions, lines of invoices)",
    ),
    "calls": ("calls", "your call tracker's or telephone exchange's export (one row per call)"),
}


# What one page has to say at the top of another, by that one's name, until it is left.
TOLD = "told"


@dataclass(frozen=True)
class PageContext:
    """What a page needs to know: its name, the publication that this run reads, and what the user chose to see."""

    name: str
    warehouse: str
    landing: Path
    lists: Path
    publication: dict[str, Any]
    published_at: datetime
    filters: Filters

    @property
    def base_currency(self) -> str | None:
        """The currency of totals, or None when the publication doesn't say."""
        return cast("str | None", self.publication["base_currency"])


def current_page() -> PageContext:
    """What the page that runs has to show: its publication, filters and place."""
    return cast(PageContext, st.session_state["page"])


def header(title: str, about: str) -> None:
    """Title, as-of date, freshness, base currency, what findings touch the page, and the filters that are set."""
    page = current_page()
    facts = page.publication
    files = facts["files"] or facts["entity_files"]
    st.title(title, anchor=False)
    st.markdown(f":gray[{about}]")
    line = [
        f"**As of {iso(facts['as_of_date'])}**",
        *([f"**by what was known on {iso(facts['known_at'])}**"] if facts["known_at"] is not None else []),
        f"published {iso(page.published_at)}" + (f" from {plural(files, 'file')}" if files else ""),
        f"totals in {plain(page.base_currency)}" if page.base_currency else "base currency not known",
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="freshness"):
        st.markdown(" · ".join(line), width="content")
        rejected = facts["rows_rejected"]
        if rejected:
            st.page_link(
                "app_pages/data_health.py",
                label=plural(rejected, "rejected row"),
                icon=":material/rule:",
                help="Which rows of which file, and why: see Data health.",
            )
        else:
            words = "no rejected rows" if rejected == 0 else "rejected rows not known"
            st.markdown(f":gray[{words}]", width="content")
        if found := common.findings(page.warehouse).get(page.name):
            st.page_link(
                "app_pages/data_health.py",
                label=f"{plural(found, 'finding')} {'touches' if found == 1 else 'touch'} this page",
                icon=":material/flag:",
                query_params={"touching": page.name},
                help="What exports contradict themselves in, and figures that can hardly be so: see Data health.",
            )
    if chosen := summary(page.warehouse, page.filters):
        st.markdown(f":material/filter_alt: Shown for {chosen}", width="content")
    told = st.session_state.get(TOLD, {})
    if page.name in told:
        st.info(plain(told[page.name]), icon=":material/check_circle:")
    else:
        st.session_state.pop(TOLD, None)


def whole_company() -> str | None:
    """A note for figures that the filters don't narrow, when there are such filters."""
    return "Of the whole company: the filters don't narrow this." if current_page().filters.narrows_accounts else None


def are_days_unknown(kpis: Sequence[dict[str, Any]]) -> bool:
    """Whether no payment of the newest window has a day, since exports tell of them by balances alone; says so."""
    is_so = bool(kpis and kpis[-1]["are_days_unknown"])
    if is_so:
        st.info(
            "Exports tell of payments by what they left open alone. What is open and overdue now is right; on which "
            "days money came in is not known, nor what was open before: figures of the months that they may be of are "
            "unknown, and ages of earlier days show all of it as still open.",
            icon=":material/event_busy:",
        )
    return is_so


def say_open_alone(warehouse: str) -> None:
    """Says of whose invoices what was invoiced is known of what is open alone."""
    if found := common.open_alone(warehouse):
        whose = ", ".join(f"{row['contract']} since {iso(row['first_on'])}" for row in found)
        st.info(
            f"Of some invoices lists of what is open are all that tells ({whose}). What was invoiced and paid before "
            "the first list is in none of them: sales, revenue, DSO and what was owed before that day are, of those, "
            "of what is still open alone. A list of all invoices would tell.",
            icon=":material/playlist_remove:",
        )


@contextmanager
def section(title: str, about: str | None = None, *, key: str) -> Iterator[None]:
    """A card with a heading and a sentence under it."""
    with st.container(border=True, key=f"card-{key}", height="stretch"):
        st.markdown(f"#### {title}")
        if about:
            st.caption(about)
        yield


def month_choice(label: str, months: Sequence[date], key: str) -> date:
    """In a section: which month it shows, the first of them unless another is chosen."""
    return st.selectbox(label, months, format_func=lambda day: f"{day:%Y-%m}", key=key, label_visibility="collapsed")


def nothing(words: str) -> None:
    """In a section: nothing to show."""
    st.caption(words)


def drop_in(domain: str) -> None:
    """The page of a domain for which nothing was landed: what to drop where."""
    what, exports = DROP_IN[domain]
    with st.container(border=True, key=f"card-empty-{domain}"):
        st.markdown(f"#### No {what} yet")
        st.markdown(f"Drop {exports} into this folder, then run `keybook refresh`:")
        st.code(str(current_page().landing), language=None)
        st.caption(
            "Keybook reads CSV, Excel, JSON and Parquet as the system wrote them. "
            "`keybook detect FILE` says whether it knows a file and how it reads each column; "
            "`keybook contract new FILE` begins a contract for one that it doesn't."
        )


def footnotes() -> None:
    """At the foot of a page: what a dash means."""
    st.caption(NOT_KNOWN_HINT)


def open_account(account_id: str | None) -> None:
    """Goes to the card of an account, if a row was picked."""
    if account_id:
        st.switch_page("app_pages/accounts.py", query_params={"account": account_id})

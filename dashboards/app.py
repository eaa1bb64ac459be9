"""Keybook's dashboards: the router. Run it with `streamlit run dashboards/app.py`, or `keybook dashboard`.

Each run resolves the link to the published warehouse once and reads that file alone. A publication while a page is
open swaps the link; the watcher sees it within seconds and runs the page again, on the new file.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

# `streamlit run` puts this folder on the path, not the one that holds the package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import duckdb
import streamlit as st

from dashboards.components import filters, viewer
from dashboards.components.page import PageContext
from dashboards.queries import common
from dashboards.queries.base import is_readable, resolve
from pipelines.settings import Settings, SettingsError, load_settings

WATCH_SECONDS = 3
ADDING = "add_data"
FOLDER = Path(__file__).resolve().parent


def pages(begins_with_today: bool) -> dict[str, list[st.Page]]:
    """The pages by what they are about, in the order of the menu; the first of who has an own book is its day."""
    day = st.Page("app_pages/today.py", title="Today", icon=":material/today:", default=begins_with_today)
    overview = st.Page(
        "app_pages/overview.py", title="Overview", icon=":material/dashboard:", default=not begins_with_today
    )
    return {
        "": [
            *((day, overview) if begins_with_today else (overview, day)),
            st.Page("app_pages/reports.py", title="Reports", icon=":material/outgoing_mail:"),
        ],
        "Accounts": [
            st.Page("app_pages/accounts.py", title="Accounts", icon=":material/contacts:"),
            st.Page("app_pages/key_accounts.py", title="Key accounts", icon=":material/star:"),
            st.Page("app_pages/account_health.py", title="Account health", icon=":material/monitor_heart:"),
            st.Page("app_pages/service.py", title="Service", icon=":material/support_agent:"),
            st.Page(
                "app_pages/renewals_and_whitespace.py", title="Renewals and whitespace", icon=":material/autorenew:"
            ),
        ],
        "Sales": [
            st.Page("app_pages/revenue.py", title="Revenue", icon=":material/query_stats:"),
            st.Page("app_pages/sales.py", title="Sales", icon=":material/trending_up:"),
            st.Page("app_pages/calls.py", title="Calls", icon=":material/call:"),
            st.Page("app_pages/team.py", title="Team", icon=":material/groups:"),
        ],
        "Money owed": [
            st.Page("app_pages/receivables.py", title="Receivables", icon=":material/account_balance_wallet:"),
            st.Page("app_pages/collections.py", title="Collections", icon=":material/phone_forwarded:"),
            st.Page("app_pages/cash_forecast.py", title="Cash forecast", icon=":material/event_upcoming:"),
            st.Page("app_pages/statements.py", title="Statements", icon=":material/receipt_long:"),
        ],
        "Trust": [
            st.Page("app_pages/add_data.py", title="Add data", icon=":material/upload_file:"),
            st.Page("app_pages/data_health.py", title="Data health", icon=":material/verified:"),
            st.Page("app_pages/matches.py", title="Matches", icon=":material/join_inner:"),
            st.Page("app_pages/requirements.py", title="Requirements", icon=":material/checklist:"),
        ],
    }


@st.fragment(run_every=WATCH_SECONDS)
def watch(link: Path, opened: str | None) -> None:
    """Runs the page again once another warehouse is published than the one that it shows."""
    if resolve(link) != opened:
        st.rerun()


def not_published(settings: Settings) -> None:
    """What a home without a warehouse shows."""
    st.title("Keybook", anchor=False)
    with st.container(border=True, key="card-unpublished"):
        st.markdown("#### Nothing is published yet")
        st.page_link(
            "app_pages/add_data.py", label="Add your exports here, in the browser", icon=":material/upload_file:"
        )
        st.markdown("Or drop the exports of your CRM, billing system and call tracker into this folder:")
        st.code(str(settings.landing_dir), language=None)
        st.markdown("and run this command; the page opens by itself once it is done:")
        st.code("keybook refresh", language=None)
        st.caption(f"The warehouse is looked for at {settings.published}. `KEYBOOK_HOME` names another home.")


def of_another_version() -> None:
    """What a publication shows whose reporting contract is not the one that these pages read."""
    st.title("Keybook", anchor=False)
    st.error(
        "The published warehouse was made by another version of Keybook; "
        "run `keybook refresh` with this version to publish it again."
    )


def publication_time(link: Path, warehouse: str, zone: str) -> datetime:
    """When the link was set to this file; when the file was written, if the link has moved on since."""
    stat = link.lstat() if resolve(link) == warehouse else Path(warehouse).stat()
    return datetime.fromtimestamp(stat.st_mtime, ZoneInfo(zone)).replace(tzinfo=None)


def main() -> None:
    """One run of the page that is open."""
    mark = str(FOLDER / "assets" / "mark.svg")
    st.set_page_config(page_title="Keybook", page_icon=mark, layout="wide", initial_sidebar_state=256)
    st.logo(str(FOLDER / "assets" / "logo.svg"), icon_image=mark, size="large")
    st.html(FOLDER / "assets" / "style.css")
    try:
        settings = load_settings()
    except SettingsError as error:
        st.title("Keybook", anchor=False)
        st.error("A setting cannot be used:")
        st.text(str(error))
        return
    sight = viewer.seen_by(settings)
    chosen = st.navigation(pages(bool(sight.people)), expanded=True)
    warehouse = resolve(settings.published)
    watch(settings.published, warehouse)
    # It adds to the home, reads no publication, and is the only page of a home without one.
    if chosen.url_path == ADDING:
        chosen.run()
        return
    if warehouse is None:
        not_published(settings)
        return
    if not is_readable(warehouse):
        of_another_version()
        return
    try:
        publication = common.publication(warehouse)
        st.session_state["page"] = PageContext(
            name=chosen.url_path or ("today" if sight.people else "overview"),
            warehouse=warehouse,
            landing=settings.landing_dir,
            lists=settings.lists_dir,
            publication=publication,
            published_at=publication_time(settings.published, warehouse, settings.business_timezone),
            filters=filters.sidebar(warehouse, publication, sight),
        )
        chosen.run()
    except (duckdb.IOException, FileNotFoundError) as error:
        # The file was taken away between resolving the link and opening it: another one is published by now.
        if resolve(settings.published) != warehouse:
            st.rerun()
        st.title("Keybook", anchor=False)
        st.error("The published warehouse cannot be opened. Run `keybook refresh` to publish it again.")
        st.text(str(error))
    except duckdb.Error as error:
        st.error("This page can't read the published warehouse. Run `keybook refresh --full` to publish it again.")
        st.text(str(error))


main()

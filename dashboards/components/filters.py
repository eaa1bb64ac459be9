"""The filters: in the sidebar of every page, kept across pages and in the address, so that a view can be shared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from dashboards.components.formats import plain
from dashboards.components.words import NOT_KNOWN, placed
from dashboards.queries import common
from dashboards.queries.base import ALL, Filters
from pipelines.delivery.sight import Sight

PERIODS = {"3m": "3 months", "6m": "6 months", "12m": "12 months", "24m": "24 months", "all": "All months"}
_LENGTHS = {"3m": 3, "6m": 6, "12m": 12, "24m": 24}
_PLURALS = {"team": "Teams", "manager": "Managers", "segment": "Segments", "country": "Countries"}


def first_month(as_of: date | None, period: str) -> date:
    """The first month of a period that ends with the month of the as-of date."""
    if as_of is None or period not in _LENGTHS:
        return date(1900, 1, 1)
    months = as_of.year * 12 + as_of.month - 1 - (_LENGTHS[period] - 1)
    return date(months // 12, months % 12 + 1, 1)


def _several(key: str, offered: dict[str, str], first: Sequence[str] = ()) -> tuple[str, ...]:
    if not offered:
        return ()
    # The value that is not known is the empty text, which an address can't carry.
    options = [value or NOT_KNOWN for value in offered]
    labels = {value or NOT_KNOWN: placed(label) for value, label in offered.items()}
    chosen = st.multiselect(
        _PLURALS[key],
        options,
        default=list(first),
        key=key,
        format_func=lambda value: labels.get(value, value),
        placeholder="All",
        bind="query-params",
        persist_state="session",
    )
    return tuple(sorted("" if value == NOT_KNOWN else value for value in chosen))


def sidebar(warehouse: str, publication: dict[str, Any], sight: Sight) -> Filters:
    """Draws the filters and returns what is chosen; who has an own book begins with it."""
    offered = common.choices(warehouse)
    base = publication["base_currency"] or "base currency"
    with st.sidebar:
        period = st.selectbox(
            "Period",
            list(PERIODS),
            index=2,
            key="period",
            format_func=lambda value: PERIODS[value] if value == "all" else f"Last {PERIODS[value]}",
            help="Months up to the as-of date; charts and sums over time use it.",
            bind="query-params",
            persist_state="session",
        )
        currency = st.selectbox(
            "Currency",
            [ALL, *common.currencies(warehouse)],
            key="currency",
            format_func=lambda value: f"All, in {base}" if value == ALL else value,
            help="All currencies are shown in base currency. Currencies are never added to each other.",
            bind="query-params",
            persist_state="session",
        )
        own = [person for person in sight.people if person in offered["manager"]]
        chosen = {key: _several(key, offered[key], own if key == "manager" else ()) for key in _PLURALS}
    return Filters(
        teams=chosen["team"],
        managers=chosen["manager"],
        segments=chosen["segment"],
        countries=chosen["country"],
        currency=currency or ALL,
        since=first_month(publication["as_of_date"], period or "12m"),
        sight=sight,
    )


def summary(warehouse: str, filters: Filters) -> str:
    """What is chosen, in words, escaped for Markdown; empty when everything is shown."""
    offered = common.choices(warehouse)
    picked = {
        "team": filters.teams,
        "manager": filters.managers,
        "segment": filters.segments,
        "country": filters.countries,
    }
    parts = [
        f"{key}: {', '.join(plain(offered[key].get(value, value)) for value in values)}"
        for key, values in picked.items()
        if values
    ]
    if filters.currency != ALL:
        parts.append(f"currency: {plain(filters.currency)}")
    return "; ".join(parts)

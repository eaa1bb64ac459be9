"""Account health: who is in danger and why, what a score is made of, whether it warns in time, and who is silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from dashboards.components import charts
from dashboards.components import health_columns as columns
from dashboards.components.formats import money, number, percent, plain, plural, words
from dashboards.components.page import (
    current_page,
    drop_in,
    footnotes,
    header,
    nothing,
    open_account,
    section,
    whole_company,
)
from dashboards.components.tables import EVERY, MOST, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import said
from dashboards.queries import account_health as health
from dashboards.queries.base import rows

FIRST = 3
BANDS = {"red": "Red: up to 50", "yellow": "Yellow: up to 75", "green": "Green", "unknown": "Too little known"}

page = current_page()
base = page.base_currency
as_of = page.publication["as_of_date"]
compared = (as_of - timedelta(days=28)).isoformat() if as_of else "1900-01-01"
totals = health.totals(page.warehouse, page.filters, compared)
quiet = health.silent_totals(page.warehouse, page.filters)
tested = rows(health.backtest(page.warehouse))


def reasons_of(row: dict[str, Any]) -> str:
    """The reasons as a list."""
    found = [plain(reason) for reason in said("health_reason", row["reasons"], row)]
    return "\n".join(f"- {reason}" for reason in found) or "- nothing stands out"


def card(row: dict[str, Any]) -> None:
    """One of the accounts with most at stake: score, money, reasons."""
    with st.container(border=True, key=f"card-health-{row['account_id'].replace(':', '-')}", height="stretch"):
        st.markdown(f"##### {plain(row['account_name'])}")
        fell = row["score"] - row["score_before"] if None not in (row["score"], row["score_before"]) else None
        moved = "" if fell is None or not round(fell) else f", {fell:+.0f} in 4 weeks"
        st.markdown(f"**Score {number(row['score'])}** of 100 ({row['band']}){moved}")
        st.markdown(
            f"{money(row['revenue_12m'], base)} revenue in 12 months, {money(row['open_amount'], base)} open, "
            f"{money(row['overdue_amount'], base)} of it overdue"
        )
        st.markdown(reasons_of(row))
        if st.button("Open account", key=f"health_{row['account_id']}", icon=":material/open_in_new:", type="tertiary"):
            open_account(row["account_id"])


def danger_tab() -> None:
    """Bands over weeks, the accounts with most at stake as cards, and the list."""
    course = rows(health.bands(page.warehouse, page.filters))
    with section("Bands over the weeks", "Active accounts at each week's end, as known then (V18).", key="bands"):
        if course:
            charts.bars(
                course,
                {"red": "Red", "yellow": "Yellow", "green": "Green", "unknown": "Too little known"},
                ["orange", "sand", "teal", "grey"],
                "Accounts",
                key="bands",
                index="week",
                alt_text="Active accounts by health band and week",
            )
        else:
            nothing("No weeks in this period.")
    firsts = rows(health.worst(page.warehouse, page.filters, ("red", "yellow"), compared, FIRST, only_active=True))
    if firsts:
        st.markdown("#### Most at stake and not lost yet")
        with st.grid(len(firsts), min_column_width=260, gap="small"):
            for row in firsts:
                card(row)
    picked = st.pills(
        "Band",
        list(BANDS),
        selection_mode="multi",
        default=["red", "yellow"],
        key="health_bands",
        format_func=BANDS.__getitem__,
    )
    chosen = tuple(picked) or tuple(BANDS)
    data = health.worst(page.warehouse, page.filters, chosen, compared, MOST)
    with section("Accounts", "The most revenue first. Click a row to open the account.", key="worst"):
        if not data.num_rows:
            nothing("No account stands in these bands.")
            return
        account = table(
            data,
            columns.worst(base),
            "worst",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        shown_of(data.num_rows, sum(totals[band] or 0 for band in chosen), "accounts")
        download(
            "Download as CSV",
            "account-health",
            lambda: health.worst(page.warehouse, page.filters, chosen, compared, EVERY),
            "worst",
            columns.worst(base),
        )
        open_account(account)


def opened_tab() -> None:
    """One account's score over the weeks, and what it is made of."""
    every = rows(health.names(page.warehouse, page.filters))
    if not every:
        nothing("No account has a score.")
        return
    labels = {
        row["account_id"]: f"{row['account_name'] or row['account_id']} ({number(row['score'])})" for row in every
    }
    account = st.selectbox(
        "Account, the lowest score first", list(labels), key="health_account", format_func=lambda key: labels[key]
    )
    course = rows(health.course(page.warehouse, page.filters, account))
    with section("Score over the weeks", "The whole and its groups.", key="course"):
        charts.lines(
            course,
            {
                "score": "Score",
                "cash_score": "Cash",
                "contact_score": "Contact",
                "deal_score": "Deal",
                "service_score": "Service",
            },
            ["ink", "teal", "blue", "violet", "grey"],
            "Points",
            key="course",
            index="week",
            fmt=",.0f",
            alt_text="Health score and its groups by week",
        )
    weeks = [row["week"] for row in rows(health.weeks(page.warehouse, account))]
    if not weeks:
        nothing("This account's newest weeks don't open to measures.")
        return
    week = st.selectbox("As of", weeks, key="health_week")
    found = rows(health.measures(page.warehouse, account, week))
    known = [row for row in found if row["points"] is not None]
    missing = [columns.MEASURE_WORDS.get(row["measure"], words(row["measure"])) for row in found if row not in known]
    score = next((row["score"] for row in course if row["week"] == week), None)
    about = f"What each measure contributes; together {number(score, 1)} of 100."
    if missing:
        about += f" Missing, so that the others weigh more: {', '.join(missing).lower()}."
    with section("What the score is made of", about, key="measures"):
        costing = [
            {"name": columns.MEASURE_WORDS.get(row["measure"], words(row["measure"])), "lost": row["lost_points"]}
            for row in known
            if (row["lost_points"] or 0) >= 0.05
        ]
        if costing:
            charts.ranked(
                costing,
                "name",
                "lost",
                "Points missing to 100",
                key="costing",
                colour="orange",
                alt_text="Points that each measure costs",
            )
        data = health.measures(page.warehouse, account, week)
        shown = data.append_column("group", [[words(row["measure_group"]) for row in found]])
        shown = shown.append_column(
            "name", [[columns.MEASURE_WORDS.get(row["measure"], words(row["measure"])) for row in found]]
        )
        shown = shown.append_column("range", [[f"{row['zero_at']:g} … {row['full_at']:g}" for row in found]])
        table(shown, columns.MEASURES, "measures", height="content")
        download("Download as CSV", "health-measures", lambda: data, "measures", columns.MEASURES)
    names = {row["measure"]: columns.MEASURE_WORDS.get(row["measure"], words(row["measure"])) for row in found}
    with section(
        "The rows behind a measure", "The newest 50 on the account's timeline up to that day.", key="evidence"
    ):
        measure = st.selectbox("Measure", list(names), key="health_measure", format_func=lambda key: names[key])
        events = next(row["evidence_events"] for row in found if row["measure"] == measure)
        behind = health.evidence(page.warehouse, account, week, events or "", 50)
        if behind.num_rows:
            table(behind, columns.EVIDENCE, "evidence", height=320 if behind.num_rows > 7 else "content")
        else:
            nothing("Nothing of that kind stands on the timeline.")
        if st.button("Open account", key="health_open", icon=":material/open_in_new:", type="tertiary"):
            open_account(account)


def in_plain_words(row: dict[str, Any], others: list[dict[str, Any]]) -> str:
    """What the back-test says of one threshold of the score, the plain methods beside it."""
    horizon = number(row["horizon_days"])
    text = (
        f"An alarm at **{number(row['threshold'])} points or fewer** had begun before "
        f"**{number(row['flagged_before'])} of {plural(row['departures'], 'account')}** left"
    )
    if row["lead_days_median"] is not None:
        text += f", {number(row['lead_days_median'])} days ahead in the middle"
    text += f". By the day that the status said paused it was {percent(row['recall_by_pause'], 0)} of them. "
    decided = row["alarms_before"] + row["alarms_late"] + row["alarms_false"]
    text += (
        f"Of {plural(decided, 'alarm')} that are decided, **{number(row['alarms_false'])} were false**: "
        f"the account did not leave within {horizon} days."
    )
    for other in others:
        text += (
            f" {columns.METHOD_WORDS[other['method']]} at the same points: {number(other['flagged_before'])} flagged "
            f"before, {number(other['alarms_false'])} false."
        )
    return text


def backtest_tab() -> None:
    """Whether the score warned of the accounts that left."""
    with section(
        "Would it have warned?",
        "Every week of the history is scored with what was known by then, and held against the accounts that the "
        "status rule (V9) has paused since.",
        key="backtest",
    ):
        if whole := whole_company():
            st.caption(whole)
        if not tested or not tested[0]["departures"]:
            nothing("No account has left within the history, so there is nothing to test against.")
            return
        thresholds = sorted({row["threshold"] for row in tested})
        edge = [row["threshold"] for row in tested if row["band"] == "yellow"] or thresholds[-1:]
        threshold = st.segmented_control(
            "Alarm at or below",
            thresholds,
            default=edge[0],
            key="threshold",
            format_func=lambda points: f"{points:g}",
            required=True,
        )
        same = {row["method"]: row for row in tested if row["threshold"] == threshold}
        st.markdown(in_plain_words(same["score"], [row for key, row in same.items() if key != "score"]))
        left, right = st.columns(2, gap="small")
        shown = [{**row, "name": columns.METHOD_WORDS[row["method"]]} for row in same.values()]
        with left:
            st.caption("Accounts flagged before they left")
            charts.ranked(
                shown, "name", "flagged_before", "Accounts", key="flagged", alt_text="Accounts flagged, by method"
            )
        with right:
            st.caption("False alarms")
            charts.ranked(
                shown,
                "name",
                "alarms_false",
                "Alarms",
                key="false_alarms",
                colour="orange",
                alt_text="False alarms, by method",
            )
        data = health.backtest(page.warehouse)
        named = data.set_column(
            data.column_names.index("method"), "method", [[columns.METHOD_WORDS[row["method"]] for row in tested]]
        )
        table(named, columns.BACKTEST, "backtest", height="content")
        download("Download as CSV", "health-backtest", lambda: data, "backtest")
        st.caption(
            f"A flag on a random week would have stood within {number(tested[0]['horizon_days'])} days of a departure "
            f"in {percent(tested[0]['base_rate'])} of {number(tested[0]['account_weeks'])} weeks. Few departures make "
            "every share here uncertain; why an account left, no export says."
        )
    left_ones = health.departures(page.warehouse, page.filters, MOST)
    with section("Accounts that left", "Alarms at the upper edge of red. Click a row to open the account.", key="left"):
        if not left_ones.num_rows:
            nothing("Nobody left.")
            return
        account = table(
            left_ones,
            columns.departures(base),
            "departures",
            pick="account_id",
            height=460 if left_ones.num_rows > 11 else "content",
        )
        download(
            "Download as CSV",
            "departures",
            lambda: health.departures(page.warehouse, page.filters, EVERY),
            "departures",
            columns.departures(base),
        )
        open_account(account)


def silence_tab() -> None:
    """With whom to talk next, and who should have been spoken with by now."""
    soon = health.talk_next(page.warehouse, page.filters)
    about = "What is open, silence, a renewal that is near and open deals, in one rank (A14)."
    with section("Whom to talk to next", about, key="talk-next"):
        open_account(table(soon, columns.talk_next(base), "talk_next", pick="account_id", height="content"))
        download("Download as CSV", "talk-next", lambda: soon, "talk_next", columns.talk_next(base))
    data = health.silent(page.warehouse, page.filters, MOST)
    about = (
        f"No two-way contact for longer than the tier or the account's own habit asks (A17); key accounts first. "
        f"They owe {money(quiet['open_amount'] or 0, base)}."
    )
    if quiet["fatigued"]:
        about += f" {plural(quiet['fatigued'], 'account')} got too many tries without an answer (A19)."
    with section("Silent accounts", about + " Click a row to open the account.", key="silent"):
        if not data.num_rows:
            nothing("Every client was spoken with in time.")
            return
        account = table(
            data,
            columns.silent(base),
            "silent",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        shown_of(data.num_rows, quiet["silent"] or 0, "accounts")
        download(
            "Download as CSV",
            "silent-accounts",
            lambda: health.silent(page.warehouse, page.filters, EVERY),
            "silent",
            columns.silent(base),
        )
        open_account(account)


header("Account health", "Who is in danger, why, and whether the score warned in time when accounts left.")
if not totals["accounts"]:
    drop_in("billing")
    footnotes()
    st.stop()
red = next((row for row in tested if row["method"] == "score" and row["band"] == "red"), None)
yellow = next((row for row in tested if row["method"] == "score" and row["band"] == "yellow"), None)
tiles(
    page.warehouse,
    [
        Tile(
            "In danger",
            number(totals["red"]),
            versus=f"of {plural(totals['accounts'], 'client')}; {number(totals['yellow'])} to watch",
            metric=("rpt_account_health", "score", "V18"),
        ),
        Tile(
            "Revenue in danger",
            money(totals["red_revenue"] or 0, base),
            versus=f"open {money(totals['red_open'] or 0, base)}",
            note="V1 of 12 months, and R1: of the clients whose score is red.",
        ),
        Tile(
            "Silent",
            number(quiet["silent"]),
            versus=f"{number(quiet['silent_key'])} of them key accounts",
            metric=("rpt_silent_accounts", "days_since_contact", "P15"),
        ),
        Tile(
            "Warned before leaving",
            percent(yellow["recall"], 0) if yellow else number(None),
            versus=f"of {number(yellow['departures'])}; by red {percent(red['recall'], 0)}"
            if yellow and red and yellow["departures"]
            else "nobody has left",
            metric=("rpt_health_backtest", "recall", "V18"),
            note="Alarms at 75 points or fewer. The tab Back-test says how many were false.",
        ),
        Tile(
            "Known",
            number(totals["scored"]),
            versus=f"of {number(totals['accounts'])} accounts",
            note="Accounts of which enough measures are known for a score.",
        ),
    ],
)
tabs = {
    "In danger": danger_tab,
    "One account": opened_tab,
    "Back-test": backtest_tab,
    "Silence": silence_tab,
}
for tab, show in zip(st.tabs(list(tabs)), tabs.values(), strict=True):
    with tab:
        show()
footnotes()

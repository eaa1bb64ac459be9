"""Key accounts: who is on the list and why, the checklist of each, size beside fit, stages, who looks after whom."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from dashboards.components import charts
from dashboards.components.facts import facts
from dashboards.components.formats import iso, last_week, money, number, percent, plain, plural, quarter_words
from dashboards.components.key_account_matrix import matrix_tab, measured, stages_tab
from dashboards.components.key_account_tabs import effort_tab, ownership_tab, service_tab
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, open_account, section
from dashboards.components.tables import MOST, Column, download, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import named, said
from dashboards.queries import key_accounts, ownership
from dashboards.queries.base import rows

LIST_WORDS = {"short": "fewer than wanted", "long": "more than wanted", "within": "as many as wanted"}

WHY = Column("Why", width=520, words="key_reason")
THEME = Column("Theme", help="D6", words="key_theme")

page = current_page()
base = page.base_currency
every = {row["quarter"]: row for row in rows(key_accounts.quarters(page.warehouse))}


def list_tab(quarter: date, totals: dict[str, Any]) -> None:
    """What is proposed, the list, and how it went."""
    changes = key_accounts.changes(page.warehouse, page.filters, quarter)
    counts = rows(changes)
    proposed = [row for row in counts if row["change"] in ("enter", "leave")]
    about = (
        f"{plural(len(proposed), 'change')} proposed at {iso(totals['measured_on'])}, then the next best. "
        "A decision in the list `key_account_decisions` wins over what is proposed."
    )
    with section("Proposed changes", about, key="changes"):
        if not changes.num_rows:
            nothing("Nobody enters, leaves or comes next.")
        else:
            picked = table(
                changes,
                {
                    "change": Column("Change"),
                    "account_name": Column("Account", width="medium"),
                    "reason": WHY,
                    "tier": Column("Tier"),
                    "relationship_stage": Column("Stage"),
                    "revenue_12m": Column(f"Revenue, {base or 'base'}", "score", "Net, 12 months (V1)."),
                    "owner_name": Column("Owner"),
                },
                "changes",
                pick="account_id",
                height="content",
            )
            open_account(picked)
    if newly := said("key_criterion", every[quarter]["newly_known_criteria"], {}):
        st.caption(
            f"Known for the first time in this quarter: {', '.join(newly)}. Before, no account could meet what nobody "
            "knew, so some come in for that alone. Of the criteria that records tell, "
            f"{number(every[quarter]['measures_known'])} are known now."
        )
    data = key_accounts.listed(page.warehouse, page.filters, quarter)
    with section(
        f"The list of {quarter_words(quarter)}",
        f"{plural(data.num_rows, 'account')}, most criteria first. {number(totals['criteria_needed'])} of "
        f"{number(totals['criteria_total'])} criteria must be met (D6); what is not known is not met. "
        "Click a row to open the account.",
        key="listed",
    ):
        if not data.num_rows:
            nothing("No account is on the list: none meets more than half of the criteria.")
        else:
            picked = table(
                data,
                {
                    "criteria_met": Column("Met", "count", "Criteria met (D6)."),
                    "account_name": Column("Account", width="medium"),
                    "criteria_known": Column("Known", "count", "Criteria on which anything is known."),
                    "entered_in": Column("Since", "date", "The quarter in which it came onto the list."),
                    "basis": Column("Basis", help="Decided by a person, or only proposed."),
                    "tier": Column("Tier", help="A, B or C by share of revenue: large is not the same as key (D5)."),
                    "relationship_stage": Column("Stage", help="D7"),
                    "owner_name": Column("Owner"),
                    "revenue_12m": Column(f"Revenue, {base or 'base'}", "money", "Net, 12 months (V1)."),
                    "revenue_share": Column("Share", "ratio"),
                    "open_deals": Column("Deals in work", "count", "D18"),
                    "last_contact_on": Column("Last contact", "date"),
                    "drift_quarters": Column("Drift", "count", "N11: quarters since it last qualified.", optional=True),
                    "decision_reason": Column("Decided because", optional=True),
                },
                "listed",
                pick="account_id",
                height=460 if data.num_rows > 11 else "content",
            )
            download(
                "Download as CSV",
                f"key-accounts-{quarter_words(quarter)}",
                lambda: key_accounts.listed(page.warehouse, page.filters, quarter),
                "listed",
                {"reason": WHY},
            )
            open_account(picked)
    history = rows(key_accounts.by_quarter(page.warehouse, page.filters))
    left, right = st.columns(2, gap="small")
    with left, section("Quarter by quarter", "Who stayed, who came, who left (D2).", key="quarters"):
        charts.bars(
            history,
            {"stayed": "Stayed", "entered": "Came", "departed": "Left"},
            ["teal", "blue", "orange"],
            "Accounts",
            key="quarters",
            index="quarter",
            stacked=False,
            alt_text="Key accounts that stayed, came and left by quarter",
        )
    with right, section("Share of revenue", "What the list of each quarter brought in 12 months.", key="share"):
        if any(row["listed_share"] for row in history):
            charts.lines(
                history,
                {"listed_share": "Key accounts"},
                ["blue"],
                "Share of revenue",
                key="share",
                index="quarter",
                fmt=".1%",
                axis_format=".0%",
                alt_text="Key accounts' share of revenue by quarter",
            )
        else:
            nothing("No quarter has had a key account with revenue.")


def scorecard_tab(quarter: date) -> None:
    """One account's checklist, criterion by criterion, and its stage."""
    found = {row["account_id"]: row for row in rows(key_accounts.choices(page.warehouse, page.filters, quarter, MOST))}
    if not found:
        with section("Checklist", key="scorecard"):
            nothing("No account matches.")
        return
    account = str(
        st.selectbox(
            "Account",
            list(found),
            key="scorecard_account",
            format_func=lambda key: f"{'★ ' if found[key]['is_listed'] else ''}{found[key]['account_name']}",
        )
    )
    row = found[account]
    data = key_accounts.criteria(page.warehouse, account, quarter)
    left, right = st.columns([3, 1], gap="small")
    with right, section("In short", key="short"):
        facts(
            [
                ("Criteria met", f"{number(row['criteria_met'])} of {number(row['criteria_total'])}"),
                ("Needed", number(row["criteria_needed"])),
                ("Not known", number(row["criteria_total"] - row["criteria_known"])),
                ("On the list", "yes" if row["is_listed"] else "no"),
                ("Proposed", row["proposal"]),
                ("Tier", row["tier"]),
                ("Stage", row["relationship_stage"]),
                ("Revenue, 12 months", money(row["revenue_12m"], base)),
            ],
            ruled=True,
        )
        if st.button("Open account", key="scorecard_open", icon=":material/open_in_new:", type="tertiary"):
            open_account(account)
    with (
        left,
        section(
            f"Checklist of {plain(row['account_name'])}",
            f"At the end of {quarter_words(quarter)}, or the as-of date. Rated criteria are ticked in the seed "
            "`key_account_ratings`.",
            key="scorecard",
        ),
    ):
        if not data.num_rows:
            nothing(
                "Earlier quarters keep the checklist of listed accounts and candidates only.",
            )
        else:
            states = {True: "✓ met", False: "✗ not met", None: "? not known"}
            shown = [states[value] for value in data.column("is_met").to_pylist()]
            shown_data = data.set_column(data.column_names.index("is_met"), "is_met", [shown])
            criteria = [named("key_criterion", row["criterion"], row["criterion_name"]) for row in rows(data)]
            shown_data = shown_data.set_column(data.column_names.index("criterion"), "criterion", [criteria])
            units = data.column("unit").to_pylist()
            for name in ("value", "threshold"):
                texts = [
                    measured(value, unit) for value, unit in zip(data.column(name).to_pylist(), units, strict=True)
                ]
                shown_data = shown_data.set_column(shown_data.column_names.index(name), name, [texts])
            table(
                shown_data,
                {
                    "criterion": Column("Criterion", pinned=True),
                    "is_met": Column("State"),
                    "value": Column("Measured"),
                    "threshold": Column("Met from"),
                    "unit": Column("Unit"),
                    "theme": THEME,
                    "meaning": Column("What it asks", width="large"),
                    "rated_on": Column("Rated", "date", optional=True),
                    "rated_by": Column("By", optional=True),
                    "note": Column("Note", optional=True),
                },
                "criteria",
                height="content",
            )
            download("Download as CSV", "checklist", lambda: data, "criteria", {"theme": THEME})
    history = key_accounts.stages(page.warehouse, account)
    with section(
        "Stage by quarter",
        "What the stage of the relationship rests on (D7, seed relationship_stages).",
        key="account-stages",
    ):
        table(
            history,
            {
                "quarter": Column("Quarter", pinned=True),
                "relationship_stage": Column("Stage"),
                "is_stage_changed": Column("Changed", "bool"),
                "is_listed": Column("Key", "bool"),
                "tier": Column("Tier"),
                "criteria_met": Column("Criteria met", "count"),
                "tenure_years": Column("Years with us", "real"),
                "contracts": Column("Contracts", "count"),
                "product_breadth": Column("Products", "count", "C6: different ones invoiced in 12 months."),
                "buying_centres": Column(
                    "Buying centres", "count", "Different titles or roles that we spoke with in a year."
                ),
                "decision_maker_contacts": Column("Decision maker", "count", "Contacts with who decides in 90 days."),
                "revenue_12m": Column("Revenue", "money"),
            },
            "account_stages",
            height="content",
        )


header("Key accounts", "Who is on the list and why, whether they are looked after, and where the time goes.")
if not every:
    drop_in("any")
    footnotes()
    st.stop()
chosen: date = st.segmented_control(
    "Quarter",
    list(every)[:6],
    default=next(iter(every)),
    key="quarter",
    format_func=quarter_words,
    required=True,
    label_visibility="collapsed",
)
total = key_accounts.totals(page.warehouse, page.filters, chosen)
weeks = rows(ownership.coverage(page.warehouse, page.filters))
# A week that is not over has only begun to be called: the last whole one is told, by the calendar.
ended = last_week(page.publication["as_of_date"])
called = next((row for row in weeks if row["week"] == iso(ended)), {})
tiles(
    page.warehouse,
    [
        Tile(
            "On the list",
            number(total["listed"]),
            versus=LIST_WORDS.get(total["list_state"] or "", ""),
            series=[row["list_size"] for row in reversed(every.values())],
            note="D2: kept each quarter; seed parameters key_list_min and key_list_max.",
        ),
        Tile(
            "Proposed changes",
            number((total["entering"] or 0) + (total["leaving"] or 0)),
            versus=f"{number(total['entering'])} in, {number(total['leaving'])} out",
            note="N11: from the criteria at the quarter's end.",
        ),
        Tile(
            "Wait for a decision",
            number(total["review_due"]),
            versus=f"{number(total['decided'])} on the list decided",
            note="D2: changes that nobody has decided in this quarter.",
        ),
        Tile(
            "No longer qualify",
            number(total["drifting"]),
            versus="on the list by decision",
            metric=("rpt_key_accounts", "drift_quarters", "N11"),
        ),
        Tile(
            "Share of revenue",
            percent(total["listed_share"], 0),
            versus=f"of {number(total['accounts'])} accounts",
            note="V16: revenue of the list in 12 months ÷ revenue of all accounts.",
        ),
        Tile(
            "Called last week",
            percent(called.get("call_coverage"), 0),
            versus=f"{number(called.get('called_accounts'))} of {number(called.get('key_accounts'))}"
            if called
            else None,
            series=[row["call_coverage"] for row in weeks[-26:]],
            metric=("rpt_key_account_coverage", "call_coverage", "K13"),
        ),
    ],
)
if total["missing_rate_count"]:
    st.caption(f"{plural(total['missing_rate_count'], 'invoice')} without an exchange rate left out of revenue.")
list_of, checklist, matrix, stages, owned, effort, service = st.tabs(
    ["List", "Checklist", "Matrix", "Stages", "Who looks after whom", "Time and revenue", "Service"]
)
with list_of:
    list_tab(chosen, total)
with checklist:
    scorecard_tab(chosen)
with matrix:
    matrix_tab(page, chosen, total)
with stages:
    stages_tab(page)
with owned:
    ownership_tab(page)
with effort:
    effort_tab(page)
with service:
    service_tab(page)
st.caption("`docs/key-accounts.md` says how to rate, to decide and to set criteria.")
footnotes()

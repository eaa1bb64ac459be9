"""The tabs of the page Key accounts on who looks after whom: ownership, hand-overs, time, coverage and service."""

from __future__ import annotations

import streamlit as st

from dashboards.components import charts
from dashboards.components.formats import number, percent, plain, plural
from dashboards.components.key_account_charts import lorenz
from dashboards.components.page import PageContext, nothing, open_account, section
from dashboards.components.tables import EVERY, MOST, Column, download, table
from dashboards.queries import ownership
from dashboards.queries.base import rows

CLASS_WORDS = {"key": "Key accounts", "A": "Tier A", "B": "Tier B", "C": "Tier C", "none": "No revenue"}


def ownership_tab(page: PageContext) -> None:
    """Who looks after each account, who stands in, how it came over from sales, and sums by where it belongs."""
    total = ownership.owned_totals(page.warehouse, page.filters)
    told = [
        f"{plural(total['shared_keys'] or 0, 'key account')} of {number(total['key_accounts'])} share their manager "
        "with other active accounts (D9).",
        f"{plural(total['uncovered'] or 0, 'account')} without anybody today (D11).",
    ]
    if total["handed_over"]:
        told.append(
            "From the first won deal to the account manager's first contact it took too long at "
            f"{number(total['late_handovers'])} of {plural(total['handed_over'], 'account')} (D13)."
        )
    with section("Who looks after whom", " ".join(told) + " Click a row to open the account.", key="owned"):
        key_only = st.toggle("Key accounts only", value=bool(total["key_accounts"]), key="owned_key_only")
        data = ownership.owned(page.warehouse, page.filters, key_only, MOST)
        if not data.num_rows:
            nothing("No account matches.")
        else:
            picked = table(
                data,
                {
                    "tier": Column("Tier", help="A, B or C by share of revenue (D3)."),
                    "account_name": Column("Account", width="medium"),
                    "is_key_account": Column("Key", "bool"),
                    "owner_name": Column("Owner"),
                    "owner_since": Column("Since", "date", "A dash: from always on.", width=95),
                    "owner_changes_12m": Column("Changes", "count", "P18: changes of owner in 12 months."),
                    "owner_other_accounts": Column("Others", "count", "D9: the owner's other active accounts."),
                    "is_uncovered": Column(
                        "Uncovered", "bool", "D11: no owner, or one who is away and nobody stands in."
                    ),
                    "covered_by_name": Column("Stands in", help="D11: while the owner is away today.", optional=True),
                    "uncovered_days": Column("Days uncovered", "count", "D11: working days of a year without anybody."),
                    "next_uncovered_on": Column("Next uncovered", "date", optional=True),
                    "open_deals": Column("Deals in work", "count", "D18"),
                    "open_deals_of_others": Column(
                        "Of others", "count", "D18: deals in work of other people than the owner."
                    ),
                    "sold_by_name": Column("Sold by", help="D13: who won the first deal."),
                    "first_won_on": Column("First won", "date"),
                    "days_won_to_contact": Column(
                        "Days to contact", "count", "D13: until the account manager's first contact."
                    ),
                    "is_handover_late": Column("Late", "bool", "D13: later than the limit."),
                    "startup_answers": Column("Answers", "count", "D15: start-up questions answered, of three."),
                    "is_startup_late": Column("Answers late", "bool", optional=True),
                    "plan_progress": Column("Plan done", "ratio", "D14: items done of 18 months.", optional=True),
                    "next_plan_item": Column("Next of the plan", optional=True),
                    "next_plan_due_on": Column("Due", "date", optional=True),
                    "manager_name": Column("Supervisor", help="D17"),
                },
                "owned",
                pick="account_id",
                height=460 if data.num_rows > 11 else "content",
            )
            download(
                "Download as CSV",
                "account-ownership",
                lambda: ownership.owned(page.warehouse, page.filters, key_only, EVERY),
                "owned",
            )
            open_account(picked)
        if not total["startup_answers"] and not total["plan_items"]:
            st.caption(
                "No start-up answers (D15) and no account plans (D14) yet: they are written into the lists "
                "`account_startup_answers` and `account_plans` (`keybook lists` writes templates)."
            )
    handovers(page)
    people = ownership.load(page.warehouse, page.filters)
    if people.num_rows:
        with section(
            "Load",
            "Active accounts of each account manager, beside the band of their role and grade (D1, seed load_bands), "
            "and who reports to them (D17). A dash: no band for the role.",
            key="load",
        ):
            table(
                people,
                {
                    "employee_name": Column("Account manager", pinned=True, words="placeholder"),
                    "team": Column("Team"),
                    "accounts": Column("Active accounts", "count", "P19"),
                    "load_band": Column("Band", help="D1: below, within or above.", words="load_band"),
                    "direct_reports": Column("Assistants", "count", "D17: employees who report to this one."),
                    "is_above_span": Column("Above the span", "bool", "D17"),
                    "open_amount": Column("Open receivables", "score", "P19"),
                    "overdue_ratio": Column("Overdue", "ratio", "R6"),
                },
                "load",
                height="content",
            )
    with section("Added up", "Where the accounts belong (D12). Revenue of 12 months.", key="rollups"):
        unit = st.segmented_control(
            "By",
            list(ownership.ROLLUPS),
            default="Country",
            key="rollup_unit",
            required=True,
            label_visibility="collapsed",
        )
        table(
            ownership.rollup(page.warehouse, page.filters, str(unit)),
            {
                "unit": Column(str(unit), pinned=True, words="placeholder"),
                "accounts": Column("Accounts", "count"),
                "key_accounts": Column("Key", "count"),
                "large_accounts": Column("Large", "count"),
                "active_accounts": Column("Active", "count"),
                "open_deals": Column("Deals in work", "count"),
                "uncovered": Column("Uncovered", "count"),
                "revenue_12m": Column(f"Revenue, {page.base_currency or 'base'}", "money"),
            },
            "rollups",
            height="content",
        )


def handovers(page: PageContext) -> None:
    """What changed with the owner."""
    data = ownership.handovers(page.warehouse, page.filters, MOST)
    days = rows(data.slice(0, 1))
    window = number(days[0]["window_days"]) if days else "60"
    with section(
        "Hand-overs",
        f"Contacts, missed calls and how late payments came in {window} days before and after each change of owner "
        "(N19). Few payments say little.",
        key="handovers",
    ):
        if not data.num_rows:
            nothing("No account has changed its owner, or the exports hold no history of owners.")
            return
        picked = table(
            data,
            {
                "changed_on": Column("Changed", "date"),
                "account_name": Column("Account", width="medium"),
                "is_key_account": Column("Key", "bool"),
                "previous_owner_name": Column("From"),
                "new_owner_name": Column("To"),
                "days_to_first_contact": Column(
                    "First contact", "count", "Days until the new owner first spoke with them."
                ),
                "contacts_before": Column("Contacts before", "count"),
                "contacts_after": Column("after", "count"),
                "contacts_change": Column("Change", "ratio", "Known once all days after are over."),
                "missed_calls_before": Column("Missed before", "count"),
                "missed_calls_after": Column("after", "count"),
                "payment_delay_days_before": Column(
                    "Days late before", "days", "Mean days after due; below 0 is early."
                ),
                "payment_delay_days_after": Column("after", "days"),
                "days_without_owner": Column("Without owner", "count", "Days between the two."),
            },
            "handovers",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        download(
            "Download as CSV",
            "hand-overs",
            lambda: ownership.handovers(page.warehouse, page.filters, EVERY),
            "handovers",
        )
        open_account(picked)


def effort_tab(page: PageContext) -> None:
    """Whether time goes to the accounts that bring most."""
    people = rows(ownership.managers(page.warehouse, page.filters))
    if not people:
        with section("Time beside revenue", key="effort"):
            nothing("Nobody owns several accounts with revenue and has contacts in the exports.")
        return
    names = {row["employee_id"]: row for row in people}
    with section(
        "Time beside revenue",
        "Does time go first to the accounts that bring most (D19)? Both shares added up, most revenue first: where the "
        "line of time lies below the other, small accounts take it.",
        key="effort",
    ):
        chosen = str(
            st.selectbox(
                "Account manager",
                list(names),
                key="effort_employee",
                format_func=lambda employee: names[employee]["employee_name"] or employee,
            )
        )
        person = names[chosen]
        data = ownership.book(page.warehouse, chosen)
        left, right = st.columns([3, 2], gap="small")
        with left:
            lorenz(rows(data), key="lorenz", alt_text="Shares of revenue and of time added up over the accounts")
        with right:
            st.metric(
                "Would have to move",
                percent(person["misplaced_share"], 0),
                help="D19: the share of the time for the own book that would have to move for it to follow revenue.",
            )
            st.metric(
                "Hours in 12 months",
                number(person["hours"]),
                delta=f"{percent(person['own_share'], 0)} for own accounts",
                delta_color="off",
                delta_arrow="off",
            )
            st.caption(
                f"{number(person['assumed'])} of {number(person['efforts'])} activities have no duration in the "
                "exports and count as the list `effort_minutes` says."
            )
        picked = table(
            data,
            {
                "revenue_rank": Column("#", "count"),
                "account_name": Column("Account", width="medium"),
                "tier": Column("Tier"),
                "is_key_account": Column("Key", "bool"),
                "revenue_12m": Column("Revenue", "money", "Net, 12 months (V1)."),
                "revenue_share": Column("Of revenue", "ratio"),
                "hours": Column("Hours", "real"),
                "effort_share": Column("Of time", "ratio"),
                "share_gap": Column("Gap", "ratio", "Above zero it takes more time than it brings."),
                "two_way_contacts": Column("Contacts", "count"),
            },
            "book",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        download("Download as CSV", "effort", lambda: data, "book")
        open_account(picked)
    with section("Everybody", "The largest books first.", key="everybody"):
        table(
            ownership.managers(page.warehouse, page.filters),
            {
                "employee_name": Column("Account manager", pinned=True, words="placeholder"),
                "accounts": Column("Own accounts", "count"),
                "hours": Column("Hours", "real", "Of 12 months."),
                "own_share": Column("For own accounts", "ratio"),
                "misplaced_share": Column("Would have to move", "ratio", "D19"),
            },
            "everybody",
            height="content",
        )


def service_tab(page: PageContext) -> None:
    """Whether key accounts are called each week, and served first."""
    weeks = rows(ownership.coverage(page.warehouse, page.filters))
    with section(
        "Key accounts called",
        "Key accounts with a connected call in the week (K13), by the list that stood then.",
        key="coverage",
    ):
        if weeks:
            charts.lines(
                [row | {"month": row["week"]} for row in weeks[-26:]],
                {"call_coverage": "Called", "contact_coverage": "Any contact"},
                ["blue", "teal"],
                "Share of key accounts",
                key="coverage",
                fmt=".0%",
                axis_format=".0%",
                alt_text="Share of key accounts with a connected call, by week",
            )
            table(
                ownership.coverage_by_manager(page.warehouse, page.filters, weeks[-1]["week"]),
                {
                    "employee_name": Column("Account manager", pinned=True, words="placeholder"),
                    "key_accounts": Column("Key accounts", "count"),
                    "called_accounts": Column("Called", "count", f"In the week of {plain(weeks[-1]['week'])}."),
                    "call_coverage": Column("Share", "ratio", "K13"),
                    "contacted_accounts": Column("Any contact", "count", "P14: calls, meetings, replies."),
                },
                "coverage",
                height="content",
            )
        else:
            nothing("No key accounts, or no calls, in this period.")
    data = ownership.service(page.warehouse, page.filters)
    with section(
        "Service by class",
        "Missed calls called back and cases closed within the target of the class (D16, D20; list service_targets). "
        "Of the whole company.",
        key="service",
    ):
        if not data.num_rows:
            nothing("No missed calls and no cases in this period.")
            return
        words = [CLASS_WORDS.get(value, value) for value in data.column("service_class").to_pylist()]
        table(
            data.set_column(data.column_names.index("service_class"), "service_class", [words]),
            {
                "month": Column("Month"),
                "service_class": Column("Class"),
                "missed_cases": Column("Missed", "count", "K4: missed cases."),
                "called_back": Column("Called back", "count"),
                "callback_minutes_median": Column(
                    "Minutes to call-back", "score", "K5, in the middle; none where half never were."
                ),
                "callback_target": Column("Target", "score"),
                "callback_within_target": Column("In time", "ratio", "Of those that are decided."),
                "cases_opened": Column("Cases", "count"),
                "case_days_median": Column("Days to close", "real"),
                "case_target": Column("Target", "real"),
                "case_within_target": Column("In time", "ratio"),
            },
            "service",
            height=460 if data.num_rows > 11 else "content",
        )
        download("Download as CSV", "service-by-class", lambda: data, "service")

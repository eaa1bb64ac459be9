"""Sections of the page Service: cases, what clients wait for, what was out of stock, and what clients say."""

from __future__ import annotations

import streamlit as st

from dashboards.components import charts
from dashboards.components.formats import number, percent, plural
from dashboards.components.page import PageContext, nothing, open_account, section, whole_company
from dashboards.components.tables import EVERY, MOST, Column, download, table
from dashboards.components.words import one, placed
from dashboards.queries import service
from dashboards.queries.base import rows

# What stands where a feed was never landed: what is unknown, and the file that tells it.
NOT_TOLD = (
    "Not known: no export tells it. Keybook reads `{file}.csv` with the columns that docs/service.md names; drop it "
    "with the other exports."
)
NOT_LISTED = "Not known: nobody has said so. `keybook lists` writes a template of the list `{file}`."


def open_section(page: PageContext) -> None:
    """What to do first, and how much is open by class."""
    data = service.found(page.warehouse, "OPEN", page.filters, MOST)
    columns = {
        "next_step": Column("Do", pinned=True, words="claim_step", help="E12: first what is late for its class."),
        "account_name": Column("Account", width="medium"),
        "cause": Column("Cause", help="E2: what the CRM says, or the list claim_reasons."),
        "service_class": Column("Class", words="service_class"),
        "age_days": Column("Days open", "count"),
        "due_on": Column("Close by", "date", "By the target of the class (list service_targets)."),
        "owner_name": Column("Owner"),
        "escalated_on": Column("Escalated", "date", optional=True),
        "reopened_count": Column("Reopened", "count", optional=True),
        "department": Column("Department", optional=True),
        "opened_on": Column("Opened", "date"),
        "status": Column("Status", optional=True),
    }
    with section(
        "What to do first", "Open cases, the most pressing first. Click a row to open the account.", key="open"
    ):
        if not data.num_rows:
            nothing("No case is open.")
            return
        picked = table(data, columns, "open_cases", pick="account_id", height=460 if data.num_rows > 11 else "content")
        download(
            "Download as CSV",
            "open-cases",
            lambda: service.found(page.warehouse, "OPEN", page.filters, EVERY),
            "open_cases",
            columns,
        )
        open_account(picked)


def class_section(page: PageContext) -> None:
    """Open cases by class of service."""
    data = rows(service.found(page.warehouse, "OPEN_BY_CLASS", page.filters))
    with section("Open by class", "Beyond the target of the class, and still in time.", key="open-class"):
        if not data:
            nothing("No case is open.")
            return
        said = [row | {"month": one("service_class", row["service_class"]) if row["service_class"] != "not_known"
                       else placed("not_known")} for row in data]  # fmt: skip
        charts.bars(
            said,
            {"late": "Late", "in_time": "In time", "without_target": "Target not known"},
            ["orange", "teal", "grey"],
            "Cases",
            key="open-class",
            alt_text="Open cases by class of service, late and in time",
        )


def times_section(page: PageContext) -> None:
    """How long cases took against what their class is promised."""
    data = service.found(page.warehouse, "TIMES", page.filters)
    with section(
        "Times against targets",
        "Cases by the month in which they were opened and the class that the account had then (E1, E14; list "
        "service_targets). " + (whole_company() or ""),
        key="times",
    ):
        if not data.num_rows:
            nothing("Not known: no case was opened in this period since the first list of classes, at a quarter's end.")
            return
        columns = {
            "month": Column("Month"),
            "service_class": Column("Class", words="service_class"),
            "cases_opened": Column("Cases", "count"),
            "cases_closed": Column("Closed", "count"),
            "case_days_median": Column("Days to close", "real", "In the middle, of those that are closed."),
            "case_target": Column("Target", "real"),
            "case_within_target": Column("In time", "ratio", "Of those that are decided."),
            "case_business_minutes_median": Column(
                "Business minutes",
                "score",
                "While the business was open, in the middle; none where half never were closed.",
            ),
            "cases_reopened": Column("Reopened", "count"),
            "cases_escalated": Column("Escalated", "count", "E12"),
        }
        if data.column("cases_reopened").null_count == data.num_rows:
            st.caption("Reopened and escalated: " + NOT_TOLD.format(file="crm_case_events"))
            del columns["cases_reopened"], columns["cases_escalated"]
        table(data, columns, "times", height=460 if data.num_rows > 11 else "content")
        download("Download as CSV", "case-times", lambda: data, "times", columns)


def causes_section(page: PageContext) -> None:
    """Why clients complain, and whose service it is about."""
    causes = rows(service.found(page.warehouse, "CAUSES", page.filters))
    left, right = st.columns(2, gap="small")
    with left, section("Causes", "Cases opened in the period, by cause; dark: beyond their target (E2).", key="causes"):
        if causes:
            charts.ranked(
                [row | {"cause": placed(row["cause"])} for row in causes],
                "cause",
                "cases",
                "Cases",
                key="causes",
                part=("late", "beyond the target"),
                names=("All", "beyond the target"),
                alt_text="Cases by cause",
            )
        else:
            nothing("No case was opened in this period.")
    with right, section("By department", "Whose service it was about (E15).", key="departments"):
        data = service.found(page.warehouse, "DEPARTMENTS", page.filters)
        if not data.num_rows or data.column("department").null_count == data.num_rows:
            nothing(NOT_LISTED.format(file="claim_reasons"))
            return
        table(
            data,
            {
                "department": Column("Department"),
                "cases": Column("Cases", "count"),
                "open": Column("Open", "count"),
                "within_share": Column("In time", "ratio"),
                "reopened": Column("Reopened", "count", optional=True),
            },
            "departments",
            height="content",
        )


def churn_section(page: PageContext) -> None:
    """What accounts complained of before they left."""
    total = service.one(page.warehouse, "DEPARTED_TOTALS", page.filters)
    about = (
        "Accounts that went quiet for so long that they count as paused (V9), and their cases before. That one follows "
        "the other is no cause."
    )
    with section("Claims before churn", about, key="churn"):
        if not total["departures"]:
            nothing("No account has left in this period.")
            return
        if total["told"]:
            st.markdown(
                f"**{number(total['with_claims'])} of {plural(total['departures'], 'departure')}** had a case shortly "
                f"before (parameter claims_before_days), **{number(total['with_open'])}** a case that was open then."
            )
            if total["stayed_share"] is not None:
                st.markdown(
                    f"That is {percent(total['with_claims_share'], 0)}; of the accounts that never left, "
                    f"**{percent(total['stayed_share'], 0)}** had one in the same days, on average over the departures."
                )
        data = service.found(page.warehouse, "DEPARTED", page.filters)
        columns = {
            "left_on": Column("Left", "date"),
            "account_name": Column("Account", width="medium"),
            "claims_before": Column("Cases before", "count"),
            "open_claims": Column("Open then", "count"),
            "stayed_with_claims": Column(
                "Stayed, with a case", "count", "Accounts that never left, in the same days.", optional=True
            ),
            "stayed_accounts": Column("Stayed", "count", optional=True),
            "revenue_12m": Column("Revenue", "money", "Net, the 12 months before."),
            "owner_name": Column("Owner"),
            "returned_on": Column("Came back", "date", optional=True),
        }
        picked = table(data, columns, "departed", pick="account_id", height=460 if data.num_rows > 11 else "content")
        download("Download as CSV", "claims-before-churn", lambda: data, "departed", columns)
        open_account(picked)


def commitments_section(page: PageContext) -> None:
    """Deliveries, projects and the rest, against what the client was told."""
    kept = service.found(page.warehouse, "KEPT", page.filters)
    with section(
        "What clients wait for",
        "Deliveries, projects, milestones, changes, submissions and reports against the day that the client was told "
        "(E4, E5, E8 to E10, E16, E17).",
        key="commitments",
    ):
        if not kept.num_rows:
            nothing(NOT_TOLD.format(file="billing_deliveries.csv` or `crm_commitments"))
            return
        table(
            kept,
            {
                "kind": Column("What", pinned=True, words="commitment_kind"),
                "overdue": Column("Overdue", "count"),
                "open": Column("Not due", "count"),
                "in_time_share": Column("In time", "ratio", "Of those that are decided."),
                "whole_share": Column("Whole", "ratio", "E5", optional=True),
                "on_time_in_full_share": Column("On time in full", "ratio", "E4", optional=True),
                "buffer_days": Column(
                    "Buffer days", "days", "E17: from our own day to the promised one, on average.", optional=True
                ),
                "buffer_days_used": Column("Used", "days", "Of them, until it was done, on average.", optional=True),
                "unapproved": Column("Not approved", "count", "E16", optional=True),
                "done_unapproved": Column("Done unapproved", "count", "E16", optional=True),
                "over_budget": Column("Over budget", "count", "E9", optional=True),
            },
            "kept",
            height="content",
        )
        data = service.found(page.warehouse, "WAITED_FOR", page.filters, MOST)
        if data.num_rows:
            st.caption("Still to come, by the promised day:")
            picked = table(
                data,
                {
                    "state": Column("State", words="commitment_state"),
                    "promised_on": Column("Promised", "date"),
                    "kind": Column("What", words="commitment_kind"),
                    "account_name": Column("Account", width="medium"),
                    "title": Column("Of"),
                    "days_late": Column("Days late", "count", optional=True),
                    "internal_on": Column("Our own day", "date", "E17", optional=True),
                    "is_approved": Column("Approved", "bool", optional=True),
                    "budget_used": Column("Of budget", "ratio", "E9: as known now.", optional=True),
                    "owner_name": Column("Owner", optional=True),
                },
                "waited_for",
                pick="account_id",
                height=460 if data.num_rows > 11 else "content",
            )
            open_account(picked)


def stock_section(page: PageContext) -> None:
    """What was out of stock: told, offered, asked for, saved or lost."""
    data = service.found(page.warehouse, "DEMAND", page.filters)
    with section("Out of stock", "What clients asked for and was not there: saved or lost (E6, E7).", key="stock"):
        if not data.num_rows:
            nothing(NOT_TOLD.format(file="crm_stock_outs"))
            return
        table(
            data,
            {
                "currency": Column("Currency"),
                "requests": Column("Requests", "count"),
                "open": Column("Open", "count"),
                "saved_share": Column("Saved", "ratio", "Waited or took another product, of those that are settled."),
                "lost": Column("Lost", "count"),
                "lost_amount": Column("Lost amount", "money"),
                "offered": Column("Another offered", "count"),
                "days_to_tell": Column("Days to tell", "days", "Until the client was told when, on average."),
                "requested_share": Column("Asked supply in time", "ratio", "E7, parameter supply_request_days."),
            },
            "demand",
            height="content",
        )
        waiting = service.found(page.warehouse, "OUT_OF_STOCK", page.filters, MOST)
        if waiting.num_rows:
            st.caption("Open, the oldest first:")
            picked = table(
                waiting,
                {
                    "asked_on": Column("Asked", "date"),
                    "account_name": Column("Account", width="medium"),
                    "product_name": Column("Product"),
                    "amount": Column("Amount", "money"),
                    "currency": Column("Currency"),
                    "days_to_tell": Column("Days to tell", "count", "A dash: nobody has told the client when."),
                    "expected_on": Column("Expected", "date"),
                    "days_to_request": Column("Days to ask supply", "count", "A dash: nobody has asked."),
                    "is_analogue_offered": Column("Another offered", "bool"),
                },
                "out_of_stock",
                pick="account_id",
                height=460 if waiting.num_rows > 11 else "content",
            )
            open_account(picked)


def voice_section(page: PageContext) -> None:
    """What clients answer, and what somebody noticed."""
    left, right = st.columns(2, gap="small")
    with left, section("What clients say", "Answers to surveys in the period (E11).", key="answers"):
        answers = rows(service.found(page.warehouse, "ANSWERS", page.filters))
        if not answers:
            nothing(NOT_LISTED.format(file="survey_answers"))
        for row in answers:
            st.metric(
                one("voice_kind", row["kind"]).capitalize(),
                percent(row["points"], 0),
                delta=plural(row["answers"], "answer")
                + (f", {number(row['off_scale'])} off the scale" if row["off_scale"] else ""),
                delta_color="off",
                delta_arrow="off",
                help="NPS: promoters less detractors. CSAT: who gave 4 or 5.",
            )
    with right, section("Weak signals", "What somebody noticed and the team should know (E13).", key="signals"):
        data = service.found(page.warehouse, "SIGNALS", page.filters)
        if not data.num_rows:
            nothing("No signal stands. `keybook lists` writes a template of the list `risk_flags`.")
            return
        picked = table(
            data,
            {
                "said_on": Column("Since", "date"),
                "account_name": Column("Account", width="medium"),
                "words": Column("Signal", width="medium"),
                "said_by": Column("Noticed by", optional=True),
                "owner_name": Column("Owner"),
            },
            "signals",
            pick="account_id",
            height="content",
        )
        open_account(picked)

"""Sales: what is open and where it stands, what was won and lost, and how often."""

from __future__ import annotations

import streamlit as st

from dashboards.components import charts
from dashboards.components.forecast_error import forecast_error_section
from dashboards.components.formats import money, number, plural
from dashboards.components.lead_sections import leads_section, untidy_section
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, section
from dashboards.components.pipeline_bridge import bridge_section
from dashboards.components.tables import Column, download, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import in_place
from dashboards.queries import sales
from dashboards.queries.base import rows

page = current_page()
code = page.base_currency
header("Sales", "The pipeline as of the as-of date, and what became of it month by month.")
stages = rows(in_place(sales.stages(page.warehouse, page.filters), "stage"))
monthly = rows(sales.monthly(page.warehouse, page.filters))
if not stages and not monthly:
    if page.filters.teams or page.filters.managers:
        st.info("No deals for these teams and managers. Take a filter away.")
    else:
        drop_in("crm")
    footnotes()
    st.stop()
if page.filters.segments or page.filters.countries:
    st.caption("Deals are counted by manager: the filters of segment and country don't narrow this page.")

totals = sales.totals(page.warehouse, page.filters)
lacks = [what for what in ("amount", "rate") if totals[f"missing_{what}_count"]]
unknown = plural((totals["missing_amount_count"] or 0) + (totals["missing_rate_count"] or 0), "deal")
lacking = f"{unknown} without {'an' if lacks[0] == 'amount' else 'a'} {' or '.join(lacks)}" if lacks else None
history = rows(sales.history(page.warehouse, page.filters))
# The last month that is complete leads; the month so far stands in the notes.
whole = [row for row in monthly if row["is_complete"]]
last = whole[-1] if whole else {}
before = next((row for row in monthly if row["month"] == last.get("before")), {})
now = monthly[-1] if monthly and monthly[-1] != last else {}
tiles(
    page.warehouse,
    [
        Tile(
            "Open deals",
            number(totals["open_deals"]),
            series=[row["open_deals"] for row in history],
            metric=("rpt_pipeline", "open_deals", "P6"),
        ),
        Tile(
            "Pipeline",
            money(totals["open_amount"], code),
            versus=lacking,
            series=[row["open_amount"] for row in history],
            metric=("rpt_pipeline", "open_amount", "P6"),
        ),
        Tile(
            "Weighted",
            money(totals["weighted_amount"], code),
            versus=lacking,
            series=[row["weighted_amount"] for row in history],
            metric=("rpt_pipeline", "weighted_amount", "P8"),
        ),
        Tile(
            "Stale deals",
            number(totals["stale_deals"]),
            series=[row["stale_deals"] for row in history],
            metric=("rpt_pipeline", "stale_deals", "P11"),
        ),
        Tile(
            f"Won in {last['month']}" if last else "Won",
            money(last.get("won_amount"), code),
            versus=f"{before['month']}: {money(before['won_amount'], code)}" if before else None,
            series=[row["won_amount"] for row in whole],
            metric=("rpt_sales_monthly", "won_amount", "P1"),
            note=f"{now['month']} so far: {money(now['won_amount'], code)}." if now else None,
        ),
        Tile(
            f"Deals won in {last['month']}" if last else "Deals won",
            number(last.get("won")),
            versus=f"{number(last['lost'])} lost" if last else None,
            series=[row["won"] for row in whole],
            metric=("rpt_sales_monthly", "won", "P1"),
            note=f"{now['month']} so far: {number(now['won'])} won, {number(now['lost'])} lost." if now else None,
        ),
    ],
)

left, right = st.columns(2, gap="small")
with (
    left,
    section(
        "By stage",
        f"Open amount in {code or 'base currency'}; the dark part is weighted by probability (P8).",
        key="stage",
    ),
):
    if stages:
        charts.ranked(
            stages,
            "stage",
            "open_amount",
            code or "",
            part=("weighted_amount", "Weighted"),
            names=("Open", "Weighted"),
            key="stages",
            alt_text="Open and weighted pipeline by stage",
        )
    else:
        nothing("No open deals.")
with right, section("By manager", "The same, a bar a manager; the fifteen largest.", key="manager"):
    managers = rows(in_place(sales.managers(page.warehouse, page.filters), "employee_name"))
    if managers:
        charts.ranked(
            managers[:15],
            "employee_name",
            "open_amount",
            code or "",
            part=("weighted_amount", "Weighted"),
            names=("Open", "Weighted"),
            colour="teal",
            key="managers",
            alt_text="Open and weighted pipeline by manager",
        )
    else:
        nothing("No open deals.")

bridge_section(page)
untidy_section(page)

left, right = st.columns(2, gap="small")
with left, section("Won and lost", "Deals by the month they were closed in.", key="wonlost"):
    if monthly:
        charts.diverging(
            monthly, ("won", "Won"), ("lost", "Lost"), "Deals", key="wonlost", alt_text="Deals won and lost by month"
        )
    else:
        nothing("No deals were closed in this period.")
with (
    right,
    section(
        "Win rate",
        "Won of won and lost by count (P1), each manager on their own; the last six whole months.",
        key="winrate",
    ),
):
    by_manager = rows(in_place(sales.by_manager(page.warehouse, page.filters), "employee_name"))
    last_months = sorted({row["month"] for row in by_manager if row["is_complete"]})[-6:]
    rates = [row for row in by_manager if row["month"] in last_months and row["win_rate_count"] is not None]
    if rates:
        charts.heat(
            rates,
            "month",
            "employee_name",
            "win_rate_count",
            "Win rate",
            {"won": "Won", "lost": "Lost"},
            key="winrate",
            alt_text="Win rate by manager and month",
        )
    else:
        nothing("No deals were closed in this period.")

with section("Managers by month", f"Newest first, in {code or 'base currency'}.", key="managers-months"):
    data = in_place(sales.by_manager(page.warehouse, page.filters), "employee_name")
    table(
        data,
        {
            "month": Column("Month", pinned=True),
            "employee_name": Column("Manager", width="medium"),
            "team": Column("Team"),
            "created": Column("Created", "count"),
            "won": Column("Won", "count"),
            "lost": Column("Lost", "count"),
            "won_amount": Column(f"Won, {code or 'base'}", "money"),
            "win_rate_count": Column("Win rate", "ratio", "P1, by count"),
            "win_rate_amount": Column("Win rate, amount", "ratio", "P1, by amount"),
            "cycle_days_median": Column("Cycle, days", "days", "P5: median from created to won."),
            "coverage": Column("Coverage", "real", "P7"),
            "velocity": Column("Velocity", "money", "P6: a day"),
        },
        "sales_managers",
    )
    download("Download as CSV", "sales-by-manager", lambda: data, "sales")
with section("Referrals, exhibitions, tenders and competitors", "As the deals' own words say.", key="deal-kinds"):
    said = in_place(sales.kinds(page.warehouse, page.filters), "employee_name")
    if said.num_rows:
        kinds = {
            "month": Column("Month", pinned=True),
            "employee_name": Column("Manager", width="medium"),
            "referred": Column("Referred", "count", "C14: created, by the source or the account that referred it."),
            "referral_rate": Column("Of deals", "ratio", "C14: of those created whose source is told."),
            "referred_won": Column("Of referrals won", "count"),
            "from_exhibitions": Column("From exhibitions", "count", "A28: created, by the source."),
            "tenders": Column("Tenders closed", "count", "C22"),
            "tender_win_rate": Column("Tenders won", "ratio", "C22"),
            "lost_to_competitor": Column("Lost to competitors", "count", "C30, C31: by the reason of the loss."),
            "lost_to_competitor_amount": Column(f"Lost to them, {code or 'base'}", "money"),
        }
        table(said, kinds, "deal_kinds", height=460 if said.num_rows > 11 else "content")
        download("Download as CSV", "deal-kinds", lambda: said, "deal_kinds", kinds)
    else:
        nothing("No deal of this period says that it was referred, a tender, of an exhibition or lost to a competitor.")
passed = in_place(sales.stages_passed(page.warehouse), "pipeline", "stage")
if passed.num_rows:
    with section("Stages", "Deals of the whole company that entered a stage in the last months.", key="stages-passed"):
        ways = {
            "pipeline": Column("Pipeline", optional=True),
            "stage": Column("Stage", width="medium"),
            "deals": Column("Deals", "count", "P3: each once, however often it came back."),
            "went_further": Column("Went further", "count"),
            "conversion": Column("Conversion", "ratio", "P3: of those that are not there still, skipped ones too."),
            "days_median": Column("Days in it", "real", "P4: in the middle; who is there still is the longest."),
            "days_p90": Column("Nine of ten", "real", "P4: days within which nine of ten left it."),
            "still_there": Column("Still there", "count"),
            "reentered": Column("Came back", "count", optional=True),
            "skipped": Column(
                "Skipped", "count", "P3: never in it, and came where most come by way of it.", optional=True
            ),
        }
        table(passed, ways, "stages_passed", height="content" if passed.num_rows < 15 else "auto")
        download("Download as CSV", "stages", lambda: passed, "stages_passed", ways)
reached = sales.campaigns(page.warehouse, page.filters)
if reached.num_rows:
    about = (
        "Whom they reached, of the whole company. Who is reached is chosen: that one bought more says nothing of why."
    )
    with section("Campaigns", about, key="campaigns"):
        shown = {
            "begun_on": Column("Since", "date"),
            "campaign_name": Column("Campaign", width="medium"),
            "kind": Column("For", words="campaign_kind"),
            "channel": Column("Channel"),
            "members": Column("People", "count"),
            "accounts": Column("Accounts", "count"),
            "coverage": Column("Of active accounts", "ratio", "A21: of those that were active in its first month."),
            "open_rate": Column("Opened", "ratio", "C29", optional=True),
            "response_rate": Column("Answered", "ratio", optional=True),
            "attendance_rate": Column("Came", "ratio", "A28", optional=True),
            "revenue_change": Column("Revenue after", "ratio", "C32: campaign_effect_days after against before."),
            "other_revenue_change": Column("Of the others", "ratio"),
            "stayed_share": Column("Still active", "ratio", "C24", optional=True),
            "other_stayed_share": Column("Of the others still", "ratio", optional=True),
        }
        table(reached, shown, "campaigns", height=460 if reached.num_rows > 11 else "content")
        download("Download as CSV", "campaigns", lambda: reached, "campaigns", shown)
leads_section(page)
forecast_error_section(page)
footnotes()

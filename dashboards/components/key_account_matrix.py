"""The tabs of the page Key accounts on size beside fit, classification schemes and relationship stages."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from dashboards.components import charts
from dashboards.components.formats import number, percent, plain
from dashboards.components.key_account_charts import size_and_fit
from dashboards.components.page import PageContext, nothing, open_account, section
from dashboards.components.tables import EVERY, MOST, Column, download, table
from dashboards.queries import key_accounts
from dashboards.queries.base import rows

STAGES = ("tactical", "operational", "functional", "strategic")


def measured(value: float | None, unit: str | None = None) -> str | None:
    """A measure with as many places as it needs: a share in percent, a whole number without any."""
    if value is None:
        return None
    if unit == "share":
        return percent(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def matrix_tab(page: PageContext, quarter: date, totals: dict[str, Any]) -> None:
    """Size beside fit, and the schemes that sort accounts into classes."""
    points = rows(key_accounts.points(page.warehouse, page.filters, quarter))
    with section(
        "Size and fit",
        f"Large is not the same as key (D5): {number(totals['large_not_key'])} of {number(totals['large'])} large "
        "accounts (tier A) are not on the list. Share of revenue upwards, criteria met without those of "
        "revenue to the right.",
        key="matrix",
    ):
        if points:
            size_and_fit(
                points,
                totals["size_cut"],
                totals["fit_cut"],
                key="size_fit",
                alt_text="Share of revenue and criteria met by account",
            )
        else:
            nothing("No account has revenue in these 12 months.")
    schemes = {row["scheme"]: row for row in rows(key_accounts.schemes(page.warehouse))}
    if not schemes:
        return
    scheme = str(
        st.segmented_control(
            "Scheme",
            list(schemes),
            default=next(iter(schemes)),
            key="scheme",
            format_func=lambda key: schemes[key]["scheme_name"],
            required=True,
        )
    )
    axes = [plain(schemes[scheme][label]) for label in ("x_label", "y_label") if schemes[scheme][label]]
    with section(
        str(schemes[scheme]["scheme_name"]),
        (f"By {axes[0].lower()}, and {axes[1].lower()}. " if len(axes) == 2 else "Given by people. ")
        + "As of the newest quarter; the seeds `classification_schemes` and `account_classifications` (D8).",
        key="scheme",
    ):
        left, right = st.columns([2, 3], gap="small")
        with left:
            table(
                key_accounts.classes(page.warehouse, page.filters, scheme),
                {
                    "class": Column("Class", pinned=True),
                    "action": Column("Do", optional=True),
                    "accounts": Column("Accounts", "count"),
                    "key_accounts": Column("Key", "count"),
                    "revenue_12m": Column("Revenue", "score", "Net, 12 months (V1)."),
                },
                "classes",
                height="content",
            )
        with right:
            data = key_accounts.classed(page.warehouse, page.filters, scheme, MOST)
            for axis in ("x_value", "y_value"):
                shown = [measured(value) for value in data.column(axis).to_pylist()]
                data = data.set_column(data.column_names.index(axis), axis, [shown])
            picked = table(
                data,
                {
                    "class": Column("Class"),
                    "account_name": Column("Account", width="medium"),
                    "action": Column("Do", optional=True),
                    "basis": Column("Basis", help="By the grid, or given by a person."),
                    "x_value": Column("First axis", help=axes[0] if axes else None, optional=True),
                    "y_value": Column("Second axis", help=axes[1] if len(axes) > 1 else None, optional=True),
                },
                "classed",
                pick="account_id",
                height=420 if data.num_rows > 10 else "content",
            )
            download(
                "Download as CSV",
                f"classes-{scheme}",
                lambda: key_accounts.classed(page.warehouse, page.filters, scheme, EVERY),
                "classed",
            )
            open_account(picked)


def stages_tab(page: PageContext) -> None:
    """Relationship stages quarter by quarter, and who moved."""
    with section(
        "Stages by quarter",
        "From single deals to a partnership (D7); the seed relationship_stages says what each asks.",
        key="stages",
    ):
        key_only = st.toggle("Key accounts only", key="stages_key_only")
        counts = rows(key_accounts.stage_counts(page.warehouse, page.filters, key_only))
        charts.bars(
            counts,
            {stage: stage.title() for stage in STAGES},
            ["grey", "sand", "blue", "teal"],
            "Accounts",
            key="stages",
            index="quarter",
            alt_text="Accounts at each stage of the relationship by quarter",
        )
    data = key_accounts.stage_changes(page.warehouse, page.filters, MOST)
    with section("Who moved", "The newest first. Click a row to open the account.", key="moves"):
        if not data.num_rows:
            nothing("No account has changed its stage.")
            return
        picked = table(
            data,
            {
                "quarter": Column("Quarter"),
                "account_name": Column("Account", width="medium"),
                "stage_before": Column("From"),
                "relationship_stage": Column("To"),
                "is_listed": Column("Key", "bool"),
                "tenure_years": Column("Years with us", "real"),
                "contracts": Column("Contracts", "count"),
                "buying_centres": Column("Buying centres", "count"),
                "decision_maker_contacts": Column("Decision maker", "count", "Contacts with who decides in 90 days."),
            },
            "moves",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        download(
            "Download as CSV",
            "stage-changes",
            lambda: key_accounts.stage_changes(page.warehouse, page.filters, EVERY),
            "moves",
        )
        open_account(picked)

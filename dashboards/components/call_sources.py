"""Section of the page Calls: what each source brought, from the touch to applied cash, by the model of attribution."""

from __future__ import annotations

import streamlit as st

from dashboards.components.page import PageContext, nothing, section
from dashboards.components.tables import Column, download, table
from dashboards.components.words import one
from dashboards.queries import call_service

MODELS = ("last_non_direct", "first", "last", "linear")


def attribution(page: PageContext) -> None:
    """Sources by cash, with what they cost, and the same by month with payback."""
    code = page.base_currency or "base currency"
    with section(
        "Channels to applied cash",
        "Each deal and each amount is given to the calls, forms and leads before its sale (K21); money in "
        + code
        + ".",
        key="attribution",
    ):
        model = st.segmented_control(
            "Model", MODELS, default=MODELS[0], key="model", required=True,
            format_func=lambda name: one("attribution_model", name),
        )  # fmt: skip
        sources = call_service.attribution(page.warehouse, page.filters, model)
        if not sources.num_rows:
            nothing("No calls, leads, deals or invoices in this period.")
            return
        money = {
            "won_amount": Column("Won", "money"),
            "invoiced": Column("Invoiced", "money", "Less the credit notes applied."),
            "cash_applied": Column("Cash", "money", "Applied, less refunds, chargebacks and reversals."),
            "written_off": Column("Written off", "money"),
            "cost": Column("Cost", "money", "K11: what the source cost in these months."),
        }
        table(
            sources,
            {
                "source": Column("Source", pinned=True),
                "source_kind": Column("Touch", words="touch_kind"),
                "leads": Column("Leads", "count", "K10: first-time callers with a target call, and leads of the CRM."),
                "deals": Column("Deals", "real", "Parts of deals where all touches share them."),
                **money,
                "cost_per_deal": Column("Cost a deal", "money"),
                "missing_rate_count": Column(
                    "Not known", "count", "Amounts and costs left out: without a rate, or deals without an amount."
                ),
            },
            "attribution",
            height="content",
        )
        with st.expander("By month of the touch, with payback", icon=":material/calendar_month:"):
            months = call_service.attribution_months(page.warehouse, page.filters, model)
            columns = {
                "month": Column("Month", pinned=True),
                "source": Column("Source"),
                "source_kind": Column("Touch", words="touch_kind"),
                "leads": Column("Leads", "count"),
                "deals": Column("Deals", "real"),
                **money,
                "cost_per_lead": Column("Cost a lead", "money", "K11"),
                "cost_per_deal": Column("Cost a deal", "money"),
                "payback_months": Column("Payback, months", "count", "N14: until the cash has been at least the cost."),
                "is_young": Column("Young", "bool", "Sales that its touches count for may yet come."),
                "is_complete": Column("Whole", "bool", "Calls, deals and invoices have told all of the month."),
            }
            table(months, columns, "attribution_months")
            download("Download as CSV", "channels-to-cash", lambda: months, "attribution_months", columns)
        with st.expander("Names of sources", icon=":material/label:"):
            names = call_service.source_names(page.warehouse)
            st.caption(
                "A cost pays back by the calls and leads of the same name. Where exports name one source in two ways, "
                "the list `source_names` says so (`keybook lists` writes a template)."
            )
            columns = {
                "name": Column("Name", pinned=True),
                "feed": Column("In", words="source_feed"),
                "source": Column("Is", help="What the list source_names says that it is."),
                "state": Column("Meets", width="medium", words="source_state"),
                "uses": Column("Times", "count"),
                "last_on": Column("Last", "date"),
            }
            table(names, columns, "source_names")
            download("Download as CSV", "source-names", lambda: names, "source_names", columns)

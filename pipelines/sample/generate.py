"""Writes the sample: a fictional company's exports, in the formats of the systems that it would use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.sample import (
    billing_files,
    calls_files,
    collection_files,
    crm_files,
    documents,
    plan_files,
    service_files,
    side_files,
)
from pipelines.sample.scope import SampleError, Scope
from pipelines.sample.truth import SampleTruth, tell
from pipelines.sample.world import World, make_world
from pipelines.sample.writer import formats, write_list, write_report, write_template, write_vendor_file

UNTIL = date(2026, 10, 31)
CALLS_A_MONTH = 8
INVOICES_A_MONTH = 0.9


def _billed_products(world: World) -> pl.DataFrame:
    catalogue = crm_files.products(world)
    return catalogue.select(
        product_id="code", name="name", category="family", list_price="list_price", currency=pl.lit("USD")
    )


FRAMES: dict[str, Callable[[World], pl.DataFrame]] = {
    "users": crm_files.users,
    "accounts": crm_files.accounts,
    "contacts": crm_files.contacts,
    "leads": crm_files.leads,
    "opportunities": crm_files.opportunities,
    "history": crm_files.history,
    "tasks": crm_files.tasks,
    "events": crm_files.events,
    "campaigns": lambda world: crm_files.campaigns(world, plan_files.campaign_spend(world)),
    "products": crm_files.products,
    "cases": documents.cases,
    "contracts": documents.contracts,
    "documents": documents.documents,
    "customers": billing_files.customers,
    "invoice_lines": billing_files.invoice_lines,
    "payment_rows": billing_files.payment_rows,
    "call_rows": calls_files.call_rows,
    "billed_products": _billed_products,
    "account_owners": plan_files.account_owners,
    "credit_notes": billing_files.credit_notes,
    "credit_applications": billing_files.credit_applications,
    "adjustments": billing_files.adjustments,
    "instalments": collection_files.instalments,
    "subscriptions": collection_files.subscriptions,
    "dunning": collection_files.dunning,
    "promises": collection_files.promises,
    "channel_costs": plan_files.channel_costs,
    "targets": plan_files.targets,
    "budgets": plan_files.budgets,
    "costs": plan_files.costs,
    "absences": plan_files.absences,
    "rates": plan_files.rates,
    "case_events": service_files.case_events,
    "commitments": service_files.commitments,
    "stock_outs": service_files.stock_outs,
    "deliveries": service_files.deliveries,
    "campaign_members": service_files.campaign_members,
    "product_uses": service_files.product_uses,
    "card_invoices": side_files.card_invoices,
    "card_notes": side_files.card_notes,
    "card_payments": side_files.card_payments,
    "branch_invoices": side_files.branch_invoices,
    "branch_payments": side_files.branch_payments,
    "branch_openings": side_files.branch_openings,
}

WRITERS: dict[str, Callable[[Path, dict[str, Any], pl.DataFrame], dict[str, int]]] = {
    "vendors": write_vendor_file, "lists": write_list, "reports": write_report, "templates": write_template,
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A sample that was written: the world that it tells of, and the rows below each file's header, faulty ones too."""

    world: World
    rows: dict[str, int]

    @cached_property
    def truth(self) -> SampleTruth:
        """What is true about it, which of a large company takes longer to tell than its files to write."""
        return tell(self.world, self.rows)


def generate(
    out: Path,
    accounts: int = 120,
    months: int = 24,
    seed: int = 7,
    calls: int | None = None,
    invoices: int | None = None,
    until: date = UNTIL,
    small_systems: bool = True,
) -> Sample:
    """Writes the sample's files into `out`, a folder that is made if need be.

    The same arguments give the same bytes. `calls` counts conversations (a call tracker writes more rows, one a leg),
    `invoices` counts invoices, drafts and voided ones among them; both are exact and grow with accounts and months when
    they are not given. `until` is the last day on which anything happens. `small_systems`: with the exports of the two
    billing systems beside the main one.

    Raises:
        SampleError: the arguments cannot be met, or the folder holds something else already.
    """
    scope = Scope(
        accounts=accounts,
        months=months,
        seed=seed,
        calls=round(accounts * months * CALLS_A_MONTH) if calls is None else calls,
        invoices=round(accounts * months * INVOICES_A_MONTH) if invoices is None else invoices,
        until=until,
    )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SampleError(f"{out} is not an empty folder; the sample is never mixed with other files")
    out.mkdir(parents=True, exist_ok=True)
    world = make_world(scope)
    rows: dict[str, int] = {}
    for kind, write in WRITERS.items():
        for spec in formats()[kind]:
            if small_systems or not spec.get("small_system"):
                rows |= write(out, spec, FRAMES[spec["frame"]](world))
    return Sample(world, rows)

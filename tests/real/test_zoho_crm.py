"""The Zoho CRM exports, beside two other data sets: counts, reasons of rejection, and ids that do not resolve."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.support.homes import SHARED, query


@pytest.mark.parametrize(
    ("entity", "read", "loaded", "rejected"),
    [
        ("accounts", 2229, 2229, 0),
        ("contacts", 1265, 1265, 0),
        ("deals", 3632, 3632, 0),
        ("invoices", 1300, 1030, 270),
        ("leads", 3900, 3900, 0),
    ],
)
def test_rows_read_are_loaded_or_rejected(all_three: Path, entity: str, read: int, loaded: int, rejected: int) -> None:
    found = query(
        all_three,
        "select sum(rows_read), sum(rows_loaded), sum(rows_rejected) from reporting.rpt_data_health "
        "where entity = ? and source like 'zoho_crm%'",
        [entity],
    )
    assert found == [(read, loaded, rejected)]


def test_call_activities_stay_activities(all_three: Path) -> None:
    found = query(
        all_three, "select count(*) from marts.fct_activities where activity_type = 'call' and _source like '%calls%'"
    )
    assert found == [(4100,)]
    assert query(all_three, "select count(*) from marts.fct_calls where system = 'zoho_crm'") == [(0,)]


def test_invoices_without_amounts_are_rejected_by_reason(all_three: Path) -> None:
    found = query(
        all_three,
        "select column_name, count(*) from reporting.rpt_rejected_rows where entity = 'invoices' "
        "and reason = 'blank' and contract like 'zoho_crm%' group by all",
    )
    assert found == [("Grand Total", 270)]


def test_cancelled_invoices_are_void_and_created_ones_drafts(all_three: Path) -> None:
    with (SHARED / "zoho_crm" / "Invoices.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Grand Total"]]
    void = {f"zoho_crm:{row['INVOICEID']}" for row in rows if row["Invoice Status"] == "Cancelled"}
    draft = {f"zoho_crm:{row['INVOICEID']}" for row in rows if row["Invoice Status"] == "Created"}
    stand = {f"zoho_crm:{row['INVOICEID']}" for row in rows}
    assert len(void) > 50
    assert len(draft) > 50
    found = query(
        all_three, "select invoice_id, is_void, is_draft from marts.fct_invoices where invoice_id like 'zoho_crm:%'"
    )
    assert {row[0] for row in found} == stand
    assert {row[0] for row in found if row[1]} == void
    assert {row[0] for row in found if row[2]} == draft
    events = query(
        all_three,
        "select distinct invoice_id from marts.fct_receivable_events where invoice_id like 'zoho_crm:%'",
    )
    assert {row[0] for row in events} == stand - void - draft


def test_deals_reach_their_account_through_lead_and_contact(all_three: Path) -> None:
    assert query(all_three, "select count(*), count(account_id) from marts.fct_deals") == [(3632, 1164)]


def test_ids_that_do_not_resolve_are_reported_not_dropped(all_three: Path) -> None:
    found = query(
        all_three,
        "select count(*) from marts.fct_activities where activity_type = 'call' and account_id is null "
        "and _source like '%calls%'",
    )
    assert found[0][0] > 0
    coverage = query(all_three, "select match_coverage from reporting.rpt_data_health where entity = 'deals'")
    assert float(coverage[0][0]) == pytest.approx(1164 / 3632)


def test_accounts_within_the_source_stand(all_three: Path) -> None:
    assert query(
        all_three, "select count(*) from reporting.rpt_accounts where is_named and account_id like 'zoho_crm:%'"
    ) == [(2229,)]


def test_balances_are_the_sum_of_events(all_three: Path) -> None:
    found = query(
        all_three,
        "select (select sum(amount) from marts.fct_receivable_events where invoice_id like 'zoho_crm:%'), "
        "(select sum(open_amount - credit_amount) from reporting.rpt_receivable_aging "
        " where as_of_date = (select max(as_of_date) from reporting.rpt_receivable_aging) and account_id like 'zoho_crm:%')",
    )
    assert found[0][0] == found[0][1]
    assert found[0][0] > 1_000_000

"""Exports of many billing systems in one home: what is owed and paid by customer, as a bookkeeper works it out by hand.

The files are the contracts' own fixtures (`tests/fixtures/exports`), landed together and looked at as of
the newest day in them, 1 June 2024.
"""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.verification.proof import verify
from tests.support.homes import build, query

FIXTURES = Path(__file__).parent.parent / "fixtures" / "exports"
FILES = [
    "stripe/invoices.csv", "stripe/invoices_older_eu.csv", "stripe/customers.csv", "stripe/subscriptions.csv",
    "stripe/connector_invoice.csv", "stripe/connector_charge.csv", "stripe/connector_customer.csv",
    "quickbooks/open_invoices.csv", "quickbooks/customer_contact_list.csv", "quickbooks/invoices_and_received_payments.csv",
    "quickbooks/sales_by_product.csv", "quickbooks/connector_invoice.csv", "quickbooks/connector_credit_memo.csv",
    "quickbooks/connector_payment.csv", "quickbooks/connector_payment_line.csv", "quickbooks/connector_customer.csv",
    "xero/aged_receivables_detail.csv", "xero/connector_invoice.csv", "odoo/account_move.csv",
    "odoo/account_move_technical.csv", "erpnext/sales_invoice.csv", "invoiceninja/invoices.csv",
    "freshbooks/invoice_details.csv", "fortnox/kundreskontralista.txt", "datev/opos.csv", "tally/bills_receivable.csv",
    "tally/pending_bills.csv", "zoho_books/Invoice_view.csv", "zoho_invoice/Invoice.csv", "zoho_invoice/Customer_Payment.csv",
    "invoiceninja/payments.csv", "invoiceninja/clients.csv", "visma/customerledgeritems.json", "visma/customerinvoices.json",
    "lexoffice/voucherlist.json", "wave/invoices.json",
]  # fmt: skip

# Document: what is open of it on the newest day. What is not here is paid, void, a draft or given up.
OPEN = {
    # 500 of which 200 is paid; 121 of an older file without a status; yen are whole. What went back of a payment is owed
    # again, as everywhere.
    "stripe:in_31": Decimal("25.5"), "stripe:in_2": 300, "stripe:in_12": 121, "stripe:in_32": 3000,
    # Open by the report that says no more of them; 1,090 less a payment of 1,000 of the other report.
    "quickbooks:1002": 90, "quickbooks:1005": 400, "quickbooks:1006": 1250,
    # 1,090 less 1,000 that PAYMENT_LINE put on it.
    "quickbooks_api:130": 90,
    "xero:INV-1": 875, "xero:INV-3": 200, "xero_api:a1b2": 875,
    "odoo:INV/2024/00001": 250, "odoo:INV/2024/00002": 100, "odoo:INV/2024/00006": 25, "odoo:INV/2024/00007": 400_000,
    "erpnext:ACC-SINV-2024-00001": 250, "erpnext:ACC-SINV-2024-00002": 100,
    "invoiceninja:0001": 250, "freshbooks:0000101": 1375,
    "fortnox:2459": 813, "fortnox:2463": 100,
    "datev:10001/RE-2024-001": 1190, "datev:10001/RE-2024-002": 95,
    # Two files of one refresh are one report.
    "tally:S-1": Decimal("80000.25"), "tally:S-2": 120_000, "tally:S-3": 200, "tally:S-4": 300,
    # The second by its applications, the first by what its list says.
    "zoho_books:INV-000011": 250, "zoho_books:INV-000021": 250,
    "visma:1001": 250, "visma:1002": 100, "lexoffice:57b80000-0000-4000-8000-000000000001": 190,
    # 1,250 of which 1,000 is paid; the second is paid, and a draft of 40 is owed by nobody.
    "wave:SW52b2ljZTowMDAx": 250,
}  # fmt: skip

# Customer and currency: what came in.
PAID = {
    ("stripe:cus_1", "SEK"): 1250, ("stripe:cus_2", "EUR"): 200, ("stripe:cus_3", "EUR"): Decimal("1210.5"),
    # 1,250 of which 25.50 went back; 2,000 yen, the 3,000 failed.
    ("stripe:cus_31", "SEK"): Decimal("1224.5"), ("stripe:cus_32", "JPY"): 2000,
    ("quickbooks:Example Bakery", "SEK"): 1000, ("quickbooks:Nordic Timber AB", "SEK"): 250,
    ("quickbooks_api:58", "USD"): 1110,
    # 125 of which 25 went back; 40 is pending.
    ("invoiceninja:Nordic Timber AB", "SEK"): 1000, ("invoiceninja:Example Bakery", "EUR"): 100,
    ("zoho_books:59000000101", "SEK"): 1000, ("zoho_books:59000000102", "EUR"): 40,
    ("wave:Nordic Timber AB", "SEK"): 1000, ("wave:Example Bakery", "EUR"): 100,
}  # fmt: skip

# Document: what is left of money in the customer's favour.
CREDITS = {
    "quickbooks:CM-7": 50, "quickbooks_api:7": 50, "xero:CN-1": 125, "odoo:RINV/2024/00001": 100,
    "erpnext:ACC-SINV-RET-2024-00001": 100, "fortnox:1245": 1846, "datev:10002/GU-2024-001": 119,
    "tally:CN-1": 500, "visma:1003": 100, "lexoffice:57b80000-0000-4000-8000-000000000003": 119,
}  # fmt: skip

# What is asked below, and what the proof compares.
MODELS = [
    "fct_invoices", "fct_landed_files", "fct_payments", "fct_unapplied_credits", "rpt_account_identities",
    "rpt_account_monthly", "rpt_call_response", "rpt_control_totals", "rpt_open_deals", "rpt_open_invoices", "rpt_pipeline",
    "rpt_receivable_aging", "rpt_receivable_kpis", "rpt_revenue_retention",
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is made of them all: no row was rejected and no file held, and the gates pass."""
    made: Path = tmp_path_factory.mktemp("billing")
    for name in FILES:
        path = made / "landing" / name.replace("/", "_")  # a folder would name the system
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FIXTURES / name, path)
    (made / "keybook.toml").write_text(
        'base_currency = "SEK"\ndefault_currency = "SEK"\nbusiness_timezone = "Europe/Stockholm"\ndefault_country = "SE"\n'
    )
    receipts = build(made, MODELS)
    assert len(receipts) == len(FILES)
    assert not any(receipt.held or receipt.rows_rejected for receipt in receipts)
    assert query(made, "select as_of_date from intermediate.int_run_dated")[0][0].isoformat() == "2024-06-01"
    return made


def test_what_is_open_of_each_document(home: Path) -> None:
    rows = query(home, "select invoice_id, open_amount from open_invoices(date '2024-06-01')")
    assert dict(rows) == {name: Decimal(amount) for name, amount in OPEN.items()}


def test_what_each_customer_paid(home: Path) -> None:
    """Money that the exports show, and what they say was paid without showing it."""
    rows = query(
        home,
        "select customer_id, currency, sum(amount) from marts.fct_payments "
        "where split_part(customer_id, ':', 1) in ('stripe', 'quickbooks', 'quickbooks_api', 'invoiceninja', 'wave') or customer_id like 'zoho_books:59%' group by all",
    )
    assert {(customer, currency): amount for customer, currency, amount in rows} == {
        of: Decimal(amount) for of, amount in PAID.items()
    }


def test_a_line_of_a_payment_that_names_no_invoice_is_told(home: Path) -> None:
    """50 of a payment of 1,050 went to a journal entry: it posts nothing and is a finding, and 50 is left of the payment."""
    told = (
        "select issue, amount from intermediate.int_applications_linked where application_id = 'quickbooks_api:140/1'"
    )
    assert query(home, told) == [("no_invoice", 50)]


def test_a_credit_memo_that_a_payment_used_paid_its_part(home: Path) -> None:
    """60 was sent and a memo of 40 used for an invoice of 100: it is paid, nothing is left of either, and nothing is told."""
    lines = "select application_id, amount, issue from intermediate.int_applications_linked where invoice_id = 'quickbooks_api:133'"
    assert sorted(query(home, lines)) == [("quickbooks_api:141/0", 60, None), ("quickbooks_api:141/1", 40, None)]
    left = """select sum(amount) from marts.fct_unapplied_credits
        where origin_id in ('quickbooks_api:141', 'quickbooks_api:8') group by origin_id"""
    assert query(home, left) == [(0,), (0,)]


def test_what_is_left_in_the_customers_favour(home: Path) -> None:
    rows = query(
        home,
        "select origin_id, sum(amount) from marts.fct_unapplied_credits where origin_kind = 'credit_note' "
        "group by origin_id having sum(amount) <> 0",
    )
    assert dict(rows) == {name: Decimal(amount) for name, amount in CREDITS.items()}


def test_a_debt_of_which_only_the_open_part_is_known_is_no_sale(home: Path) -> None:
    """The two lists of open items say nothing of what was sold; both books agree on all else."""
    rows = query(
        home,
        "select invoice_id, net_amount from marts.fct_invoices where invoice_id in ('xero:INV-1', 'xero_api:a1b2')",
    )
    assert dict(rows) == {"xero:INV-1": None, "xero_api:a1b2": Decimal(1500)}


def test_the_proof_agrees_in_every_figure(home: Path) -> None:
    """Computed again from raw by other means."""
    with duckdb.connect(str(home / "warehouse" / "keybook.duckdb"), read_only=True) as connection:
        verdicts = verify(home / "warehouse" / "raw", connection)
    assert [verdict for verdict in verdicts if verdict.state != "agrees"] == []
    assert {verdict.subject for verdict in verdicts if verdict.cells} >= {"balances", "aging", "collected", "revenue"}

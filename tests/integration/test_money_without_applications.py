"""Real formats that do not say what a payment paid, each with the figures that a bookkeeper works out by hand.

All are landed together, each in a folder of its own, and looked at as of the newest day in them, 20 February 2024.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import load_settings
from pipelines.warehouse.transform import read_manifest
from tests.support.homes import keybook, query

XERO = "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,TaxTotal,InvoiceAmountPaid,InvoiceAmountDue,Currency,Type,Status"
HUBSPOT_INVOICES = """Record ID,Number,Invoice Status,Amount billed,Balance due,Currency,Invoice Date,Due date,Payment date,Associated Company IDs (Primary)
81,H-1,Paid,1000.00,0.00,EUR,2024-01-05,2024-02-04,2024-01-30,501
82,H-2,Open,400.00,250.00,EUR,2024-01-20,2024-02-19,,501
83,H-3,Voided,90.00,0.00,EUR,2024-01-21,2024-02-20,,501
84,H-4,Paid,600.00,0.00,EUR,2024-02-01,2024-03-02,2024-02-10,502
"""
HUBSPOT_PAYMENTS = """Record ID,Payment date,Gross amount,Refund amount,Currency code,Status,Associated Company IDs (Primary)
91,2024-01-30 10:00,1000.00,0.00,EUR,Succeeded,501
92,2024-02-05 10:00,150.00,0.00,EUR,Succeeded,501
93,2024-02-10 10:00,600.00,0.00,EUR,Succeeded,502
94,2024-02-12 10:00,80.00,80.00,EUR,Refunded,502
95,2024-02-13 10:00,77.00,,EUR,Failed,502
"""
ZOHO_CRM = """INVOICEID,Invoice Number,Invoice Status,Created Time,Account Id,Sub Total,Discount,Tax,Adjustments,Grand Total
71,Z-1,Sent,"10 Jan, 2024 09:00:00",7,500.00,0.00,0.00,0.00,500
72,Z-2,Paid,"12 Jan, 2024 09:00:00",7,200.00,0.00,0.00,0.00,200
73,Z-3,Cancelled,"13 Jan, 2024 09:00:00",7,300.00,0.00,0.00,0.00,300
74,Z-4,Created,"14 Jan, 2024 09:00:00",7,900.00,0.00,0.00,0.00,900
"""
QUICKBOOKS_BALANCES = """Example Works Ltd,,,,,,,
Customer Balance Detail,,,,,,,
"As of February 20, 2024",,,,,,,

,Date,Transaction Type,Num,Due Date,Amount,Open Balance,Balance
Bakery,,,,,,,
,01/10/2024,Invoice,1001,02/09/2024,90.00,90.00,90.00
Total for Bakery,,,,,$90.00,$90.00,
Joiner,,,,,,,
,01/20/2024,Invoice,2002,02/19/2024,700.00,100.00,100.00
,02/16/2024,Credit Memo,2003,02/16/2024,-30.00,-30.00,70.00
Total for Joiner,,,,,$670.00,$70.00,
"""
# Goods of 118,000 and 5,000 euro, and 100,000 on the euro account: the bank knows the payer by the tax number alone.
DELIVERIES = {"odata.metadata": "http://erp.example.com/$metadata#Document_РеализацияТоваровУслуг", "value": [
    {"Ref_Key": "d1", "DeletionMark": False, "Number": "1", "Date": "2024-01-15T12:00:00", "Posted": True, "Контрагент_Key": "k1",
     "СуммаДокумента": 118000},
    {"Ref_Key": "d2", "DeletionMark": False, "Number": "2", "Date": "2024-02-16T12:00:00", "Posted": True, "Контрагент_Key": "k1",
     "СуммаДокумента": 5000},
]}  # fmt: skip
CONTRACTORS = {"odata.metadata": "http://erp.example.com/$metadata#Catalog_Контрагенты", "value": [
    {"Ref_Key": "k1", "DeletionMark": False, "IsFolder": False, "Code": "1", "Description": "Лесопилка",
     "НаименованиеПолное": "ООО «Лесопилка»", "ИНН": "7700000001"},
]}  # fmt: skip
STATEMENT = """1CClientBankExchange
ВерсияФормата=1.03
Кодировка=Windows
РасчСчет=40702978000000000001
СекцияДокумент=Платежное поручение
Номер=17
Дата=12.02.2024
Сумма=100000.00
ПлательщикСчет=40702810000000000077
ДатаПоступило=13.02.2024
ПлательщикИНН=7700000001
Плательщик1=Лесопилка ООО
ПолучательСчет=40702978000000000001
НазначениеПлатежа=Оплата по счету 1
КонецДокумента
КонецФайла
"""
QUICKBOOKS_INVOICES = """Example Works Ltd
Invoice List
"January 1 - March 31, 2024"

Date,Transaction type,Num,Name,Memo,Due date,Amount,Open balance
01/10/2024,Invoice,1001,Bakery,,02/09/2024,90.00,90.00
01/15/2024,Invoice,1002,Bakery,,02/14/2024,300.00,0.00
01/20/2024,Invoice,1003,Mill,,02/19/2024,200.00,0.00
TOTAL,,,,,,590.00,90.00
"""
QUICKBOOKS_PAYMENTS = """Example Works Ltd
Transaction Detail by Account
January - March 2024

Date,Transaction type,Num,Posting (Y/N),Name,Memo,Account name,Split,Amount
02/16/2024,Payment,REF 1,Y,Bakery,,Bank,Accounts Receivable,300.00
02/20/2024,Payment,REF 2,Y,Mill,,Bank,Accounts Receivable,150.00
TOTAL,,,,,,,,450.00
"""

# Two invoices in lek, one of them paid; and deals in stages that a company made itself.
OTHER_SYSTEMS = {
    "tirana/invoices.csv": "system,invoice_id,number,document_kind,customer_id,issued_on,due_on,currency,gross_amount,status\n"
    "tirana,L1,L1,invoice,k1,2024-02-01,2024-02-15,ALL,7000,Sent\ntirana,L2,L2,invoice,k1,2024-02-02,2024-02-16,ALL,500,Paid\n",
    "tirana/payments.csv": "system,payment_id,customer_id,received_on,currency,amount,status\n"
    "tirana,LP1,k1,2024-02-03,ALL,500,Paid\ntirana,LP2,k1,2024-02-04,ALL,900,Returned\n",
    "tirana/rates.csv": "currency,rate_date,rate\nALL,2024-01-31,0.01\nALL,2024-02-18,0.01\nHUF,2024-02-01,0.0026\n",
    # Another book quotes the same day otherwise.
    "budapest/rates.csv": "currency,rate_date,rate\nHUF,2024-02-01,0.0027\n",
    "hubspot/deals.csv": "Record ID,Deal Name,Deal Stage,Deal probability,Amount,Currency,Create Date,Close Date\n"
    "1,Oak,Contract signed,1,100,EUR,2024-01-02,2024-02-02\n2,Ash,No budget,0,200,EUR,2024-01-02,2024-02-03\n"
    "3,Elm,Try-out,0.4,300,EUR,2024-01-02,2024-05-02\n4,Yew,Ours,,400,EUR,2024-01-02,2024-06-02\n",
}


def unix(month: int, day: int) -> int:
    """Noon of a day of 2024."""
    return int(datetime(2024, month, day, 12, tzinfo=UTC).timestamp())


def stripe_invoice(
    number: int,
    customer: str,
    total: int,
    issued: int,
    paid: int | None,
    remaining: int = 0,
    given_up: int | None = None,
) -> dict[str, Any]:
    """An invoice as the API lists it; amounts in cents."""
    return {
        "id": f"in_{number}", "object": "invoice", "number": f"ST-{number}", "customer": customer, "currency": "eur",
        "status": "paid" if paid else "uncollectible" if given_up else "open", "created": issued, "due_date": issued + 14 * 86400,
        "amount_due": total, "amount_paid": total - remaining, "amount_remaining": remaining, "total": total, "subtotal": total,
        "status_transitions": {"finalized_at": issued, "paid_at": paid, "voided_at": None, "marked_uncollectible_at": given_up},
    }  # fmt: skip


def write(home: Path) -> None:
    """The exports, a folder a system."""
    files: dict[str, str] = {}
    files["stripe/invoices.json"] = json.dumps({"object": "list", "data": [
        stripe_invoice(1, "cus_1", 10_000, unix(1, 10), unix(1, 20)),
        stripe_invoice(2, "cus_2", 20_000, unix(1, 12), unix(1, 25)),
        stripe_invoice(3, "cus_3", 15_000, unix(1, 15), unix(2, 1)),
        stripe_invoice(4, "cus_1", 6_000, unix(2, 1), None, 6_000),
        stripe_invoice(5, "cus_4", 30_000, unix(1, 5), None, 10_000),
        stripe_invoice(6, "cus_5", 30_000, unix(1, 5), None, 10_000, unix(2, 14)),
    ]})  # fmt: skip
    files["stripe/credit_notes.json"] = json.dumps({"object": "list", "data": [
        {"id": "cn_1", "object": "credit_note", "number": "CN-1", "invoice": "in_2", "customer": "cus_2", "amount": 4_000,
         "currency": "eur", "created": unix(1, 14), "status": "issued", "type": "pre_payment", "voided_at": None,
         "subtotal": 4_000},
    ]})  # fmt: skip
    files["stripe/refunds.json"] = json.dumps({"object": "list", "data": [
        {"id": "re_1", "object": "refund", "charge": "ch_3", "payment_intent": "pi_3", "amount": 15_000, "currency": "eur",
         "created": unix(2, 10), "status": "succeeded", "reason": "requested_by_customer"},
        {"id": "re_2", "object": "refund", "charge": "ch_6", "payment_intent": "pi_6", "amount": 4_000, "currency": "eur",
         "created": unix(2, 12), "status": "succeeded", "reason": "requested_by_customer"},
    ]})  # fmt: skip
    header = "id,Description,Created (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email"
    charges = [("ch_1", "2024-01-20", 100, "cus_1"), ("ch_2", "2024-01-25", 160, "cus_2"), ("ch_3", "2024-02-01", 150, "cus_3"),
               ("ch_5", "2024-02-20", 30, "cus_1"), ("ch_6", "2024-01-15", 200, "cus_4"), ("ch_7", "2024-01-15", 200, "cus_5")]  # fmt: skip
    lines = [
        f"{name},,{day} 12:00,{amount}.00,0.00,eur,Paid,{who},{who}@example.com" for name, day, amount, who in charges
    ]
    files["stripe/payments.csv"] = "\n".join([header, *lines, ""])
    files["xero/sales_invoices.csv"] = "\n".join([
        XERO,
        "Timber,INV-1,15/01/2024,14/02/2024,1000.00,0.00,900.00,0.00,EUR,Sales invoice,Paid",
        "Timber,CN-1,20/01/2024,20/01/2024,-100.00,0.00,0.00,0.00,EUR,Sales credit note,Paid",
        "Paper,INV-2,20/01/2024,19/02/2024,500.00,0.00,100.00,400.00,EUR,Sales invoice,Awaiting Payment",
        "",
    ])  # fmt: skip
    files["quickbooks/invoice_list.csv"] = QUICKBOOKS_INVOICES
    files["quickbooks/payments.csv"] = QUICKBOOKS_PAYMENTS
    files |= OTHER_SYSTEMS
    files["hubspot/invoices.csv"], files["hubspot/payments.csv"] = HUBSPOT_INVOICES, HUBSPOT_PAYMENTS
    files["zoho/invoices.csv"] = ZOHO_CRM
    files["quickbooks/customer_balance_detail.csv"] = QUICKBOOKS_BALANCES
    files["onec/deliveries.json"] = json.dumps(DELIVERIES, ensure_ascii=False)
    files["onec/contractors.json"] = json.dumps(CONTRACTORS, ensure_ascii=False)
    files["bank/kl_to_1c.txt"] = STATEMENT
    # The CRM's record has the tax number by which both are one company.
    files["crm/accounts.csv"] = "system,account_id,name,tax_id\ncrm,a1,Лесопилка,7700000001\n"
    for name, text in files.items():
        path = home / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="cp1251" if name.startswith("bank") else "utf-8")
    (home / "keybook.toml").write_text(
        'base_currency = "EUR"\ndefault_currency = "EUR"\nbusiness_timezone = "UTC"\ndefault_country = "RU"\n'
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One refresh of them all."""
    made: Path = tmp_path_factory.mktemp("vendors")
    write(made)
    done = keybook("refresh", "--home", made)
    # One deal is held: nothing tells what its stage means.
    assert done.exit_code == 3, done.output
    assert query(made, "select as_of_date from intermediate.int_run_dated")[0][0].isoformat() == "2024-02-20"
    return made


# Customer: open, overdue, unapplied, collected.
FIGURES = {
    # 100 paid, 60 still open by its own balance: the 30 of 20 February are not for it.
    "stripe:cus_1": (60, 60, 30, 130),
    # 200 less a credit note of 40 that was applied, 160 paid.
    "stripe:cus_2": (0, 0, 0, 160),
    # Paid 150, refunded 150: owed again, nothing collected.
    "stripe:cus_3": (150, 150, 0, 0),
    # 200 of 300 paid and 40 refunded: the balance of 100 does not know of that.
    "stripe:cus_4": (140, 140, 0, 160),
    # The balance of 100 that was written off stands on; 200 were paid.
    "stripe:cus_5": (0, 0, 0, 200),
    # 1,000 less a credit note of 100 that is used up; the rest is paid by what the file does not show.
    "xero:Timber": (0, 0, 0, 900),
    "xero:Paper": (400, 400, 0, 100),
    # The older invoice is open by its balance, so that the 300 were for the other.
    "quickbooks:Bakery": (90, 90, 0, 300),
    # 150 came of 200, and nothing is open: 50 was paid unseen.
    "quickbooks:Mill": (0, 0, 0, 200),
    # 1,000 paid; 150 of 400 paid, and the rest was due yesterday; a void one is no debt.
    "hubspot:501": (250, 250, 0, 1150),
    # 600 paid; 80 came and went back, 77 never came.
    "hubspot:502": (0, 0, 0, 600),
    # Of two that stand one is Paid, by what the export does not show; without a due date the other was due when it was issued.
    "zoho:7": (500, 500, 0, 200),
    # 600 of 700 were paid before the report; a credit note of 30 waits.
    "quickbooks:Joiner": (100, 100, 30, 600),
    # 100,000 of the 123,000 that were delivered, through the bank.
    "onec:k1": (23000, 23000, 0, 100000),
}  # fmt: skip


@pytest.mark.parametrize("customer", FIGURES)
def test_figures(home: Path, customer: str) -> None:
    """What is owed and what came, on the newest day."""
    account = query(home, "select account_id from marts.fct_invoices where customer_id = ?", [customer])[0][0]
    balances = query(
        home, "select open_amount, overdue_amount, unapplied_amount from receivable_aging(date '2024-02-20') "
        "where account_id = ?", [account],
    )  # fmt: skip
    [[collected]] = query(
        home, "select coalesce(sum(amount), 0) from marts.fct_payments where account_id = ?", [account]
    )
    assert (*(balances[0] if balances else (0, 0, 0)), collected) == tuple(map(Decimal, FIGURES[customer]))


def test_a_past_day_is_not_told_by_what_came_later(home: Path) -> None:
    """On 10 February the third client's refund had opened its invoice again; the fourth invoice was not due yet."""
    rows = query(
        home,
        "select invoice_number, open_amount, allocation from open_invoices(date '2024-02-10') "
        "where invoice_number = 'ST-3' order by 1",
    )
    assert rows == [("ST-3", Decimal(150), "settled_date")]


def test_each_row_says_how_it_is_known(home: Path) -> None:
    """The payments' allocations, in the four degrees of certainty."""
    found = query(
        home, "select distinct invoice_id, allocation from marts.fct_receivable_events where event_type = 'payment'"
    )
    assert set(found) >= {
        ("stripe:in_1", "settled_date"), ("xero:INV-2", "balance_only"), ("quickbooks:1002", "fifo_assumed"),
        ("quickbooks:1003", "fifo_assumed"), ("quickbooks:1003", "balance_only"),
    }  # fmt: skip


# Customer: the day of its last payment, whether that is known; and whether it is known how often it paid.
LAST_PAYMENTS = {
    "stripe:cus_1": ("2024-02-20", True), "hubspot:501": ("2024-02-05", True), "xero:Paper": (None, False),
    "quickbooks:Joiner": (None, False),
    # 150 on the last day, and 50 that had come by then.
    "quickbooks:Mill": ("2024-02-20", False),
}  # fmt: skip


@pytest.mark.parametrize("customer", LAST_PAYMENTS)
def test_a_balance_tells_of_no_payments_day(home: Path, customer: str) -> None:
    """It says that money had come by its own day, and not when, nor in how many payments."""
    [[account]] = query(home, "select distinct account_id from marts.fct_invoices where customer_id = ?", [customer])
    [[last, same, recency, frequency, segment]] = query(
        home, "select cards.last_payment_on, worth.last_payment_on is not distinct from cards.last_payment_on, "
        "worth.recency_score, worth.frequency_score, worth.rfm_segment from reporting.rpt_accounts as cards "
        "inner join reporting.rpt_account_value as worth using (account_id) where account_id = ?", [account],
    )  # fmt: skip
    day, is_counted = LAST_PAYMENTS[customer]
    assert (last and last.isoformat(), same) == (day, True)
    assert (recency is not None, frequency is not None) == (day is not None, is_counted)
    assert is_counted or segment is None


def test_a_company_in_lek_publishes_and_its_total_stands_apart(home: Path) -> None:
    """7,000 of 7,500 lek are open, 70 of the total; what was returned is no cash."""
    rows = query(
        home, "select currency, is_total, money_currency, open_amount, collected from reporting.rpt_receivable_kpis "
        "where currency = 'ALL' and as_of_date = date '2024-02-20' order by is_total",
    )  # fmt: skip
    assert rows[0] == ("ALL", False, "ALL", 7000, 500)
    [others] = query(
        home, "select sum(open_amount) from reporting.rpt_receivable_kpis where currency = 'EUR' and as_of_date = date '2024-02-20'"
    )  # fmt: skip
    assert rows[1][:3] == ("ALL", True, "EUR")
    assert rows[1][3] == others[0] + 70


def test_two_rates_of_one_day_are_told(home: Path) -> None:
    """One of them counts; which, nobody should have to guess."""
    found = query(home, "select name, row_count from reporting.rpt_landing_findings where code = 'two_rates'")
    assert found == [("HUF", 2)]


def test_a_deals_own_stage_is_told_by_the_row_or_held(home: Path) -> None:
    found = query(home, "select name, status, closed_on from marts.fct_deals where system = 'hubspot' order by name")
    assert [(name, status, closed and closed.isoformat()) for name, status, closed in found] == [
        ("Ash", "lost", "2024-02-03"), ("Elm", "open", None), ("Oak", "won", "2024-02-02")
    ]  # fmt: skip
    held = query(home, "select line, value, reason from reporting.rpt_rejected_rows where entity = 'deals'")
    assert held == [(5, "Ours", "unknown_word")]


def test_what_no_export_tells_is_unknown(home: Path) -> None:
    """Nobody landed calls, activities, cases or documents: no figure says that there were none."""
    landed = {f"{domain}.{entity}" for domain, entity in query(
        home, "select domain, entity from reporting.rpt_data_health where rows_loaded > 0"
    )}  # fmt: skip
    parsed = read_manifest(load_settings(home=home))
    told = {
        (node["name"], name): set(column["meta"]["feeds"])
        for node in parsed["nodes"].values()
        if node["schema"] == "reporting"
        for name, column in node["columns"].items()
        if "feeds" in column["meta"]
    }
    untold = {of for of, feeds in told.items() if not feeds & landed}
    assert {("rpt_accounts", "open_cases"), ("rpt_account_monthly", "inbound_calls")} <= untold
    said = {of for of in untold if query(home, f"select count({of[1]}) from reporting.{of[0]}")[0][0]}
    assert said == set()
    # Deals were landed. The open one names no account: it is none's, and told as such.
    assert query(home, "select sum(open_deals), sum(open_amount) is not null from reporting.rpt_accounts") == [
        (0, True)
    ]
    assert query(home, "select shown_id from reporting.rpt_unmatched where kind = 'deal'") == [("no_account",)]
    assert (
        query(home, "select distinct missing from reporting.rpt_documents where not has_contract or not has_act") == []
    )

"""What a vendor's word means, and that one which nobody knows is never guessed: the row tells it, or it is held."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from benchmarks.mutations import taken_apart
from benchmarks.robustness import FIXTURES
from benchmarks.robustness import land as landed_alone
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.loading import broken_contracts, load_contracts, shipped_contracts
from pipelines.exports.entities import entities
from pipelines.exports.landing.words import SPREADSHEETS
from tests.support.landing import contract, land

HELD = None


def _read(folder: Path, name: str, entity: str, column: str, cells: dict[str, str]) -> str | None:
    """What one row of a shipped contract's file becomes in a column; None where the row is held for it."""
    used = shipped_contracts()[name]
    wanted = [aliases[0] for aliases in used.recognise.headers]
    row = dict.fromkeys(wanted, "") | REST[name] | cells
    text = f"{';'.join(row)}\n{';'.join(row.values())}\n"
    landed = land(folder, text, {name: used})
    rows = landed.rows(entity, column)
    rejects = landed.why()
    assert len(rows) + len(rejects) == 1, (landed.receipt.held, rejects)
    if rows:
        return None if rows[0][0] is None else str(rows[0][0])
    assert f"is none of the words that the contract knows for {column} (" in rejects[0][1]
    return HELD


# What a row of the contract needs besides the words that are tried.
REST = {
    "hubspot_deals": {"Record ID": "1", "Deal Name": "Oak"},
    "pipedrive_deals": {"Deal - ID": "1", "Deal - Title": "Oak"},
    "amocrm_deals": {"Название сделки": "Дуб", "Компания": "", "Дата создания": "20.01.2026"},
    "bitrix24_deals_csv": {"ID": "1", "Название сделки": "Дуб", "Сумма": "10"},
    "salesforce_opportunity": {"Id": "006", "Name": "Oak", "CloseDate": "2026-01-20"},
    "salesforce_report_opportunities": {"Opportunity Name": "Oak", "Account Name": "", "Close Date": "31/1/2026"},
    "zoho_crm_deals": {"LEADID": "1", "Potential Name": "Oak"},
    "salesforce_task": {"Id": "00T"},
    "salesforce_report_tasks": {"Company / Account": "Oak", "Date": "31/1/2026", "Assigned": "Ann"},
    "salesforce_event": {"Id": "00U"},
    "zoho_books_invoices": {"Invoice Number": "1", "Invoice Date": "31/01/2026", "Total": "10"},
    "zoho_crm_invoices": {"INVOICEID": "1", "Created Time": "15 Apr, 2026 00:02:00", "Grand Total": "10"},
    "quickbooks_invoice_list": {"Num": "1", "Name": "Ek", "Date": "01/31/2026", "Amount": "10"},
    "keybook_crm_deals": {"deal_id": "1"},
    "keybook_billing_invoices": {"invoice_id": "1"},
    "keybook_billing_payments": {"payment_id": "1"},
    "keybook_crm_activities": {"activity_id": "1"},
    "keybook_calls_calls": {"call_id": "1"},
}

DEALS = [
    ("hubspot_deals", {"Deal Stage": "closedwon"}, "won"),
    ("hubspot_deals", {"Deal Stage": "Contract Sent", "Deal probability": "0.9"}, "open"),
    # A company's own stages: probability, with the day that it is to close or was closed.
    ("hubspot_deals", {"Deal Stage": "Contract signed", "Deal probability": "1", "Close Date": "2026-01-20"}, "won"),
    ("hubspot_deals", {"Deal Stage": "Contract signed", "Deal probability": "1"}, HELD),
    ("hubspot_deals", {"Deal Stage": "No budget", "Deal probability": "0"}, "lost"),
    ("hubspot_deals", {"Deal Stage": "No budget", "Closed Lost Reason": "Price"}, "lost"),
    ("hubspot_deals", {"Deal Stage": "Try-out", "Deal probability": "0.4"}, "open"),
    # Late in the evening, too: the plan is of the same day.
    ("hubspot_deals", {"Deal Stage": "Try-out", "Deal probability": "0.4", "Close Date": "2026-06-01 23:30"}, "open"),
    ("hubspot_deals", {"Deal Stage": "Try-out"}, HELD),
    # What tells both tells nothing.
    (
        "hubspot_deals",
        {"Deal Stage": "X", "Deal probability": "1", "Close Date": "2026-01-20", "Closed Lost Reason": "Price"},
        HELD,
    ),
    # Whoever closed it did so at a moment that is no plan, and a probability that nobody took away says nothing.
    (
        "pipedrive_deals",
        {"Deal - Status": "Vunnen", "Deal - Probability": "60", "Deal - Won time": "2026-01-20 10:00:00"},
        HELD,
    ),
    (
        "pipedrive_deals",
        {"Deal - Status": "Pausad", "Deal - Probability": "60", "Deal - Expected close date": "2026-01-20"},
        "open",
    ),
    ("amocrm_deals", {"Этап сделки": "Успешно реализовано"}, "won"),
    ("amocrm_deals", {"Этап сделки": "Переговоры"}, "open"),
    ("amocrm_deals", {"Этап сделки": "Замер"}, HELD),
    ("amocrm_deals", {"Этап сделки": "Замер", "Дата закрытия": ""}, "open"),
    ("amocrm_deals", {"Этап сделки": "Замер", "Дата закрытия": "20.02.2026"}, HELD),
    ("amocrm_deals", {"Этап сделки": "Отказ", "Причина отказа": "Дорого"}, "lost"),
    ("bitrix24_deals_csv", {"Стадия сделки": "В работе"}, "open"),
    ("bitrix24_deals_csv", {"Стадия сделки": "Замер"}, HELD),
    ("salesforce_opportunity", {"StageName": "Verbal yes", "IsClosed": "true", "IsWon": "true"}, "won"),
    ("salesforce_opportunity", {"StageName": "Verbal yes", "IsClosed": "false"}, "open"),
    ("salesforce_opportunity", {"StageName": "Verbal yes", "Probability": "100"}, "won"),
    ("salesforce_opportunity", {"StageName": "Verbal yes", "Probability": "80"}, "open"),
    ("salesforce_opportunity", {"StageName": "Closed, to be renewed"}, HELD),
    ("salesforce_report_opportunities", {"Stage": "Verbal yes", "Forecast Category": "Best Case"}, "open"),
    ("salesforce_report_opportunities", {"Stage": "Verbal yes"}, HELD),
    # Zoho's forecast type goes before a probability that nobody keeps.
    ("zoho_crm_deals", {"Stage": "Initial Offer", "Forecast Type": "Open", "Probability": "100"}, "open"),
    ("zoho_crm_deals", {"Stage": "Our stage", "Probability": "0"}, "lost"),
    ("zoho_crm_deals", {"Stage": "Our stage"}, HELD),
    ("keybook_crm_deals", {"status": "Closed Won"}, "won"),
    ("keybook_crm_deals", {"status": "Signed", "probability": "1", "closed_at": "2026-01-20"}, "won"),
    ("keybook_crm_deals", {"status": "Signed"}, HELD),
]


@pytest.mark.parametrize(("name", "cells", "status"), DEALS)
def test_a_deals_status_is_told_or_asked_for(
    tmp_path: Path, name: str, cells: dict[str, str], status: str | None
) -> None:
    assert _read(tmp_path, name, "crm.deals", "status", cells) == status


def test_what_the_rest_of_a_row_tells_of_a_word_is_said_by_line(tmp_path: Path) -> None:
    """Each word once, with what it was read as and the first line of it; not one that is known, nor one that is held."""
    text = (
        "Record ID,Deal Name,Deal Stage,Deal probability\n"
        "1,Oak,Try-out,0.4\n2,Elm,Appointment scheduled,0.2\n3,Ash,Try-out,0.5\n4,Fir,No budget,0\n5,Yew,Who knows,\n"
    )
    landed = land(tmp_path, text, {"hubspot_deals": shipped_contracts()["hubspot_deals"]})
    assert landed.rows("crm.deals", "deal_id, status") == [("1", "open"), ("2", "open"), ("3", "open"), ("4", "lost")]
    told = [row for row in landed.receipt.findings if row["code"] == "words_told"]
    assert [(row["column_name"], row["name"], row["row_count"], row["said"]) for row in told] == [
        ("Deal Stage", "crm.deals.status", 3, "2: Try-out = open; 5: No budget = lost")
    ]


OTHERS = [
    ("salesforce_task", "crm.activities", "activity_type", {"Subject": "x", "Type": "Other"}, "task"),
    # Where the subtype is not in the file, what has no type may be a call.
    ("salesforce_task", "crm.activities", "activity_type", {"Subject": "x", "Type": ""}, None),
    ("salesforce_task", "crm.activities", "activity_type", {"Subject": "x", "TaskSubtype": "Task"}, "task"),
    ("salesforce_task", "crm.activities", "activity_type", {"Subject": "x", "Type": "Anruf"}, HELD),
    ("salesforce_event", "crm.activities", "activity_type", {"Subject": "x", "Type": "Besuch"}, HELD),
    ("salesforce_report_tasks", "crm.activities", "activity_type", {"Subject": "x", "Type": "Besuch"}, HELD),
    ("zoho_books_invoices", "billing.invoices", "status", {"Invoice Status": "Overdue"}, "issued"),
    ("zoho_books_invoices", "billing.invoices", "status", {"Invoice Status": "Disputed"}, HELD),
    ("zoho_crm_invoices", "billing.invoices", "status", {"Invoice Status": "Delivered"}, "issued"),
    ("zoho_crm_invoices", "billing.invoices", "status", {"Invoice Status": "On hold"}, HELD),
    ("quickbooks_invoice_list", "billing.invoices", "status", {"Status": "Overdue 5 days"}, "issued"),
    ("quickbooks_invoice_list", "billing.invoices", "status", {"Status": "Voided"}, "void"),
    ("quickbooks_invoice_list", "billing.invoices", "status", {"Status": "Template"}, HELD),
    ("keybook_billing_invoices", "billing.invoices", "status", {"status": "Sent"}, "issued"),
    ("keybook_billing_invoices", "billing.invoices", "status", {"status": "OVERDUE"}, "issued"),
    ("keybook_billing_invoices", "billing.invoices", "status", {"status": "Partially paid"}, "issued"),
    ("keybook_billing_invoices", "billing.invoices", "status", {"status": "Cancelled"}, "void"),
    ("keybook_billing_invoices", "billing.invoices", "status", {"status": "on hold"}, HELD),
    ("keybook_billing_invoices", "billing.invoices", "document_kind", {"document_kind": "Credit memo"}, "credit_note"),
    ("keybook_billing_payments", "billing.payments", "status", {"status": "draft"}, "pending"),
    ("keybook_billing_payments", "billing.payments", "status", {"status": "Returned"}, "failed"),
    ("keybook_billing_payments", "billing.payments", "status", {"status": "partly"}, HELD),
    ("keybook_crm_activities", "crm.activities", "activity_type", {"activity_type": "E-mail"}, "email"),
    ("keybook_calls_calls", "calls.calls", "status", {"status": "no-answer"}, "missed"),
    ("keybook_calls_calls", "calls.calls", "direction", {"direction": "sideways"}, HELD),
]


@pytest.mark.parametrize(("name", "entity", "column", "cells", "value"), OTHERS)
def test_a_word_is_known_or_its_row_is_held(
    tmp_path: Path, name: str, entity: str, column: str, cells: dict[str, str], value: str | None
) -> None:
    assert _read(tmp_path, name, entity, column, cells) == value


@pytest.mark.parametrize("name", shipped_contracts())
def test_no_contract_guesses_what_a_word_means(name: str) -> None:
    """The last case of a vocabulary reads words; only what a file cannot say otherwise has a value for every row."""
    for entity_id, mapping in shipped_contracts()[name].feeds:
        for column in (entities()[entity_id].column(mapped) for mapped in mapping.columns):
            spec = mapping.columns[column.name]
            if not column.one_of:
                continue
            readings = [spec, *(branch for _, branch in spec.branches)]
            assert not any(reading.otherwise for reading in readings), f"{name}: {entity_id}.{column.name}"
            if spec.branches and not spec.branches[-1][0] and (name, column.name) not in BY_FORM:
                assert spec.branches[-1][1].map is not None, f"{name}: {entity_id}.{column.name}"


# What no word says: who is an extension, how a number begins, the sign of an amount, a note that alone tells the odd one,
# an object that is what it is without a type.
BY_FORM = {
    ("asterisk_cdr", "direction"),
    ("asterisk_master_csv", "direction"),
    ("asterisk_master_csv_short", "direction"),
    ("datev_open_items", "document_kind"),
    ("erpnext_sales_invoices", "document_kind"),
    ("fortnox_customer_ledger", "document_kind"),
    ("odoo_invoices", "document_kind"),
    ("onec_odata_corrections", "document_kind"),
    ("odoo_invoices", "status"),
    ("quickbooks_api_invoices", "status"),
    ("quickbooks_api_payments", "status"),
    ("quickbooks_invoices_and_payments", "status"),
    ("salesforce_report_tasks", "activity_type"),
    ("tally_bills_receivable", "document_kind"),
    ("xero_aged_receivables_detail", "document_kind"),
    ("mango_office_calls", "direction"),
    ("uci_online_retail_lines", "document_kind"),
    ("salesforce_contract", "document_type"),
    ("salesforce_event", "activity_type"),
    ("salesforce_task", "activity_type"),
}


def test_a_won_deal_is_closed_on_its_close_date_and_an_open_one_is_not(tmp_path: Path) -> None:
    header = "Record ID;Deal Name;Deal Stage;Deal probability;Close Date\n"
    rows = "1;a;Signed;1;2026-01-20\n2;b;Try-out;0.4;2026-05-20\n3;c;No budget;0;2026-02-20\n4;d;Try-out;0.4;soon\n"
    landed = land(tmp_path, header + rows, {"hubspot_deals": shipped_contracts()["hubspot_deals"]})
    found = landed.rows("crm.deals", "deal_id, status, cast(closed_at as varchar)[:10]")
    assert found == [("1", "won", "2026-01-20"), ("2", "open", None), ("3", "lost", "2026-02-20"), ("4", "open", None)]
    # The date of an open deal is no date of closing, so it cannot fail as one.
    assert landed.blanked == [("Close Date", "5: soon")]


@pytest.mark.parametrize(
    ("column", "value"),
    [("probability", "80"), ("probability", "-0.1"), ("created_at", "2062-01-01"), ("created_at", "1904-01-01")],
)
def test_what_is_out_of_range_is_no_evidence_and_told_by_name(tmp_path: Path, column: str, value: str) -> None:
    used = {"keybook_crm_deals": shipped_contracts()["keybook_crm_deals"]}
    landed = land(tmp_path, f"deal_id,status,{column}\nD1,open,{value}\n", used)
    assert landed.rows("crm.deals", column) == [(None,)]
    assert landed.blanked == [(column, f"2: {value}")]


def test_a_negative_duration_is_told_by_name(tmp_path: Path) -> None:
    used = {"keybook_calls_calls": shipped_contracts()["keybook_calls_calls"]}
    landed = land(tmp_path, "call_id,talk_seconds\nC1,-3174503141\n", used)
    assert landed.blanked == [("talk_seconds", "2: -3174503141")]


def _own(folder: Path, name: str, text: str) -> dict[str, Contract]:
    (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return load_contracts(folder)


WORDS = "contract: {name}\nwords:\n  crm.deals.status: {{Signed: won, Замер: open, contract sent: won}}\n"


def test_a_users_words_are_added_to_a_shipped_contract(tmp_path: Path) -> None:
    own = _own(tmp_path, "hubspot_deals", WORDS.format(name="hubspot_deals"))
    header = "Record ID;Deal Name;Deal Stage\n"
    rows = "1;a;SIGNED\n2;b;Замер\n3;c;Contract Sent\n4;d;Closed Lost\n5;e;Unheard of\n"
    landed = land(tmp_path, header + rows, {"hubspot_deals": own["hubspot_deals"]})
    assert landed.rows("crm.deals", "deal_id, status") == [
        ("1", "won"), ("2", "open"), ("3", "won"), ("4", "lost")
    ]  # fmt: skip
    assert [line for (line,) in landed.rejects("line")] == [6]
    # Another contract: what was landed is landed again.
    assert own["hubspot_deals"].digest != shipped_contracts()["hubspot_deals"].digest


@pytest.mark.parametrize("name", ["pipedrive_deals", "keybook_crm_deals"])
def test_words_go_beside_those_of_a_plain_column(tmp_path: Path, name: str) -> None:
    own = _own(tmp_path, name, WORDS.format(name=name))[name]
    known = own.feeds[0][1].columns["status"].map or {}
    said = {word.casefold(): ours for word, ours in known.items()}
    assert said | {"signed": "won", "open": "open", "lost": "lost"} == said


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "hubspot_deals",
            "contract: hubspot_deals\nwords: {crm.deals.status: {X: maybe}}\n",
            "open, won, lost, not maybe",
        ),
        ("hubspot_deals", "contract: hubspot_deals\nwords: {crm.leads.status: {X: won}}\n", "feeds no crm.leads"),
        ("hubspot_deals", "contract: hubspot_deals\nwords: {crm.deals.name: {X: Y}}\n", "may be any text, not Y"),
        ("mine", "contract: mine\nwords: {crm.deals.status: {X: won}}\n", "no shipped contract is called mine"),
        (
            "chinook_invoices",
            "contract: chinook_invoices\nwords: {billing.invoices.status: {X: void}}\n",
            "from no column",
        ),
        ("hubspot_deals", "- words\n", "it holds no contract"),
    ],
)
def test_words_that_cannot_be_used_are_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    own = _own(tmp_path, name, text)
    assert said in broken_contracts(tmp_path)[f"{name}.yml"]
    assert own.get(name) == shipped_contracts().get(name)


def test_a_case_may_have_several_conditions_and_ask_whether_a_column_is_there(tmp_path: Path) -> None:
    described = contract("""
contract: test_cases
title: Several conditions
system: test
recognise: {headers: [Id, Kind, Sign]}
entities:
  crm.leads:
    columns:
      lead_id: Id
      status:
        cases:
          - {where: [{column: Kind, is: a}, {column: Sign, is: '+'}], value: both}
          - {where: {column: Absent, in_file: true}, value: there}
          - {where: {column: Absent, in_file: false}, value: not there}
""")
    landed = land(tmp_path, "Id,Kind,Sign\n1,a,+\n2,a,-\n", described)
    assert landed.rows("crm.leads", "lead_id, status") == [("1", "both"), ("2", "not there")]


def test_a_spreadsheets_word_for_true_is_true(tmp_path: Path) -> None:
    """What is deleted, closed or paid stays so when a German, Swedish or Russian spreadsheet saves the file again.

    A file of each vendor is: how a word is read does not depend on whose file it is in.
    """
    languages = cycle(
        dict(zip(("true", "false"), pair, strict=True))
        for pair in (("WAHR", "FALSCH"), ("SANT", "FALSKT"), ("ИСТИНА", "ЛОЖЬ"))
    )
    changed: dict[Path, str] = {}
    for path in sorted(path for path in FIXTURES.rglob("*.csv") if b"true" in path.read_bytes().lower()):
        if path.parent in changed:
            continue
        export = taken_apart(path, tmp_path, shipped_contracts())
        words = next(languages)
        if export is None:
            continue
        rows = [[words.get(cell.lower(), cell) for cell in row] for row in export.rows]
        if rows == export.rows:
            continue
        was, now = (
            landed_alone(each.written(), export.name, shipped_contracts(), tmp_path)
            for each in (export, replace(export, rows=rows))
        )
        assert (now.rows, now.rejected) == (was.rows, was.rejected), path.name
        changed[path.parent] = path.name
    assert len(changed) > 4
    every = [word for words in SPREADSHEETS.values() for word in words]
    assert every == list(dict.fromkeys(word.lower() for word in every))

"""Recognising by evidence: no contract takes what is another's or nobody's, and what is near is named truly.

Known contracts are hidden, so that each file is one of a vendor whom nobody knows.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest

from benchmarks.mutations import Export, shuffled, taken_apart, without
from benchmarks.robustness import FIXTURES
from benchmarks.robustness import land as landed_alone
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.loading import load_contracts, shipped_contracts
from pipelines.exports.contracts.recognise import Recognition, recognise
from pipelines.exports.landing.land import detect, open_grids
from pipelines.exports.readers.unpack import Limits
from tests.support.landing import contract, land

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
# Nothing in their few cells tells that texts stand under other texts.
UNTOLD = {
    "onec/odata_counterparties.json",
    "quickbooks/invoices_and_received_payments.csv",
    "salesforce/report_leads.csv",
    "zoho_crm/accounts.csv",
}
FILES = sorted(path for path in FIXTURES.rglob("*") if path.suffix in (".csv", ".json", ".xlsx", ".txt"))
# Half of them, by their names: a new fixture changes nothing of which of the others are asked.
HALF = [path for path in FILES if crc32(path.name.encode()) % 2]


def _vendor(known: Contract) -> str:
    return known.system.split("_")[0]


def _taken_by_others(path: Path) -> list[str]:
    """What of a file another vendor's contract takes when its own vendor is not known."""
    found = [item for _, item in detect(path, load_contracts(), Limits()) if isinstance(item, Recognition)]
    own = {_vendor(item.match.contract) for item in found if item.match}
    others = {name: known for name, known in load_contracts().items() if _vendor(known) not in own}
    left = [item for _, item in detect(path, others, Limits()) if isinstance(item, Recognition)]
    return [item.match.contract.contract for item in left if item.match]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_contract_takes_another_vendors_file(path: Path) -> None:
    assert _taken_by_others(path) == []


def test_no_contract_takes_another_vendors_public_file() -> None:
    files = [path for path in DATA.rglob("*") if path.suffix in (".csv", ".json", ".xlsx")]
    if not files:
        pytest.skip("the public data sets are not here")
    assert {path.name: taken for path in files if (taken := _taken_by_others(path))} == {}


@pytest.mark.parametrize("path", HALF, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_contract_takes_nonsense(path: Path, tmp_path: Path) -> None:
    """Each column's values under another one's header, half the table aside."""
    name = f"{path.parent.name}/{path.name}"
    export = taken_apart(path, tmp_path, shipped_contracts()) if path.suffix in (".csv", ".json") else None
    if export is None or len(export.rows) < 2:
        pytest.skip("no table that can be taken apart, or a single row")
    nonsense = shuffled(export, max(2, len(export.header) // 2))
    landed = landed_alone(nonsense.written(), export.name, shipped_contracts(), tmp_path)
    taken = {entity: rows for entity, rows in landed.rows.items() if rows}
    assert bool(taken) == (name in UNTOLD), taken


def _first_named(export: Export, scratch: Path) -> tuple[Contract, list[str]] | None:
    """The contract that a file's near miss names first, and all that its reason names; None where it is no near miss."""
    path = scratch / f"left{Path(export.name).suffix}"
    path.write_bytes(export.written())
    (grid,) = open_grids(path, scratch, shipped_contracts(), Limits())
    found = recognise(grid, shipped_contracts())
    if found.match or found.problem.code != "column_missing":
        return None
    return found.near[0].contract, str(found.problem.facts["contract"]).split(" / ")


@pytest.mark.parametrize(
    "path",
    [path for path in HALF if path.suffix in (".csv", ".json")],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_a_near_miss_names_the_files_own_export_first(path: Path, tmp_path: Path) -> None:
    export = taken_apart(path, tmp_path, shipped_contracts())
    if export is None:
        pytest.skip("not one table of text")
    own = export.contract
    for place in range(len(export.header)):
        if miss := _first_named(without(export, place), tmp_path):
            first, named = miss
            # Two exports of a system may lack one column each, and be as near: then both are named.
            assert first.system == own.system
            assert own.contract in named
    for begin in range(3):
        left = export
        for place in reversed(range(begin, len(export.header), 3)):
            left = without(left, place)
        miss = _first_named(left, tmp_path)
        assert miss is None or miss[0].system == own.system


def test_a_companys_own_columns_turn_no_file_away(tmp_path: Path) -> None:
    text = "Record ID,First Name,Last Name,Email,Deal Name,Favourite fruit\n1,Ada,Ek,ada@example.com,Pallets,plum\n"
    landed = land(tmp_path, text)
    assert landed.rows("crm.contacts", "contact_id, full_name, email") == [("1", "Ada Ek", "ada@example.com")]


def test_headers_are_known_in_any_spelling(tmp_path: Path) -> None:
    text = "record_id,deal_name,dealStage,Close-Date,AMOUNT\n1,Pallets,closedwon,2024-05-06,5\n"
    landed = land(tmp_path, text)
    row = ("1", "Pallets", "won", "2024-05-06", 5)
    assert landed.rows("crm.deals", "deal_id, name, status, cast(expected_close_on as varchar), amount") == [row]


def test_what_a_row_means_nothing_without_holds_the_file_and_nothing_else_does(tmp_path: Path) -> None:
    landed = land(
        tmp_path,
        "ContactName,InvoiceNumber,InvoiceDate,Total,InvoiceAmountDue,Type,Status\nEk,1,2024-05-06,5,5,Sales Invoice,Paid\n",
    )
    assert landed.rows("billing.invoices", "invoice_id, due_on, gross_amount") == [("1", None, 5)]
    missing = {event["target"] for event in landed.receipt.schema_events if event["event"] == "missing"}
    assert {"due_on", "currency", "tax_amount"} <= missing
    (tmp_path / "held").mkdir()
    held = land(
        tmp_path / "held",
        "ContactName,InvoiceNumber,InvoiceDate,DueDate,InvoiceAmountDue,Type,Status\nEk,1,2024-05-06,,5,Sales Invoice,Paid\n",
    )
    assert [(row["code"], row["column_name"]) for row in held.receipt.held] == [("column_missing", "'Total'")]


def test_a_feed_that_a_file_cannot_give_is_left_out_by_name(tmp_path: Path) -> None:
    text = "id,Amount,Amount Refunded,Currency,Status,Created (UTC),Description\nch_1,5.00,0.00,eur,Paid,2024-05-06 10:00,x\n"
    landed = land(tmp_path, text)
    assert len(landed.rows("billing.payments")) == 1
    told = [row for row in landed.receipt.findings if row["code"] == "entity_missing"]
    assert [(row["name"], row["column_name"]) for row in told] == [
        ("billing.customers", "Customer ID, Customer Description"), ("billing.applications", "Invoice ID"),
        ("billing.adjustments", "Dispute Status, Disputed Amount"),
    ]  # fmt: skip


def test_recognising_costs_no_more_with_many_more_contracts(tmp_path: Path) -> None:
    """Many times as many contracts, of vendors that call everything otherwise, cost a file a few milliseconds at most."""
    shipped = shipped_contracts()
    path = FIXTURES / "hubspot" / "deals.csv"
    (grid,) = open_grids(path, tmp_path, shipped, Limits())
    text = """
contract: made_{0}
title: Made {0}
system: made
recognise: {{headers: [Nr {0}, Name, Ort {0}]}}
entities: {{crm.accounts: {{columns: {{account_id: Nr {0}, name: Name, city: Ort {0}}}}}}}
"""
    many = shipped | {name: made for number in range(1000) for name, made in contract(text.format(number)).items()}
    took = {}
    for name, known in (("few", shipped), ("many", many)):
        recognise(grid, known)
        turns = []
        for _ in range(7):
            began = time.process_time()
            assert recognise(grid, known).match is not None
            turns.append(time.process_time() - began)
        took[name] = min(turns)
    assert took["many"] - took["few"] < 0.01, took


@pytest.mark.parametrize("id_", ["2.58420E+16", '"2,5842E+16"', "1E+15", "1.2345678901234568e+18", "4.87E18"])
def test_an_id_of_which_a_program_kept_some_figures_is_none(tmp_path: Path, id_: str) -> None:
    """No row of its own, and no link; what only looks like it is one."""
    header = "Record ID,Deal Name,Deal Stage,Associated Company IDs\n"
    landed = land(
        tmp_path, f"{header}{id_},Pallets,closedwon,7\n77,Boards,closedwon,{id_}\n5E10,Tins,closedwon,5.10E\n"
    )
    rows = landed.rows("crm.deals", "deal_id, account_id")
    assert rows == [("77", None), ("5E10", "5.10E")]
    assert landed.rejects("line, value") == [(2, id_.strip('"'))]
    assert [row["row_count"] for row in landed.receipt.findings if row["code"] == "cells_blank"] == [1]


def test_of_two_systems_that_fit_equally_the_one_whose_records_are_landed_is_it(tmp_path: Path) -> None:
    def of(system: str) -> dict[str, Contract]:
        return contract(
            f"contract: {system}_deals\ntitle: {system}\nsystem: {system}\nrecognise: {{headers: [Deal code, Buyer, Deal label]}}\n"
            "entities: {crm.deals: {columns: {deal_id: Deal code, account_id: Buyer, name: Deal label, status: {value: open}}}}"
        ) | contract(
            f"contract: {system}_buyers\ntitle: {system}\nsystem: {system}\nrecognise: {{headers: [{system} code, {system} label]}}\n"
            f"entities: {{crm.accounts: {{columns: {{account_id: {system} code, name: {system} label}}}}}}"
        )

    known = of("north") | of("south")
    deals = "Deal code,Buyer,Deal label\nD1,B-1,Pallets\nD2,B-2,Boards\n"
    held = land(tmp_path, deals, known, name="deals.csv")
    assert [row["code"] for row in held.receipt.held] == ["several_contracts"]
    for code, system in (("X", "north"), ("B", "south")):
        land(tmp_path, f"{system} code,{system} label\n{code}-1,Ek\n{code}-2,Alm\n", known, name=f"{system}.csv")
    landed = land(tmp_path, deals, known, name="deals.csv")
    assert list(landed.receipt.digests) == ["south_deals"]


def test_lines_below_a_table_are_none_of_its_ids(tmp_path: Path) -> None:
    ids = "Account ID,Last Name,Account Name,Email,Account Owner,Title\n0015g00000ABCD1,Ek,Pallets,ek@pallets.se,Ann,CEO\n"
    landed = land(tmp_path, f"{ids}\nGrand Totals (1 records)\n\nConfidential Information - Do Not Distribute\n")
    assert list(landed.receipt.digests) == ["salesforce_report_contacts"]


REPORTS = sorted((FIXTURES / "salesforce").glob("report_*.csv"))
BELOW = [
    "Grand Totals (2 records)", "", "Leads of the quarter", "Copyright (c) 2000-2026 salesforce.com, inc.",
    "Confidential Information - Do Not Distribute", "Generated By: Ada Example 5/31/2024 4:05 PM", "Example AB",
]  # fmt: skip


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_lines_below_a_report_are_no_rows_whatever_column_comes_first(path: Path, tmp_path: Path) -> None:
    export = taken_apart(path, tmp_path, shipped_contracts())
    assert export is not None
    rows = [row for row in export.rows if sum(map(bool, row)) > 1]
    was = landed_alone(replace(export, rows=rows).written(), path.name, shipped_contracts(), tmp_path)
    for place in range(len(export.header)):
        order = [place, *(other for other in range(len(export.header)) if other != place)]
        header, *moved = [[row[at] for at in order] for row in (export.header, *rows)]
        below = replace(export, header=header, rows=[*moved, *([text] for text in BELOW)])
        now = landed_alone(below.written(), path.name, shipped_contracts(), tmp_path)
        assert (now.rows, now.rejected) == (was.rows, {}), header[0]
        (told,) = [row["said"] for row in now.receipt.findings if row["code"] == "below_table"]
        assert told.startswith(" | ".join(filter(None, BELOW))[:150]), header[0]


def test_short_numbers_tell_nobodys_file(tmp_path: Path) -> None:
    """Of two shops each counts its customers from 1 on."""
    known = contract(
        "contract: north_buyers\ntitle: North\nsystem: north\nrecognise: {headers: [North code, North label]}\n"
        "entities: {crm.accounts: {columns: {account_id: North code, name: North label}}}"
    )
    for system in ("north", "south"):
        known |= contract(
            f"contract: {system}_deals\ntitle: {system}\nsystem: {system}\nrecognise: {{headers: [Deal code, Buyer, Deal label]}}\n"
            "entities: {crm.deals: {columns: {deal_id: Deal code, account_id: Buyer, name: Deal label, status: {value: open}}}}"
        )
    land(tmp_path, "North code,North label\n1,Ek\n2,Alm\n", known, name="north.csv")
    held = land(tmp_path, "Deal code,Buyer,Deal label\n7,1,Pallets\n8,2,Boards\n", known, name="deals.csv")
    assert [row["code"] for row in held.receipt.held] == ["several_contracts"]


def test_a_german_vendors_bill_is_no_customers_invoice(tmp_path: Path) -> None:
    """Odoo translates the code of a journal, and keeps five letters of it."""
    head = "Nummer;Anzeigename des Rechnungspartners;Ein-/Ausgangsrechnungsdatum;Ingesamt unterzeichnet;Insgesamt in Währung unterzeichnet;Zahlungsstatus;Währung;Status\n"
    rows = (
        "RE/2024/00001;Ek;2024-01-15;100.00",
        "RECHN/2024/01/0001;Alm;2024-01-16;-50.00",
        "RECHNUNG/7;Ek;2024-01-17;70.00",
    )
    text = head + "".join(f"{row};{row.split(';')[-1]};Bezahlt;EUR;Gebucht\n" for row in rows)
    found = land(tmp_path, text).rows("billing.invoices", "invoice_id, document_kind, gross_amount")
    assert found == [("RE/2024/00001", "invoice", 100), ("RECHNUNG/7", "invoice", 70)]


def test_a_number_that_may_be_a_credit_notes_is_not_guessed(tmp_path: Path) -> None:
    """Without a sign and a type only the number tells which a document is; a journal is called as a company likes."""
    head = "Number,Invoice Partner Display Name,Invoice Date,Total,Amount Due,Payment Status,Currency,Status\n"
    numbers = ["RE/1", "RECHNUNG/7", "RG/8", "R/9", "RINV/2", "RRE/3", "INV/4", "S/5"]
    rows = "".join(f"{number},Ek,2024-01-15,100.00,100.00,Not Paid,EUR,Posted\n" for number in numbers)
    landed = land(tmp_path, head + rows)
    found = dict(landed.rows("billing.invoices", "number, document_kind"))
    assert found == dict.fromkeys(("RE/1", "INV/4", "S/5"), "invoice") | dict.fromkeys(
        ("RINV/2", "RRE/3"), "credit_note"
    )
    assert [line for line, _ in landed.why()] == [3, 4, 5]
    assert landed.rejects("distinct field") == [("document_kind",)]


def test_a_spanish_total_of_erpnext_is_no_amount(tmp_path: Path) -> None:
    head = "Identificador,Cliente,Fecha de Contabilización,Total,Total Impuestos y Cargos,Total redondeado,Monto pendiente,Estado"
    landed = land(tmp_path, f"{head}\nACC-1,Ek,2024-01-15,100.00,25.00,0,125.00,Impagado\n")
    assert [row["code"] for row in landed.receipt.held] == ["column_missing"]


def test_a_spanish_total_of_erpnext_is_made_of_what_has_names_of_its_own(tmp_path: Path) -> None:
    head = (
        "Identificador,Cliente,Fecha de Contabilización,Total,Total neto,Total Impuestos y Cargos,Total redondeado,"
        "Monto pendiente,Estado,Es Devolución (Nota de Crédito)"
    )
    rows = (
        "ACC-1,Ek,2024-01-15,100.00,100.00,25.00,0,125.00,Impagado,0\nACC-2,Ek,2024-01-15,-8,-8,-2,0,-10,Retornar,1\n"
    )
    landed = land(tmp_path, f"{head}\n{rows}")
    found = landed.rows("billing.invoices", "invoice_id, document_kind, gross_amount, reported_balance")
    assert found == [("ACC-1", "invoice", 125, 125), ("ACC-2", "credit_note", 10, 10)]
    told = [row["target"] for row in landed.receipt.schema_events if row["action"] == "read_otherwise"]
    assert "gross_amount" in told


def test_everyday_words_of_another_language_are_no_vendors(tmp_path: Path) -> None:
    """What Odoo calls its columns in German anybody does; it is told by two that nobody else has."""
    anybodys = "Nummer;Kunde;Rechnungsdatum;Fälligkeitsdatum;Gesamt;Zahlungsstatus;Status\nR-1;Ek;15.01.2024;14.02.2024;100,00;Bezahlt;Gebucht\n"
    landed = land(tmp_path, anybodys)
    assert [row["code"] for row in landed.receipt.held] == ["unknown_headers"]
    odoos = anybodys.replace("Gesamt;", "Insgesamt in Währung unterzeichnet;Ingesamt unterzeichnet;")
    odoos = odoos.replace("100,00;", "100.00;100.00;")
    assert land(tmp_path, odoos).rows("billing.invoices", "invoice_id, gross_amount") == [("R-1", 100)]

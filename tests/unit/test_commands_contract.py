"""`keybook contract new`: a first contract loads, marks its guesses, and works once a person has corrected it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.loading import read_contract
from tests.support.homes import keybook
from tests.support.landing import land


def _draft(
    folder: Path, content: str, name: str = "nordic.csv", encoding: str = "utf-8", answer: str = ""
) -> tuple[Contract, Path]:
    path = folder / name
    path.write_text(content, encoding=encoding)
    target = folder / "nordic_first.yml"
    result = keybook("contract", "new", path, "--out", target, *(["--answer", answer] if answer else []))
    assert result.exit_code == 0, result.output
    return read_contract(target), target


SWEDISH = """Fakturanr;Kund;Fakturadatum;Förfallodatum;Belopp (SEK);Moms;Läge;Typ
F-1;Nordic Timber AB;15.01.2024;14.02.2024;1.284,50;256,90;Skickad;Faktura
F-2;Östen & Co;03.02.2024;04.03.2024;90,00;18,00;Konstig;Kreditfaktura
Summa;;;;1.374,50;274,90;;
"""


def test_a_corrected_contract_lands_the_file(tmp_path: Path) -> None:
    # Nothing tells whether the tax is in the amount.
    drafted, target = _draft(tmp_path, SWEDISH, answer="tax=included")
    text = target.read_text(encoding="utf-8")
    assert list(drafted.entities) == ["billing.invoices"]
    assert drafted.formats.date == ["%d.%m.%Y"]
    assert drafted.formats.decimal == ","
    assert "# Konstig:   # to be mapped: in 1 rows" in text
    assert text.count("# guess") > 10
    assert len(land(tmp_path, tmp_path / "nordic.csv", {"x": drafted}).rejects()) == 1
    target.write_text(text.replace("# Konstig: ", "Konstig: draft"), encoding="utf-8")
    landed = land(tmp_path, tmp_path / "nordic.csv", {"x": read_contract(target)})
    assert landed.rejects() == []
    columns = "invoice_id, number, document_kind, customer_id, cast(due_on as varchar), currency, gross_amount, status"
    assert landed.rows("billing.invoices", columns) == [
        ("F-1", "F-1", "invoice", "Nordic Timber AB", "2024-02-14", "SEK", Decimal("1284.5000"), "issued"),
        ("F-2", "F-2", "credit_note", "Östen & Co", "2024-03-04", "SEK", Decimal("90.0000"), "draft"),
    ]


def test_two_orders_of_dates_are_both_listed(tmp_path: Path) -> None:
    text = "Payment No,Customer,Payment Date,Amount\nP-1,A,03/04/2024,10.50\nP-2,B,05/04/2024,20.00\n"
    drafted, target = _draft(tmp_path, text)
    assert list(drafted.entities) == ["billing.payments"]
    assert drafted.formats.date_orders == {"day first": ["%d/%m/%Y"], "month first": ["%m/%d/%Y"]}
    assert "keep the one that is meant" in target.read_text(encoding="utf-8")
    assert "can be read as" in land(tmp_path, tmp_path / "nordic.csv", {"x": drafted}).held[0]


def test_one_date_far_down_decides_the_order(tmp_path: Path) -> None:
    rows = [f"P-{number},A,03/04/2024,10.50" for number in range(2000)]
    rows[1900] = "P-1900,A,03/14/2024,10.50"
    drafted, _ = _draft(tmp_path, "\n".join(["Payment No,Customer,Payment Date,Amount", *rows]))
    assert drafted.formats.date == ["%m/%d/%Y"]
    assert drafted.formats.date_orders is None


def test_lines_that_repeat_a_document_are_taken_once(tmp_path: Path) -> None:
    text = "Rechnungsnummer;Kunde;Rechnungsdatum;Bruttobetrag\nR1;A;31.01.2024;10,00\nR1;A;31.01.2024;10,00\n"
    drafted, _ = _draft(tmp_path, text + "R2;B;01.02.2024;5,00\n", "rechnungen.csv")
    assert drafted.entities["billing.invoices"][0].one_row_per == ["Rechnungsnummer"]
    assert len(land(tmp_path, tmp_path / "rechnungen.csv", {"x": drafted}).rows("billing.invoices")) == 2


def test_without_a_column_that_could_be_one_the_key_is_made(tmp_path: Path) -> None:
    text = (
        "Дата и время;Кто звонил;Куда;Длительность;Статус звонка;Тип звонка\n"
        "02.05.2024 10:15:00;79990000001;74950000001;0:01:20;Отвечен;Входящий\n"
        "22.05.2024 10:16:00;79990000002;74950000001;0:00:00;Пропущен;Входящий\n"
    )
    drafted, _ = _draft(tmp_path, text, "звонки.csv", "cp1251")
    calls = drafted.entities["calls.calls"][0]
    assert calls.key == "made"
    landed = land(tmp_path, tmp_path / "звонки.csv", {"x": drafted})
    assert landed.rejects() == []
    assert landed.rows("calls.calls", "caller_number, cast(total_seconds as int), status, direction") == [
        ("79990000001", 80, "answered", "inbound"),
        ("79990000002", 0, "missed", "inbound"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Colour,Size\nred,5\n", "fit no entity"),
        ("customer_id,name\nC-1,A\n", "recognises it already"),
        ("", "it is empty"),
    ],
)
def test_a_file_without_a_draft_says_why(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    result = keybook("contract", "new", tmp_path / "a.csv", "--out", tmp_path / "new.yml")
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "new.yml").exists()


def test_a_contract_is_never_overwritten(tmp_path: Path) -> None:
    _, target = _draft(tmp_path, SWEDISH)
    result = keybook("contract", "new", tmp_path / "nordic.csv", "--out", target)
    assert result.exit_code == 2
    assert "exists already" in result.stderr


def test_a_deals_status_is_read_from_its_stage_and_unknown_stages_are_asked_for(tmp_path: Path) -> None:
    text = (
        "opportunity_id,deal_stage,close_value,created_at\n"
        "D1,Won,10,2026-01-02\nD2,Lost,20,2026-01-03\nD3,Engaging,30,2026-01-04\n"
    )
    drafted, target = _draft(tmp_path, text, "sales_deals.csv")
    assert list(drafted.entities) == ["crm.deals"]
    landed = land(tmp_path, tmp_path / "sales_deals.csv", {"x": drafted})
    assert landed.rows("crm.deals", "deal_id, stage, status") == [("D1", "Won", "won"), ("D2", "Lost", "lost")]
    assert landed.rejects("line, value, code") == [(4, "Engaging", "unknown_word")]
    assert "# Engaging:   # to be mapped: in 1 rows" in target.read_text(encoding="utf-8")

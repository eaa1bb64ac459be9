"""A key of a company's own catalogue of currencies is no currency: one alone is the default and told, several are asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.adding import meanings
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.loading import shipped_contracts
from pipelines.exports.contracts.own_words import with_words
from tests.support.landing import Landed, land

ROUBLE, EURO, THIRD = (f"9999999{number}-0000-0000-0000-000000000001" for number in range(3))
KEY = "ВалютаДокумента_Key"
SETS = {
    "onec_odata_invoices": ("billing.invoices", "Document_РеализацияТоваровУслуг"),
    "onec_odata_payments": ("billing.payments", "Document_ПоступлениеНаРасчетныйСчет"),
}


def _landed(home: Path, name: str, rows: list[dict[str, Any]], words: dict[str, str] | None = None) -> Landed:
    entity, of = SETS[name]
    records = [
        {
            "Ref_Key": f"11111111-0000-0000-0000-00000000000{number}",
            "DeletionMark": False,
            "Number": f"0000-00000{number}",
            "Date": "2024-01-15T12:00:00",
            "Posted": True,
            "Контрагент_Key": f"33333333-0000-0000-0000-00000000000{number}",
            "СуммаДокумента": 2500 + number,
            "НазначениеПлатежа": "Оплата",
            "ВидОперации": "ОплатаПокупателя",
            **row,
        }
        for number, row in enumerate(rows)
    ]
    contract = shipped_contracts()[name]
    if words:
        contract = with_words(contract, {f"{entity}.currency": words})
    return _file(home, of, records, contract)


def _file(home: Path, of: str, records: list[dict[str, Any]], contract: Contract) -> Landed:
    text = json.dumps({"odata.metadata": f"http://erp.example.com/$metadata#{of}", "value": records})
    return land(home, text, {contract.contract: contract}, "export.json")


def _currencies(landed: Landed, name: str) -> list[str | None]:
    return [currency for (currency,) in landed.rows(SETS[name][0], "currency")]


def _assumed(landed: Landed) -> list[tuple[str, str, int]]:
    findings = [row for row in landed.receipt.findings if row["code"] == "currency_assumed"]
    return [(row["column_name"], row["said"], row["row_count"]) for row in findings]


@pytest.mark.parametrize("name", SETS)
def test_one_key_alone_is_the_default_and_told(tmp_path: Path, name: str) -> None:
    landed = _landed(tmp_path, name, [{KEY: ROUBLE}, {KEY: ROUBLE}])
    assert _currencies(landed, name) == [None, None]
    assert landed.rejects() == []
    assert _assumed(landed) == [(KEY, ROUBLE, 2)]
    # What the default stands for erases no currency that an older export names.
    assert all("currency" not in held for (held,) in landed.rows(SETS[name][0], "_holds"))


@pytest.mark.parametrize("name", SETS)
def test_of_several_keys_none_is_the_default(tmp_path: Path, name: str) -> None:
    landed = _landed(tmp_path, name, [{KEY: ROUBLE}, {KEY: EURO}, {}])
    assert _currencies(landed, name) == [None]
    assert [reject[1:] for reject in landed.rejects()] == [
        (KEY, ROUBLE, "unknown_word"),
        (KEY, EURO, "unknown_word"),
    ]
    assert _assumed(landed) == []
    assert not landed.held


@pytest.mark.parametrize("name", SETS)
def test_what_a_user_says_of_a_key_counts(tmp_path: Path, name: str) -> None:
    landed = _landed(tmp_path, name, [{KEY: ROUBLE}, {KEY: EURO}], {ROUBLE: "RUB", EURO: "EUR"})
    assert _currencies(landed, name) == ["RUB", "EUR"]
    assert landed.rejects() == []
    assert "currency" in landed.rows(SETS[name][0], "_holds")[0][0]


@pytest.mark.parametrize("name", SETS)
def test_a_key_that_a_users_list_lacks_is_asked_for_even_alone(tmp_path: Path, name: str) -> None:
    landed = _landed(tmp_path, name, [{KEY: THIRD}], {ROUBLE: "RUB", EURO: "EUR"})
    assert [reject[1:] for reject in landed.rejects()] == [(KEY, THIRD, "unknown_word")]


@pytest.mark.parametrize("name", SETS)
def test_a_code_beside_the_key_says_it(tmp_path: Path, name: str) -> None:
    rows = [
        {KEY: ROUBLE, "ВалютаДокумента": {"Code": "643", "Description": "руб."}},
        {KEY: EURO, "ВалютаДокумента": {"Code": "978", "Description": "EUR"}},
        {KEY: THIRD, "ВалютаДокумента": {"Description": "usd"}},
    ]
    landed = _landed(tmp_path, name, rows)
    assert _currencies(landed, name) == ["RUB", "EUR", "USD"]
    assert landed.rejects() == []
    assert _assumed(landed) == []
    assert not any(row["code"] == "read_otherwise" for row in landed.receipt.findings)


@pytest.mark.parametrize("name", SETS)
def test_a_code_that_nobody_knows_is_no_default(tmp_path: Path, name: str) -> None:
    landed = _landed(tmp_path, name, [{KEY: EURO, "ВалютаДокумента": {"Code": "001", "Description": "?"}}])
    assert landed.rejects("value, code") == [("001", "no_currency")]


def test_a_word_for_a_currency_is_a_currency() -> None:
    contract = shipped_contracts()["onec_odata_invoices"]
    with pytest.raises(ValueError, match="not roubles"):
        with_words(contract, {"billing.invoices.currency": {ROUBLE: "roubles"}})
    assert {"RUB", "EUR", "KZT"} <= set(meanings("billing.invoices.currency"))
    taught = with_words(shipped_contracts()["fortnox_customer_ledger"], {"billing.invoices.currency": {"kr": "SEK"}})
    assert taught.entities["billing.invoices"][0].columns["currency"].map == {"kr": "SEK"}

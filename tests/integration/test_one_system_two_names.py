"""1C calls a customer by its key in OData and by its name on account 62; a return lowers what it owes. One customer, one account.

Worked by hand, in roubles. Account 62 brings forward 115,000.50 of Лесопилка ООО on 1 January 2024 (and 590 of a sole trader).
OData delivers 10,000 on 10 February, its bank 115,000.50 on 15 February, and 2,500 goes back on 20 February. The receipt pays the
oldest debt, which is the opening balance: 10,000 less the return of 2,500 is open, and nothing waits. Were the two customers two,
115,000.50 would be owed for ever by the one, and 105,000.50 would wait in favour of the other.
"""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.homes import keybook, query

ROOT = Path(__file__).resolve().parents[1]
SET = "http://erp.example.com/odata/standard.odata/$metadata#"
ROUBLE = {"Code": "643", "Description": "руб."}


def document(key: str, day: str, amount: float, **more: Any) -> dict[str, Any]:
    """A row of a set of documents."""
    return {
        "Ref_Key": key, "DeletionMark": False, "Number": key, "Date": f"{day}T12:00:00", "Posted": True,
        "Контрагент_Key": "k1", "СуммаДокумента": amount, "ВалютаДокумента_Key": "v1", "ВалютаДокумента": ROUBLE, **more,
    }  # fmt: skip


def customer(key: str, name: str, full: str, tax: str) -> dict[str, Any]:
    """A row of the set of counterparties."""
    return {
        "Ref_Key": key, "DeletionMark": False, "IsFolder": False, "Description": name, "НаименованиеПолное": full, "ИНН": tax
    }  # fmt: skip


SETS = {
    "Catalog_Контрагенты": [
        customer("k1", "Лесопилка ООО", "ООО «Лесопилка»", "7700000001"),
        # Two are called so, and nobody guesses which of them account 62 means.
        customer("k2", "Пекарня ООО", "ООО «Пекарня»", "7700000002"),
        customer("k3", "Пекарня ООО", "ООО «Пекарня»", "7700000003"),
    ],
    "Document_РеализацияТоваровУслуг": [document("d1", "2024-02-10", 10000)],
    "Document_ПоступлениеНаРасчетныйСчет": [
        document("p1", "2024-02-15", 115000.5, НазначениеПлатежа="Оплата", ВидОперации="ОплатаПокупателя")
    ],
    "Document_ВозвратТоваровОтПокупателя": [document("w1", "2024-02-20", 2500, Сделка="d1")],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One refresh of it all."""
    made: Path = tmp_path_factory.mktemp("onec")
    (made / "landing").mkdir()
    shutil.copy(ROOT / "fixtures" / "exports" / "onec" / "account_62.xlsx", made / "landing")
    for name, rows in SETS.items():
        text = json.dumps({"odata.metadata": SET + name, "value": rows}, ensure_ascii=False)
        (made / "landing" / f"{name}.json").write_text(text, encoding="utf-8")
    (made / "keybook.toml").write_text(
        'base_currency = "RUB"\ndefault_currency = "RUB"\nbusiness_timezone = "UTC"\ndefault_country = "RU"\n'
    )
    done = keybook("refresh", "--home", made)
    assert done.exit_code == 0, done.output
    return made


def test_an_id_and_a_name_are_one_customer(home: Path) -> None:
    found = query(
        home,
        "select native_id, account_id, rule, evidence, evidence_value from reporting.rpt_account_identities order by native_id",
    )
    known = {native: rest for native, *rest in found}
    assert known["k1"][0] == known["Лесопилка ООО"][0] == "onec:k1"
    assert known["Лесопилка ООО"][1:] == ["named_here", "named_here", "k1"]
    assert known["Пекарня ООО"] == ["onec:Пекарня ООО", "own_account", "named_of_several", "2"]
    # Nothing else is called so.
    assert known["ИП Примеров"][1:] == ["own_account", None, None]


def test_the_money_of_both_is_one_customers(home: Path) -> None:
    [[balance]] = query(
        home, "select {'open': open_amount, 'waits': unapplied_amount} from receivable_aging(date '2024-02-20') "
        "where account_id = 'onec:k1'",
    )  # fmt: skip
    assert balance == {"open": Decimal(7500), "waits": Decimal(0)}
    customers = query(home, "select distinct customer_id from marts.fct_invoices where account_id = 'onec:k1'")
    assert customers == [("onec:k1",)]


def test_the_proof_agrees(home: Path) -> None:
    differing = query(home, "select * from reporting.rpt_verification where cells_equal <> cells")
    assert differing == []

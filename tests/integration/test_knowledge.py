"""What is known now and what was known then: newer exports, rows that are gone, and builds that start from a copy."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.entities import seed_rows
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh
from tests.integration.conftest import drop
from tests.support.homes import keybook, query
from tests.support.tables import differences

AGEING = """Example Works Ltd
A/R Aging Detail
"As of March 5, 2024"

,Date,Transaction type,Num,Customer full name,Due date,Amount,Open balance
CURRENT,,,,,,,
{rows}Total for CURRENT,,,,,,$0.00,$0.00
TOTAL,,,,,,$0.00,$0.00
"""
BAKERY = ",02/20/2024,Invoice,1005,Example Bakery,03/21/2024,400.00,400.00\n"
TIMBER = ",01/20/2024,Invoice,1002,Example Timber,02/19/2024,90.00,90.00\n"
MILL = ",02/22/2024,Invoice,1006,Example Mill,03/22/2024,{amount},{amount}\n"
DEALS = "Название сделки;Компания;Бюджет;Дата создания;Ответственный;Воронка;Этап сделки\n{rows}"
KEPT = "Доска;ООО «Пример»;1000;20.01.2024 09:00:00;Ада Примерова;Продажи;Переговоры\n"
GONE = "Поддоны;ООО «Пример»;900;21.01.2024 09:00:00;Ада Примерова;Продажи;Переговоры\n"

# Two contracts of the user's own: one replaces a document with all its lines, one marks rows as deleted.
CONTRACTS = {
    "lines": """
contract: lines
title: Lines without an id
system: test
recognise: {headers: [Nr, Item, Net]}
entities:
  billing.invoice_lines:
    key: made
    replaces: invoice_id
    columns: {invoice_id: Nr, description: Item, net_amount: Net}
""",
    "paid": """
contract: paid
title: Payments with a mark of deletion
system: test
recognise: {headers: [Id, Amount, Gone]}
deleted: {column: Gone, is: '1'}
entities:
  billing.payments:
    columns: {payment_id: Id, amount: Amount}
""",
}
LINES = "Nr,Item,Net\n{rows}"
# One document of twelve with a line less is a correction, and no view of some lines.
OTHERS = "".join(f"F-{number},Crate,1\n" for number in range(3, 14))
OPENS_EARLIER = "parameter,value,origin\nopens_at_hour,8,we open early\n"
PAID = "Id,Amount,Gone\n{rows}"

LINKS = "kind,native_id,decision\n"
LINKED = "select native_id, state from reporting.rpt_account_links order by 1"
OPEN = "select invoice_number, open_amount from reporting.rpt_open_invoices order by 1"
SUPERSEDED = "select entity, state, row_key, file, newer_file from reporting.rpt_superseded_rows order by all"


def _published(home: Path) -> Path:
    return (home / "warehouse" / "keybook.duckdb").resolve()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two exports one after the other: in the newer an invoice is gone, another changed, and a deal is gone.

    One gives a document anew with a line less, one says that a payment is deleted. A decision of a person is taken back in between, and another one taken.
    """
    home = tmp_path_factory.mktemp("knowledge")
    (home / "keybook.toml").write_text('holiday_country = "SE"\nfiscal_year_first_month = 7\n', encoding="utf-8")
    (home / "contracts").mkdir()
    for name, text in CONTRACTS.items():
        (home / "contracts" / f"{name}.yml").write_text(text, encoding="utf-8")
    first = AGEING.format(rows=BAKERY + TIMBER + MILL.format(amount="500.00"))
    drop(home, {"ageing-1.csv": first, "deals-1.csv": DEALS.format(rows=KEPT + GONE)})
    drop(home, {"lines-1.csv": LINES.format(rows="F-1,Oak,10\nF-1,Planks,5\nF-2,Pallets,20\n" + OTHERS)})
    drop(home, {"paid-1.csv": PAID.format(rows="PAY-1,10,0\nPAY-2,10,0\n")})
    (home / "lists").mkdir()
    (home / "lists" / "account_links.csv").write_text(LINKS + "billing_customer,before,link\n", encoding="utf-8")
    assert keybook("refresh", "--home", home).exit_code == 0
    (home / "first.duckdb").write_bytes(_published(home).read_bytes())
    second = AGEING.format(rows=BAKERY + MILL.format(amount="450.00"))
    drop(home, {"ageing-2.csv": second, "deals-2.csv": DEALS.format(rows=KEPT)})
    drop(
        home,
        {"lines-2.csv": LINES.format(rows="F-1,Oak,10\n" + OTHERS), "paid-2.csv": PAID.format(rows="PAY-1,10,1\n")},
    )
    after = LINKS + "billing_customer,after,link\nbilling_customer,after,link\n"
    (home / "lists" / "account_links.csv").write_text(after, encoding="utf-8")
    (home / "lists" / "parameters.csv").write_text(OPENS_EARLIER, encoding="utf-8")
    result = keybook("refresh", "--home", home)
    assert result.exit_code == 0, result.output
    return home


def test_a_parameter_of_ones_own_counts_from_the_next_refresh_on(home: Path) -> None:
    """From 9 to 17 the business is open for 8 hours, from 8 on for 9; nothing else was changed."""
    opened = "select max(business_seconds) / 3600 from intermediate.int_business_days"
    assert query(home, opened) == [(9,)]
    with duckdb.connect(str(home / "first.duckdb"), read_only=True) as first:
        assert first.execute(opened).fetchall() == [(8,)]
    own = "select parameter, value, default_value, origin, _file, _row from reporting.rpt_parameters where is_own"
    assert query(home, own) == [("opens_at_hour", 8, 9, "we open early", "lists/parameters.csv", 2)]
    rest = "select count(*), min(default_origin) is not null from reporting.rpt_parameters where value = default_value"
    assert query(home, rest) == [(len(seed_rows("parameter_defaults")) - 1, True)]


def test_a_list_is_what_its_file_says_now(home: Path) -> None:
    assert query(home, LINKED) == [("after", "no_such_record")]
    said = query(home, "select _file, _row from parameters.stg_lists__account_links")
    assert said == [("lists/account_links.csv", 2), ("lists/account_links.csv", 3)]
    # What stands there twice is one decision, on the later line.
    assert query(home, "select _file, _row from reporting.rpt_account_links") == [("lists/account_links.csv", 3)]
    files = "select file, rows_loaded, rows_superseded from marts.fct_landed_files where domain = 'lists' order by 1"
    assert query(home, files) == [("lists/account_links.csv", 2, 0), ("lists/parameters.csv", 1, 0)]


def test_the_newest_export_counts_and_what_is_gone_counts_no_longer(home: Path) -> None:
    assert query(home, OPEN) == [("1005", 400), ("1006", 450)]
    assert query(home, "select name from marts.fct_deals") == [("Доска",)]


def test_the_calendar_is_the_settings(home: Path) -> None:
    days = "select day, fiscal_quarter, fiscal_year, is_working_day from marts.dim_dates where day in (?, ?, ?) order by day"
    asked = [date(2024, 6, 6), date(2024, 8, 31), date(2025, 1, 2)]
    assert query(home, days, asked) == [
        (date(2024, 6, 6), date(2024, 4, 1), date(2023, 7, 1), False),
        (date(2024, 8, 31), date(2024, 7, 1), date(2024, 7, 1), False),
        (date(2025, 1, 2), date(2025, 1, 1), date(2024, 7, 1), True),
    ]


def test_the_earlier_versions_stay_queryable(home: Path) -> None:
    found = {(entity, state): (file, newer) for entity, state, _, file, newer in query(home, SUPERSEDED)}
    assert found["invoices", "vanished"] == ("ageing-1.csv", None)
    assert found["invoices", "changed"] == ("ageing-1.csv", "ageing-2.csv")
    assert found["deals", "vanished"] == ("deals-1.csv", None)
    content = "select content ->> '$.reported_balance' from reporting.rpt_superseded_rows where entity = 'invoices'"
    assert sorted(float(row[0]) for row in query(home, content)) == [90, 500]


def test_find_says_what_staging_says(home: Path) -> None:
    def found(text: str) -> set[tuple[str, int, str]]:
        hits = json.loads(keybook("find", text, "--json", "--home", home).stdout)["hits"]
        return {(hit["file"], hit["line"], hit["state"]) for hit in hits}

    assert found("1002") == {("ageing-1.csv", 8, "vanished")}
    assert found("1006") == {("ageing-1.csv", 9, "superseded"), ("ageing-2.csv", 8, "counted")}
    # What a newer export repeats is the newer one's.
    assert found("1005") == {("ageing-1.csv", 7, "superseded"), ("ageing-2.csv", 7, "counted")}
    assert {state for _, _, state in found("Поддоны")} == {"vanished"}
    # The newer export gives the document F-1 anew, without the planks; F-2 it does not speak of.
    assert found("Oak") == {("lines-1.csv", 2, "superseded"), ("lines-2.csv", 2, "counted")}
    assert found("Planks") == {("lines-1.csv", 3, "superseded")}
    assert found("Pallets") == {("lines-1.csv", 4, "counted")}
    assert found("PAY-1") == {("paid-1.csv", 2, "superseded"), ("paid-2.csv", 2, "deleted")}
    assert found("PAY-2") == {("paid-1.csv", 3, "counted")}
    assert found("before") == {("lists/account_links.csv", 2, "superseded")}
    assert found("after") == {("lists/account_links.csv", line, "counted") for line in (2, 3)}
    assert found("opens_at_hour") == {("lists/parameters.csv", 2, "counted")}


def test_vanished_rows_are_findings(home: Path) -> None:
    gone = "select source, rows_vanished from reporting.rpt_data_health where rows_vanished > 0 order by all"
    assert query(home, gone) == [("amocrm_deals", 1), ("quickbooks_ar_aging_detail", 1)]
    said = "select contract, row_count from reporting.rpt_landing_findings where code = 'rows_vanished' and file = "
    assert query(home, f"{said}'ageing-1.csv'") == [("quickbooks_ar_aging_detail", 1)]


def test_raw_alone_gives_the_tables_that_were_built_from_a_copy(home: Path, tmp_path: Path) -> None:
    bare = tmp_path / "home"
    shutil.copytree(home / "warehouse" / "raw", bare / "warehouse" / "raw")
    shutil.copy(home / "keybook.toml", bare)
    shutil.copytree(home / "lists", bare / "lists")
    assert keybook("refresh", "--home", bare).exit_code == 0
    assert differences(_published(home), _published(bare)) == {}


def test_what_was_known_then_is_what_was_published_then(home: Path, tmp_path: Path) -> None:
    then = tmp_path / "home"
    shutil.copytree(home, then, symlinks=True)
    known = query(home, "select max(known_at) from reporting.rpt_superseded_rows where file = 'ageing-1.csv'")[0][0]
    assert isinstance(known, datetime)
    assert keybook("refresh", "--home", then, "--known-at", known.isoformat()).exit_code == 0
    assert query(then, OPEN) == [("1002", 90), ("1005", 400), ("1006", 500)]
    assert query(then, LINKED) == [("before", "no_such_record")]
    # What differs is that it says so.
    assert set(differences(home / "first.duckdb", _published(then), ("reporting",))) == {"reporting.rpt_run"}


def test_files_of_which_no_row_counts_are_retired_and_not_landed_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYBOOK_KEEP_SUPERSEDED_DAYS", "7")
    work = Refresh(load_settings(home=home))
    assert work.retire(datetime.now(UTC)) == 0
    assert work.retire(datetime.now(UTC) + timedelta(days=8)) > 0
    assert [receipt.file for receipt in work.store.receipts() if receipt.retired_at] == ["deals-1.csv"]
    refused = keybook("refresh", "--home", home, "--known-at", "2020-01-01")
    assert refused.exit_code == 2
    assert "cannot be told any more" in refused.output
    assert keybook("refresh", "--home", home).exit_code == 0
    assert query(home, "select name from marts.fct_deals") == [("Доска",)]
    assert query(home, OPEN) == [("1005", 400), ("1006", 450)]
    assert "1 files were retired" in keybook("status", "--home", home).output

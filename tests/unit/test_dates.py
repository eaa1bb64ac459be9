"""Dates as spreadsheets and mails write them: whatever the vendor wrote, one file has one order of day and month."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.contracts.loading import shipped_contracts
from pipelines.exports.landing.land import Landing, ReadingRules
from tests.support.landing import NOON, bare_store, contract, land

DEALS = contract("""
contract: test_deals
title: Deals
system: test
recognise: {headers: [Id, Stage, Made]}
entities:
  crm.deals:
    columns:
      deal_id: Id
      status: {from: Stage, map: {open: open}}
      created_at: Made
      expected_close_on: Due
""")


def _read(folder: Path, made: list[str], due: str = "") -> list[str | None]:
    rows = "".join(f'{number},open,"{text}","{due}"\n' for number, text in enumerate(made))
    landed = land(folder, f"Id,Stage,Made,Due\n{rows}", DEALS)
    found = landed.rows("crm.deals", "created_at")
    return [value and value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") for (value,) in found]


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (["5/7/24 10:26", "5/17/24 9:05"], ["2024-05-07 10:26:00", "2024-05-17 09:05:00"]),
        (["05/07/2024 10:26", "17/07/2024 09:05"], ["2024-07-05 10:26:00", "2024-07-17 09:05:00"]),
        (["5/7/2024 1:26 PM", "5/31/2024 1:26:07 AM"], ["2024-05-07 13:26:00", "2024-05-31 01:26:07"]),
        (["09-12-2016 15:48", "13-12-2016"], ["2016-12-09 15:48:00", "2016-12-13 00:00:00"]),
        # Nobody who writes dots puts the month first.
        (["05.07.2024 10:26", "5.7.24"], ["2024-07-05 10:26:00", "2024-07-05 00:00:00"]),
        (["2024/07/05 10:26", "20240705"], ["2024-07-05 10:26:00", "2024-07-05 00:00:00"]),
        (["Mon, 19 Feb 2024 18:41:00 +0200", "Tue, 5 Mar 2024 01:00:00 GMT"], ["2024-02-19 16:41:00", "2024-03-05 01:00:00"]),
        (["Jan 5, 2024", "February 17, 2024 3:05 PM"], ["2024-01-05 00:00:00", "2024-02-17 15:05:00"]),
        (["5. März 2024", "17. Dez. 2023 08:15"], ["2024-03-05 00:00:00", "2023-12-17 08:15:00"]),
        (["5 января 2024", "17 мая 2024 08:15"], ["2024-01-05 00:00:00", "2024-05-17 08:15:00"]),
        (["tisdag 5 mars 2024", "5 okt. 2023"], ["2024-03-05 00:00:00", "2023-10-05 00:00:00"]),
        (["5 de enero de 2024", "17-ago-23"], ["2024-01-05 00:00:00", "2023-08-17 00:00:00"]),
        # The same in both orders needs none.
        (["5/5/2024", "07/07/2024"], ["2024-05-05 00:00:00", "2024-07-07 00:00:00"]),
    ],
)  # fmt: skip
def test_every_way_of_writing_is_read(tmp_path: Path, texts: list[str], read: list[str]) -> None:
    assert _read(tmp_path, texts) == read


def test_another_column_tells_the_order_and_a_slip_is_one_blank_cell(tmp_path: Path) -> None:
    assert _read(tmp_path, ["5/7/2024"], due="5/31/2024") == ["2024-05-07 00:00:00"]
    (tmp_path / "slip").mkdir()
    read = _read(tmp_path / "slip", ["5/7/2024", "5/17/2024", "5/18/2024", "31/5/2024"])
    assert read[2:] == ["2024-05-18 00:00:00", None]


def test_a_file_that_does_not_tell_waits_for_one_that_does(tmp_path: Path) -> None:
    """An order is remembered by source: of the file that was known last by then."""
    store = bare_store(tmp_path / "raw")
    landing = Landing(store, DEALS, ReadingRules(now=lambda: NOON))

    def landed(name: str, made: str, known_at: str) -> tuple[list[str], list[str]]:
        path = tmp_path / name
        path.write_text(f"Id,Stage,Made\n{name},open,{made}\n", encoding="utf-8")
        receipt = landing.land_file(path, name, known_at=known_at)
        if landing.told.is_awaited(receipt):
            receipt = landing.land_file(path, name)
        return [row["code"] for row in receipt.held], [row["code"] for row in receipt.findings]

    assert landed("a", "5/7/2024", "2025-01-01T00:00:00+00:00")[0] == ["date_order_unknown"]
    assert landed("b", "5/17/2024", "2025-02-01T00:00:00+00:00") == ([], [])
    assert landed("a", "5/7/2024", "2025-01-01T00:00:00+00:00") == ([], ["date_order_remembered"])
    assert landed("c", "17/5/2024", "2025-03-01T00:00:00+00:00") == ([], [])
    assert landed("d", "5/8/2024", "2025-02-03T00:00:00+00:00") == ([], ["date_order_remembered"])
    assert landed("e", "5/9/2024", "2025-03-03T00:00:00+00:00") == ([], ["date_order_remembered"])
    rows = {path.stem: path for path in (tmp_path / "raw/crm/deals").glob("*[0-9a-f].parquet")}
    assert len(rows) == 5
    read = {row[0]: row[1] for row in _rows(tmp_path / "raw/crm/deals")}
    assert {name: moment.month for name, moment in read.items()} == {"a": 5, "b": 5, "c": 5, "d": 5, "e": 9}


def _rows(folder: Path) -> list[tuple[str, datetime]]:
    query = "select deal_id, timezone('UTC', created_at) from read_parquet(?)"
    return duckdb.execute(query, [str(folder / "*[0-9a-f].parquet")]).fetchall()


def test_a_contract_that_says_an_order_is_believed_where_the_file_tells_none(tmp_path: Path) -> None:
    used = {"kylo_contacts": shipped_contracts()["kylo_contacts"]}
    header = "registration_dttm,id,first_name,last_name,email,gender,ip_address,country,birthdate,salary,title"
    landed = land(tmp_path, f"{header}\n2016-02-03 07:55:29,1,A,B,a@example.com,F,1.1.1.1,SE,3/8/1971,1,x\n", used)
    assert landed.rows("crm.contacts", "cast(birth_date as varchar)") == [("1971-03-08",)]

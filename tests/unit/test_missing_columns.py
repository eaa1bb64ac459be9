"""A column that a file lacks makes no other meaning of its rows: what it would tell is unknown, held or told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.waiting_files import waiting
from pipelines.warehouse.corrections import forget
from tests.support.landing import contract, land
from tests.unit.test_collisions import Home

DEALS = """
contract: test
title: T
system: s
recognise: {headers: [Id, Stage, Name]}
entities:
  crm.deals:
    columns:
      deal_id: Id
      name: {first_filled: [[Title, Deal title], Name]}
      stage: Stage
      status: {from: Stage, map: {open: open, done: won}}
      lead_source:
        cases:
          - {where: {column: Stage, is: done}, value: known}
          - {where: {column: Web, is: 'yes'}, value: web}
          - {value: other}
      amount: {first_filled: [Agreed, Asked]}
"""


def test_a_case_that_asks_for_what_is_not_there_is_unknown(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Stage,Name\n1,open,a\n2,done,b\n", contract(DEALS))
    assert landed.rows("crm.deals", "deal_id, lead_source") == [("1", None), ("2", "known")]
    # A row that another case tells is told; the other says nothing that would erase what is known.
    held = [",lead_source," in said for (said,) in landed.rows("crm.deals", "_holds")]
    assert held == [False, True]
    told = {(event["column_name"], event["action"], event["target"]) for event in landed.receipt.schema_events}
    assert ("Web", "left_blank", "lead_source") in told


def test_another_column_stands_in_for_a_text_and_says_so(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Stage,Name\n1,open,a\n", contract(DEALS))
    ((name, holds),) = landed.rows("crm.deals", "name, _holds")
    assert (name, ",name," in holds) == ("a", False)
    (found,) = [row for row in landed.receipt.findings if row["code"] == "read_otherwise"]
    assert (found["column_name"], found["name"]) == ("Title", "crm.deals.name")


PAYMENTS = "id,Created (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Description,Customer Email\n"


def test_an_address_takes_no_names_place(tmp_path: Path) -> None:
    text = (
        PAYMENTS
        + "ch_1,2026-01-05 09:00,5.00,0.00,eur,Paid,cus_1,,pay@ek.example\nch_2,2026-01-05 09:00,5.00,0.00,eur,Paid,cus_2,Ask AB,a@ask.example\n"
    )
    found = land(tmp_path, text).rows("billing.customers", "customer_id, name, _holds")
    # Another export, an older one too, may know the name.
    assert [(*row[:2], ",name," in row[2]) for row in found] == [
        ("cus_1", "pay@ek.example", False),
        ("cus_2", "Ask AB", True),
    ]


def test_another_column_stands_in_for_no_amount(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Stage,Name,Asked\n1,open,a,5\n", contract(DEALS))
    assert landed.rows("crm.deals", "amount") == [(None,)]
    (tmp_path / "both").mkdir()
    both = land(tmp_path / "both", "Id,Stage,Name,Agreed,Asked\n1,open,a,4,5\n2,open,b,,5\n", contract(DEALS))
    assert both.rows("crm.deals", "amount") == [(4,), (5,)]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        # A kind, and whether a bill is one of ours, only the type tells.
        ("ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountDue,Status\nEk,1,2024-05-06,,5,5,Paid\n", "'Type'"),
        # A number of hundredths, or of whole yen, only the currency tells.
        ("id,customer_id,amount_due,amount_remaining,status,total,created\nin_1,c,500,0,paid,500,1714953600\n", "'currency'"),
    ],
)  # fmt: skip
def test_a_file_without_what_tells_its_meaning_is_held_by_name(tmp_path: Path, text: str, missing: str) -> None:
    landed = land(tmp_path, text)
    ((code, column),) = [(row["code"], row["column_name"]) for row in landed.receipt.held]
    assert (code, missing in column) == ("column_missing", True)


def test_an_order_of_dates_is_believed_of_dates_that_are_written_so(tmp_path: Path) -> None:
    rows = "Id,Stage,Name,Made\n1,open,a,{}\n"
    made = contract(DEALS.replace("entities:", "formats: {date: '%d/%m/%Y'}\nentities:") + "      created_at: Made\n")
    landed = land(tmp_path, rows.format("02/05/2024"), made)
    assert landed.rows("crm.deals", "cast(created_at as date)::varchar") == [("2024-05-02",)]
    (tmp_path / "resaved").mkdir()
    held = land(tmp_path / "resaved", rows.format("2/5/24"), made)
    assert [row["code"] for row in held.receipt.held] == ["date_order_unknown"]


def test_what_was_given_up_on_no_known_day_is_not_settled_unseen(tmp_path: Path) -> None:
    head = "id,customer,status,currency,amount_due,amount_remaining,total,created"
    rows = "in_1,c,uncollectible,eur,500,500,500,1714953600{0}\nin_2,c,paid,eur,500,0,500,1714953600{0}\n"
    landed = land(tmp_path, f"{head}\n{rows.format('')}")
    # No write-off: so nothing may say that nothing is owed, which would be money that came.
    assert landed.rows("billing.invoices", "invoice_id, reported_balance") == [("in_1", None), ("in_2", 0)]
    (told,) = [row["name"] for row in landed.receipt.findings if row["code"] == "entity_missing"]
    assert told == "billing.adjustments"
    blank = {event["target"] for event in landed.receipt.schema_events if event["action"] == "left_blank"}
    assert "reported_balance" in blank
    (tmp_path / "whole").mkdir()
    whole = land(tmp_path / "whole", f"{head},status_transitions.marked_uncollectible_at\n{rows.format(',')}")
    assert whole.rows("billing.invoices", "invoice_id, reported_balance") == [("in_1", 0), ("in_2", 0)]
    assert whole.rows("billing.adjustments", "invoice_id, amount") == [("in_1", 5)]


LINES = "Client Name,Invoice #,Date Issued,Invoice Status,Item Name,Line Subtotal,Tax 1 Amount,Tax 2 Amount,Currency\n"
WHOLE = (
    LINES
    + "Ek,1,2024-05-06,sent,Oak,10,2,0,EUR\nEk,1,2024-05-06,sent,Ash,20,4,0,EUR\nEk,2,2024-05-07,sent,Oak,5,1,0,EUR\n"
)


def test_a_view_of_some_lines_after_the_whole_is_held(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.land({"all.csv": WHOLE})
    home.land({"oak.csv": LINES + "Ek,1,2024-05-06,sent,Oak,10,2,0,EUR\nEk,2,2024-05-07,sent,Oak,5,1,0,EUR\n"})
    assert home.codes() == {"oak.csv": ["lines_gone"]}
    assert [file.is_settled_by_a_word for file in waiting(home.work.settings) if file.name == "oak.csv"] == [True]
    (finding,) = [receipt.held[0] for receipt in home.work.store.receipts() if receipt.file == "oak.csv"]
    assert (finding["row_count"], finding["other_count"], finding["name"]) == (1, 2, "all.csv")
    # A new document and one that is as it was are no view.
    home.land({"more.csv": LINES + "Ek,2,2024-05-07,sent,Oak,5,1,0,EUR\nEk,3,2024-05-08,sent,Elm,7,1,0,EUR\n"})
    assert home.codes() == {"oak.csv": ["lines_gone"]}
    # Without the other there is nothing that it could be a view of.
    forget(home.work, "all.csv")
    forget(home.work, "more.csv")
    assert sorted(home.land({})) == ["oak.csv"]
    assert home.codes() == {}


def test_one_corrected_document_among_many_counts_and_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path)
    others = "".join(f"Ek,{number},2024-05-08,sent,Elm,7,1,0,EUR\n" for number in range(3, 12))
    home.land({"all.csv": WHOLE + others})
    # Alone it may as well be a view of one line.
    home.land({"alone.csv": LINES + "Ek,1,2024-05-06,sent,Oak,10,2,0,EUR\n"})
    assert home.codes() == {"alone.csv": ["lines_gone"]}
    forget(home.work, "alone.csv")
    home.land(
        {"corrected.csv": LINES + "Ek,1,2024-05-06,sent,Oak,10,2,0,EUR\nEk,2,2024-05-07,sent,Oak,5,1,0,EUR\n" + others}
    )
    assert home.codes() == {}
    (receipt,) = [receipt for receipt in home.work.store.receipts() if receipt.file == "corrected.csv"]
    (told,) = [row for row in receipt.findings if row["code"] == "lines_fewer"]
    assert (told["severity"], told["row_count"], told["name"]) == ("note", 1, "all.csv")


FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "exports"


@pytest.mark.parametrize("first", ["with", "without"])
@pytest.mark.parametrize(
    "files",
    [
        ("pipedrive/activities.csv", "pipedrive/activities_without_id.csv"),
        ("amocrm/deals_with_id.csv", "amocrm/deals.csv"),
    ],
)
def test_rows_that_come_with_ids_and_without_do_not_count_twice(
    tmp_path: Path, files: tuple[str, str], first: str
) -> None:
    texts = [(FIXTURES / name).read_text(encoding="utf-8-sig") for name in files]
    names = ["with.csv", "without.csv"]
    both = dict(zip(names, texts, strict=True))
    home = Home(tmp_path)
    home.land({f"{first}.csv": both[f"{first}.csv"]})
    (second,) = [name for name in names if name != f"{first}.csv"]
    home.land({second: both[second]})
    assert home.codes() == {second: ["key_doubled"]}
    # Without the other nothing is there twice.
    forget(home.work, f"{first}.csv")
    home.land({})
    assert home.codes() == {}


def test_other_rows_that_come_without_ids_are_taken(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.land({"with.csv": (FIXTURES / "pipedrive" / "activities.csv").read_text(encoding="utf-8")})
    other = (FIXTURES / "pipedrive" / "activities_without_id.csv").read_text(encoding="utf-8")
    home.land({"without.csv": other.replace("2023-", "2024-")})
    assert home.codes() == {}

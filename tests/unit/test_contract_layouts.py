"""Layouts of ledgers that people print: totals told by several cells, titles of two cells, sums with a mark of their own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from pipelines.exports.contracts.loading import load_contracts
from tests.support.landing import contract, land

LEDGER = contract("""
contract: test_ledger
title: A ledger with a title a customer
system: test
recognise: {headers: [Nr, Date, Balance]}
table:
  short_rows: pad
  skip: [[{column: Date, blank: true}, {column: Balance, blank: false}], {column: Nr, is: Sum}]
  group: {column: Customer, when: {column: Balance, blank: true}, from: Nr, also: {Name: Date}}
entities:
  billing.customers:
    one_row_per: [Customer]
    columns: {customer_id: Customer, name: Name}
  billing.invoices:
    columns:
      invoice_id: Nr
      customer_id: Customer
      issued_on: Date
      reported_balance: {from: Balance, required: true}
""")


def test_a_title_gives_several_columns_and_a_blank_one_is_not_the_title_befores(tmp_path: Path) -> None:
    text = "Nr;Date;Balance\n101;Bakery\nA;2024-01-02;5\n102;;\nB;2024-01-03;6\nSum;;11\n"
    landed = land(tmp_path, text, LEDGER)
    assert landed.rows("billing.customers", "customer_id, name") == [("101", "Bakery"), ("102", None)]
    assert landed.rows("billing.invoices", "invoice_id, customer_id") == [("A", "101"), ("B", "102")]
    assert landed.receipt.rows_rejected == 0


def test_a_row_is_passed_over_when_all_of_a_list_holds(tmp_path: Path) -> None:
    """Total is told by a balance without a date; a row with both is one, also of a customer called Total."""
    text = "Nr;Date;Balance\n101;Total Ltd\nTotal;2024-01-02;5\nTotal 101;;5\n"
    landed = land(tmp_path, text, LEDGER)
    assert landed.rows("billing.invoices", "invoice_id, reported_balance") == [("Total", Decimal(5))]
    assert landed.receipt.rows_rejected == 0


def test_the_parts_of_a_sum_are_replaced_before_they_are_added(tmp_path: Path) -> None:
    """Decimal commas of one account and points of another, in one contract."""
    described = contract(r"""
contract: test_sum
title: Due less paid
system: test
recognise: {headers: [Id, Due, Paid]}
entities:
  billing.invoices:
    columns:
      invoice_id: Id
      reported_balance: {sum: [Due, -Paid], replace: {'^(-?\d+),(\d{1,2})$': '\1.\2'}}
""")
    landed = land(tmp_path, 'Id,Due,Paid\nA,"1210,50","10,05"\nB,121.5,\nC,much,1\n', described)
    assert landed.rows("billing.invoices", "invoice_id, reported_balance") == [
        ("A", Decimal("1200.45")), ("B", Decimal("121.5"))
    ]  # fmt: skip
    assert [line for line, *_ in landed.rejects()] == [4]


def test_a_copied_table_says_which_rows_are_gone_and_which_are_old_versions(tmp_path: Path) -> None:
    """Also of an export for which somebody wrote a contract of his own, which says nothing of copying tools."""
    own = tmp_path / "contracts"
    own.mkdir()
    (own / "own_orders.yml").write_text(
        "contract: own_orders\ntitle: T\nsystem: own\nrecognise: {headers: [Ref, Client, Made]}\n"
        "entities: {billing.orders: {columns: {order_id: Ref, customer_id: Client, ordered_on: Made}}}\n"
    )
    text = (
        "Ref,Client,Made,_fivetran_deleted,_fivetran_active,_fivetran_synced\n"
        "A,c,2024-01-01,false,true,2024-06-01\nB,c,2024-01-02,true,true,2024-06-01\nA,old,2023-01-01,false,false,2024-06-01\n"
    )
    landed = land(tmp_path, text, {"own_orders": load_contracts(own)["own_orders"]})
    assert landed.rows("billing.orders", "order_id, customer_id, _deleted") == [("A", "c", False), ("B", "c", True)]
    assert landed.receipt.rows_rejected == 0
    assert not [event for event in landed.receipt.schema_events if event["event"] == "new"]

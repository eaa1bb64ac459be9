"""What a contract says about rows: deleted ones, rows that feed an entity twice, documents that a newer export replaces."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.exports.contracts.contract import Contract
from tests.support.landing import contract, land

DELETED = contract("""
contract: test_deleted
title: Payments with a mark of deletion
system: test
recognise: {headers: [Id, Amount, Gone]}
deleted: {column: Gone, is: ['true', '1']}
entities:
  billing.payments:
    columns: {payment_id: Id, amount: {from: Amount, required: true}}
""")


def test_a_deleted_row_is_kept_and_marked(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Amount,Gone\nP1,10,false\nP2,20,TRUE\nP3,30,\n", DELETED)
    assert landed.rows("billing.payments", "payment_id, amount, _deleted") == [
        ("P1", Decimal("10"), False), ("P2", Decimal("20"), True), ("P3", Decimal("30"), False)
    ]  # fmt: skip
    assert ("rows", "", Decimal(3), Decimal(3), Decimal(0)) in landed.totals()


def test_a_deleted_row_needs_no_more_than_its_key(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Amount,Gone\nP1,,1\nP2,,0\n,,1\nP4,much,1\nP5,7,0\nP6,8,0\n", DELETED)
    kept = landed.rows("billing.payments", "payment_id, amount, _deleted")
    assert kept == [("P1", None, True), ("P5", 7, False), ("P6", 8, False)]
    assert [(line, column) for line, column, _, _ in landed.rejects()] == [(3, "Amount"), (4, "Id"), (5, "Amount")]


def test_a_row_that_is_deleted_further_down_says_something_else(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Amount,Gone\nP1,10,0\nP1,10,1\n", DELETED)
    assert landed.rows("billing.payments", "payment_id, _deleted") == [("P1", True)]
    assert landed.rejects("line, code, other_line") == [(2, "repeated", 3)]
    assert landed.why() == [(2, "stands again with other values on line 3, which count")]


def test_alternatives_of_deletion_may_take_several_conditions(tmp_path: Path) -> None:
    described = contract("""
contract: test_deleted
title: Accounts that are merged stay
system: test
recognise: {headers: [Id, Gone, Into]}
deleted: [[{column: Gone, is: '1'}, {column: Into, blank: true}], {column: Id, like: '^X'}]
entities: {crm.accounts: {columns: {account_id: Id, merged_into_id: Into}}}
""")
    landed = land(tmp_path, "Id,Gone,Into\nA,1,B\nB,0,\nC,1,\nX,0,\n", described)
    assert landed.rows("crm.accounts", "account_id, _deleted") == [
        ("A", False), ("B", False), ("C", True), ("X", True)
    ]  # fmt: skip


TWICE = contract("""
contract: test_twice
title: A payment and its fee, an invoice row with two taxes
system: test
recognise: {headers: [Id, Amount, Fee]}
entities:
  billing.adjustments:
    - where: {column: Amount, blank: false}
      columns:
        adjustment_id: Id
        adjustment_kind: {value: refund}
        amount: {from: Amount, required: true}
    - where: {column: Fee, blank: false}
      columns:
        adjustment_id: {join: [Id, Kind], with: '-'}
        adjustment_kind: {value: chargeback}
        amount: {from: Fee, required: true}
""")


def test_one_row_feeds_an_entity_twice(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Amount,Fee,Kind\nP1,10,1.50,fee\nP2,20,,fee\nP3,x,y,fee\n", TWICE)
    assert sorted(landed.rows("billing.adjustments", "_row, adjustment_id, adjustment_kind, amount")) == [
        (2, "P1", "refund", Decimal("10")),
        (2, "P1-fee", "chargeback", Decimal("1.5")),
        (3, "P2", "refund", Decimal("20")),
    ]
    assert sorted(landed.rejects("line, column_name, value")) == [(4, "Amount", "x"), (4, "Fee", "y")]
    counted = landed.receipt.entities
    assert [(row["rows_read"], row["rows_loaded"], row["rows_rejected"]) for row in counted] == [(5, 3, 2)]


def test_the_second_row_of_a_key_is_rejected_by_name(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Amount,Fee,Kind\nP1,10,1.50,\nP2,20,,\n", TWICE)
    assert landed.rows("billing.adjustments", "adjustment_id, amount") == [("P1", Decimal(10)), ("P2", Decimal(20))]
    assert landed.rejects() == [(2, "Id, Kind", "P1", "fed_before")]
    assert landed.why() == [(2, "this key is given already by line 2")]
    assert ("amount", "", Decimal("1.5"), Decimal(0), Decimal("1.5")) in landed.totals()


def test_equal_lines_of_two_maps_are_two_lines(tmp_path: Path) -> None:
    described = contract("""
contract: test_taxes
title: Two tax lines a row
system: test
recognise: {headers: [Nr, Tax 1, Tax 2]}
entities:
  billing.invoice_lines:
    - {key: made, columns: {invoice_id: Nr, tax_amount: Tax 1}}
    - {key: made, columns: {invoice_id: Nr, tax_amount: Tax 2}}
""")
    landed = land(tmp_path, "Nr,Tax 1,Tax 2\nF-1,5,5\nF-1,5,5\n", described)
    ids = landed.rows("billing.invoice_lines", "line_id")
    assert len(set(ids)) == 4
    assert landed.receipt.rows_rejected == 0


LINES = contract("""
contract: test_lines
title: Lines without an id
system: test
recognise: {headers: [Nr, Item, Net]}
entities:
  billing.invoice_lines:
    key: made
    replaces: invoice_id
    columns: {invoice_id: Nr, description: Item, net_amount: Net}
""")


def test_a_made_line_says_which_document_it_replaces(tmp_path: Path) -> None:
    landed = land(tmp_path, "Nr,Item,Net\nF-1,Timber,10\nF-2,Pallets,20\n", LINES)
    assert landed.rows("billing.invoice_lines", "_replaces, description") == [("F-1", "Timber"), ("F-2", "Pallets")]
    assert land(tmp_path, "Id,Amount,Gone\nP1,1,0\n", DELETED).rows("billing.payments", "_replaces") == [(None,)]


def test_replaces_names_a_mapped_column() -> None:
    described = LINES["test_lines"].model_dump(by_alias=True, exclude={"origin"})
    described["entities"]["billing.invoice_lines"][0]["replaces"] = "product_id"
    with pytest.raises(ValidationError, match="`replaces` names a column that is mapped, not product_id"):
        Contract.model_validate(described)


def test_a_time_in_a_zone_whose_short_name_is_anybodys_is_rejected(tmp_path: Path) -> None:
    """India, Israel and Ireland all write IST: nobody can tell when that was."""
    log = (Path(__file__).resolve().parents[1] / "fixtures" / "exports" / "twilio" / "call_log.csv").read_text()
    landed = land(tmp_path, log.replace("AEDT", "IST"), name="call_log.csv")
    assert [(line, code) for line, code in landed.rejects("line, code")] == [(5, "no_time")]
    assert [call for (call,) in landed.rows("calls.calls", "call_id")] == ["CA21", "CA22", "CA23"]


def test_legs_of_calls_that_nobody_names_are_held(tmp_path: Path) -> None:
    log = (Path(__file__).resolve().parents[1] / "fixtures" / "exports" / "twilio" / "call_log.csv").read_text()
    landed = land(tmp_path, log.replace("Parent Call Sid", "Batch"), name="call_log.csv")
    assert not landed.receipt.entities
    assert "Parent Call Sid" in landed.held[0]

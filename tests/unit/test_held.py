"""Which columns a file holds: what stands under its headers, and nothing that is made up of what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.landing import contract, land

CONTRACT = """
contract: test
title: T
system: s
recognise: {headers: [Id, Stage]}
entities:
  crm.deals:
    columns:
      deal_id: Id
      name: {join: [First, Last]}
      stage: Stage
      amount: {sum: [Net, Tax, -Discount]}
      probability: {product: [Price, Count]}
      currency: [Currency, Curr]
      owner_id: {first_filled: [Owner, Seller]}
      pipeline: {value: sales}
      lead_source: {cases: [{where: {column: Web, is: 'yes'}, value: web}, {where: {column: Web, blank: true}, value: other}]}
      status:
        cases:
          - {where: {column: Won, in_file: true, is: 'yes'}, value: won}
          - {from: Stage, otherwise: keep}
      lost_reason: {cases: [{where: {column: Kind, is: a}, from: Reason}, {from: Why}]}
      closed_at: {from: Closed, when: {status: [won]}}
"""
ALWAYS = {"deal_id", "stage", "pipeline", "status"}


def test_a_cell_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    text = "Id,Stage,Won,Price,Count,Owner,Closed\n1,open,,0.5,1,Ada,\n2,open,,half,1,Bo,\n"
    landed = land(tmp_path, text, contract(CONTRACT))
    first, second = (said for (said,) in landed.rows("crm.deals", "_holds"))
    assert set(first.split(",")) - set(second.split(",")) == {"probability"}


@pytest.mark.parametrize(
    ("headers", "held"),
    [
        ("", set()),
        ("First", set()),
        ("First,Last", {"name"}),
        ("Net,Tax", set()),
        ("Net,Tax,Discount", {"amount"}),
        ("Price", set()),
        ("Price,Count", {"probability"}),
        ("curr", {"currency"}),
        ("Owner", {"owner_id"}),
        # What stands in for a first choice takes no first choice's place.
        ("Seller", set()),
        ("Web", {"lead_source"}),
        ("Won", set()),
        # What chooses between two columns is neither.
        ("Kind", set()),
        ("Why", set()),
        ("Kind,Why", {"lost_reason"}),
        ("Closed", {"closed_at"}),
    ],
)
def test_a_file_holds_what_its_headers_say(tmp_path: Path, headers: str, held: set[str]) -> None:
    names = f"Id,Stage,{headers}".rstrip(",")
    row = "1,open" + "," * (names.count(",") - 1)
    landed = land(tmp_path, f"{names}\n{row}\n", contract(CONTRACT))
    ((said,),) = landed.rows("crm.deals", "_holds")
    assert set(said.strip(",").split(",")) == ALWAYS | held

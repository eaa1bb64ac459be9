"""Exports of one system that have the same headers: what the file says of itself decides, else both are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.exports.contracts.loading import load_contracts
from pipelines.settings import load_settings
from pipelines.warehouse.corrections import accept
from pipelines.warehouse.refresh import Refresh
from tests.support.landing import contract, land

LIST, AGEING = "quickbooks_invoice_list", "quickbooks_ar_aging_detail"


def _report(title: str = "", memo: str = "", lead: str = "", groups: bool = False) -> str:
    """Three rows of lines above the header, the header with or without a further column, and two invoices."""
    above = f'Example Works Ltd\n{title}\n"As of March 5, 2024"\n\n' if title else ""
    named = "Name" if not lead else "Customer full name"
    header = f"{lead}Date,Transaction type,Num,{named},{memo and memo + ','}Due date,Amount,Open balance\n"
    first = f'{lead}01/15/2024,Invoice,1001,Nordic Timber AB,{memo and "text,"}02/14/2024,"1,950.00",0.00\n'
    second = f"{lead}01/20/2024,Invoice,1002,Example Bakery,{memo and 'text,'}02/19/2024,50.00,50.00\n"
    if groups:
        blank = "," * header.count(",")
        return (
            f"{above}{header}CURRENT{blank}\n{first}Total for CURRENT{blank}\n91 or more days past due{blank}\n{second}"
        )
    return above + header + first + second


@pytest.mark.parametrize(
    ("text", "read_by"),
    [
        (_report("Invoice List"), [LIST]),
        (_report("Invoice List", "Memo"), [LIST]),
        (_report("Invoice List", "Status"), [LIST]),
        (_report("A/R Aging Detail", lead=","), [AGEING]),
        (_report("A/R Ageing Detail", "Memo", lead=","), [AGEING]),
        (_report("A/R Aging Detail", "Status", lead=",", groups=True), [AGEING]),
        # Without a title the rows tell an ageing.
        (_report(memo="Memo", lead=",", groups=True), [AGEING]),
        (_report("Our own name for it", "Status", lead=",", groups=True), [AGEING]),
        # Nothing tells: neither is taken.
        (_report(), []),
        (_report(memo="Memo"), []),
        (_report("Our own name for it", "Status"), []),
    ],
)
def test_the_title_decides_and_then_the_rows(tmp_path: Path, text: str, read_by: list[str]) -> None:
    landed = land(tmp_path, text, load_contracts())
    assert sorted(landed.receipt.digests) == read_by
    if not read_by:
        assert landed.receipt.held[0]["code"] == "kind_unclear"
        assert landed.receipt.held[0]["name"] == f"{AGEING}, {LIST}"
        assert "keybook accept" in landed.held[0]
        assert landed.receipt.entities == []


def test_a_persons_word_decides_where_nothing_tells(tmp_path: Path) -> None:
    work = Refresh(load_settings(home=tmp_path))
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "list.csv").write_text(_report(), encoding="utf-8")
    assert work.land()[0].held
    assert not work.new_files()
    accept(work, "list.csv", LIST)
    assert work.landing.domains(tmp_path / "landing" / "list.csv", work.new_files()[0].sha256) == {"billing"}
    (receipt,) = work.land()
    assert (list(receipt.digests), receipt.held) == ([LIST], [])
    assert not work.new_files()
    accept(work, "list.csv", undo=True)
    assert work.land()[0].held


def test_exports_of_which_each_means_the_same_by_what_it_lacks_are_told_by_their_headers(tmp_path: Path) -> None:
    """`open_items` against `partial` is held; two partial ones are not."""
    text = """
contract: {name}
title: T
system: ours
export: {export}
recognise: {{headers: {headers}}}
entities: {{crm.accounts: {{columns: {{account_id: Id, name: Name}}}}}}
"""
    wide, narrow = "[Id, Name, City]", "[Id, Name]"
    both = contract(text.format(name="wide", export="partial", headers=wide))
    content = "Id,Name,City\n1,Ek,Oslo\n"
    other = contract(text.format(name="narrow", export="partial", headers=narrow))
    assert list(land(tmp_path, content, both | other).receipt.digests) == ["wide"]
    other = contract(text.format(name="narrow", export="full", headers=narrow))
    assert land(tmp_path, content, both | other).receipt.held[0]["code"] == "kind_unclear"

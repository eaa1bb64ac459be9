"""What is no export is named for what it is; what a vendor calls in another language is known, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.landing import land

NO_EXPORTS = [
    ("SIE", '#FLAGGA 0\n#PROGRAM "Example" 1\n#SIETYP 4\n#VER A 1 20240101\n'),
    ("DATEV", '"EXTF";700;21;"Buchungsstapel";13;20240101\nUmsatz;Soll/Haben-Kennzeichen;Konto\n1,00;S;1000\n'),
    ("FEC", "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib\nVT|Ventes|1|20240101|411000|Client\n"),
    ("profit and loss", "Profit and Loss\nExample\nJanuary 2024\n\n,Total\nIncome,\nSales,100.00\n"),
    ("ageing of receivables", "A/R Aging Summary\nExample\n\n,Current,1 - 30,31 - 60,61 - 90,91 and over,Total\nEk,1,0,0,0,0,1\n"),
    ("journal", "Journal\nExample\n\n,Date,Transaction type,Num,Name,Account,Debit,Credit\n,01/02/2024,Invoice,1,Ek,AR,10.00,\n"),
    ("journal", "Transaction ID,Account Name,Debit Amount (Two Column Approach),Credit Amount (Two Column Approach),Customer\n1,AR,1.00,,Ek\n"),
    ("MT940", ":20:X\n:25:SE1\n:28C:1/1\n:60F:C240101EUR100,00\n"),
    # What was bought has the columns of what was sold.
    ("set of 1C", '{"odata.metadata": "http://x/$metadata#Document_ПоступлениеТоваровУслуг", "value": [{"Ref_Key": "1", "Number": "1",'
     ' "Date": "2024-01-15T12:00:00", "Posted": true, "DeletionMark": false, "Контрагент_Key": "k", "СуммаДокумента": 5}]}'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), NO_EXPORTS, ids=[name for name, _ in NO_EXPORTS])
def test_what_is_no_export_is_named(tmp_path: Path, name: str, text: str) -> None:
    (held,) = land(tmp_path, text).receipt.held
    assert (held["code"], name in held["name"]) == ("no_export", True)
    assert "xport" in held["said"]


def test_a_table_of_anything_else_is_named_nothing(tmp_path: Path) -> None:
    (held,) = land(tmp_path, "Fruit,Weight,Colour\nplum,3,blue\n").receipt.held
    assert held["code"] == "unknown_headers"


def test_a_vendors_other_language_is_read(tmp_path: Path) -> None:
    text = (
        "Affaire - ID;Affaire - Titre;Affaire - Valeur;Affaire - Organisation;Affaire - Statut;Affaire - Couleur\n"
        "7;Palettes;12 500,50;Exemple;Gagnée;bleu\n8;Bois;900;Exemple;Mystère;vert\n"
    )
    landed = land(tmp_path, text)
    assert landed.rows("crm.deals", "deal_id, name, cast(amount as double), account_id, status") == [
        ("7", "Palettes", 12500.5, "Exemple", "won")
    ]
    assert landed.rejects("line, value") == [(3, "Mystère")]
    assert {event["column_name"] for event in landed.receipt.schema_events if event["event"] == "new"} == {
        "Affaire - Couleur"
    }

"""Systems of one vendor: a folder names one, and what rows say tells where ids or folders do not fit."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.exports.landing.raw import Receipt
from pipelines.settings import load_settings
from pipelines.warehouse.corrections import accept, forget, undo_forget
from pipelines.warehouse.refresh import PointInTime, Refresh

COMPANIES = "Record ID,Company name,Company owner,City\n"
NORTH = COMPANIES + "1,Alder AB,Ada,Umeå\n2,Birch AB,Ada,Luleå\n"
SOUTH = COMPANIES + "2,Cedar Ltd,Bo,Leeds\n3,Dogwood Ltd,Bo,York\n"
# A later export of the south's, of companies that the north has ids of too.
SOUTH_LATER = COMPANIES + "2,Cedar Ltd,Bo,London\n"


class Home:
    """A home whose files are dropped and landed."""

    def __init__(self, folder: Path) -> None:
        """Empty."""
        self.folder = folder
        self.work = Refresh(load_settings(home=folder))

    def land(self, files: dict[str, str]) -> dict[str, Receipt]:
        """Drops files and lands what is new, as a run does; the receipts by name."""
        for name, text in files.items():
            path = self.folder / "landing" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.work = Refresh(load_settings(home=self.folder))
        return {receipt.file: receipt for receipt in self.work.land()}

    def codes(self) -> dict[str, list[str]]:
        """What is held, by file."""
        receipts = self.work.store.receipts()
        return {receipt.file: [row["code"] for row in receipt.held] for receipt in receipts if receipt.held}

    def companies(self) -> list[tuple[str, str, str]]:
        """System, id and name of each landed row."""
        pattern = f"{self.folder}/warehouse/raw/crm/accounts/*[0-9a-f].parquet"
        query = f"select distinct _system, account_id, name from read_parquet('{pattern}', union_by_name = true)"
        return duckdb.sql(f"{query} order by all").fetchall()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


NORTH_ROWS = [("hubspot", "1", "Alder AB"), ("hubspot", "2", "Birch AB")]


@pytest.mark.parametrize("at_once", [True, False])
def test_other_things_by_known_ids_are_held(home: Home, at_once: bool) -> None:
    if at_once:
        home.land({"a.csv": NORTH, "b.csv": SOUTH, "c.csv": SOUTH_LATER})
    else:
        for name, text in (("a.csv", NORTH), ("b.csv", SOUTH), ("c.csv", SOUTH_LATER)):
            home.land({name: text})
    assert home.codes() == {"b.csv": ["ids_collide"], "c.csv": ["ids_collide"]}
    assert home.companies() == NORTH_ROWS
    (finding,) = [receipt.held[0] for receipt in home.work.store.receipts() if receipt.file == "b.csv"]
    assert (finding["row_count"], finding["other_count"], finding["name"]) == (1, 1, "a.csv")
    assert finding["said"] == "2: birch ab / cedar ltd"
    assert home.land({}) == {}


def test_a_folder_names_the_system(home: Home) -> None:
    home.land({"a.csv": NORTH, "b.csv": SOUTH})
    (home.folder / "landing" / "b.csv").unlink()
    moved = home.land({"south/b.csv": SOUTH, "south/2026/c.csv": SOUTH_LATER})
    assert sorted(moved) == ["south/2026/c.csv", "south/b.csv"]
    assert home.codes() == {}
    assert home.companies() == [*NORTH_ROWS, ("south", "2", "Cedar Ltd"), ("south", "3", "Dogwood Ltd")]
    assert {row["system"] for receipt in moved.values() for row in receipt.entities} == {"south"}
    assert home.land({"copy/b.csv": SOUTH}) == home.land({}) == {}


def test_a_folder_that_only_sorts_is_held(home: Home) -> None:
    """The same companies in two folders would be two systems, and count twice."""
    home.land({"january/a.csv": NORTH})
    home.land({"february/a.csv": NORTH + "4,Elm AB,Ada,Kiruna\n"})
    assert home.codes() == {"february/a.csv": ["system_doubled"]}
    assert [name for _, _, name in home.companies()] == ["Alder AB", "Birch AB"]
    (held,) = [receipt.held[0] for receipt in home.work.store.receipts() if receipt.held]
    assert (held["row_count"], held["other_count"], held["said"]) == (2, 3, "january")


def test_renamed_records_of_one_system_are_taken(home: Home) -> None:
    home.land({"a.csv": COMPANIES + "1,Alder,A,Umeå\n2,Birch,A,Oslo\n3,Cedar,A,Oslo\n"})
    home.land({"b.csv": COMPANIES + "1,ALDER ,B,Umeå\n2,Birch,A,Oslo\n3,Cedar & Sons,A,Oslo\n"})
    assert home.codes() == {}


def test_one_thing_that_is_alike_is_enough(home: Home) -> None:
    """Renamed, but of the same moment."""
    header = COMPANIES.replace("City", "Create Date")
    home.land({"a.csv": header + "1,Alder,A,2026-01-05 09:00\n"})
    home.land({"b.csv": header + "1,Ek,A,2026-01-05 09:00\n"})
    assert home.codes() == {}


@pytest.mark.parametrize("step", ["hold_collisions", "collisions._judge"])
def test_a_crash_before_files_are_compared_does_not_let_them_pass(
    home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    home.land({"a.csv": NORTH})
    place = "pipelines.warehouse.refresh" if step == "hold_collisions" else "pipelines.exports.landing"
    with monkeypatch.context() as patch:
        patch.setattr(f"{place}.{step}", crash)
        with pytest.raises(KeyboardInterrupt):
            home.land({"b.csv": SOUTH})
    # It counts already, and was not held against the others: the next run does that first of all.
    assert ("hubspot", "3", "Dogwood Ltd") in home.companies()
    assert not home.work.is_current(PointInTime())
    home.land({})
    assert home.codes() == {"b.csv": ["ids_collide"]}
    assert home.companies() == NORTH_ROWS
    assert home.work.store.begun() == set()


def test_what_was_held_is_looked_at_again_once_the_other_is_forgotten(home: Home) -> None:
    home.land({"a.csv": NORTH, "b.csv": SOUTH})
    assert home.codes() == {"b.csv": ["ids_collide"]}
    forget(home.work, "a.csv")
    assert sorted(home.land({})) == ["b.csv"]
    assert home.codes() == {}
    assert {name for _, _, name in home.companies()} == {"Cedar Ltd", "Dogwood Ltd"}
    # And the other way round, should that one be let in again.
    undo_forget(home.work, "a.csv")
    home.land({})
    assert home.codes() == {"a.csv": ["ids_collide"]}
    assert home.land({}) == {}


def test_a_persons_word_is_enough_too(home: Home) -> None:
    home.land({"a.csv": NORTH, "b.csv": SOUTH})
    accept(home.work, "b.csv")
    home.land({})
    assert home.codes() == {}
    assert ("hubspot", "2", "Cedar Ltd") in home.companies()


def test_ids_of_one_export_are_nothing_to_those_of_another(home: Home) -> None:
    deals = "Record ID,Deal Name,Deal Stage,Deal owner\n1,Alder deal,Contract Sent,Ada\n"
    home.land({"a.csv": NORTH, "deals.csv": deals})
    assert home.codes() == {}


PAID = """
contract: paid
title: Payments without an id
system: test
export: {export}
recognise: {{headers: [Day, Amount]}}
entities:
  billing.payments:
    key: made
    columns: {{received_on: Day, amount: Amount, reference: Text, status: {{value: received}}}}
"""


@pytest.mark.parametrize(
    ("export", "first", "second", "is_held"),
    [
        ("partial", "Day,Amount,Text", "Day,Amount", True),
        ("partial", "Day,Amount", "Day,Amount,Text", True),
        ("partial", "Day,Amount,Text", "Text,Amount,Day,Other", False),
        ("full", "Day,Amount,Text", "Day,Amount", True),
        ("full", "Day,Amount", "Day,Amount,Text", False),
    ],
)
def test_rows_without_an_id_are_told_by_the_same_columns(
    home: Home, export: str, first: str, second: str, is_held: bool
) -> None:
    (home.folder / "contracts").mkdir()
    (home.folder / "contracts" / "paid.yml").write_text(PAID.format(export=export), encoding="utf-8")
    cells = {"Day": "2026-01-05", "Amount": "10", "Text": "F-1", "Other": "x"}
    for name, header in (("a.csv", first), ("b.csv", second)):
        home.land({name: f"{header}\n{','.join(cells[column] for column in header.split(','))}\n"})
    assert home.codes() == ({"b.csv": ["key_changed"]} if is_held else {})
    if is_held:
        (held,) = [receipt.held[0] for receipt in home.work.store.receipts() if receipt.held]
        assert (held["column_name"], held["name"]) == ("reference", "a.csv")
        accept(home.work, "b.csv")
        home.land({})
        assert home.codes() == {}


@pytest.mark.parametrize("shortened_first", [True, False])
def test_ids_without_the_noughts_that_a_spreadsheet_took_are_held(home: Home, shortened_first: bool) -> None:
    """What it saved again would count beside the same rows; ids that never had noughts are nothing to it."""
    header = "invoice_id,customer_id,issued_on,gross_amount,currency\n"
    rows = "{}7,C-1,2026-01-02,100.00,EUR\n1002,C-2,2026-01-03,50.00,EUR\nA-0{}3,C-2,2026-01-03,50.00,EUR\n"
    texts = [header + rows.format("000", ""), header + rows.format("", "")]
    first, second = reversed(texts) if shortened_first else texts
    home.land({"a.csv": first})
    home.land({"b.csv": second})
    assert home.codes() == {"b.csv": ["ids_shortened"]}
    (finding,) = [receipt.held[0] for receipt in home.work.store.receipts() if receipt.held]
    said = "0007 / 7" if shortened_first else "7 / 0007"
    assert (finding["row_count"], finding["name"], finding["said"]) == (1, "a.csv", said)
    forget(home.work, "a.csv")
    home.land({})
    assert home.codes() == {}


@pytest.mark.parametrize(
    ("ids", "is_held"),
    [
        # Fifteen figures and noughts, as a spreadsheet leaves them; what a binary number leaves of nineteen.
        (["1234567890123450", "2234567890123450", "3234567890123450", "4234567890123450"], True),
        (["4876876000003330000"], True),
        (["4876876000000329728", "4876876000000990208"], True),
        # One in ten ends in a nought; one that does not shows that all are whole; and what has fifteen figures is.
        (["1234567890123450"], False),
        (["1234567890123450", "2234567890123450", "3234567890123450", "4234567890123450", "4234567890123451"], False),
        (["123456789012000", "223456789012000", "323456789012000", "423456789012000"], False),
    ],
)
def test_ids_that_are_all_such_as_a_rounded_number_are_held(home: Home, ids: list[str], is_held: bool) -> None:
    home.land({"a.csv": COMPANIES + "".join(f"{one},Firm {one},Ada,Umeå\n" for one in ids)})
    assert home.codes() == ({"a.csv": ["ids_rounded"]} if is_held else {})
    if is_held:
        (finding,) = [receipt.held[0] for receipt in home.work.store.receipts()]
        assert (finding["row_count"], finding["column_name"]) == (len(ids), "account_id")
        accept(home.work, "a.csv")
        home.land({})
        assert home.codes() == {}
        assert [account for _, account, _ in home.companies()] == sorted(ids)


def test_links_that_are_rounded_are_held(home: Home) -> None:
    """The record's own ids are whole, and each of its links leads nowhere, or to another."""
    header = "invoice_id,customer_id,issued_on,gross_amount,currency\n"
    home.land({"a.csv": header + "".join(f"F-{n},{n}234567890123450,2026-01-02,10.00,EUR\n" for n in range(1, 5))})
    assert home.codes() == {"a.csv": ["ids_rounded"]}
    (finding,) = [receipt.held[0] for receipt in home.work.store.receipts()]
    assert finding["column_name"] == "customer_id"


@pytest.mark.parametrize("rounded_first", [True, False])
@pytest.mark.parametrize(("name", "is_held"), [("Alder AB", True), ("Birch AB", False)])
def test_an_id_that_is_a_known_one_but_for_its_last_figures_is_held(
    home: Home, rounded_first: bool, name: str, is_held: bool
) -> None:
    """Where it is the same company: of another one the next number may well be."""
    texts = [COMPANIES + "1234567890123456,Alder AB,Ada,Umeå\n", COMPANIES + f"1234567890123450,{name},Ada,Umeå\n"]
    first, second = reversed(texts) if rounded_first else texts
    home.land({"a.csv": first})
    home.land({"b.csv": second})
    assert home.codes() == ({"b.csv": ["ids_rounded"]} if is_held else {})
    if is_held:
        (finding,) = [receipt.held[0] for receipt in home.work.store.receipts() if receipt.held]
        assert finding["name"] == "a.csv"
        forget(home.work, "a.csv")
        home.land({})
        assert home.codes() == {}


DEALS = "Record ID,Deal Name,Deal Stage,Amount,Close Date,Deal owner\n"
NORTH_DEALS = DEALS + "1,Pallets,Negotiation,100,2026-03-01,Ada\n2,Boards,Negotiation,250,2026-04-01,Ada\n"
THIN = "Record ID,Deal Stage,Amount,Close Date,Deal owner\n"


@pytest.mark.parametrize(
    ("text", "held", "told"),
    [
        # Without names: most of what both say is another; the same but for a price; nothing that both say.
        (THIN + "1,Offer,900,2027-01-05,Bo\n2,Offer,700,2027-02-05,Bo\n", ["ids_collide"], []),
        (THIN + "1,Negotiation,900,2026-03-01,Ada\n2,Offer,250,2026-04-01,Ada\n", [], []),
        ("Record ID,Deal Stage,Pipeline\n1,Offer,Rentals\n2,Offer,Rentals\n", [], ["system_untold"]),
    ],
)
def test_a_second_system_without_what_tells_a_thing_is_told_by_all_that_both_say(
    home: Home, text: str, held: list[str], told: list[str]
) -> None:
    words = "contract: hubspot_deals\nwords:\n  crm.deals.status: {Offer: open, Negotiation: open}\n"
    (home.folder / "contracts").mkdir()
    (home.folder / "contracts" / "hubspot_deals.yml").write_text(words, encoding="utf-8")
    home.land({"a.csv": NORTH_DEALS})
    home.land({"b.csv": text})
    assert home.codes() == ({"b.csv": held} if held else {})
    (second,) = [receipt for receipt in home.work.store.receipts() if receipt.file == "b.csv"]
    assert [row["code"] for row in second.findings if row["code"] == "system_untold"] == told


def test_activities_of_a_second_system_are_held(home: Home) -> None:
    """What has no name is known again by when it was made and done."""
    header = "Activity - ID,Activity - Type,Activity - Subject,Activity - Due date,Activity - Add time\n"
    rows = "1,Call,Call,2026-0{0}-01,2026-0{0}-01 10:00:00\n2,Call,Call,2026-0{0}-02,2026-0{0}-02 10:00:00\n"
    home.land({"a.csv": header + rows.format(1)})
    home.land({"b.csv": header + rows.format(2)})
    assert home.codes() == {"b.csv": ["ids_collide"]}

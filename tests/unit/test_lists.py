"""The lists in the home: read like exports, and what a list says is what its file says now. Nothing here builds."""

from __future__ import annotations

import multiprocessing
import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from pipelines.exports.contracts.loading import list_contracts
from pipelines.exports.entities import entities
from pipelines.lists import ListError, add_line, landed_lists, lists, remove_line
from pipelines.settings import load_settings
from pipelines.warehouse.corrections import NoSuchFileError, forget, retry
from pipelines.warehouse.refresh import PointInTime, Refresh
from tests.support.homes import keybook

LINKS = "system,kind,native_id,decision,account_id\n"
FIRST = LINKS + "books,billing_customer,c1,link,crm:1\n"
SECOND = FIRST + "books,billing_customer,c2,never_link,\n"
NOW = PointInTime()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one export, and no list yet."""
    for folder in ("landing", "lists"):
        (tmp_path / folder).mkdir()
    (tmp_path / "landing" / "customers.csv").write_text("customer_id,name\nc1,Ek AB\n", encoding="utf-8")
    return tmp_path


def _work(home: Path) -> Refresh:
    return Refresh(load_settings(home=home))


def _write(home: Path, content: str | bytes, name: str = "account_links.csv") -> Path:
    path = home / "lists" / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _rows(
    home: Path, name: str = "account_links", known_at: str | None = None, columns: str = "native_id"
) -> list[Any]:
    """What a build that starts now would read of a list."""
    work = _work(home)
    work.store.write_records({}, receipts=work.receipts(known_at))
    query = f"select {columns} from read_parquet(?) order by _row"
    return duckdb.execute(query, [str(work.store.records / f"lists_{name}.parquet")]).fetchall()


def _landed(home: Path, content: str | bytes | None, known: list[str] | None = None) -> list[Any]:
    """What the links say once a file of this content was landed; None takes the file away."""
    if content is None:
        (home / "lists" / "account_links.csv").unlink()
    else:
        _write(home, content)
    _work(home).land()
    if known is not None:
        known.append(_work(home).lists.history()[-1]["known_at"] or "")
    return _rows(home)


def test_a_list_is_what_its_file_says_now_and_was_what_it_said_then(home: Path) -> None:
    known: list[str] = []
    assert _landed(home, FIRST, known) == [("c1",)]
    assert _landed(home, SECOND, known) == [("c1",), ("c2",)]
    # A line that is taken out is gone, though the bytes are those of a version that was landed before.
    assert _landed(home, FIRST, known) == [("c1",)]
    assert _landed(home, None, known) == []
    assert _landed(home, SECOND, known) == [("c1",), ("c2",)]
    assert _landed(home, LINKS, known) == []
    then = [_rows(home, known_at=moment) for moment in known]
    assert then == [[("c1",)], [("c1",), ("c2",)], [("c1",)], [], [("c1",), ("c2",)], []]
    assert _rows(home, known_at="2020-01-01T00:00:00+00:00") == []
    # Each version was landed once.
    assert len([receipt for receipt in _work(home).store.receipts() if receipt.list_name]) == 3


def test_one_changed_list_changes_its_table_and_the_records_alone(home: Path) -> None:
    _write(home, FIRST)
    _write(home, "product_id,is_eligible\nP1,yes\n", "product_eligibility.csv")
    _work(home).land()
    before = _work(home).tables(NOW)
    _landed(home, SECOND)
    after = _work(home).tables(NOW)
    changed = {name for name in before if before[name] != after[name]}
    assert {name for name in changed if not name.startswith("landing_")} == {"lists_account_links"}
    # What much depends on: which full exports have taken what away.
    assert "landing_whole_files" not in changed
    assert not any(_work(home).lists.to_land())


def test_a_list_that_waits_is_something_to_do(home: Path) -> None:
    _work(home).land()
    assert not any(_work(home).lists.to_land())
    _write(home, FIRST)
    assert any(_work(home).lists.to_land())


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf# One row, a decision; on who is who\nsystem,kind,native_id,decision,account_id\nb,phone,1,link,crm:1\n",
        "# \xc5ngrad,,,,,\nSystem;Kind;Native_id;Decision;Account_id;Egen kolumn\nb;phone;1;link;crm:1;\xe4\n;;;;;\n".encode(
            "cp1252"
        ),
        b'"# One row per decision, so to say",,,,\r\nkind,decision,native_id,account_id,system\r\n'
        b"# b,phone,9,link,crm:1\r\nphone,link,1,crm:1,b\r\n,,,,\r\n",
        "kind\tnative_id\tdecision\tsystem\taccount_id\nphone\t1\tlink\tb\tcrm:1\n".encode("utf-16"),
        b"kind,native_id,decision,system,account_id\nphone,1,link\nphone,2,link,b,crm:1\n",
    ],
)
def test_whatever_a_spreadsheet_makes_of_a_list_is_read(home: Path, content: bytes) -> None:
    _write(home, content)
    _work(home).land()
    (receipt,) = [receipt for receipt in _work(home).receipts() if receipt.list_name]
    assert (receipt.held, receipt.rows_rejected) == ([], 0)
    rows = _rows(home, columns="kind, native_id, decision")
    assert rows[0] == ("phone", "1", "link")
    assert len(rows) == 1 + content.count(b"phone,2")


def test_a_workbook_is_a_list_too(home: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ["# One row per rating"],
        ["account_id", "criterion", "is_met", "rated_on"],
        ["crm:1", "growth", True, date(2026, 3, 1)],
    ):
        book.active.append(row)
    book.save(home / "lists" / "key_account_ratings.xlsx")
    _work(home).land()
    found = _rows(home, "key_account_ratings", columns="account_id, is_met, rated_on, _file, _row")
    assert found == [("crm:1", True, date(2026, 3, 1), "lists/key_account_ratings.xlsx", 3)]


def test_what_cannot_be_read_is_rejected_by_line_and_what_is_no_list_is_named(home: Path) -> None:
    _write(
        home,
        "quarter,account_id,decision\n2026-01-01,crm:1,enter\n2026-04-01,crm:1,perhaps\nsoon,crm:2,leave\n",
        "key_account_decisions.csv",
    )
    _write(home, "who,what\n1,2\n", "account_plans.csv")
    _write(home, FIRST, "links.csv")
    _write(home, FIRST)
    _write(home, b"nothing", "account_links.txt")
    _work(home).land()
    work = _work(home)
    receipts = {receipt.file: receipt for receipt in work.receipts() if receipt.list_name}
    rejects = work.store.rejects(receipts["lists/key_account_decisions.csv"].sha256, 9)
    assert [(reject["line"], reject["column_name"]) for reject in rejects] == [(3, "decision"), (4, "quarter")]
    (held,) = receipts["lists/account_plans.csv"].held
    assert (held["code"], held["column_name"]) == ("list_columns_missing", "account_id, item")
    troubles = {trouble["file"]: trouble["code"] for trouble in work.troubles()}
    assert troubles == {"lists/links.csv": "no_such_list", "lists/account_links.txt": "list_twice"}
    assert _rows(home) == [("c1",)]


# A row of the parameters -> the column that is wrong in it, and why.
WRONG = {
    "dso_windw_days,60": ("parameter", "unknown_word", None, None),
    "opens_at_hour,half past nine": ("value", "no_number", "0", "24"),
    "closes_at_hour,25": ("value", "no_number", "0", "24"),
    "tier_a_share,80": ("value", "no_number", "0", "1"),
    "dso_window_days,-90": ("value", "no_number", "0", None),
    "provision_forward_percent,-101": ("value", "no_number", "-100", "100"),
    "key_list_max,": ("value", "blank", None, None),
    ",60": ("parameter", "blank", None, None),
}


def test_a_parameter_that_is_none_or_has_no_value_is_rejected_by_line(home: Path) -> None:
    rows = "".join(f"{row},mine\n" for row in WRONG)
    _write(home, f"parameter,value,origin\n{rows}provision_forward_percent,-10,\n", "parameters.csv")
    _work(home).land()
    (receipt,) = [receipt for receipt in _work(home).receipts() if receipt.list_name == "parameters"]
    rejects = _work(home).store.rejects(receipt.sha256, 99) or []
    said = {
        reject["line"]: (reject["column_name"], reject["code"], reject["least"], reject["most"]) for reject in rejects
    }
    assert said == dict(enumerate(WRONG.values(), start=2))
    assert len(rejects) == len(WRONG)
    found = _rows(home, "parameters", columns="parameter, cast(value as double), origin, _row")
    assert found == [("provision_forward_percent", -10, None, 2 + len(WRONG))]


def test_a_lone_mark_in_a_list_is_neither_a_thousand_nor_a_fraction(home: Path) -> None:
    """Who wrote it nobody knows: 8,125 is eight and a bit in half of the world and eight thousand in the other."""
    written = {
        "commission_large_from": "8,125", "late_fee": "EUR 8,125", "clv_discount_percent": "8,125",
        "dso_window_days": "1,250,000", "paused_after_days": "8 125", "forecast_band_deviations": "1,250.5",
        "lost_after_days": "8125", "key_list_max": "8.125",
    }  # fmt: skip
    _write(home, "parameter;value\n" + "".join(f"{name};{text}\n" for name, text in written.items()), "parameters.csv")
    _work(home).land()
    (receipt,) = [receipt for receipt in _work(home).receipts() if receipt.list_name == "parameters"]
    rejects = _work(home).store.rejects(receipt.sha256, 99) or []
    assert [(reject["line"], reject["code"]) for reject in rejects] == [(line, "no_number") for line in (2, 3, 4)]
    found = _rows(home, "parameters", columns="cast(value as double), _row")
    assert sorted(found, key=lambda row: row[1]) == [(1250000, 5), (8125, 6), (1250.5, 7), (8125, 8), (8.125, 9)]


def test_of_two_rows_about_one_parameter_the_later_counts(home: Path) -> None:
    _write(home, "parameter,value\nkey_list_max,30\nkey_list_max,40\n", "parameters.csv")
    _work(home).land()
    (receipt,) = [receipt for receipt in _work(home).receipts() if receipt.list_name == "parameters"]
    (reject,) = _work(home).store.rejects(receipt.sha256, 9)
    assert (reject["line"], reject["value"]) == (2, "key_list_max")
    assert _rows(home, "parameters", columns="cast(value as integer), _row") == [(40, 3)]


def test_a_template_holds_every_default_and_a_line_of_it_is_a_row(home: Path) -> None:
    """Every line with its mark taken away says the default, which each of the ranges allows."""
    keybook("lists", "--home", home)
    over = [wanted for wanted in landed_lists().values() if wanted.defaults]
    assert len(over) >= 10
    paths = [home / "lists" / f"{wanted.name}.csv" for wanted in over]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    for path in (home / "lists").glob("*.csv"):
        if path not in paths:
            path.unlink()
    for path, text in zip(paths, texts, strict=True):
        path.write_text("\n".join(line.removeprefix("# ") for line in text.splitlines()[1:]), encoding="utf-8")
    _work(home).land()
    assert not any(receipt.rows_rejected for receipt in _work(home).receipts())
    for wanted, text in zip(over, texts, strict=True):
        read = entities()[f"lists.{wanted.name}"]
        numbers = {column.name for column in read.columns if column.type not in ("text", "currency", "date", "boolean")}
        kept = [name for name in wanted.columns if name in wanted.defaults[0]]
        asked = ", ".join(f"cast({name} as double)" if name in numbers else f"cast({name} as varchar)" for name in kept)
        said = [
            tuple(float(row[name]) if name in numbers and row[name] else row[name] or None for name in kept)
            for row in wanted.defaults
        ]
        assert _rows(home, wanted.name, columns=asked) == said, wanted.name
        assert all(row.get("meaning", "") in text.replace('""', '"') for row in wanted.defaults)


def test_a_list_of_one_column_is_a_list(home: Path) -> None:
    """Whoever makes one by hand writes what a row needs, and nothing else."""
    _write(home, "edge_days\n0\n45\n", "aging_edges.csv")
    _work(home).land()
    assert _rows(home, "aging_edges", columns="edge_days, _row") == [(0, 2), (45, 3)]


def test_a_list_is_neither_forgotten_nor_retried_and_alone_it_is_nothing(home: Path) -> None:
    (home / "landing" / "customers.csv").unlink()
    _landed(home, FIRST)
    assert _work(home).is_empty()
    with pytest.raises(NoSuchFileError):
        forget(_work(home), "lists/account_links.csv")
    assert retry(_work(home)).gone == []


def test_a_lost_history_counts_what_lies_there(home: Path) -> None:
    _landed(home, FIRST)
    (home / "warehouse" / "raw" / "lists.json").write_text("[{", encoding="utf-8")
    assert _rows(home) == []
    assert any(_work(home).lists.to_land())
    _work(home).land()
    assert _rows(home) == [("c1",)]


def test_templates_are_written_once_and_are_empty_lists(home: Path) -> None:
    _write(home, SECOND)
    done = keybook("lists", "--home", home)
    assert done.exit_code == 0, done.output
    assert {path.stem for path in (home / "lists").glob("*.csv")} == set(lists())
    assert (home / "lists" / "account_links.csv").read_text(encoding="utf-8") == SECOND
    _work(home).land()
    read = {receipt.list_name: receipt for receipt in _work(home).receipts() if receipt.list_name}
    assert set(read) == set(landed_lists())
    assert not any(receipt.held or receipt.rows_rejected for receipt in read.values())
    counts = {name: sum(row["rows_loaded"] for row in receipt.entities) for name, receipt in read.items()}
    assert counts == dict.fromkeys(landed_lists(), 0) | {"account_links": 2}
    # Every column of the entity is in the template, and every one is known.
    assert not any(receipt.schema_events for name, receipt in read.items() if name != "account_links")


def test_every_list_is_an_entity_and_the_other_way_round() -> None:
    assert [name for name in entities() if name.startswith("lists.")] == [f"lists.{name}" for name in landed_lists()]
    for wanted in landed_lists().values():
        assert set(wanted.required) <= set(wanted.columns)
        assert list_contracts()[wanted.name].contract == f"keybook_lists_{wanted.name}"


VALUES = {
    "kind": "billing_customer",
    "system": "books",
    "native_id": 'c,"9"',
    "decision": "link",
    "account_id": "crm:1",
}


@pytest.mark.parametrize(
    "before",
    [
        None,
        FIRST,
        FIRST.rstrip("\n"),
        "\ufeffNative_ID;Decision;Kind;Mine;System;Account_id\r\nc1;link;billing_customer;x;books;crm:1\r\n",
        '"# a comment, with a comma"\nsystem,kind,native_id,decision,account_id\n',
    ],
)
def test_a_line_is_added_and_taken_out_again(home: Path, before: str | None) -> None:
    path = home / "lists" / "account_links.csv"
    if before is not None:
        path.write_bytes(before.encode())
    _work(home).land()
    there = _rows(home)
    line = add_line(home / "lists", "account_links", VALUES)
    assert line is not None
    assert add_line(home / "lists", "account_links", VALUES, same=("native_id", "decision")) is None
    _work(home).land()
    assert _rows(home) == [*there, ('c,"9"',)]
    assert _rows(home, columns="kind, decision, account_id")[-1] == ("billing_customer", "link", "crm:1")
    assert remove_line(home / "lists", "account_links", line)
    assert not remove_line(home / "lists", "account_links", line)
    if before is not None and before.endswith("\n"):
        assert path.read_bytes() == before.encode()
    _work(home).land()
    assert _rows(home) == there


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("account_links.xlsx", b"", "is no CSV file"),
        ("account_links.csv", "kind;decision\n\xe4;link\n".encode("cp1252"), "is not in UTF-8"),
        ("account_links.csv", b"a,b\n1,2\n", "has no header with kind, native_id, decision"),
    ],
)
def test_a_line_is_not_added_where_it_would_not_be_read(home: Path, name: str, content: bytes, said: str) -> None:
    path = _write(home, content, name)
    with pytest.raises(ListError, match=said):
        add_line(home / "lists", "account_links", VALUES)
    assert path.read_bytes() == content
    assert sorted(other.name for other in (home / "lists").iterdir() if not other.name.startswith(".")) == [name]


def _add(folder: Path, who: int) -> None:
    for number in range(20):
        add_line(folder, "account_links", VALUES | {"native_id": f"{who}-{number}"})


def test_two_sessions_lose_no_line(home: Path) -> None:
    context = multiprocessing.get_context("spawn")
    sessions = [context.Process(target=_add, args=(home / "lists", who)) for who in range(2)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join(60)
    text = (home / "lists" / "account_links.csv").read_text(encoding="utf-8")
    assert sorted(line.split(",")[2] for line in text.splitlines()[2:]) == sorted(
        f"{who}-{number}" for who in range(2) for number in range(20)
    )


def test_a_template_of_a_feed_has_every_column_and_is_read_once_it_is_filled_in(home: Path) -> None:
    made = keybook("lists", "--home", home, "--feeds")
    assert made.exit_code == 0, made.output
    templates = {
        path.stem: path.read_text(encoding="utf-8").strip().split(",") for path in (home / "templates").iterdir()
    }
    feeds = {entity.table: entity for entity in entities().values() if entity.domain != "lists"}
    assert templates == {
        name: ["system", *(column.name for column in entity.columns)] for name, entity in feeds.items()
    }
    assert keybook("lists", "--home", home, "--feeds").output.count("kept") == len(feeds)
    budgets = templates["plan_budgets"]
    row = {"system": "books", "account_id": "c1", "month": "2026-10-01", "amount": "100", "currency": "EUR",
           "explanation": "A late order"}  # fmt: skip
    filled = f"{','.join(budgets)}\n{','.join(row.get(name, '') for name in budgets)}\n"
    (home / "landing" / "what we plan.csv").write_text(filled, encoding="utf-8")
    # Empty ones that somebody drops as they are bring nothing, and reject nothing.
    for name in ("crm_commitments", "calls_channel_costs"):
        (home / "landing" / f"{name}.csv").write_text(",".join(templates[name]) + "\n", encoding="utf-8")
    work = _work(home)
    work.land()
    [landed] = [
        path for path in (work.store.root / "plan" / "budgets").glob("keybook_*.parquet") if path.stem.count(".") == 0
    ]
    assert duckdb.execute("select explanation from read_parquet(?)", [str(landed)]).fetchall() == [("A late order",)]


def test_the_document_names_every_column_of_a_feed() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "service.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)\.csv` \| (.*?) \| [^|]*\|$", text, flags=re.M)
    assert len(told) > 6
    by_table = {entity.table: entity for entity in entities().values()}
    for table, columns in told:
        assert re.findall(r"`(\w+)`", columns) == [column.name for column in by_table[table].columns], table

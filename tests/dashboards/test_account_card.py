"""The account card's answers, the list that finds people and papers, what leaves from it, and the register."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.account_exports import SUMMED, universal_columns
from dashboards.components.csv import to_csv
from dashboards.components.xlsx import to_xlsx
from dashboards.queries import accounts
from dashboards.queries.accounts import Asked
from dashboards.queries.base import Filters
from tests.dashboards.conftest import FORMULA, all_of, grid, one, tile, words
from tests.support.publications import Rows, publish

Open = Callable[..., AppTest]
# The sources give seven seconds to answer on the telephone. Half of them are left to the browser. Processor seconds, for
# what other tests do at the same time is no part of the card.
SECONDS, SERVER_SHARE = 7.0, 1 / 2
MANY, EVENTS = 160, 180

_PAID = {
    "last_payment_on": "2026-11-15", "last_payment_amount": 510, "last_payment_currency": "SEK",
    "last_payment_document_amount": 5100, "next_due_on": "2026-12-02", "next_due_amount": 4750.61,
    "next_due_currency": "EUR", "next_due_document_amount": 4750.61, "open_amount": 9000, "overdue_amount": 700,
    "oldest_days_overdue": 165, "disputed_amount": 100, "credit_limit": 20000, "credit_used": 21000,
    "credit_used_ratio": 1.05, "effective_discount_12m": 0.125, "payment_terms_days": 30,
}  # fmt: skip
_PAPERS = {
    "contract_number": "CT-1", "contract_state": "in_force", "contract_ends_on": "2027-01-09",
    "last_act_number": "ACT-1", "last_act_sent_on": "2026-11-12", "last_signed_act_number": "ACT-0",
    "last_act_signed_on": "2026-11-05", "unsigned_acts": 2, "oldest_unsigned_act_on": "2026-10-01",
}  # fmt: skip
_PEOPLE = {
    "owner_id": "crm:2", "owner_name": "Piotr Lind", "team": "North", "is_owner_away": True,
    "owner_away_until": "2026-11-27", "substitute_name": "Maja Roth", "last_contact_on": "2026-11-14",
    "last_contact_at": "2026-11-14 09:30:00+00", "last_contact_channel": "call", "last_contact_by": "Piotr Lind",
    "last_contact_person": "Ida Payer", "next_contact_on": "2026-11-25", "next_contact_type": "meeting",
    "next_contact_subject": "Yearly review", "open_cases": 2, "oldest_case_days": 12, "oldest_case_reason": "Billing",
    "decision_maker_names": "Ida Payer, Olof Head", "next_birthday_name": "Ida Payer", "next_birthday_on": "2026-11-29",
    "card_lag_days": 0.25, "card_on_time_ratio": 0.9, "card_entries": 20, "timed_entries": 18,
}  # fmt: skip
_KNOWN = {
    "is_named": True,
    "base_currency": "EUR",
    "as_of_date": "2026-11-20",
    "status": "active",
    "has_crm_record": True,
}
_EVENT = {"account_id": "crm:401", "_file": "events.csv"}
_KINDS = (
    ("invoice", "invoices"),
    ("payment", "cash"),
    ("call", "contacts"),
    ("email", "contacts"),
    ("deal_won", "sales"),
)


def person(account: str, number: int, **told: object) -> dict[str, object]:
    """Somebody at an account, with an address."""
    address = f"person{number}.{account[-3:]}@client.example"
    return {"account_id": account, "contact_id": f"{account}-{number}", "email": address} | told


ROWS: Rows = {
    "rpt_run": [{"as_of_date": "2026-11-20", "base_currency": "EUR"}],
    "rpt_accounts": [
        _KNOWN | _PAID | _PAPERS | _PEOPLE
        | {"account_id": "crm:401", "account_name": "Birch Foods", "_file": "Accounts.csv", "_row": 3},
        _KNOWN | {"account_id": "crm:408", "account_name": FORMULA, "email": "=1+1@alder.example", "revenue_12m": 70,
                  "open_amount": 1.5, "last_payment_on": "2026-11-01", "is_new_card": True, "status": "paused"},
        _KNOWN | {"account_id": "crm:409", "account_name": "Cedar", "open_amount": 20, "has_crm_record": False},
        _KNOWN | {"account_id": "crm:412", "account_name": "Dune", "is_billed_without_terms": True},
        _KNOWN | {"account_id": "crm:413", "account_name": "Elm", "phone": "+46 8 555 01 13",
                  "missing_fields": "tax_id"},
        _KNOWN | {"account_id": "crm:414", "account_name": "Fjord", "email": "office14@client.example",
                  "is_owner_away": True, "status": "paused"},
    ],
    "rpt_account_people": [
        person("crm:401", 1, full_name="Ida Payer", job_title="Accountant", is_decision_maker=False,
               is_birthday_soon=True, next_birthday_on="2026-11-29"),
        person("crm:401", 2, full_name="Olof Head", job_title="CEO", is_decision_maker=True),
        person("crm:401", 3, full_name="=cmd|'/c calc'!A1", email=None),
        person("crm:409", 2, full_name="Olof Head"),
        person("crm:412", 1, full_name="Ida Payer", phone="0046 (8) 777 412"),
        person("crm:414", 1, full_name="Ida Payer"),
        person("crm:414", 2, full_name="Olof Head"),
    ],
    "rpt_account_documents": [
        {"account_id": "crm:401", "document_type": kind, "document_number": number, "state": state, "amount": 1000,
         "currency": "EUR", "sent_on": "2026-10-01", "signed_on": signed, "_file": "documents.csv", "_row": line}
        for kind, number, state, signed, line in (
            ("act", "ACT-1", "overdue", None, 12), ("act", "ACT-0", "signed", "2026-10-09", 11),
            ("contract", "CT-1", "signed", "2026-10-09", 13),
        )
    ],
    "rpt_open_invoices": [
        {"account_id": "crm:401", "invoice_id": "books:1", "invoice_number": "INV-1", "instalment_number": 1,
         "due_on": "2026-12-02", "open_amount": 4750.61, "currency": "EUR", "_file": "invoices_2026.csv", "_row": 2},
    ],
    "rpt_receivable_accounts": [
        {"account_id": "crm:401", "currency": "EUR", "credit_limit": 20000, "credit_used_ratio": 1.05},
    ],
    "rpt_account_monthly": [
        {"account_id": "crm:401", "month": f"2026-{month:02}-01", "net_revenue": 4000 + month, "budget": 5000,
         "budget_variance": month - 1000, "budget_variance_ratio": (month - 1000) / 5000, "base_currency": "EUR"}
        for month in range(1, 12)
    ],
    "rpt_account_timeline": [
        _EVENT | {"occurred_at": f"2026-11-{14 - place // 5 * 2:02} 0{9 - place % 5}:30:00+00", "title": f"Event {place}",
                  "event_type": _KINDS[(place + 2) % 5][0], "event_group": _KINDS[(place + 2) % 5][1],
                  "is_two_way": (place + 2) % 5 in (2, 3), "_row": place + 2}
        for place in range(20)
    ],
    "rpt_requirements": [
        {"requirement_id": "A1", "area": "Activity and contact", "position": 1, "requirement": "Thirty calls a day",
         "origin": "S4", "state": "not_built", "feed": "calls"},
        {"requirement_id": "B6", "area": "Receivables", "position": 35, "requirement": "When was the payment",
         "origin": "S1", "state": "met", "met_by": "rpt_accounts.last_payment_on;page:accounts"},
        {"requirement_id": "B9", "area": "Receivables", "position": 38, "requirement": "Tasks <b>in</b> the CRM",
         "origin": "S1", "state": "partly", "met_by": "page:accounts", "note": "No link to an invoice"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with six accounts, of the first of which everything is known."""
    folder = tmp_path_factory.mktemp("told")
    publish(folder, "v1", ROWS)
    return folder


@pytest.fixture(scope="module")
def file(told: Path) -> str:
    return str((told / "warehouse" / "keybook.duckdb").resolve())


def test_the_card_answers_what_a_client_asks(open_page: Open, told: Path) -> None:
    app = open_page("accounts", at_home=told, account="crm:401")
    assert not app.exception
    assert not app.error
    text = words(app)
    for answer in (
        "2026-11-15, SEK 5,100.00 (EUR 510.00), 5 days ago",
        "2026-12-02, EUR 4,750.61",
        "oldest 165 days",
        "2026-11-12, ACT-1",
        "2026-11-05, ACT-0",
        "2 acts, oldest since 2026-10-01",
        "CT-1, in force",
        "12.5% off list",
        "2026-11-14, call, by Piotr Lind, with Ida Payer",
        "2026-11-25, meeting, Yearly review",
        "Piotr Lind, away until 2026-11-27, North",
        "Maja Roth",
        "2 cases, oldest 12 days, Billing",
        "Ida Payer, Olof Head",
        "2026-11-29, Ida Payer",
        "6 hours, 90% on time",
        "Accounts.csv, line 3",
        "EUR 20,000",
        "30 days",
    ):
        assert answer in text, answer
    assert next(iter(grid(app, "is_decision_maker")["full_name"])) == "Olof Head"
    assert list(grid(app, "is_decision_maker")["is_decision_maker"])[:2] == ["yes", "no"]
    assert "Birthdays soon: 2026-11-29 Ida Payer" in text
    assert set(grid(app, "document_number")["state"]) == {"overdue", "signed"}
    assert "over its credit limit" in text
    plan = grid(app, "budget_variance")
    assert [float(value) for value in plan["budget"]] == [5000.0] * 11
    assert plan["month"].iloc[0] == "2026-11"
    assert float(plan["budget_variance"].iloc[0]) == -989


def test_each_answer_opens_to_its_file_and_line(open_page: Open, told: Path) -> None:
    proof = grid(open_page("accounts", at_home=told, account="crm:401"), "answer")
    assert {"Next due", "Account record", "Contract", "Last contact"} <= set(proof["answer"])
    assert proof["_file"].notna().all()
    assert proof["_row"].notna().all()
    record = proof[proof["answer"] == "Account record"].iloc[0]
    assert (record["_file"], record["_row"]) == ("Accounts.csv", 3)


def test_the_timeline_shows_the_kinds_that_are_chosen(open_page: Open, told: Path) -> None:
    app = open_page("accounts", at_home=told, account="crm:401")
    assert len(grid(app, "event_type", "occurred_at")) == 20
    app.pills(key="card_kinds").set_value(["cash"]).run()
    assert not app.exception
    assert all(text.startswith("Payment Event ") for text in grid(app, "event_type", "occurred_at")["event_type"])
    assert len(grid(app, "event_type", "occurred_at")) == 4


@pytest.mark.parametrize(
    ("search", "account", "by"),
    [
        ("person2.409@client", "crm:409", "Olof Head"),
        ("08 777 412", "crm:412", "Ida Payer"),
        ("+46 (0)8-555 01 13", "crm:413", None),
        ("office14@", "crm:414", None),
    ],
)
def test_the_list_finds_by_person_number_and_address(
    open_page: Open, told: Path, search: str, account: str, by: str | None
) -> None:
    app = open_page("accounts", at_home=told)
    app.text_input(key="account_search").set_value(search).run()
    assert not app.exception
    assert tile(app, "Accounts").value == "1"
    if by:
        assert list(app.dataframe[0].value["found_by"]) == [by]
    app.button(key="account_only_one").click().run()
    assert app.query_params["account"] in ([account], account)


@pytest.mark.parametrize(
    ("flag", "left"),
    [
        ("new", ["crm:408"]),
        ("unmapped", ["crm:409"]),
        ("terms", ["crm:412"]),
        ("incomplete", ["crm:413"]),
        ("away", ["crm:401", "crm:414"]),
        ("unsigned", ["crm:401"]),
        ("unplanned", ["crm:408", "crm:409", "crm:412", "crm:413", "crm:414"]),
    ],
)
def test_a_flag_narrows_the_list(file: str, flag: str, left: list[str]) -> None:
    found = accounts.found(file, Filters(), Asked(flags=(flag,)), 1000)
    assert sorted(found.column("account_id").to_pylist()) == left


def test_the_universal_table_is_a_real_workbook(file: str) -> None:
    data = accounts.universal(file, Filters(), Asked())
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(data, universal_columns("EUR"), "Accounts", "note", SUMMED)))
    sheet = book.active
    last = 4 + data.num_rows
    header = [cell.value for cell in sheet[4]]
    body = [dict(zip(header, row, strict=True)) for row in sheet.iter_rows(min_row=5, max_row=last)]
    assert len(body) == data.num_rows == 6
    assert all(isinstance(row["Open, EUR"].value, int | float) for row in body if row["Open, EUR"].value is not None)
    assert isinstance(body[0]["Last payment"].value, datetime)
    assert body[0]["Last payment"].number_format == "yyyy-mm-dd"
    # Text from data is never a formula; the totals are ours, and follow a filter.
    names = {row["Account"].value: row["Account"].data_type for row in body}
    assert names[f"'{FORMULA}"] == "s"
    assert {row["E-mail"].data_type for row in body if row["E-mail"].value} == {"s"}
    total = dict(zip(header, sheet[last + 2], strict=True))
    assert total["Account"].value == "Total"
    assert total["Open, EUR"].value.startswith("=SUBTOTAL(109,")
    cached = openpyxl.load_workbook(
        io.BytesIO(to_xlsx(data, universal_columns("EUR"), "Accounts", "note", SUMMED)), data_only=True
    ).active
    assert dict(zip(header, cached[last + 2], strict=True))["Open, EUR"].value == pytest.approx(9021.5)
    # An amount in a document currency has no total: currencies are never added.
    assert total["Credit limit"].value is None


def test_the_addresses_of_paused_clients(file: str) -> None:
    written = to_csv(accounts.emails(file, Filters(), Asked(statuses=("paused",)))).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(written)))
    assert {row["status"] for row in rows} == {"paused"}
    # A company's own address, and its people's; one without any address is no row.
    assert sorted(row["email"] for row in rows) == [
        "'=1+1@alder.example", "office14@client.example", "person1.414@client.example", "person2.414@client.example",
    ]  # fmt: skip
    everybody = to_csv(accounts.emails(file, Filters(), Asked())).decode("utf-8-sig")
    assert "\n=1+1@" not in everybody


def test_how_cards_are_kept_stands_by_manager(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    kept = grid(open_page("accounts"), "card_timeliness")
    expected = all_of(
        warehouse,
        "select coalesce(owner_name, 'No manager'), count(*), count(*) filter (missing_fields is not null)"
        " from reporting.rpt_accounts group by all",
    )
    assert sorted(zip(kept["owner_name"], kept["accounts"], kept["incomplete"], strict=True)) == sorted(expected)
    [(name, days, ratio, entries)] = all_of(
        warehouse,
        "select employee_name, card_timeliness, card_on_time_ratio, card_entries from reporting.rpt_team_scorecard"
        " where card_timeliness is not null and employee_id in (select owner_id from reporting.rpt_accounts)"
        " and month = (select max(month) from reporting.rpt_team_scorecard where card_entries > 0)"
        " order by employee_id limit 1",
    )
    row = kept[kept["owner_name"] == name].iloc[0]
    assert float(row["card_timeliness"]) == days
    assert (row["card_on_time_ratio"], row["card_entries"]) == (ratio, entries)


def test_the_register_counts_and_filters(open_page: Open, told: Path) -> None:
    app = open_page("requirements", at_home=told)
    assert not app.exception
    assert tile(app, "Requirements").value == "3"
    assert tile(app, "Met").value == "1"
    assert list(grid(app, "not_built")["requirements"]) == [1, 2]
    app.pills(key="requirement_states").set_value(["partly"]).run()
    assert list(grid(app, "requirement_id")["requirement_id"]) == ["B9"]
    assert "<b>in</b>" not in words(app)
    app.text_input(key="requirement_search").set_value("no such word").run()
    assert "No requirement matches" in words(app)


def test_a_card_of_five_thousand_opens_in_its_budget(open_page: Open, published: Path, tmp_path: Path) -> None:
    """B7: the server's part of opening a card, first page of a new session, 5,000 accounts and 1,000,000 events."""
    copied = (
        "create or replace table reporting.{table} as"
        " select * exclude (copy) replace (account_id || '-' || copy as account_id)"
        " from reporting.{table}, (select unnest(range({copies})) as copy)"
    )
    file = publish(
        tmp_path, "v1", base=published, changes=[
            *(
                copied.format(table=table, copies=MANY)
                for table in (
                    "rpt_accounts", "rpt_account_people", "rpt_account_documents", "rpt_open_invoices",
                    "rpt_receivable_accounts", "rpt_open_deals",
                )
            ),
            copied.format(table="rpt_account_timeline", copies=EVENTS),
        ],
    )  # fmt: skip
    with duckdb.connect(str(file), read_only=True) as many:
        assert one(many, "select count(*) from reporting.rpt_accounts") > 5_000
        assert one(many, "select count(*) from reporting.rpt_account_timeline") > 1_000_000
        account = one(many, "select account_id from reporting.rpt_accounts where account_id like '%-77' and last_act_number is not null")  # fmt: skip
    open_page("requirements", at_home=tmp_path)  # imports are the server's start, not the card's
    began = time.process_time()
    app = open_page("accounts", at_home=tmp_path, account=account)
    seconds = time.process_time() - began
    assert not app.exception
    assert len(grid(app, "event_type", "occurred_at"))
    assert seconds < SECONDS * SERVER_SHARE, f"{seconds:.1f} s"

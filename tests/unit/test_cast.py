"""Casting: what a text means by a contract's formats, and what is said of one that means nothing."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.exports.landing.cast import RowSql
from pipelines.exports.readers.grids import Blanks
from tests.support.landing import contract, land

INVOICES = """
contract: test_invoices
title: Test invoices
system: test
recognise: {headers: [Number, Amount]}
formats: {date: ['%d/%m/%Y'], timestamp: ['%d %b, %Y %H:%M:%S'], FORMATS}
entities:
  billing.invoices:
    columns: {invoice_id: Number, issued_on: Date, due_on: Due, gross_amount: Amount, status: {value: issued}}
"""


def _amount(folder: Path, text: str, formats: str = "blank: []") -> Decimal | None:
    """What an amount is read as; None when the row is rejected."""
    landed = land(folder, f'Number;Date;Amount\n1;;"{text}"\n', contract(INVOICES.replace("FORMATS", formats)))
    rows = landed.rows("billing.invoices", "gross_amount")
    assert len(rows) + len(landed.rejects()) == 1
    return rows[0][0] if rows else None


@pytest.mark.parametrize(
    ("text", "formats", "amount"),
    [
        ("12.5", "blank: []", "12.5"),
        ("$1,117.10", "blank: []", "1117.10"),
        ("-$1,117.10", "blank: []", "-1117.10"),
        ("$-5.00", "blank: []", "-5"),
        ("(1,234.50)", "blank: []", "-1234.50"),
        ("1,234.50-", "blank: []", "-1234.50"),
        ("€ 99", "blank: []", "99"),
        ("99 EUR", "blank: []", "99"),
        ("1 234.50", "blank: []", "1234.50"),
        ("1.234,50", "decimal: ',', thousands: ['.']", "1234.50"),
        ("1\u00a0234,50", "decimal: ',', thousands: [' ']", "1234.50"),
        ("$1,117.10K", "suffixes: {K: 1000}", "1117100"),
        ("0.00001", "blank: []", "0"),
        ("\u2212125.00", "blank: []", "-125"),
        ("1\u2019234\u2019567.89", "blank: []", "1234567.89"),
        ("1'234.50", "blank: []", "1234.50"),
        ("12,34,567.89", "blank: []", "1234567.89"),
        ("1\u2009234,50 kr", "decimal: ',', thousands: [' ']", "1234.50"),
        ("د.إ 50,000.00", "blank: []", "50000.00"),
        ("₹ 12,50,000.40", "blank: []", "1250000.40"),
        ("-US$1,250.50", "blank: []", "-1250.50"),
        ("Rs. 1,250.50", "blank: []", "1250.50"),
    ],
)
def test_amounts_are_read_by_the_contracts_marks(tmp_path: Path, text: str, formats: str, amount: str) -> None:
    assert _amount(tmp_path, text, formats) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["12abc", "1,23,4", "12,34,56.00", "1'23", "1,2345.0", "--5", "12 34", "twelve", "1e99", "NaN"]
)
def test_what_is_no_number_throughout_is_rejected(tmp_path: Path, text: str) -> None:
    assert _amount(tmp_path, text) is None


def test_a_rejected_row_names_line_column_value_and_reason(tmp_path: Path) -> None:
    text = "Number,Date,Amount\n1,31/12/2025,10\n2,2/13/2025,10\n3,,ten\n"
    landed = land(tmp_path, text, contract(INVOICES.replace("FORMATS", "blank: []")))
    assert [row[:3] for row in landed.rejects()] == [(3, "Date", "2/13/2025"), (4, "Amount", "ten")]
    assert landed.rejects("code, field, least, most")[0] == ("no_date", "issued_on", "1970", "2036")
    assert "%d/%m/%Y" in landed.rejects("expected")[0][0]
    assert landed.rejects("code, other_columns")[1] == ("no_number", None)
    assert landed.rejects("row_text")[1] == ("3 |  | ten",)
    assert [(e["rows_read"], e["rows_loaded"], e["rows_rejected"]) for e in landed.receipt.entities] == [(3, 1, 2)]


def test_every_unreadable_column_of_a_row_is_named(tmp_path: Path) -> None:
    landed = land(tmp_path, "Number,Date,Amount\n1,soon,much\n", contract(INVOICES.replace("FORMATS", "blank: []")))
    assert landed.rejects("column_name, value, code, other_columns") == [("Date", "soon", "no_date", "Amount")]
    assert landed.why()[0][1].endswith("nor can be read Amount")


def test_a_row_without_its_key_is_rejected(tmp_path: Path) -> None:
    landed = land(tmp_path, "Number,Date,Amount\n ,,5\n", contract(INVOICES.replace("FORMATS", "blank: []")))
    assert landed.rejects("column_name, value") == [("Number", None)]


CALLS = """
contract: test_calls
title: Test calls
system: test
recognise: {headers: [Id, Started]}
formats: {timestamp: ['%d %b, %Y %H:%M:%S', '%Y-%m-%dT%H:%M:%S%z'], timezone: Europe/Stockholm}
entities:
  calls.calls:
    columns:
      call_id: Id
      started_at: Started
      talk_seconds: {from: Talk, unit: hms}
      wait_seconds: {from: Wait, unit: milliseconds}
      status: {from: Result, map: {OK: answered, NO ANSWER: missed}}
      is_voicemail: Voicemail
"""


def test_times_durations_and_words_are_read_by_the_contract(tmp_path: Path) -> None:
    text = (
        "Id,Started,Talk,Wait,Result,Voicemail\n"
        '1,"15 Apr, 2021 00:02:00",20:03:05,1500,ok,No\n'
        '2,"2021-01-15T10:00:00+0500",02:05,,No answer,YES\n'
        "3,2021-07-01 08:00:00,0:00:01,,Busy,\n"
    )
    landed = land(tmp_path, text, contract(CALLS))
    rows = landed.rows("calls.calls", "call_id, started_at, talk_seconds, wait_seconds, status, is_voicemail")
    first, second = rows
    assert first[1].isoformat() == "2021-04-14T22:02:00+00:00"
    assert first[2:] == (Decimal("72185"), Decimal("1.5"), "answered", False)
    assert second[1].isoformat() == "2021-01-15T05:00:00+00:00"
    assert second[2:] == (Decimal("125"), None, "missed", True)
    assert [row[:3] for row in landed.rejects()] == [(4, "Result", "Busy")]


def test_a_moment_becomes_a_date_in_the_business_time_zone(tmp_path: Path) -> None:
    zoned = contract(INVOICES.replace("FORMATS", "timezone: UTC"))
    landed = land(tmp_path, "Number,Date,Amount\n1,2025-12-31T23:30:00Z,5\n2,2025-12-31,5\n", zoned,
                  business_timezone="Europe/Stockholm")  # fmt: skip
    assert [str(row[0]) for row in landed.rows("billing.invoices", "issued_on")] == ["2026-01-01", "2025-12-31"]


ORDERS = """
contract: test_orders
title: Test orders
system: test
recognise: {headers: [Number, Amount]}
formats: {date_orders: {day first: ['%d/%m/%Y'], month first: ['%m/%d/%Y']}}
entities:
  billing.invoices: {columns: {invoice_id: Number, issued_on: Date, gross_amount: Amount}}
"""


def test_the_order_of_day_and_month_is_found_by_all_values(tmp_path: Path) -> None:
    lines = [f"{number},{number % 12 + 1:02}/03/2025,5" for number in range(500)]
    landed = land(tmp_path, "\n".join(["Number,Date,Amount", *lines, "x,03/25/2025,5"]), contract(ORDERS))
    assert not landed.receipt.held
    assert {str(row[0]) for row in landed.rows("billing.invoices", "issued_on")} >= {"2025-01-03", "2025-03-25"}


def test_a_file_whose_dates_read_two_ways_is_held(tmp_path: Path) -> None:
    landed = land(tmp_path, "Number,Date,Amount\n1,03/04/2025,5\n", contract(ORDERS))
    assert "day first" in landed.held[0]
    assert "Date" in landed.held[0]


def test_dates_that_mean_the_same_either_way_do_not_hold_a_file(tmp_path: Path) -> None:
    landed = land(tmp_path, "Number,Date,Amount\n1,03/03/2025,5\n", contract(ORDERS))
    assert len(landed.rows("billing.invoices")) == 1


def test_control_totals_are_what_the_text_adds_up_to(tmp_path: Path) -> None:
    text = "Number,Date,Amount\n1,,10.10\n2,,20.20\n3,never,30.30\n"
    landed = land(tmp_path, text, contract(INVOICES.replace("FORMATS", "blank: []")))
    assert landed.totals() == [
        ("gross_amount", "", Decimal("60.6"), Decimal("30.3"), Decimal("30.3")),
        ("rows", "", Decimal(3), Decimal(2), Decimal(1)),
    ]


def test_unmapped_columns_are_kept_and_reported(tmp_path: Path) -> None:
    landed = land(tmp_path, "Number,Date,Amount,Colour\n1,,5,red\n", contract(INVOICES.replace("FORMATS", "blank: []")))
    assert landed.rows("billing.invoices", "_extra") == [('{"Colour":"red"}',)]
    events = {(event["column_name"], event["event"]) for event in landed.receipt.schema_events}
    assert events == {("Colour", "new"), ("Due", "missing")}


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    text = "Number,Date,Amount\n1,,5\n1,,5\n2,,6\n2,,7\n"
    landed = land(tmp_path, text, contract(INVOICES.replace("FORMATS", "blank: []")))
    assert landed.rows("billing.invoices", "invoice_id, cast(gross_amount as int)") == [("1", 5), ("1", 5), ("2", 7)]
    assert landed.rejects() == [(4, "Number", "2", "repeated")]
    assert landed.rejects("other_line") == [(5,)]


def test_a_year_of_two_digits_is_of_this_century_or_the_last(tmp_path: Path) -> None:
    landed = land(
        tmp_path,
        "Number,Date,Amount\n1,03/04/17,5\n2,03/04/2017,5\n",
        contract(INVOICES.replace("FORMATS", "blank: []")),
    )
    assert [str(row[0]) for row in landed.rows("billing.invoices", "issued_on")] == ["2017-04-03", "2017-04-03"]


@pytest.mark.parametrize(
    ("date", "read"),
    [("31/12/1969", False), ("01/01/1970", True), ("31/12/2036", True), ("01/01/2037", False), ("01/01/9999", False)],
)
def test_a_date_lies_in_years_that_an_export_can_speak_of(tmp_path: Path, date: str, read: bool) -> None:
    # The file becomes known in 2026.
    text = f"Number,Date,Amount\n1,{date},10\n"
    landed = land(tmp_path, text, contract(INVOICES.replace("FORMATS", "blank: []")))
    assert len(landed.rows("billing.invoices")) == read
    assert [row[1:3] for row in landed.rejects()] == ([] if read else [("Date", date)])


BOUNDED = """
contract: test_bounds
title: Bounds
system: test
recognise: {headers: [Id, Talk]}
entities:
  calls.calls:
    columns: {call_id: Id, started_at: {value: '2026-01-05 10:00:00'}, talk_seconds: Talk}
  crm.deals:
    columns: {deal_id: Id, probability: Share, status: {value: open}}
  crm.contacts:
    columns: {contact_id: Id, birth_date: Born}
"""


def test_durations_and_shares_have_bounds_and_a_birthday_may_be_early(tmp_path: Path) -> None:
    # A year of seconds is the most: the fifth row's is a moment.
    text = "Id,Talk,Share,Born\n1,0,0,1931-04-05\n2,-1,1,\n3,5,80,\n4,5,-0.1,\n5,1735689600,1,\n"
    landed = land(tmp_path, text, contract(BOUNDED))
    # A cell that its row does not hang on is left blank and told, its text is kept; the row counts.
    assert landed.rows("calls.calls", "call_id, talk_seconds") == [
        ("1", 0),
        ("2", None),
        ("3", 5),
        ("4", 5),
        ("5", None),
    ]
    assert landed.rows("crm.deals", "probability, _extra->>'Share'") == [
        (0, None),
        (1, None),
        (None, "80"),
        (None, "-0.1"),
        (1, None),
    ]
    assert len(landed.rows("crm.contacts")) == 5
    assert landed.rejects() == []
    assert landed.blanked == [("Talk", "3: -1; 6: 1735689600"), ("Share", "4: 80; 5: -0.1")]


def test_the_hour_that_stands_twice_is_read_so_that_an_end_follows_its_start(tmp_path: Path) -> None:
    # Clocks in Stockholm go back from 03:00 to 02:00 on 26 October 2025. Where nothing tells, the later hour is meant.
    text = """call_id,started_at,answered_at,ended_at,direction
a,2025-10-26 02:50:00,2025-10-26 02:55:00,2025-10-26 02:10:00,inbound
b,2025-10-26 02:50:00,2025-10-26 02:05:00,2025-10-26 02:10:00,inbound
c,2025-10-26 02:10:00,,2025-10-26 02:20:00,inbound
d,2025-10-26 01:50:00,,2025-10-26 03:10:00,inbound
e,2025-10-27 02:50:00,,2025-10-27 02:10:00,inbound
"""
    landed = land(tmp_path, text, business_timezone="Europe/Stockholm")
    seconds = "call_id, epoch(answered_at)::int - epoch(started_at)::int, epoch(ended_at)::int - epoch(started_at)::int"
    assert landed.rows("calls.calls", seconds) == [
        ("a", 300, 1200), ("b", 900, 1200), ("c", None, 600), ("d", None, 8400), ("e", None, -2400)
    ]  # fmt: skip
    assert landed.rows("calls.calls", "hour(started_at)")[2] == (1,)


MADE = """
contract: test_made
title: Made keys
system: test
recognise: {headers: [From, Start]}
entities:
  calls.calls:
    key: made
    key_from: [caller_number, started_at]
    columns: {caller_number: From, started_at: Start, note: Note}
"""


def test_an_edited_note_makes_no_new_row(tmp_path: Path) -> None:
    made = contract(MADE)
    texts = ["From,Start,Note\n1,2026-01-05 10:00:00,\n1,2026-01-05 10:00:00,twice\n2,2026-01-05 11:00:00,\n"]
    texts.append(texts[0].replace("11:00:00,", "11:00:00,called back"))
    keys = []
    for number, text in enumerate(texts):
        (tmp_path / str(number)).mkdir()
        keys.append(land(tmp_path / str(number), text, made).rows("calls.calls", "call_id"))
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 3


def test_html_entities_are_read_as_what_they_stand_for(tmp_path: Path) -> None:
    text = "account_id,name\n1,Dr&auml;xl &amp; Dahl\n2,R&D; Lab &#38; Co\n3,AT&T\n"
    landed = land(tmp_path, text)
    names = [("Dräxl & Dahl",), ("R&D; Lab & Co",), ("AT&T",)]
    assert landed.rows("crm.accounts", "name") == names
    assert [(found["code"], found["row_count"]) for found in landed.receipt.findings] == [("html_entities", 2)]


def test_a_file_whose_times_are_midnights_in_utc_is_told_of(tmp_path: Path) -> None:
    header = "deal_id,created_at,status\n"
    utc = header + "1,2025-01-01 23:00:00,open\n2,2025-07-01 22:00:00,open\n3,2025-02-01 23:00:00,open\n"
    said = {}
    for name, text in (("utc", utc), ("plain", utc.replace("22:00", "21:00")), ("days", utc.replace("23:00", "00:00"))):
        (tmp_path / name).mkdir()
        landed = land(tmp_path / name, text, business_timezone="Europe/Berlin")
        said[name] = [finding for finding in landed.receipt.findings if finding["code"] == "midnights"]
    assert [len(found) for found in said.values()] == [1, 0, 0]


def test_a_companys_own_columns_cost_no_expression_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement binds each anew: thousands of texts that nobody asks for cost seconds a file."""
    asked: list[str] = []
    cleaned = RowSql.cleaned

    def noted(self: RowSql, blanks: Blanks) -> str:
        asked.append(cleaned(self, blanks))
        return asked[-1]

    monkeypatch.setattr(RowSql, "cleaned", noted)
    own = [f"Own {number}" for number in range(50)]
    text = f"Number;Date;Amount;{';'.join(own)}\n1;;10;{';'.join(own)}\n"
    landed = land(tmp_path, text, contract(INVOICES.replace("FORMATS", "blank: []")))
    assert [sql.count(" as t") for sql in asked] == [3]
    (kept,) = landed.rows("billing.invoices", "_extra")
    assert json.loads(kept[0]) == dict(zip(own, own, strict=True))

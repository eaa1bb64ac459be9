"""The page Data health: what was read, rejected, replaced and found, of a publication with some of everything."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import grid, tile, words
from tests.support.publications import Rows, publish

Open = Callable[..., AppTest]


def rejected(
    line: int, column: str, value: str, reason: str, text: str, file: str = "invoices_2026.csv"
) -> dict[str, object]:
    """A rejected row of a billing file, or of a call export."""
    of_calls = file.startswith("calls")
    return {
        "file": file, "line": line, "entity": "calls.calls" if of_calls else "billing.invoices", "column_name": column,
        "value": value, "reason": reason, "row_text": text, "landed_at": "2026-11-21 06:00:00+00",
        "contract": "phones_calls" if of_calls else "books_invoices",
    }  # fmt: skip


def finding(number: int, account: str | None, reason: str, amounts: tuple[str, int, int | None]) -> dict[str, object]:
    """Something odd about an invoice."""
    currency, amount, ours = amounts
    return {
        "entity": "invoices", "row_id": f"books:INV-{number}", "account_id": account, "reason": reason,
        "currency": currency, "amount": amount, "our_amount": ours,
        "difference": None if ours is None else amount - ours, "_file": "invoices_2026.csv", "_row": number,
    }  # fmt: skip


_BALANCE = "reported_balance_differs"
ROWS: Rows = {
    "rpt_data_health": [
        {"source": "books", "entity": "billing.invoices", "files": 2, "rows_read": 1204, "rows_loaded": 1200,
         "rows_rejected": 4, "rows_superseded": 3, "rows_vanished": 2, "raw_bytes": 4_000_000,
         "superseded_bytes": 1_500_000, "loaded_at": "2026-11-21 06:00:00+00", "freshness_state": "fresh"},
        {"source": "phones", "entity": "calls.calls", "files": 1, "rows_read": 4302, "rows_loaded": 4300,
         "rows_rejected": 2, "rows_superseded": 0, "rows_vanished": 0, "raw_bytes": 1_420_000, "superseded_bytes": 0,
         "loaded_at": "2026-11-21 06:00:00+00", "freshness_state": "stale"},
    ],
    "rpt_plausibility": [
        {"table_name": "rpt_call_channels", "column_name": "leads", "group_values": "ALL", "period": "2026-11-01",
         "kind": "incomplete", "unit": "count", "value": 4, "usual_value": 20, "history_months": 9},
        {"table_name": "rpt_receivable_kpis", "column_name": "collected", "group_values": "EUR", "period": "2026-10-01",
         "kind": "fell_to_nothing", "unit": "money", "currency": "EUR", "value": 0, "usual_value": 52000,
         "history_months": 9},
    ],
    "rpt_control_totals": [
        {"file": "invoices_2026.csv", "entity": "billing.invoices", "measure": "rows", "file_total": 602,
         "loaded": 599, "rejected": 3, "superseded": 0, "difference": 0},
    ],
    "rpt_verification": [
        {"subject": "balances", "table_name": "rpt_receivable_aging", "measure": "open_amount", "currency": "EUR",
         "state": "agrees", "verified_by": "ledger_replayed", "cells": 30, "cells_equal": 30, "largest_difference": 0},
        {"subject": "calls", "table_name": "rpt_call_response", "measure": "missed", "currency": "", "state": "differs",
         "verified_by": "legs_folded", "cells": 20, "cells_equal": 19, "largest_difference": 2,
         "first_cell": "2026-11-02", "first_published": 7, "first_recomputed": 9},
    ],
    "rpt_rejected_rows": [
        rejected(17, "issued_on", "31.02.2026", "no_date", "INV-17;31.02.2026;100,00"),
        rejected(18, "gross_amount", "=1+1", "no_number", "INV-18;2026-02-01;=1+1"),
        rejected(19, "gross_amount", "<b>12</b>", "no_number", "INV-19;2026-02-01;<b>12</b>"),
        rejected(4, "currency", "EURO", "no_currency", "INV-4;2025-02-01;9;EURO", "invoices_2025.csv"),
        rejected(9, "started_at", "yesterday", "no_time", "c9,yesterday", "calls_a.csv"),
        rejected(10, "started_at", "", "blank", "c10,", "calls_a.csv"),
    ],
    "rpt_superseded_rows": [
        {"domain": "billing", "entity": "invoices", "system": "books", "row_key": key, "state": state,
         "content": content, "file": "invoices_2025.csv", "newer_file": newer, "line": line}
        for key, state, content, newer, line in (
            ("INV-7", "changed", '{"gross_amount": "100.00"}', "invoices_2026.csv", 8),
            ("INV-8", "vanished", '{"gross_amount": "250.00"}', None, 9),
            ("INV-9", "vanished", '{"gross_amount": "=1+1"}', None, 10),
        )
    ],
    "rpt_receivable_findings": [
        finding(30, "crm:401", _BALANCE, ("EUR", 100, 40)),
        finding(31, "crm:401", _BALANCE, ("USD", 10, 15)),
        finding(32, None, "no_date", ("EUR", 70, None)),
    ],
    # Of another page are findings that this one's header does not count.
    "rpt_findings": [
        {"page": page, "finding_source": source, "touches": touches, "finding": kind, "findings": number}
        for page, source, touches, kind, number in (
            ("receivables", "receivables", "no_date", "no_date", 1),
            ("receivables", "figures", "rpt_receivable_kpis", "collected", 1),
            ("calls", "figures", "rpt_call_channels", "leads", 1),
        )
    ],
    "rpt_schema_events": [
        {"file": "Accounts.csv", "contract": "crm_accounts", "column_name": "Loyalty tier", "event": "new",
         "action": "kept"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    publish(folder, "v1", ROWS)
    return folder


@pytest.fixture
def app(open_page: Open, odd: Path) -> AppTest:
    opened = open_page("data_health", at_home=odd)
    assert not opened.exception
    return opened


def test_what_is_not_confirmed_is_told_first(app: AppTest) -> None:
    assert tile(app, "Proven figures").value == "49"
    [said] = app.error
    assert "1 figure can't be confirmed" in said.value
    told = grid(app, "first_cell", "state")
    assert list(told["state"]) == ["Differs", "Agrees"]
    assert [told[name][0] for name in ("first_cell", "first_published", "first_recomputed")] == ["2026-11-02", 7, 9]


def test_what_was_read_and_what_it_holds(app: AppTest) -> None:
    assert tile(app, "Rows read").value == "5,506"
    assert tile(app, "Rows rejected").value == "6"
    assert tile(app, "Rows gone").value == "2"
    assert tile(app, "Totals that differ").value == "0"
    said = words(app)
    assert "**5 MiB**" in said
    assert "**1 MiB**" in said
    assert "`keep_superseded_days` isn't set" in said
    assert list(app.dataframe[-2].value["column_name"]) == ["Loyalty tier"]
    assert next(link.proto.label for link in app.get("page_link")) == "6 rejected rows"


def test_rejected_rows_most_frequent_reasons_first(app: AppTest) -> None:
    assert list(app.dataframe[1].value["reason"])[:2] == [
        "is no number",
        "is blank, and the row means nothing without it",
    ]
    assert list(app.dataframe[1].value["rejected"]) == [2, 1, 1, 1, 1]
    shown = app.dataframe[2].value
    assert list(shown.iloc[0][["file", "line", "column_name", "value", "reason", "row_text"]]) == [
        "invoices_2026.csv", 18, "gross_amount", "=1+1", "is no number", "INV-18;2026-02-01;=1+1",
    ]  # fmt: skip
    said = words(app)
    assert "`keybook retry`" in said
    assert "`books_invoices`, `phones_calls`" in said
    for key, choice, left in (
        ("reject_files", "invoices_2025.csv", ["EURO"]),
        ("reject_entities", "calls.calls", ["", "yesterday"]),
        ("reject_columns", "issued_on", ["31.02.2026"]),
        ("reject_reasons_chosen", "no_time", ["yesterday"]),
    ):
        app.multiselect(key=key).set_value([choice]).run()
        assert list(app.dataframe[2].value["value"]) == left
        app.multiselect(key=key).set_value([]).run()
    app.text_input(key="reject_search").set_value("inv-17;").run()
    assert list(app.dataframe[2].value["line"]) == [17]


def test_text_of_rejected_rows_is_no_markup(app: AppTest) -> None:
    assert "<b>12</b>" in list(app.dataframe[2].value["value"])
    assert "<b>12</b>" not in words(app)


def test_rows_that_count_no_longer_say_what_they_said(app: AppTest) -> None:
    said = words(app)
    assert "**2**: the newest full export no longer holds it" in said
    assert "**1**: a newer export says otherwise" in said
    assert "marks it as deleted" not in said
    assert list(grid(app, "row_key", "content")["row_key"]) == ["INV-7", "INV-8", "INV-9"]
    app.multiselect(key="former_states").set_value(["changed"]).run()
    assert list(grid(app, "row_key", "content")["content"]) == ['{"gross_amount": "100.00"}']
    app.multiselect(key="former_states").set_value([]).run()
    app.text_input(key="former_search").set_value("250.00").run()
    assert list(grid(app, "row_key", "content")["row_key"]) == ["INV-8"]


def test_findings_in_receivables_keep_currencies_apart(app: AppTest) -> None:
    reasons = grid(app, "reason", "findings")
    balance = "The export's own balance of the document is not what its events leave open"
    assert sorted(zip(reasons["currency"], reasons["amount"], reasons["reason"], strict=True)) == [
        ("EUR", Decimal(70), "The row has no date"), ("EUR", Decimal(100), balance), ("USD", Decimal(10), balance),
    ]  # fmt: skip
    said = words(app)
    assert "**The row has no date.** *What to do:* Correct it in the billing system and export again." in said
    assert said.count("*What to do:* Look for payments or credit notes") == 1
    app.multiselect(key="receivable_reason").set_value(["reported_balance_differs"]).run()
    assert list(grid(app, "difference", "our_amount")["difference"]) == [Decimal(60), Decimal(-5)]


def test_figures_that_can_hardly_be_so_are_told_in_words(app: AppTest) -> None:
    shown = grid(app, "column_name", "usual_value")
    assert shown["column_name"].tolist() == ["money collected", "callers who became leads"]
    assert shown["kind"].tolist() == ["nothing, where there always was something", "not complete yet"]
    assert shown["usual_value"].tolist() == [52000, 20]


def links(app: AppTest, word: str) -> list[tuple[str, str]]:
    """The links to pages that have the word in them: what they say, and with what in the address."""
    return [
        (link.proto.label, link.proto.query_string) for link in app.get("page_link") if word in link.proto.label.lower()
    ]


def test_a_pages_header_counts_what_touches_it(open_page: Open, odd: Path) -> None:
    """Two of receivables, one of calls, none of sales; the link leads to those alone."""
    assert links(open_page("receivables", at_home=odd), "touch") == [
        ("2 findings touch this page", "touching=receivables")
    ]
    assert links(open_page("calls", at_home=odd), "touch") == [("1 finding touches this page", "touching=calls")]
    assert links(open_page("sales", at_home=odd), "touch") == []


def test_what_touches_a_page_is_shown_alone(open_page: Open, odd: Path, app: AppTest) -> None:
    assert not links(app, "every finding")
    of_page = open_page("data_health", at_home=odd, touching="receivables")
    assert not of_page.exception
    said = words(of_page)
    assert "What touches the page Receivables" in said
    assert "**1**: billing rows that could not be posted or contradict themselves, in the tab *Receivables*" in said
    assert links(of_page, "every finding") == [("Show every finding", "")]
    assert list(grid(of_page, "row_id", "reason")["row_id"]) == ["books:INV-32"]
    assert grid(of_page, "column_name", "usual_value")["column_name"].tolist() == ["money collected"]
    of_calls = open_page("data_health", at_home=odd, touching="calls")
    assert grid(of_calls, "column_name", "usual_value")["column_name"].tolist() == ["callers who became leads"]
    nobody = open_page("data_health", at_home=odd, touching="nonsense")
    assert not nobody.exception
    assert len(grid(nobody, "row_id", "reason")) == 3

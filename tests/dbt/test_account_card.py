"""The identity of the account card, made to fail."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import jinja2
import pytest

from pipelines.settings import PROJECT

IDENTITY = PROJECT / "dbt_project" / "tests" / "assert_account_cards_tie.sql"
# A card that is right: one deal, two overdue invoices of which the older is 40 days late, an unsigned act, two people of whom
# one decides, a limit of which 70.10 is used; and an account of which nothing is known.
BOOK = """
    create schema reporting;
    create table reporting.rpt_accounts as
    select 'a' as account_id, 1 as open_deals, 90.00 as open_deals_amount, 2 as overdue_items, 40 as oldest_days_overdue,
        1 as unsigned_acts, 2 as contacts, 1 as decision_makers, 70.10 as credit_used
    union all select 'b', 0, null, 0, null, 0, 0, 0, null;
    create table reporting.rpt_open_deals as
    select 'a' as account_id, 90.00 as amount_base union all select null, 5.00;
    create table reporting.rpt_open_invoices as
    select 'a' as account_id, 40 as days_overdue, 10.00 as open_amount
    union all select 'a', 3, 10.00 union all select 'a', 0, 10.00 union all select 'a', 9, -4.00;
    create table reporting.rpt_account_documents as
    select 'a' as account_id, 'act' as document_type, cast(null as date) as signed_on
    union all select 'a', 'act', date '2026-01-01' union all select 'a', 'contract', null;
    create table reporting.rpt_account_people as
    select 'a' as account_id, true as is_decision_maker union all select 'a', null;
    create table reporting.rpt_receivable_accounts as
    select 'a' as account_id, 70.10 as credit_used union all select 'a', null;
"""


@pytest.fixture
def book() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BOOK)
        yield connection


def wrong(book: duckdb.DuckDBPyConnection) -> list[str]:
    """The accounts that the identity finds."""
    text = jinja2.Template(IDENTITY.read_text(encoding="utf-8")).render(
        ref=lambda name: f"reporting.{name}", config=lambda **_: ""
    )
    return [account for (account,) in book.execute(text).fetchall()]


def test_a_card_that_is_right_passes(book: duckdb.DuckDBPyConnection) -> None:
    assert wrong(book) == []


@pytest.mark.parametrize(
    ("change", "account"),
    [
        ("update reporting.rpt_accounts set open_deals_amount = 90.01 where account_id = 'a'", "a"),
        ("update reporting.rpt_accounts set open_deals = 1 where account_id = 'b'", "b"),
        ("delete from reporting.rpt_open_invoices where days_overdue = 3", "a"),
        ("update reporting.rpt_open_invoices set days_overdue = 41 where days_overdue = 40", "a"),
        ("insert into reporting.rpt_account_documents values ('b', 'act', null)", "b"),
        ("update reporting.rpt_account_people set is_decision_maker = true", "a"),
        ("insert into reporting.rpt_account_people values ('b', false)", "b"),
        ("update reporting.rpt_receivable_accounts set credit_used = 70.11 where credit_used is not null", "a"),
    ],
)
def test_a_card_that_is_wrong_is_found(book: duckdb.DuckDBPyConnection, change: str, account: str) -> None:
    book.execute(change)
    assert wrong(book) == [account]

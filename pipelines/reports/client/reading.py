"""What the report to a client holds, out of the reporting tables of one publication."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.files import read_yaml
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.declared import Reader
from pipelines.reports.packs.figures import cell
from pipelines.reports.packs.own_book import OneAccount
from pipelines.reports.packs.sections import Pack

SAID = read_yaml(Path(__file__).with_name("sections.yml"))


def accounts(connection: duckdb.DuckDBPyConnection, wanted: str) -> dict[str, str]:
    """The accounts that have an id, or that name: id -> name."""
    found = connection.execute(
        "select account_id, account_name from reporting.rpt_accounts where account_id = $1 or account_name = $1 "
        "order by account_id = $1 desc, account_id",
        [wanted],
    ).fetchall()
    return dict(found[:1] if found and found[0][0] == wanted else found)


def read(connection: duckdb.DuckDBPyConnection, company: str, account: str) -> Pack:
    """The pack of the month that ends on the publication's as-of day, of one account's own rows.

    Raises:
        PackError: the day ends no month, or there is no such account.
    """
    tables = OneAccount(connection, SAID["own"], account)
    reader = Reader.of(tables, SAID, account=account)
    rows = tables.rows("rpt_accounts", "true")
    if not rows:
        raise PackError(f"there is no account {account!r}; an id is as the page Accounts shows it")
    named = cell("rpt_accounts", rows[0], "account_name", ("account_id",))
    return reader.pack("client", company, of=named, of_what="account", person=account, is_for_client=True)

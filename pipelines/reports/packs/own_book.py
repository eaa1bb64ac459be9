"""The reporting tables cut to a book or an account: what is not in it cannot be read, whatever a pack asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from pipelines.reports.packs.figures import Tables

# What makes a row one's own.
_RULES = {
    "account": "account_id in (select account_id from book)",
    "person": "employee_id = (select employee_id from person)",
}


class NotOwnError(Exception):
    """A pack asks for a table of which nobody has said which rows belong to a book."""


class Cut(Tables):
    """Figures of some accounts, and of one person's work.

    `own` says which rows of a table are read, and which columns where not all are, as a report's `sections.yml` has it;
    what it does not name cannot be read.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        own: Mapping[str, Mapping[str, Sequence[str]]],
        accounts: str,
        values: Mapping[str, Any],
        person: str = "",
    ) -> None:
        """Makes of each table what may be read of it; `accounts` is the condition of the accounts, if any."""
        self.own = own
        connection.execute("create or replace temp table person as select cast($1 as varchar) as employee_id", [person])
        if accounts:
            connection.execute(
                f"create or replace temp table book as select account_id from reporting.rpt_accounts where {accounts}",
                values,
            )
        for table, rules in own.items():
            columns = ", ".join(rules.get("columns", ["*"]))
            for part in ("rows", "totals"):
                wheres = " and ".join(_RULES[name] for name in rules.get(part, rules["rows"])) or "true"
                connection.execute(
                    f"create or replace temp view own_{part}_{table} as "
                    f"select {columns} from reporting.{table} where {wheres}"
                )
        super().__init__(connection)

    @property
    def book(self) -> list[str]:
        """The accounts that are in it."""
        found = self.connection.execute("select account_id from book order by 1").fetchall()
        return [account for (account,) in found]

    def relation(self, table: str, part: str = "rows") -> str:
        """Where a table is read.

        Raises:
            NotOwnError: nobody has said which rows of it belong to a book.
        """
        # Whose day it is, and no row of anybody.
        if table == "rpt_run":
            return super().relation(table, part)
        if table not in self.own:
            raise NotOwnError(f"which rows of {table} belong to a book is not said")
        return f"own_{part}_{table}"


class OwnBook(Cut):
    """Figures of one person's book: of the accounts that the person owns on the as-of day, and of the person's work.

    Accounts of `without` are left out.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        own: Mapping[str, Mapping[str, Sequence[str]]],
        person: str,
        without: Sequence[str] = (),
    ) -> None:
        """Makes the book."""
        super().__init__(
            connection, own, "owner_id = $person and not list_contains($without::varchar[], account_id)",
            {"person": person, "without": list(without)}, person,
        )  # fmt: skip


class OneAccount(Cut):
    """Figures of one account alone."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, own: Mapping[str, Mapping[str, Sequence[str]]], account: str
    ) -> None:
        """Cuts to the account."""
        super().__init__(connection, own, "account_id = $account", {"account": account})


class OwnWork(Cut):
    """Figures of one person's work, and of no account."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, own: Mapping[str, Mapping[str, Sequence[str]]], person: str
    ) -> None:
        """Cuts to the person."""
        super().__init__(connection, own, "", {}, person)

"""How a query reaches the published warehouse: which file, whether this version reads it, one cursor a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import streamlit as st

from pipelines.bounds import Bounds, connect
from pipelines.delivery.sight import NOBODYS, Sight
from pipelines.files import read_object
from pipelines.reporting_contract import digest
from pipelines.settings import load_settings

# Every currency together, in base currency: no currency's code, as `ALL` is the lek's.
ALL = "*"
# Whether a row of `rpt_receivable_kpis` is of the chosen currency.
OF_CURRENCY = "is_total = ($currency = '*') and ($currency = '*' or currency = $currency)"

# What the filters leave of a table with teams, and of one with people: what nobody owns stands under 'unassigned'.
OF_TEAMS = "(len($teams) = 0 or list_contains($teams, coalesce(team, '')))"
OF_PEOPLE = f"""
    {OF_TEAMS}
    and (len($managers) = 0 or list_contains($managers, coalesce(nullif(employee_id, 'unassigned'), '')))
"""

# Whose commission who looks may see, in a table of people's pay.
OF_PAY = """
    ($pay_of_all or list_contains($pay_people, coalesce(employee_id, ''))
        or list_contains($pay_teams, coalesce(team, '')))
"""

# The accounts that the filters leave. A filter without a choice lets everything pass; a value that is not known is ''.
ACCOUNTS = f"""
    select account_id
    from {{rpt_accounts}}
    where {OF_TEAMS}
        and (len($managers) = 0 or list_contains($managers, coalesce(owner_id, '')))
        and (len($segments) = 0 or list_contains($segments, coalesce(segment, '')))
        and (len($countries) = 0 or list_contains($countries, coalesce(country, '')))
"""

# The condition on a table with an account_id; without a choice also rows of accounts that the publication doesn't list.
CHOSEN = "($everything or account_id in (select account_id from chosen))"


def rows_of_chosen(table: str, condition: str = "true") -> str:
    """CTEs `chosen`, and `found`: a table's rows of the accounts that the filters leave, each account by name or id."""
    return f"""
    with chosen as ({ACCOUNTS}),

    found as (
        select * replace (coalesce(account_name, account_id) as account_name)
        from {table} as found
        where {CHOSEN} and {condition}
    )
"""


# Everybody who owns accounts or sells, with name and team: what an employee_id is shown as.
EMPLOYEES = """
    select employee_id, max(employee_name) as employee_name, max(team) as team
    from (
        select owner_id as employee_id, owner_name as employee_name, team from {rpt_accounts}
        union all
        select employee_id, employee_name, team from {rpt_sales_monthly}
    ) as everybody
    where employee_id is not null and employee_id <> 'unassigned'
    group by employee_id
"""


def known_sum(column: str, unknown: str) -> str:
    """A column summed over the rows that the filters leave: what is known of it, NULL where nothing of it is known.

    `unknown` is SQL for how much of it is not known; where nothing is, a sum of no rows is nothing.
    """
    return f"case when sum({column}) <> 0 or {unknown} = 0 then coalesce(sum({column}), 0) end as {column}"


def known_count(flag: str, of: str = "true", what: str = "*") -> str:
    """How many rows have a flag that may be unknown, of those that `of` says: NULL where of none of them it is known.

    `what` is SQL of what is counted, such as `distinct account_id`.
    """
    known = f"count({flag}) filter ({of}) > 0 or count(*) filter ({of}) = 0"
    return f"case when {known} then count({what}) filter ({of} and {flag}) end"


def ratio(numerator: str, denominator: str) -> str:
    """A ratio over the rows that the filters leave, of two counts or sums of them: the one division of the dashboards.

    Both are unknown or whole, so the ratio is: it is NULL where there is nothing to divide by. What does not come of
    two sums over rows (a median, a share of the whole company) is a column of the reporting table.
    """
    return f"cast({numerator} as double) / nullif(cast({denominator} as double), 0)"


@dataclass(frozen=True)
class Filters:
    """What the user chose to see. Empty tuples mean all; `since` is the first month of the period."""

    teams: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    currency: str = ALL
    since: date = date.min
    # Whose commission who looks may see: nobody's, until somebody says so.
    sight: Sight = NOBODYS

    @property
    def narrows_accounts(self) -> bool:
        """Whether some accounts are left out, so that figures of the whole company say that they are."""
        return bool(self.teams or self.managers or self.segments or self.countries)

    def values(self) -> dict[str, Any]:
        """The parameters that a query may bind."""
        return {
            "teams": list(self.teams),
            "managers": list(self.managers),
            "segments": list(self.segments),
            "countries": list(self.countries),
            "everything": not self.narrows_accounts,
            "currency": self.currency,
            "since": self.since,
            "pay_of_all": self.sight.everybody,
            "pay_people": list(self.sight.people),
            "pay_teams": list(self.sight.teams),
        }


def resolve(link: Path) -> str | None:
    """The file that the link points to now, or None when nothing is published."""
    path = Path(link).resolve()
    return str(path) if path.is_file() else None


@st.cache_data(show_spinner=False, max_entries=8)
def is_readable(warehouse: str) -> bool:
    """Whether the publication has the reporting contract that these pages were written for.

    Its receipt says which it has, without opening the file: `contract` in the `publication.json` beside it.
    """
    receipt = read_object(Path(warehouse).with_name("publication.json"))
    return receipt is not None and receipt.get("contract") == digest()


@st.cache_resource(show_spinner=False, max_entries=4)
def _connection(warehouse: str) -> duckdb.DuckDBPyConnection:
    # Not closed when it leaves the cache: a cursor of another session may still read through it.
    settings = load_settings()
    connection = connect(warehouse, read_only=True, bounds=Bounds.of(settings, dashboards=True))
    # Times are shown in the business time zone. The setting was checked to be a zone's name; SET takes no parameters.
    connection.execute(f"set global TimeZone = '{settings.business_timezone}'")
    return connection


def cursor(warehouse: str) -> duckdb.DuckDBPyConnection:
    """A cursor of its own on the warehouse, for one query or one reader."""
    return _connection(warehouse).cursor()


def select(warehouse: str, query: str, **values: Any) -> pa.Table:
    """The rows of a query. `{rpt_…}` in it stands for a table; `$name` for a value, which is bound."""
    text = re.sub(r"\{(rpt_\w+)\}", r"reporting.\1", query)
    used = {name: value for name, value in values.items() if re.search(rf"\${name}\b", text)}
    return cursor(warehouse).sql(text, params=used or None).to_arrow_table()


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows as dictionaries; money stays `Decimal`."""
    return list(table.to_pylist())


def first(table: pa.Table) -> dict[str, Any]:
    """The first row, or its columns with None."""
    return dict(table.slice(0, 1).to_pylist()[0]) if table.num_rows else dict.fromkeys(table.column_names)

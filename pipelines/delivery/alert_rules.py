"""`<home>/lists/alerts.csv`: on which rows of a reporting table whom to alert, read, checked and asked.

A rule is conditions on columns, as data: table and columns are those of the reporting contract, an operator is one of
`OPERATORS`, a value is bound. No text of a user is part of a statement. Whose rows a recipient may see stands in the
same query as the conditions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb

from pipelines import reporting_contract
from pipelines.bounds import connect
from pipelines.delivery.packs import Scope
from pipelines.delivery.sight import PAY_TABLES
from pipelines.lists import ListError, lines_of, lists

LIST = "alerts"
FILE = f"{LIST}.csv"
COOLDOWN_DAYS = 7
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_NUMBERS = ("decimal", "bigint", "integer", "double", "hugeint", "float")
_DAYS = ("date", "timestamp")

# What a condition asks of `{column}`, a column of the row `now`; `?` is its value. Unknown is no answer to any but two.
OPERATORS = {
    "is": "now.{column} = cast(? as {kind})",
    "is_not": "now.{column} <> cast(? as {kind})",
    "above": "now.{column} > cast(? as {kind})",
    "below": "now.{column} < cast(? as {kind})",
    "empty": "now.{column} is null",
    "filled": "now.{column} is not null",
    "newest": "now.{column} = (select max({column}) from {table} where cast({column} as date) <= $as_of)",
    "older_than_days": "$as_of - cast(now.{column} as date) > cast(? as integer)",
    "rises_by": "now.{column} - before.{column} >= cast(? as {kind})",
    "falls_by": "before.{column} - now.{column} >= cast(? as {kind})",
}
_NO_VALUE = ("empty", "filled", "newest")
_OF_NUMBERS = ("rises_by", "falls_by")
_OF_DAYS = ("newest", "older_than_days")
CHANGES = _OF_NUMBERS


class RuleError(Exception):
    """A rule cannot be asked for a recipient; the message says why."""


@dataclass(frozen=True)
class Condition:
    """What holds of a column."""

    column: str
    operator: str
    value: str = ""

    def __str__(self) -> str:
        """As the list writes it."""
        return " ".join(filter(None, (self.column, self.operator, self.value)))


@dataclass
class Rule:
    """An alert: rows of which table, by which conditions, to whom, and for how many days a row is told once."""

    name: str
    table: str
    line: int
    conditions: list[Condition] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    cooldown_days: int = COOLDOWN_DAYS

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell the table's rows apart."""
        return reporting_contract.keys()[self.table]

    @property
    def changes(self) -> list[Condition]:
        """The conditions that look at an earlier publication."""
        return [each for each in self.conditions if each.operator in CHANGES]

    def __str__(self) -> str:
        """In words."""
        return f"{self.table}: {' and '.join(map(str, self.conditions))}"


def read_rules(folder: Path, recipients: Collection[str]) -> tuple[list[Rule], list[str]]:
    """The rules of a home's list, and what is wrong with it: a rule of which a line is wrong is none."""
    path = folder / FILE
    try:
        lines = list(lines_of(folder, LIST))
    except FileNotFoundError:
        other = sorted(folder.glob(f"{LIST}.*")) if folder.is_dir() else []
        return [], [f"{each}: save it as {FILE}" for each in other]
    except OSError as error:
        return [], [f"{path} cannot be read: {error.strerror or error}"]
    except ListError as error:
        return [], [str(error)]
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    broken: set[str] = set()
    for number, row in lines:
        said = dict.fromkeys(lists()[LIST].columns, "") | row
        found = list(_wrong(said, rules, recipients))
        problems += [f"{path} line {number}, {said['alert'] or 'no name'}: {what}" for what in found]
        if found:
            broken.add(said["alert"])
            continue
        rule = rules.setdefault(said["alert"], Rule(said["alert"], said["table"], number))
        rule.conditions.append(Condition(said["column"], said["operator"], said["value"]))
        rule.recipients += [each for each in said["recipients"].split() if each not in rule.recipients]
        rule.cooldown_days = int(said["cooldown_days"] or rule.cooldown_days)
    for rule in rules.values():
        if not rule.recipients and rule.name not in broken:
            problems.append(f"{path} line {rule.line}, {rule.name}: it has no recipients; write an id of delivery.yml")
            broken.add(rule.name)
    return [rule for rule in rules.values() if rule.name not in broken], problems


def _wrong(said: dict[str, str], rules: dict[str, Rule], recipients: Collection[str]) -> Iterator[str]:
    """What is wrong with a line."""
    columns = reporting_contract.declared().get(said["table"])
    if not NAME.fullmatch(said["alert"]):
        yield "name the alert with small letters, digits and hyphens"
    if said["alert"] in rules and rules[said["alert"]].table != said["table"]:
        yield f"the alert is on the table {rules[said['alert']].table} in an earlier line; one alert looks at one table"
    for unknown in sorted(set(said["recipients"].split()) - set(recipients)):
        yield f"{unknown!r} is no recipient of delivery.yml"
    if said["cooldown_days"] and not (said["cooldown_days"].isdecimal() and int(said["cooldown_days"]) <= 3660):
        yield f"cooldown_days is {said['cooldown_days']!r}; write a number of days"
    if columns is None or not reporting_contract.keys().get(said["table"]):
        yield f"there is no table {said['table']!r} in the schema reporting"
        return
    if said["operator"] not in OPERATORS:
        yield f"{said['operator']!r} is no operator; there are {', '.join(OPERATORS)}"
        return
    kind = columns.get(said["column"], "").lower()
    if not kind:
        yield f"the table {said['table']} has no column {said['column']!r}"
    elif said["operator"] in _OF_DAYS and not kind.startswith(_DAYS):
        yield f"{said['operator']} is of a date, and {said['column']} is none"
    elif said["operator"] in _OF_NUMBERS and not kind.startswith(_NUMBERS):
        yield f"{said['operator']} is of a number, and {said['column']} is none"
    elif said["operator"] in _NO_VALUE:
        if said["value"]:
            yield f"{said['operator']} takes no value"
    elif not _fits(said["value"], "integer" if said["operator"] == "older_than_days" else kind):
        yield f"{said['value']!r} is no value for {said['column']} {said['operator']}"


def _fits(value: str, kind: str) -> bool:
    if not value:
        return False
    try:
        with connect() as connection:
            connection.execute(f"select cast(? as {kind})", [value])
        return not kind.startswith(_NUMBERS) or Decimal(value).is_finite()
    except (duckdb.Error, InvalidOperation):
        return False


def holds(rule: Rule, scope: Scope, now: duckdb.DuckDBPyConnection, before: Path | None) -> list[dict[str, Any]]:
    """The rows of a publication on which a rule alerts somebody of a scope, by the table's key.

    Raises:
        RuleError: the table cannot be restricted to the scope, or nothing earlier is kept that tells a change.
    """
    columns = reporting_contract.declared()[rule.table]
    where, values = _scope(rule.table, scope)
    wheres = [where]
    [(as_of,)] = now.execute("select as_of_date from reporting.rpt_run").fetchall()
    values["as_of"] = as_of
    table = f"reporting.{rule.table}"
    for number, each in enumerate(rule.conditions):
        asked = OPERATORS[each.operator].format(column=f'"{each.column}"', kind=columns[each.column], table=table)
        if "?" in asked:
            values[f"value_{number}"] = each.value
        wheres.append(asked.replace("?", f"$value_{number}"))
    joined = ""
    if rule.changes:
        joined = _earlier(rule, now, before)
    shown = [*rule.key, *(name for name in ("account_id", "account_name", "employee_name") if name in columns)]
    shown = list(dict.fromkeys([*shown, *(each.column for each in rule.conditions)]))
    wanted = ", ".join(f'now."{name}"' for name in shown)
    query = (
        f"select {wanted} from {table} as now {joined} "
        f"where {' and '.join(f'({each})' for each in wheres)} order by all"
    )
    asked_for = {name: value for name, value in values.items() if f"${name}" in query}
    found = now.execute(query, asked_for).fetchall()
    return [dict(zip(shown, row, strict=True)) for row in found]


def row_key(rule: Rule, row: dict[str, Any]) -> str:
    """What a row is called in the ledger."""
    return json.dumps([None if row[name] is None else str(row[name]) for name in rule.key], ensure_ascii=False)


def _scope(table: str, scope: Scope) -> tuple[str, dict[str, Any]]:
    """Which rows somebody may see."""
    columns = set(reporting_contract.declared()[table])
    if table in PAY_TABLES:
        # Whose pay it is, whoever owns the account that it is earned with; and no client's business.
        columns -= {"account_id"}
    accounts = "now.account_id in (select account_id from reporting.rpt_accounts where {} = $scope)"
    match scope.kind:
        case "all":
            return "true", {}
        case "own book" if "account_id" in columns:
            return accounts.format("owner_id"), {"scope": scope.of}
        case "own book" if "employee_id" in columns:
            return "now.employee_id = $scope", {"scope": scope.of}
        case "team" if "account_id" in columns:
            return accounts.format("team"), {"scope": scope.of}
        case "team" if "team" in columns:
            return "now.team = $scope", {"scope": scope.of}
        case "account" if "account_id" in columns:
            return "now.account_id = $scope", {"scope": scope.of}
    raise RuleError(f"the table {table} cannot be restricted to what the recipient may see: {scope}")


def _earlier(rule: Rule, now: duckdb.DuckDBPyConnection, before: Path | None) -> str:
    """Joins the rows of an earlier publication, as `before`: a column that is to be the newest is another then."""
    if before is None:
        raise RuleError("no publication of an earlier day is kept, so that a change is not known")
    newest = [each.column for each in rule.conditions if each.operator == "newest"]
    key = [name for name in rule.key if name not in newest]
    names = list(dict.fromkeys([*rule.key, *(each.column for each in rule.changes)]))
    with connect(str(before), read_only=True) as connection:
        table = f"reporting.{rule.table}"
        [(as_of,)] = connection.execute("select as_of_date from reporting.rpt_run").fetchall()
        wheres = [OPERATORS["newest"].format(column=f'"{name}"', table=table) for name in newest]
        wanted = ", ".join(f'"{name}"' for name in names)
        query = f"select {wanted} from {table} as now where {' and '.join(wheres) or 'true'}"
        rows = connection.sql(query, params={"as_of": as_of} if wheres else None).to_arrow_table()
    now.register("earlier_rows", rows)
    on = " and ".join(f'now."{name}" is not distinct from before."{name}"' for name in key)
    return f"inner join earlier_rows as before on {on or 'true'}"

"""No page computes a metric.

The rule, which `docs/decisions.md` argues:

- SQL of the dashboards divides in one place, `queries.base.ratio`, and there two sums or counts over the same rows. It
  multiplies nowhere, and knows no average, median, quantile, and no row before or after another (`lag` takes the row,
  not the month).
- It adds up with `sum` one column of a reporting table that the contract has as money or a count. A column of doubles
  is a ratio, a score or a duration, and those do not add up.
- It holds no column against another nor against a limit: that a norm is reached or a budget overdrawn is a column of
  reporting, whoever asks.
- Python of pages and queries does not divide, multiply or raise. Components do: units, percentages, the geometry of
  charts. No Python takes a mean, a median or a quantile, and none leaves a chart to aggregate.

- Python adds up no money and takes none from other money: a sum over rows is one of SQL, and what two columns come to
  together is a column of reporting.

Other differences are free: how one figure differs from itself a month before is read off the two, counts stand beside
each other, and days are counted with them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pipelines import reporting_contract

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
FILES = sorted(DASHBOARDS.rglob("*.py"))
HELPER = "ratio"
AGGREGATES = re.compile(
    r"\b(avg|mean|median|mode|mad|quantile\w*|percentile\w*|stddev\w*|var\w*_(pop|samp)|corr|regr_\w+|product|lag|lead)\s*\(",
    re.IGNORECASE,
)
STATISTICS = {
    "mean", "fmean", "median", "median_low", "median_high", "quantile", "quantiles", "stdev", "pstdev", "prod", "fsum",
    "transform_aggregate", "transform_joinaggregate", "transform_window", "transform_regression", "divide", "multiply",
}  # fmt: skip
ADDITIVE = ("decimal", "bigint", "integer")
# What stands for a part of a string that is filled in.
FILLED = "filled_in"
# One column held against another, or against a limit: a verdict, and so a column of reporting. What a reader chose is bound
# ($since), more than nothing is a count's, and a table is joined by what is equal.
VERDICTS = re.compile(r"\b(?<!\$)[a-z_][\w.]*\s*(?:<=|>=|<(?!>)|(?<!<)>)\s*(?:[a-z_][\w.]*\b(?!\s*\()|[1-9][\d.]*)")
FLAGS = re.compile(r"(?:<|>|=)\s*[\w.$()]+\s+as\s+(?:is|has|are|was)_\w+")
# A star that stands for columns or rows is none that multiplies.
STARS = re.compile(
    r"count\(\*\)|\bselect\s+(distinct\s+)?\*|\w\.\*|,\s*\*|\*\s+(replace|exclude)|^\s*\*", re.IGNORECASE | re.M
)


def sql_of(tree: ast.AST) -> Iterator[str]:
    """The SQL in a module's strings; what the helper writes is not in it, for it is called where the SQL is made."""
    helpers = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == HELPER
        for part in ast.walk(node)
    }
    # What a helper is given within a query is of that query, and so of its tables.
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
        id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
    }
    for node in ast.walk(tree):
        if id(node) in helpers or id(node) in pieces:
            continue
        if isinstance(node, ast.JoinedStr):
            whole = "".join(
                str(part.value) if isinstance(part, ast.Constant) else _filled(part) for part in node.values
            )
        else:
            whole = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if whole:
            text = re.sub(r"--[^\n]*", "", whole)
            text = re.sub(r"'[^']*'", "''", text)
            if re.search(r"\b(select|from|where|filter|over|sum|count)\b", text) and not text.strip().endswith("."):
                yield text


def _filled(part: ast.AST) -> str:
    """What stands where an f-string is filled in, and after it the strings that a helper is given there."""
    inner = {id(piece) for node in ast.walk(part) if isinstance(node, ast.JoinedStr) for piece in ast.walk(node)}
    given = [
        node.value
        for node in ast.walk(part)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner
    ]
    return " ".join([FILLED, *given])


def faults_of_sql(text: str) -> list[str]:
    """What of a query computes."""
    bare = STARS.sub("", text)
    found = [match[0] for match in AGGREGATES.finditer(bare)]
    found += [match[0] for match in re.finditer(r"[\w)]\s*/\s*[\w(]|[\w)]\s*\*\s*[\w(]|[\w)]\s*%\s*[\w(]", bare)]
    found += [match[0] for pattern in (VERDICTS, FLAGS) for match in pattern.finditer(bare)]
    declared = reporting_contract.declared()
    named = re.findall(r"\b(rpt_\w+)\b", text) or list(declared)
    for inside in re.findall(r"\bsum\(([^()]*(?:\([^()]*\)[^()]*)*)\)", bare, re.IGNORECASE):
        column = inside.strip().rsplit(".", 1)[-1]
        kinds = {columns[column].lower() for columns in declared.values() if column in columns}
        own = {declared[table][column].lower() for table in named if column in declared.get(table, {})}
        if column == FILLED:
            continue
        if not kinds or not all(kind.startswith(ADDITIVE) for kind in own or kinds):
            found.append(f"sum({inside})")
    return found


def faults_of_python(tree: ast.AST, is_component: bool) -> list[str]:
    """What of a module computes."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in STATISTICS:
                found.append(ast.unparse(node))
        if is_component or not isinstance(node, ast.BinOp):
            continue
        texts = any(isinstance(side, ast.Constant | ast.JoinedStr) and not isinstance(getattr(side, "value", ""), int | float)
                    for side in (node.left, node.right))  # fmt: skip
        if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod | ast.Mult | ast.Pow) and not texts:
            found.append(ast.unparse(node))
    return found


@cache
def money() -> set[str]:
    """The columns of reporting that are money, wherever they stand."""
    return {
        name
        for columns in reporting_contract.declared().values()
        for name, kind in columns.items()
        if kind.lower().startswith("decimal")
    }


def named_money(node: ast.AST, known: dict[str, set[str]]) -> set[str]:
    """The columns of money that an expression takes the value of, itself or by a name that was given it."""
    found: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                found |= {name} & money()
            case ast.Call(func=ast.Attribute(attr="get" | "column"), args=[ast.Constant(value=str(name)), *_]):
                found |= {name} & money()
            case ast.Name(id=name):
                found |= known.get(name, set())
    return found


def faults_of_money(tree: ast.AST) -> list[str]:
    """What of a module adds up money, or takes money of one column from that of another."""
    found = []
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module)]
    for scope in scopes:
        inner = {id(part) for one in scopes if one is not scope and one in ast.walk(scope) for part in ast.walk(one)}
        nodes = [node for node in ast.walk(scope) if id(node) not in inner]
        known: dict[str, set[str]] = {}
        for node in nodes:
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                if isinstance(target, ast.Name):
                    known[target.id] = taken(node.value, known)
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for name, value in zip(target.elts, node.value.elts, strict=True):
                        if isinstance(name, ast.Name):
                            known[name.id] = taken(value, known)
        for node in nodes:
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "sum":
                found += [ast.unparse(node)] if any(named_money(part, known) for part in node.args) else []
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
                left, right = taken(node.left, known), taken(node.right, known)
                is_change = isinstance(node.op, ast.Sub) and left == right
                found += [ast.unparse(node)] if left and right and not is_change else []
    return found


def taken(node: ast.AST, known: dict[str, set[str]]) -> set[str]:
    """The columns of money of a value: a cell, a list of cells, or a name of either; of a call it is another thing."""
    match node:
        case ast.Subscript() | ast.Name():
            return named_money(node, known)
        case ast.Call(func=ast.Attribute(attr="get")):
            return named_money(node, known)
        case ast.ListComp() | ast.GeneratorExp():
            return taken(node.elt, known)
        case ast.IfExp():
            return taken(node.body, known) | taken(node.orelse, known)
        case ast.BoolOp():
            return set().union(*(taken(value, known) for value in node.values))
        case ast.BinOp():
            return taken(node.left, known) | taken(node.right, known)
        case ast.UnaryOp():
            return taken(node.operand, known)
    return set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(DASHBOARDS)))
def test_nothing_is_computed(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert not faults_of_python(tree, "components" in file.parts)
    assert not faults_of_money(tree)
    if "queries" in file.parts:
        assert not [fault for text in sql_of(tree) for fault in faults_of_sql(text)]


@pytest.mark.parametrize(
    "text",
    [
        "select sum(kept) / nullif(sum(due), 0) from rpt_promises",
        "select median(coverage) from rpt_account_health",
        "select 100 * credit_used_ratio from rpt_receivable_accounts",
        "select sum(revenue_share) filter (is_listed) from rpt_key_accounts",
        "select sum(open_amount * probability) from rpt_open_deals",
        "select dso_simple - lag(dso_simple) over (order by month) from rpt_receivable_kpis",
        "select quantile_cont(days_overdue, 0.9) from rpt_open_invoices",
        "select count(*) filter (actual >= target) from rpt_team_norms",
        "select count(*) filter (budget_used > 1) from rpt_commitments",
        "select undated_payment_count = payment_count as are_days_unknown from rpt_receivable_kpis",
    ],
)
def test_what_is_computed_is_found(text: str) -> None:
    assert faults_of_sql(text)


def test_what_a_helper_is_given_is_of_the_query() -> None:
    source = """f"select {share('sum(kept)')} from rpt_promises where {column} and {f'sum({column}) > 0'}"  """
    whole, inner = sql_of(ast.parse(source))
    assert whole.split() == f"select {FILLED} sum(kept) from rpt_promises where {FILLED} and {FILLED}".split()
    assert inner == f"sum({FILLED}) > 0"


@pytest.mark.parametrize(
    "text", ["won / due", "count // 2", "change * 100", "statistics.median(days)", "base.transform_aggregate()"]
)
def test_what_python_computes_is_found(text: str) -> None:
    assert faults_of_python(ast.parse(text), is_component=False)


@pytest.mark.parametrize(
    "text",
    [
        "row['closing_revenue'] - row['negative_revenue']",
        "def tile(now):\n    closing, below = now['closing_revenue'], now.get('negative_revenue')\n    return closing - below",
        "effects = [row['currency_effect'] for row in rows]\nsum(effects)",
        "sum(row['open_amount'] or 0 for row in rows)",
        "(row['open_amount'] or 0) + row['overdue_amount']",
        "sum(data.column('open_amount').to_pylist())",
    ],
)
def test_money_that_python_adds_up_is_found(text: str) -> None:
    assert faults_of_money(ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "now['open_amount'] - before['open_amount']",
        "sum(row['missing_rate_count'] for row in rows)",
        "row['alarms_late'] + row['alarms_false']",
        "'Open: ' + money(row['open_amount'])",
    ],
)
def test_changes_and_counts_are_free(text: str) -> None:
    assert not faults_of_money(ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "select *, count(*) as rows from rpt_accounts as accounts",
        "select accounts.*, sum(open_amount) filter (where is_listed) from rpt_accounts as accounts",
        "select count(*) filter (overdue_amount > 0 and month >= $since) from rpt_accounts where status <> 'lost'",
    ],
)
def test_what_is_added_up_is_not_computed(text: str) -> None:
    assert not faults_of_sql(text)

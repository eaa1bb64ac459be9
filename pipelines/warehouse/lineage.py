"""What reporting is made of which column that an export may lack, read off the models' compiled SQL.

A reporting column is made of a canonical column where that one's value, or a condition that decides a value (a CASE, a
FILTER), reaches it, and an aggregate of the dates too by which its rows are joined: these say into which period a row
falls. Otherwise which rows there are, by a WHERE, a JOIN's ON or an order, counts for nothing: there everything hangs
on everything, and so would it on the run's day, which is made of every date. So it says where less is known without a
column, not what is blank: another export may say the same.

`python -m pipelines.warehouse.lineage HOME`, after a refresh of the home, writes how much that is to
`pipelines/exports/costs.json`, which is all that is read where a file lacks a column; a test holds it against the
models.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from pipelines.exports.costs import FILE, Costs
from pipelines.exports.entities import entities
from pipelines.lists import DOMAIN
from pipelines.settings import load_settings
from pipelines.warehouse.transform import queries, read_manifest

# The columns of one relation in their order, each with the canonical columns that it is made of.
Made = frozenset[str]
Relation = dict[str, Made]
_NOTHING: Made = frozenset()
# The day is the newest of all dates: what asks for it is made of none of them.
_DAY = "int_run_dated"
# What tells of files, not of a company.
_OF_FILES = "data_health"


@cache
def _dates() -> Made:
    return frozenset(
        f"{entity.id}.{column.name}"
        for entity in entities().values()
        for column in entity.columns
        if column.type in ("date", "timestamp")
    )


def _all(parts: Iterable[Made]) -> Made:
    return frozenset().union(*parts)


class _Scope:
    """What stands in the FROM of one SELECT; `known` are the tables of the warehouse and the CTEs around it."""

    def __init__(self, known: Mapping[str, Relation], outer: _Scope | None = None) -> None:
        self.known = dict(known)
        self.outer = outer
        self.sources: dict[str, Relation] = {}
        # Of the items before: a later one may ask for an earlier one by its name.
        self.items: Relation = {}

    def query(self, node: exp.Expr) -> Relation:
        """The columns of a query that may ask for what stands around it."""
        inner = _Scope(self.known, self)
        node = node.unnest() if isinstance(node, exp.Subquery | exp.Paren) else node
        for cte in getattr(node, "ctes", []):
            query, name = cte.this, cte.alias.lower()
            if isinstance(query, exp.Union) and any(table.name.lower() == name for table in query.find_all(exp.Table)):
                # A recursive one: what its step is made of comes from what it began with.
                inner.known[name] = _named(inner.query(query.this), cte)
            inner.known[name] = _named(inner.query(query), cte)
        if isinstance(node, exp.SetOperation):
            return _together(inner.query(node.this), inner.query(node.expression), bool(node.args.get("by_name")))
        if isinstance(node, exp.Values):
            cells = zip(*(row.expressions for row in node.expressions), strict=True)
            return {f"col{place}": _all(map(inner.made, column)) for place, column in enumerate(cells)}
        return inner.select(node) if isinstance(node, exp.Select) else {}

    def select(self, node: exp.Select) -> Relation:
        """The columns of a SELECT."""
        first = node.args.get("from_")
        for item in [*([first.this] if first else []), *(join.this for join in node.args.get("joins") or [])]:
            self._take(item)
        for lateral in node.args.get("laterals") or []:
            self._take(lateral)
        when = (
            self._joined_by(node) & _dates() if any(item.find(exp.AggFunc) for item in node.expressions) else _NOTHING
        )
        found: Relation = {}
        for place, projection in enumerate(node.expressions):
            for name, of_it in self._projected(projection):
                made = of_it | when if when and projection.find(exp.AggFunc) else of_it
                found[name if name and name not in found else f"{name} {place}"] = made
                self.items[name] = made
        return found

    def _joined_by(self, node: exp.Select) -> Made:
        """What the inner joins ask."""
        joins = [join for join in node.args.get("joins") or [] if not join.side]
        return _all(self.made(join.args["on"]) for join in joins if join.args.get("on") is not None)

    def _take(self, node: exp.Expr) -> None:
        relation: Relation = {}
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            name = f"{node.db}.{node.name}".lower()
            relation = self.known.get(name.lstrip("."), {})
        elif isinstance(node, exp.Subquery | exp.Values):
            relation = self.query(node)
        elif isinstance(node, exp.Lateral | exp.Unnest | exp.Table):
            inside = node.this if isinstance(node, exp.Lateral) else node
            relation = self.query(inside) if isinstance(inside, exp.Subquery) else {"": self.made(inside)}
        self.sources[node.alias_or_name.lower()] = _named(relation, node)
        for join in node.args.get("joins") or []:
            self._take(join.this)

    def _projected(self, node: exp.Expr) -> Iterator[tuple[str, Made]]:
        star = node.this if isinstance(node, exp.Column) else node
        if not isinstance(star, exp.Star):
            yield node.alias_or_name.lower(), self.made(node)
            return
        left_out = {item.name.lower() for item in star.args.get("except_") or []}
        replaced = {item.alias.lower(): item.this for item in star.args.get("replace") or []}
        renamed = {item.this.name.lower(): item.alias.lower() for item in star.args.get("rename") or []}
        seen = set(left_out)
        wanted = node.table.lower() if isinstance(node, exp.Column) else ""
        for source, relation in self.sources.items():
            for name, made in relation.items() if wanted in ("", source) else ():
                if name not in seen:
                    seen.add(name)
                    yield renamed.get(name, name), self.made(replaced[name]) if name in replaced else made

    def made(self, node: Any) -> Made:
        """What an expression is made of."""
        match node:
            case exp.Column():
                return self._column(node.table.lower(), node.name.lower())
            case exp.Subquery() | exp.Select() | exp.SetOperation():
                return _all(self.query(node).values())
            case exp.Window() | exp.ArgMax() | exp.ArgMin() | exp.WithinGroup():
                return self.made(node.this)
            case exp.Order() | exp.DataType() | exp.Literal() | exp.Where():
                return self.made(node.this) if isinstance(node, exp.Where) else _NOTHING
            case exp.Expr():
                return _all(map(self.made, node.iter_expressions()))
        return _NOTHING

    def _column(self, table: str, name: str) -> Made:
        scope: _Scope | None = self
        while scope is not None:
            if table and table in scope.sources:
                relation = scope.sources[table]
                return relation.get(name, relation.get("", _NOTHING))
            # What is joined by a name stands in both.
            found = [relation[name] for relation in scope.sources.values() if name in relation]
            if not table and (found or name in scope.items):
                return _all(found) if found else scope.items[name]
            scope = scope.outer
        return _NOTHING


def _named(relation: Relation, node: exp.Expr) -> Relation:
    """A relation whose columns its alias names, as far as it does."""
    alias = node.args.get("alias")
    names = [column.name.lower() for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
    rest = list(relation)[len(names) :]
    if names and list(relation) == [""]:
        return dict.fromkeys(names, relation[""])
    return dict(zip([*names, *rest], relation.values(), strict=False)) if names else relation


def _together(one: Relation, other: Relation, by_name: bool) -> Relation:
    if by_name:
        return {name: one.get(name, _NOTHING) | other.get(name, _NOTHING) for name in dict.fromkeys([*one, *other])}
    return {name: made | more for (name, made), more in zip(one.items(), other.values(), strict=False)}


def made_of(query: exp.Expr, tables: Mapping[str, Relation]) -> Relation:
    """What each column of a query is made of, by what the columns of the tables are."""
    return _Scope(tables).query(query)


def lineage(home: Path) -> dict[tuple[str, str], Made]:
    """Each reporting table's columns, with the canonical columns that they are made of.

    Raises:
        FileNotFoundError: the project was never built as a whole.
    """
    settings = load_settings(home=home)
    manifest, compiled = read_manifest(settings), queries(settings)
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    upstream = {key: [name for name in manifest["parent_map"][key] if name in models] for key in models}
    known: dict[str, Relation] = {}
    for entity in entities().values():
        columns = {column.name: frozenset({f"{entity.id}.{column.name}"}) for column in entity.columns}
        own = columns if entity.domain != DOMAIN else {}
        known |= {f"raw.{entity.table}": own, f"staging.stg_{entity.domain}__{entity.name}": own}
    found: dict[tuple[str, str], Made] = {}
    for key in TopologicalSorter(upstream).static_order():
        node = models[key]
        place = f"{node['schema']}.{node['alias']}"
        if place in known or node["name"] == _DAY:
            continue
        known[place] = made_of(sqlglot.parse_one(compiled[key], dialect="duckdb"), known)
        if node["schema"] == "reporting" and _OF_FILES not in node["fqn"]:
            found |= {(node["name"], column): made for column, made in known[place].items()}
    return found


def costs(home: Path) -> Costs:
    """How many columns of which reporting table are made of each canonical column that a file may lack."""
    found: Costs = {}
    for (table, _), made in sorted(lineage(home).items()):
        for column in sorted(made):
            entity_id, _, name = column.rpartition(".")
            if name not in entities()[entity_id].key:
                tables = found.setdefault(column, {})
                tables[table] = tables.get(table, 0) + 1
    return dict(sorted(found.items()))


def written(found: Costs) -> str:
    """The file's text, a line a canonical column."""
    return (
        "{\n" + ",\n".join(f"{json.dumps(column)}: {json.dumps(tables)}" for column, tables in found.items()) + "\n}\n"
    )


if __name__ == "__main__":
    FILE.write_text(written(costs(Path(sys.argv[1]))), encoding="utf-8")

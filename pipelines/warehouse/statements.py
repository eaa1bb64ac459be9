"""The project as SQL: what dbt sent for each model, seed and test as it built all of them, sent again without dbt.

To load dbt, to read what it has parsed and to render every model and its checks takes longer than DuckDB needs for the
default sample, and depends on the project alone. So dbt makes a project's first build, with its unit tests; what it
sent is kept beside what it has parsed, and later builds of that project, of whatever home, send the same. What depends
on a home stands in no statement: raw tables are named, and which feeds ever gave a row is asked as a model is made. The
columns and types of a model depend on the project alone: dbt's build has held them to what is declared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb

from pipelines.files import read_object, write_whole
from pipelines.warehouse.rebuild import Project

# Statements that are worked on at once: DuckDB uses every core for one alone, where it is large.
THREADS = 2
# One that found no memory beside another is made again once it is alone.
CROWDED = "crowded"
RECORD = "statements.json"
# What macros/materializations.sql writes between what makes a model as declared, its comments, what goes with it, and
# its rules.
MADE = "/* It is made. */"
TOLD = "/* It is told of. */"
HELD_TO = "/* Its rows hold to: */"
# In a seed's statement the place of the project, which may be moved.
_PROJECT = "{dbt_project}"


@dataclass(frozen=True)
class NodeResult:
    """What became of one model, seed or test: its dbt id, status, seconds, and message when it failed."""

    unique_id: str
    status: str
    seconds: float
    message: str

    @property
    def name(self) -> str:
        """The node's own name."""
        return self.unique_id.split(".")[2]

    @property
    def failed(self) -> bool:
        """Whether it keeps a build from being published."""
        return self.status in ("error", "fail", "runtime error")


def record(folder: Path, manifest: dict[str, Any], target: Path, project: Path) -> None:
    """Keeps in a folder what dbt left in its target folder of a build of everything: queries and what was sent."""
    found = {}
    for unique_id, node in manifest["nodes"].items():
        place = Path("keybook") / node["original_file_path"]
        sent = (target / "run" / place).read_text(encoding="utf-8")
        if node["resource_type"] == "model":
            query = (target / "compiled" / place).read_text(encoding="utf-8")
            comments, beside = sent.split(MADE, 1)[1].split(TOLD, 1)
            beside, rules = beside.split(HELD_TO, 1)
            found[unique_id] = {"query": query, "comments": comments, "sent": beside, "rules": rules}
        else:
            found[unique_id] = {"query": "", "comments": "", "sent": sent.replace(str(project), _PROJECT), "rules": ""}
    write_whole(folder / RECORD, json.dumps(found))


def recorded(folder: Path, manifest: dict[str, Any]) -> dict[str, dict[str, str]] | None:
    """What was kept of each node; None where nothing was, or not all of it."""
    found = read_object(folder / RECORD)
    return found if found is not None and found.keys() == manifest["nodes"].keys() else None


class Statements:
    """What makes and holds a project's nodes, and the order of it."""

    def __init__(
        self, manifest: dict[str, Any], sent: dict[str, dict[str, str]], project: Path, *, with_comments: bool = True
    ) -> None:
        """Takes dbt's manifest and what was recorded of it; `project` is where the seeds lie.

        `with_comments`: descriptions become comments, as in all that is published.
        """
        self._nodes = manifest["nodes"]
        self._sent = sent
        self._folder = str(project)
        self._with_comments = with_comments
        graph = Project.of(manifest)
        self._parents = {key: [name for name in graph.parents[key] if name in self._nodes] for key in self._nodes}
        above: dict[str, set[str]] = {}
        for key in TopologicalSorter(self._parents).static_order():
            above[key] = set(self._parents[key]).union(*(above[name] for name in self._parents[key]))
        tests = {key: set(looked_at) for key, looked_at in self._parents.items() if self._kind(key) == "test"}
        # As dbt does: what is made of all that a test looks at waits for it.
        self._gates = {
            key: [test for test, looked_at in tests.items() if looked_at <= above[key]]
            for key in self._nodes
            if self._kind(key) != "test"
        }

    def _kind(self, unique_id: str) -> str:
        return str(self._nodes[unique_id]["resource_type"])

    def send(
        self,
        connection: duckdb.DuckDBPyConnection,
        wanted: Collection[str],
        on_node: Callable[[NodeResult], None] | None = None,
    ) -> list[NodeResult]:
        """Makes and tests nodes in the order of what they read; nothing is made of what has failed.

        Two are worked on at once; one that finds no memory left beside the other is done again by itself.

        Args:
            connection: the open database; it has the functions and the schema `raw` that the models read.
            wanted: the ids of the nodes.
            on_node: gets what became of each node as it ends.
        """
        for schema in sorted({self._nodes[key]["schema"] for key in wanted if self._kind(key) != "test"}):
            connection.execute(f"create schema if not exists {schema}")
        feeds = Feeds(connection.cursor())
        waits = {
            key: [name for name in (*self._parents[key], *self._gates.get(key, ())) if name in wanted] for key in wanted
        }
        order = TopologicalSorter(waits)
        order.prepare()
        results: dict[str, NodeResult] = {}
        running: set[Future[NodeResult]] = set()

        def ended(result: NodeResult) -> None:
            results[result.unique_id] = result
            order.done(result.unique_id)
            if on_node:
                on_node(result)

        with ThreadPoolExecutor(THREADS, thread_name_prefix="statements") as pool:
            while order.is_active():
                for key in order.get_ready():
                    if any(results[name].failed or results[name].status == "skipped" for name in waits[key]):
                        ended(NodeResult(key, "skipped", 0, ""))
                    else:
                        running.add(pool.submit(self._work, connection.cursor(), key, feeds))
                if running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        result = future.result()
                        if result.status == CROWDED:
                            wait(running)
                            result = self._work(connection.cursor(), result.unique_id, feeds, alone=True)
                        ended(result)
        return list(results.values())

    def _work(self, cursor: duckdb.DuckDBPyConnection, key: str, feeds: Feeds, *, alone: bool = False) -> NodeResult:
        """Makes or tests one node, in a transaction of its own; it may have been crowded out unless it is alone."""
        began = perf_counter()
        work = {"model": self._make, "seed": self._fill, "test": self._test}[self._kind(key)]
        status, said = "error", ""
        with cursor:
            try:
                cursor.execute("begin")
                status, said = work(cursor, key, feeds)
                _end(cursor, status)
            except duckdb.OutOfMemoryException as error:
                status, said = "error" if alone else CROWDED, str(error)
            except duckdb.Error as error:
                said = str(error)
        return NodeResult(key, status, perf_counter() - began, said)

    def _make(self, cursor: duckdb.DuckDBPyConnection, key: str, feeds: Feeds) -> tuple[str, str]:
        node, sent = self._nodes[key], self._sent[key]
        kind = "view" if node["config"]["materialized"].endswith("view") else "table"
        query = feeds.told(node, sent["query"])
        text = f"create or replace {kind} {node['relation_name']} as ({query}\n)"
        # DuckDB shows a view as it was read: of a statement that was read before, in another order here and there.
        made = (run(cursor, text) if kind == "table" else cursor.execute(text)).fetchall()
        if self._with_comments:
            run(cursor, sent["comments"])
        run(cursor, sent["sent"])
        # A table without rows breaks none of its rules: most tables of who exports little have none.
        rules = "" if kind == "table" and made == [(0,)] else sent["rules"]
        wrong = [
            said + rest
            for said, more in (run(cursor, rules).fetchall() if rules.strip() else [])
            for (rest,) in (cursor.execute(more).fetchall() if more else [("",)])
        ]
        return ("error", f"{node['name']} {'; '.join(wrong)}") if wrong else ("success", "")

    def _fill(self, cursor: duckdb.DuckDBPyConnection, key: str, feeds: Feeds) -> tuple[str, str]:
        cursor.execute(f"drop table if exists {self._nodes[key]['relation_name']}")
        run(cursor, self._sent[key]["sent"].replace(_PROJECT, self._folder))
        return "success", ""

    def _test(self, cursor: duckdb.DuckDBPyConnection, key: str, feeds: Feeds) -> tuple[str, str]:
        [(count, is_warning, is_failure)] = run(cursor, self._sent[key]["sent"]).fetchall()
        if is_failure and self._nodes[key]["config"]["severity"].lower() == "error":
            return "fail", f"{count} rows break it"
        return ("warn", f"{count} rows break it") if is_warning else ("pass", "")


def parsed(cursor: duckdb.DuckDBPyConnection, text: str) -> list[duckdb.Statement]:
    """The statements of a text; the text alone decides of them, so that a process which builds often may keep them."""
    return cursor.extract_statements(text)


def run(cursor: duckdb.DuckDBPyConnection, text: str) -> duckdb.DuckDBPyConnection:
    """Runs all statements of a text; the cursor has what the last of them gives."""
    for statement in parsed(cursor, text):
        cursor.execute(statement)
    return cursor


def _end(cursor: duckdb.DuckDBPyConnection, status: str) -> None:
    """Ends a node's transaction; now and then DuckDB then writes what many of them have left in its log."""
    cursor.execute("rollback" if status == "error" else "commit")


class Feeds:
    """Which feeds ever gave a row that was there on the day: asked once each, when what reads them is made.

    A feed is an entity of `pipelines/entities.yml`, and what it gave is what staging has of it, which is made before.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Asks nothing yet."""
        self._cursor = cursor
        self._given: dict[str, bool] = {}

    def told(self, node: dict[str, Any], query: str) -> str:
        """A model's query, in which a column is unknown that is told by feeds alone of which none gave a row.

        The macro `told_by_feeds` says the same to dbt.
        """
        unknown = [
            f"cast(null as {column['data_type']}) as {column['name']}"
            for column in node["columns"].values()
            if (feeds := column["meta"].get("feeds")) and not any(map(self._gave, feeds))
        ]
        return f"select * replace ({', '.join(unknown)}) from ({query}\n) as told" if unknown else query

    def _gave(self, feed: str) -> bool:
        if feed not in self._given:
            query = f"select exists (select 1 from staging.stg_{feed.replace('.', '__')})"
            with self._cursor.cursor() as cursor:
                self._given[feed] = bool(cursor.execute(query).fetchall()[0][0])
        return self._given[feed]

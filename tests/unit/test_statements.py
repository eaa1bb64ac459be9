"""What dbt sent is sent again without it: in the order of what is read, each node in a transaction, nothing on what failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import Settings, load_settings
from pipelines.warehouse import transform
from pipelines.warehouse.statements import HELD_TO, MADE, RECORD, TOLD, NodeResult, Statements, record, recorded

READS = {
    "model.keybook.things": ["seed.keybook.sizes"],
    "test.keybook.assert_things": ["model.keybook.things"],
    "model.keybook.shapes": ["model.keybook.things"],
    "model.keybook.strangers": [],
}
KEY = """select 'breaks its key (id)' as said, 'select '' (a.csv, line 3)''' as more
from t.things group by id having count(*) > 1"""
SENT = {
    "seed.keybook.sizes": "create table t.sizes (size text); copy t.sizes from '{dbt_project}/sizes.csv' (format csv, header)",
    "model.keybook.things": "",
    "test.keybook.assert_things": "select count(*), count(*) > 0, count(*) > 0 from t.things where size = 'odd'",
    "model.keybook.shapes": "comment on table t.shapes is 'Shapes.';",
    "model.keybook.strangers": "",
}
RULES = {"model.keybook.things": KEY, "model.keybook.strangers": "select 'holds codes', null where false"}
QUERIES = {
    "model.keybook.things": "select 1 as id, size from t.sizes",
    "model.keybook.shapes": "select id, 2 as corners, 3 as edges from t.things",
    "model.keybook.strangers": "select 1 as id",
}


def _manifest(severity: str = "ERROR") -> dict[str, Any]:
    nodes = {}
    for key in SENT:
        kind, _, name = key.split(".")
        columns = {"corners": ["crm.deals"], "edges": ["crm.deals", "billing.invoices"]} if name == "shapes" else {}
        folder = f"{kind}s"
        nodes[key] = {
            "resource_type": kind, "name": name, "schema": "t", "relation_name": f"t.{name}",
            "original_file_path": f"{folder}/{name}.sql",
            "config": {"materialized": "held_table", "severity": severity},
            "columns": {
                column: {"name": column, "data_type": "integer", "meta": {"feeds": feeds}}
                for column, feeds in columns.items()
            },
        }  # fmt: skip
    return {
        "nodes": nodes,
        "sources": {},
        "parent_map": {key: READS.get(key, []) for key in nodes},
        "child_map": {key: [child for child, reads in READS.items() if key in reads] for key in nodes},
    }


COMMENTS = {"model.keybook.things": "comment on table t.things is 'what there is';"}


def _send(
    folder: Path, sizes: str, severity: str = "ERROR", *, comments: bool = True
) -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
    """The outcome of each node, and the rows of each table that was made."""
    (folder / "sizes.csv").write_text(sizes, encoding="utf-8")
    sent = {
        key: {
            "query": QUERIES.get(key, ""),
            "comments": COMMENTS.get(key, ""),
            "sent": text,
            "rules": RULES.get(key, ""),
        }
        for key, text in SENT.items()
    }
    with duckdb.connect() as connection:
        connection.execute("create schema staging; create table staging.stg_crm__deals (id integer)")
        connection.execute("create table staging.stg_billing__invoices as select 1 as id")
        statements = Statements(_manifest(severity), sent, folder, with_comments=comments)
        results = statements.send(connection, SENT)
        made = dict(
            connection.execute("select table_name, comment from duckdb_tables() where schema_name = 't'").fetchall()
        )
        if "things" in made:
            assert made["things"] == ("what there is" if comments else None)
        rows = {name: connection.execute(f"from t.{name}").fetchall() for name in made}
    return {result.name: (result.status, result.message) for result in results}, rows


def test_all_of_it_is_made_and_what_no_feed_told_is_unknown(tmp_path: Path) -> None:
    outcomes, rows = _send(tmp_path, "size\nsmall\n")
    assert {name: status for name, (status, _) in outcomes.items()} == {
        "sizes": "success", "things": "success", "assert_things": "pass", "shapes": "success", "strangers": "success",
    }  # fmt: skip
    assert rows["shapes"] == [(1, None, 3)]


def test_a_build_that_nobody_publishes_needs_no_comments(tmp_path: Path) -> None:
    _, rows = _send(tmp_path, "size\nsmall\n", comments=False)
    assert rows["shapes"] == [(1, None, 3)]


def test_a_model_that_breaks_its_key_says_where_and_nothing_is_made_on_it(tmp_path: Path) -> None:
    outcomes, rows = _send(tmp_path, "size\nsmall\nlarge\n")
    assert outcomes["things"] == ("error", "things breaks its key (id) (a.csv, line 3)")
    assert outcomes["assert_things"][0] == outcomes["shapes"][0] == "skipped"
    assert outcomes["strangers"][0] == "success"
    assert rows.keys() == {"sizes", "strangers"}


def test_a_rule_whose_query_finds_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suspected = (
        "select 'breaks its key (id)' as said, 'select '' once'' from t.things where id > 1' as more from t.things"
    )
    monkeypatch.setitem(RULES, "model.keybook.things", suspected)
    outcomes, _ = _send(tmp_path, "size\nsmall\n")
    assert outcomes["things"] == ("success", "")


def test_a_table_without_rows_is_asked_for_none_of_its_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "model.keybook.shapes", "select error('asked')")
    outcomes, rows = _send(tmp_path, "size\n")
    assert (outcomes["shapes"], rows["shapes"]) == (("success", ""), [])
    outcomes, _ = _send(tmp_path, "size\nsmall\n")
    assert outcomes["shapes"][0] == "error"


def test_a_test_that_fails_keeps_what_is_below_it_from_being_made(tmp_path: Path) -> None:
    outcomes, rows = _send(tmp_path, "size\nodd\n")
    assert outcomes["assert_things"] == ("fail", "1 rows break it")
    assert outcomes["shapes"][0] == "skipped"
    assert "shapes" not in rows


def test_a_test_that_warns_keeps_nothing(tmp_path: Path) -> None:
    outcomes, _ = _send(tmp_path, "size\nodd\n", "warn")
    assert outcomes["assert_things"][0] == "warn"
    assert outcomes["shapes"][0] == "success"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """What dbt leaves of a build, of a project in /old."""
    for key, text in SENT.items():
        node = _manifest()["nodes"][key]
        for folder, content in (
            ("run", f"create {MADE} {COMMENTS.get(key, '')} {TOLD} {text} {HELD_TO} {RULES.get(key, '')}"),
            ("compiled", QUERIES.get(key, "")),
        ):
            file = tmp_path / "target" / folder / "keybook" / node["original_file_path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content.replace("{dbt_project}", "/old"), encoding="utf-8")
    return tmp_path / "target"


def test_what_dbt_sent_is_recorded_whole_or_not_at_all(tmp_path: Path, target: Path) -> None:
    manifest = _manifest()
    assert recorded(tmp_path, manifest) is None
    record(tmp_path, manifest, target, Path("/old"))
    found = recorded(tmp_path, manifest)
    assert found is not None
    key = "model.keybook.things"
    assert found[key] == {
        "query": QUERIES[key], "comments": f" {COMMENTS[key]} ", "sent": "  ", "rules": f" {KEY}",
    }  # fmt: skip
    assert "'{dbt_project}/sizes.csv'" in found["seed.keybook.sizes"]["sent"]
    content = (tmp_path / RECORD).read_text(encoding="utf-8")
    (tmp_path / RECORD).write_text(content[:-20], encoding="utf-8")
    assert recorded(tmp_path, manifest) is None
    (tmp_path / RECORD).write_text(
        json.dumps({"model.keybook.things": found["model.keybook.things"]}), encoding="utf-8"
    )
    assert recorded(tmp_path, manifest) is None


@pytest.mark.parametrize("tries", [1, 2])
def test_what_finds_no_memory_beside_another_is_made_once_more_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    make, at_work, tried = Statements._make, set[str](), list[set[str]]()

    def crowded(*args: Any) -> tuple[str, str]:
        key = args[2]
        at_work.add(key)
        try:
            if key == "model.keybook.strangers":
                tried.append(set(at_work))
                if len(tried) <= tries:
                    raise duckdb.OutOfMemoryException("no memory left")
            return make(*args)
        finally:
            at_work.remove(key)

    monkeypatch.setattr(Statements, "_make", crowded)
    outcomes, rows = _send(tmp_path, "size\nsmall\n")
    assert outcomes["strangers"] == (("success", "") if tries == 1 else ("error", "no memory left"))
    assert len(tried) == 2
    assert tried[1] == {"model.keybook.strangers"}
    assert ("strangers" in rows) == (tries == 1)
    assert outcomes["shapes"][0] == "success"


def test_dbt_too_makes_once_more_alone_what_found_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = "Out of Memory Error: could not allocate block of size 256.0 KiB (1.0 GiB/1.0 GiB used)"
    first = [
        NodeResult("model.keybook.calls", "success", 1, ""),
        NodeResult("model.keybook.bills", "error", 1, short),
        NodeResult("unit_test.keybook.people.one_is_one", "skipped", 0, ""),
        NodeResult("test.keybook.people_key.0a1b", "skipped", 0, ""),
    ]
    manifest = {
        "nodes": {
            "model.keybook.calls": {"name": "calls"}, "model.keybook.bills": {"name": "bills"},
            "test.keybook.people_key.0a1b": {"name": "people_key"},
        },
        "unit_tests": {"unit_test.keybook.people.one_is_one": {"name": "one_is_one"}},
    }  # fmt: skip
    asked: list[Any] = []

    def build(folder: Path, settings: Settings, select: list[str] | None, *_: Any, **how: Any) -> list[NodeResult]:
        asked.append((select, how.get("threads")))
        return first if select is None else [NodeResult("model.keybook.bills", "success", 1, "")]

    monkeypatch.setattr(transform, "_build", build)
    results = transform._build_whole(tmp_path, load_settings(home=tmp_path), manifest, None)
    assert asked == [(None, None), (["bills", "one_is_one", "people_key"], 1)]
    assert [(result.name, result.status) for result in results] == [("calls", "success"), ("bills", "success")]

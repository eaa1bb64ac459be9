"""A model that breaks its key or its contract fails by itself, and says how: macros/materializations.sql."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.warehouse.private import close_database
from pipelines.warehouse.transform import DBT_PROJECT

MODELS = {
    "sound": "select 1 as id, cast(null as varchar) as part union all select 1, 'a' union all select 2, 'a'",
    "doubled": "select 1 as id, 'a' as part union all select 1, 'a' union all select 2, 'a'",
    "with_a_gap": "select cast(null as integer) as id, 'a' as part",
    "of_another_type": "select cast(1 as bigint) as id, 'a' as part",
    "short_of_a_column": "select 1 as id",
    "with_a_column_more": "select 1 as id, 'a' as part, 3 as more",
    "doubled_lines": "select 1 as id, 'a' as part, 'deals.csv' as _file, 7 as _row union all by name "
    "select 1 as id, 'a' as part, 'deals.csv' as _file, 9 as _row",
    "with_codes": "select 1 as id, 'a,ab' as part union all select 2, '' union all select 3, null",
    "with_a_code_more": "select 1 as id, 'a,b' as part union all select 2, 'c'",
    "with_a_share": "select id, 'a' as part, share from (values (1, 0e0), (2, null), (3, 1.0000000001e0)) as s (id, share)",
    "with_a_share_above": "select id, 'a' as part, share from (values (1, 0.5e0), (2, null), (3, 1.5e0)) as s (id, share)",
    "with_a_share_below": "select 1 as id, 'a' as part, -0.25e0 as share",
    "with_a_share_that_is_none": "select 1 as id, 'a' as part, cast('NaN' as double) as share",
    "below_doubled": "select id, part from {{ ref('doubled') }}",
}
KINDS = {"held_view": "VIEW", "held_table": "BASE TABLE"}
BROKEN = {
    "doubled": "doubled breaks its key (id, part) 1 times, such as 1, a in 2 rows",
    "doubled_lines": "doubled_lines breaks its key (id, part) 1 times, such as 1, a in 2 rows "
    "(deals.csv, line 7; deals.csv, line 9)",
    "with_a_code_more": "with_a_code_more holds codes that its YAML does not name: part b, part c",
    "with_a_share_above": "with_a_share_above leaves the range that its YAML declares: share from 0.5 to 1.5",
    "with_a_share_below": "with_a_share_below leaves the range that its YAML declares: share from -0.25 to -0.25",
    "with_a_share_that_is_none": "with_a_share_that_is_none leaves the range that its YAML declares: share from nan to nan",
    "with_a_gap": "with_a_gap breaks its key (id, part) 1 times, such as NULL, a in 1 rows",
    "of_another_type": "of_another_type breaks its contract: id: the query gives BIGINT, the contract says INTEGER",
    "short_of_a_column": "short_of_a_column breaks its contract: part: the query gives no such column, "
    "the contract says VARCHAR",
    "with_a_column_more": "with_a_column_more breaks its contract: more: the query gives INTEGER, "
    "the contract says no such column",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, tuple[str, str]]]:
    """Every model's status and message, built as views first and then, over those, as tables."""
    project = tmp_path_factory.mktemp("project")
    (project / "models").mkdir()
    listed = []
    for name, query in MODELS.items():
        (project / "models" / f"{name}.sql").write_text(query, encoding="utf-8")
        codes = ", config: {meta: {words: part, codes: [a, ab]}}" if "code" in name else ""
        more = ", {name: _file, data_type: varchar}, {name: _row, data_type: integer}" if "_file" in query else ""
        if "share" in query:
            more = ", {name: share, data_type: double, config: {meta: {unit: ratio, range: [0, 1]}}}"
        listed.append(
            f"  - name: {name}\n"
            '    description: "Rows that a part of a thing has: one each; it\'s a try."\n'
            "    config: {contract: {enforced: true}, persist_docs: {relation: true, columns: true}}\n"
            "    constraints: [{type: unique, columns: [id, part]}, {type: not_null, columns: [id]}]\n"
            "    columns:\n"
            "      [{name: id, data_type: integer, description: The thing's id}, {name: part, data_type: varchar"
            f"{codes}}}{more}]\n"
        )
    (project / "models" / "models.yml").write_text("models:\n" + "".join(listed), encoding="utf-8")
    (project / "profiles.yml").write_text(
        f"held: {{target: it, outputs: {{it: {{type: duckdb, path: '{project}/it.duckdb'}}}}}}", encoding="utf-8"
    )
    macro = (DBT_PROJECT / "macros" / "materializations.sql").read_text(encoding="utf-8")
    (project / "macros").mkdir()
    (project / "macros" / "materializations.sql").write_text(macro, encoding="utf-8")
    # Every worker reads this file, one needs dbt, which takes seconds to load.
    from dbt.cli.main import dbtRunner

    found = {}
    for kind in KINDS:
        (project / "dbt_project.yml").write_text(
            f"name: held\nversion: '1.0.0'\nprofile: held\nmodels: {{+materialized: {kind}}}\n", encoding="utf-8"
        )
        made = dbtRunner().invoke(
            ["run", "--project-dir", str(project), "--profiles-dir", str(project), "--quiet", "--log-level", "none"]
        )
        close_database()
        assert made.exception is None, made.exception
        found[kind] = {node.node.name: (str(node.status), node.message or "") for node in made.result.results}
        with duckdb.connect(str(project / "it.duckdb"), read_only=True) as connection:
            type_of = "select table_type from information_schema.tables where table_name = 'sound'"
            assert connection.execute(type_of).fetchall() == [(KINDS[kind],)]
            comment_of = f"select comment from duckdb_{kind.removeprefix('held_')}s() where not internal"
            told = connection.execute(f"{comment_of} and {kind.removeprefix('held_')}_name = 'sound'").fetchall()
            assert told == [("Rows that a part of a thing has: one each; it's a try.",)]
            comments = "select column_name, comment from duckdb_columns() where table_name = 'sound' order by 1"
            assert connection.execute(comments).fetchall() == [("id", "The thing's id"), ("part", None)]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_model_is_built(outcomes: dict[str, dict[str, tuple[str, str]]], kind: str) -> None:
    assert outcomes[kind]["sound"][0] == outcomes[kind]["with_codes"][0] == "success"
    assert outcomes[kind]["with_a_share"][0] == "success"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_model_fails_and_says_how(
    outcomes: dict[str, dict[str, tuple[str, str]]], name: str, kind: str
) -> None:
    status, message = outcomes[kind][name]
    assert status == "error"
    assert BROKEN[name] in " ".join(message.split())


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_built_on_a_broken_model(outcomes: dict[str, dict[str, tuple[str, str]]], kind: str) -> None:
    assert outcomes[kind]["below_doubled"][0] == "skipped"

"""What a query of `keybook sql` can reach: the published warehouse, within limits of time and rows, and nothing else."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path

import duckdb
import pytest

from pipelines.commands.query import open_published
from pipelines.files import read_yaml
from pipelines.settings import load_settings
from tests.support.homes import keybook

FUNCTIONS = Path(__file__).parents[1] / "support" / "duckdb_functions.yml"
SECRET = "x9secret"
# Table functions that take a text or anything, and open no file of that name. A new one fails the test below until
# somebody has looked at what it does.
READ_NO_FILE = {
    "checkpoint", "duckdb_table_sample", "force_checkpoint", "json_each", "json_tree", "pragma_metadata_info",
    "pragma_show", "pragma_storage_info", "pragma_table_info", "repeat", "test_vector_types", "unnest", "which_secret",
    # What they run is a query, held to the same: see below.
    "json_execute_serialized_sql", "query",
    # Resources whose kinds an extension brings; none is loaded, and none can be.
    "create_external_resource", "deregister_external_resource", "destroy_external_resource",
    "register_external_resource", "register_external_resource_type",
    # Takes three; see below.
    "parquet_bloom_probe",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions, of which the later is published, and files beside them that a query may want."""
    home = tmp_path_factory.mktemp("sql") / "home"
    for version in ("v1", "v2"):
        file = home / "warehouse" / "versions" / version / "keybook.duckdb"
        file.parent.mkdir(parents=True)
        with duckdb.connect(str(file)) as connection:
            connection.execute("create schema reporting")
            connection.execute(f"create table reporting.rows as select i, '{version}' as v from range(10) as _ (i)")
            connection.execute(f"create table secret as select '{SECRET}' as a where {version == 'v1'}")
        file.chmod(0o444)
    (home / "warehouse" / "keybook.duckdb").symlink_to("versions/v2/keybook.duckdb")
    (home / "secret.csv").write_text(f"a\n{SECRET}\n", encoding="utf-8")
    (home / "secret.json").write_text(json.dumps([{"a": SECRET}]), encoding="utf-8")
    duckdb.execute(f"copy (select '{SECRET}' as a) to '{home}/secret.parquet'")
    return home


def _refused(home: Path, query: str) -> str | None:
    """What was said where a query was refused; None where it was answered, without the secret."""
    done = keybook("sql", "--home", home, "--format", "csv", query)
    assert SECRET not in done.stdout
    assert done.exception is None or isinstance(done.exception, SystemExit), query
    return done.stderr if done.exit_code else None


def test_no_function_reads_a_file(home: Path) -> None:
    wanted = [home / "secret.csv", home / "secret.json", home / "secret.parquet"]
    wanted.append(home / "warehouse" / "versions" / "v1" / "keybook.duckdb")
    unknown = set()
    with open_published(load_settings(home=home)) as connection:

        def is_closed(query: str) -> bool:
            try:
                assert SECRET not in str(connection.execute(query).fetchall())
            except duckdb.Error as error:
                assert SECRET not in str(error)
                return "disabled" in str(error) or "locked" in str(error)
            return False

        takes_text = connection.execute(
            "select distinct function_name from duckdb_functions() where function_type = 'table' "
            "and list_has_any(parameter_types, ['VARCHAR', 'VARCHAR[]', 'ANY']) order by 1"
        ).fetchall()
        assert len(takes_text) > 20
        for (name,) in takes_text:
            tries = (f"select * from {name}({text})" for path in wanted for text in (f"'{path}'", f"['{path}']"))
            # Text by text, until one is refused because it is a file: the secret comes out in none.
            if not any(map(is_closed, tries)):
                unknown.add(name)
    assert unknown == READ_NO_FILE


def test_every_function_was_judged() -> None:
    judged = read_yaml(FUNCTIONS)
    known = [name for group in judged["reaching"] for name in group["names"].split()] + judged["computing"].split()
    with duckdb.connect() as connection:
        there = connection.execute(
            "select distinct function_name from duckdb_functions() where function_type <> 'pragma' "
            "and regexp_full_match(function_name, '\\w+') and not regexp_matches(function_name, '^(icu_)?collate_')"
        ).fetchall()
    assert len(known) == len(set(known))
    assert {name for (name,) in there} == set(known)


def test_no_function_of_a_text_tells_what_is_outside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever a function does with the text that it is given, a file's content or the environment does not come out.
    monkeypatch.setenv("X9_NAME", SECRET)
    texts = [str(home / "secret.csv"), str(home / "secret.json"), f"{home}/*", "X9_NAME"]
    with open_published(load_settings(home=home)) as connection:

        def telling() -> set[str]:
            """The functions that are given a text, of all that there are, and tell what it is the name of."""
            asked = connection.execute(
                "select distinct function_name, parameter_types, varargs from duckdb_functions() "
                "where function_type in ('scalar', 'aggregate', 'macro') "
                "and regexp_full_match(function_name, '\\w+') and not regexp_matches(function_name, '^(icu_)?collate_') "
                "and (list_has_any(parameter_types, ['VARCHAR', 'VARCHAR[]', 'ANY', 'T', null]) or varargs is not null)"
            ).fetchall()
            assert len(asked) > 300
            return {name for name, kinds, varargs in asked for text in texts if tells(name, kinds or [varargs], text)}

        def tells(name: str, kinds: list[str | None], text: str) -> bool:
            given = {"VARCHAR[]": f"['{text}']", "BOOLEAN": "true"}
            values = [
                given.get(kind or "", "1" if re.match("U?(BIG|INT)", kind or "") else f"'{text}'") for kind in kinds
            ]
            try:
                return SECRET in str(connection.execute(f'select "{name}"({", ".join(values)})').fetchall())
            except duckdb.Error as error:
                return SECRET in str(error)

        assert telling() == set()
        # Were there such functions, they would be found.
        connection.create_function("x9_read", lambda path: Path(path).read_text(), ["VARCHAR"], "VARCHAR")  # type: ignore[arg-type, list-item]
        connection.create_function("x9_getenv", lambda name, _: os.getenv(name), ["VARCHAR", "INTEGER"], "VARCHAR")  # type: ignore[arg-type, list-item]
        assert telling() == {"x9_read", "x9_getenv"}


@pytest.mark.parametrize(
    "query",
    [
        "attach '{versions}/v1/keybook.duckdb' as other (read_only)",
        "attach '{versions}/v2/keybook.duckdb' as other (read_only)",
        "attach '{home}/warehouse/keybook.duckdb' as other (read_only)",
        "select 1; attach '{versions}/v2/keybook.duckdb' as other (read_only)",
        "attach '{home}/new.duckdb' as other",
        "attach ':memory:' as other",
        "create temp table mine as from reporting.rows",
        "from '{home}/secret.csv'",
        "from '{home}/*.parquet'",
        "from query('select * from read_text(''{home}/secret.csv'')')",
        "from json_execute_serialized_sql(json_serialize_sql('select * from read_text(''{home}/secret.csv'')'))",
        "from parquet_bloom_probe('{home}/secret.parquet', 'a', 'b')",
        "copy (select 1) to '{home}/out.csv'",
        "copy reporting.rows from '{home}/secret.csv'",
        "export database '{home}/out'",
        "import database '{home}'",
        "pragma import_database('{home}')",
        "create table reporting.mine as select 1",
        "drop table reporting.rows",
        "update reporting.rows set i = 0",
        "install httpfs",
        "load httpfs",
        "load '{home}/x.duckdb_extension'",
        "create secret (type s3)",
        "set memory_limit = '200GB'",
        "pragma memory_limit = '200GB'",
        "set threads = 64",
        "set enable_external_access = true",
        "reset enable_external_access",
        "set temp_directory = '{home}'",
        "call enable_logging(storage = 'file', storage_path = '{home}/log')",
        "pragma enable_profiling = 'json'",
        "select getenv('HOME')",
        "pragma enable_verification",
        "pragma show_tables",
        "call duckdb_tables()",
        "call checkpoint()",
        "explain analyze create temp table mine as select 1",
        "create temp table mine as pivot reporting.rows on v using count(*)",
        "explain analyze create temp table mine as pivot reporting.rows on v using count(*)",
        "explain (format json, analyze) attach ':memory:' as other",
    ],
)
def test_a_statement_that_reaches_further_is_refused(home: Path, query: str) -> None:
    before = sorted(path.name for path in home.iterdir())
    said = _refused(home, query.format(home=home, versions=home / "warehouse" / "versions"))
    assert said
    assert "Traceback" not in said
    assert sorted(path.name for path in home.iterdir()) == before


@pytest.mark.parametrize(
    "query",
    ["show tables", "describe reporting.rows", "summarize reporting.rows", "explain select 1", "from duckdb_tables()",
     "explain (analyze, format json) from reporting.rows", "pivot reporting.rows on v using count(*)",
     "with a as (pivot reporting.rows on v using count(*)) from a",
     "explain analyze pivot reporting.rows on v using count(*)", "select 1; select 2"],
)  # fmt: skip
def test_a_question_about_the_warehouse_is_a_query(home: Path, query: str) -> None:
    assert keybook("sql", "--home", home, query).exit_code == 0


def test_a_query_ends_after_so_many_rows(home: Path) -> None:
    query = "select i from reporting.rows order by i desc"
    done = keybook("sql", "--home", home, "--format", "csv", "--rows", 3, query)
    assert (done.exit_code, list(csv.reader(done.stdout.splitlines()))) == (1, [["i"], ["9"], ["8"], ["7"]])
    assert "more rows than 3" in done.stderr
    done = keybook("sql", "--home", home, "--format", "json", "--rows", 3, query)
    assert json.loads(done.stdout) == [{"i": 9}, {"i": 8}, {"i": 7}]
    done = keybook("sql", "--home", home, "--format", "csv", "--rows", 10, query)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 11)
    endless = "select i from range(100000000000) as _ (i)"
    assert keybook("sql", "--home", home, "--format", "csv", "--rows", 5, endless).exit_code == 1


def test_a_query_ends_after_its_time(home: Path) -> None:
    slow = "select count(*) from range(10000000000) as a (i), range(1000) as b (j) where hash(i + j) % 7 = 1"
    for query in (slow, "select sleep_ms(600000)"):
        done = keybook("sql", "--home", home, "--seconds", 1, query)
        assert (done.exit_code, "longer than 1 seconds" in done.stderr) == (1, True)


def test_a_query_ends_at_the_limit_of_memory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYBOOK_MEMORY_LIMIT", "128 MiB")
    monkeypatch.setenv("KEYBOOK_MAX_TEMP_DIRECTORY_SIZE", "1 MiB")
    done = keybook("sql", "--home", home, "select count(distinct i) from range(100000000) as _ (i)")
    assert done.exit_code == 1
    assert "memory_limit" in done.stderr
    assert "Traceback" not in done.stderr


def test_cells_are_text_in_every_spreadsheet(home: Path) -> None:
    query = (
        "select '=1+1' as \"=a\", 'Acme;=2+2' as b, e'x\\n@SUM(A1)' as c, -5 as d, date '2026-01-02' as e, null as f"
    )
    done = keybook("sql", "--home", home, "--format", "csv", query)
    assert done.stdout.splitlines() == [
        '"\'=a","b","c","d","e","f"',
        '"\'=1+1","Acme;\'=2+2","x',
        "'@SUM(A1)\",-5,2026-01-02,",
    ]


def test_a_table_on_a_terminal_gives_it_no_orders(home: Path) -> None:
    done = keybook("sql", "--home", home, "select chr(27) || '[2J' || chr(7) as a")
    assert done.exit_code == 0
    assert done.stdout.replace(os.linesep, "").isprintable()

"""Bounds of memory and disk: what the machine has, what DuckDB is told, and how a bound that was reached is said."""

from __future__ import annotations

import ast
import os
import platform
from pathlib import Path

import duckdb
import pytest

from pipelines import bounds, machine
from pipelines.exports.readers.engine import connected
from pipelines.settings import PROJECT, SettingsError, load_settings
from pipelines.warehouse.statements import NodeResult
from pipelines.warehouse.transform import failures
from tests.support.homes import keybook

GIB = 2**30
LARGE = "create temp table large as select range as a, md5(range::varchar) as b from range(3_000_000)"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "warehouse").mkdir()
    return tmp_path


def _group(folder: Path, path: str, name: str, said: str) -> None:
    target = folder / path.strip("/")
    target.mkdir(parents=True, exist_ok=True)
    (target / name).write_text(said, encoding="ascii")


def test_the_narrowest_group_around_the_process_limits_it(tmp_path: Path) -> None:
    process, groups = tmp_path / "proc", tmp_path / "groups"
    process.mkdir()
    (process / "cgroup").write_text("0::/app.slice/keybook.service\n", encoding="ascii")
    assert machine.group_limit(process, groups) is None
    _group(groups, "/app.slice/keybook.service", "memory.max", "max\n")
    assert machine.group_limit(process, groups) is None
    _group(groups, "/app.slice", "memory.max", f"{2 * GIB}\n")
    assert machine.group_limit(process, groups) == 2 * GIB
    # In a container the group stands at the root, whatever its path on the host is.
    _group(groups, "/", "memory.max", f"{GIB}\n")
    assert machine.group_limit(process, groups) == GIB


def test_groups_of_the_first_version_limit_too(tmp_path: Path) -> None:
    process, groups = tmp_path / "proc", tmp_path / "groups"
    process.mkdir()
    (process / "cgroup").write_text("5:cpu,cpuacct:/a\n4:memory:/a\n", encoding="ascii")
    _group(groups / "memory", "/", "memory.limit_in_bytes", "9223372036854771712\n")
    assert machine.group_limit(process, groups) is None
    _group(groups / "memory", "/a", "memory.limit_in_bytes", f"{3 * GIB}\n")
    assert machine.group_limit(process, groups) == 3 * GIB


@pytest.mark.parametrize(("has", "limit", "dashboards"), [(2, 1.0, 0.25), (8, 4.0, 1.0), (64, 4.0, 1.0)])
def test_the_default_is_half_of_the_memory_at_most_four(
    monkeypatch: pytest.MonkeyPatch, home: Path, has: int, limit: float, dashboards: float
) -> None:
    monkeypatch.setattr("pipelines.settings.memory", lambda: has * GIB)
    settings = load_settings(home=home)
    assert (settings.memory_limit / GIB, settings.dashboard_memory_limit / GIB) == (limit, dashboards)


def test_a_size_may_have_a_unit(home: Path) -> None:
    (home / "keybook.toml").write_text(
        'memory_limit = "1.5 GiB"\nmax_temp_directory_size = 1000000\n', encoding="utf-8"
    )
    settings = load_settings(home=home)
    assert (settings.memory_limit, settings.max_temp_directory_size) == (1.5 * GIB, 1_000_000)
    (home / "keybook.toml").write_text('memory_limit = "1 MiB"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="memory_limit"):
        load_settings(home=home)


def _said(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    names = ("memory_limit", "max_temp_directory_size", "temp_directory")
    return tuple(
        connection.execute(f"select {', '.join(f'current_setting({name!r})' for name in names)}").fetchall()[0]
    )


def test_a_database_is_opened_within_the_bounds_and_spills_in_the_home(home: Path) -> None:
    settings = load_settings(home=home, memory_limit="128 MiB", max_temp_directory_size="2 GiB")
    with bounds.connect(home / "a.duckdb", bounds=bounds.Bounds.of(settings)) as connection:
        memory, disk, folder = _said(connection)
        assert (memory, disk, Path(folder).parent) == ("128.0 MiB", "2.0 GiB", home / "warehouse")
        assert not Path(folder).exists()
        connection.execute(LARGE)
        assert any(Path(folder).iterdir())
    assert not Path(folder).exists()
    with bounds.connect(home / "a.duckdb", True, bounds.Bounds.of(settings, dashboards=True)) as connection:
        assert _said(connection)[0] == "1.0 GiB"


def test_two_databases_of_a_process_spill_apart(home: Path) -> None:
    own = bounds.Bounds.of(load_settings(home=home))
    with bounds.connect(bounds=own) as one, bounds.connect(bounds=own) as other:
        assert _said(one)[2] != _said(other)[2]


def test_files_are_read_within_the_bounds_of_the_home_that_the_process_works_on(home: Path) -> None:
    bounds.work_within(load_settings(home=home, memory_limit="300 MiB"))
    with connected() as connection:
        assert _said(connection)[0] == "300.0 MiB"
    bounds.work_within(load_settings(home=home, memory_limit="400 MiB"))
    with connected() as connection:
        assert _said(connection)[0] == "400.0 MiB"


def test_locked_settings_stay(home: Path) -> None:
    own = bounds.Bounds.of(load_settings(home=home, memory_limit="256 MiB"))
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '512MiB'; set lock_configuration = true")
        own.hold(connection)
        assert _said(connection)[0] == "512.0 MiB"


def test_what_killed_processes_left_is_deleted_and_nothing_else(home: Path) -> None:
    folder, mine = home / "warehouse", f".spill-{platform.node()}-"
    # Process ids end far below this.
    dead, alive, elsewhere = (
        folder / f"{mine}999999999-1",
        folder / f"{mine}{os.getpid()}-1",
        folder / ".spill-other-1-1",
    )
    old = folder / ".spill-gone-1-1"
    for left in (dead, alive, elsewhere, old):
        left.mkdir()
    os.utime(old, (0, 0))
    bounds.clear_left(folder)
    assert sorted(folder.iterdir()) == sorted([alive, elsewhere])


@pytest.mark.parametrize(
    ("disk", "setting", "bound"),
    [("1 GiB", "memory_limit", "128.0 MiB"), ("1 MiB", "max_temp_directory_size", "1.0 MiB")],
)
def test_a_bound_that_is_reached_is_one_line_with_the_setting_that_raises_it(
    home: Path, disk: str, setting: str, bound: str
) -> None:
    settings = load_settings(home=home, memory_limit="128 MiB", max_temp_directory_size=disk)
    # A list of all rows is one value, which cannot be written to disk in parts.
    query = "select list(b) from (select md5(range::varchar) as b from range(9_000_000))" if disk == "1 GiB" else LARGE
    with bounds.connect(bounds=bounds.Bounds.of(settings)) as connection:
        connection.execute("set preserve_insertion_order = true")
        with pytest.raises(duckdb.OutOfMemoryException) as raised:
            connection.execute(query)
    said = bounds.bound_reached(str(raised.value))
    assert said is not None
    assert "\n" not in said
    assert f"bound of {bound}: raise {setting}" in said
    node = NodeResult("model.keybook.fct_calls", "error", 1.0, f"Runtime Error in model fct_calls\n  {raised.value}")
    assert failures([node]) == [f"fct_calls: {said}"]


def test_other_errors_are_none_of_a_bound() -> None:
    assert bounds.bound_reached("Catalog Error: Table with name calls does not exist!") is None


def test_the_product_opens_duckdb_within_bounds_only() -> None:
    openers = {"connect", "execute", "sql", "query", "from_query", "read_csv", "read_json", "read_parquet"}
    opened = [
        path.relative_to(PROJECT).as_posix()
        for folder in ("pipelines", "dashboards")
        for path in (PROJECT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id == "duckdb" and node.attr in openers
    ]
    # The second is the instance that `connected` holds to its bounds, as the test above says.
    assert sorted(opened) == ["pipelines/bounds.py", "pipelines/exports/readers/engine.py"]


def test_doctor_says_what_is_in_force_and_where_from(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "keybook.toml").write_text('memory_limit = "512 MiB"\nlanguage = "sv"\n', encoding="utf-8")
    monkeypatch.setenv("KEYBOOK_LANGUAGE", "ru")
    result = keybook("doctor", "--home", home)
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line.split()[1:] for line in result.output.splitlines()}
    assert lines["memory_limit"] == ["512", "MiB", str(home / "keybook.toml")]
    assert lines["language"] == ["ru", "KEYBOOK_LANGUAGE"]
    assert lines["base_currency"] == ["USD", "default"]
    assert f"duckdb {duckdb.__version__}" in result.output
    # It has only looked.
    assert sorted(path.name for path in home.iterdir()) == ["keybook.toml", "warehouse"]


def test_doctor_names_what_has_to_be_mended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("contracts", "lists", "landing"):
        (home / folder).mkdir()
    (home / "contracts" / "mine.yml").write_text("contract: other\n", encoding="utf-8")
    (home / "lists" / "strange.csv").write_text("a\n1\n", encoding="utf-8")
    (home / "warehouse" / "keybook.duckdb").symlink_to("versions/gone/keybook.duckdb")
    monkeypatch.setattr("pipelines.commands.doctor.memory", lambda: GIB)
    monkeypatch.setattr("pipelines.settings.memory", lambda: 8 * GIB)
    result = keybook("doctor", "--home", home)
    assert result.exit_code == 1
    wrong = [line.split()[1].rstrip(":") for line in result.output.splitlines() if line.startswith("wrong")]
    assert sorted(wrong) == ["contracts", "lists", "memory", "publication"]


def test_doctor_sees_who_writes(home: Path) -> None:
    from pipelines.warehouse.publications import Warehouse

    with Warehouse(home / "warehouse").writing():
        said = keybook("doctor", "--home", home).output
        assert f"note   lock: a run writes now (process {os.getpid()}, since " in said
    assert "well   lock: nobody writes now" in keybook("doctor", "--home", home).output

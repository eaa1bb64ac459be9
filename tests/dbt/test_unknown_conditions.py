"""A condition that counts is never unknown, or it is said why an unknown one is a no.

`count(*) filter (where …)` takes a comparison with NULL for a no. Whether a column may be NULL no contract can say of all
that lies above it, so data says it: random companies, a sixth of whose columns are empty, are built, and every such count of
every model is asked again whether its condition was ever unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from benchmarks import floor
from pipelines.files import read_yaml
from pipelines.settings import load_settings
from pipelines.warehouse.sql_functions import register
from pipelines.warehouse.transform import queries
from tests.support.companies import Company
from tests.support.publications import sample
from tests.support.raw_rows import write_raw
from tests.support.truncation import Rows

DAY = date(2026, 5, 17)
COMPANIES = 6
COUNT = re.compile(r"count\(\*\)\s+filter\s*(?=\()", re.IGNORECASE)
MEANT = read_yaml(Path(__file__).parents[1] / "support" / "unknown_is_no.yml")


def closing(text: str, start: int) -> int:
    """The place after the bracket that closes the one at `start`."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if not depth:
            return place + 1
    raise ValueError(text[start : start + 40])


@dataclass(frozen=True)
class Count:
    """A condition that counts: where its count stands in a query, and what stops there when it was ever unknown."""

    condition: str
    start: int
    end: int
    told: str


def counts(sql: str) -> Iterator[Count]:
    """Each condition that counts."""
    for found in COUNT.finditer(sql):
        end = closing(sql, found.end())
        condition = re.sub(r"^\(\s*where\s+|\s*\)$", "", sql[found.end() : end])
        over = re.match(r"\s*over\s*(?=\()", sql[end:])
        whole = closing(sql, end + over.end()) if over else end
        asked = f"count(*) filter (where ({condition}) is null){sql[end:whole]}"
        kept = sql[found.start() : whole]
        told = f"case when {asked} > 0 then cast(error('unknown condition') as bigint) else {kept} end"
        yield Count(re.sub(r"\s+", " ", condition), found.start(), whole, told)


def asking(sql: str, asked: Sequence[Count]) -> str:
    """The query that stops when any of these conditions was ever unknown."""
    for count in sorted(asked, key=lambda count: -count.start):
        sql = sql[: count.start] + count.told + sql[count.end :]
    return sql


def models(published: Path) -> dict[str, str]:
    """The compiled models by their names."""
    return {key.split(".")[-1]: sql for key, sql in queries(load_settings(home=published)).items()}


def is_ever_unknown(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether the query stops."""
    try:
        connection.execute(f"create or replace temp table asked as ({query}\n)")
    except duckdb.InvalidInputException as error:
        assert "unknown condition" in str(error)
        return True
    return False


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The home whose compiled models are asked, and a warehouse of random companies."""
    published, home = sample(tmp_path_factory).parents[3], tmp_path_factory.mktemp("random")
    rows: Rows = {}
    for seed in range(COMPANIES):
        for entity, drawn in Company(100 + seed, DAY).rows.items():
            rows.setdefault(entity, []).extend(drawn)
    write_raw(home, rows, as_of_date=DAY)
    floor.run(published, home, raw_of=home, threads=1)
    return published, home / "keybook.duckdb"


def test_no_condition_is_unknown_but_for_those_that_say_why(built: tuple[Path, Path]) -> None:
    published, warehouse = built
    found: dict[str, list[str]] = {}
    asked = 0
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set timezone = 'UTC'")
        register(connection)
        for model, sql in models(published).items():
            there = list(counts(sql))
            asked += len(there)
            unmeant = [count for count in there if not any(part in count.condition for part in MEANT.get(model, {}))]
            # All of a model at once, and one by one where that stops.
            if unmeant and is_ever_unknown(connection, asking(sql, unmeant)):
                found[model] = [
                    count.condition for count in unmeant if is_ever_unknown(connection, asking(sql, [count]))
                ]
    assert asked > 100
    assert not found, "mend it, or say in tests/support/unknown_is_no.yml why unknown is no:\n" + json.dumps(
        found, indent=1
    )


def test_an_unknown_condition_is_found() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table t as from (values (1, 2), (null, 3)) as rows (a, b)")
        sql = "select count(*) filter (where a > (1)) as found, count(*) filter (where b > 1) over (order by a) as other from t group by a, b"
        found = {count.condition: is_ever_unknown(connection, asking(sql, [count])) for count in counts(sql)}
        assert found == {"a > (1)": True, "b > 1": False}
        assert is_ever_unknown(connection, asking(sql, list(counts(sql))))


def test_what_is_said_is_of_a_condition_that_is_there(built: tuple[Path, Path]) -> None:
    there = {model: [count.condition for count in counts(sql)] for model, sql in models(built[0]).items()}
    gone = [
        (model, part)
        for model, said in MEANT.items()
        for part in said
        if not any(part in condition for condition in there.get(model, []))
    ]
    assert not gone

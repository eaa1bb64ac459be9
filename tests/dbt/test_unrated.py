"""What has no exchange rate or no amount is not said: the sample's company in a currency without any rate, and half of it.

Of every number of every reporting table (tests/support/unrated.py). Each build is the compiled SQL of all models on a bare
connection.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks import floor
from pipelines.files import read_yaml
from pipelines.settings import load_settings
from pipelines.warehouse.transform import read_manifest
from tests.support.figures import FIGURES, SAMPLE_ONLY, claims_of, held, moves
from tests.support.publications import sample
from tests.support.raw_rows import write_raw
from tests.support.truncation import read_rows
from tests.support.unrated import every_other, everybody, in_currency, nobody, said_though_unknown

WORLDS = {"known": nobody, "all": everybody, "half": every_other}
EXCEPTIONS = read_yaml(Path(__file__).parents[1] / "support" / "unrated.yml")
EXCEPTED = {column for exception in EXCEPTIONS for column in exception["of"]}


def is_excepted(column: str) -> bool:
    """Whether a column, or its whole table, has a reason."""
    return column in EXCEPTED or f"{column.split('.')[0]}.*" in EXCEPTED


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the sample, whose models are compiled."""
    return sample(tmp_path_factory).parents[3]


@pytest.fixture(scope="module")
def reports(published: Path) -> dict[str, dict[str, Any]]:
    """The reporting tables of dbt's manifest."""
    parsed = read_manifest(load_settings(home=published))
    return {node["name"]: node for node in parsed["nodes"].values() if node["schema"] == "reporting"}


@pytest.fixture(scope="module")
def worlds(published: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same company, wholly known, in a currency without a rate with deals of which none has an amount, and half of it."""
    rows, made = read_rows(published / "warehouse" / "raw"), {}
    for name, is_unrated in WORLDS.items():
        home = tmp_path_factory.mktemp(name)
        write_raw(home, in_currency(rows, is_unrated, have_deals_amounts=name != "all"))
        floor.run(published, home, raw_of=home, threads=1)
        made[name] = home / "keybook.duckdb"
    return made


@pytest.fixture(scope="module")
def said(worlds: dict[str, Path], reports: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is said of each company of which less is known, and should not be."""
    contract = {name: node["columns"] for name, node in reports.items()}
    keys = {
        name: next(key["columns"] for key in node["constraints"] if key["type"] in ("primary_key", "unique"))
        for name, node in reports.items()
    }
    # Its key is a place in a list.
    keys["rpt_unmatched"] = ["source", "kind", "shown_id"]
    return {
        less: said_though_unknown(worlds["known"], worlds[less], contract, keys, is_whole=less == "all")
        for less in ("all", "half")
    }


@pytest.mark.parametrize("less", ["all", "half"])
def test_nothing_is_said_that_is_not_known(said: dict[str, dict[str, Any]], less: str) -> None:
    assert not {column: verdict for column, verdict in said[less].items() if not is_excepted(column)}


def test_every_exception_is_one(said: dict[str, dict[str, Any]], reports: dict[str, dict[str, Any]]) -> None:
    """A reason for what is right anyway would hide what goes wrong later."""
    declared = {f"{name}.{column}" for name, node in reports.items() for column in node["columns"]}
    assert declared >= {name for name in EXCEPTED if not name.endswith(".*")}
    assert {name.split(".")[0] for name in EXCEPTED} <= {name.split(".")[0] for less in said.values() for name in less}


def test_how_much_is_missing_is_what_the_definitions_say(worlds: dict[str, Path]) -> None:
    """Figures of which half is known, and the counts of the amounts that have no rate (`tests/support/figures.py`)."""
    wrong, unmoved = [], set()
    with duckdb.connect(str(worlds["half"]), read_only=True) as publication:
        claims = claims_of(worlds["half"].parent / "warehouse" / "raw", publication)
        for name in FIGURES.keys() - SAMPLE_ONLY:
            columns = FIGURES[name][2]
            apart, expected = held(claims, name)
            wrong += apart
            unmoved |= {name for column in columns if column == "missing_rate_count" and not moves(expected, column)}
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])
    assert unmoved == set()


def test_what_is_not_known_has_no_class_and_no_sum(worlds: dict[str, Path]) -> None:
    """A class of what nobody can compare (D3), revenue of months before the first export, and a sum of no predictions."""
    with duckdb.connect(str(worlds["half"]), read_only=True) as half:

        def counted(sql: str) -> tuple[int, ...]:
            return half.execute(sql).fetchall()[0]

        classed = "count(*) filter (tier is not null)"
        unknown, of_them = counted(
            f"select count(*), {classed} from marts.fct_account_quarters where revenue_12m is null"
        )
        assert (unknown > 10, of_them) == (True, 0)
        assert counted(f"select {classed} > 10 from marts.fct_account_quarters") == (True,)
        # Who owes what no rate weighs has no place among the debtors, and no points for its amount.
        ranked = "count(*) filter (money_rank is not null or money_points <> 0 or contains(reason, 'owes'))"
        unweighed, placed = counted(
            f"select count(*), {ranked} from reporting.rpt_collection_worklist where collectible_amount is null"
        )
        assert (unweighed > 3, placed) == (True, 0)
        # The sample's exports begin a year before its last day.
        assert counted("select count(revenue_previous_12m) from reporting.rpt_key_accounts") == (0,)
        for value in ("clv_predicted", "clv_low", "clv_high"):
            said = counted(
                f"select count(*) filter ({value} is not null), count(*) filter ({value} is null) "
                "from reporting.rpt_account_value_groups where grouping_kind = 'segment' and not exists (select 1 "
                "from reporting.rpt_account_value as worth where coalesce(worth.segment, 'not_known') = grouping_value "
                f"and worth.{value} is not null)"
            )
            assert said[0] == 0, value


def test_a_nought_for_what_is_not_known_is_found(tmp_path: Path) -> None:
    """The comparison itself: 0 and the known part without a count of what is missing are found, NULL is not."""
    meta = {"unit": "money", "in": "base_currency"}
    contract = {"rpt_made": {name: {"meta": meta} for name in ("nought", "part", "unknown", "whole")}}
    for world, values in (("known", "5, 5, 5, 5"), ("less", "0, 3, null, 5")):
        with duckdb.connect(str(tmp_path / f"{world}.duckdb")) as made:
            made.execute("create schema reporting")
            made.execute(
                "create table reporting.rpt_made (id integer, nought decimal(18, 4), part decimal(18, 4), "
                "unknown decimal(18, 4), whole decimal(18, 4))"
            )
            made.execute(f"insert into reporting.rpt_made values (1, {values})")
    found = said_though_unknown(
        tmp_path / "known.duckdb", tmp_path / "less.duckdb", contract, {"rpt_made": ["id"]}, is_whole=True
    )
    assert set(found) == {"rpt_made.nought", "rpt_made.part"}

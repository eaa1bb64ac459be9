"""In which order the files run: what takes longest begins, each on a worker of its own.

The first builds the models, a minute and a half of dbt that is done once and waited for: who comes beside it needs none,
and there is enough of that for the other workers until it has ended.

A file stays on one worker (`--dist loadfile`), so that what its tests share is made once. Groups of files
(`--dist loadgroup`) would be better still, but pytest-xdist 3.8 does not tell pytest 9.2 of them: it then spreads every
file over all workers.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

import duckdb
import hypothesis
import pytest

from pipelines.warehouse import statements
from tests.support.chance import SEED

FIRST = (
    "test_knowledge",
    # Without any model:
    "test_crashes",
    "test_lists",
    "test_delivery",
    "test_verification_ledger",
    "test_contracts_load",
    "test_delivery_mail",
    "test_delivery_crashes",
    "test_recognise",
    "test_alike",
    # Of what is left the longest:
    "test_browser",
    "test_plain_dbt",
    "test_truncation",
    "test_refresh",
    "test_unrated",
    "test_streams",
)
TIERS = ("integration", "real", "dashboards", "dbt", "unit", "conventions")


# A process of tests builds often: the statements are read once, which is a fifth of a build of little.
_read: dict[str, list[duckdb.Statement]] = {}
_extract: Callable[[duckdb.DuckDBPyConnection, str], list[duckdb.Statement]] = statements.parsed


def _read_once(cursor: duckdb.DuckDBPyConnection, text: str) -> list[duckdb.Statement]:
    if text not in _read:
        _read[text] = _extract(cursor, text)
    return _read[text]


statements.parsed = _read_once


def _rank(item: pytest.Item) -> tuple[int, int]:
    tier, name = item.path.parent.name, item.path.stem
    return (FIRST.index(name) if name in FIRST else len(FIRST), TIERS.index(tier) if tier in TIERS else len(TIERS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, the quick ones last; with a seed of one's own, what hypothesis draws is drawn by it too."""
    items.sort(key=_rank)
    for item in items if SEED else []:
        if isinstance(item, pytest.Function) and hypothesis.is_hypothesis_test(item.obj):
            hypothesis.seed(SEED)(item.obj)


def pytest_collection_finish() -> None:
    """What was imported and collected lasts for the run: the garbage collector need not look through all of it each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)

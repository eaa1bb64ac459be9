"""`docs/operations.md` says what happens when something goes wrong; each row names the tests that hold it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line
    for line in (ROOT / "docs" / "operations.md")
    .read_text(encoding="utf-8")
    .partition("## What may go wrong")[2]
    .splitlines()
    if line.startswith("|") and not line.startswith("|---") and not line.endswith("| test |")
]
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_the_matrix_is_there() -> None:
    assert len(ROWS) > 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_a_fault_that_is_told_is_held_by_tests_that_are_there(row: str) -> None:
    fault, happens, held_by = (cell.strip() for cell in row.strip("|").split("|"))
    assert fault
    assert happens
    named = re.findall(r"`(test_\w+)`", held_by)
    assert named
    assert set(named) <= TESTS

"""What makes the suite long has its reason: a whole refresh takes 15 seconds of a processor, however little is landed."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
# Where a whole refresh is run, and for what. All else takes `make`, `build` or `floor.run` (CONTRIBUTING.md, Tests).
REFRESHES = {
    "support/publications.py": "the sample's publication, which all tests share",
    "integration/conftest.py": "the small publication, which all tests share",
    "integration/test_refresh.py": "what the command says, publishes and leaves when it fails",
    "integration/test_stamps.py": "what is built next, after what was built meanwhile",
    "integration/test_knowledge.py": "copies that are built on, against raw alone and against an earlier moment",
    "integration/test_nothing_is_lost.py": "what the command says of exports that wait for a person's word",
    "integration/test_money_without_applications.py": "every column of a company that exports billing alone, as published",
    "integration/test_one_system_two_names.py": "the proof of a customer whom one system calls by a key and by a name",
    "real/conftest.py": "gates on public data sets",
}


def test_a_whole_refresh_has_its_reason() -> None:
    files = {path for path in TESTS.rglob("*.py") if path.parent.name != "unit"} - {Path(__file__).resolve()}
    runs = {path for path in files if 'keybook("refresh", "--home"' in path.read_text(encoding="utf-8")}
    assert {path.relative_to(TESTS).as_posix() for path in runs} == set(REFRESHES)


def test_no_test_starts_dbt_for_models_of_its_own() -> None:
    """`make` sends again what dbt sent once; `select` would load dbt and render all that is selected."""
    runs = {path.name for path in TESTS.rglob("*.py") if "transform.build(" in path.read_text(encoding="utf-8")}
    assert runs - {Path(__file__).name} == {"homes.py"}

"""Publications of the real data sets: each is made once a session."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.homes import SHARED, keybook


def published(folder: Path, *sets: str, as_of: str | None = None, code: int) -> Path:
    """A home with these data sets landed and published."""
    for name in sets:
        if not (SHARED / name).is_dir():
            pytest.skip(f"the data set {name} is not there: {SHARED / name}")
    landing = SHARED / sets[0]
    if len(sets) > 1:
        landing = folder / "landing"
        landing.mkdir(parents=True)
        for name in sets:
            (landing / name).mkdir()
            for file in (SHARED / name).iterdir():
                (landing / name / file.name).symlink_to(file)
    arguments = ["refresh", "--home", folder, "--landing", landing]
    result = keybook(*arguments, *(["--as-of", as_of] if as_of else []))
    assert result.exit_code == code, result.output
    return folder


@pytest.fixture(scope="session")
def ibm_june(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("ibm"), "ibm_ar", as_of="2013-06-30", code=0)


@pytest.fixture(scope="session")
def ibm_end(ibm_june: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same files as of a later day: a build from a copy of June's."""
    home = tmp_path_factory.mktemp("ibm") / "home"
    shutil.copytree(ibm_june, home, symlinks=True)
    return published(home, "ibm_ar", as_of="2014-01-31", code=0)


@pytest.fixture(scope="session")
def zoho(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("zoho"), "zoho_crm", code=3)


@pytest.fixture(scope="session")
def pwc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("pwc"), "pwc_calls", code=0)


@pytest.fixture(scope="session")
def all_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("all"), "zoho_crm", "ibm_ar", "pwc_calls", code=3)

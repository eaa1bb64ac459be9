"""What cannot be used is said in one line that names it, and the exit code is 2; what the system refuses, with 1."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from pipelines.settings import load_settings
from pipelines.warehouse import corrections
from pipelines.warehouse.refresh import Refresh
from tests.support.homes import keybook

LONG = "a" * 5000
NO_TEXT = b"\xff".decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sample", "--months", "8", "--out", "x"], "--months"),
        (["refresh", "--as-of", "9999-12-31"], "9999-12-31"),
        (["refresh", "--known-at", "9999-12-31T23:59:59-14:00"], "--known-at"),
        (["refresh", "--known-at", "9999-12-31"], "has not become known yet"),
        (["find", NO_TEXT], "UTF-8"),
        (["find", "x", "--limit", "99999999999999999999"], "--limit"),
        (["forget", LONG], "no file aaaa"),
        (["forget", NO_TEXT], "UTF-8"),
        (["statement", NO_TEXT], "UTF-8"),
        (["dashboard", "--port", "99999"], "--port"),
        (["sql", "select 1", "--seconds", "0"], "--seconds"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(tmp_path: Path, arguments: list[str], said: str) -> None:
    home = [] if arguments[0] == "sample" else ["--home", tmp_path]
    done = keybook(*arguments, *home)
    assert done.exit_code == 2
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert said in done.stderr.splitlines()[-1]


def test_a_home_that_is_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("", encoding="utf-8")
    for command in (["status"], ["refresh"], ["sql", "select 1"], ["rollback"], ["lists"]):
        done = keybook(*command, "--home", tmp_path / "home")
        assert (done.exit_code, "is no folder" in done.stderr) == (2, True), command


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    file = tmp_path / "keybook.toml"
    file.write_bytes(b'company_name = "\xe5"\n')
    assert "no valid TOML in UTF-8" in keybook("status", "--home", tmp_path).stderr
    file.unlink()
    file.mkdir()
    done = keybook("status", "--home", tmp_path)
    assert (done.exit_code, f"{file} cannot be read" in done.stderr) == (2, True)


def test_a_disk_that_is_full_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "warehouse"))

    monkeypatch.setattr(corrections, "retry", full)
    done = keybook("retry", "--home", tmp_path)
    assert done.exit_code == 1
    (said,) = done.stderr.splitlines()
    assert re.search(r"No space left on device \([\d,.]+ [GM]iB are free\)", said)
    assert "What was published before stands" in said


def test_before_the_first_file_nothing_was_known(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    said = "invoice_id,customer_id,issued_on,gross_amount,currency\nI-1,C-1,2026-01-02,100.00,EUR\n"
    (tmp_path / "landing" / "invoices.csv").write_text(said, encoding="utf-8")
    Refresh(load_settings(home=tmp_path)).land()
    done = keybook("refresh", "--known-at", "0001-01-01", "--home", tmp_path)
    assert (done.exit_code, "nothing was known yet" in done.stderr) == (2, True)

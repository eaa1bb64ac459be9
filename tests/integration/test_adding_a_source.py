"""The walk of docs/adding-a-source.md, run as it is written, in a copy of the project."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WALK = ROOT / "docs" / "adding-a-source.md"
EXPORT = "nordfakt_fakturor.csv"


def _keybook(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pipelines.commands.main import main; main()", *arguments]
    environment = os.environ | {"KEYBOOK_HOME": str(project / "home"), "PYTHONPATH": str(project)}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_the_walk_ends_with_the_file_landed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pipelines", tmp_path / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "dbt_project", tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    text = WALK.read_text(encoding="utf-8")
    # The file stands in the text itself: what a reader sees is what the walk is run on.
    shown = re.search(r"```\n(Fakturajournal.*?)```", text, re.S)
    assert shown is not None
    landing = tmp_path / "home" / "landing"
    landing.mkdir(parents=True)
    for folder in (tmp_path, landing):
        (folder / EXPORT).write_text(shown[1], encoding="utf-8")
    _keybook(tmp_path, "read", EXPORT)
    lines = [line.strip() for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    commands = [shlex.split(line) for line in lines if line.strip()]
    assert [command[1] for command in commands if command[0] == "keybook"] == [
        "read", "contract", "detect", "retry", "refresh"
    ]  # fmt: skip
    # Held at first, as it would be after a refresh without the contract.
    code = "from pipelines.warehouse.refresh import Refresh; from pipelines.settings import load_settings; "
    code += f"print(len(Refresh(load_settings(home={str(tmp_path / 'home')!r})).land()[0].held))"
    held = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert held.stdout.strip() == "1"
    for command in commands:
        if command[1] == "refresh":  # building is test_refresh's matter; what it would build from is asked below
            continue
        done = _keybook(tmp_path, *command[1:])
        assert done.returncode == 0, done.stdout + done.stderr
        if command[1] == "contract":
            # What the walk's third step tells the reader to correct.
            own = tmp_path / "home" / "contracts" / "nordfakt_invoices.yml"
            corrected, count = re.subn(r"# Konstig: .*", "Konstig: draft", own.read_text(encoding="utf-8"))
            assert count == 1
            own.write_text(corrected, encoding="utf-8")
    assert "0 loaded, 0 rejected, 1 held" not in done.stderr
    assert "→ 3 loaded, 0 rejected" in done.stdout
    found = _keybook(tmp_path, "find", "F-3")
    assert "loaded" in found.stdout
    assert f"{EXPORT}, line 6" in found.stdout

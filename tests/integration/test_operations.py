"""What docs/operations.md says to type is typed, on a small home; the units and the Compose file are what they should be."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.commands.main import LAST_OF, main
from pipelines.delivery.periods import UNITS as UNITS_OF_TIME
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh
from tests.support.deliveries import plan
from tests.support.homes import keybook
from tests.support.tables import differences

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "docs" / "systemd").glob("keybook-*"))
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
# What a test cannot do without a network: each is a command of its own, and does what it says everywhere.
APART = ("git pull --ff-only", "make .venv/ready")


def _block(name: str) -> list[str]:
    """The lines of the first block below the bold word."""
    found = re.search(rf"^\*\*{name}.*?^```sh\n(.*?)^```", TEXT, re.S | re.M)
    assert found, name
    return found[1].splitlines()


def _run(name: str, upto: int | None = None, **variables: Path) -> str:
    """Types a block, up to a line if given; what its commands printed."""
    told = ""
    environment = {name: str(value) for name, value in variables.items()}
    for line in _block(name)[:upto]:
        if line in APART:
            continue
        own = re.fullmatch(r"(?:KEYBOOK_HOME=\"\$(\w+)\" )?keybook (.*)", line)
        if own:
            home = environment[own[1] or "KEYBOOK_HOME"]
            done = keybook(*shlex.split(own[2]), "--home", home)
            assert done.exit_code in (0, 3), (line, done.output)
            told += done.output
        else:
            typed = ["bash", "-eu", "-c", line]
            subprocess.run(typed, env={"PATH": os.environ["PATH"], **environment}, check=True, timeout=60)
    return told


def _published(home: Path) -> Path:
    return (home / "warehouse" / "keybook.duckdb").resolve()


def test_a_backup_is_restored_moved_and_upgraded_row_for_row(small: Path, tmp_path: Path) -> None:
    (small / "delivery.yml").write_text(plan({"id": "chair"}), encoding="utf-8")
    sent = small / "deliveries" / "weekly" / "2026-W12" / "chair.json"
    sent.parent.mkdir(parents=True)
    sent.write_text('{"events": [{"event": "sent", "at": "2026-03-23T06:00:00+00:00"}]}', encoding="utf-8")
    backup, restored, moved = tmp_path / "backup", tmp_path / "restored", tmp_path / "moved"
    backup.mkdir()
    _run("Back up", KEYBOOK_HOME=small, BACKUP=backup)
    said = _run("Restore", KEYBOOK_HOME=restored, BACKUP=backup)
    assert "as of 2026-03-25" in said
    assert differences(_published(small), _published(restored), ("reporting",)) == {}
    assert (restored / sent.relative_to(small)).read_text(encoding="utf-8") == sent.read_text(encoding="utf-8")
    assert "as of 2026-03-25" in _run("Move", KEYBOOK_HOME=restored, NEW_HOME=moved)
    version = _published(moved).parent.name
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("new", "mail"):
        (secrets / f"{name}-password").write_text(name, encoding="utf-8")
    _run("Rotate a secret", KEYBOOK_HOME=moved, SECRETS=secrets)
    assert [(path.name, path.read_text(encoding="utf-8")) for path in secrets.iterdir()] == [("mail-password", "new")]
    assert (secrets / "mail-password").stat().st_mode & 0o777 == 0o600
    said = _run("Upgrade", KEYBOOK_HOME=moved)
    assert "nothing is published as of" in said.lower()
    assert differences(_published(restored), _published(moved), ("reporting",)) == {}
    assert _published(moved).parent.name >= version


def test_a_home_is_rebuilt_from_its_exports_alone(small: Path, tmp_path: Path) -> None:
    """What its exports hold is in raw again, row for row; that tables follow from raw is what a restored home shows."""
    (small / "keybook.toml").write_text('company_name = "Alder"\n', encoding="utf-8")
    rebuilt = tmp_path / "rebuilt"
    assert _block("Rebuild from exports alone")[-1] == 'KEYBOOK_HOME="$NEW_HOME" keybook refresh'
    _run("Rebuild from exports alone", upto=-1, KEYBOOK_HOME=small, NEW_HOME=rebuilt)
    assert load_settings(home=rebuilt).company_name == "Alder"
    Refresh(load_settings(home=rebuilt)).land()
    assert _raw(rebuilt) == _raw(small)
    assert len(_raw(small)) == 4


def _raw(home: Path) -> dict[str, list[Any]]:
    """Every landed file's rows; when they were landed is each home's own."""
    files = (home / "warehouse" / "raw").glob("*/*/*-*.parquet")
    rows = "select * exclude (_loaded_at, _known_at) from read_parquet(?) order by all"
    # What is typed and empty is of every home.
    beside = (".rejects.parquet", ".totals.parquet")
    landed = [file for file in files if not file.name.startswith("none-") and not file.name.endswith(beside)]
    return {file.name: duckdb.execute(rows, [str(file)]).fetchall() for file in landed}


def test_every_block_is_typed_by_a_test() -> None:
    section = re.search(r"^## Back up, restore.*?(?=^## )", TEXT, re.S | re.M)
    assert section
    names = re.findall(r"^\*\*([^*]+)\*\*", section[0], re.M)
    own = Path(__file__).read_text(encoding="utf-8")
    assert len(names) == 6
    assert not [name for name in names if f'_run("{name}"' not in own]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd-analyze")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # The program is nowhere on this machine.
        text = unit.read_text(encoding="utf-8").replace("/srv/keybook/app/.venv/bin/keybook", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    typed = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(typed, capture_output=True, text=True, check=False, timeout=60)
    assert [line for line in done.stderr.splitlines() if "keybook" in line] == []


def _lines(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_service_has_the_rights_that_it_needs_and_no_other(unit: Path) -> None:
    said = _lines(unit)
    assert said["User"] == ["keybook"]
    assert said["ProtectSystem"] == ["strict"]
    assert (said["NoNewPrivileges"], said["CapabilityBoundingSet"]) == (["yes"], [""])
    assert all(path.startswith("/srv/keybook/") for path in said["ReadWritePaths"][0].split())
    calls = re.findall(r"keybook (\w+)((?: --?[\w-]+)*)", " ".join(said["ExecStart"]))
    assert len(calls) == len(said["ExecStart"])
    for name, options in calls:
        known = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert set(options.split()) <= known
    speaks = {"deliver": "the network", "dashboard": "this machine", "refresh": "nobody"}[calls[0][0]]
    assert ("PrivateNetwork" in said) == (speaks == "nobody")
    assert (said.get("IPAddressDeny"), said.get("IPAddressAllow")) == (
        (["any"], ["localhost"]) if speaks == "this machine" else (None, None)
    )
    # A secret is handed to who sends, and to nobody else.
    assert ("LoadCredential" in said) == (speaks == "the network")


def test_a_timer_has_its_service_and_catches_up() -> None:
    timers = [unit for unit in UNITS if unit.suffix == ".timer"]
    assert {timer.stem for timer in timers} == {"keybook-deliver", *(f"keybook-{unit}" for unit in UNITS_OF_TIME)}
    for timer in timers:
        said = _lines(timer)
        unit = timer.stem.removeprefix("keybook-")
        assert said["Persistent"] == ["true"]
        service = said.get("Unit", [f"{timer.stem}.service"])[0]
        assert service == ("keybook-deliver.service" if unit == "deliver" else f"keybook-refresh@{unit}.service")
        assert (timer.parent / service.replace(f"@{unit}", "@")).exists()


def test_cron_asks_for_what_the_command_takes() -> None:
    asked = re.findall(r"keybook refresh --as-of (last-[\w-]+)`", TEXT)
    assert [word.removeprefix("last-") for word in asked] == list(UNITS_OF_TIME)
    assert set(asked) == LAST_OF.keys()
    # What dashboards show is refreshed beside what reports are made of: by cron as by the units.
    assert "keybook refresh; " in TEXT
    [unit] = [unit for unit in UNITS if unit.stem == "keybook-refresh@"]
    typed = [line.partition("keybook ")[2] for line in _lines(unit)["ExecStart"]]
    assert typed == ["refresh", "refresh --as-of last-%i"]


def test_the_containers_have_the_rights_that_they_need_and_no_other() -> None:
    said: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert said["services"].keys() == {"history", "daemon", "webserver", "dashboards"}
    # Two that make the history of runs at once leave one that nobody can open.
    for name, service in said["services"].items():
        opens = service["command"][0].startswith("dagster-")
        made = {"history": {"condition": "service_completed_successfully"}}
        assert service.get("depends_on") == (made if opens else None), name
    assert said["services"]["history"]["restart"] == "no"
    for name, service in said["services"].items():
        assert service["read_only"] is True, name
        assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"]), name
        assert service["user"] == "10001", name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert service["networks"] == (["outside"] if name == "daemon" else ["inside"]), name
        assert ("secrets" in service) == (name == "daemon"), name
        command = service["command"]
        if command[0] == "keybook":
            assert command[1] in main.commands
        else:
            assert shutil.which(command[0], path=f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"), command
    made = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "useradd --uid 10001" in made
    assert made.index("USER keybook") > made.index("RUN make .venv/ready")
    assert "data/*" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

"""`keybook dashboard` is the server: whoever ends the command ends what serves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from streamlit import config, net_util
from streamlit.web.server.starlette import starlette_websocket as websocket

from pipelines.files import read_yaml
from pipelines.settings import PROJECT, load_settings

SERVER = """
import os, signal, sys
def main(prog_name):
    print(os.getpid(), os.environ["KEYBOOK_HOME"], *sys.argv[1:], flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_the_command(tmp_path: Path, sent: signal.Signals) -> None:
    (tmp_path / "streamlit" / "web").mkdir(parents=True)
    for name in ("__init__.py", "net_util.py", "web/__init__.py"):
        (tmp_path / "streamlit" / name).touch()
    (tmp_path / "streamlit" / "web" / "cli.py").write_text(SERVER, encoding="utf-8")
    # Where tests run in a process that ignores the signal, so does what they start.
    heeds = "import signal; signal.signal(signal.SIGTERM, signal.SIG_DFL)"
    command = [sys.executable, "-c", f"{heeds}; from pipelines.commands.main import main; main()"]
    running = subprocess.Popen(
        [*command, "dashboard", "--home", str(tmp_path / "home"), "--port", "8765"],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.getcwd()}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stdout is not None
        lines = (line.split() for line in running.stdout)
        server, home, *arguments = next(line for line in lines if line[0].isdigit())
        try:
            assert home == str(tmp_path / "home")
            assert arguments[0] == "run"
            assert "8765" in arguments
            assert arguments[arguments.index("--server.address") + 1] == "localhost"
            hosts = [arguments[place + 1] for place, name in enumerate(arguments) if name == "--server.allowedHosts"]
            assert hosts == load_settings().dashboard_names
            running.send_signal(sent)
            assert running.wait(timeout=60) == -sent
            with pytest.raises(ProcessLookupError):
                os.kill(int(server), 0)
        finally:
            if running.poll() is None:
                os.kill(int(server), signal.SIGKILL)


def test_the_dashboards_listen_to_this_machine_alone(tmp_path: Path) -> None:
    assert load_settings(home=tmp_path).dashboard_address == "localhost"
    written = tomllib.loads((PROJECT / "dashboards" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    # Whoever starts Streamlit without the command has the same.
    assert written["server"]["address"] == "localhost"
    assert written["server"]["allowedHosts"] == load_settings(home=tmp_path).dashboard_names
    (tmp_path / "keybook.toml").write_text(
        'dashboard_address = "10.0.0.5"\ndashboard_hosts = "book.example, b.example"\n'
    )
    told = load_settings(home=tmp_path)
    assert told.dashboard_address == "10.0.0.5"
    assert told.dashboard_names == ["localhost", "127.0.0.1", "::1", "10.0.0.5", "book.example", "b.example"]


@pytest.mark.parametrize(
    ("host", "origin", "is_served"),
    [
        ("localhost:8501", "http://localhost:8501", True),
        ("127.0.0.1:8501", "http://127.0.0.1:8501", True),
        ("book.example", "https://book.example", True),
        ("rebound.example:8501", "http://rebound.example:8501", False),
        ("localhost.rebound.example", None, False),
        (None, None, False),
        ("localhost:8501", "http://strange.example", False),
    ],
)
def test_only_names_that_the_settings_know_are_served(
    monkeypatch: pytest.MonkeyPatch, host: str | None, origin: str | None, is_served: bool
) -> None:
    import dashboards.__main__  # noqa: F401

    names = load_settings(dashboard_hosts="book.example").dashboard_names
    real = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: names if name == "server.allowedHosts" else real(name))
    assert websocket._is_origin_allowed(origin, host) == is_served


def test_no_service_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for this machine's address, nor with what was done here."""
    import dashboards.__main__  # noqa: F401

    def connect(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert net_util.get_external_ip() is None
    streamlit = tomllib.loads((PROJECT / "dashboards" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert streamlit["browser"]["gatherUsageStats"] is False
    assert read_yaml(PROJECT / "dagster.yaml")["telemetry"] == {"enabled": False}
    dbt = read_yaml(PROJECT / "dbt_project" / "dbt_project.yml")
    assert dbt["flags"]["send_anonymous_usage_stats"] is False

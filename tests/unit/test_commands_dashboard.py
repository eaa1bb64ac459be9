"""`keybook dashboard` is the server: whoever ends the command ends what serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
    command = [sys.executable, "-c", "from pipelines.commands.main import main; main()"]
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
            running.send_signal(sent)
            assert running.wait(timeout=20) == -sent
            with pytest.raises(ProcessLookupError):
                os.kill(int(server), 0)
        finally:
            if running.poll() is None:
                os.kill(int(server), signal.SIGKILL)

"""`maillage demo` as a newcomer starts it: one command, a page, Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_one_command_serves_the_demonstration_and_control_c_ends_it(tmp_path: Path) -> None:
    port = _free_port()
    pack = Path(__file__).parent / "tinyland"
    environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "TERRITORY"}}
    command = [sys.executable, "-m", "maillage", "demo", "--pack", str(pack), "--services", "20", "--port", str(port)]
    with subprocess.Popen(
        command,
        env=environment | {"MAILLAGE_VAR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            status = _wait(f"http://127.0.0.1:{port}/", server)
        finally:
            server.send_signal(signal.SIGINT)
            printed, _nothing = server.communicate(timeout=60)
    assert status == 200, printed
    assert f"Maillage is on http://127.0.0.1:{port}/" in printed
    assert "20 fictional services (seed 1)" in printed
    assert "Traceback" not in printed


def _wait(address: str, server: subprocess.Popen[str], seconds: int = 90) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return int(answer.status)
        except OSError:
            time.sleep(0.3)
    return 0

"""The rehearsal's own server: web workers and an engine, started here, so that here they may be killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from fieldops.config import ROOT, Settings
from fieldops.serving import START_WITHIN_S, STOP_WITHIN_S, NotStarted, gunicorn_command


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """Of these settings, for as long as the block runs.

    Raises:
        NotStarted: no answer in time; the log `rehearsal-server.log` of the data directory says why.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FIELDOPS_")},
            "FIELDOPS_DATA_DIR": str(settings.data_dir),
            "FIELDOPS_DATABASE_URL": settings.database_url,
            "HOST": settings.host,
            "PORT": str(settings.port),
        }
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def _start(self, name: str, command: list[str]) -> None:
        with (self._settings.data_dir / "rehearsal-server.log").open("ab") as log:
            self._children[name] = subprocess.Popen(  # noqa: S603 - our own commands
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def __enter__(self) -> Self:
        self._start("web", gunicorn_command(self._settings))
        self._start_engine()
        ends = time.monotonic() + START_WITHIN_S
        while time.monotonic() < ends and self._children["web"].poll() is None:
            with contextlib.suppress(urllib.error.HTTPError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self._settings.port}/healthz", timeout=2)
                return self
            time.sleep(0.1)
        self.__exit__()
        raise NotStarted(f"the rehearsal's server did not start: {self._settings.data_dir}/rehearsal-server.log")

    def _start_engine(self) -> None:
        self._start("engine", [sys.executable, "-m", "fieldops.cli", "engine"])

    def kill_worker(self, dice: random.Random) -> bool:
        """SIGKILL one web worker; its master starts another. False when none was there."""
        master = self._children["web"].pid
        listed = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
        if not listed:
            return False
        os.kill(int(dice.choice(listed)), signal.SIGKILL)
        return True

    def kill_engine(self) -> None:
        """SIGKILL the engine and start another."""
        self._children["engine"].kill()
        self._children["engine"].wait()
        self._start_engine()

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            try:
                child.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

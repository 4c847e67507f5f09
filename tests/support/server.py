"""The application as it is served: gunicorn with threads in a process of its own, on a free port of the loopback.

    def test_something(app, live_server, browser):     # `app` writes to the database that the server reads
        page.goto(live_server.url + "/")

`live_server` runs on both engines, like `app`; `@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)` keeps a
test to one. `serving(settings, FIELDOPS_STREAMS="0")` starts one with other settings; `stop()` and `start()` let it
drop and come back on the same port.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldops.config import Settings
from tests.support.postgres import die_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
START_WITHIN_S = 30
STOP_WITHIN_S = 5
#: Variables of the developer's shell that must not reach the server under test.
_OURS = ("FIELDOPS_", "GUNICORN_CMD_ARGS", "PORT", "HOST", "WEB_CONCURRENCY")


class LiveServer:
    """gunicorn on the database of `settings`. `environ` adds settings or replaces them."""

    def __init__(self, settings: Settings, *, workers: int = 1, target: str = "wsgi:app", **environ: str) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = settings.data_dir / f"server-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._workers, self._target = workers, target
        self._threads = environ.get("FIELDOPS_THREADS", str(max(8, settings.threads)))
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            "FIELDOPS_DATA_DIR": str(settings.data_dir),
            "FIELDOPS_DATABASE_URL": settings.database_url,
            "FIELDOPS_SECRET_KEY": settings.secret_key,
            "FIELDOPS_STREAMS": str(settings.streams),
            "FIELDOPS_PUBLIC_URL": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            **environ,
            "FIELDOPS_THREADS": self._threads,
        }

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it does not, with the last of its words.
        """
        assert self._process is None, "it runs already"
        options = {
            "--worker-class": "gthread",
            "--workers": str(self._workers),
            "--threads": self._threads,
            "--bind": f"127.0.0.1:{self.port}",
            "--graceful-timeout": "1",
            "--log-level": "warning",
        }
        words = [word for option in options.items() for word in option]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                # The control socket of newer versions lies in one place for all of a user's servers.
                [sys.executable, "-m", "gunicorn", self._target, "--no-control-socket", *words],
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - sets one flag of the kernel and takes no lock
            )
        self._wait()

    def stop(self) -> None:
        """Stop it at once, open streams or not. May be called again."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def workers(self) -> list[int]:
        """Process ids of the web workers that live now."""
        assert self._process is not None
        pid = self._process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]

    def _wait(self) -> None:
        assert self._process is not None
        give_up_at = time.monotonic() + START_WITHIN_S
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                self.stop()
                raise RuntimeError(f"the server did not start:\n{self.log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    """Whether anything at all is answered: not every part of the application need be there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


@contextlib.contextmanager
def serving(settings: Settings, *, workers: int = 1, target: str = "wsgi:app", **environ: Any) -> Iterator[LiveServer]:
    """A running server for as long as the block runs. `target`: the application, when it is not the plain one."""
    server = LiveServer(settings, workers=workers, target=target, **environ)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def live_server(settings: Settings) -> Iterator[LiveServer]:
    """A server of one process on the test's own database."""
    with serving(settings) as server:
        yield server

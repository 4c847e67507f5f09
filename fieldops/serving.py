"""`fieldops serve`: web workers and engine as children of one process, started and stopped together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType

from fieldops.config import ROOT, Settings

#: Seconds that the web workers get to answer for the first time, and children to stop by themselves.
START_WITHIN_S = 60
STOP_WITHIN_S = 20


class NotStarted(Exception):
    """The server did not come up; the message says why."""


def gunicorn_command(settings: Settings) -> list[str]:
    """The web server. Streams hold a thread each, so workers have many threads (`FIELDOPS_THREADS`)."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--chdir", str(ROOT)]
    command += ["--bind", f"{host}:{settings.port}", "--worker-class", "gthread"]
    command += ["--workers", str(settings.workers), "--threads", str(settings.threads)]
    command += ["--timeout", "60", "--graceful-timeout", "10", "--keep-alive", "30", "--log-level", "warning"]
    if os.path.isdir("/dev/shm"):  # noqa: PTH112, S108 - heartbeats in memory: a slow disk must not look like a hung worker
        command += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return command


def serve(settings: Settings, *, announce: Callable[[], None]) -> int:
    """Run until told to stop; returns the exit code. `announce` is called once the first answer came.

    An engine that dies is started again; web workers that die end it all, for a supervisor to see.

    Raises:
        NotStarted: the port is taken, or the workers did not come up.
    """
    with contextlib.ExitStack() as stack:
        figures = stack.enter_context(tempfile.TemporaryDirectory(prefix="fieldops-metrics-"))
        # A demo's terminal keeps the sign-in links in sight; elsewhere the log belongs on stderr, for the supervisor.
        log = stack.enter_context((settings.data_dir / "fieldops.log").open("ab")) if settings.demo else None
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": figures}

        def start(command: list[str]) -> subprocess.Popen[bytes]:
            # A session of their own: a ctrl-C is for this process, which then stops them in order.
            return subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)  # noqa: S603 - ours

        return _supervise(settings, start, announce)


def _supervise(
    settings: Settings, start: Callable[[list[str]], subprocess.Popen[bytes]], announce: Callable[[], None]
) -> int:
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    engine_command = [sys.executable, "-m", "fieldops.cli", "engine"]
    web, engine = start(gunicorn_command(settings)), start(engine_command)
    try:
        _wait_for_answer(settings, web, lambda: stopping)
        if not stopping:
            announce()
        while not stopping and web.poll() is None:
            if engine.poll() is not None:
                print("fieldops: the engine ended; starting it again", file=sys.stderr)  # noqa: T201
                time.sleep(1)
                engine = start(engine_command)
            time.sleep(0.2)
        return 0 if stopping else (web.returncode or 1)
    finally:
        _stop(web, engine)


def _wait_for_answer(settings: Settings, web: subprocess.Popen[bytes], stopping: Callable[[], bool]) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - asked, not bound
    address = f"http://{host}:{settings.port}/healthz"
    ends = time.monotonic() + START_WITHIN_S
    while not stopping():
        if web.poll() is not None:
            raise NotStarted(f"the web server did not start; is port {settings.port} taken? PORT= names another one")
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except urllib.error.HTTPError:
            return  # an answer, if an unwell one: /healthz says what is wrong
        except OSError:
            if time.monotonic() > ends:
                raise NotStarted(f"no answer from {address} within {START_WITHIN_S} s") from None
            time.sleep(0.1)


def _stop(*children: subprocess.Popen[bytes]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    ends = time.monotonic() + STOP_WITHIN_S
    for child in children:
        try:
            child.wait(max(0.1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

"""Engines as processes of their own, to be killed: started from a server of forks, so that each is there at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.context import ForkServerProcess

from fieldops import create_app
from fieldops.config import Settings
from fieldops.operations import engine

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.support.engines"])


def _run(settings: Settings) -> None:
    log = os.open(settings.data_dir / "engines.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    engine.run(create_app(settings))


def start(settings: Settings) -> ForkServerProcess:
    """An engine that ticks until it is killed."""
    process = _context.Process(target=_run, args=(settings,), daemon=True)
    process.start()
    return process


def kill(process: ForkServerProcess) -> bool:
    """SIGKILL, wherever it was; returns whether it was alive until then."""
    alive = process.is_alive()
    if alive:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    return alive

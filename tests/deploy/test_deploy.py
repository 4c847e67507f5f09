"""What stands in deploy/ is what the tools themselves accept, and speaks of figures and commands that exist."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from fieldops.db import db, engine_options

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("fieldops*"))
ADDED_BY_PROMETHEUS = {"up"}
_OVER = threading.Event()


def tool(name: str, package: str) -> str:
    """The tool's path; where the machine lacks it, the test is skipped and says which package has it."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed here (Debian's package {package})")
    return path


def test_systemd_accepts_the_units_and_calls_them_hardened(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    for unit in UNITS:
        written = unit.read_text(encoding="utf-8").replace("/srv/fieldops/.venv/bin/fieldops", "/bin/true")
        (tmp_path / unit.name).write_text(written, encoding="utf-8")
    copies = [str(tmp_path / unit.name) for unit in UNITS]
    said = subprocess.run([analyze, "verify", *copies], capture_output=True, text=True, check=False)
    assert [line for line in said.stderr.splitlines() if "fieldops" in line] == []
    for service in (copy for copy in copies if copy.endswith(".service")):
        scored = [analyze, "security", "--offline=true", "--threshold=20", service]
        assert subprocess.run(scored, capture_output=True, check=False).returncode == 0, service


def test_prometheus_accepts_the_alerts_and_each_says_what_to_do() -> None:
    rules = DEPLOY / "prometheus" / "fieldops.rules.yml"
    written = rules.read_text(encoding="utf-8")
    assert written.count("- alert:") == written.count("action:") > 0
    said = subprocess.run([tool("promtool", "prometheus"), "check", "rules", rules], check=False, capture_output=True)
    assert said.returncode == 0, said.stderr


def _panels() -> list[str]:
    """The expressions of the dashboard."""
    dashboard = json.loads((DEPLOY / "grafana" / "fieldops.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_prometheus_understands_every_panel_of_the_dashboard(tmp_path: Path) -> None:
    rules = [{"record": f"panel_{number}", "expr": expression} for number, expression in enumerate(_panels())]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    command = [tool("promtool", "prometheus"), "check", "rules", tmp_path / "rules.yml"]
    said = subprocess.run(command, check=False, capture_output=True)
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_figure_of_alerts_and_dashboard_is_one_of_ours(client: FlaskClient) -> None:
    client.get("/healthz")
    page = client.get("/metrics").text
    ours = set(re.findall(r"^# TYPE (\w+)", page, re.MULTILINE)) | set(re.findall(r"^(\w+)[{ ]", page, re.MULTILINE))
    ours |= {"fieldops_engine_tick_age_seconds"}  # only once an engine has ticked: `operations.metrics`
    alerts = (DEPLOY / "prometheus" / "fieldops.rules.yml").read_text(encoding="utf-8")
    for line in re.findall(r"expr: (.*)", alerts) + _panels():
        named = set(re.findall(r"\b(up|fieldops_\w+)\b(?!\")", re.sub(r'"[^"]*"', '""', line)))
        assert named, line
        assert named <= ours | ADDED_BY_PROMETHEUS, line


class _Behind(http.server.BaseHTTPRequestHandler):
    """Says who it was told is asking, and holds a stream open after its first event."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if self.path == "/stream" else "text/plain")
        self.end_headers()
        told = "|".join(self.headers.get(f"X-Forwarded-{name}", "") for name in ("For", "Proto", "Host"))
        self.wfile.write(f"data: {told}\n\n".encode())
        self.wfile.flush()
        if self.path == "/stream":
            _OVER.wait(5)  # the stream stays open: who buffers gives nothing out until then

    def log_message(self, *_: object) -> None:
        pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[int]:
    """Caddy with the LAN's file, but for its ports; the port of its https."""
    caddy = tool("caddy", "caddy")
    behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Behind)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    port = _free_port()
    written = (DEPLOY / "caddy" / "Caddyfile.lan").read_text(encoding="utf-8")
    written = written.replace("127.0.0.1:8000", f"127.0.0.1:{behind.server_port}").replace(
        "\tskip_install_trust", f"\tskip_install_trust\n\tadmin off\n\thttps_port {port}\n\thttp_port {_free_port()}"
    )
    (tmp_path / "Caddyfile").write_text(written, encoding="utf-8")
    environment = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    command = [caddy, "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as running:
        yield port
        _OVER.set()
        running.terminate()
    behind.shutdown()
    behind.server_close()


def _ask(port: int, path: str, root: Path) -> bytes:
    """The first that comes of the answer, over a connection that trusts Caddy's own root alone."""
    context = ssl.create_default_context(cafile=str(root))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=2) as plain,
        context.wrap_socket(plain, server_hostname="jiance.lan") as wrapped,
    ):
        host = "Host: jiance.lan\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\n"
        wrapped.sendall(f"GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode())
        got = b""
        while b"data:" not in got and (more := wrapped.recv(4096)):
            got += more
        return got


def test_caddys_own_authority_serves_https_hides_figures_and_passes_streams_on_at_once(
    lan: int, tmp_path: Path
) -> None:
    root = tmp_path / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    ends = time.monotonic() + 15
    while True:
        try:
            first = _ask(lan, "/", root)
            break
        except OSError:
            assert time.monotonic() < ends, "Caddy did not come up"
            time.sleep(0.05)
    assert b"data: 127.0.0.1|https|" in first  # not what the phone pretended
    assert b"6.6.6.6" not in first
    assert b"evil" not in first
    for path in ("/metrics", "/healthz"):
        assert _ask(lan, path, root).startswith(b"HTTP/1.1 404")
    began = time.monotonic()
    assert b"data:" in _ask(lan, "/stream", root)
    assert time.monotonic() - began < 4  # the stream ends after 5


def test_caddy_accepts_the_domains_file() -> None:
    command = [tool("caddy", "caddy"), "validate", "--adapter", "caddyfile", "--config"]
    said = subprocess.run([*command, DEPLOY / "caddy" / "Caddyfile.domain"], capture_output=True, check=False)
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.postgres
def test_postgresql_knows_every_setting_and_the_connections_are_enough(app: Flask) -> None:
    lines = (DEPLOY / "postgresql" / "fieldops.conf").read_text(encoding="utf-8").splitlines()
    wanted = dict(line.split(" = ") for line in lines if line and not line.startswith("#"))
    known = set(db.session.scalars(text("SELECT name FROM pg_settings")))
    assert set(wanted) <= known
    assert {wanted[name] for name in ("fsync", "synchronous_commit", "full_page_writes")} == {"on"}
    pool = engine_options("postgresql://")
    processes = app.config["SETTINGS"].workers + 1
    assert int(wanted["max_connections"]) > processes * (pool["pool_size"] + pool["max_overflow"])

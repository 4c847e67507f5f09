"""Check-ins a second through POST /api/v1/events, beside a bare Flask view that does one committed INSERT.

    make bench            both engines, printed as ratios within this run (docs/performance.md)

Each engine gets a fresh demo-sized database; gunicorn runs with 2 workers, and 8 clients of a process of their own send
one event a call, then thirty a call, then one a call at fixed times. Each client speaks for several monitors in turn,
each of whom checks in their own room's students, all sessions, before anybody is checked in a second time: on a test
day nobody is checked in ten times. The bare view runs under the same gunicorn, on the same engine, by the raw driver.
At the end the raw driver alone writes such rows as the journal holds then, thirty a commit.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

EVENTS = "/api/v1/events"
CLIENTS = 8
WORKERS = 2
#: Calls a second of the steady load, over all clients.
STEADY = 100

BARE = """
import os, sqlite3, threading, uuid
from flask import Flask, request
URL = os.environ["BENCH_URL"]
app = Flask(__name__)
local = threading.local()
if URL.startswith("sqlite"):
    try:
        import pysqlite3.dbapi2 as driver
    except ImportError:
        driver = sqlite3
    def connection():
        if not hasattr(local, "c"):
            local.c = driver.connect(URL.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
            local.c.execute("PRAGMA journal_mode=WAL"); local.c.execute("PRAGMA synchronous=FULL")
        return local.c
    SQL = "INSERT INTO bench (id, body) VALUES (?, ?)"
else:
    import psycopg
    def connection():
        if not hasattr(local, "c"):
            local.c = psycopg.connect(URL.replace("+psycopg", ""), autocommit=True)
        return local.c
    SQL = "INSERT INTO bench (id, body) VALUES (%s, %s)"

@app.post("/")
def insert():
    connection().execute(SQL, (str(uuid.uuid4()), request.get_data(as_text=True)))
    return {"ok": True}
"""


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Gunicorn:
    """A server for as long as the block runs."""

    def __init__(self, target: str, environment: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "gunicorn", target, "--bind", f"127.0.0.1:{self.port}"]
        command += ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", "16", "--keep-alive", "30"]
        command += ["--log-level", "error"]
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=folder if target.startswith("bare") else ROOT, env=environment, stdout=log, stderr=log
            )

    def __enter__(self) -> Self:
        for _ in range(200):
            try:
                connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/")
                connection.getresponse().read()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise SystemExit("the server did not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


_DEFINITIONS = "SELECT sql FROM sqlite_master WHERE tbl_name = 'journal_event' AND sql IS NOT NULL ORDER BY type DESC"
_ROWS = "SELECT * FROM journal_event ORDER BY county, seq LIMIT 3000"

#: Makes the next call's headers and body.
Next = Callable[[], tuple[dict[str, str], bytes]]


def load(
    port: int, seconds: float, path: str, calls: list[Next], per_call: int, *, rate: float | None = None
) -> dict[str, float]:
    """Drive the server with one thread per entry of `calls`.

    Args:
        rate: calls a second over all threads, each begun at its time whatever became of those before (a thread that is
            late catches up), and its latency counted from that time. None: each thread calls again at once.
    """
    latencies: list[float] = []
    done = [0] * len(calls)
    failures: list[str] = []
    started = time.perf_counter()
    ends = started + seconds

    def run(number: int) -> None:
        following = calls[number]
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        for turn in itertools.count():
            due = None if rate is None else started + (turn * len(calls) + number) / rate
            if (due or time.perf_counter()) >= ends:
                return
            headers, data = following()
            if due is not None:
                time.sleep(max(0.0, due - time.perf_counter()))
            began = due or time.perf_counter()
            connection.request("POST", path, body=data, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
            latencies.append(time.perf_counter() - began)
            if answer.status != 200 or (per_call > 0 and content.count(b'"accepted"') != per_call):
                failures.append(f"{answer.status} {content[:200]!r}")
                return
            done[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    if failures:
        raise SystemExit(f"a call failed: {failures[0]}")
    return _summary(latencies, sum(done) / took)


def _summary(latencies: list[float], rate: float) -> dict[str, float]:
    latencies.sort()
    return {
        "calls": rate,
        "p50": statistics.median(latencies) * 1000,
        "p99": latencies[int(len(latencies) * 0.99)] * 1000,
    }


def fieldops_calls(environment: dict[str, str], port: int, per_call: int) -> list[Next]:
    """Signed-in monitors, spread over the clients, sending check-ins of their own rooms' students."""
    listing = json.loads(
        subprocess.run(
            [sys.executable, "-m", "fieldops.cli", "people", "--json"],
            check=True,
            capture_output=True,
            env=environment,
            cwd=ROOT,
        ).stdout
    )
    monitors = [row for row in listing if row["role"] == "monitor"]
    turns: list[list[Iterator[tuple[dict[str, str], bytes]]]] = [[] for _ in range(CLIENTS)]
    for place, row in enumerate(monitors):
        device = str(uuid.uuid4())
        enrolled = _json(port, "POST", "/api/v1/enrol", {"code": row["enrol_code"], "device": device, "label": "bench"})
        headers = {"Authorization": f"Bearer {enrolled['token']}", "Content-Type": "application/json"}
        shot = _json(port, "GET", "/api/v1/snapshot", None, headers)
        room = next(room for room in shot["rooms"] if room["mine"])
        students = [s["code"] for s in shot["students"] if s["room"] == room["code"]]
        sessions = [s["code"] for s in shot["sessions"] if s["grade"] == room["grade"]]
        whom = [(student, session) for session in sessions for student in students]
        turns[place % CLIENTS].append(_bodies(headers, device, (shot["school"]["code"], room["code"]), whom, per_call))
    return [partial(_next, itertools.cycle(mine)) for mine in turns]


def _next(turns: Iterator[Iterator[tuple[dict[str, str], bytes]]]) -> tuple[dict[str, str], bytes]:
    return next(next(turns))


def _bodies(
    headers: dict[str, str], device: str, place: tuple[str, str], whom: list[tuple[str, str]], per_call: int
) -> Iterator[tuple[dict[str, str], bytes]]:
    """One room's calls without end."""
    for call in itertools.count():
        events = []
        for number in range(call * per_call, (call + 1) * per_call):
            student, session = whom[number % len(whom)]
            at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            events.append(
                {
                    "id": str(uuid.uuid4()),
                    "device_seq": number,
                    "kind": "attendance.checked_in",
                    "occurred_at": at,
                    "recorded_at": at,
                    "offset_ms": 0,
                    "school": place[0],
                    "room": place[1],
                    "session": session,
                    "student": student,
                    "data": {"method": "scan"},
                }
            )
        yield headers, json.dumps({"device": device, "sent_at": at, "events": events}).encode()


def _json(port: int, method: str, path: str, body: object, headers: dict[str, str] | None = None) -> dict:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(
        method,
        path,
        json.dumps(body) if body is not None else None,
        {"Content-Type": "application/json", **(headers or {})},
    )
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 400:
        raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
    return json.loads(content)


def measure(engine: str, url: str, folder: Path, seconds: float) -> dict[str, dict[str, float]]:
    """All loads on one engine."""
    environment = {
        **os.environ,
        "FIELDOPS_DATA_DIR": str(folder),
        "FIELDOPS_DATABASE_URL": url,
        "PYTHONPATH": str(ROOT),
        "BENCH_URL": url if engine == "postgresql" else f"sqlite:///{folder / 'bare.sqlite3'}",
    }
    subprocess.run([sys.executable, "-m", "fieldops.cli", "demo"], check=True, env=environment, cwd=ROOT)
    (folder / "bare.py").write_text(BARE, encoding="utf-8")
    _make_table(engine, environment["BENCH_URL"])
    found: dict[str, dict[str, float]] = {}
    headers = {"Content-Type": "application/json"}
    plain = [partial(next, _bodies(headers, "x" * 36, ("x", "01"), [("x", "x")], 1)) for _ in range(CLIENTS)]
    with Gunicorn("bare:app", environment, folder) as bare:
        found["bare"] = load(bare.port, seconds, "/", plain, 0)
    with Gunicorn("wsgi:app", environment, folder) as server:
        found["one"] = load(server.port, seconds, EVENTS, fieldops_calls(environment, server.port, 1), 1)
        found["thirty"] = load(server.port, seconds, EVENTS, fieldops_calls(environment, server.port, 30), 30)
        calls = fieldops_calls(environment, server.port, 1)
        found["steady"] = load(server.port, seconds, EVENTS, calls, 1, rate=STEADY)
    subprocess.run([sys.executable, "-m", "fieldops.cli", "verify"], check=True, env=environment, cwd=ROOT)
    found["raw"] = raw(engine, url, folder, seconds)
    return found


def raw(engine: str, url: str, folder: Path, seconds: float) -> dict[str, float]:
    """Rows of the journal by the driver alone, thirty a commit, into an empty table with the journal's indexes."""
    connection: Any  # of either driver
    if engine == "sqlite":
        try:
            import pysqlite3.dbapi2 as driver
        except ImportError:
            import sqlite3 as driver
        journal = driver.connect(url.removeprefix("sqlite:///"))
        definitions = [sql for (sql,) in journal.execute(_DEFINITIONS)]
        cursor = journal.execute(_ROWS)
        connection = driver.connect(str(folder / "raw.sqlite3"), isolation_level=None)
        for sql in ["PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *definitions]:
            connection.execute(sql)
        table, mark = "journal_event", "?"
    else:
        import psycopg

        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        connection.execute("CREATE TABLE raw_event (LIKE journal_event INCLUDING ALL)")
        cursor = connection.execute(_ROWS)
        table, mark = "raw_event", "%s"
    names = [column[0] for column in cursor.description]
    rows = [list(row) for row in cursor.fetchall()]
    quoted = ", ".join(f'"{name}"' for name in names)  # `window` is a word of SQL
    insert = f"INSERT INTO {table} ({quoted}) VALUES ({', '.join(mark for _ in names)})"  # noqa: S608 - own names
    place, identity = names.index("seq"), names.index("id")
    latencies: list[float] = []
    writer, began = connection.cursor(), time.perf_counter()
    while time.perf_counter() < began + seconds:
        first = len(latencies) * 30
        thirty = [list(rows[number % len(rows)]) for number in range(first, first + 30)]
        for number, row in enumerate(thirty, first + 1):
            row[place], row[identity] = number, uuid.uuid4().hex
        at = time.perf_counter()
        writer.execute("BEGIN")
        writer.executemany(insert, thirty)
        writer.execute("COMMIT")
        latencies.append(time.perf_counter() - at)
    took = time.perf_counter() - began
    connection.close()
    return _summary(latencies, len(latencies) / took)


def _make_table(engine: str, url: str) -> None:
    statement = "CREATE TABLE bench (n INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT)"
    if engine == "sqlite":
        import sqlite3

        sqlite3.connect(url.removeprefix("sqlite:///")).execute(statement)
        return
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            statement.replace("n INTEGER PRIMARY KEY", "n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
        )


#: Name, key, and rows a call.
LOADS = [
    ("bare view, one INSERT", "bare", 1),
    ("one check-in a call", "one", 1),
    ("thirty a call", "thirty", 30),
    (f"one a call, steady {STEADY}/s", "steady", 1),
    ("raw driver, same rows, thirty a commit", "raw", 30),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="for each load")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    options = parser.parse_args()
    os.environ.setdefault("FIELDOPS_TEST_POSTGRES_FSYNC", "on")  # what is measured is a commit that survives
    rows, shares = [], []
    for engine in options.engine or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory(prefix="fieldops-bench-") as name:
            if engine == "sqlite":
                found = measure(engine, f"sqlite:///{name}/fieldops.sqlite3", Path(name), options.seconds)
            else:
                from tests.support import postgres

                found = measure(engine, postgres.fresh_database("bench"), Path(name), options.seconds)
                postgres.pytest_unconfigure(None)  # type: ignore[arg-type]  # stops the server that we started
        bare = found["bare"]["calls"]
        for load_name, key, per_call in LOADS:
            rate = found[key]["calls"] * per_call
            rows.append((engine, load_name, rate, rate / bare, found[key]))
        shares.append(f"{engine}: thirty a call / raw driver {found['thirty']['calls'] / found['raw']['calls']:.2f}")
    print(f"\n{CLIENTS} clients, {WORKERS} workers, {os.cpu_count()} cores, {options.seconds:g} s each\n")
    print("| engine | load | rows/s | ratio to bare | p50 ms | p99 ms |\n|---|---|---:|---:|---:|---:|")
    for engine, name, rate, ratio, detail in rows:
        print(f"| {engine} | {name} | {rate:,.0f} | {ratio:.2f} | {detail['p50']:.0f} | {detail['p99']:.0f} |")
    print("", *shares, sep="\n")


if __name__ == "__main__":
    main()

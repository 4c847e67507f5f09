"""The doctor: a sound installation is all ok, and each fault is named with what to do."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask_babel import force_locale

from fieldops.cli import main
from fieldops.config import Settings
from fieldops.db import db, writing
from fieldops.doctor.checks import Database, Findings, State, examine, worst
from fieldops.doctor.findings import look
from fieldops.journal.models import Head

BASE = Database(
    engine="postgresql",
    version="15.9",
    level="0011",
    newest="0011",
    settings={"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "200"},
    engine_age=timedelta(seconds=3),
    windows=("real",),
)
SOUND = Findings(
    public_url="https://jiance.example.cn",
    demo=False,
    debug=False,
    trusted_proxies=1,
    processes=3,
    data_dir="/srv/fieldops",
    data_mode=0o750,
    secret_mode=0o600,
    writable=True,
    free_bytes=50_000_000_000,
    static_missing=(),
    time_zones=True,
    database=BASE,
    public_status=200,
    certificate_left=timedelta(days=60),
    backups="/backup",
    backup_age=timedelta(minutes=5),
    backup_key=True,
)

BROKEN_INSTALLATION: list[tuple[dict[str, Any], str, State]] = [
    ({"writable": False}, "Data folder", "broken"),
    ({"data_mode": 0o755}, "Data folder", "look"),
    ({"secret_mode": 0o644}, "Secret key", "broken"),
    ({"free_bytes": 1_000_000_000}, "Free space", "look"),
    ({"free_bytes": 100_000_000}, "Free space", "broken"),
    ({"static_missing": ("phone/app.js",)}, "Static files", "broken"),
    ({"time_zones": False}, "Time zones", "broken"),
    ({"database": None, "database_error": "ConnectionTimeout"}, "Database", "broken"),
    ({"public_status": None, "public_error": "refused"}, "Public address", "broken"),
    ({"public_status": 502}, "Public address", "broken"),
    ({"public_url": "http://10.0.0.5", "certificate_left": None}, "https", "look"),
    ({"trusted_proxies": 0}, "https", "look"),
    ({"certificate_left": timedelta(days=5)}, "Certificate", "look"),
    ({"certificate_left": timedelta(days=-1)}, "Certificate", "broken"),
    ({"debug": True}, "Settings", "broken"),
    ({"demo": True}, "Settings", "look"),
    ({"backup_key": False}, "Backup", "look"),
    ({"backups": None}, "Backup", "look"),
    ({"backup_age": None}, "Backup", "broken"),
    ({"backup_age": timedelta(days=2)}, "Backup", "look"),
]
BROKEN_DATABASE: list[tuple[dict[str, Any], str, State]] = [
    ({"unsafe": True}, "Database", "look"),
    ({"settings": BASE.settings | {"fsync": "off"}}, "PostgreSQL settings", "broken"),
    ({"settings": BASE.settings | {"synchronous_commit": "off"}}, "PostgreSQL settings", "broken"),
    ({"settings": BASE.settings | {"max_connections": "50"}}, "PostgreSQL settings", "look"),
    ({"level": "0007"}, "Migration", "broken"),
    ({"level": None}, "Migration", "broken"),
    ({"heads_off": ("441823",)}, "Journal", "broken"),
    ({"engine_age": None}, "Engine", "broken"),
    ({"engine_age": timedelta(minutes=5)}, "Engine", "broken"),
    ({"clock_ahead": timedelta(seconds=-90)}, "Clock", "look"),
    ({"windows": ()}, "Windows", "look"),
    ({"windows": ("real", "rehearsal")}, "Windows", "look"),
    ({"messages_failed": 4}, "Messages", "look"),
]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_sound_installation_is_all_ok(app: Flask) -> None:
    with force_locale("en"):
        lines = examine(SOUND)
    assert [line for line in lines if line.state != "ok" or line.remedy] == []
    assert worst(lines) == "ok"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_each_fault_alone_is_named_with_what_to_do(app: Flask) -> None:
    cases: list[tuple[Findings, str, State]] = [
        (dataclasses.replace(SOUND, **change), what, state) for change, what, state in BROKEN_INSTALLATION
    ]
    cases += [
        (dataclasses.replace(SOUND, database=dataclasses.replace(BASE, **change)), what, state)
        for change, what, state in BROKEN_DATABASE
    ]
    for found, what, state in cases:
        with force_locale("en"):
            bad = [line for line in examine(found) if line.state != "ok"]
        assert [(line.what, line.state) for line in bad] == [(what, state)], found
        assert bad[0].remedy
        assert worst(bad) == state
        with force_locale("zh"):
            chinese = next(line for line in examine(found) if line.state != "ok")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese.words + chinese.remedy)


def test_it_looks_at_the_real_thing_and_finds_a_journal_that_was_cut(app: Flask, settings: Settings) -> None:
    found = look(settings, None)
    assert found.database is not None
    assert found.database.level == found.database.newest
    assert found.database.heads_off == ()
    if not settings.sqlite:
        assert found.database.settings["max_connections"].isdigit()
        assert abs(found.database.clock_ahead) < timedelta(seconds=2)
    with writing():
        db.session.add(Head(county="441823", seq=3, hash=b"x" * 32))
    db.session.rollback()
    cut = look(settings, None).database
    assert cut is not None
    assert cut.heads_off == ("441823",)


def test_the_command_ends_with_1_and_finds_the_newest_backup(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "fieldops-20260101T000000Z-1.age").write_bytes(b"x")
    environment = {"FIELDOPS_DATA_DIR": str(tmp_path / "data"), "PORT": "1"}
    arguments = ["doctor", "--json", "--backups", str(tmp_path / "backup")]
    result = CliRunner().invoke(main, arguments, env=environment)
    assert result.exit_code == 1
    lines = {line["what"]: line for line in json.loads(result.stdout)}
    assert lines["Migration"]["state"] == "broken"
    assert lines["Public address"]["state"] == "broken"
    assert "故障" in CliRunner().invoke(main, ["doctor", "--language", "zh"], env=environment).stdout

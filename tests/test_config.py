"""A wrong setting stops the start with a sentence that names it."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fieldops.config import ROOT, SettingError, load


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"FIELDOPS_DATA_DIR": str(folder), **more}


def test_nothing_set_is_a_county_on_one_machine(tmp_path: Path) -> None:
    settings = load(environment(tmp_path))
    assert settings.database_url == f"sqlite:///{tmp_path / 'fieldops.sqlite3'}"
    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 8000, False)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert not settings.secure_cookies


def test_the_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = load(environment(tmp_path)).secret_key
    assert load(environment(tmp_path)).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("FIELDOPS_DEMO", "yes"),
        ("FIELDOPS_WORKERS", "0"),
        ("FIELDOPS_THREADS", "1"),
        ("FIELDOPS_STREAMS", "64"),
        ("FIELDOPS_SECRET_KEY", "short"),
        ("FIELDOPS_PUBLIC_URL", "example.org"),
        ("FIELDOPS_PUBLIC_URL", "https://example.org/path"),
        ("FIELDOPS_DATABASE_URL", "mysql://x"),
        ("FIELDOPS_DATABASE_URL", "sqlite:///:memory:"),
        ("FIELDOPS_TRUSTED_PROXIES", "-1"),
        ("FIELDOPS_DEADMAN_URL", "http://example.org/x"),
        ("FIELDOPS_DEADMAN_URL", "https://"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError, match=rf"^{name}: "):
        load(environment(tmp_path, **{name: value}))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=r"^FIELDOPS_DATA_DIR: "):
        load(environment(tmp_path / "file" / "below"))


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("cut off", encoding="ascii")
    with pytest.raises(SettingError, match="FIELDOPS_SECRET_KEY"):
        load(environment(tmp_path))
    assert (tmp_path / "secret-key").read_text(encoding="ascii") == "cut off"


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_any_way_to_write_postgresql_is_understood(tmp_path: Path, url: str) -> None:
    settings = load(environment(tmp_path, FIELDOPS_DATABASE_URL=url))
    assert settings.database_url == "postgresql+psycopg://u@h/d"


def test_the_command_says_it_in_one_sentence(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "fieldops.cli", "serve"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment(tmp_path, PORT="x")},
    )
    assert ran.returncode == 1
    assert ran.stderr.strip() == "Error: PORT: expected a whole number, not 'x'."


def test_https_makes_cookies_secure(tmp_path: Path) -> None:
    assert load(environment(tmp_path, FIELDOPS_PUBLIC_URL="https://jc.example.org")).secure_cookies

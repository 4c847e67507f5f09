"""A backup is verified, opens with its private key alone, and is put back whole or not at all; so is a move."""

from __future__ import annotations

import dataclasses
import gzip
import io
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from click.testing import CliRunner
from flask import Flask, current_app
from sqlalchemy import select, text, update

from fieldops import create_app, schema
from fieldops.backup import sealed, service, tables
from fieldops.cli import main
from fieldops.config import Settings
from fieldops.db import db, writing
from fieldops.journal.models import EventRow
from fieldops.journal.queries import epoch, heads
from fieldops.journal.verify import verify
from fieldops.organisation import service as organisation
from tests.support import field, postgres
from tests.testday import build

NAME = "O'Neil {x} %s <b> 𠮷 生僻字"


@pytest.fixture(scope="module")
def key() -> sealed.KeyPair:
    return sealed.new_key()


@pytest.fixture
def county(app: Flask) -> Flask:
    """Two counties with people, among them one with a name that breaks what is written carelessly."""
    field.make()
    place = f"{field.COUNTY}/{field.SCHOOL}/01"
    with writing():
        person = organisation.add_person(home=field.COUNTY, name=NAME)
        for role in ("monitor", "subject_monitor"):
            organisation.give_duty(person=person.id, role=role, place=place, window=build.WINDOW, by=None)
    return app


@pytest.fixture
def empty(tmp_path: Path, settings: Settings, engine: str) -> Iterator[Settings]:
    """Settings of an empty database of the same kind, in a folder of its own."""
    yield from _empty(tmp_path / "new", settings, engine)


def _empty(folder: Path, settings: Settings, engine: str) -> Iterator[Settings]:
    folder.mkdir()
    name = f"backup_{folder.parent.name}_{folder.name}"[:60].lower().replace("-", "_")
    url = f"sqlite:///{folder / 'fieldops.sqlite3'}" if engine == "sqlite" else postgres.fresh_database(name)
    yield dataclasses.replace(settings, data_dir=folder, database_url=url)
    if engine == "postgres":
        postgres.drop_database(name)


def make(settings: Settings, key: sealed.KeyPair, folder: Path, keep: int | None = None) -> service.Made:
    return service.make(settings, create_app, folder=folder, public=key.public, keep=keep)


def counted() -> dict[str, int]:
    found = tables.counts(db.session.connection())
    db.session.rollback()
    return found


def test_what_was_backed_up_stands_in_the_restored_database(
    county: Flask, settings: Settings, empty: Settings, key: sealed.KeyPair, tmp_path: Path
) -> None:
    before, rows, first = heads(), counted(), epoch()
    db.session.rollback()
    made = make(settings, key, tmp_path / "backups")
    assert made.events == sum(before.values()) > 0
    assert NAME.encode() not in made.path.read_bytes()
    put = service.put_back(empty, create_app, file=made.path, private=f"# a note\n{key.private}\n")
    assert (put.events, put.other_secret) == (made.events, False)
    with service.opened(create_app, empty):
        assert heads() == before
        assert counted() == rows
        assert epoch() == put.epoch != first
        assert not [fault for code in before for fault in verify(code)]
        assert db.session.scalar(text("SELECT name FROM organisation_person WHERE name LIKE 'O''Neil%'")) == NAME
    # and nothing is left lying about that is not sealed
    assert not [path for folder in (settings.data_dir, empty.data_dir) for path in folder.glob(".backup-*")]


def test_a_database_that_holds_anything_is_never_touched(
    county: Flask, settings: Settings, key: sealed.KeyPair, tmp_path: Path
) -> None:
    made, before = make(settings, key, tmp_path), counted()
    with pytest.raises(service.Refused, match="not empty and stays as it is"):
        service.put_back(settings, create_app, file=made.path, private=key.private)
    assert counted() == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_another_key_a_cut_and_an_altered_file_are_refused_and_leave_nothing(
    county: Flask, settings: Settings, empty: Settings, key: sealed.KeyPair, tmp_path: Path
) -> None:
    whole = make(settings, key, tmp_path).path
    content = whole.read_bytes()
    cut, altered, other = tmp_path / "cut", tmp_path / "altered", tmp_path / "other"
    cut.write_bytes(content[:-1000])
    altered.write_bytes(content[:-2000] + bytes([content[-2000] ^ 1]) + content[-1999:])
    other.write_bytes(b"no backup at all")
    for file, private in ((whole, sealed.new_key().private), *((bad, key.private) for bad in (cut, altered, other))):
        with pytest.raises(sealed.NotOpened):
            service.put_back(empty, create_app, file=file, private=private)
    with pytest.raises(sealed.BadKey):
        service.put_back(empty, create_app, file=whole, private="no key")
    with service.opened(create_app, empty):
        assert schema.is_empty()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_file_that_opens_and_is_no_backup_is_refused(
    county: Flask, settings: Settings, empty: Settings, key: sealed.KeyPair, tmp_path: Path
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("backup.json"), io.BytesIO())
    recipient = pyrage.x25519.Recipient.from_str(key.public)
    for content in (packed.getvalue(), gzip.compress(b"no tar")):
        (tmp_path / "x").write_bytes(pyrage.encrypt(content, [recipient]))
        with pytest.raises(sealed.NotOpened):
            service.put_back(empty, create_app, file=tmp_path / "x", private=key.private)


def test_an_altered_journal_makes_no_backup(
    county: Flask, settings: Settings, key: sealed.KeyPair, tmp_path: Path
) -> None:
    with writing():
        db.session.execute(update(EventRow).where(EventRow.seq == 2).values(school="elsewhere"))
    with pytest.raises(service.Refused, match="event 2"):
        make(settings, key, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_backup_of_a_newer_program_is_refused(
    county: Flask,
    settings: Settings,
    empty: Settings,
    key: sealed.KeyPair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make(settings, key, tmp_path)
    monkeypatch.setattr(schema, "newest", lambda: "0001")
    with pytest.raises(service.Refused, match="install the version"):
        service.put_back(empty, create_app, file=made.path, private=key.private)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_oldest_backups_go_and_other_files_stay(
    county: Flask, settings: Settings, key: sealed.KeyPair, tmp_path: Path
) -> None:
    for name in ("fieldops-20240520T000000Z-1.age", "fieldops-20240520T000100Z-2.age", "fieldops-key.txt"):
        (tmp_path / name).touch()
    made = make(settings, key, tmp_path, keep=2)
    assert made.removed == 1
    kept = {path.name for path in tmp_path.glob("fieldops-*")}
    assert kept == {"fieldops-20240520T000100Z-2.age", "fieldops-key.txt", made.path.name}


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_county_moves_from_sqlite_to_postgresql(county: Flask, settings: Settings, tmp_path: Path) -> None:
    before, rows, first = heads(), counted(), epoch()
    db.session.rollback()
    for there in _empty(tmp_path / "pg", settings, "postgres"):
        copied = service.move(settings, there, create_app)
        assert copied == rows
        with service.opened(create_app, there):
            assert heads() == before
            assert epoch() != first
            assert not [fault for code in before for fault in verify(code)]
        with pytest.raises(service.Refused, match="not empty"):
            service.move(settings, there, create_app)
    assert counted() == rows


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_commands_say_what_to_do(
    county: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDOPS_DATA_DIR", str(settings.data_dir))
    monkeypatch.delenv("FIELDOPS_DATABASE_URL", raising=False)
    run = CliRunner().invoke
    folder, private = tmp_path / "backups", tmp_path / "key.txt"
    answer = run(main, ["backup", "--to", str(folder)])
    assert answer.exit_code == 1
    assert "fieldops backup-key" in answer.output
    assert run(main, ["backup-key", "--out", str(private)]).exit_code == 0
    assert private.stat().st_mode & 0o777 == 0o600
    assert "AGE-SECRET-KEY" not in (settings.data_dir / service.PUBLIC).read_text()
    assert run(main, ["backup-key", "--out", str(tmp_path / "second")]).exit_code == 1
    answer = run(main, ["backup", "--to", str(folder), "--keep", "3"])
    assert answer.exit_code == 0, answer.output
    assert "verified" in answer.output
    (made,) = folder.glob("*.age")
    assert run(main, ["restore", str(made), "--key", str(private)]).exit_code == 1
    monkeypatch.setenv("FIELDOPS_DATA_DIR", str(tmp_path / "fresh"))
    answer = run(main, ["restore", str(made), "--key", str(private)])
    assert answer.exit_code == 0, answer.output
    assert "Start the server" in answer.output
    answer = run(main, ["verify"])
    assert "all as the journal says" in answer.output, answer.output


def test_a_lost_disk_is_rebuilt_from_an_old_backup_and_the_phones(
    county: Flask, settings: Settings, empty: Settings, key: sealed.KeyPair, tmp_path: Path
) -> None:
    token, device = field.sign_in("monitor", f"{field.COUNTY}/{field.SCHOOL}/01")
    at = build.minutes(-20).isoformat()
    facts = [
        {
            "id": str(uuid.uuid4()),
            "device_seq": number,
            "kind": "anomaly.noted",
            "occurred_at": at,
            "recorded_at": at,
            "school": field.SCHOOL,
            "room": "01",
            "session": build.CHINESE,
            "data": {"category": "other", "note": NAME},
        }
        for number in range(1, 13)
    ]

    def send(app: Flask, some: list[dict[str, object]]) -> tuple[list[str], str]:
        body = {"device": device, "sent_at": at, "events": some}
        answer = app.test_client().post("/api/v1/events", json=body, headers=field.bearer(token))
        assert answer.status_code == 200, answer.text
        return [result["outcome"] for result in answer.json["results"]], answer.json["server_epoch"]

    outcomes, first = send(county, facts[:5])
    assert outcomes == ["accepted"] * 5
    made = make(settings, key, tmp_path)
    assert send(county, facts[5:9]) == (["accepted"] * 4, first)  # answered, and lost with the disk
    service.put_back(empty, create_app, file=made.path, private=key.private)
    with service.opened(create_app, empty):
        outcomes, epoch_now = send(current_app, facts[9:])  # type: ignore[arg-type]  # the app behind the proxy is meant
        assert outcomes == ["accepted"] * 3
        assert epoch_now != first  # so the phone offers all that it keeps
        outcomes, _ = send(current_app, facts)  # type: ignore[arg-type]  # as above
        assert outcomes == ["duplicate"] * 5 + ["accepted"] * 4 + ["duplicate"] * 3
        kept = db.session.scalars(select(EventRow.id).where(EventRow.kind == "anomaly.noted")).all()
        assert sorted(kept) == sorted(fact["id"] for fact in facts)
        assert not list(verify(field.COUNTY))

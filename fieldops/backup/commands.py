"""`fieldops backup-key`, `backup`, `restore`, `migrate-engine`: what an operator reads and types."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from fieldops import config
from fieldops.backup import sealed, service
from fieldops.backup.service import OpenApp
from fieldops.config import Settings

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _fail(error: Exception) -> NoReturn:
    raise click.ClickException(str(error)) from None


def add_to(group: click.Group, read_settings: Callable[[], Settings], open_app: OpenApp) -> None:
    """Add the commands to `fieldops`; it knows how settings are read and an app is made."""

    @group.command("backup-key")
    @click.option("--out", type=click.Path(path_type=Path), required=True, help="File for the private key; a new one.")
    def backup_key(out: Path) -> None:
        """Make the pair of keys of the backups: the public one stays here, the private one must go elsewhere.

        Who has the private key can read every backup; without it none can be put back. Keep it twice, on paper or on
        sticks, and not on this machine.

        \b
        Example:
          fieldops backup-key --out /media/stick/fieldops-key.txt
        """
        settings = read_settings()
        public = settings.data_dir / service.PUBLIC
        if public.exists():
            raise click.ClickException(f"{public} is there already. Remove it first if its private key is lost.")
        pair = sealed.new_key()
        try:
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise click.ClickException(f"{out}: {error.strerror}") from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"# opens the backups sealed with {pair.public}\n{pair.private}\n")
        public.write_text(pair.public + "\n", encoding="utf-8")
        click.echo(f"private key: {out} (take it away from this machine)\npublic key:  {public}")

    @group.command()
    @click.option("--to", "folder", type=_FOLDER, required=True, help="Folder of the backups; made when missing.")
    @click.option("--keep", type=click.IntRange(1), help="How many backups stay there; the oldest go.")
    @click.option("--key", help="Public key (age1…); default: the one that `fieldops backup-key` left.")
    def backup(folder: Path, keep: int | None, key: str | None) -> None:
        """Back up the database while it serves: verified, and sealed so that only the private key opens it.

        \b
        Examples:
          fieldops backup-key --out /media/stick/fieldops-key.txt      once
          fieldops backup --to /backup --keep 200                      every few minutes on the day
        """
        settings = read_settings()
        public = settings.data_dir / service.PUBLIC
        if key is None and not public.exists():
            raise click.ClickException("there is no public key yet: run `fieldops backup-key --out FILE` once.")
        try:
            made = service.make(
                settings, open_app, folder=folder, public=key or public.read_text(encoding="utf-8"), keep=keep
            )
        except (service.Refused, sealed.BadKey) as error:
            _fail(error)
        removed = f", {made.removed} older removed" if made.removed else ""
        click.echo(f"{made.path}: {made.events} events, {made.size / 1e6:.1f} MB, verified{removed}")

    @group.command()
    @click.argument("file", type=_FILE)
    @click.option("--key", type=_FILE, required=True, help="File with the private key.")
    def restore(file: Path, key: Path) -> None:
        """Put a backup into an empty database, and let the phones complete it.

        A database that holds anything is never touched. The restored one names another epoch, so every phone offers
        again what it keeps; what the backup has is known by its id and counts once.

        \b
        Examples:
          FIELDOPS_DATA_DIR=/srv/new fieldops restore /backup/fieldops-….age --key /media/stick/fieldops-key.txt
        """
        settings = read_settings()
        try:
            put = service.put_back(settings, open_app, file=file, private=key.read_text(encoding="utf-8"))
        except (service.Refused, sealed.BadKey, sealed.NotOpened) as error:
            _fail(error)
        click.echo(
            f"{put.events} events as of {put.made_at}, verified; the epoch is {put.epoch}.\n"
            "Start the server: phones offer what came later by themselves. Decisions made on desks since the backup, "
            "and links handed out since, are gone: look at the boards, and give those people new links."
        )
        if put.other_secret:
            click.echo(
                "FIELDOPS_SECRET_KEY is another one than the backup was made under: secrets of the channels of "
                "messages have to be entered again, and sealed hand-overs of before no longer open.",
                err=True,
            )

    @group.command("migrate-engine")
    @click.option("--to", required=True, help="Address of an empty database: postgresql://user:password@host/name")
    def migrate_engine(to: str) -> None:
        """Move everything into another, empty database, and verify it there: grown out of one machine.

        Stop the server first. The old database stays as it was.

        \b
        Example:
          fieldops migrate-engine --to postgresql://fieldops@db/fieldops
        """
        settings = read_settings()
        try:
            there = config.load({**os.environ, "FIELDOPS_DATABASE_URL": to})
            there = dataclasses.replace(settings, database_url=there.database_url)
            copied = service.move(settings, there, open_app)
        except (service.Refused, config.SettingError) as error:
            _fail(error)
        click.echo(
            f"{copied['journal_event']} events and {sum(copied.values())} rows in all, verified there.\n"
            "Start the server with FIELDOPS_DATABASE_URL set to it. Phones offer again what they keep, once."
        )

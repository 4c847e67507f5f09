"""The `fieldops` command: what an operator runs. Each command's help has examples."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from flask import Flask
from flask_babel import force_locale

from fieldops import config, create_app, schema, serving
from fieldops.backup import commands as backup_commands
from fieldops.config import Settings
from fieldops.db import db
from fieldops.demo import install as demo_install
from fieldops.demo import links as demo_links
from fieldops.doctor import commands as doctor_commands
from fieldops.founding.commands import found_from
from fieldops.founding.service import new_password
from fieldops.journal.queries import heads
from fieldops.journal.verify import verify as verify_county
from fieldops.operations import engine as engines
from fieldops.operations.health import library_warnings
from fieldops.organisation import own_password
from fieldops.organisation.passwords import PasswordRefused
from fieldops.organisation.problems import Invalid
from fieldops.organisation.service import people_listing
from fieldops.rehearsal import commands as rehearsal_commands
from fieldops.roster.commands import import_files
from fieldops.timetable.queries import open_windows

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _settings() -> Settings:
    try:
        return config.load()
    except config.SettingError as error:
        raise click.ClickException(str(error)) from None


def _app() -> Flask:
    return create_app(_settings())


def _up_to_date() -> None:
    level = schema.level()
    if level != schema.newest():
        raise click.ClickException(
            f"the database {schema.describe()} stands at migration {level or 'none'}; run `fieldops serve` or "
            "`fieldops upgrade` first."
        )


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="fieldops")
def main() -> None:
    """Fieldops: test-day field operations for education quality monitoring.

    Settings come from the environment: FIELDOPS_DATA_DIR (default var/), FIELDOPS_DATABASE_URL (default SQLite in
    the data directory), FIELDOPS_SECRET_KEY, FIELDOPS_PUBLIC_URL, HOST, PORT, FIELDOPS_DEMO.
    """


@main.command()
def serve() -> None:
    """Bring the database up to date, then run the web server and the escalation engine.

    \b
    Examples:
      fieldops serve
      PORT=9000 HOST=0.0.0.0 fieldops serve
      FIELDOPS_DEMO=1 fieldops serve           makes the demo county when the database is empty
      FIELDOPS_DATABASE_URL=postgresql://fieldops@db/fieldops fieldops serve
    """
    settings = _settings()
    app = create_app(settings)
    with app.app_context():
        new = schema.is_empty()
        schema.upgrade()
        for warning in library_warnings():
            click.echo(f"fieldops: {warning}", err=True)
        if settings.demo and (new or demo_install.unfinished()):
            click.echo("fieldops: making the demo county (35 schools, 1,050 students) …", err=True)
            demo_install.install()

    def announce() -> None:
        with app.app_context():
            click.echo(demo_links.page(settings))
            db.session.remove()

    try:
        sys.exit(serving.serve(settings, announce=announce))
    except serving.NotStarted as error:
        raise click.ClickException(str(error)) from None


@main.command()
def engine() -> None:
    """Run an escalation engine alone (`serve` starts one by itself). Any number may run.

    \b
    Example:
      fieldops engine
    """
    app = _app()
    with app.app_context():
        _up_to_date()
        db.session.remove()
    engines.run(app)


@main.command()
def upgrade() -> None:
    """Bring the database up to date and stop (`serve` does it by itself).

    \b
    Example:
      fieldops upgrade
    """
    with _app().app_context():
        schema.upgrade()
        click.echo(f"{schema.describe()} stands at migration {schema.level()}")


@main.command("renew-epoch")
def renew_epoch() -> None:
    """After a backup was put back: phones offer again what it lacks. Run it before anybody reaches the server.

    Every phone keeps what it sent. When the server names another epoch, it offers all of it once more; what the backup
    has is known by its id and counts once. To run it without need costs some traffic and nothing else.

    \b
    Example:
      fieldops renew-epoch && fieldops verify
    """
    with _app().app_context():
        _up_to_date()
        db.session.rollback()
        click.echo(f"{schema.describe()} has the epoch {schema.renew_epoch()}")


@main.command()
def demo() -> None:
    """Make the demo county in an empty database. A database with anything in it is never touched.

    \b
    Examples:
      fieldops demo
      FIELDOPS_DATA_DIR=/tmp/try fieldops demo
    """
    with _app().app_context():
        if not schema.is_empty():
            raise click.ClickException(
                f"{schema.describe()} is not empty and stays as it is; FIELDOPS_DATA_DIR= names another folder."
            )
        schema.upgrade()
        counts = demo_install.install()
        click.echo(", ".join(f"{count} {what}" for what, count in counts.items()))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check all of it and say what would be made; write nothing.")
def found(file: Path, dry_run: bool) -> None:
    """Found or complete a county from a TOML file: window, places, timetables, policies, desks, people.

    Every fault is named by its key; nothing is written unless all is right. What stands already stays. First passwords
    and one-time links are printed once. docs/examples/county.toml shows the form.

    \b
    Examples:
      fieldops found county.toml --dry-run
      fieldops found county.toml > first-passwords.txt
    """
    app = _app()
    with app.app_context():
        if schema.is_empty():
            schema.upgrade()
        _up_to_date()
        text, code = found_from(file, dry_run=dry_run, public_url=app.config["SETTINGS"].public_url)
        click.echo(text)
        sys.exit(code)


@main.command()
@click.argument("login")
@click.option("--generate", is_flag=True, help="Make a password and print it, instead of asking for one.")
def password(login: str, generate: bool) -> None:
    """Set the password of a desk's sign-in name.

    \b
    Examples:
      fieldops password yangshan
      fieldops password yangshan --generate
    """
    with _app().app_context():
        _up_to_date()
        chosen = new_password() if generate else click.prompt("New password", hide_input=True, confirmation_prompt=True)
        try:
            own_password.reset(login=login, new=chosen)
        except (PasswordRefused, Invalid) as refused:
            with force_locale("en"):
                raise click.ClickException(str(refused.words)) from None
        click.echo(chosen if generate else "The password is set.")


@main.command("import-roster")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--county", required=True, help="Six-digit division code of the county.")
@click.option("--window", help="Code of the assessment window (default: the open one).")
@click.option("--yes", is_flag=True, help="Apply the difference; without it, it is only shown.")
def import_roster(files: tuple[Path, ...], county: str, window: str | None, yes: bool) -> None:
    """Check the schools' reports (.xlsx, .csv), show what they change, and apply it with --yes.

    Every fault is named by file, sheet, row and column; nothing is written unless all is right.

    \b
    Examples:
      fieldops import-roster --county 441823 reports/*.xlsx
      fieldops import-roster --county 441823 --yes reports/*.xlsx more.csv
    """
    with _app().app_context():
        _up_to_date()
        text, code = import_files(window=_window(window), county=county, paths=list(files), dry_run=not yes)
        click.echo(text)
        sys.exit(code)


@main.command()
@click.option("--county", help="Division code; default: every county of this server.")
def verify(county: str | None) -> None:
    """Rebuild every projection from the journal and compare; check the chain. Exit 1 and say where when altered.

    \b
    Examples:
      fieldops verify
      fieldops verify --county 441823
    """
    with _app().app_context():
        _up_to_date()
        known = heads()
        if county and county not in known:
            raise click.ClickException(f"no county {county} on this server (there are: {', '.join(sorted(known))})")
        faults = 0
        for code in [county] if county else sorted(known):
            for sentence in verify_county(code):
                faults += 1
                click.echo(sentence, err=True)
            click.echo(f"{code}: {known[code]} events read")
        if faults:
            raise click.ClickException(f"{faults} differences")
        click.echo("all as the journal says")


@main.command()
@click.option("--window", help="Code of the assessment window (default: the open one).")
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of a table.")
def people(window: str | None, as_json: bool) -> None:
    """List who is on duty where, each with a fresh one-time sign-in link and code.

    \b
    Examples:
      fieldops people --json > links.json
      fieldops people --window 2024 | grep chief_monitor
    """
    app = _app()
    with app.app_context():
        _up_to_date()
        public_url = app.config["SETTINGS"].public_url
        listing = people_listing(window=_window(window), public_url=public_url, fresh_codes=True)
        if as_json:
            click.echo(json.dumps(listing, ensure_ascii=False, indent=1))
            return
        for row in listing:
            click.echo("\t".join(str(row[key]) for key in ("role", "place", "person", "sign_in_url", "enrol_code")))


def _window(wanted: str | None) -> str:
    """The window that is meant: the named one, or the only open one."""
    windows = [window.code for window in open_windows()]
    if wanted is None and len(windows) == 1:
        return windows[0]
    if wanted in windows:
        return str(wanted)
    listed = ", ".join(windows) or "none"
    raise click.ClickException(f"--window: name one of the open windows ({listed}).")


backup_commands.add_to(main, _settings, create_app)
doctor_commands.add_to(main, _settings, create_app)
rehearsal_commands.add_to(main, create_app)

if __name__ == "__main__":
    main()

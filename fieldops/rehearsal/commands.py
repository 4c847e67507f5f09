"""`fieldops rehearse`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
from flask import Flask

from fieldops import config, schema
from fieldops.config import Settings
from fieldops.db import db
from fieldops.demo import install
from fieldops.rehearsal import report
from fieldops.rehearsal.history import History
from fieldops.rehearsal.play import Wanted, check, play
from fieldops.rehearsal.server import Server, free_port
from fieldops.serving import NotStarted


def add_to(group: click.Group, create_app: Callable[[Settings], Flask]) -> None:
    """Add the command. `create_app` is handed down: what wires the parts lies above them."""

    @group.command()
    @click.option("--seed", default=1, show_default=True, help="The same seed plays the same day.")
    @click.option("--speed", default=60.0, show_default=True, type=click.FloatRange(min=1), help="1 is real time.")
    @click.option("--schools", default=35, show_default=True, type=click.IntRange(1, 35), help="Of the demo county.")
    @click.option("--chaos", is_flag=True, help="Kill web workers and engines at moments that the seed fixes.")
    @click.option("--kills", default=10, show_default=True, type=click.IntRange(min=0), help="How many, with --chaos.")
    @click.option("--database", default="", help="URL of an empty database (default: SQLite in the folder).")
    @click.option(
        "--into", type=click.Path(file_okay=False, path_type=Path), help="An empty folder for data and report."
    )
    def rehearse(
        *, seed: int, speed: float, schools: int, chaos: bool, kills: int, database: str, into: Path | None
    ) -> None:
        """Play a test day with simulated phones on a server of its own, and prove that nothing was lost.

        Phones go dark, calls and answers are lost, facts are sent twice. The report lies beside the data: report.html
        and report.json. Exit code 1 when a fact is lost, twice or altered, or a board unequal to the journal.

        \b
        Examples:
          fieldops rehearse
          fieldops rehearse --schools 3 --speed 600 --chaos --seed 7
        """
        folder = into or Path(tempfile.mkdtemp(prefix="fieldops-rehearsal-"))
        if folder.exists() and any(folder.iterdir()):
            raise click.ClickException(f"--into: {folder} is not empty.")
        wanted = Wanted(seed=seed, speed=speed, schools=schools, kills=kills if chaos else 0, port=free_port())
        try:
            settings = config.load({"FIELDOPS_DATA_DIR": str(folder), "FIELDOPS_DATABASE_URL": database})
        except config.SettingError as error:
            raise click.ClickException(str(error)) from None
        settings = dataclasses.replace(settings, port=wanted.port, host="127.0.0.1")
        app = create_app(settings)
        with app.app_context():
            if not schema.is_empty():
                raise click.ClickException(f"{schema.describe()} is not empty and stays as it is.")
            schema.upgrade()
            install.install()
        try:
            found = _run(app, settings, wanted)
        except (NotStarted, RuntimeError) as error:
            raise click.ClickException(str(error)) from None
        finally:
            app.extensions["feed"].rest()
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
        click.echo(f"{report.verdict(found)}\n{folder / 'report.html'}")
        sys.exit(0 if found["passed"] else 1)


def _run(app: Flask, settings: Settings, wanted: Wanted) -> dict[str, Any]:
    folder = settings.data_dir
    history = History(folder / "history.jsonl")
    with Server(settings) as server, click.progressbar(length=1000, label="the day", file=sys.stderr) as bar:

        def told(share: float) -> None:
            bar.update(int(share * 1000) - bar.pos)

        # In a thread of its own: whoever calls this may have a loop running already, as a browser's tests do.
        with ThreadPoolExecutor(1, "phones") as thread:
            phones = thread.submit(asyncio.run, play(app, server, wanted, history, told)).result()
    history.close()
    findings = check(app, history, phones)
    about = {name: value for name, value in dataclasses.asdict(wanted).items() if name != "port"}
    about |= {"phones": len(phones), "engine": "SQLite" if settings.sqlite else "PostgreSQL"}
    found = report.figures(history, findings, about)
    (folder / "report.json").write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "report.html").write_text(report.page(found, history), encoding="utf-8")
    return found

"""`fieldops doctor`: what an operator reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask
from flask_babel import force_locale

from fieldops.config import Settings
from fieldops.doctor.checks import examine, worst
from fieldops.doctor.findings import look

_CODES = {"ok": 0, "look": 0, "broken": 1}
_MARKS = {
    "en": {"ok": "ok", "look": "look at", "broken": "BROKEN"},
    "zh": {"ok": "正常", "look": "留意", "broken": "故障"},
}


def add_to(group: click.Group, read_settings: Callable[[], Settings], open_app: Callable[[Settings], Flask]) -> None:
    """Add the command to `fieldops`; it knows how settings are read and an app is made."""

    @group.command()
    @click.option("--backups", type=click.Path(file_okay=False, path_type=Path), help="Folder of the backups.")
    @click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
    @click.option("--json", "as_json", is_flag=True, help="One JSON list instead of lines.")
    def doctor(backups: Path | None, language: str, as_json: bool) -> None:
        """Say in plain words what is wrong with this installation and what to do. Exit 1 when something is broken.

        \b
        Examples:
          fieldops doctor --backups /backup
          fieldops doctor --language zh
        """
        settings = read_settings()
        with open_app(settings).app_context(), force_locale(language):
            lines = examine(look(settings, backups))
        if as_json:
            click.echo(json.dumps([line._asdict() for line in lines], ensure_ascii=False, indent=1))
        else:
            for line in lines:
                click.echo(f"[{_MARKS[language][line.state]}] {line.what}: {line.words}")
                if line.remedy:
                    click.echo(f"    → {line.remedy}")
        sys.exit(_CODES[worst(lines)])

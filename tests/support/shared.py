"""What the apps of one test process share, so that each test can have an app and a database of its own.

Only what is the same for all of them and what no test changes: what SQLAlchemy and Jinja compiled, what the URL map's
rules parse to, which static files there are. All state (extensions, caches of data, connections) is each app's own.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry
from werkzeug.routing import Rule, rules

from fieldops.db import sqlite_driver
from fieldops.web.assets import Assets

ROOT = Path(__file__).resolve().parent.parent.parent
#: An initialised dialect of each engine's kind, and what was compiled for it.
_dialects: dict[str, Dialect] = {}
_compiled: dict[str, dict[Any, Any]] = {}
_builders: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}


class LazyRule(Rule):
    """Makes what builds its URLs when one is built, once for all rules that read alike; most tests build few."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        def build(rule: Rule, *arguments: object, **named: object) -> tuple[str, str]:
            alike = (self.rule, self.subdomain, self.host, self.merge_slashes, repr(self.defaults), append_unknown)
            made = _builders.get(alike)
            if made is None:  # it finds converters in the rule that it is called for
                made = _builders[alike] = super(LazyRule, self)._compile_builder(append_unknown)
            return made(rule, *arguments, **named)

        return build


class CompiledTemplates(BytecodeCache):
    """What one app compiled is there for the next: by name and content, in this process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


def share() -> None:
    """Let all apps of this process share. To be called once, before the first app."""
    Flask.url_rule_class = LazyRule
    Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}
    rules.parse_converter_args = lru_cache(maxsize=None)(rules.parse_converter_args)
    SQLAlchemy._make_engine = _with_shared_dialect(SQLAlchemy._make_engine)
    Assets.files = _listed_once(Assets.files)
    # A test's database need not survive a power cut; a server in a process of its own keeps to `synchronous=FULL`.
    event.listen(Engine, "connect", _without_sync)
    gc.set_threshold(20_000, 20, 50)


def _with_shared_dialect(make: Callable[..., Engine]) -> Callable[..., Engine]:
    """SQLAlchemy keys what it compiled by the dialect, of which each engine makes one of its own."""

    def made(self: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        engine = make(self, bind_key, options, app)
        name = engine.dialect.name
        known = _dialects.get(name)
        if known is None or known.server_version_info is None:  # it has never seen its server
            _dialects[name] = engine.dialect
        else:
            engine.dialect = engine.pool._dialect = known
        engine.update_execution_options(compiled_cache=_compiled.setdefault(name, {}))
        return engine

    return made


def _listed_once(files: Callable[[Assets], list[Path]]) -> Callable[[Assets], list[Path]]:
    @cache
    def ours(root: Path) -> list[Path]:
        return files(Assets(root, watch=False))

    def listed(self: Assets) -> list[Path]:
        own = self.root in (ROOT / "static", ROOT / ".build" / "static") and not self._watch
        return ours(self.root) if own else files(self)

    return listed


def _without_sync(connection: Any, _record: ConnectionPoolEntry) -> None:
    if isinstance(connection, sqlite_driver.Connection):
        connection.execute("PRAGMA synchronous=OFF")

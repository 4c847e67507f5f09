#!/bin/bash
# Make .venv and install what the named lock file holds, then Fieldops itself, editable.
# Needs nothing but Python >= 3.11; where Debian left out the venv module's pip, it is fetched if that may be done.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1
python=${PYTHON:-python3}

say() { printf 'fieldops: %s\n' "$*" >&2; }

command -v "$python" >/dev/null || { say "Python 3.11 or newer is needed; '$python' was not found."; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  say "Python 3.11 or newer is needed; '$python' is $("$python" -V 2>&1). Set PYTHON=... to a newer one."
  exit 1
}

make_venv() {
  if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv --clear .venv
    return
  fi
  # Debian ships ensurepip in python3-venv, apart from python3.
  if command -v apt-get >/dev/null; then
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then sudo=(sudo -n); fi
    if [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; then
      say "installing Debian's python3-venv"
      "${sudo[@]}" apt-get update -qq >&2 || true
      if "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2 &&
        "$python" -m venv --clear .venv; then
        return
      fi
    fi
  fi
  if "$python" -m pip --version >/dev/null 2>&1; then
    say "installing virtualenv for this user"
    if { "$python" -m pip install --quiet --user virtualenv 2>/dev/null ||
      "$python" -m pip install --quiet --user --break-system-packages virtualenv; } &&
      "$python" -m virtualenv --quiet --clear .venv; then
      return
    fi
  fi
  say "Python's venv module is missing here and could not be installed: run 'apt install python3-venv' once."
  exit 1
}

# A virtual environment that was moved, or whose Python was removed or upgraded, does not start; then make it again.
if ! .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  [ "$(cat .venv/.home 2>/dev/null)" != "$PWD" ]; then
  say "making .venv"
  rm -rf .venv
  make_venv
  printf '%s' "$PWD" >.venv/.home
fi

pip=(.venv/bin/python -m pip --disable-pip-version-check install -qq --no-warn-script-location)
say "installing $lock"
"${pip[@]}" --require-hashes -r "$lock"
"${pip[@]}" --no-deps --no-build-isolation --editable .

"""A backup's file: a compressed tar under age (age-encryption.org), sealed with a public key.

The machine that makes it cannot open it. The format is a public one: the tool `age` opens it too, with nothing of ours
installed: `age -d -i key.txt backup.age | tar -xz`.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pyrage


class BadKey(Exception):
    """What was given is no key of the kind that is needed."""


class NotOpened(Exception):
    """The file does not open with this key, or is no backup, or is damaged."""


class KeyPair(NamedTuple):
    """`private` opens what `public` sealed."""

    private: str
    public: str


def new_key() -> KeyPair:
    """A new pair, as text."""
    identity = pyrage.x25519.Identity.generate()
    return KeyPair(str(identity), str(identity.to_public()))


def seal(contents: Mapping[str, Path], to: Path, public: str, *, scratch: Path) -> None:
    """Write files under names of their own into one sealed file, whole or not at all.

    Args:
        scratch: a folder for what is not sealed yet, on the disk that holds the database anyway.

    Raises:
        BadKey: `public` is none.
    """
    try:
        recipient = pyrage.x25519.Recipient.from_str(public.strip())
    except (pyrage.RecipientError, ValueError):
        raise BadKey("the public key is none (it begins with age1)") from None
    plain = scratch / "contents.tar.gz"
    with tarfile.open(plain, "w:gz", compresslevel=6) as archive:
        for name, path in contents.items():
            archive.add(path, arcname=name)
    part = to.with_name(f".{to.name}.part")
    try:
        with plain.open("rb") as source, part.open("wb") as target:
            pyrage.encrypt_io(source, target, [recipient])
            target.flush()
            os.fsync(target.fileno())
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(to.parent)


def open_sealed(file: Path, private: str, *, into: Path) -> None:
    """Unpack a sealed file into an empty folder.

    Raises:
        BadKey: `private` is none.
        NotOpened: another key's, damaged, or cut off.
    """
    lines = [line for line in private.splitlines() if line.strip() and not line.startswith("#")]
    try:
        identities = [pyrage.x25519.Identity.from_str(line.strip()) for line in lines]
    except (pyrage.IdentityError, ValueError):
        identities = []
    if not identities:
        raise BadKey("the private key is none (its line begins with AGE-SECRET-KEY-1)")
    plain = into / "contents.tar.gz"
    try:
        with file.open("rb") as source, plain.open("wb") as target:
            pyrage.decrypt_io(source, target, identities)
        with tarfile.open(plain, "r:gz") as archive:
            archive.extractall(into, filter="data")
    except (pyrage.DecryptError, OSError, tarfile.TarError, EOFError) as error:
        raise NotOpened(f"{file.name} does not open: another key, or a damaged file ({error})") from None
    plain.unlink()


def sync_folder(folder: Path) -> None:
    """A new name in the folder survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

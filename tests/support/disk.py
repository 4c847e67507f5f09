"""A disk that remembers: every write, sync, truncation and removal that SQLite makes, in order, for power cuts.

`record()` hooks into the SQLite library of Python's own `sqlite3` module, below everything that the product does: it
copies the method table of each file that is opened and puts its own functions into it. Processes that record must keep
`pysqlite3` out (its library is linked into it), so that the product takes the standard module.

`Image` is what a disk may hold after the power went away: what was synced, and of the rest any part.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

#: A disk writes sectors whole, and those of one write in any order (SQLite: "powersafe overwrite").
SECTOR = 512


class Step(NamedTuple):
    """One thing that happened. `kind`: `write`, `truncate`, `sync`, `remove`, or `told` (a commit was answered)."""

    kind: str
    #: Of the file; what was told.
    name: str
    offset: int = 0
    data: bytes = b""


# fmt: off
_METHODS = [
    "xClose", "xRead", "xWrite", "xTruncate", "xSync", "xFileSize", "xLock", "xUnlock", "xCheckReservedLock",
    "xFileControl", "xSectorSize", "xDeviceCharacteristics", "xShmMap", "xShmLock", "xShmBarrier", "xShmUnmap",
    "xFetch", "xUnfetch",
]
_VFS_METHODS = [
    "xOpen", "xDelete", "xAccess", "xFullPathname", "xDlOpen", "xDlError", "xDlSym", "xDlClose", "xRandomness",
    "xSleep", "xCurrentTime", "xGetLastError", "xCurrentTimeInt64", "xSetSystemCall", "xGetSystemCall",
    "xNextSystemCall",
]
# fmt: on


class _IoMethods(ctypes.Structure):
    _fields_ = [("iVersion", ctypes.c_int), *((name, ctypes.c_void_p) for name in _METHODS)]


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        *((name, ctypes.c_void_p) for name in _VFS_METHODS),
    ]


_INT, _PTR, _I64 = ctypes.c_int, ctypes.c_void_p, ctypes.c_int64
#: The name is handed on as the pointer that it is: SQLite keeps it for as long as the file is open.
_Open = ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _PTR, _INT, ctypes.POINTER(_INT))
_Delete = ctypes.CFUNCTYPE(_INT, _PTR, ctypes.c_char_p, _INT)
_Write = ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _INT, _I64)
_Truncate = ctypes.CFUNCTYPE(_INT, _PTR, _I64)
_Sync = ctypes.CFUNCTYPE(_INT, _PTR, _INT)


class Recorder:
    """What was done to the files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.steps: list[Step] = []
        self._folder = str(folder)
        self._kept: list[Any] = []  # what C holds pointers to must not be collected
        self._tables: dict[int, int] = {}
        self._names: dict[int, str] = {}
        library = ctypes.CDLL(ctypes.util.find_library("sqlite3") or "libsqlite3.so.0")
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        library.sqlite3_vfs_register.argtypes = [ctypes.POINTER(_Vfs), _INT]
        plain = library.sqlite3_vfs_find(None)
        self._vfs = _Vfs.from_buffer_copy(plain.contents)
        self._vfs.zName = b"recorder"
        open_, delete = _Open(plain.contents.xOpen), _Delete(plain.contents.xDelete)

        def opened(_vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
            code = open_(ctypes.addressof(plain.contents), name, file, flags, out)
            path = ctypes.string_at(name).decode() if name else ""
            if code == 0 and path.startswith(self._folder) and not path.endswith("-shm"):
                self._hook(file, Path(path).name)
            return code

        def deleted(_vfs: int, name: bytes, sync: int) -> int:
            code = delete(ctypes.addressof(plain.contents), name, sync)
            if code == 0 and name.decode().startswith(self._folder):
                self.steps.append(Step("remove", Path(name.decode()).name))
            return code

        self._set(self._vfs, "xOpen", _Open(opened))
        self._set(self._vfs, "xDelete", _Delete(deleted))
        library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)

    def told(self, what: str) -> None:
        """Somebody outside was told that this is kept."""
        self.steps.append(Step("told", what))

    def _set(self, structure: ctypes.Structure, name: str, function: Any) -> None:
        self._kept.append(function)
        setattr(structure, name, ctypes.cast(function, _PTR))

    def _hook(self, file: int, name: str) -> None:
        slot = ctypes.cast(file, ctypes.POINTER(_PTR))
        self._names[file] = name
        original = slot[0]
        if original not in self._tables:
            self._tables[original] = self._table(original)
        slot[0] = self._tables[original]

    def _table(self, original: int) -> int:
        table = _IoMethods.from_buffer_copy(_IoMethods.from_address(original))
        write, truncate, sync = _Write(table.xWrite), _Truncate(table.xTruncate), _Sync(table.xSync)

        def written(file: int, data: int, count: int, offset: int) -> int:
            code = write(file, data, count, offset)
            if code == 0:
                self.steps.append(Step("write", self._names[file], offset, ctypes.string_at(data, count)))
            return code

        def truncated(file: int, size: int) -> int:
            code = truncate(file, size)
            if code == 0:
                self.steps.append(Step("truncate", self._names[file], size))
            return code

        def synced(file: int, flags: int) -> int:
            code = sync(file, flags)
            if code == 0:
                self.steps.append(Step("sync", self._names[file]))
            return code

        self._set(table, "xWrite", _Write(written))
        self._set(table, "xTruncate", _Truncate(truncated))
        self._set(table, "xSync", _Sync(synced))
        self._kept.append(table)
        return ctypes.addressof(table)


class Image:
    """A folder of files as the disk has them, brought forward step by step."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._synced = {name: bytearray(content) for name, content in files.items()}
        self._since: dict[str, list[Step]] = {}

    def forward(self, steps: Sequence[Step]) -> None:
        """Let these happen; a file's steps reach its disk for certain with its next sync."""
        for step in steps:
            if step.kind == "sync":
                content = self._synced.setdefault(step.name, bytearray())
                for each in self._since.pop(step.name, ()):
                    _apply(content, each)
            elif step.kind == "remove":
                self._synced.pop(step.name, None)
                self._since.pop(step.name, None)
            elif step.kind != "told":
                self._since.setdefault(step.name, []).append(step)

    def after_a_cut(self, chance: random.Random) -> Iterator[tuple[str, bytes]]:
        """Files after the power went away now: of what was not synced, any sectors, torn where the disk was."""
        for name in {*self._synced, *self._since}:
            content = bytearray(self._synced.get(name, b""))
            reached = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
            for step in self._since.get(name, ()):
                for part in _sectors(step):
                    if chance.random() < reached:
                        _apply(content, part)
            yield name, bytes(content)


def _sectors(step: Step) -> Iterator[Step]:
    if step.kind != "write":
        yield step
        return
    start = step.offset
    end = start + len(step.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield Step("write", step.name, start, step.data[start - step.offset : stop - step.offset])
        start = stop


def _apply(content: bytearray, step: Step) -> None:
    if step.kind == "truncate":
        del content[step.offset :]
        return
    if len(content) < step.offset:
        content.extend(bytes(step.offset - len(content)))
    content[step.offset : step.offset + len(step.data)] = step.data

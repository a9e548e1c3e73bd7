"""Packed files, unpacked while they are read and never to disk: zip and gzip, from strangers.

Refused before anything is read: more than they pretend, locked, packed in ways that unpack without limit, packed in each other.
What breaks while it is read breaks as an OSError, whatever the library calls it. Names inside a zip are labels, never paths.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

MOST_UNPACKED = 4 * 1024**3  # bytes of all members of a zip together
MOST_RATIO = 120  # unpacked / packed, above SMALL: more is a bomb
SMALL = 20 * 1024**2
MOST_MEMBERS = 2_000
PACKED = (".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz", ".zst")
BOOKS = (".xlsx", ".xlsm")  # zips that are one file to whoever reads them
BROKEN = (
    OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OverflowError,
    MemoryError,
)  # fmt: skip


class Refused(Exception):
    """The path cannot be read; `code` is a reason of directory/ingest/reasons.py."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code)
        self.code, self.value = code, value


@dataclass(frozen=True)
class Member:
    """A file, in a folder or in a zip. `open` raises OSError."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def members(path: Path) -> list[Member]:
    """The files that the path holds, in the order of their names. Nothing is unpacked to disk."""
    if not path.exists():
        raise Refused("file-unreadable", str(path))
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file())
        return [one for p in files for one in ([_gz_member(p)] if p.suffix.lower() == ".gz" else [_plain(p)])]
    ending = path.suffix.lower()
    if ending == ".gz":
        return [_gz_member(path)]
    if ending == ".zip" or (ending not in BOOKS and zipfile.is_zipfile(path)):
        return _zip_members(path)
    return [_plain(path)]


def _plain(path: Path) -> Member:
    return Member(path.name, path.stat().st_size, lambda: path.open("rb"))


def _gz_member(path: Path) -> Member:
    """Its unpacked size is told nowhere that can be believed: it is counted while it is read."""
    packed = path.stat().st_size
    most = min(MOST_UNPACKED, max(SMALL, MOST_RATIO * packed))
    name = path.name[: -len(".gz")] or path.name
    if name.lower().endswith(PACKED):
        raise Refused("file-nested", path.name)
    return Member(name, packed, lambda: Unpacking(lambda: cast("IO[bytes]", gzip.open(path, "rb")), path.name, most))


def _zip_members(path: Path) -> list[Member]:
    try:
        package = zipfile.ZipFile(path)
    except BROKEN as trouble:
        raise Refused("file-unreadable", str(trouble)) from trouble
    infos = [info for info in package.infolist() if not info.is_dir()]
    check_zip(infos)
    if infos and all(info.filename.lower().endswith(PACKED) for info in infos):
        raise Refused("file-nested", infos[0].filename)

    def opener(info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
        return lambda: Unpacking(lambda: package.open(info), info.filename, info.file_size)

    return [
        Member(Path(info.filename).name, info.file_size, opener(info))
        for info in sorted(infos, key=lambda i: i.filename)
    ]


def check_zip(infos: list[zipfile.ZipInfo], most: int = MOST_UNPACKED) -> None:
    """Raise Refused for a zip bomb (a member cannot give more bytes than it declares), and for what is locked."""
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if len(infos) > MOST_MEMBERS or total > most or (total > SMALL and total > MOST_RATIO * max(packed, 1)):
        raise Refused("file-refused")
    for info in infos:
        if info.file_size > SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1):
            raise Refused("file-refused", info.filename)
        # others unpack a block of any size at once
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("file-locked", info.filename)


class Unpacking(io.RawIOBase, IO[bytes]):
    """A member while it is unpacked: trouble is an OSError, and more than `most` bytes are a bomb (Refused)."""

    def __init__(self, open_: Callable[[], IO[bytes]], name: str, most: int) -> None:
        super().__init__()
        self._name, self._most, self._given = name, most, 0
        try:
            self._inner = open_()
        except BROKEN as trouble:
            raise OSError(f"{name}: {trouble}") from trouble

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._inner.seekable()

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._inner.read(size if size >= 0 else self._most + 1)
            self._given = max(self._given + len(data), 0)
        except BROKEN as trouble:
            raise OSError(f"{self._name}: {trouble}") from trouble
        if self._given > self._most:
            raise Refused("file-refused", self._name)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            self._given = place = self._inner.seek(offset, whence)
        except BROKEN as trouble:
            raise OSError(f"{self._name}: {trouble}") from trouble
        return place

    def tell(self) -> int:
        return self._inner.tell()

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()

"""Opening what a path holds: a file, a folder, or a zip; text in whatever encoding; tables with whatever separator."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from maillage.directory.ingest import Report
from maillage.methods.tables import original

MOST_UNPACKED = 4 * 1024**3  # bytes of all members of a zip together
MOST_RATIO = 120  # unpacked / packed of a member above SMALL: more is a bomb
SMALL = 20 * 1024**2
MOST_MEMBERS = 2_000
LONGEST_CELL = 64 * 1024**2
HUGE_CELL = 1_000_000
DEEPEST = 500  # levels of brackets in JSON
OPENING, CLOSING = np.frombuffer(b"[{", np.uint8), np.frombuffer(b"]}", np.uint8)

Tick = Callable[[int], None]  # bytes read since the last tick


class Refused(Exception):
    """The path cannot be read; `code` is a reason of directory/ingest/reasons.py."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code)
        self.code, self.value = code, value


@dataclass(frozen=True)
class Member:
    """A file, in a folder or in a zip."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def members(path: Path) -> list[Member]:
    """The files that the path holds, in the order of their names. Nothing is unpacked to disk."""
    if not path.exists():
        raise Refused("file-unreadable", str(path))
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file())
        return [Member(p.name, p.stat().st_size, _opener(p)) for p in files]
    if path.suffix.lower() == ".zip" or (path.suffix.lower() not in (".xlsx", ".xlsm") and zipfile.is_zipfile(path)):
        return _zip_members(path)
    return [Member(path.name, path.stat().st_size, _opener(path))]


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _zip_members(path: Path) -> list[Member]:
    try:
        package = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as trouble:
        raise Refused("file-unreadable", str(trouble)) from trouble
    infos = [info for info in package.infolist() if not info.is_dir()]
    check_zip(infos)

    def opener(info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
        return lambda: package.open(info)

    return [
        Member(Path(info.filename).name, info.file_size, opener(info))
        for info in sorted(infos, key=lambda i: i.filename)
    ]


def check_zip(infos: list[zipfile.ZipInfo]) -> None:
    """Raise Refused for a zip bomb (a member cannot give more bytes than it declares: zipfile stops there)."""
    if len(infos) > MOST_MEMBERS or sum(info.file_size for info in infos) > MOST_UNPACKED:
        raise Refused("file-refused")
    for info in infos:
        if info.file_size > SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1):
            raise Refused("file-refused", info.filename)


class _Ticking(io.RawIOBase):
    """Tells how many bytes go by."""

    def __init__(self, inner: IO[bytes], tick: Tick) -> None:
        self._inner, self._tick = inner, tick

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._inner.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        self._tick(len(data))
        return len(data)


def open_bytes(member: Member, tick: Tick) -> IO[bytes]:
    """The bytes as UTF-8 whatever they were: JSON readers accept nothing else."""
    encoding = encoding_of(member)
    raw = io.BufferedReader(cast(io.RawIOBase, _Ticking(member.open(), tick)), 1 << 20)
    if encoding == "utf-8":
        return raw
    return cast("IO[bytes]", _Recoded(io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")))


class Shallow:
    """JSON on its way to the parser, refused when it nests deeper than any record does: the parser keeps the path of every
    level, and some kilobytes of brackets would take all memory. Brackets inside texts count too, which changes nothing: they
    come in pairs, or few."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._depth = file, 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        octets = np.frombuffer(data, np.uint8)
        steps = np.isin(octets, OPENING).astype(np.int32) - np.isin(octets, CLOSING)
        depth = self._depth + np.cumsum(steps, dtype=np.int32)
        if depth.size:
            self._depth = int(depth[-1])
            if int(depth.max()) > DEEPEST:
                raise ValueError(f"nested more than {DEEPEST} levels deep")
        return data


class _Recoded:
    """A text in another encoding, read as UTF-8."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text

    def read(self, size: int = -1) -> bytes:
        return self._text.read(size).encode("utf-8", "replace")

    def __iter__(self) -> Iterator[bytes]:
        return (line.encode("utf-8", "replace") for line in self._text)

    def __enter__(self) -> _Recoded:
        return self

    def __exit__(self, *exception: object) -> None:
        self._text.close()


def open_text(member: Member, tick: Tick, report: Report) -> IO[str]:
    encoding = encoding_of(member)
    if encoding not in ("utf-8", "utf-8-sig"):
        report.at("file", member.name)
        report.remark("encoding", value=encoding)
    raw = io.BufferedReader(cast(io.RawIOBase, _Ticking(member.open(), tick)), 1 << 20)
    return io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")


def encoding_of(member: Member) -> str:
    """utf-8, utf-8-sig, utf-16, or Windows' Western one when the bytes are none of these."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with member.open() as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        sig = start.startswith(codecs.BOM_UTF8)
        try:
            decoder.decode(start)
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
        except (OSError, zipfile.BadZipFile, EOFError) as trouble:
            raise Refused("file-unreadable", f"{member.name}: {trouble}") from trouble
    return "utf-8-sig" if sig else "utf-8"


def rows(member: Member, entity: str, report: Report, tick: Tick) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, column -> cell) for each row of a table. Column names in lower case; what is wrong is remarked, the rest is read."""
    csv.field_size_limit(LONGEST_CELL)
    with open_text(member, tick, report) as text:
        first = text.readline()
        separator = max(",;\t|", key=first.count)
        names = [name.strip().lower() for name in next(csv.reader([first], delimiter=separator), [])]
        report.at(entity, f"{member.name} 1")
        for name in {name for name in names if name and names.count(name) > 1}:
            report.remark("column-repeated", name)
        report.expect(entity, [name for name in names if name])
        reader = csv.reader(text, delimiter=separator)
        try:
            for cells in reader:
                if not any(cells):
                    continue
                line = reader.line_num + 1
                report.at(entity, f"{member.name} {line}")
                yield line, _row(names, cells, report)
        except (csv.Error, OSError, zipfile.BadZipFile, EOFError) as trouble:
            report.at(entity, f"{member.name} {reader.line_num + 1}")
            report.remark("file-broken", value=str(trouble))


def _row(names: list[str], cells: list[str], report: Report) -> dict[str, str]:
    if len(cells) > len(names):
        report.remark("cells-extra", value=" | ".join(cells[len(names) :]))
    row: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=False):
        if len(cell) > HUGE_CELL:
            report.remark("field-huge", name, len(cell))
        if name and not row.get(name):
            row[name] = original(cell.replace("\x00", ""))
    return row

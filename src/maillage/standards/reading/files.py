"""Reading what a path holds: text in whatever encoding, tables with whatever separator, JSON; nothing of it without end."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

import ijson
import numpy as np
from numpy.typing import NDArray

from maillage.directory.ingest import Report
from maillage.methods.tables import original
from maillage.standards.reading.packed import Member, Refused, members

__all__ = ["Member", "Refused", "members"]

LONGEST_LINE = 16 * 1024**2  # characters of a line or of a cell
csv.field_size_limit(LONGEST_LINE)  # of the whole process: lines are bounded before it looks
HUGE_CELL = 1_000_000
MOST_COLUMNS = 2_000
DEEPEST = 500  # levels of brackets in JSON
LARGEST = 64 * 1024**2  # bytes of one record, or of one text or number
OPENING, CLOSING, QUOTE = np.frombuffer(b"[{", np.uint8), np.frombuffer(b"]}", np.uint8), 0x22

Tick = Callable[[int], None]  # bytes read since the last tick


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


class Bounded:
    """JSON on its way to the parser, refused when it nests deeper than any record does, or holds something without end: the
    parser keeps the path of every level and the whole of every text, and some kilobytes of brackets would take all memory.
    Brackets inside texts count too, which changes nothing: they come in pairs, or few."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._depth, self._record, self._text = file, 0, 0, 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        octets = np.frombuffer(data, np.uint8)
        if not octets.size:
            return data
        depth = self._depth + depths(octets)
        self._depth = int(depth[-1])
        if int(depth.max()) > DEEPEST:
            raise ValueError(f"nested more than {DEEPEST} levels deep")
        self._record = _since(depth <= 2, self._record)  # a list of records lies no deeper
        self._text = _since(octets == QUOTE, self._text)
        if max(self._record, self._text) > LARGEST:
            raise ValueError(f"a record or a text of more than {LARGEST // 1024**2} MB")
        return data


def depths(octets: NDArray[np.uint8]) -> NDArray[np.int32]:
    """After each byte, how many brackets are open."""
    steps = np.isin(octets, OPENING).astype(np.int32) - np.isin(octets, CLOSING)
    return np.cumsum(steps, dtype=np.int32)


def _since(where: NDArray[np.bool_], before: int) -> int:
    """Bytes since the last place that is marked."""
    places = np.flatnonzero(where)
    return int(where.size - 1 - places[-1]) if places.size else before + int(where.size)


@contextmanager
def open_json(member: Member, tick: Tick) -> Iterator[Bounded]:
    """A JSON file for the parser. What it raises is told by `NOT_JSON`."""
    with open_bytes(member, tick) as file:
        yield Bounded(file)


NOT_JSON = (ijson.JSONError, OSError, ValueError, EOFError, RecursionError, OverflowError)


def lines(member: Member, tick: Tick, report: Report) -> Iterator[tuple[int, bytes]]:
    """(number, line) of a file with one object a line; one that is too long or too deep is left out, with a remark."""
    with open_bytes(member, tick) as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                report.at("file", f"{member.name}, line {number}")
                report.remark("line-too-long", rejected=number == 1)
                return
            if line.count(b"[") + line.count(b"{") > DEEPEST:
                depth = depths(np.frombuffer(line, np.uint8))
                if int(depth.max()) > DEEPEST:
                    line = b"]"  # what no parser takes
            yield number, line


class _Recoded:
    """A text in another encoding, read as UTF-8."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text

    def read(self, size: int = -1) -> bytes:
        return self._text.read(size).encode("utf-8", "replace")

    def readline(self, size: int = -1) -> bytes:
        return self._text.readline(size).encode("utf-8", "replace")

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
    """utf-8, utf-8-sig, utf-16, or Windows' Western one when the bytes are none of these. The whole file is read once for it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with member.open() as file:
            start = file.read(4)
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            decoder.decode(start)
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    except OSError as trouble:
        raise Refused("file-unreadable", f"{member.name}: {trouble}") from trouble
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"


class _EndlessLine(csv.Error):
    pass


def _bounded(text: IO[str]) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise _EndlessLine
        yield line


def rows(member: Member, entity: str, report: Report, tick: Tick) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, column -> cell) for each row of a table. Column names in lower case; what is wrong is remarked, the rest is read."""
    line = 1
    with open_text(member, tick, report) as text:
        following = _bounded(text)
        try:
            names, separator = _names(next(following, ""), member, entity, report)
            reader = csv.reader(following, delimiter=separator)
            for cells in reader:
                line = reader.line_num + 1
                if any(cells):
                    report.at(entity, f"{member.name} {line}")
                    yield line, _row(names, cells, report)
        except (csv.Error, OSError, UnicodeError) as trouble:
            report.at(entity, f"{member.name} {line + 1}")
            report.remark("line-too-long" if isinstance(trouble, _EndlessLine) else "file-broken", value=str(trouble))


def _names(first: str, member: Member, entity: str, report: Report) -> tuple[list[str], str]:
    """The names of the columns, and what separates them."""
    separator = max(",;\t|", key=first.count)
    names = [original(name).strip().lower() for name in next(csv.reader([first], delimiter=separator), [])]
    report.at(entity, f"{member.name} 1")
    if len(names) > MOST_COLUMNS:
        report.remark("columns-extra", value=len(names))
        names = names[:MOST_COLUMNS]
    for name, times in Counter(names).items():
        if name and times > 1:
            report.remark("column-repeated", name)
    report.expect(entity, [name for name in names if name])
    return names, separator


def _row(names: list[str], cells: list[str], report: Report) -> dict[str, str]:
    if len(cells) > len(names):
        report.remark("cells-extra", value=" | ".join(cells[len(names) : len(names) + 50]))
    row: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=False):
        if len(cell) > HUGE_CELL:
            report.remark("field-huge", name, len(cell))
        if name and not row.get(name):
            row[name] = original(cell.replace("\x00", ""))
    return row

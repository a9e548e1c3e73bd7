"""Read YAML and CSV from strangers: every value knows its line, and nothing surprising is obeyed.

The YAML read here is a safe part of YAML 1.2: `true`, `false`, `null`, numbers and texts. `no`, `yes`, `18:00` and
`2026-11-01` are texts, as their writer meant them (YAML 1.1 reads false, true, 1080 and a date). Anchors, aliases, merge
keys, tags and several documents are refused: a pack needs none, and they are how a small file becomes a huge one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from maillage.packs.problems import Problems

MAX_BYTES = 10_000_000
MAX_DEPTH = 40
MAX_CELL = 20_000
WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times faster, where the wheel has it


class Mapped(dict[str, Any]):
    """A YAML mapping, or a CSV row: `line` where it starts, `lines` where each key stands."""

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)


class Listed(list[Any]):
    """A YAML list: `line` where it starts, `lines[i]` where item i stands."""

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def read_text(path: Path, problems: Problems) -> str | None:
    """The file as text, or None after saying why not: absent, too big, not UTF-8, or with characters no text has."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        problems.add(path.name, 0, "", _("cannot be read: %(reason)s") % {"reason": error.strerror or error})
        return None
    if raw is None:
        problems.add(path.name, 0, "", _("is larger than %(n)s MB") % {"n": MAX_BYTES // 1_000_000})
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(path.name, line, "", _("is not in UTF-8: save the file again in the encoding UTF-8"))
        return None
    if found := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", text):
        line = text.count("\n", 0, found.start()) + 1
        problems.add(path.name, line, "", _("holds a control character (code %(n)s)") % {"n": ord(found[0])})
        return None
    return text


def read_yaml(path: Path, problems: Problems) -> Mapped | None:
    """The top mapping of a YAML file, or None when it cannot be understood (the reasons are in `problems`)."""
    text = read_text(path, problems)
    return None if text is None else read_yaml_text(text, path.name, problems)


def read_yaml_text(text: str, name: str, problems: Problems) -> Mapped | None:
    """The same for a text that stands in the file `name`; lines are counted from its first."""
    before = len(problems)
    builder = _Builder(name, problems)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            if not builder.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        sentence = _("is not correct YAML: %(reason)s") % {"reason": error.problem or error.context}
        problems.add(name, mark.line + 1 if mark else 0, "", sentence)
        return None
    except yaml.YAMLError as error:
        problems.add(name, 0, "", _("is not correct YAML: %(reason)s") % {"reason": str(error).splitlines()[0]})
        return None
    if not isinstance(builder.root, Mapped):
        if len(problems) == before:
            problems.add(name, 1, "", _("must hold keys and values (`key: value`) at its top"))
        return None
    return builder.root


class _Builder:
    """Build values from YAML events, without recursion and without copying: what a bomb needs does not exist here."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file, self.problems = file, problems
        self.root: Any = None
        self.documents = 0
        self.open: list[Mapped | Listed] = []
        self.keys: list[tuple[str, int] | None] = []  # for each open container, the key that waits for its value

    def take(self, event: yaml.Event) -> bool:
        """False when the rest of the file is not worth reading."""
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return self._stop(line, _("anchors (&name) and aliases (*name) are refused: write the value in full"))
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                return self._stop(line, _("holds a second document (---): a pack file holds one"))
        elif isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            return self._start(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.open.pop()
            self.keys.pop()
        return True

    def _stop(self, line: int, sentence: str) -> bool:
        self.problems.add(self.file, line, "", sentence)
        return False

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> bool:
        if event.tag:
            return self._stop(line, _("tags (%(tag)s) are refused") % {"tag": event.tag})
        if len(self.open) >= MAX_DEPTH:
            return self._stop(line, _("is nested more than %(n)s levels deep") % {"n": MAX_DEPTH})
        made: Mapped | Listed = Mapped(line) if isinstance(event, yaml.MappingStartEvent) else Listed(line)
        if not self._put(made, line):
            return False
        self.open.append(made)
        self.keys.append(None)
        return True

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> bool:
        if event.tag:
            return self._stop(line, _("tags (%(tag)s) are refused") % {"tag": event.tag})
        if self.open and isinstance(self.open[-1], Mapped) and self.keys[-1] is None:
            return self._key(self.open[-1], str(event.value), line)
        return self._put(plain_value(event.value) if event.implicit[0] else event.value, line)

    def _key(self, mapping: Mapped, key: str, line: int) -> bool:
        if key == "<<":
            return self._stop(line, _("merge keys (<<) are refused: write the values in full"))
        if key in mapping:
            sentence = _("is written twice (first on line %(n)s)") % {"n": mapping.lines[key]}
            self.problems.add(self.file, line, key, sentence)
        self.keys[-1] = (key, line)
        return True

    def _put(self, value: Any, line: int) -> bool:
        if not self.open:
            self.root = value
            return True
        parent = self.open[-1]
        if isinstance(parent, Listed):
            parent.append(value)
            parent.lines.append(line)
            return True
        waiting = self.keys[-1]
        if waiting is None:
            return self._stop(line, _("a key must be a text, not a list or a mapping"))
        key, key_line = waiting
        self.keys[-1] = None
        if key not in parent:  # of a key written twice, the first stays: the second was reported
            parent[key] = value
            parent.lines[key] = key_line
        return True


def plain_value(text: str) -> Any:
    """The value of an unquoted YAML scalar, by the core schema of YAML 1.2 (decimal numbers only)."""
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    if len(text) <= 18 and WHOLE.fullmatch(text):
        return int(text)
    if len(text) <= 40 and DECIMAL.fullmatch(text):
        return float(text)
    return text


def read_csv(path: Path, columns: Iterable[str], problems: Problems, *, optional: Iterable[str] = ()) -> list[Mapped]:
    """The rows of a comma-separated file, each with its line. All `columns` stand in the header; only `optional` ones may join."""
    text = read_text(path, problems)
    if text is None:
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Mapped] = []
    header: list[str] = []
    start = 1
    try:
        for cells in reader:
            if not header:
                header = [cell.strip() for cell in cells]
                if not _header_is_right(path.name, header, list(columns), list(optional), problems):
                    return []
            elif any(cell.strip() for cell in cells) and (row := _row(path.name, header, cells, start, problems)):
                rows.append(row)
            start = reader.line_num + 1
    except csv.Error as error:
        problems.add(path.name, start, "", _("is not correct CSV: %(reason)s") % {"reason": error})
    if not header:
        problems.add(path.name, 1, "", _("is empty: its first line must name the columns"))
    return rows


def _header_is_right(file: str, header: list[str], columns: list[str], optional: list[str], problems: Problems) -> bool:
    before = len(problems)
    for name in columns:
        if name not in header:
            problems.add(file, 1, name, _("this column is missing"))
    for name in header:
        if name not in columns and name not in optional:
            problems.add(file, 1, name, _("this column is not known"))
        elif header.count(name) > 1:
            problems.add(file, 1, name, _("this column stands twice"))
    return len(problems) == before


def _row(file: str, header: list[str], cells: list[str], line: int, problems: Problems) -> Mapped | None:
    if len(cells) != len(header):
        sentence = _("has %(n)s values for %(m)s columns: put a value that holds a comma between double quotes")
        problems.add(file, line, "", sentence % {"n": len(cells), "m": len(header)})
        return None
    row = Mapped(line)
    for name, cell in zip(header, cells, strict=True):
        if len(cell) > MAX_CELL:
            problems.add(file, line, name, _("is longer than %(n)s characters") % {"n": MAX_CELL})
            return None
        row[name] = cell.strip()
        row.lines[name] = line
    return row

"""What an import did: counts, fill rates, and every remark on a row or a field."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from maillage.directory.ingest.reasons import sentence
from maillage.directory.models import ImportIssue, ImportRun

LONGEST_VALUE = 500
_ROW = re.compile(r"\[\d+\]")
MOST_ISSUES = 200_000  # rows kept of one run; the counts go on
BATCH = 2_000
# a row is counted once: as a record, or as a part of one ("attached": a phone, a schedule)
OUTCOMES = ("read", "created", "updated", "unchanged", "held", "attached", "rejected")
MOST_FIELDS = 300  # a hostile feed may invent a new field in each row
# remarks after which nobody knows what the rest of the feed would have said
BROKEN = frozenset(
    {"file-unreadable", "file-broken", "file-refused", "file-unknown", "file-too-much", "line-too-long", "line-broken"}
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a report was: `back` takes it there."""

    tally: dict[str, Counter[str]]
    issues: Counter[tuple[str, str, str]]
    rejections: frozenset[str]
    pending: int
    written: int


class Report:
    """Collects; `flush` writes the remarks gathered so far, `counts` and `fill_rates` go to the run at its end.

    `most`: remarks kept of one run; the counts go on.
    """

    def __init__(self, run: ImportRun | None = None, *, most: int = MOST_ISSUES) -> None:
        self.run = run
        self.most = most
        self.keeps = False  # a trial is taken back: its remarks wait until then
        self.tally: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.issues: Counter[tuple[str, str, str]] = Counter()  # (entity, field, code)
        self.examples: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.rejections: set[str] = set()
        self._filled: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._fields: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._pending: list[ImportIssue] = []
        self._written = 0
        self.row = ""
        self.entity = ""
        self.id = ""
        self.is_hushed = False

    def at(self, entity: str, row: str, identifier: str = "") -> None:
        """The record that the next remarks are about; `identifier`: under which its raw record is kept."""
        self.entity, self.row, self.id, self.is_hushed = entity, row, identifier, False

    def hush(self) -> None:
        """The current record speaks of a confidential place: none of its values is kept in a remark, said before or after."""
        self.is_hushed = True
        for issue in reversed(self._pending):
            if (issue.entity, issue.row) != (self.entity[:40], self.row[:200]):
                break
            issue.value = ""
        self.examples |= {key: (row, "") for key, (row, _) in self.examples.items() if row == self.row}

    def mark(self) -> Mark:
        tally = {entity: Counter(counts) for entity, counts in self.tally.items()}
        return Mark(tally, Counter(self.issues), frozenset(self.rejections), len(self._pending), self._written)

    def back(self, mark: Mark) -> None:
        """Forget what was said since: the same records are tried again. Nothing was flushed in between."""
        self.tally = defaultdict(Counter, {entity: Counter(counts) for entity, counts in mark.tally.items()})
        self.issues, self.rejections = Counter(mark.issues), set(mark.rejections)
        del self._pending[mark.pending :]
        self._written = mark.written

    def remark(self, code: str, field: str = "", value: object = "", *, rejected: bool = False) -> None:
        """One thing wrong with the current row."""
        entity, shown = self.entity, "" if self.is_hushed else _shown(value)
        key = (entity, _ROW.sub("", field)[:80], code)  # "phones[3].number" counts as "phones.number"
        self.issues[key] += 1
        self.examples.setdefault(key, (self.row, shown))
        if rejected:
            self.rejections.add(code)
            self.tally[entity]["rejected"] += 1
        if self.run is not None and self._written < self.most:
            self._written += 1
            self._pending.append(
                ImportIssue(
                    run=self.run,
                    entity=entity[:40],
                    row=self.row[:200],
                    external_id=self.id[:200],
                    field=field[:80],
                    code=code,
                    value=shown,
                    is_rejection=rejected,
                )
            )

    def once(self, code: str, field: str, value: object) -> None:
        """A remark that holds for every row of the entity, made for the first only."""
        if (self.entity, field, code) not in self.issues:
            self.remark(code, field, value)

    def count(self, entity: str, outcome: str, number: int = 1) -> None:
        self.tally[entity][outcome] += number

    def expect(self, entity: str, fields: Iterable[str]) -> None:
        """Fields whose fill rate is told even when no row has them."""
        self._fields[entity].update(dict.fromkeys(fields))

    def fill(self, entity: str, values: Mapping[str, Any]) -> None:
        """Count the row as read, and which of its fields hold something."""
        self.tally[entity]["read"] += 1
        filled = self._filled[entity]
        for name, value in values.items():
            is_filled = value is not None and value != "" and value != []
            if not is_filled or (isinstance(value, str) and value.isspace()):
                continue
            if name in filled or len(filled) < MOST_FIELDS:
                filled[name] += 1
        if len(fields := self._fields[entity]) < MOST_FIELDS:
            for name in islice(values, MOST_FIELDS):
                if name not in fields:
                    fields[name] = None

    def flush(self, *, force: bool = False) -> None:
        if self.keeps and not force:
            return
        if self._pending and (force or len(self._pending) >= BATCH):
            ImportIssue.objects.bulk_create(self._pending, batch_size=BATCH)
            self._pending = []

    @property
    def is_whole(self) -> bool:
        """Every file was read to its end: what was not met is really gone."""
        return not any(code in BROKEN for _, _, code in self.issues)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        return {entity: {name: tally[name] for name in OUTCOMES} for entity, tally in self.tally.items()}

    @property
    def fill_rates(self) -> dict[str, dict[str, float]]:
        return {
            entity: {name[:80]: round(self._filled[entity][name] / self.tally[entity]["read"], 4) for name in fields}
            for entity, fields in self._fields.items()
            if self.tally[entity]["read"]
        }

    def summary(self) -> list[dict[str, Any]]:
        """The remarks, the most frequent first: entity, field, code, sentence, count, an example."""
        return [
            {"entity": entity, "field": field, "code": code, "reason": sentence(code), "count": number}
            | dict(zip(("row", "value"), self.examples[entity, field, code], strict=True))
            | {"rejected": code in self.rejections}
            for (entity, field, code), number in self.issues.most_common()
        ]


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else str(value)[:LONGEST_VALUE]
    return text[:LONGEST_VALUE].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")

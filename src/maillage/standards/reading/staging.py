"""Tables larger than memory: rows are laid in a temporary SQLite file, and come back grouped by what they belong to."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType

Row = tuple[int, dict[str, str]]  # line in the file, column -> cell
BATCH = 5_000


class Staging:
    """`with Staging() as staging`: the file is gone afterwards."""

    def __enter__(self) -> Staging:
        self._folder = tempfile.TemporaryDirectory(prefix="maillage-import-")
        self._database = sqlite3.connect(Path(self._folder.name) / "rows.sqlite3", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-32768;"
            "CREATE TABLE row (number INTEGER PRIMARY KEY, name TEXT, owner TEXT, line INTEGER, data TEXT)"
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    def add(self, name: str, rows: Iterable[tuple[str, int, dict[str, str]]]) -> int:
        """Keep the rows of a table under their owner; returns how many."""
        count = 0
        rows = iter(rows)
        while batch := list(islice(rows, BATCH)):
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT INTO row (name, owner, line, data) VALUES (?, ?, ?, ?)",
                [(name, owner, line, json.dumps(data, ensure_ascii=True)) for owner, line, data in batch],
            )
            self._database.execute("COMMIT")
            count += len(batch)
        return count

    def ready(self) -> None:
        """Call once, after the last `add`."""
        self._database.execute("CREATE INDEX row_by_owner ON row (name, owner)")

    def owners(self, name: str) -> set[str]:
        return {owner for (owner,) in self._database.execute("SELECT DISTINCT owner FROM row WHERE name = ?", (name,))}

    def count(self, name: str) -> int:
        return int(self._database.execute("SELECT count(*) FROM row WHERE name = ?", (name,)).fetchone()[0])

    def chunks(self, name: str, size: int) -> Iterator[list[tuple[str, int, dict[str, str]]]]:
        """The rows of a table in the order of the file."""
        last = 0
        while True:
            found = self._database.execute(
                "SELECT number, owner, line, data FROM row WHERE name = ? AND number > ? ORDER BY number LIMIT ?",
                (name, last, size),
            ).fetchall()
            if not found:
                return
            last = found[-1][0]
            yield [(owner, line, json.loads(data)) for _, owner, line, data in found]

    def of(self, name: str, owners: Iterable[str]) -> dict[str, list[Row]]:
        """The rows of a table that belong to these owners."""
        wanted = list(dict.fromkeys(owners))
        result: defaultdict[str, list[Row]] = defaultdict(list)
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            places = ",".join("?" * len(some))
            rows = self._database.execute(
                f"SELECT owner, line, data FROM row WHERE name = ? AND owner IN ({places}) ORDER BY number",  # noqa: S608 -- placeholders
                (name, *some),
            )
            for owner, line, data in rows:
                result[owner].append((line, json.loads(data)))
        return result

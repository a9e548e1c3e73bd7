"""Write very many rows at once: one prepared statement on SQLite, COPY on PostgreSQL. Ten times bulk_create.

Values are given as the driver takes them: text, numbers, booleans, None; UUIDs as 32 hexadecimal digits, dates and UTC moments
in ISO form, JSON as text. A column that is not named gets its model's default.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, models

SQLITE = "sqlite"
POOL = 500


class Table:
    """Rows waiting to be written to the table of `model`; `id` comes first, then `names` (of columns)."""

    def __init__(self, model: type[models.Model], *names: str) -> None:
        self.model = model
        self.rows: list[tuple[Any, ...]] = []
        self.next = 0  # on SQLite
        self.pool: list[int] = []  # on PostgreSQL: keys taken ahead from the sequence
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        named = {field.column for field in fields}
        if unknown := set(names) - named:
            raise ValueError(f"{model.__name__} has no column {sorted(unknown)}")
        rest = [field for field in fields if field.column not in names]
        self.constants = tuple(field.get_db_prep_save(field.get_default(), connection) for field in rest)
        self.columns: list[str] = ["id", *names, *(str(field.column) for field in rest)]

    def add(self, *values: Any) -> None:
        self.rows.append(values)

    def take_ids(self, count: int) -> list[int]:
        """Primary keys that nobody else will take, rows that still wait included.

        Inside one transaction: on SQLite it holds the lock of the database (it is IMMEDIATE), so that counting on is safe.
        """
        if connection.vendor == SQLITE:
            start = self.next or self._last_key() + 1
            self.next = start + count
            return list(range(start, start + count))
        if len(self.pool) < count:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                    [f'"{self.model._meta.db_table}"', max(count, POOL)],
                )
                self.pool += [row[0] for row in cursor.fetchall()]
        taken, self.pool = self.pool[:count], self.pool[count:]
        return taken

    def _last_key(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [self.model._meta.db_table])
            found = cursor.fetchone()
        return int(found[0]) if found else 0

    def write(self) -> int:
        """Write what waits, giving each row its key when `id` is None. Returns how many."""
        if not self.rows:
            return 0
        missing = sum(row[0] is None for row in self.rows)
        keys = iter(self.take_ids(missing) if missing else ())
        full = [((next(keys), *row[1:]) if row[0] is None else row) + self.constants for row in self.rows]
        self.rows = []
        columns = ", ".join(connection.ops.quote_name(name) for name in self.columns)
        table = connection.ops.quote_name(self.model._meta.db_table)
        connection.ensure_connection()
        raw: Any = connection.connection
        if connection.vendor == SQLITE:
            marks = ", ".join("?" * len(self.columns))
            raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", full)  # noqa: S608 - names of our own models
        else:
            with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in full:
                    copy.write_row(row)
        return len(full)

"""Rows by the thousand, without an object for each: executemany on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from django.db import connection, models

Row = Sequence[Any]
_encode = msgspec.json.Encoder().encode


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """New rows; every column that has no database default must be named (an attname: "service_id")."""
    table, names, adapt = _shape(model, columns)
    adapted = [adapt(row) for row in rows]
    if not adapted:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in adapted:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", adapted)  # noqa: S608 -- names of columns


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    unique: Sequence[str],
    update: Sequence[str],
) -> None:
    """Rows that are new, or replace `update` columns of the one that has the same `unique` columns. No `update`: kept as it is."""
    table, names, adapt = _shape(model, columns)
    adapted = [adapt(row) for row in rows]
    if not adapted:
        return
    keys = ", ".join(_column(model, name) for name in unique)
    sets = ", ".join(f"{_column(model, name)} = excluded.{_column(model, name)}" for name in update)
    places = ", ".join(["%s"] * len(columns))
    action = f"DO UPDATE SET {sets}" if sets else "DO NOTHING"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT ({keys}) {action}",  # noqa: S608 -- names of columns
            adapted,
        )


def _column(model: type[models.Model], attname: str) -> str:
    return connection.ops.quote_name(_field(model, attname).column)


def _field(model: type[models.Model], attname: str) -> Any:
    return next(f for f in model._meta.concrete_fields if f.attname == attname)


def _shape(model: type[models.Model], columns: Sequence[str]) -> tuple[str, str, Callable[[Row], Row]]:
    adapters = [_adapter(_field(model, name)) for name in columns]
    wanted = [(i, adapter) for i, adapter in enumerate(adapters) if adapter]

    def adapt(row: Row) -> Row:
        values = list(row)
        for position, adapter in wanted:
            if values[position] is not None:
                values[position] = adapter(values[position])
        return values

    names = ", ".join(_column(model, name) for name in columns)
    return connection.ops.quote_name(model._meta.db_table), names, adapt


def _adapter(field: Any) -> Callable[[Any], Any] | None:
    """What Django would do to the value of this column on its way to the database; None when nothing."""
    if isinstance(field, models.JSONField):
        return _json
    if connection.vendor == "postgresql":
        return None  # psycopg knows the rest
    if isinstance(field, models.UUIDField):
        return lambda value: value.hex
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, models.DateField):
        return connection.ops.adapt_datefield_value
    return None


def _json(value: Any) -> str:
    return _encode(value).decode()

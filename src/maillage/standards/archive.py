"""The whole system in one file, taken while it serves, and put back on either database.

A zip: `manifest.json`, and one `tables/NAME.jsonl` for each table, a row a line in the order of its key. The rows are those of
one moment (one read transaction). It holds everything that the database knows, personal data included: keep it as such. It
does not hold sessions, nor the secret of the site, nor files waiting to be imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from maillage import __version__
from maillage.people import audit

FORMAT = 1
LEFT_OUT = frozenset({"django_session"})  # who is signed in now is nobody's business later
FILLED_BY_MIGRATE = frozenset({"django_content_type", "auth_permission"})  # the same everywhere: replaced
BATCH = 2_000
LONGEST_LINE = 64_000_000  # bytes: beyond any row that we write

Progress = Callable[[str, int, int], None]  # table, number of it, number of tables


class NotRestored(Exception):
    """The file cannot be put back; the message says why. Nothing was changed."""


def tables() -> list[type[models.Model]]:
    """Every table that holds something, links between tables included."""
    found = apps.get_models(include_auto_created=True)
    kept = [m for m in found if m._meta.managed and not m._meta.proxy and m._meta.db_table not in LEFT_OUT]
    return sorted(kept, key=lambda model: model._meta.db_table)


# ---- taking


def back_up(path: Path, *, at: datetime, progress: Progress = lambda table, number, of: None) -> dict[str, Any]:
    """Write the archive to `path`, readable by its owner only; a file that is there is replaced when the new one is whole.

    Returns the manifest. Writers go on meanwhile: what they write is not in it.
    """
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    manifest: dict[str, Any] = {"format": FORMAT, "maillage": __version__, "taken_at": at.isoformat(), "tables": {}}
    with (
        os.fdopen(descriptor, "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
        one_moment(),
    ):
        manifest["migrations"] = migrations()
        every = tables()
        for number, model in enumerate(every, 1):
            progress(model._meta.db_table, number, len(every))
            with archive.open(f"tables/{model._meta.db_table}.jsonl", "w", force_zip64=True) as out:
                manifest["tables"][model._meta.db_table] = _written(model, out.write)
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    partial.replace(path)
    return manifest


def _written(model: type[models.Model], write: Callable[[bytes], Any]) -> dict[str, Any]:
    names, digest, count = columns(model), hashlib.sha256(), 0
    for line in lines(model, names):
        digest.update(line)
        write(line)
        count += 1
    return {"columns": names, "rows": count, "sha256": digest.hexdigest()}


def columns(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def lines(model: type[models.Model], names: list[str]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder(order="sorted")
    for row in model._base_manager.order_by("pk").values_list(*names).iterator(chunk_size=BATCH):
        yield encoder.encode([bytes(value) if isinstance(value, memoryview) else value for value in row]) + b"\n"


@contextmanager
def one_moment() -> Iterator[None]:
    """A read transaction: every table as it stood when the first was read. Nobody who writes waits for it."""
    if connection.vendor == "sqlite":
        here: Any = connection
        here.ensure_connection()  # which reads the settings
        before = here.transaction_mode
        here.transaction_mode = "DEFERRED"  # ours are IMMEDIATE, which takes the only pen
        try:
            with transaction.atomic():
                yield
        finally:
            here.transaction_mode = before
    else:
        is_outermost = not connection.in_atomic_block
        with transaction.atomic(), connection.cursor() as cursor:
            if is_outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


# ---- looking


def checked(path: Path) -> dict[str, Any]:
    """The manifest of a whole and unchanged archive. Raises NotRestored."""
    with _opened(path) as archive:
        manifest = _manifest(archive)
        for name, told in manifest["tables"].items():
            digest, count = hashlib.sha256(), 0
            for line in _lines_of(archive, name):
                digest.update(line)
                count += 1
            if (count, digest.hexdigest()) != (told["rows"], told["sha256"]):
                raise NotRestored(
                    _("The table %(table)s is not what was written: the file is damaged.") % {"table": name}
                )
    return manifest


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (OSError, zipfile.BadZipFile, KeyError) as trouble:
        raise NotRestored(
            _("%(path)s is no backup that can be read: %(why)s.") % {"path": path, "why": trouble}
        ) from None


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    if manifest.get("format") != FORMAT:
        raise NotRestored(_("This backup has another format: restore it with the Maillage that wrote it."))
    return manifest


def _lines_of(archive: zipfile.ZipFile, table: str) -> Iterator[bytes]:
    with archive.open(f"tables/{table}.jsonl") as source:
        while line := source.readline(LONGEST_LINE):
            yield line


# ---- putting back


def restore(path: Path, *, progress: Progress = lambda table, number, of: None) -> dict[str, Any]:
    """Put an archive back into an empty database of the same version, all of it or nothing, and compare what is there then
    with what was taken, the audit trail included. Raises NotRestored."""
    manifest = checked(path)
    models_by_table = {model._meta.db_table: model for model in tables()}
    _check_place(manifest, models_by_table)
    with _opened(path) as archive, transaction.atomic():
        for name in FILLED_BY_MIGRATE:
            models_by_table[name]._base_manager.all().delete()
        for number, (name, told) in enumerate(manifest["tables"].items(), 1):
            progress(name, number, len(manifest["tables"]))
            _filled(models_by_table[name], told["columns"], _lines_of(archive, name))
        _continue_numbers(models_by_table.values())
        for name, told in manifest["tables"].items():
            again = _written(models_by_table[name], len)
            if again != told:
                raise NotRestored(
                    _("The table %(table)s did not come back as it was: nothing was kept.") % {"table": name}
                )
        if (verified := audit.verify()).broken:
            raise NotRestored(
                _("The audit trail does not hold at line %(line)s: nothing was kept.")
                % {"line": verified.broken.sequence}
            )
    return manifest


def _check_place(manifest: dict[str, Any], here: dict[str, type[models.Model]]) -> None:
    if manifest["migrations"] != migrations():
        raise NotRestored(
            _(
                "This backup was taken by Maillage %(version)s, with other tables: install that version, restore, then upgrade."
            )
            % {"version": manifest["maillage"]}
        )
    if set(manifest["tables"]) != set(here):
        raise NotRestored(
            _("This backup has other tables than this installation: install the same applications first.")
        )
    for name, model in here.items():
        if name not in FILLED_BY_MIGRATE and model._base_manager.exists():
            raise NotRestored(_("This database is not empty (%(table)s): give the backup a new one.") % {"table": name})


def _filled(model: type[models.Model], names: list[str], source: Iterable[bytes]) -> None:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    if set(names) != set(fields):
        raise NotRestored(_("The table %(table)s has other columns here.") % {"table": model._meta.db_table})
    readers = [fields[name].to_python if not fields[name].is_relation else None for name in names]
    decode = msgspec.json.decode
    rows = (
        model(
            **{
                name: read(value) if read else _key(fields[name], value)
                for name, read, value in zip(names, readers, decode(line), strict=True)
            }
        )
        for line in source
    )
    while batch := list(islice(rows, BATCH)):
        model._base_manager.bulk_create(batch, batch_size=500)


def _key(field: Any, value: Any) -> Any:
    """The value of a foreign key, read as the key it points to."""
    return None if value is None else field.target_field.to_python(value)


def _continue_numbers(every: Iterable[type[models.Model]]) -> None:
    """The next row gets the next number (PostgreSQL keeps them apart from the rows)."""
    statements = connection.ops.sequence_reset_sql(no_style(), list(every))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

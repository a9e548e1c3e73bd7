"""A backup is one moment of the whole system, in one file, and comes back the same on either database."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from maillage.directory.models import SearchDocument, Service
from maillage.directory.search.index import reindex
from maillage.people import audit
from maillage.people.models import Trace
from maillage.standards import archive
from maillage.territory.models import Area, Territory
from tests.testland import NOW

whole = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept(testland, cast, tmp_path: Path) -> Path:
    """A backup of the small territory, its members, its search documents and two lines of trail."""
    reindex(testland)
    audit.record("looked", testland, by=cast.alice, at=NOW)
    audit.record("looked again", testland, by="system:test", at=NOW)
    archive.back_up(tmp_path / "kept.zip", at=NOW)
    return tmp_path / "kept.zip"


def everything() -> dict[str, dict[str, object]]:
    return {model._meta.db_table: archive._written(model, len) for model in archive.tables()}


@whole
def test_what_was_taken_comes_back_the_same_and_goes_on_from_there(kept, testland, rf):
    before = everything()
    services = Service.objects.count()
    call_command("flush", interactive=False, verbosity=0)
    assert not Service.objects.exists()
    archive.restore(kept)
    assert everything() == before
    assert audit.verify().broken is None
    territory = Territory.objects.get()
    with transaction.atomic():  # the next row gets a number that nobody has
        Service.objects.create(territory=territory, name="Newer")
    audit.record("went on", territory, by="system:test")
    assert Service.objects.count() == services + 1
    from maillage.directory.search.text import matching_ids

    assert matching_ids(territory, "shelter", "en").size  # the index of words came back too


@whole
def test_a_backup_is_of_one_moment_although_others_write(testland, tmp_path):
    """Areas are written two by two: whatever the moment, their number is even or odd as it was."""
    parity = Area.objects.count() % 2
    stop, written = threading.Event(), []

    def write() -> None:
        try:
            while not stop.is_set() and len(written) < 400:
                with transaction.atomic():
                    for half in "ab":
                        Area.objects.create(territory=testland, code=f"{half}{len(written)}", level="block")
                written.append(1)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [archive.back_up(tmp_path / "one.zip", at=NOW)["tables"]["territory_area"]["rows"] for _ in range(4)]
    finally:
        stop.set()
        writer.join()
    assert {count % 2 for count in counts} == {parity}
    assert written


@whole
def test_a_database_that_is_not_empty_is_left_alone(kept):
    before = everything()
    with pytest.raises(archive.NotRestored, match="not empty"):
        archive.restore(kept)
    assert everything() == before


@whole
def test_a_damaged_file_changes_nothing(kept, tmp_path):
    call_command("flush", interactive=False, verbosity=0)
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(kept) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"Women", b"Wamen") if name.endswith("directory_service.jsonl") else data)
    with pytest.raises(CommandError, match="directory_service is not what was written"):
        call_command("restore", str(damaged))
    (tmp_path / "no.zip").write_bytes(b"PK nothing")
    with pytest.raises(CommandError, match="no backup that can be read"):
        call_command("restore", str(tmp_path / "no.zip"))
    assert not Service.objects.exists()


def test_a_backup_of_other_tables_says_what_to_do(db, tmp_path, monkeypatch):
    archive.back_up(tmp_path / "kept.zip", at=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(archive, "migrations", lambda: ["directory.0001_initial"])
        with pytest.raises(archive.NotRestored, match="install that version"):
            archive.restore(tmp_path / "kept.zip")
    manifest = json.loads(zipfile.ZipFile(tmp_path / "kept.zip").read("manifest.json"))
    monkeypatch.setattr(archive, "tables", lambda: [Service])
    with pytest.raises(archive.NotRestored, match="other tables"):
        archive._check_place(manifest, {"directory_service": Service})


def test_only_its_owner_reads_it_and_sessions_are_not_in_it(db, tmp_path, capsys):
    call_command("backup", str(tmp_path / "kept.zip"))
    assert stat.S_IMODE((tmp_path / "kept.zip").stat().st_mode) == 0o600
    assert "tables/django_session.jsonl" not in zipfile.ZipFile(tmp_path / "kept.zip").namelist()
    call_command("restore", str(tmp_path / "kept.zip"), "--check")
    assert "The file is whole" in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("backup", str(tmp_path / "no" / "kept.zip"))


@whole
@pytest.mark.slow
def test_a_backup_taken_on_sqlite_comes_back_on_this_database(tmp_path):
    there = {**os.environ, "MAILLAGE_VAR": str(tmp_path / "var"), "DATABASE_URL": "", "LOG_LEVEL": "ERROR"}
    run = [sys.executable, "-m", "maillage"]
    subprocess.run([*run, "demo", "--no-serve", "--services", "40"], env=there, check=True, capture_output=True)
    subprocess.run([*run, "backup", str(tmp_path / "kept.zip")], env=there, check=True, capture_output=True)
    call_command("restore", str(tmp_path / "kept.zip"))
    assert Service.objects.filter(is_fictional=True).count() >= 40  # and those of the houses
    assert SearchDocument.objects.count() >= 40
    assert Trace.objects.exists()

"""/health says whether this process can serve, to whoever watches over it."""

from __future__ import annotations

from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor


def test_all_is_well(visitor):
    answer = visitor.get("/health")
    assert (answer.status_code, answer.json(), answer["Cache-Control"]) == (200, {"status": "ok"}, "no-store")


def test_nothing_loaded_tables_missing_and_no_database_are_told(visitor, monkeypatch, settings):
    settings.TERRITORY = "elsewhere"
    assert (visitor.get("/health").status_code, visitor.get("/health").json()) == (503, {"status": "territory"})
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: [1])
    assert visitor.get("/health").json() == {"status": "migrations"}

    def gone(self, targets):
        raise DatabaseError("connection refused for user maillage")

    monkeypatch.setattr(MigrationExecutor, "migration_plan", gone)
    assert visitor.get("/health").json() == {"status": "database"}

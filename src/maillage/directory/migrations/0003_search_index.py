"""The text index: FTS5 on SQLite, a generated tsvector with GIN on PostgreSQL, both fed by the same stored stems.

Trap: when Django alters directory_searchdocument on SQLite it rebuilds the table and the triggers are gone: such a
migration must run `create` again (tests/unit/directory/test_search_index.py sees it).
"""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE directory_search USING fts5(
        a, b, c, content='directory_searchdocument', content_rowid='id', tokenize='ascii', detail='column')""",
    """CREATE TRIGGER directory_search_insert AFTER INSERT ON directory_searchdocument BEGIN
        INSERT INTO directory_search(rowid, a, b, c) VALUES (new.id, new.a, new.b, new.c); END""",
    """CREATE TRIGGER directory_search_delete AFTER DELETE ON directory_searchdocument BEGIN
        INSERT INTO directory_search(directory_search, rowid, a, b, c) VALUES ('delete', old.id, old.a, old.b, old.c); END""",
    """CREATE TRIGGER directory_search_update AFTER UPDATE OF a, b, c ON directory_searchdocument BEGIN
        INSERT INTO directory_search(directory_search, rowid, a, b, c) VALUES ('delete', old.id, old.a, old.b, old.c);
        INSERT INTO directory_search(rowid, a, b, c) VALUES (new.id, new.a, new.b, new.c); END""",
]
POSTGRESQL = [
    """ALTER TABLE directory_searchdocument ADD COLUMN stems tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('pg_catalog.simple', a), 'A') || setweight(to_tsvector('pg_catalog.simple', b), 'B')
        || setweight(to_tsvector('pg_catalog.simple', c), 'C')) STORED""",
    "CREATE INDEX directory_search_stems ON directory_searchdocument USING gin (stems)",
]


def create(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER directory_search_{name}")
        schema_editor.execute("DROP TABLE directory_search")
    else:
        schema_editor.execute("ALTER TABLE directory_searchdocument DROP COLUMN stems")


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_initial")]
    operations = [migrations.RunPython(create, drop)]

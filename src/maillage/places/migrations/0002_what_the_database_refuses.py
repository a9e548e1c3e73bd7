"""The database itself refuses that two stays meet in one place or for one person, and that what was decided is changed.

PostgreSQL has exclusion constraints over ranges; SQLite has the same as triggers, for insert and for update.
"""

from django.db import migrations

MEETING = ("held", "in", "out")  # a stay that did not take place meets nothing
STATES = ", ".join(f"'{state}'" for state in MEETING)
# table, the column that may not be in two places at once, name of the refusal
NEVER_TWICE = (
    ("places_stay", "place_id", "stay_never_meets_another"),
    ("places_occupant", "person_id", "person_never_in_two_places"),
)
# table, what is written once
FROZEN = (
    ("places_allocationrun", ("kind", "night", "rules_hash", "snapshot", "snapshot_hash", "seed", "engine", "result_hash", "started_at")),
    ("places_allocationline", ("run_id", "number", "rank", "outcome", "certificate")),
    ("places_clockevent", ("request_id", "kind", "at", "reason")),
    ("places_ruleset", ("version", "content", "hash")),
)  # fmt: skip


def sqlite():
    for table, column, name in NEVER_TWICE:
        for verb, others in (("INSERT", ""), (f"UPDATE OF {column}, from_on, until_on, state", "AND other.id <> NEW.id")):
            yield f"""CREATE TRIGGER {name}_{verb[:6].lower()} BEFORE {verb} ON {table}
                WHEN NEW.{column} IS NOT NULL AND NEW.state IN ({STATES})
                    AND (NEW.until_on IS NULL OR NEW.from_on < NEW.until_on)
                BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {name}') WHERE EXISTS (
                    SELECT 1 FROM {table} other
                    WHERE other.{column} = NEW.{column} AND other.state IN ({STATES}) {others}
                        AND (NEW.until_on IS NULL OR other.from_on < NEW.until_on)
                        AND (other.until_on IS NULL OR (other.until_on > NEW.from_on AND other.from_on < other.until_on))
                ); END"""
    for table, columns in FROZEN:
        yield f"""CREATE TRIGGER {table}_is_frozen BEFORE UPDATE OF {", ".join(columns)} ON {table}
            BEGIN SELECT RAISE(ABORT, 'what was decided is not changed'); END"""


def postgresql():
    yield "CREATE EXTENSION IF NOT EXISTS btree_gist"
    for table, column, name in NEVER_TWICE:
        yield f"""ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist
            ({column} WITH =, daterange(from_on, until_on) WITH &&) WHERE (state IN ({STATES}))"""
    yield """CREATE FUNCTION places_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'what was decided is not changed'; END $$"""
    for table, columns in FROZEN:
        yield f"""CREATE TRIGGER {table}_is_frozen BEFORE UPDATE OF {", ".join(columns)} ON {table}
            FOR EACH ROW EXECUTE FUNCTION places_refuse()"""


def create(apps, schema_editor):
    for statement in sqlite() if schema_editor.connection.vendor == "sqlite" else postgresql():
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for _table, _column, name in NEVER_TWICE:
            for verb in ("insert", "update"):
                schema_editor.execute(f"DROP TRIGGER {name}_{verb}")
        for table, _columns in FROZEN:
            schema_editor.execute(f"DROP TRIGGER {table}_is_frozen")
    else:
        for table, _column, name in NEVER_TWICE:
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        schema_editor.execute("DROP FUNCTION places_refuse() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]

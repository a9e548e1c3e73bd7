"""The database itself refuses to change or remove a line of the audit trail."""

from django.db import migrations

SQLITE = [
    f"""CREATE TRIGGER people_trace_no_{verb} BEFORE {verb} ON people_trace BEGIN
        SELECT RAISE(ABORT, 'the audit trail is append-only'); END"""
    for verb in ("update", "delete")
]
POSTGRESQL = [
    """CREATE FUNCTION people_trace_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$""",
    """CREATE TRIGGER people_trace_no_change BEFORE UPDATE OR DELETE ON people_trace
        FOR EACH ROW EXECUTE FUNCTION people_trace_refuse()""",
]


def create(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER people_trace_no_{verb}")
    else:
        schema_editor.execute("DROP FUNCTION people_trace_refuse() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]

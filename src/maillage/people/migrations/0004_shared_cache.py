"""The table of the cache that all processes share: limits on attempts count for the whole site, not for one worker."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    call_command("createcachetable", "cache", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("people", "0003_members_who_come_and_go")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]

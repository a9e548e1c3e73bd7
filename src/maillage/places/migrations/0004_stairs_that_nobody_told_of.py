from django.db import migrations, models


def forget(apps, schema_editor):
    """False was what nobody had said: it becomes unknown, and packs say again what they know."""
    apps.get_model("places", "PlaceGroup").objects.filter(is_wheelchair_accessible=False).update(is_wheelchair_accessible=None)


class Migration(migrations.Migration):
    dependencies = [("places", "0003_what_was_published_of_a_draw")]
    operations = [
        migrations.AlterField("placegroup", "is_wheelchair_accessible", models.BooleanField(blank=True, null=True)),
        migrations.RunPython(forget, migrations.RunPython.noop),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('places', '0002_what_the_database_refuses'),
    ]

    operations = [
        migrations.AddField(
            model_name='draw',
            name='listed',
            field=models.BinaryField(blank=True, null=True),
        ),
    ]

"""A referral that ended without the need being met is a cause of its own. Words only: no table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orientation", "0003_referrals")]

    operations = [
        migrations.AlterField(
            model_name="unmetneed",
            name="cause",
            field=models.CharField(
                choices=[
                    ("empty", "nothing found"),
                    ("full", "everything is full"),
                    ("closed", "everything is closed at that time"),
                    ("unverified", "refused to give what was to be verified"),
                    ("abandoned", "questions left before the end"),
                    ("refused", "refused by the service"),
                    ("expired", "never answered by the service"),
                    ("not_met", "helped, and the need is not met"),
                ],
                max_length=12,
            ),
        ),
    ]

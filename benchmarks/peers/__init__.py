"""The same services as a plain django-ninja view and a plain DRF view give them: what anyone would write first."""

from django.apps import AppConfig


class StandardsConfig(AppConfig):
    name = "maillage.standards"
    label = "standards"

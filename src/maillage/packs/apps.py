from django.apps import AppConfig


class PacksConfig(AppConfig):
    name = "maillage.packs"
    label = "packs"

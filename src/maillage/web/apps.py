from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "maillage.web"
    label = "web"

    def ready(self) -> None:
        """A checkout whose catalogues were never compiled, or were edited since, still speaks every language."""
        from maillage.web.catalogues import compile_stale

        compile_stale()

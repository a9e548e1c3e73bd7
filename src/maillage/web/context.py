"""What every page shows."""

from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, object]:
    return {}

"""The rows of both peers: services with their organisation, and the texts of both in every language, in two queries and a count."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Q, QuerySet

from maillage.directory.models import Service, Text

Told = dict[str, dict[str, str]]


def services() -> QuerySet[Service]:
    return Service.objects.visible().select_related("organization").order_by("uuid")


def with_texts(page: list[Service]) -> list[Service]:
    """Each service gets `texts` and its organisation `texts`: field -> language -> words."""
    kept: defaultdict[tuple[str, int], Any] = defaultdict(lambda: defaultdict(dict))
    owners = Q(kind="service", object_id__in=[service.pk for service in page])
    owners |= Q(kind="organization", object_id__in=[service.organization_id for service in page])
    for text in Text.objects.filter(owners):
        kept[text.kind, text.object_id][text.field][text.language] = text.value
    for service in page:
        service.texts = kept["service", service.pk]  # type: ignore[attr-defined]
        if service.organization:
            service.organization.texts = kept["organization", service.organization.pk]  # type: ignore[attr-defined]
    return page

"""/ninja/services and /drf/services: a list, twenty a page, as the first page of each manual shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.pagination import PageNumberPagination, paginate
from rest_framework import generics, serializers

from benchmarks.peers.rows import Told, services, with_texts
from maillage.directory.models import Service
from maillage.people.models import Organization

# ---- django-ninja


class OrganizationOut(Schema):
    uuid: UUID
    code: str
    name: str
    kind: str
    legal_status: str
    website: str
    email: str
    year_incorporated: int | None
    closed_on: date | None
    is_fictional: bool
    last_modified: datetime
    texts: Told


class ServiceOut(Schema):
    uuid: UUID
    code: str
    name: str
    status: str
    url: str
    email: str
    minimum_age: float | None
    maximum_age: float | None
    cost: str
    access: list[str]
    delivery: list[str]
    has_interpreter: bool | None
    conditions_known: bool
    confirmed_on: date | None
    confirmed_by: str
    update_months: int | None
    is_fictional: bool
    last_modified: datetime
    texts: Told
    organization: OrganizationOut | None


class Pages(PageNumberPagination):
    """Its own pagination, with the texts of the page fetched at once: left to each object they would be forty queries."""

    def paginate_queryset(self, queryset: Any, pagination: Any, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().paginate_queryset(queryset, pagination, **params)
        return found | {"items": with_texts(list(found["items"]))}


api = NinjaAPI()


@api.get("/services", response=list[ServiceOut])
@paginate(Pages, page_size=20)
def listed(request: Any) -> Any:
    return services()


# ---- Django REST framework


class OrganizationSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    texts = serializers.JSONField()

    class Meta:
        model = Organization
        fields = list(OrganizationOut.model_fields)


class ServiceSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    organization = OrganizationSerializer()
    texts = serializers.JSONField()

    class Meta:
        model = Service
        fields = list(ServiceOut.model_fields)


class Services(generics.ListAPIView):  # type: ignore[type-arg]
    serializer_class = ServiceSerializer

    def get_queryset(self) -> Any:
        return services()

    def paginate_queryset(self, queryset: Any) -> Any:
        return with_texts(list(super().paginate_queryset(queryset) or ()))


urlpatterns = [path("ninja/", api.urls), path("drf/services", Services.as_view())]

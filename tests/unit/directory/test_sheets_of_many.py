"""The sheets of many services are those of each."""

from __future__ import annotations

import pytest
from django.db.models import Model

from maillage.directory import sheet
from maillage.directory.models import (
    Accreditation,
    Language,
    Location,
    Phone,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
)
from maillage.directory.sheet.many import read_many
from maillage.territory.models import Territory


@pytest.fixture
def crowded(testland: Territory) -> Territory:
    """Testland, with what makes sheets differ: shared and confidential places, dated hours, rows at every level."""
    services = list(Service.objects.order_by("pk"))
    hidden = Location.objects.get(is_confidential=True)
    shared = Location.objects.filter(is_confidential=False).first()
    assert shared is not None
    for service in services[:2]:
        ServiceAtLocation.objects.filter(service=service).delete()
        ServiceAtLocation.objects.create(service=service, location=shared)
    ServiceAtLocation.objects.create(service=services[2], location=shared)
    for number, service in enumerate(services):
        placing = ServiceAtLocation.objects.filter(service=service).first()
        Phone.objects.create(service=service, number=f"1{number}")
        if placing:
            Phone.objects.create(service_at_location=placing, number=f"2{number}")
            Phone.objects.create(location=placing.location, number=f"3{number}")
            Language.objects.create(location=placing.location, code="sw")
            Schedule.objects.create(location=placing.location, osm="Mo 09:00-10:00")
            Schedule.objects.create(service_at_location=placing, osm="Tu 09:00-10:00", valid_from="2026-01-01")
    Phone.objects.create(service=services[0], location=hidden, number="4")
    ServiceArea.objects.create(service=services[0], extent="Everywhere")
    ServiceArea.objects.create(service=services[0], name="Here too")
    Accreditation.objects.create(service=services[0], authority="COCOM", valid_from="2026-01-01")
    Service.objects.filter(pk=services[3].pk).update(name="Without a text")
    return testland


def test_the_sheets_of_many_services_are_those_of_each(crowded: Territory) -> None:
    services = Service.objects.select_related("territory")
    found = read_many(crowded, [*services.values_list("pk", flat=True), 0])
    assert found.keys() == set(services.values_list("pk", flat=True))
    for service in services:
        assert found[service.pk] == sheet.read(service)


def test_many_sheets_take_as_many_queries_as_one(crowded: Territory, django_assert_max_num_queries: object) -> None:
    keys: list[Model | int] = list(Service.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(13):  # type: ignore[operator]
        read_many(crowded, keys)  # type: ignore[arg-type]

"""data.inclusion and social.brussels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from maillage.directory.models import Service, Text
from maillage.people.models import Organization, OrganizationIdentifier
from maillage.territory.models import Area, Territory
from tests.unit.standards.conftest import Import, codes

STRUCTURE = {
    "source": "x",
    "id": "x--1",
    "nom": "La Maison",
    "date_maj": "2026-01-02",
    "siret": "55208131766522",
    "commune": "Lille",
    "code_postal": "59000",
    "code_insee": "59350",
    "adresse": "1 rue A",
    "longitude": 3.06,
    "latitude": 50.63,
    "telephone": "0300000000",
    "courriel": "a@example.org",
    "horaires_accueil": "Mo-Fr 09:00-12:00",
    "site_web": "https://example.org",
}
SERVICE = {
    "source": "x",
    "structure_id": "x--1",
    "id": "x--s1",
    "nom": "Accompagnement",
    "description": "Un accompagnement",
    "date_maj": "2026-03-04",
    "thematiques": ["logement-hebergement--louer-un-logement"],
    "frais": "gratuit",
    "publics": ["femmes", "martiens"],
    "modes_accueil": ["en-presentiel"],
    "modes_mobilisation": ["telephoner", "se-presenter"],
    "mobilisable_par": ["usagers"],
    "zone_eligibilite": ["59350"],
    "contact_nom_prenom": "Jean Dupont",
    "nombre_semaines": "beaucoup",
    "horaires_accueil": "quand on veut",
}


def test_structures_and_services_of_data_inclusion_are_read(bare: Territory, take: Import) -> None:
    outcome = take(bare, {"structures": [STRUCTURE], "services": [SERVICE]}, "data-inclusion")
    service = Service.objects.get()
    assert service.organization is not None
    assert (service.organization.name, service.cost, service.access, service.delivery) == (
        "La Maison",
        "free",
        ["phone", "walk_in"],
        ["on_site"],
    )
    assert str(service.confirmed_on) == "2026-03-04"
    place = service.at_locations.get().location
    assert (place.external_identifier, place.schedules.get().osm) == ("59350", "Mo-Fr 09:00-12:00")
    assert set(service.service_terms.values_list("term__taxonomy__code", "term__code")) == {
        ("data-inclusion", "logement-hebergement--louer-un-logement"),
        ("data-inclusion-publics", "femmes"),
    }
    term = service.service_terms.get(term__taxonomy__code="data-inclusion").term
    assert term.parent is not None
    assert term.parent.code == "logement-hebergement"
    assert OrganizationIdentifier.objects.get().scheme == "FR-SIRET"
    assert Text.objects.get(kind="service", object_id=service.pk, field="description").language == "fr"
    assert service.schedules.get().parse == "unread"
    assert {"value-unknown", "number-invalid", "person-left-out", "hours-unread", "area-unknown"} <= codes(outcome)
    assert (
        take(bare, {"structures": [STRUCTURE], "services": [SERVICE]}, "data-inclusion").report.counts["service"][
            "unchanged"
        ]
        == 1
    )


def test_a_service_elsewhere_has_its_own_place_and_a_remote_one_has_none(bare: Territory, take: Import) -> None:
    elsewhere = SERVICE | {"id": "x--s2", "adresse": "2 rue B", "commune": "Lille", "code_postal": "59000"}
    remote = SERVICE | {"id": "x--s3", "modes_accueil": ["a-distance"]}
    take(bare, {"structures": [STRUCTURE], "services": [elsewhere, remote]}, "data-inclusion")
    assert Service.objects.get(code__endswith="s2").at_locations.get().location.addresses.get().address_1 == "2 rue B"
    assert not Service.objects.get(code__endswith="s3").at_locations.exists()


def test_a_workbook_with_mistakes_is_read_and_each_is_told(bare: Territory, take: Import, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Structures"
    sheet.append(["__ignore__", "id", "nom", "courriel", "code_postal", "courriel", "colonne en trop"])
    sheet.append([True, "an explanation"])
    sheet.append([None, "1", "La Maison", "pas une adresse", 750121.0, None, "x"])
    services = book.create_sheet("Services")
    services.append(["id", "structure_id", "nom", "description"])
    services.append(["2", "1", "Aide", "Une aide"])
    pairs = book.create_sheet("Services - Thématiques")
    pairs.append(["service_id", "thématique"])
    pairs.append(["2", "sante"])
    pairs.append(["nobody", "sante"])
    book.save(tmp_path / "data.xlsx")
    outcome = take(bare, tmp_path / "data.xlsx", "data-inclusion")
    assert Service.objects.get().service_terms.get().term.code == "sante"
    assert {
        "column-repeated",
        "column-unknown",
        "column-missing",
        "email-invalid",
        "value-unknown",
        "owner-unknown",
    } <= codes(outcome)


def test_a_file_of_another_format_is_told_not_raised(bare: Territory, take: Import) -> None:
    for name in ("data.xlsx", "data.json", "data.csv", "data.bin"):
        outcome = take(bare, b"PK\x03\x04 not a workbook", "data-inclusion", name=name)
        assert codes(outcome) & {"file-unreadable", "file-broken", "file-unknown", "id-missing"}


RECORD: dict[str, Any] = {
    "id": 7,
    "legalStatus": {"id": 1, "labelFr": "ASBL", "labelNl": "VZW"},
    "isInterpreting": True,
    "langStatus": "FR-NL",
    "address": {
        "lon": 4.35,
        "lat": 50.87,
        "municipalityFr": "LE NORD",
        "municipalityNl": "NOORD",
        "streetFr": "Rue A",
        "streetNl": "A-straat",
        "number": "7",
        "zipCode": 1001,
        "statisticsCode": "21015A77-",
        "postalBox": None,
    },
    "nameOfficialFr": "Maison A",
    "nameOfficialNl": "Huis A",
    "activitiesFr": "<b>Écoute</b>",
    "activitiesNl": "Luisteren",
    "accessFr": ["Par téléphone"],
    "accessNl": ["Telefonisch"],
    "permanencyFr": "quand la porte est ouverte",
    "permanencyNl": "Van maandag tot vrijdag van 8.30 uur tot 16 uur",
    "pmRp": ["0212.347.945", "0212.347.946"],
    "lastUpdate": "28/08/20",
    "telFr": ["02/000.00.00"],
    "telNl": ["02/000.00.00"],
    "faxFr": ["02/000.00.01"],
    "emailFr": ["a@example.org"],
    "websiteOfficialFr": ["http://www.example.org"],
    "subventionFr": ["Région"],
    "nameAlternativeFr": ["A, B"],
}


def test_a_record_of_social_brussels_gives_both_languages(testland: Territory, take: Import) -> None:
    Area.objects.filter(code="north").update(postal_codes=["1001"])
    outcome = take(testland, [RECORD], "social-brussels")
    service = Service.objects.get(name="Maison A")
    texts = {(t.field, t.language): t.value for t in Text.objects.filter(kind="service", object_id=service.pk)}
    assert texts["name", "nl"] == "Huis A"
    assert (texts["description", "fr"], texts["description", "nl"]) == ("Écoute", "Luisteren")
    place = service.at_locations.get().location
    assert (place.external_identifier, place.area) == ("21015A77-", Area.objects.get(code="north"))
    assert [a.address_1 for a in place.addresses.order_by("id")] == ["Rue A 7", "A-straat 7"]
    schedule = service.schedules.get()
    assert (schedule.osm, schedule.parse) == ("Mo-Fr 08:30-16:00", "parsed")
    assert "quand la porte" in schedule.raw
    assert (service.access, service.has_interpreter, str(service.confirmed_on)) == (["phone"], True, "2020-08-28")
    assert [(p.number, p.type) for p in service.phones.order_by("id")] == [
        ("02/000.00.00", "voice"),
        ("02/000.00.01", "fax"),
    ]
    numbers = dict(Organization.objects.get(name="Maison A").identifiers.values_list("identifier", "is_valid"))
    assert numbers == {"0212347945": True, "0212.347.946": False}
    assert {"year-two-digits", "identifier-invalid", "html"} <= codes(outcome)
    assert take(testland, RECORD, "social-brussels").report.counts["organization"]["unchanged"] == 1


@pytest.mark.parametrize(
    "record", [{}, {"id": None}, {"id": 1}, {"id": 1, "address": [], "pmRp": {}, "telFr": 3}, [], "x", 3]
)
def test_a_record_that_is_nearly_empty_never_raises(bare: Territory, take: Import, record: Any) -> None:
    take(bare, [record], "social-brussels")
    take(bare, [record], "data-inclusion")

"""A territory that exists nowhere: small enough to know by heart, with one service for each thing that can be true.

Everything is dated around NOW, a Friday evening in winter. Texts are in fr, nl and en.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

from maillage.directory.models import (
    Activity,
    Address,
    EligibilityRule,
    Language,
    LiftingResource,
    Location,
    Obstacle,
    Phone,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceCapacity,
    ServiceTerm,
    Taxonomy,
    TaxonomyTerm,
    Text,
)
from maillage.orientation.models import Need
from maillage.people.models import Organization
from maillage.territory.models import Area, AreaLink, Territory

NOW = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)  # Friday, 20:30 in Brussels
SECRET_STREET = "Quiet Street 7"  # the confidential place: must never be seen anywhere


def labels(fr: str, nl: str, en: str) -> dict[str, str]:
    return {"fr": fr, "nl": nl, "en": en}


AREAS: list[tuple[str, str, str | None, dict[str, str], float, float, int, int]] = [
    ("testland", "region", None, labels("Terre d'essai", "Testland", "Testland"), 50.85, 4.35, 0, 0),
    ("north", "commune", "testland", labels("Le Nord", "Noord", "North End"), 50.87, 4.35, 1, 0),
    ("south", "commune", "testland", labels("Le Sud", "Zuid", "South End"), 50.83, 4.35, 1, 1),
    ("harbour", "commune", "testland", labels("Le Port", "Haven", "Harbour"), 50.87, 4.42, 2, 0),
]

# code, parent, labels, synonyms, what else the node says
NEEDS: list[tuple[str, str | None, dict[str, str], dict[str, list[str]], dict[str, Any]]] = [
    ("housing", None, labels("Logement", "Wonen", "Housing"), {"en": ["roof"], "fr": ["toit"], "nl": ["dak"]},
     {"icon": "home", "question": labels("De quoi avez-vous besoin ?", "Wat hebt u nodig?", "What do you need?")}),
    ("emergency-shelter", "housing", labels("Hébergement d'urgence", "Noodopvang", "Emergency shelter"),
     {"en": ["bed tonight", "shelter"], "fr": ["un lit ce soir", "logement d'urgence", "abri"], "nl": ["slaapplaats", "nachtopvang"]},
     {"window": "tonight", "ask": ["children", "gender", "age"]}),
    ("housing-advice", "housing", labels("Conseil logement", "Woonadvies", "Housing advice"),
     {"en": ["tenant"], "fr": ["locataire"], "nl": ["huurder"]}, {}),
    ("health", None, labels("Santé", "Gezondheid", "Health"), {"en": ["care"], "fr": ["soins"], "nl": ["zorg"]}, {"icon": "heart"}),
    ("psychologist", "health", labels("Psychologue", "Psycholoog", "Psychologist"),
     {"en": ["talk to someone", "therapy"], "fr": ["psy", "parler à quelqu'un"], "nl": ["therapie", "praten"]}, {"ask": ["papers"]}),
    ("company", None, labels("Compagnie", "Gezelschap", "Company"),
     {"en": ["lonely", "alone"], "fr": ["seul", "solitude"], "nl": ["eenzaam", "alleen"]}, {"icon": "user-group", "ask": ["mobility"]}),
    ("support", None, labels("Accompagnement", "Begeleiding", "Support"), {}, {}),
    ("support-transport", "support", labels("Transport adapté", "Aangepast vervoer", "Adapted transport"), {}, {}),
    ("support-interpreter", "support", labels("Interprète", "Tolk", "Interpreter"), {}, {}),
]  # fmt: skip

OBSTACLES: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("mobility", labels("Se déplacer", "Zich verplaatsen", "Getting there"), {
        "when": {"person": {"mobility": ["reduced", "wheelchair"]}, "service": {"delivery": ["on_site"]}},
        "sentence": labels("Il faut se déplacer.", "U moet er zelf heen.", "One has to go there."),
        "lifted_by": [{"need": "support-transport", "sentence": labels("On vient vous chercher.", "U wordt opgehaald.", "You are fetched.")}]}),
    ("language", labels("La langue", "De taal", "Language"), {
        "when": {"service": {"language": "not_spoken"}},
        "sentence": labels("{language} n'y est pas parlé.", "Men spreekt er geen {language}.", "{language} is not spoken there."),
        "lifted_by": [{"need": "support-interpreter", "sentence": labels("Un interprète vient.", "Een tolk komt mee.", "An interpreter comes.")}]}),
]  # fmt: skip

CONTENT: dict[str, Any] = {
    "windows": {
        "now": {"labels": labels("Maintenant", "Nu", "Now")},
        "tonight": {"from": "18:00", "to": "08:00", "labels": labels("Ce soir", "Vanavond", "Tonight"),
                    "synonyms": {"fr": ["ce soir", "cette nuit"], "nl": ["vanavond", "vannacht"], "en": ["tonight"]}},
        "sunday": {"labels": labels("Dimanche", "Zondag", "Sunday"), "synonyms": {"fr": ["dimanche"], "nl": ["zondag"], "en": ["sunday"]}},
    },
    "ranking": {"text": 3.0, "distance": 2.0, "open": 2.0, "language": 2.0, "freshness": 0.5, "capacity": 2.0, "quality": 0.5},
    "ranking_half_distance_km": 3.0, "freshness_months": {"default": 12}, "organisation_cap": 2, "smallest_cell": 5,
    "root_area": "testland", "tile_level": "commune", "holidays_country": "BE", "quick_exit_url": "https://www.wikipedia.org/",
    "spoken_languages": [
        {"code": "fr", "labels": labels("français", "Frans", "French"), "synonyms": {"en": ["french"]}},
        {"code": "nl", "labels": labels("néerlandais", "Nederlands", "Dutch"), "synonyms": {"en": ["dutch"]}},
        {"code": "ar", "labels": labels("arabe", "Arabisch", "Arabic"), "synonyms": {"fr": ["arabophone"], "en": ["arabic"]}, "rtl": True},
    ],
    "criteria": [
        {"code": "age", "kind": "number", "labels": labels("Âge", "Leeftijd", "Age"),
         "question": labels("Quel âge ?", "Hoe oud?", "How old?"), "why": labels("Certains lieux ont un âge.", "Sommige plekken hebben een leeftijd.", "Some places have an age."), "unit": "years"},
        {"code": "gender", "kind": "choice", "labels": labels("Genre", "Gender", "Gender"), "question": labels("Vous êtes ?", "U bent?", "You are?"),
         "why": labels("Certains lieux sont réservés.", "Sommige plekken zijn voorbehouden.", "Some places are reserved."),
         "options": [{"code": "woman", "labels": labels("une femme", "een vrouw", "a woman")}, {"code": "man", "labels": labels("un homme", "een man", "a man")},
                     {"code": "other", "labels": labels("autre", "anders", "other")}]},
        {"code": "children", "kind": "boolean", "labels": labels("Avec enfants", "Met kinderen", "With children"),
         "question": labels("Avec des enfants ?", "Met kinderen?", "With children?"), "why": labels("Tous n'accueillent pas les enfants.", "Niet elke plek vangt kinderen op.", "Not every place takes children.")},
        {"code": "violence", "kind": "boolean", "sensitive": True, "labels": labels("Violences", "Geweld", "Violence"),
         "question": labels("Fuyez-vous des violences ?", "Vlucht u voor geweld?", "Do you flee violence?"), "why": labels("Il existe des lieux protégés.", "Er zijn beschermde plekken.", "There are protected places.")},
        {"code": "papers", "kind": "choice", "sensitive": True, "labels": labels("Séjour", "Verblijf", "Papers"),
         "question": labels("Avez-vous un titre de séjour ?", "Hebt u verblijfspapieren?", "Do you have residence papers?"), "why": labels("Certains le demandent.", "Sommige vragen het.", "Some ask for it."),
         "options": [{"code": "resident", "labels": labels("oui", "ja", "yes")}, {"code": "none", "labels": labels("non", "nee", "no")}, {"code": "asylum", "labels": labels("demande d'asile", "asielaanvraag", "asylum request")}]},
        {"code": "mobility", "kind": "choice", "labels": labels("Mobilité", "Mobiliteit", "Mobility"), "question": labels("Pouvez-vous vous déplacer ?", "Kunt u zich verplaatsen?", "Can you get about?"),
         "why": labels("On peut venir vous chercher.", "U kunt opgehaald worden.", "You can be fetched."),
         "options": [{"code": "walks", "labels": labels("je marche", "ik stap", "I walk")}, {"code": "reduced", "labels": labels("difficilement", "moeilijk", "with difficulty")},
                     {"code": "wheelchair", "labels": labels("fauteuil roulant", "rolstoel", "wheelchair")}]},
    ],
    "publics": [
        {"code": "families", "labels": labels("Familles", "Gezinnen", "Families"), "synonyms": {"en": ["children", "kids"], "fr": ["enfants"], "nl": ["kinderen"]}, "facts": {"children": True}},
        {"code": "without-papers", "labels": labels("Sans papiers", "Zonder papieren", "Without papers"), "synonyms": {"en": ["without papers"], "fr": ["sans papiers"], "nl": ["zonder papieren"]}, "facts": {"papers": "none"}},
        {"code": "women", "labels": labels("Femmes", "Vrouwen", "Women"), "synonyms": {"en": ["woman"], "fr": ["femme"], "nl": ["vrouw"]}, "facts": {"gender": "woman"}},
    ],
    "red_flags": [
        {"code": "violence", "labels": labels("Danger", "Gevaar", "Danger"), "message": labels("Vous n'êtes pas seule.", "U bent niet alleen.", "You are not alone."),
         "words": {"fr": ["il me frappe"], "nl": ["hij slaat me"], "en": ["he hits me"]},
         "contacts": [{"name": labels("Urgences", "Noodnummer", "Emergency"), "number": "112", "hours": "24/7", "languages": ["fr", "nl", "en"], "source": "testland"}]},
    ],
    "sources": [{"id": "testland", "title": "Written for the tests"}],
}  # fmt: skip


def build() -> Territory:
    """The whole territory, in the current database."""
    territory = Territory.objects.create(
        code="testland", labels=labels("Terre d'essai", "Testland", "Testland"), pack_version="1", pack_hash="0" * 64,
        languages=["fr", "nl", "en"], country="BE", timezone="Europe/Brussels", content=deepcopy(CONTENT), has_fiction=True, loaded_at=NOW,
    )  # fmt: skip
    areas = _areas(territory)
    terms = _needs(territory)
    for order, (code, names, definition) in enumerate(OBSTACLES):
        Obstacle.objects.create(territory=territory, code=code, labels=names, definition=definition, order=order)
    _offer(_Maker(territory, areas, terms))
    return territory


def _areas(territory: Territory) -> dict[str, Area]:
    areas: dict[str, Area] = {}
    for code, level, parent, names, latitude, longitude, x, y in AREAS:
        areas[code] = Area.objects.create(
            territory=territory, code=code, level=level, parent=areas[parent] if parent else None, labels=names,
            latitude=latitude, longitude=longitude, tile_x=x, tile_y=y, source="testland",
        )  # fmt: skip
        if parent:
            AreaLink.objects.create(origin=areas[code], target=areas[parent], kind=AreaLink.PART_OF)
    for one, other in (("north", "south"), ("north", "harbour")):
        AreaLink.objects.create(origin=areas[one], target=areas[other], kind=AreaLink.ADJACENT)
        AreaLink.objects.create(origin=areas[other], target=areas[one], kind=AreaLink.ADJACENT)
    return areas


def _needs(territory: Territory) -> dict[str, TaxonomyTerm]:
    taxonomy = Taxonomy.objects.create(territory=territory, code="needs", name="Needs", version="1")
    terms: dict[str, TaxonomyTerm] = {}
    needs: dict[str, Need] = {}
    for order, (code, parent, names, synonyms, more) in enumerate(NEEDS):
        terms[code] = TaxonomyTerm.objects.create(
            taxonomy=taxonomy, code=code, parent=terms.get(parent or ""), labels=names, synonyms=synonyms, order=order
        )
        needs[code] = Need.objects.create(
            territory=territory, code=code, parent=needs.get(parent or ""), term=terms[code], labels=names, synonyms=synonyms,
            order=order, **more,
        )  # fmt: skip
    return terms


class _Maker:
    """Writes one service with everything that hangs on it."""

    def __init__(self, territory: Territory, areas: dict[str, Area], terms: dict[str, TaxonomyTerm]) -> None:
        self.territory, self.areas, self.terms = territory, areas, terms
        self.organizations: dict[str, Organization] = {}

    def organization(self, code: str) -> Organization:
        if code not in self.organizations:
            self.organizations[code] = Organization.objects.create(
                territory=self.territory, code=code, name=code.replace("-", " ").title(), is_fictional=True
            )
        return self.organizations[code]

    def service(
        self, code: str, names: dict[str, str], need: str, area: str, *, organization: str = "", hours: str = "", raw_hours: str = "",
        rules: tuple[tuple[str, str, Any], ...] = (), room: tuple[str, int | None, timedelta] | None = None, speaks: tuple[str, ...] = (),
        cost: str = "", access: tuple[str, ...] = (), delivery: tuple[str, ...] = ("on_site",), served: tuple[str, ...] = (),
        confidential: bool = False, wheelchair: bool | None = None, confirmed: date | None = date(2026, 11, 1), lifts: str = "",
    ) -> Service:  # fmt: skip
        service = Service.objects.create(
            territory=self.territory, code=code, organization=self.organization(organization or f"{code}-house"), name=names["en"],
            cost=cost, access=list(access), delivery=list(delivery), confirmed_on=confirmed, is_fictional=True, last_modified=NOW,
            conditions_known=True,
        )  # fmt: skip
        for language, value in names.items():
            Text.objects.create(
                territory=self.territory, kind="service", object_id=service.pk, field="name", language=language, value=value,
                status=Text.Status.ORIGINAL if language == "en" else Text.Status.HUMAN,
            )  # fmt: skip
        ServiceTerm.objects.create(service=service, term=self.terms[need])
        self._place(service, area, confidential, wheelchair)
        for served_area in served:
            ServiceArea.objects.create(service=service, area=self.areas[served_area])
        for language in speaks:
            Language.objects.create(service=service, code=language)
        for criterion, op, value in rules:
            EligibilityRule.objects.create(service=service, criterion=criterion, op=op, value=value)
        if hours or raw_hours:
            parse = Schedule.Parse.PARSED if hours else Schedule.Parse.UNREAD
            Schedule.objects.create(service=service, osm=hours, raw=raw_hours or hours, parse=parse)
        if room:
            status, available, ago = room
            ServiceCapacity.objects.create(
                service=service, unit="bed", status=status, available=available, maximum=20, updated_at=NOW - ago,
                expires_at=NOW - ago + timedelta(hours=12),
            )  # fmt: skip
        if lifts:
            LiftingResource.objects.create(
                service=service, obstacle=Obstacle.objects.get(territory=self.territory, code=lifts)
            )
        return service

    def _place(self, service: Service, area: str, confidential: bool, wheelchair: bool | None) -> None:
        place = self.areas[area]
        location = Location.objects.create(
            territory=self.territory, organization=service.organization, area=place, name=service.name,
            latitude=(place.latitude or 0) + 0.001, longitude=(place.longitude or 0) + 0.001,
            is_confidential=confidential, is_wheelchair_accessible=wheelchair,
        )  # fmt: skip
        street = SECRET_STREET if confidential else "Example Street 1"
        Address.objects.create(
            location=location, address_1=street, city=place.name("en"), postal_code="0000", country="BE"
        )
        ServiceAtLocation.objects.create(service=service, location=location)
        Phone.objects.create(service=service, number="+32 2 000 00 00")


def _offer(make: _Maker) -> None:
    now, stale = timedelta(minutes=20), timedelta(days=2)
    make.service("open-door", labels("Porte ouverte", "Open Deur", "Open Door"), "emergency-shelter", "north", hours="Mo-Su 19:00-08:00",
                 rules=(("age", "gte", 18),), room=("capacity", 3, now), speaks=("fr", "nl", "ar"), cost="free", access=("walk_in",),
                 served=("testland",), wheelchair=True)  # fmt: skip
    make.service("women-haven", labels("Le Havre des femmes", "Vrouwenhaven", "Women's Haven"), "emergency-shelter", "north", hours="24/7",
                 rules=(("gender", "eq", "woman"), ("children", "eq", True)), room=("capacity", 2, now), speaks=("fr", "ar"), cost="free",
                 access=("phone",), served=("testland",))  # fmt: skip
    make.service("full-house", labels("Maison pleine", "Vol Huis", "Full House"), "emergency-shelter", "north", hours="24/7",
                 room=("no-capacity", 0, now), speaks=("fr", "ar"), cost="free", access=("walk_in",), served=("testland",))  # fmt: skip
    make.service("old-word", labels("Parole ancienne", "Oud Woord", "Old Word"), "emergency-shelter", "south", raw_hours="le soir",
                 room=("no-capacity", 0, stale), cost="", served=("testland",))  # fmt: skip
    make.service("safe-house", labels("Maison sûre", "Veilig Huis", "Safe House"), "emergency-shelter", "harbour", hours="24/7",
                 rules=(("violence", "eq", True),), speaks=("fr", "nl"), cost="free", access=("phone",), confidential=True)  # fmt: skip
    make.service("tenants-desk", labels("Guichet des locataires", "Huurdersloket", "Tenants' Desk"), "housing-advice", "south",
                 hours="Mo-Fr 09:00-17:00", cost="free", access=("walk_in", "phone"), speaks=("fr", "nl"))  # fmt: skip
    make.service("listening-post", labels("Le Poste d'écoute", "Luisterpost", "Listening Post"), "psychologist", "south",
                 hours="Mo-Fr 09:00-18:00", rules=(("papers", "in", ["none", "asylum", "resident"]),), cost="free",
                 access=("appointment",), speaks=("fr",))  # fmt: skip
    make.service("city-practice", labels("Cabinet de la ville", "Stadspraktijk", "City Practice"), "psychologist", "north",
                 hours="Mo-Fr 09:00-18:00", rules=(("papers", "eq", "resident"),), cost="paid", access=("appointment",), speaks=("fr", "nl"))  # fmt: skip
    tea = make.service("tea-hour", labels("L'heure du thé", "Theeuur", "Tea Hour"), "company", "south", cost="free", access=("walk_in",),
                       speaks=("fr", "nl"))  # fmt: skip
    Activity.objects.create(
        service=tea, starts_at=datetime(2026, 11, 4, 13, 0, tzinfo=UTC), minutes=120, rrule="FREQ=WEEKLY;BYDAY=WE"
    )
    make.service("the-ride", labels("Le Trajet", "De Rit", "The Ride"), "support-transport", "south", hours="Mo-Sa 08:00-20:00",
                 access=("phone",), delivery=("outreach",), served=("testland",), lifts="mobility")  # fmt: skip
    make.service("the-voice", labels("La Voix", "De Stem", "The Voice"), "support-interpreter", "north", speaks=("ar", "fr", "nl"),
                 access=("phone",), delivery=("remote", "outreach"), served=("testland",), lifts="language")  # fmt: skip

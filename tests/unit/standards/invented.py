"""Records that we invented, one of each shape that a feed may have: no person, place or service in them exists."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

_ROOT = UUID("00000000-0000-4000-8000-000000000000")


def uid(name: str) -> str:
    return str(uuid5(_ROOT, name))


ORGANIZATION: dict[str, Any] = {
    "id": uid("organization"),
    "name": "Maison Inventée",
    "alternate_name": "MI",
    "description": "An organisation that we invented",
    "email": "maison@example.org",
    "website": "https://example.org",
    "additional_websites": [{"id": uid("website"), "url": "https://example.org/more", "label": "More"}],
    "tax_status": "none",
    "year_incorporated": 1999,
    "legal_status": "association",
    "phones": [{"id": uid("organization phone"), "number": "02 000 00 00", "extension": "12", "type": "voice"}],
    "funding": [{"id": uid("funding"), "source": "Invented Fund"}],
    "organization_identifiers": [
        {"id": uid("number"), "identifier_scheme": "BE-BCE_KBO", "identifier_type": "x", "identifier": "0212.347.945"},
        {"id": uid("wrong"), "identifier_scheme": "BE-BCE_KBO", "identifier_type": "x", "identifier": "0212.347.946"},
        {"id": uid("foreign"), "identifier_scheme": "XX-NONE", "identifier_type": "x", "identifier": "1"},
        {"id": uid("nothing"), "identifier_type": "x"},
    ],
    "programs": [{"id": uid("program"), "name": "Winter", "description": "Only when it freezes"}],
    "attributes": [
        {"id": uid("mark"), "link_type": "network", "value": "north", "label": "Network"},
    ],
}
TERM: dict[str, Any] = {
    "id": uid("term"),
    "code": "I-1",
    "name": "Invented soup",
    "description": "",
    "taxonomy_detail": {"id": uid("taxonomy"), "name": "Invented", "description": "A tree that we invented"},
}
LOCATION: dict[str, Any] = {
    "id": uid("location"),
    "location_type": "physical",
    "name": "The invented hall",
    "transportation": "Tram 0",
    "latitude": 50.85,
    "longitude": 4.35,
    "addresses": [
        {"id": uid("address"), "address_1": "Nowhere Street 1", "city": "Nowhere", "state_province": "", "postal_code": "0000",
         "country": "BE", "address_type": "physical"},
        {"id": uid("abroad"), "address_1": "Nowhere Street 2", "city": "Nowhere", "country": "Ruritania"},
        {"id": uid("empty address"), "address_type": "physical"},
    ],
    "accessibility": [{"id": uid("ramp"), "description": "Wheelchair accessible", "details": "A ramp"}],
    "languages": [{"id": uid("spoken"), "name": "Spanish (limited)"}],
    "schedules": [
        {"id": uid("hall hours"), "freq": "WEEKLY", "byday": "MO,TU", "opens_at": "09:00", "closes_at": "12:00"}
    ],
}  # fmt: skip
SERVICE: dict[str, Any] = {
    "id": uid("service"),
    "name": "Soupe Inventée",
    "description": "Soup that we invented",
    "status": "active",
    "minimum_age": 6,
    "maximum_age": 99,
    "wait_time": "two weeks",
    "additional_urls": [{"id": uid("url"), "url": "https://example.org/soup", "label": "Soup"}],
    "organization": ORGANIZATION,
    "program": {"id": uid("other program"), "name": "Summer", "description": ""},
    "phones": [{"id": uid("service phone"), "number": "02 000 00 01"}],
    "contacts": [
        {"id": uid("contact"), "title": "Reception", "email": "desk@example.org",
         "phones": [{"id": uid("contact phone"), "number": "02 000 00 02"}]},
    ],
    "languages": [
        {"id": uid("french"), "code": "fr"},
        {"id": uid("swahili"), "code": "swa", "note": "on Mondays"},
        {"id": uid("unknown code"), "code": "klingon language"},
        {"id": uid("inferred"), "name": "we also help people who speak arabic in the afternoon"},
        {"id": uid("only a note"), "note": "ask at the door"},
    ],
    "cost_options": [
        {"id": uid("cost"), "valid_from": "2026-01-01", "option": "a bowl", "currency": "eur", "amount": 1.5, "amount_description": "each"},
        {"id": uid("odd cost"), "currency": "shells", "amount": 2},
    ],
    "required_documents": [{"id": uid("paper"), "document": "a card", "uri": "https://example.org/card"}],
    "capacities": [
        {"id": uid("bowls"), "unit": {"id": uid("unit"), "name": "bowl"}, "available": 3, "maximum": 5, "updated": "2026-10-01T08:00:00Z"},
        {"id": uid("broken bowls"), "unit": {"id": uid("unit"), "name": "spoon"}, "available": -1, "maximum": 2.5},
    ],
    "service_areas": [{"id": uid("area"), "name": "Nowhere"}],
    "service_at_locations": [
        {"id": uid("placing"), "location": LOCATION, "description": "At the back", "service_areas": [{"id": uid("beyond"), "name": "Beyond"}],
         "schedules": [{"id": uid("placing hours"), "freq": "MONTHLY", "byday": "1MO,3MO", "opens_at": "10:00", "closes_at": "12:00"}]},
        {"id": uid("placing without a place")},
    ],
    "schedules": [
        {"id": uid("week"), "freq": "WEEKLY", "byday": "MO,FR", "opens_at": "09:00", "closes_at": "17:00", "notes": "ring twice"},
        {"id": uid("backwards"), "valid_from": "2026-09-01", "valid_to": "2026-01-01", "description": "9:00am-5:00pm, Mon-Fri"},
        {"id": uid("odd clock"), "valid_from": "2027-01-01", "freq": "WEEKLY", "byday": "MO", "opens_at": "late", "closes_at": "25:99"},
        {"id": uid("odd day"), "valid_from": "2027-02-01", "freq": "WEEKLY", "byday": "XX", "opens_at": "09:00", "closes_at": "10:00"},
        {"id": uid("ninth"), "valid_from": "2027-03-01", "freq": "MONTHLY", "byday": "9MO", "opens_at": "09:00", "closes_at": "10:00"},
        {"id": uid("monthly"), "valid_from": "2027-04-01", "freq": "MONTHLY", "byday": "MO", "opens_at": "09:00", "closes_at": "10:00"},
    ],
    "attributes": [
        {"id": uid("link"), "taxonomy_term": TERM},
        {"id": uid("labelled"), "taxonomy_term": TERM | {"id": uid("second"), "code": "I-2"}, "value": "hot", "label": "Kind"},
        {"id": uid("reference"), "taxonomy_term_id": "I-3"},
        {"id": uid("nameless"), "taxonomy_term": {"name": "no code"}},
    ],
    "maillage": {
        "language": "fr",
        "rules": [
            {"criterion": "age", "op": "gte", "value": 18, "effect": "require"},
            {"criterion": "age", "op": "gte", "value": {}},
        ],
        "activities": [
            {"starts_at": "2026-12-01T10:00:00Z", "minutes": 60, "excluded": ["2026-12-08", "someday"]},
            {"starts_at": "2026-12-01T10:00:00Z"},
        ],
    },
}  # fmt: skip

STRUCTURE: dict[str, Any] = {
    "id": "invented--1", "nom": "La Maison Inventée", "date_maj": "2026-01-02", "siret": "1", "reseaux_porteurs": ["inventes"],
    "lien_source": "https://example.org/1", "horaires_accueil": "Mo-Fr 09:00-12:00",
}  # fmt: skip
PLACED = STRUCTURE | {"id": "invented--2", "commune": "Nulle-Part", "accessibilite_lieu": "https://example.org/access"}
AIDE: dict[str, Any] = {
    "id": "invented--s1", "structure_id": "invented--1", "nom": "Aide inventée", "description": "Une aide inventée", "date_maj": "2026-01-02",
    "mobilisable_par": ["professionnels"], "telephone": "0000000000", "contact_nom_prenom": "Personne Inventée", "nombre_semaines": 3,
    "type": "atelier", "publics": ["tous-publics"], "thematiques": ["Pas Une Thématique", "sante--soins"],
    "modes_accueil": ["en-presentiel", "a-distance"],
}  # fmt: skip

TABLES: dict[str, str] = {
    "organizations": "id,name,description\n1,Invented House,About\n",
    "services": "id,organization_id,name,status\n10,1,Invented pantry,active\n11,1,Invented wardrobe,active\n",
    "locations": "id,organization_id,name\n20,1,The invented hall\n",
    "services_at_location": "id,service_id,location_id\n30,10,20\n",
    "schedule": (
        "id,service_id,service_at_location_id,weekday,opens_at,closes_at,original_text\n1,,30,Monday,9:00am,5:00pm,\n"
        '2,11,,Monday,9:00am,5:00pm,"9:00am-5:00pm, Tue-Fri"\n'
    ),
    "attributes": "id,link_id,link_entity,taxonomy_term_id,value\n1,10,service,T1,\n2,10,service,,plain\n3,,service,,lost\n",
    "taxonomy": "id,name,vocabulary\nT1,Invented category,Invented\n",
    "services_taxonomy": "id,service_id,taxonomy_id\n1,10,\n2,10,T1\n",
    "postal_addresses": "id,location_id,address_1,city,country\n1,20,PO Box 0,Nowhere,BE\n",
    "payments_accepted": "id,service_id,payment\n1,10,Cash\n",
    "urls": "id,service_id,url\n1,10,https://example.org\n",
    "service_capacities": "id,service_id,unit,available\n1,10,bag,4\n",
}

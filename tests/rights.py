"""Rights of Testland, for the tests that need some: `bestow(territory)` gives them to it."""

from __future__ import annotations

from typing import Any

from maillage.territory.models import Territory
from tests.testland import labels

WITH = {"assume": True, "checked_on": "2026-11-01", "note": "Written for the tests.",
        "law": [{"title": "Law of Testland", "article": "3", "date": "2020-01-31", "url": "https://example.org/law"}],
        "pages": [{"title": "Page of Testland", "publisher": "Testland", "url": "https://example.org/page"}]}  # fmt: skip
CARE: dict[str, Any] = {
    "code": "care-for-all", "labels": labels("Soins pour tous", "Zorg voor allen", "Care for all"),
    "gives": labels("Des soins payés.", "Betaalde zorg.", "Care that is paid for."),
    "needs": ["health"], "ask": ["papers"],
    "conditions": [
        {"criterion": "papers", "op": "in", "value": ["none", "asylum"],
         "text": labels("sans titre de séjour", "zonder verblijfstitel", "having no residence permit")},
        {"words": labels("avec un certificat", "met een attest", "with a certificate")},
    ],
    "claim": {"at": labels("Le cabinet", "De praktijk", "The practice"), "need": "psychologist", "phone": "+32 2 000 00 01", "url": "https://example.org/care"},
    "documents": [labels("un certificat", "een attest", "a certificate")],
    "time_limit": {"period": "P60D", "text": labels("Dans les 60 jours.", "Binnen 60 dagen.", "Within 60 days.")},
    **WITH,
}  # fmt: skip
CHILD: dict[str, Any] = {
    "code": "child-money", "labels": labels("Argent des enfants", "Kindergeld", "Child money"),
    "gives": labels("Un montant par enfant.", "Een bedrag per kind.", "An amount for each child."), "needs": ["housing"],
    "conditions": [
        {"criterion": "children", "op": "eq", "value": True},
        {"any": [
            {"criterion": "papers", "op": "eq", "value": "resident", "supports": False},
            {"criterion": "age", "op": "gte", "value": 18, "supports": False},
        ]},
    ],
    "ask": ["children", "papers"], "claim": {"at": labels("La caisse", "Het fonds", "The fund")},
    "used_when": [{"criterion": "mobility", "op": "eq", "value": "walks"}],
    **WITH, "amounts": [{"text": labels("10 €", "€ 10", "€10"), "date": "2026-01-01", "url": "https://example.org/amount"}],
    "valid_from": "2020-02-01",
}  # fmt: skip
OLDER: dict[str, Any] = {
    "code": "older-income", "labels": labels("Revenu des aînés", "Inkomen voor ouderen", "Income for older people"),
    "gives": labels("Un complément.", "Een aanvulling.", "A supplement."), "needs": ["housing-advice", "health"], "always": True,
    "conditions": [{"criterion": "age", "op": "gte", "value": 66}], "ask": ["age"],
    "claim": {"at": labels("La commune", "De gemeente", "The municipality"), "need": "housing-advice"}, **WITH, "law": [],
}  # fmt: skip
RIGHTS = [CARE, CHILD, OLDER]


def bestow(territory: Territory, *rights: dict[str, Any]) -> Territory:
    from maillage.orientation import queries

    territory.content = {**territory.content, "rights": list(rights or RIGHTS)}
    territory.save(update_fields=["content"])
    queries.forget()
    return territory

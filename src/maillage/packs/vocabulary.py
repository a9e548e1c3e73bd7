"""Write the tree of needs, the publics and the obstacles of a pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maillage.directory.models import (
    Attribute,
    LiftingResource,
    Obstacle,
    ServiceTerm,
    Taxonomy,
    TaxonomyTerm,
    TermMapping,
)
from maillage.orientation.models import Need
from maillage.packs import content
from maillage.packs.content import NEEDS, PUBLICS, Row
from maillage.territory.models import Territory

NEED_FIELDS = ("labels", "hints", "question", "synonyms", "ask", "icon", "window", "red_flag", "order")


def keep_needs(territory: Territory, wanted: Mapping[str, Row], version: str) -> None:
    """The tree of needs and the categories of services that go with it."""
    rows = {
        code: {
            "parent": row["parent"], "labels": row["labels"], "descriptions": row["hints"], "synonyms": row["synonyms"],
            "order": row["order"],
        }
        for code, row in wanted.items()
    }  # fmt: skip
    terms = _keep_terms(territory, NEEDS, "Needs", version, rows)
    _keep_mappings(terms, wanted)
    needs = _keep_tree(territory, wanted, terms)
    _keep_also(needs, wanted, terms)


def keep_publics(territory: Territory, wanted: Mapping[str, Row], version: str) -> None:
    """The publics, as a taxonomy: a service named for a public is found by the words of that public."""
    rows = {code: {"parent": "", "descriptions": {}, **row} for code, row in wanted.items()}
    _keep_terms(territory, PUBLICS, "Publics", version, rows)


def _keep_terms(
    territory: Territory, code: str, name: str, version: str, wanted: Mapping[str, Row]
) -> dict[str, TaxonomyTerm]:
    identity = content.stable(territory.code, f"taxonomy/{code}")
    defaults = {"name": name, "version": version}
    taxonomy, _ = Taxonomy.objects.update_or_create(
        territory=territory, code=code, defaults=defaults, create_defaults={"uuid": identity, **defaults}
    )
    terms = {term.code: term for term in TaxonomyTerm.objects.filter(taxonomy=taxonomy)}
    new = [
        TaxonomyTerm(taxonomy=taxonomy, code=term, uuid=content.stable(territory.code, f"term/{code}/{term}"))
        for term in wanted
        if term not in terms
    ]
    TaxonomyTerm.objects.bulk_create(new, batch_size=500)
    terms |= {term.code: term for term in new}
    for term, row in wanted.items():
        for field in ("labels", "descriptions", "synonyms", "order"):
            setattr(terms[term], field, row[field])
        terms[term].parent = terms[row["parent"]] if row["parent"] else None
    changed = [terms[term] for term in wanted]
    TaxonomyTerm.objects.bulk_update(changed, ["labels", "descriptions", "synonyms", "order", "parent"], batch_size=100)
    return terms


def drop_terms(territory: Territory, taxonomy: str, wanted: Mapping[str, Row]) -> list[str]:
    """Remove the terms that left, except those that something uses: returns their codes."""
    gone = TaxonomyTerm.objects.filter(taxonomy__territory=territory, taxonomy__code=taxonomy).exclude(
        code__in=list(wanted)
    )
    used = {
        *ServiceTerm.objects.filter(term__in=gone).values_list("term_id", flat=True),
        *Attribute.objects.filter(term__in=gone).values_list("term_id", flat=True),
    }
    kept = sorted(gone.filter(pk__in=used).values_list("code", flat=True))
    gone.exclude(pk__in=used).delete()
    return kept


def _keep_mappings(terms: Mapping[str, TaxonomyTerm], wanted: Mapping[str, Row]) -> None:
    said = {
        (terms[code].pk, scheme, foreign): relation
        for code, row in wanted.items()
        for scheme, foreign, relation in row["mappings"]
    }
    held = {(row.term_id, row.scheme, row.code): row for row in TermMapping.objects.filter(term__in=terms.values())}
    stale = [row.pk for key, row in held.items() if said.get(key) != row.relation]
    TermMapping.objects.filter(pk__in=stale).delete()
    TermMapping.objects.bulk_create(
        [
            TermMapping(term_id=term, scheme=scheme, code=code, relation=relation)
            for (term, scheme, code), relation in said.items()
            if (term, scheme, code) not in held or held[term, scheme, code].pk in stale
        ],
        batch_size=500,
    )


def _keep_tree(territory: Territory, wanted: Mapping[str, Row], terms: Mapping[str, TaxonomyTerm]) -> dict[str, Need]:
    needs = {need.code: need for need in Need.objects.filter(territory=territory)}
    new = [Need(territory=territory, code=code, term=terms[code]) for code in wanted if code not in needs]
    Need.objects.bulk_create(new, batch_size=500)
    needs |= {need.code: need for need in new}
    for code, row in wanted.items():
        for field in NEED_FIELDS:
            setattr(needs[code], field, row[field])
        needs[code].parent = needs[row["parent"]] if row["parent"] else None
    Need.objects.bulk_update([needs[code] for code in wanted], [*NEED_FIELDS, "parent"], batch_size=100)
    Need.objects.filter(territory=territory).exclude(code__in=list(wanted)).delete()
    return needs


def _keep_also(needs: Mapping[str, Need], wanted: Mapping[str, Row], terms: Mapping[str, TaxonomyTerm]) -> None:
    through = Need.also.through
    said = {(needs[code].pk, terms[other].pk) for code, row in wanted.items() for other in row["also"]}
    held = {
        (row.need_id, row.taxonomyterm_id): row.pk
        for row in through.objects.filter(need__in=[needs[code] for code in wanted])
    }
    through.objects.filter(pk__in=[pk for pair, pk in held.items() if pair not in said]).delete()
    through.objects.bulk_create(
        [through(need_id=need, taxonomyterm_id=term) for need, term in sorted(said - set(held))], batch_size=500
    )


def keep_obstacles(territory: Territory, wanted: Mapping[str, Row]) -> None:
    for code, row in wanted.items():
        Obstacle.objects.update_or_create(territory=territory, code=code, defaults=row)


def drop_obstacles(territory: Territory, wanted: Mapping[str, Row]) -> list[str]:
    """Remove the obstacles that left, except those that a service still says it lifts: returns their codes."""
    gone = Obstacle.objects.filter(territory=territory).exclude(code__in=list(wanted))
    used = set(LiftingResource.objects.filter(obstacle__in=gone).values_list("obstacle_id", flat=True))
    kept: list[Any] = sorted(gone.filter(pk__in=used).values_list("code", flat=True))
    gone.exclude(pk__in=used).delete()
    return kept

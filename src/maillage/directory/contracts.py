"""The freshness of records, computed by the database: the same answer as `freshness.state`, for a whole directory at once."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When

from maillage.directory import freshness
from maillage.directory.freshness import Contract
from maillage.directory.models import Service, ServiceTerm, TaxonomyTerm
from maillage.territory.models import Territory

NEEDS = "needs"  # the taxonomy that is the territory's tree of needs


def terms_of(territory: Territory) -> list[tuple[int, str, str]]:
    """(key, code, code of the parent or "") of every need, as a category."""
    rows = TaxonomyTerm.objects.filter(taxonomy__territory=territory, taxonomy__code=NEEDS)
    return [(pk, code, parent or "") for pk, code, parent in rows.values_list("id", "code", "parent__code")]


def contract_of(territory: Territory, terms: list[tuple[int, str, str]] | None = None) -> Contract:
    """The contract of a territory, on its tree of needs (one query, when the terms are not given)."""
    known = terms_of(territory) if terms is None else terms
    return freshness.contract(territory.content, {code: parent for _, code, parent in known})


def state(
    territory: Territory, *, on: date, terms: list[tuple[int, str, str]] | None = None, own: list[int] | None = None
) -> Case:
    """`freshness.state` of each service at `on`, as an expression of the database: `.annotate(freshness=state(...))`.

    Asks the database for the categories and for the months that services say of themselves, when they are not given.
    """
    known = terms_of(territory) if terms is None else terms
    contract, rhythm = contract_of(territory, known), freshness.rhythm(territory.content)
    stale_on = freshness.stale_before(on, rhythm.escalate_days)

    def at(months: int) -> Case:
        return Case(
            When(confirmed_on__gt=freshness.last_due(on, months), then=Value(freshness.FRESH)),
            When(confirmed_on__gt=freshness.last_due(stale_on, months), then=Value(freshness.DUE)),
            default=Value(freshness.STALE),
            output_field=CharField(),
        )

    whens = [When(which, then=at(months)) for months, which in _groups(known, contract, own or own_months(territory))]
    return Case(
        When(confirmed_on=None, then=Value(freshness.NEVER)),
        *whens,
        default=at(contract.default),
        output_field=CharField(),
    )


def own_months(territory: Territory) -> list[int]:
    """The months that services of the territory say of themselves."""
    said = Service.objects.filter(territory=territory, update_months__gt=0).order_by()
    return sorted(months for months in said.values_list("update_months", flat=True).distinct() if months)


def _groups(terms: list[tuple[int, str, str]], contract: Contract, own: list[int]) -> list[tuple[int, Q]]:
    """(months, which services have them): the first that fits counts; who fits none has the default."""
    by_months: dict[int, list[int]] = defaultdict(list)
    for key, code, _ in terms:
        by_months[contract.of_need(code)].append(key)
    if max(by_months, default=0) <= contract.default:
        by_months.pop(contract.default, None)  # who is of no shorter kind has the default: nothing to look up
    groups = [(months, Q(update_months=months)) for months in own]
    for months in sorted(by_months):
        of_kind = ServiceTerm.objects.filter(service=OuterRef("pk"), term__in=by_months[months])
        groups.append((months, Q(Exists(of_kind))))
    return groups

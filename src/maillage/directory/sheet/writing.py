"""From the sheet to rows: only what differs is touched, and rows that stay keep their identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from maillage.directory import hours
from maillage.directory.ingest.texts import source_hash
from maillage.directory.models import (
    Accreditation,
    Address,
    Language,
    Location,
    Phone,
    RequiredDocument,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceTerm,
    TaxonomyTerm,
    Text,
)
from maillage.directory.sheet.checks import SheetError
from maillage.directory.sheet.fields import base_of, field_of, language_of
from maillage.directory.sheet.reading import LISTS, PLAIN, Own, differences, read
from maillage.territory.models import Area
from maillage.territory.queries import find_area

Statuses = dict[str, list[str]]  # "description:nl" -> [status, source_hash] that a text had before


@dataclass
class Written:
    """What a write did: the fields that really changed, the statuses that texts had, the services that show it."""

    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: Statuses = field(default_factory=dict)
    services: list[int] = field(default_factory=list)
    only_place: int | None = None  # the key of its only location
    own_place: int | None = None  # the same, when no other service stands there


@transaction.atomic
def write(service: Service, values: Mapping[str, Any], *, at: datetime) -> Written:
    """Make the sheet say `values`, which are clean (`checks.clean`). Nothing is indexed: reindex `Written.services` after.

    A text becomes the original of its language, and translations of what it replaces become stale.
    Raises SheetError when a field cannot be written to this service: a place's hours that others share, a code that is gone.
    """
    own = Own(service)
    done = Written(differences(read(service, own), values), services=[service.pk])
    errors: dict[str, str] = {}
    for name, change in done.fields.items():
        try:
            _write(_Place(service, own, done), name, change["new"])
        except _CannotError as refusal:
            errors[name] = str(refusal)
        except KeyError:
            errors[name] = _("There is no such field.")
    if errors:
        service.refresh_from_db()  # its own row is written last
        raise SheetError(errors)
    if done.fields:
        service.last_modified = at
        done.only_place = own.only.location_id if own.only else None
        done.own_place = None if own.is_shared else done.only_place
        service.save(update_fields=["name", "last_modified", *PLAIN, *LISTS.values()])
    return done


class _CannotError(ValueError):
    pass


@dataclass
class _Place:
    service: Service
    own: Own
    done: Written


def _write(here: _Place, name: str, value: Any) -> None:
    base = base_of(name)
    if field_of(name).translated:
        _text(here, base, language_of(name), str(value or ""))
    elif base in PLAIN:
        setattr(here.service, base, value)
    elif base in LISTS:
        setattr(here.service, LISTS[base], list(value or ()))
    else:
        _WRITERS[base](here, value)


def _text(here: _Place, name: str, language: str, value: str) -> None:
    rows = {row.language: row for row in Text.objects.filter(kind="service", object_id=here.service.pk, field=name)}
    if name == "name":
        _keep_only_name(here, rows)
    for row in rows.values():
        here.done.statuses.setdefault(f"{name}:{row.language}", [row.status, row.source_hash])
    if not value:
        if gone := rows.pop(language, None):
            gone.delete()
    else:
        row = rows.get(language) or Text(
            territory=here.service.territory, kind="service", object_id=here.service.pk, field=name, language=language
        )
        row.value, row.status, row.source_hash = value, Text.Status.ORIGINAL, ""
        row.save()
        rows[language] = row
    _stale(rows)
    if name == "name":
        _rename(here.service, rows)


def _keep_only_name(here: _Place, rows: dict[str, Text]) -> None:
    """A service that had one name, in no language, keeps it as a text of the default one before another is written."""
    if not rows:
        rows[here.service.territory.default_language] = Text.objects.create(
            territory=here.service.territory, kind="service", object_id=here.service.pk, field="name",
            language=here.service.territory.default_language, value=here.service.name,
        )  # fmt: skip


def _stale(rows: Mapping[str, Text]) -> None:
    """Translations that were made from an original that no longer stands."""
    marks = {source_hash(row.value) for row in rows.values() if row.status == Text.Status.ORIGINAL}
    for row in rows.values():
        if row.status in (Text.Status.HUMAN, Text.Status.MACHINE) and row.source_hash and row.source_hash not in marks:
            row.status = Text.Status.STALE
            row.save(update_fields=["status"])


def _rename(service: Service, rows: Mapping[str, Text]) -> None:
    """The name to sort by: the default language's, else the first there is."""
    names = {language: row.value for language, row in rows.items()}
    if names:
        service.name = names.get(service.territory.default_language) or names[min(names)]


def restore_statuses(service: Service, statuses: Mapping[str, Sequence[str]]) -> None:
    """Give texts back the statuses that they had before a change that was undone."""
    for name, (status, mark) in statuses.items():
        Text.objects.filter(
            kind="service", object_id=service.pk, field=base_of(name), language=language_of(name)
        ).update(status=status, source_hash=mark)


def _phones(here: _Place, value: Any) -> None:
    said = [
        (row["number"], {"number": row["number"], "description": row.get("description", "")}) for row in value or ()
    ]
    _replace(Phone, here, list(Phone.objects.filter(here.own.rows).order_by("id")), "number", said)


def _languages(here: _Place, value: Any) -> None:
    rows = list(Language.objects.filter(here.own.rows).exclude(code="").order_by("id"))
    _replace(Language, here, rows, "code", [(code, {"code": code}) for code in value or ()])


def _documents(here: _Place, value: Any) -> None:
    rows = list(RequiredDocument.objects.filter(service=here.service).order_by("id"))
    _replace(RequiredDocument, here, rows, "document", [(text, {"document": text}) for text in value or ()])


def _accreditations(here: _Place, value: Any) -> None:
    said = [
        (row["authority"], dict(row) | {day: date.fromisoformat(row[day]) if row.get(day) else None for day in DAYS})
        for row in value or ()
    ]
    rows = list(Accreditation.objects.told().filter(service=here.service).order_by("id"))
    _replace(Accreditation, here, rows, "authority", said)


DAYS = ("valid_from", "valid_to")


def _replace(model: Any, here: _Place, rows: list[Any], key: str, said: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """The rows anew, in the order told, on the service itself; one that is told again keeps its UUID and what else it held."""
    left: dict[str, list[Any]] = {}
    for row in rows:
        left.setdefault(getattr(row, key), []).append(row)
    model.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for told, values in said:
        row = left[told].pop(0) if left.get(told) else model()
        row.pk, row.service = None, here.service
        row._state.adding = True
        if hasattr(row, "location_id"):
            row.location = row.service_at_location = None
        for name, value in values.items():
            setattr(row, name, value)
        row.save(force_insert=True)


def _hours(here: _Place, value: Any) -> None:
    """Written on the service: what it says of itself goes before what its place says."""
    old = here.own.schedule
    if value is None:
        Schedule.objects.filter(here.own.rows).delete()
        if old and Schedule.objects.filter(pk=old.pk).exists():
            raise _CannotError(
                _("These are the hours of a place where other services are too: they cannot be emptied here.")
            )
        return
    row = old
    if row is None or not Schedule.objects.filter(here.own.rows, pk=row.pk).exists():
        row = Schedule()
    row.service, row.location, row.service_at_location = here.service, None, None
    row.osm, row.raw = value.get("osm", ""), value.get("raw", "")
    row.parse = value.get("parse") or _parse(row.osm, row.raw)
    row.save()


def _parse(osm: str, raw: str) -> str:
    if not osm:
        return "unread"
    found = hours.read(raw or osm)
    return found.parse if found.osm == osm else "partly"


def _wheelchair(here: _Place, value: Any) -> None:
    if here.own.only is None:
        raise _CannotError(_("The service has no place of its own, or several: say it of the place."))
    Location.objects.filter(pk=here.own.only.location_id).update(is_wheelchair_accessible=value)
    here.own.only.location.is_wheelchair_accessible = value
    others = ServiceAtLocation.objects.filter(location=here.own.only.location_id).values_list("service_id", flat=True)
    here.done.services = sorted({*here.done.services, *others})


def _address(here: _Place, value: Any) -> None:
    """Of its only place: other services of the same organisation that stand there move with it. A service without a place has one
    from now on. The area is that of the postal code or the town, when the territory knows it."""
    place = _place_to_move(here)
    place.latitude, place.longitude = (value["latitude"], value["longitude"]) if value else (None, None)
    if value:
        area = find_area(place.territory, value["postal_code"]) or find_area(place.territory, value["city"])
        place.area = area or place.area
    place.save()
    row = Address.objects.filter(location=place).order_by("id").first() or Address(location=place)
    if not value:
        Address.objects.filter(location=place).delete()
    else:
        row.address_1, row.address_2 = value["street"], ""
        row.postal_code, row.city = value["postal_code"], value["city"]
        row.country = row.country or place.territory.country
        row.save()


def _place_to_move(here: _Place) -> Location:
    own, service = here.own, here.service
    if own.hides:
        raise _CannotError(_("This place is confidential: its address is not written here."))
    if len(own.places) > 1:
        raise _CannotError(_("The service has several places: their addresses are not changed here."))
    if own.only is None:
        place = Location.objects.create(territory=service.territory, organization=service.organization)
        made = ServiceAtLocation.objects.create(service=service, location=place)
        own.places.append(made)
        own.__dict__.pop("only", None)
        return place
    others = ServiceAtLocation.objects.filter(location=own.only.location_id).exclude(service=service)
    if others.exclude(service__organization=service.organization_id).exists():
        raise _CannotError(_("Other organisations stand at this place too: ask the moderator to move it."))
    here.done.services = sorted({*here.done.services, *others.values_list("service_id", flat=True)})
    return own.only.location


def _needs(here: _Place, value: Any) -> None:
    """Categories of other taxonomies stay."""
    rows = ServiceTerm.objects.filter(service=here.service, term__taxonomy__code="needs")
    terms = dict(
        TaxonomyTerm.objects.filter(
            taxonomy__territory=here.service.territory, taxonomy__code="needs", code__in=value or ()
        ).values_list("code", "id")
    )
    _all_there(value, terms)
    rows.exclude(term__in=terms.values()).delete()
    there = set(rows.values_list("term_id", flat=True))
    ServiceTerm.objects.bulk_create(
        ServiceTerm(service=here.service, term_id=terms[code]) for code in value or () if terms[code] not in there
    )


def _served(here: _Place, value: Any) -> None:
    rows = ServiceArea.objects.filter(service=here.service).exclude(area=None)
    areas = dict(Area.objects.filter(territory=here.service.territory, code__in=value or ()).values_list("code", "id"))
    _all_there(value, areas)
    rows.exclude(area__in=areas.values()).delete()
    there = set(rows.values_list("area_id", flat=True))
    ServiceArea.objects.bulk_create(
        ServiceArea(service=here.service, area_id=areas[code]) for code in value or () if areas[code] not in there
    )


def _served_words(here: _Place, value: Any) -> None:
    ServiceArea.objects.filter(service=here.service, area=None).delete()
    if value:
        ServiceArea.objects.create(service=here.service, extent=value)


def _all_there(value: Any, found: Mapping[str, int]) -> None:
    if gone := sorted(set(value or ()) - set(found)):
        raise _CannotError(_("There is no such choice: %(codes)s.") % {"codes": ", ".join(gone)[:200]})


_WRITERS: dict[str, Callable[[_Place, Any], None]] = {
    "phones": _phones,
    "hours": _hours,
    "languages": _languages,
    "documents": _documents,
    "accreditations": _accreditations,
    "wheelchair": _wheelchair,
    "address": _address,
    "needs": _needs,
    "served": _served,
    "served_words": _served_words,
}

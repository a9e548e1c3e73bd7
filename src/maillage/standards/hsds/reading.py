"""HSDS 3.x objects as things of the directory. HSDS 1.1 packages become the same objects first (tabular.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from maillage.directory.ingest import Extra, Placing, Report, Served, Thing, given_uuid
from maillage.standards.hsds import parts, words
from maillage.standards.reading.languages import code_of
from maillage.standards.reading.values import Fields


@dataclass(frozen=True)
class Reading:
    """How the records of one feed are read. `language`: of texts that do not say theirs."""

    source: str
    language: str
    with_names: bool = False
    country: str = ""
    told: dict[tuple[str, str], list[Thing]] = field(
        default_factory=dict, repr=False, compare=False
    )  # categories met before


def identifier(data: Mapping[str, Any]) -> str:
    """The id of a record as text; empty when there is none."""
    value = data.get("id")
    return str(value).strip()[:200] if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _thing(kind: str, data: Fields) -> Thing:
    found = identifier(data.data)
    uuid = given_uuid(found)
    if uuid is None and kind not in ("taxonomy", "term"):
        data.report.once("id-not-uuid", "id", found)
    return Thing(kind, found, uuid)


def _set(thing: Thing, **values: Any) -> None:
    """Only what the record tells: an absent value leaves the column as it was."""
    thing.values.update({name: value for name, value in values.items() if value not in (None, "", [])})


def _texts(thing: Thing, data: Fields, names: tuple[str, ...], reading: Reading) -> None:
    own = data.object(words.PROFILE)
    language = (code_of(own.line("language", 8)) if own else "") or reading.language
    exceptions = own.object("languages") if own else None
    for name in names:
        if text := data.text(name):
            other = code_of(exceptions.line(name, 8)) if exceptions and name in exceptions.data else ""
            thing.texts[name, other or language] = text
    translated = own.object("texts") if own else None
    for name in list(translated.data) if translated else []:
        told = translated.object(name) if translated and len(name) <= 40 else None
        for code in list(told.data) if told else []:
            one = told.object(code) if told and code_of(code) else None
            if one and (text := one.text("value")):
                key = (name, code_of(code))
                thing.texts[key] = text
                status = one.choice("status", {"original", "human", "machine", "stale"}) or "human"
                if status != "original":
                    thing.statuses[key] = status


def _kept(thing: Thing, data: Fields, names: tuple[str, ...]) -> None:
    """Fields without a column: attributes, so that they come out again."""
    for name in names:
        if text := data.text(name):
            thing.extras.append(Extra(value=text, label=name, link_type=f"{words.KEPT}{name}"))
    for name in ("additional_urls", "additional_websites"):
        for item in data.items(name):
            if url := item.url("url"):
                thing.extras.append(
                    Extra(
                        value=url,
                        label=item.line("label", 400),
                        link_type=f"{words.KEPT}{name}",
                        uuid=given_uuid(identifier(item.data)),
                    )
                )


def organization(data: Mapping[str, Any], report: Report, reading: Reading) -> list[Thing]:
    f = Fields(data, report)
    thing = _thing("organization", f)
    name = f.line("name", 400)
    if not name:
        f.remark("name-missing", "name")
    own = f.object(words.PROFILE) or Fields({}, report)
    _set(
        thing, name=name or "?", website=f.url("website") or f.url("url"), email=f.email("email"),
        legal_status=f.line("legal_status", 200), year_incorporated=f.integer("year_incorporated", 1000, 2200),
        kind=own.line("kind", 80), closed_on=own.day("closed_on"), code=own.line("code", 200),
        is_fictional=own.data.get("is_fictional") is True, last_modified=f.moment("last_modified") or own.moment("last_modified"),
    )  # fmt: skip
    _texts(thing, f, words.ORGANIZATION_TEXTS, reading)
    _kept(thing, f, words.ORGANIZATION_KEPT)
    thing.parent = f.line("parent_organization_id", 200)
    parts.collect(thing, f, ("phones", "contacts", "funding", "programs"), reading)
    if identifiers := parts.identifiers(f, reading):
        thing.children["identifiers"] = identifiers
    terms = _attributes(thing, f, reading)
    return [*terms, thing]


def location(data: Mapping[str, Any], report: Report, reading: Reading) -> list[Thing]:
    f = Fields(data, report)
    thing = _thing("location", f)
    own = f.object(words.PROFILE) or Fields({}, report)
    confidential = own.data.get("is_confidential") is True or any(
        a.data.get("label") == "confidential" and a.data.get("value") == "true" for a in f.items("attributes")
    )
    if confidential:
        report.hush()
    latitude, longitude = f.coordinates()
    kind = f.choice("location_type", words.LOCATION_TYPES)
    _set(
        thing, name=f.line("name", 400), location_type=kind, transportation=f.text("transportation"), url=f.url("url"),
        external_identifier=f.line("external_identifier", 80), external_identifier_type=f.line("external_identifier_type", 40),
        latitude=latitude, longitude=longitude, code=own.line("code", 200),
    )  # fmt: skip
    if confidential:
        thing.values["is_confidential"] = True
    _texts(thing, f, words.LOCATION_TEXTS, reading)
    parts.collect(thing, f, ("phones", "contacts", "schedules", "languages", "addresses", "accessibility"), reading)
    wheelchair = own.data.get("is_wheelchair_accessible")
    if not isinstance(wheelchair, bool):
        said = [
            words.wheelchair_of(f"{c.values.get('description')} {c.values.get('details')}")
            for c in thing.children.get("accessibility", ())
        ]
        wheelchair = next((one for one in said if one is not None), None)
    if wheelchair is not None:
        thing.values["is_wheelchair_accessible"] = wheelchair
    addresses = [child.values for child in thing.children.get("addresses", ())]
    towns = [
        a.get(name, "")
        for name in ("postal_code", "city")
        for a in addresses
        if a.get("address_type") != "postal" or kind == "postal"
    ]
    thing.hints = (own.line("area", 80), thing.values.get("external_identifier", ""), *towns)
    thing.organization = f.line("organization_id", 200)
    terms = _attributes(thing, f, reading)
    return [*terms, thing]


def service(data: Mapping[str, Any], report: Report, reading: Reading) -> list[Thing]:
    f = Fields(data, report)
    thing = _thing("service", f)
    name = f.line("name", 400)
    if not name:
        f.remark("name-missing", "name")
    own = f.object(words.PROFILE) or Fields({}, report)
    low, high = f.age("minimum_age"), f.age("maximum_age")
    if low is not None and high is not None and low > high:
        f.remark("value-contradicts", "maximum_age", f"{low} > {high}")
        low = high = None
    status = f.choice("status", words.STATUSES, code="status-unknown")
    _set(
        thing, name=name or "?", status=status or "active", url=f.url("url"), email=f.email("email"), minimum_age=low, maximum_age=high,
        confirmed_on=f.day("assured_date"), confirmed_by=f.email("assurer_email", 200) or own.line("confirmed_by", 200) or reading.source[:200],
        last_modified=f.moment("last_modified"), code=own.line("code", 200), update_months=own.integer("update_months", 1, 120),
        visibility=own.choice("visibility", {"public", "hidden"}),
    )  # fmt: skip
    if own.data.get("is_fictional") is True:
        thing.values["is_fictional"] = True
    _texts(thing, f, words.SERVICE_TEXTS, reading)
    if not f.data.get("fees_description") and (fees := f.text("fees")):
        thing.texts["fees_description", reading.language] = fees
        _kept(thing, f, ("wait_time", "licenses"))
    else:
        _kept(thing, f, words.SERVICE_KEPT)
    thing.organization = _reference(f, "organization")
    thing.program = _reference(f, "program")
    parts.collect(
        thing, f,
        ("phones", "contacts", "schedules", "languages", "funding", "cost_options", "required_documents", "capacities", "rules", "activities"),
        reading,
    )  # fmt: skip
    _practicalities(thing, f, own, reading)
    for item in f.items("service_areas"):
        thing.served.append(_served(item))
    for item in f.items("service_at_locations"):
        _placing(thing, item, reading)
    terms = _attributes(thing, f, reading)
    return [*terms, thing]


def _reference(f: Fields, name: str) -> str:
    """The id of a nested object, or of a reference."""
    nested = f.data.get(name)
    if isinstance(nested, dict) and identifier(nested):
        return identifier(nested)
    value = f.data.get(f"{name}_id")
    return str(value).strip()[:200] if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _practicalities(thing: Thing, f: Fields, own: Fields, reading: Reading) -> None:
    """How to come, what it costs, who interprets: from our own property, else from what the texts say plainly."""
    process = thing.texts.get(("application_process", reading.language), "")
    access = [c for c in own.words("access") if c in ("walk_in", "phone", "appointment", "referral", "online")]
    _set(thing, access=access or list(words.access_of(process)))
    _set(thing, delivery=[c for c in own.words("delivery") if c in ("on_site", "remote", "home", "outreach")])
    cost = own.choice("cost", {"free", "means-tested", "paid"})
    amounts = [
        c.values["amount_cents"]
        for c in thing.children.get("cost_options", ())
        if c.values.get("amount_cents") is not None
    ]
    if not cost and (
        words.is_free(thing.texts.get(("fees_description", reading.language), "")) or (amounts and not any(amounts))
    ):
        cost = "free"
    elif not cost and amounts:
        cost = "paid"
    _set(thing, cost=cost)
    if own.data.get("conditions_known") is True:
        thing.values["conditions_known"] = True
    interpreter = own.data.get("has_interpreter")
    if not isinstance(interpreter, bool):
        on_request = any(
            c.values.get("level") == "on-request" and not c.values.get("code")
            for c in thing.children.get("languages", ())
        )
        interpreter = True if on_request else None
    if interpreter is not None:
        thing.values["has_interpreter"] = interpreter


def _served(item: Fields) -> Served:
    own = item.object(words.PROFILE)
    name, extent, uri = item.line("name", 400), item.text("extent"), item.line("uri", 400)
    code = own.line("area", 80) if own else ""
    short = (code, extent if len(extent) <= 80 else "", name)
    return Served(
        tuple(s for s in short if s), name or item.line("description", 400), extent, item.line("extent_type", 40), uri,
        given_uuid(identifier(item.data)),
    )  # fmt: skip


def _placing(thing: Thing, item: Fields, reading: Reading) -> None:
    place = _reference(item, "location")
    if not place:
        item.remark("location-unknown", "location_id")
        return
    placing = Placing(place, identifier(item.data), item.text("description"))
    own = Thing("service_at_location", placing.id)
    parts.collect(own, item, ("phones", "contacts", "schedules"), reading)
    placing.children = own.children
    thing.placings.append(placing)
    for area in item.items("service_areas"):
        thing.served.append(_served(area))


# --- attributes and categories --------------------------------------------------------------------------------------------------------


def _attributes(thing: Thing, f: Fields, reading: Reading) -> list[Thing]:
    """The categories that the attributes name, as things; the attributes themselves as links or extras of `thing`."""
    found: list[Thing] = []
    for item in f.items("attributes"):
        nested = item.object("taxonomy_term")
        if item.data.get("label") == "confidential" and item.data.get("link_type") == "confidentiality":
            continue  # a column of ours
        value, label, link = item.text("value"), item.line("label", 400), item.line("link_type", 80)
        uuid = given_uuid(identifier(item.data))
        term = ""
        if nested is not None:
            told = term_things(nested, reading)
            found += told
            term = told[-1].id if told else ""
        elif reference := item.line("taxonomy_term_id", 200):
            item.remark("term-unknown", "taxonomy_term_id", reference)
            told = term_things(
                Fields({"id": reference, "code": reference, "name": reference}, f.report, item.prefix), reading
            )
            found += told
            term = told[-1].id
        plain = not value and not label and link in ("", "taxonomy")
        if term and thing.kind == "service":
            thing.terms.append((term, uuid if plain else None))
        if not plain or (term and thing.kind != "service"):
            thing.extras.append(Extra(term, value, label, link, uuid))
    return found


def term_things(f: Fields, reading: Reading) -> list[Thing]:
    """The taxonomy and the term that an object tells, in this order."""
    own = f.object(words.PROFILE) or Fields({}, f.report)
    code = f.line("code", 120) or identifier(f.data)[:120]
    if not code:
        f.remark("id-missing", "id")
        return []
    detail = f.object("taxonomy_detail")
    key = (identifier(f.data), identifier(detail.data) if detail else f.line("taxonomy_id", 200))
    if key[0] and key in reading.told:
        return reading.told[key]
    scheme = taxonomy_thing(detail, f, reading)
    known = identifier(f.data) or f"{scheme.id}\n{code}"
    thing = Thing("term", known, given_uuid(known), taxonomy=scheme.id)
    language = code_of(f.line("language", 8)) or reading.language
    synonyms = own.object("synonyms") or Fields({}, f.report)
    name, description = f.line("name", 400), f.text("description")
    labels = {language: name} if name and name != code else {}
    thing.values = {
        "code": code,
        "labels": _labels(own, "labels") | labels,
        "descriptions": _labels(own, "descriptions")
        | ({language: description} if description and description != name else {}),
        "synonyms": {c: synonyms.words(c) for c in synonyms.data if code_of(c)},
    }
    thing.parent = f.line("parent_id", 200)
    if len(reading.told) < 50_000:
        reading.told[key] = [scheme, thing]
    return [scheme, thing]


def taxonomy_thing(detail: Fields | None, term: Fields, reading: Reading) -> Thing:
    """The taxonomy: its code is ours when it comes from Maillage, else its name, else the name of the source."""
    told = detail or Fields({}, term.report)
    own = told.object(words.PROFILE) or Fields({}, term.report)
    name = told.line("name", 200) or term.line("taxonomy", 200) or term.line("vocabulary", 200)
    known = identifier(told.data) or term.line("taxonomy_id", 200) or name or reading.source
    code = own.line("code", 80) or name[:80] or reading.source[:80]
    values = {
        "code": code,
        "name": name or code,
        "description": told.text("description"),
        "uri": told.url("uri", 400),
        "version": told.line("version", 80),
    }
    return Thing("taxonomy", known, given_uuid(known), values)


def _labels(own: Fields, name: str) -> dict[str, str]:
    told = own.object(name)
    return {code_of(c): told.line(c, 4000) for c in told.data if code_of(c) and told.line(c, 4000)} if told else {}

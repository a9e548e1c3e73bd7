"""data.inclusion v1 (France): structures and services, as a workbook, JSON or CSV.

Schema: data-inclusion-schema 1.0.8. A structure is an organisation with a place; a service has its own address or the structure's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ijson

from maillage.directory.hours import read_osm
from maillage.directory.identifiers import check
from maillage.directory.ingest import Child, Extra, Placing, Record, Report, Served, Thing, given_uuid
from maillage.standards.hsds.reading import Reading
from maillage.standards.reading.files import NOT_JSON, Member, Refused, members, open_json
from maillage.standards.reading.files import rows as table_rows
from maillage.standards.reading.values import Fields, storable
from maillage.standards.reading.workbooks import rows as sheet_rows
from maillage.standards.reading.workbooks import workbook

if TYPE_CHECKING:
    from maillage.standards.imports import Progress

SCHEME = "data-inclusion"
STRUCTURE = (
    "source", "id", "nom", "date_maj", "description", "lien_source", "siret", "commune", "code_postal", "code_insee", "adresse",
    "complement_adresse", "longitude", "latitude", "telephone", "courriel", "site_web", "horaires_accueil", "accessibilite_lieu",
    "reseaux_porteurs",
)  # fmt: skip
SERVICE = (
    "source", "structure_id", "id", "nom", "description", "date_maj", "lien_source", "type", "thematiques", "frais", "frais_precisions",
    "publics", "publics_precisions", "conditions_acces", "commune", "code_postal", "code_insee", "adresse", "complement_adresse",
    "longitude", "latitude", "telephone", "courriel", "modes_accueil", "zone_eligibilite", "contact_nom_prenom", "lien_mobilisation",
    "modes_mobilisation", "mobilisable_par", "mobilisation_precisions", "volume_horaire_hebdomadaire", "nombre_semaines", "horaires_accueil",
)  # fmt: skip
MOST_RECORDS = 500_000  # they wait in memory for each other
REQUIRED = {"structure": ("id", "nom", "date_maj"), "service": ("id", "structure_id", "nom", "description", "date_maj")}
COSTS = {"gratuit": "free", "payant": "paid"}
DELIVERY = {"a-distance": "remote", "en-presentiel": "on_site"}
ACCESS = {
    "telephoner": "phone",
    "se-presenter": "walk_in",
    "envoyer-un-courriel": "online",
    "utiliser-lien-mobilisation": "online",
}
USERS = frozenset({"usagers", "professionnels"})
TYPES = frozenset({"accompagnement", "aide-financiere", "aide-materielle", "atelier", "formation", "information"})
PUBLICS = frozenset({
    "tous-publics", "actifs", "beneficiaires-des-minimas-sociaux", "demandeurs-emploi", "etudiants", "familles", "femmes", "jeunes",
    "personnes-en-situation-de-handicap", "personnes-en-situation-durgence", "personnes-en-situation-juridique-specifique",
    "personnes-exilees", "residents-qpv-frr", "seniors",
})  # fmt: skip
_THEME = re.compile(r"[a-z0-9-]+?(?:--[a-z0-9-]+)?")
_ADDRESS = ("adresse", "complement_adresse", "code_postal", "code_insee", "commune")


def records(path: Path, reading: Reading, report: Report, progress: Progress) -> Iterator[Record]:
    """Structures first, then services."""
    reader = _Reader(reading, report, progress)
    for member in members(path):
        reader.open(member)
    if not (reader.structures or reader.services):
        raise Refused("file-unknown", path.name)
    yield from reader.records()


class _Reader:
    def __init__(self, reading: Reading, report: Report, progress: Progress) -> None:
        self.reading, self.report, self.progress = reading, report, progress
        self.structures: list[tuple[str, dict[str, Any]]] = []  # (row, what it says)
        self.services: list[tuple[str, dict[str, Any]]] = []
        self.themes: dict[str, list[str]] = {}  # sheet "Services - Thématiques"

    # --- opening ----------------------------------------------------------------------------------------------------------------------

    def open(self, member: Member) -> None:
        name = member.name.lower()
        if name.endswith((".xlsx", ".xlsm")):
            self._workbook(member)
        elif name.endswith(".csv"):
            is_service = "service" in name
            for line, row in table_rows(member, "service" if is_service else "structure", self.report, lambda n: None):
                self._sort(f"{member.name} {line}", dict(row))
        elif name.endswith((".json", ".ndjson", ".jsonl")):
            self._json(member)

    def _workbook(self, member: Member) -> None:
        with workbook(member) as book:
            for sheet in book.worksheets:
                title = sheet.title.strip().lower()
                if title in ("structures", "services"):
                    entity, wanted = ("service", SERVICE) if title == "services" else ("structure", STRUCTURE)
                    first = True
                    for line, row in sheet_rows(sheet, entity, self.report, frozenset(wanted)):
                        if first:
                            self._missing(entity, row, f"{sheet.title} 1")
                            first = False
                        if str(row.pop("__ignore__", None)).lower() not in ("true", "1", "vrai"):
                            (self.services if entity == "service" else self.structures).append(
                                (f"{sheet.title} {line}", row)
                            )
                elif title.startswith("services") and "th" in title:
                    for line, row in sheet_rows(
                        sheet, "service_theme", self.report, frozenset({"service_id", "thématique", "thematique"})
                    ):
                        theme = row.get("thématique") or row.get("thematique")
                        if str(row.get("__ignore__")).lower() not in ("true", "1") and row.get("service_id") and theme:
                            self.themes.setdefault(str(row["service_id"]), []).append(f"{theme}\n{sheet.title} {line}")

    def _missing(self, entity: str, row: Mapping[str, Any], place: str) -> None:
        self.report.at(entity, place)
        for name in REQUIRED[entity]:
            if name not in row:
                self.report.remark("column-missing", name)

    def _json(self, member: Member) -> None:
        count = 0
        for path in ("item", "structures.item", "services.item", "items.item", ""):
            try:
                with open_json(member, lambda n: None) as file:
                    for item in ijson.items(file, path, use_float=True, multiple_values=path == ""):
                        if isinstance(item, dict) and (path or "id" in item):
                            count += 1
                            self._sort(f"{member.name} {count}", item)
            except NOT_JSON as trouble:
                self.report.at("file", f"{member.name}, after record {count}")
                self.report.remark("file-broken", value=str(trouble), rejected=count == 0)
                return
            if count and path in ("item", "items.item"):
                return

    def _sort(self, place: str, row: dict[str, Any]) -> None:
        if len(self.structures) + len(self.services) >= MOST_RECORDS:
            self.report.at("file", place)
            self.report.once("file-too-much", "", MOST_RECORDS)
            return
        (self.services if "structure_id" in row else self.structures).append((place, row))

    # --- records ----------------------------------------------------------------------------------------------------------------------

    def records(self) -> Iterator[Record]:
        total, done = len(self.structures) + len(self.services), 0
        places = {str(row.get("id")): row for _, row in self.structures if _has_place(row)}
        known_services = {str(row.get("id")) for _, row in self.services}
        for owner, pairs in self.themes.items():
            if owner not in known_services:
                self.report.at("service_theme", pairs[0].split("\n")[1])
                self.report.count("service_theme", "read")
                self.report.remark("owner-unknown", "service_id", owner, rejected=True)
        self.report.expect("structure", STRUCTURE)
        self.report.expect("service", SERVICE)
        for entity, rows in (("structure", self.structures), ("service", self.services)):
            for place, row in rows:
                done += 1
                self.report.at(entity, place)
                self.report.fill(entity, row)
                known = str(row.get("id") or "").strip()[:200]
                if not known:
                    self.report.remark("id-missing", "id", row.get("nom"), rejected=True)
                    continue
                payload = dict(row)
                if not self.reading.with_names:
                    payload.pop("contact_nom_prenom", None)
                if entity == "structure":
                    make = partial(structure, row, reading=self.reading)
                else:
                    more = self.themes.get(known, [])
                    if more:
                        payload["__themes__"] = more
                    make = partial(
                        service, row, reading=self.reading, more=more, at=places.get(str(row.get("structure_id")))
                    )
                yield Record(entity, known, storable(payload), place, make)
                self.progress("write", done, total)


def structure(row: Mapping[str, Any], report: Report, *, reading: Reading) -> list[Thing]:
    f = Fields(row, report)
    known = str(row["id"]).strip()[:200]
    thing = Thing("organization", known, given_uuid(known))
    _named(thing, f, reading, least=3)
    _put(thing, website=f.url("site_web"), email=f.email("courriel"))
    if siret := f.line("siret", 80):
        scheme, number, valid = check("FR-SIRET", siret)
        if not valid:
            f.remark("identifier-invalid", "siret", siret)
        thing.children["identifiers"] = [Child({"scheme": scheme, "identifier": number, "is_valid": valid})]
    if phone := f.line("telephone", 200):
        thing.children["phones"] = [Child({"number": phone})]
    for code in f.words("reseaux_porteurs"):
        thing.extras.append(Extra(value=code, label="reseaux_porteurs", link_type=f"{SCHEME}:reseaux_porteurs"))
    if link := f.url("lien_source"):
        thing.extras.append(Extra(value=link, label="lien_source", link_type=f"{SCHEME}:lien_source"))
    thing.values["last_modified"] = f.moment("date_maj") or thing.values.get("last_modified")
    if thing.values["last_modified"] is None:
        del thing.values["last_modified"]
    things = [thing]
    if _has_place(row):
        place = location(f"structure:{known}", known, f)
        if hours := _hours(f):
            place.children["schedules"] = hours
        things.append(place)
    elif hours := _hours(f):
        thing.children["schedules"] = hours
    return things


def service(
    row: Mapping[str, Any], report: Report, *, reading: Reading, more: list[str], at: Mapping[str, Any] | None
) -> list[Thing]:
    f = Fields(row, report)
    known = str(row["id"]).strip()[:200]
    thing = Thing("service", known, given_uuid(known), organization=f.line("structure_id", 200))
    _named(thing, f, reading, least=3)
    on = f.day("date_maj")
    access = {ACCESS[mode] for mode in _list(f, "modes_mobilisation", frozenset(ACCESS))}
    users = _list(f, "mobilisable_par", USERS)
    if users == ["professionnels"]:
        access = {"referral"}
    _put(
        thing, url=f.url("lien_mobilisation") or f.url("lien_source"), email=f.email("courriel"), confirmed_on=on,
        confirmed_by=reading.source[:200], cost=COSTS.get(f.choice("frais", set(COSTS)), ""), access=sorted(access),
        delivery=sorted({DELIVERY[mode] for mode in _list(f, "modes_accueil", frozenset(DELIVERY))}), last_modified=f.moment("date_maj"),
    )  # fmt: skip
    _say(thing, reading, "fees_description", f.text("frais_precisions"))
    _say(thing, reading, "application_process", f.text("mobilisation_precisions"))
    _say(
        thing,
        reading,
        "eligibility_description",
        "\n\n".join(filter(None, (f.text("publics_precisions"), f.text("conditions_acces")))),
    )
    if phone := f.line("telephone", 200):
        thing.children["phones"] = [Child({"number": phone})]
    if hours := _hours(f):
        thing.children["schedules"] = hours
    if name := f.line("contact_nom_prenom", 200):
        if reading.with_names:
            thing.children["contacts"] = [Child({"name": name})]
        else:
            f.remark("person-left-out", "contact_nom_prenom")
    for code in f.words("zone_eligibilite"):
        thing.served.append(Served((code,), name=code, extent=code, extent_type="insee"))
    for name in ("volume_horaire_hebdomadaire", "nombre_semaines"):
        number = f.number(name)
        if number is not None:
            thing.extras.append(Extra(value=f"{number:g}", label=name, link_type=f"{SCHEME}:{name}"))
    terms = [*_themes(thing, f, more), *_publics(thing, f)]
    if kind := f.choice("type", set(TYPES)):
        thing.extras.append(Extra(value=kind, label="type", link_type=f"{SCHEME}:type"))
    things = [*terms]
    if _has_place(row) and not (at and _same_place(row, at)):
        things.append(location(f"service:{known}", thing.organization, f))
        thing.placings.append(Placing(f"service:{known}"))
    elif (at and "remote" not in thing.values.get("delivery", [])) or (
        at and "on_site" in thing.values.get("delivery", [])
    ):
        thing.placings.append(Placing(f"structure:{thing.organization}"))
    return [*things, thing]


def location(known: str, organization: str, f: Fields) -> Thing:
    """The place of a structure or of a service."""
    thing = Thing("location", known, organization=organization)
    latitude, longitude = f.coordinates()
    postal, city = f.line("code_postal", 20), f.line("commune", 200)
    if postal and not re.fullmatch(r"\d{5}", postal):
        f.remark("value-unknown", "code_postal", postal)
    _put(thing, latitude=latitude, longitude=longitude, external_identifier=f.line("code_insee", 80))
    if "external_identifier" in thing.values:
        thing.values["external_identifier_type"] = "INSEE"
    address = {
        "address_1": f.line("adresse", 400), "address_2": f.line("complement_adresse", 400), "city": city, "postal_code": postal, "country": "FR",
    }  # fmt: skip
    if address["address_1"] or city or postal:
        thing.children["addresses"] = [Child(address)]
    if link := f.url("accessibilite_lieu"):
        thing.children["accessibility"] = [Child({"description": "Acceslibre", "url": link})]
    thing.hints = (f.line("code_insee", 80), postal, city)
    return thing


def _named(thing: Thing, f: Fields, reading: Reading, *, least: int) -> None:
    name = f.line("nom", 400)
    if len(name) < least:
        f.remark("name-missing", "nom", name)
    thing.values["name"] = name or "?"
    _say(thing, reading, "name", name)
    _say(thing, reading, "description", f.text("description"))


def _say(thing: Thing, reading: Reading, field: str, text: str) -> None:
    """data.inclusion is written in French, whatever the territory speaks."""
    if text:
        thing.texts[field, "fr"] = text


def _put(thing: Thing, **values: Any) -> None:
    thing.values.update({name: value for name, value in values.items() if value not in (None, "", [])})


def _list(f: Fields, name: str, allowed: frozenset[str]) -> list[str]:
    found = []
    for word in f.words(name):
        if word in allowed:
            found.append(word)
        else:
            f.remark("value-unknown", name, word)
    return found


def _hours(f: Fields) -> list[Child]:
    text = f.text("horaires_accueil")
    if not text:
        return []
    hours = read_osm(text)
    if hours.parse != "parsed":
        f.remark(f"hours-{hours.parse}", "horaires_accueil", text)
    return [Child({"osm": hours.osm, "parse": hours.parse, "raw": "" if hours.osm == text else text})]


def _themes(thing: Thing, f: Fields, more: list[str]) -> list[Thing]:
    """The themes as terms, below their categories; those of the sheet of pairs too."""
    told = f.words("thematiques")
    for pair in more:
        told.append(pair.split("\n")[0].strip())
    found = [
        Thing(
            "taxonomy",
            SCHEME,
            values={"code": SCHEME, "name": "data.inclusion", "uri": "https://github.com/gip-inclusion/data-inclusion"},
        )
    ]
    for code in dict.fromkeys(told):
        if not _THEME.fullmatch(code):
            f.remark("value-unknown", "thematiques", code)
            continue
        category = code.split("--")[0]
        found.append(_term(SCHEME, category))
        if category != code:
            found.append(_term(SCHEME, code, parent=category))
        thing.terms.append((f"{SCHEME}\n{code}", None))
    return found if thing.terms else []


def _publics(thing: Thing, f: Fields) -> list[Thing]:
    scheme = f"{SCHEME}-publics"
    codes = _list(f, "publics", PUBLICS)
    if "tous-publics" in codes:
        thing.values["conditions_known"] = True
    found = [_term(scheme, code) for code in codes]
    thing.terms += [(f"{scheme}\n{code}", None) for code in codes]
    return (
        [Thing("taxonomy", scheme, values={"code": scheme, "name": "data.inclusion, publics"}), *found] if found else []
    )


def _term(scheme: str, code: str, parent: str = "") -> Thing:
    label = code.split("--")[-1].replace("-", " ").capitalize()
    values = {"code": code[:120], "labels": {"fr": label}}
    return Thing(
        "term", f"{scheme}\n{code}", taxonomy=scheme, values=values, parent=f"{scheme}\n{parent}" if parent else ""
    )


def _has_place(row: Mapping[str, Any]) -> bool:
    return any(row.get(name) not in (None, "") for name in (*_ADDRESS, "latitude"))


def _same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    def words(row: Mapping[str, Any], name: str) -> str:
        return str(row.get(name) or "").strip().casefold()

    return words(one, "adresse") == words(other, "adresse") and any(
        words(one, name) == words(other, name) != "" for name in ("code_postal", "code_insee", "commune")
    )

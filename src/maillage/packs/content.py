"""What the files of a pack say, in the shape of the tables: plain values, the same for the same files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from maillage.packs import guides as drafts
from maillage.packs.geography import decimal, integer, is_assumed, several
from maillage.packs.pack import Pack
from maillage.packs.reading import Listed, Mapped
from maillage.packs.references import items, needs_of

Row = dict[str, Any]
IN_COLUMNS = {
    "code",
    "version",
    "names",
    "country",
    "timezone",
}  # of pack.yaml: columns of Territory, not in its content
NEEDS, PUBLICS = "needs", "publics"  # taxonomies that a pack writes


def plain(value: Any) -> Any:
    """Without the line marks."""
    if isinstance(value, Mapped):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, Listed):
        return [plain(entry) for entry in value]
    return value


def stable(pack_code: str, what: str) -> UUID:
    """The same thing of the same territory has the same UUID in every database."""
    return uuid5(NAMESPACE_URL, f"maillage:{pack_code}/{what}")


def provenance(*holders: Mapping[str, Any]) -> Row:
    """`source` and `assume` of a line: its own, else those of what holds it (the nearest first in `holders`)."""
    found: Row = {}
    for holder in holders:
        for key in ("source", "assume"):
            if key not in found and key in holder:
                found[key] = holder[key]
        if found.get("source"):
            break
    return {key: value for key, value in found.items() if value}


def inheriting(top: Mapped, key: str) -> list[Row]:
    return [{**plain(entry), **provenance(entry, top)} for _path, entry in items(top, key)]


def territory(pack: Pack) -> Row:
    """`Territory.content` (packs/README.md documents it): the small vocabularies, under the pack's own keys."""
    content = {key: plain(value) for key, value in pack.head.items() if key not in IN_COLUMNS}
    content["spoken_languages"] = inheriting(pack.head, "spoken_languages")
    for name in ("criteria", "publics"):
        content[name] = inheriting(pack.criteria, name)
    content["obstacles"] = inheriting(pack.obstacles, "obstacles")
    content["red_flags"] = inheriting(pack.red_flags, "red_flags")
    content["rights"] = rights(pack)
    content["places"] = places(pack)
    content["needs_version"] = str(pack.needs.get("version", pack.version))
    return content


def rights(pack: Pack) -> list[Row]:
    """Each right as the file gives it; the organisation where it is claimed as the identity that it has in every database."""
    found = inheriting(pack.rights, "rights")
    for row in found:
        if code := row["claim"].get("organization"):
            row["claim"]["organization"] = str(stable(pack.code, f"organization/{code}"))
    return found


def areas(pack: Pack) -> dict[str, Row]:
    return {
        row["code"]: {
            "level": row["level"],
            "parent": row["parent"],
            "labels": {key[5:]: cell for key, cell in row.items() if key.startswith("name_") and cell},
            "alternative_names": several(row["alt_names"]),
            "postal_codes": several(row["postal_codes"]),
            "latitude": decimal(row["latitude"]),
            "longitude": decimal(row["longitude"]),
            "tile_x": integer(row["tile_x"]),
            "tile_y": integer(row["tile_y"]),
            "vintage": row["vintage"],
            "source": row["source"],
            "is_assumed": is_assumed(row),
            "note": row["note"],
        }
        for row in pack.areas
    }


def links(pack: Pack) -> dict[tuple[str, str, str, str], Row]:
    return {
        (row["from_code"], row["to_code"], row["kind"], row["vintage"]): {
            "weight": float(row["weight"]),
            "source": row["source"],
            "is_assumed": is_assumed(row),
            "note": row["note"],
        }
        for row in pack.links
    }


def needs(pack: Pack) -> dict[str, Row]:
    """The tree, a parent before its children, in the order of the file."""
    parents = {
        child["code"]: node["code"] for _path, node in needs_of(pack.needs) for _below, child in items(node, "children")
    }
    return {
        node["code"]: {
            "parent": parents.get(node["code"], ""),
            "labels": plain(node["labels"]),
            "hints": plain(node.get("hint", {})),
            "question": plain(node.get("question", {})),
            "synonyms": plain(node.get("synonyms", {})),
            "ask": plain(node.get("ask", [])),
            "icon": node.get("icon", ""),
            "window": node.get("window", ""),
            "red_flag": node.get("red_flag", ""),
            "also": sorted(node.get("also", [])),
            "mappings": sorted([m["scheme"], m["code"], m["relation"]] for _path, m in items(node, "mappings")),
            "order": order,
        }
        for order, (_path, node) in enumerate(needs_of(pack.needs))
    }


def publics(pack: Pack) -> dict[str, Row]:
    return {
        entry["code"]: {"labels": plain(entry["labels"]), "synonyms": plain(entry.get("synonyms", {})), "order": order}
        for order, (_path, entry) in enumerate(items(pack.criteria, "publics"))
    }


def obstacles(pack: Pack) -> dict[str, Row]:
    return {
        entry["code"]: {
            "labels": entry["labels"],
            "definition": {key: value for key, value in entry.items() if key not in {"code", "labels"}},
            "order": order,
        }
        for order, entry in enumerate(inheriting(pack.obstacles, "obstacles"))
    }


def organizations(pack: Pack) -> dict[str, Row]:
    """Each organisation as the file gives it, without its services, and with its source."""
    return {
        entry["code"]: {
            **{k: plain(v) for k, v in entry.items() if k != "services"},
            **provenance(entry, pack.organizations),
        }
        for _path, entry in items(pack.organizations, "organizations")
    }


def services(pack: Pack) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for path, entry in items(pack.organizations, "organizations"):
        for _below, service in items(entry, "services", path):
            found[service["code"]] = {
                **plain(service),
                **provenance(service, entry, pack.organizations),
                "organization": entry["code"],
                "area": service.get("area", entry.get("area", "")),
            }
    return found


def places(pack: Pack) -> Row:
    """What is no row: how long a referral waits, words to people in more languages, cold-weather plans, ways to count, figures of reports."""
    top = pack.places
    said: Row = {name: inheriting(top, name) for name in ("surge_plans", "count_methods", "figures")}
    return said | {name: plain(top.get(name, {})) for name in ("referral", "messages")}


def sites(pack: Pack) -> dict[str, Row]:
    return {
        entry["code"]: {**plain(entry), **provenance(entry, pack.places)}
        for _path, entry in items(pack.places, "sites")
    }


def waiting_lists(pack: Pack) -> dict[str, Row]:
    return {
        entry["code"]: {**plain(entry), **provenance(entry, pack.places)}
        for _path, entry in items(pack.places, "lists")
    }


def guides(pack: Pack) -> dict[str, Row]:
    return {code: drafts.row(by_language, pack.languages[0]) for code, by_language in pack.guides.items()}


def documents(pack: Pack) -> dict[str, Row]:
    return {
        entry["code"]: {**plain(entry), **provenance(entry, pack.library)}
        for _path, entry in items(pack.library, "documents")
    }


def rules_for(
    publics: Iterable[str], definitions: Iterable[Mapping[str, Any]], criteria: Iterable[Mapping[str, Any]]
) -> list[Row]:
    """The rules that naming these publics amounts to, when a service writes none itself.

    One public: each of its facts is required. Several: the service is for any of them, so a criterion is required only when
    all of them have a fact on it (one of those values); the others are preferred. A number stands for an example of the
    public ("65" for older people), never for a limit: no rule is made of it, unless the public has `rules` of its own.
    """
    by_code = {definition["code"]: definition for definition in definitions}
    kinds = {criterion["code"]: criterion["kind"] for criterion in criteria}
    named = [by_code[code] for code in publics if code in by_code]
    if len(named) == 1 and named[0].get("rules"):
        return [dict(rule) for rule in named[0]["rules"]]
    values: dict[str, list[Any]] = {}
    for public in named:
        for criterion, value in (public.get("facts") or {}).items():
            if kinds.get(criterion) != "number":
                values.setdefault(criterion, []).append(value)
    made: list[Row] = []
    for criterion, said in values.items():
        different = list(dict.fromkeys(said))
        if len(said) == len(named):
            if len(different) == 1:
                made.append({"criterion": criterion, "op": "eq", "value": different[0], "effect": "require"})
            elif kinds.get(criterion) == "choice":
                made.append({"criterion": criterion, "op": "in", "value": different, "effect": "require"})
        else:
            made += [{"criterion": criterion, "op": "eq", "value": value, "effect": "prefer"} for value in different]
    return made


def canonical(value: Any) -> str:
    """One text for one value, whatever the order of keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def moment(said: Any) -> datetime | None:
    """The beginning of a source's date, of which perhaps only the year or the month is known."""
    text = str(said or "")
    if not text:
        return None
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=UTC)

"""What no single value can tell: codes that are unique, references that lead somewhere, sources that are named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from maillage.packs import geography, guides, library
from maillage.packs.problems import Problems
from maillage.packs.reading import Listed, Mapped

if TYPE_CHECKING:
    from maillage.packs.pack import Pack

Found = tuple[str, Mapped]  # the path of a mapping in its file, and the mapping


def items(top: Any, key: str, path: str = "") -> Iterator[Found]:
    """The mappings of a list that stands under `key`; nothing when it is not such a list."""
    listed = top.get(key) if isinstance(top, Mapped) else None
    for index, entry in enumerate(listed if isinstance(listed, Listed) else ()):
        if isinstance(entry, Mapped):
            yield f"{path}.{key}[{index}]".lstrip("."), entry


def mapping(holder: Mapped, key: str) -> Mapped:
    """The mapping that stands under `key`; an empty one when something else does."""
    value = holder.get(key)
    return value if isinstance(value, Mapped) else Mapped(holder.line_of(key))


def needs_of(top: Mapped) -> Iterator[Found]:
    """Every node of the tree, a parent before its children."""
    waiting = list(items(top, "needs"))[::-1]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        waiting += list(items(node, "children", path))[::-1]


class Checker:
    """What may be referred to, gathered once."""

    def __init__(self, pack: Pack, problems: Problems) -> None:
        self.pack, self.problems = pack, problems
        self.sources = {entry.get("id") for _path, entry in items(pack.head, "sources")}
        self.used: set[Any] = set()
        self.areas = {row["code"] for row in pack.areas}
        self.needs = {node.get("code") for _path, node in needs_of(pack.needs)}
        self.criteria = {entry.get("code"): entry for _path, entry in items(pack.criteria, "criteria")}
        self.publics = {entry.get("code") for _path, entry in items(pack.criteria, "publics")}
        self.obstacles = {entry.get("code") for _path, entry in items(pack.obstacles, "obstacles")}
        self.flags = {entry.get("code") for _path, entry in items(pack.red_flags, "red_flags")}
        self.organizations = {entry.get("code") for _path, entry in items(pack.organizations, "organizations")}
        self.spoken = {entry.get("code") for _path, entry in items(pack.head, "spoken_languages")}
        self.windows = set(mapping(pack.head, "windows"))
        self.rights = {entry.get("code") for _path, entry in items(getattr(pack, "rights", None), "rights")}
        self.services = {
            service.get("code")
            for _path, entry in items(pack.organizations, "organizations")
            for _below, service in items(entry, "services")
        }

    def say(self, file: str, holder: Mapped, key: str, path: str, sentence: str, **values: object) -> None:
        where = f"{path}.{key}".strip(".")
        self.problems.add(file, holder.line_of(key), where, sentence % values if values else sentence)

    def unique(self, file: str, found: Iterable[Found], key: str = "code") -> None:
        first: dict[Any, int] = {}
        for path, entry in found:
            code = entry.get(key)
            if not isinstance(code, str):
                continue
            if code in first:
                self.say(
                    file,
                    entry,
                    key,
                    path,
                    _("“%(code)s” is already used on line %(line)s"),
                    code=code,
                    line=first[code],
                )
            else:
                first[code] = entry.line_of(key)

    def known(self, file: str, entry: Mapped, key: str, path: str, allowed: Iterable[Any], what: str) -> None:
        """The code, or each of the codes, that stands under `key` is one of `allowed`."""
        value = entry.get(key)
        for code in value if isinstance(value, Listed) else [value]:
            if isinstance(code, str) and code not in allowed:
                self.say(
                    file, entry, key, path, _("there is no %(what)s “%(code)s” in this pack"), what=what, code=code
                )

    def sourced(self, file: str, path: str, entry: Mapped, inherited: bool) -> bool:
        """Whether this line says where it comes from, itself or through what holds it."""
        self.known(file, entry, "source", path, self.sources, _("source"))
        self.used.add(entry.get("source"))
        return inherited or bool(entry.get("source")) or entry.get("assume") is True

    def must_be_sourced(self, file: str, top: Mapped, found: Iterable[Found], inherited: bool = False) -> None:
        has = self.sourced(file, "", top, inherited)
        for path, entry in found:
            if not self.sourced(file, path, entry, has):
                self.say(
                    file,
                    entry,
                    "source",
                    path,
                    _("has no source: name one of the pack's sources, or write assume: true"),
                )


def check(pack: Pack, problems: Problems, also: Iterable[Callable[[Checker], None]] = ()) -> None:
    """Add to `problems` all that is wrong between the files; `also`: what else looks at them."""
    checker = Checker(pack, problems)
    _head(checker)
    geography.check(checker)
    _criteria(checker)
    _needs(checker)
    _obstacles(checker)
    _red_flags(checker)
    _organizations(checker)
    _rights(checker)
    _demo(checker)
    guides.check(checker, tuple(code for code, _name in settings.LANGUAGES))
    library.check(checker, list(items(pack.library, "documents")))
    for look in also:
        look(checker)
    for path, entry in items(pack.head, "sources"):
        if isinstance(entry.get("id"), str) and entry["id"] not in checker.used:
            problems.add(
                "pack.yaml", entry.line, path, _("nothing comes from the source “%(id)s”") % entry, is_warning=True
            )


def _head(checker: Checker) -> None:
    file, head = "pack.yaml", checker.pack.head
    if not head:
        return
    languages = head.get("languages")
    if isinstance(languages, Listed):
        for code, _name in settings.LANGUAGES:
            if code not in languages:
                checker.say(
                    file, head, "languages", "", _("must hold “%(code)s”, a language of the interface"), code=code
                )
        if isinstance(head.get("default_language"), str) and head["default_language"] not in languages:
            checker.say(file, head, "default_language", "", _("must be one of the languages of the pack"))
    checker.known(file, head, "root_area", "", checker.areas, _("area"))
    if isinstance(head.get("tile_level"), str) and head["tile_level"] not in {
        row["level"] for row in checker.pack.areas
    }:
        checker.say(file, head, "tile_level", "", _("no area has the level “%(level)s”"), level=head["tile_level"])
    months = mapping(head, "freshness_months")
    if "freshness_months" in head:
        for code in months:
            if code != "default" and code not in checker.needs:
                checker.say(file, months, code, "freshness_months", _("is neither “default” nor the code of a need"))
        if "default" not in months:
            checker.say(file, head, "freshness_months", "", _("the key “default” is missing"))
    checker.known(file, head, "capacity_needs", "", checker.needs, _("need"))
    for name, window in mapping(head, "windows").items():
        if isinstance(window, Mapped) and ("from" in window) != ("to" in window):
            checker.say(file, window, "from", f"windows.{name}", _("“from” and “to” go together"))
    checker.unique(file, items(head, "sources"), "id")
    checker.unique(file, items(head, "spoken_languages"))
    checker.must_be_sourced(file, head, items(head, "spoken_languages"))


def _criteria(checker: Checker) -> None:
    file, top = "criteria.yaml", checker.pack.criteria
    checker.unique(file, items(top, "criteria"))
    checker.unique(file, items(top, "publics"))
    checker.must_be_sourced(file, top, [*items(top, "criteria"), *items(top, "publics")])
    for path, entry in items(top, "criteria"):
        if (entry.get("kind") == "choice") != ("options" in entry):
            checker.say(file, entry, "options", path, _("a criterion of kind “choice”, and only that, has options"))
        checker.unique(file, items(entry, "options", path))
    for path, entry in items(top, "publics"):
        facts = mapping(entry, "facts")
        for name, value in facts.items():
            fact(checker, file, facts, name, f"{path}.facts", name, value)
        if not facts and not entry.get("rules"):
            checker.say(file, entry, "facts", path, _("a public needs facts, or rules"))
        rules(checker, file, items(entry, "rules", path))


def fact(checker: Checker, file: str, holder: Mapped, key: str, path: str, criterion: Any, value: Any) -> None:
    """`value` is one that the criterion can have."""
    definition = checker.criteria.get(criterion)
    if definition is None:
        if isinstance(criterion, str):
            checker.say(
                file,
                holder,
                key,
                path,
                _("there is no %(what)s “%(code)s” in this pack"),
                what=_("criterion"),
                code=criterion,
            )
        return
    kind = definition.get("kind")
    if kind == "boolean" and not isinstance(value, bool):
        checker.say(
            file, holder, key, path, _("“%(value)s” is neither true nor false: write true or false"), value=value
        )
    elif kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        checker.say(file, holder, key, path, _("“%(value)s” is not a number"), value=value)
    elif kind == "choice":
        options = [option.get("code") for _path, option in items(definition, "options")]
        if value not in options:
            choices = ", ".join(map(str, options))
            checker.say(
                file, holder, key, path, _("“%(value)s” is not one of: %(choices)s"), value=value, choices=choices
            )


def rules(checker: Checker, file: str, found: Iterable[Found]) -> None:
    """Each rule compares a criterion with values that it can have, in a way that means something."""
    for path, rule in found:
        op, value = rule.get("op"), rule.get("value")
        definition: Mapping[str, Any] = checker.criteria.get(rule.get("criterion")) or {}
        if op in {"gte", "lte", "between"} and definition.get("kind") in {"boolean", "choice"}:
            checker.say(
                file,
                rule,
                "op",
                path,
                _("“%(op)s” compares numbers: “%(criterion)s” is none"),
                op=op,
                criterion=rule["criterion"],
            )
            continue
        if op in {"in", "between"} and not isinstance(value, Listed):
            checker.say(file, rule, "value", path, _("“%(op)s” needs a list of values"), op=op)
            continue
        if op == "between" and isinstance(value, Listed) and (len(value) != 2 or not _rising(value)):
            checker.say(file, rule, "value", path, _("must be two numbers, the smallest first: [10, 40]"))
            continue
        for one in value if isinstance(value, Listed) and op in {"in", "between"} else [value]:
            fact(checker, file, rule, "value", path, rule.get("criterion"), one)


def _rising(pair: Listed) -> bool:
    return all(isinstance(n, int | float) for n in pair) and pair[0] <= pair[1]


def _needs(checker: Checker) -> None:
    file, top = "needs.yaml", checker.pack.needs
    found = list(needs_of(top))
    checker.unique(file, found)
    checker.must_be_sourced(file, top, items(top, "needs"))
    has = bool(top.get("source")) or top.get("assume") is True
    for path, node in found:
        inherited = has or bool(node.get("source")) or node.get("assume") is True
        for below, child in items(node, "children", path):
            if not checker.sourced(file, below, child, inherited or _above_is_sourced(found, below)):
                checker.say(
                    file,
                    child,
                    "source",
                    below,
                    _("has no source: name one of the pack's sources, or write assume: true"),
                )
        checker.used.update(entry.get("scheme") for _path, entry in items(node, "mappings"))
        checker.known(file, node, "ask", path, checker.criteria, _("criterion"))
        checker.known(file, node, "window", path, checker.windows, _("window"))
        checker.known(file, node, "red_flag", path, checker.flags, _("red flag"))
        checker.known(file, node, "also", path, checker.needs, _("need"))


def _above_is_sourced(found: list[Found], path: str) -> bool:
    return any(path.startswith(above + ".") and (n.get("source") or n.get("assume") is True) for above, n in found)


def _obstacles(checker: Checker) -> None:
    file, top = "obstacles.yaml", checker.pack.obstacles
    checker.unique(file, items(top, "obstacles"))
    checker.must_be_sourced(file, top, items(top, "obstacles"))
    for path, entry in items(top, "obstacles"):
        for below, lift in items(entry, "lifted_by", path):
            checker.known(file, lift, "need", below, checker.needs, _("need"))
        when = entry.get("when")
        if not isinstance(when, Mapped):
            continue
        if not when.get("service"):
            checker.say(file, when, "service", f"{path}.when", _("must name at least one facet of the service"))
        person = mapping(when, "person")
        for name, value in person.items():
            for one in value if isinstance(value, Listed) else [value]:
                fact(checker, file, person, name, f"{path}.when.person", name, one)


def _red_flags(checker: Checker) -> None:
    file, top = "red_flags.yaml", checker.pack.red_flags
    checker.unique(file, items(top, "red_flags"))
    checker.must_be_sourced(file, top, items(top, "red_flags"))
    for path, entry in items(top, "red_flags"):
        if not entry.get("contacts") and not entry.get("note"):
            checker.say(file, entry, "contacts", path, _("no contact is known: say so in a note"))
        for below, contact in items(entry, "contacts", path):
            checker.sourced(file, below, contact, True)
            if not contact.get("source"):  # a number that someone in danger will call is never assumed
                checker.say(file, contact, "source", below, _("a contact must have a source of its own"))
            if not contact.get("number") and not contact.get("url"):
                checker.say(file, contact, "number", below, _("a contact must have a number or a web address"))


def _organizations(checker: Checker) -> None:
    file, top = "organizations.yaml", checker.pack.organizations
    found = list(items(top, "organizations"))
    services = [(below, service) for path, entry in found for below, service in items(entry, "services", path)]
    checker.unique(file, found)
    checker.unique(file, services)
    checker.must_be_sourced(file, top, found)
    for path, entry in found:
        checker.known(file, entry, "area", path, checker.areas, _("area"))
    for path, service in services:
        checker.sourced(file, path, service, True)
        offered(checker, file, path, service)


def offered(checker: Checker, file: str, path: str, service: Mapped) -> None:
    checker.known(file, service, "need", path, checker.needs, _("need"))
    checker.known(file, service, "needs", path, checker.needs, _("need"))
    checker.known(file, service, "area", path, checker.areas, _("area"))
    checker.known(file, service, "served", path, checker.areas, _("area"))
    checker.known(file, service, "publics", path, checker.publics, _("public"))
    checker.known(file, service, "lifts", path, checker.obstacles, _("obstacle"))
    checker.known(file, service, "languages", path, checker.spoken, _("spoken language"))
    rules(checker, file, items(service, "rules", path))


def _rights(checker: Checker) -> None:
    file, top = "rights.yaml", checker.pack.rights
    found = list(items(top, "rights"))
    checker.unique(file, found)
    checker.must_be_sourced(file, top, found)
    for path, entry in found:
        checker.known(file, entry, "needs", path, checker.needs, _("need"))
        checker.known(file, entry, "ask", path, checker.criteria, _("criterion"))
        claim = mapping(entry, "claim")
        checker.known(file, claim, "need", f"{path}.claim", checker.needs, _("need"))
        checker.known(file, claim, "organization", f"{path}.claim", checker.organizations, _("organisation"))
        tests = list(_tests(entry, path))
        rules(checker, file, ((below, test) for below, test in tests if "criterion" in test))
        rules(checker, file, items(entry, "used_when", path))
        used = {test.get("criterion") for _below, test in tests}
        asked = entry.get("ask")
        for code in asked if isinstance(asked, Listed) else ():
            if code in checker.criteria and code not in used:
                checker.say(
                    file, entry, "ask", path, _("“%(code)s” is asked for nothing: no condition is about it"), code=code
                )
        if not entry.get("always") and not any("criterion" in t and t.get("supports") is not False for _b, t in tests):
            checker.say(
                file, entry, "conditions", path, _("nothing that is known of a person could ever lead to this right")
            )
        if not entry.get("law") and not entry.get("note"):
            checker.say(file, entry, "law", path, _("no law is named: say why in a note"))


def _tests(entry: Mapped, path: str) -> Iterator[Found]:
    """Every test of a right, those of its alternatives included."""
    for below, condition in items(entry, "conditions", path):
        yield from items(condition, "any", below) if "any" in condition else [(below, condition)]


def _demo(checker: Checker) -> None:
    file, top = "demo.yaml", checker.pack.demo
    for key in ("streets", "org_names"):
        _pairs(checker, file, top, key, "")
    for path, offer in items(top, "offers"):
        offered(checker, file, path, offer)
        _pairs(checker, file, offer, "names", path)
        _pairs(checker, file, offer, "descriptions", path)
        for index, alternative in enumerate(_lists(offer.get("publics"))):
            holder = Mapped(offer.line_of("publics"))
            holder["publics"] = alternative
            checker.known(file, holder, "publics", f"{path}.publics[{index}]", checker.publics, _("public"))
        for index, alternative in enumerate(_lists(offer.get("rules"))):
            found = [
                (f"{path}.rules[{index}][{n}]", rule) for n, rule in enumerate(alternative) if isinstance(rule, Mapped)
            ]
            rules(checker, file, found)


def _lists(value: Any) -> list[Listed]:
    return [entry for entry in value if isinstance(entry, Listed)] if isinstance(value, Listed) else []


def _pairs(checker: Checker, file: str, holder: Mapped, key: str, path: str) -> None:
    """The same number of texts in every language: they are paired by their place."""
    by_language = holder.get(key)
    if not isinstance(by_language, Mapped):
        return
    counts = defaultdict(list)
    for language, texts in by_language.items():
        if isinstance(texts, Listed):
            counts[len(texts)].append(language)
    if len(counts) > 1:
        said = ", ".join(f"{'/'.join(languages)}: {count}" for count, languages in sorted(counts.items()))
        checker.say(
            file, holder, key, path, _("the texts are paired by place, but their numbers differ (%(said)s)"), said=said
        )

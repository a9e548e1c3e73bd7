"""A pack as its files give it: found by name or by path, read, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext as _

from maillage.packs import formats, guides, houses, library, references
from maillage.packs.problems import PackInvalid, PackNotFound, Problems
from maillage.packs.reading import Mapped, read_csv, read_yaml
from maillage.packs.shapes import LANGUAGE, Shape, Spot

SHELF = Path(__file__).resolve().parent  # the packs that come with Maillage
NEEDED: dict[str, Shape] = {
    "pack.yaml": formats.pack,
    "needs.yaml": formats.needs,
}
OPTIONAL: dict[str, Shape] = {
    "criteria.yaml": formats.criteria,
    "obstacles.yaml": formats.obstacles,
    "red_flags.yaml": formats.red_flags,
    "organizations.yaml": formats.organizations,
    "rights.yaml": formats.rights,
    "demo.yaml": formats.demo,
    "library.yaml": library.documents,
    houses.FILE: houses.places,
    houses.DEMO: houses.demo,
}
TABLES = ("areas.csv", "area_links.csv")


@dataclass
class Pack:
    """Content of the files. Of an invalid pack, only what could be read is here."""

    folder: Path
    hash: str
    head: Mapped = field(default_factory=Mapped)
    areas: list[Mapped] = field(default_factory=list)
    links: list[Mapped] = field(default_factory=list)
    criteria: Mapped = field(default_factory=Mapped)
    needs: Mapped = field(default_factory=Mapped)
    obstacles: Mapped = field(default_factory=Mapped)
    red_flags: Mapped = field(default_factory=Mapped)
    organizations: Mapped = field(default_factory=Mapped)
    rights: Mapped = field(default_factory=Mapped)
    demo: Mapped = field(default_factory=Mapped)
    library: Mapped = field(default_factory=Mapped)
    places: Mapped = field(default_factory=Mapped)
    demo_places: Mapped = field(default_factory=Mapped)
    guides: guides.Guides = field(default_factory=dict)

    @property
    def code(self) -> str:
        return str(self.head["code"])

    @property
    def version(self) -> str:
        return str(self.head["version"])

    @property
    def languages(self) -> list[str]:
        """The default language first."""
        default = self.head["default_language"]
        return [default, *(code for code in self.head["languages"] if code != default)]


def shelf() -> list[str]:
    """Names of the packs that come with Maillage."""
    return sorted(path.parent.name for path in SHELF.glob("*/pack.yaml"))


def default_name() -> str:
    """The pack that the demonstration shows when none is named: said by packs.yaml, so that no territory is named in Python."""
    return str(yaml.safe_load((SHELF / "packs.yaml").read_text(encoding="utf-8"))["demo"])


def find(name: str) -> Path:
    """The folder of a pack, by the name of one that comes with Maillage, or by its path."""
    for folder in ([SHELF / name] if "/" not in name and not name.startswith(".") else []) + [Path(name)]:
        if (folder / "pack.yaml").is_file():
            return folder
    known = ", ".join(shelf())
    sentence = _("there is no pack “%(name)s”: give the path of a folder that holds pack.yaml, or one of: %(known)s")
    raise PackNotFound(sentence % {"name": name, "known": known})


def fingerprint(folder: Path) -> str:
    """SHA-256 of the files of the format, their names included: two packs of the same fingerprint say the same."""
    digest = hashlib.sha256()
    paths = [folder / name for name in sorted((*NEEDED, *OPTIONAL, *TABLES))]
    for path in (*paths, *guides.files(folder), *library.files(folder)):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def read(folder: Path) -> tuple[Pack, Problems]:
    """The pack and everything that is wrong with it. Never raises for what a writer did."""
    problems = Problems()
    pack = Pack(folder, "")
    if not folder.is_dir() or not (folder / "pack.yaml").is_file():
        problems.add("pack.yaml", 0, "", _("this file is missing: a pack is a folder that holds it"))
        return pack, problems
    pack.hash = fingerprint(folder)
    pack.head = read_yaml(folder / "pack.yaml", problems) or Mapped()
    spot = Spot("pack.yaml", problems, *_languages(pack.head))
    if pack.head:
        formats.pack(spot, pack.head)
    is_read = bool(pack.head)
    for name, shape in {**NEEDED, **OPTIONAL}.items():
        if name == "pack.yaml":
            continue
        if name in OPTIONAL and not (folder / name).exists():
            if name == "red_flags.yaml":
                problems.add(name, 0, "", _("is missing: nobody in danger will be shown whom to call"), is_warning=True)
            continue
        content = read_yaml(folder / name, problems)
        if content is not None:
            shape(Spot(name, problems, spot.compulsory, spot.languages), content)
            setattr(pack, name.removesuffix(".yaml"), content)
        else:
            is_read = False
    _read_tables(pack, spot, problems)
    pack.guides = guides.read(folder, spot)
    if is_read and pack.areas:  # of a file that could not be read, every code would seem to be missing
        references.check(pack, problems, also=[houses.check])
    return pack, problems


def read_valid(folder: Path) -> Pack:
    """The pack, or PackInvalid with every error."""
    pack, problems = read(folder)
    if problems:
        raise PackInvalid(problems)
    return pack


def _languages(head: Mapped) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Languages that a label must have (those of the interface), and may have (those of the pack)."""
    compulsory = tuple(code for code, _name in settings.LANGUAGES)
    said: Any = head.get("languages")
    own = tuple(code for code in said if isinstance(code, str)) if isinstance(said, list) else ()
    return compulsory, tuple(dict.fromkeys((*compulsory, *own)))


def _read_tables(pack: Pack, spot: Spot, problems: Problems) -> None:
    names = [f"name_{language}" for language in spot.compulsory]
    others = [f"name_{language}" for language in spot.languages if LANGUAGE.fullmatch(language)]
    pack.areas = read_csv(pack.folder / "areas.csv", [*formats.AREA_COLUMNS, *names], problems, optional=others)
    if (pack.folder / "area_links.csv").exists():
        pack.links = read_csv(pack.folder / "area_links.csv", formats.LINK_COLUMNS, problems)

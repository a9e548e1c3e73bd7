"""The rules of the house that no linter sees. Do not loosen one to mend a build."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.messages.pofile import read_po
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import override

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "maillage"
ROOMS = ("methods", "territory", "people", "directory", "orientation", "places", "packs", "standards", "web")
STAIRS = {room: step for step, room in enumerate(ROOMS[:6])} | {"web": 6}
STAIRS |= {"packs": STAIRS["web"], "standards": STAIRS["web"]}
LANGUAGES = ("fr", "nl", "en")
# codes of a standard or of a pack: they are stored and exchanged, and no screen says them
NOT_SAID = {"EligibilityRule.op", "EligibilityRule.effect", "AreaLink.kind", "TermMapping.relation"}


def tracked(*patterns: str) -> list[Path]:
    """The files of the repository: those that git knows, or would if they were added."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


@cache
def python() -> dict[Path, ast.Module]:
    """Every source file outside the migrations, parsed."""
    files = [path for path in tracked("src/**/*.py", "src/*.py") if "migrations" not in path.parts]
    return {path: ast.parse(path.read_text("utf-8")) for path in files}


def tables() -> Iterator[type[models.Model]]:
    for config in apps.get_app_configs():
        if config.name.startswith("maillage."):
            yield from config.get_models()


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_file_has_at_most_500_lines() -> None:
    lengths = {short(path): len(path.read_text("utf-8").splitlines()) for path in tracked("*.py")}
    assert {name: n for name, n in lengths.items() if n > 500 and "migrations" not in name} == {}


def test_a_function_has_at_most_60_lines() -> None:
    long = {
        f"{short(path)}:{node.name}": length
        for path, tree in python().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > 60
    }
    assert long == {}


def test_foreign_keys_only_go_down_the_stairs() -> None:
    up = [
        f"{table._meta.label}.{field.name}"
        for table in tables()
        for field in [*table._meta.local_fields, *table._meta.local_many_to_many]
        if field.is_relation
        and field.related_model
        and field.related_model._meta.app_label in STAIRS
        and STAIRS[field.related_model._meta.app_label] > STAIRS[table._meta.app_label]
    ]
    assert up == []


def test_methods_and_interchange_have_no_tables() -> None:
    assert {table._meta.app_label for table in tables()} <= {*ROOMS[1:6]}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_its_words_in_a_readme(room: str) -> None:
    readme = SOURCE / room / "README.md"
    assert readme.exists(), f"{short(readme)} is missing"
    lines = readme.read_text("utf-8").splitlines()
    assert lines[0].startswith(f"# {room}"), "its first line names the room and says what it is in the loop"
    assert len(lines) <= 40


def names_of_territories() -> set[str]:
    """Codes of packs, and the names of the areas they hold, in every language."""
    names = set()
    for pack in tracked("src/maillage/packs/*/pack.yaml"):
        names.add(str(yaml.safe_load(pack.read_text("utf-8"))["code"]))
        header, *rows = (pack.parent / "areas.csv").read_text("utf-8").splitlines()
        columns = [i for i, name in enumerate(header.split(",")) if name.startswith("name_")]
        names |= {row.split(",")[i] for row in rows for i in columns if len(row.split(",")) > i}
    return {name.strip() for name in names if len(name.strip()) > 4}


def test_no_territory_is_named_in_python() -> None:
    names = names_of_territories()
    assert names
    wanted = re.compile(
        r"\b(" + "|".join(sorted(map(re.escape, names))) + r")\b"
    )  # as they are written: Centre is one, a centre is not
    docstrings = (ast.Module, ast.ClassDef, ast.FunctionDef)
    found = []
    for path, tree in python().items():
        bodies = [node.body for node in ast.walk(tree) if isinstance(node, docstrings)]
        said = {body[0].value for body in bodies if body and isinstance(body[0], ast.Expr)}
        found += [
            f"{short(path)}:{node.lineno}: {node.value[:60]!r}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said
            and any(match not in ALLOWED for match in wanted.findall(node.value))
        ]  # fmt: skip
    assert found == []


# a time zone of the machine, and a format of interchange that has this name
ALLOWED = {"Brussels", "brussels"}


def choices() -> Iterator[tuple[str, Any]]:
    for table in tables():
        for field in table._meta.local_fields:
            name = f"{table.__name__}.{field.name}"
            if field.choices and name not in NOT_SAID:
                yield name, field


def test_every_status_has_a_label_in_each_language() -> None:
    missing = [
        f"{name}={value!r} in {language}"
        for name, field in choices()
        for value, label in field.flatchoices
        for language in LANGUAGES
        if not _has_label(label, language)
    ]
    assert missing == []


def _has_label(label: Any, language: str) -> bool:
    if not isinstance(label, Promise):
        return False
    if language == "en":
        return True
    with override(None):
        message = _catalogue(language).get(str(label))
    return bool(message and message.string and not message.fuzzy)


@cache
def _catalogue(language: str) -> Any:
    with (SOURCE / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def test_the_catalogues_are_complete_and_say_nothing_stray() -> None:
    call_command("messages", "--check")


def test_every_template_is_used() -> None:
    folder = SOURCE / "web" / "templates"
    texts = [path.read_text("utf-8") for path in tracked("src/**/*.py", "src/**/*.html", "src/**/*.txt")]
    asked_by_libraries = (
        "account/",
        "mfa/",
        "socialaccount/",
        "allauth/",
        "400.html",
        "403.html",
        "404.html",
        "500.html",
    )
    unused = [
        name
        for path in folder.rglob("*.*")
        if not (name := str(path.relative_to(folder))).startswith(asked_by_libraries)
        and not any(f'"{name}"' in text or f"'{name}'" in text for text in texts)
    ]
    assert unused == []


def test_every_dependency_has_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = text[text.index("\ndependencies = [") : text.index("[project.scripts]")]
    without = [line.strip() for line in block.splitlines() if re.match(r'\s*(\w+ = \[)?"', line) and "  # " not in line]
    assert without == []


def test_the_pins_agree_and_hold_no_address() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pins = [pin for pin in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not pin.startswith("#")]
    assert [pin.replace('"', "'") for pin in pins] == pyproject["tool"]["uv"]["constraint-dependencies"]
    assert not [pin for pin in pins if "://" in pin or "@" in pin]
    assert not tracked("uv.lock")
    groups = [pyproject["project"]["dependencies"], *pyproject["project"]["optional-dependencies"].values()]
    asked = {_package(line) for group in [*groups, *pyproject["dependency-groups"].values()] for line in group}
    assert asked - {_package(pin) for pin in pins} == set()


def _package(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def test_every_setting_says_what_it_does() -> None:
    read = set(re.findall(r'env(?:_bool|_int)?\("([A-Z_]+)"', (SOURCE / "settings.py").read_text("utf-8")))
    page = (ROOT / "docs" / "reference" / "generated" / "settings.md").read_text("utf-8")
    told = {name for name, text in re.findall(r"^\| `([A-Z_]+)` \|.*\| (.*) \|$", page, re.MULTILINE) if text.strip()}
    assert read - told == set()


def test_settings_are_read_in_one_file_only() -> None:
    files = {path: tree for path, tree in python().items() if path.parent.name != "commands"}  # LANG, and the demo
    reads = [short(path) for path, tree in files.items() if "os.environ" in ast.unparse(tree)]
    allowed = {"src/maillage/settings.py", "src/maillage/wsgi.py", "src/maillage/__main__.py"}
    assert set(reads) - allowed == set()


@pytest.mark.django_db
def test_the_models_have_their_migrations() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_there_is_no_signal_and_no_admin_site() -> None:
    for path, tree in python().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                assert not any(name.startswith(("django.dispatch", "django.contrib.admin")) for name in names), short(
                    path
                )


def test_every_link_of_the_docs_leads_somewhere() -> None:
    broken = []
    for page in tracked("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in target and not target.startswith(("mailto:", "/")) and not (page.parent / target).exists():
                broken.append(f"{short(page)}: {target}")
    assert broken == []


def test_the_docs_name_every_page_once() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = [str(page.relative_to(ROOT / "docs")) for page in tracked("docs/**/*.md", "docs/*.md")]
    assert [page for page in pages if page != "index.md" and f"({page})" not in index] == []


def test_no_path_of_somebodys_machine_stands_in_the_repository() -> None:
    path = re.compile(r"(?<![\w./-])/(work|home|root|Users)/\w")
    texts = {file: file.read_bytes() for file in tracked() if file.stat().st_size < 2_000_000}
    found = [
        short(file)
        for file, text in texts.items()
        if b"\0" not in text and path.search(text.decode("utf-8", "replace"))
    ]
    assert found == []


@pytest.mark.parametrize("script", ["tools/setup.sh", "tools/check.sh", "tools/test.sh", ".ci/run"])
def test_the_scripts_are_sound(script: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)


@pytest.mark.parametrize("tag", ["run", "test"])
def test_the_readme_has_one_command_to_run_and_one_to_test(tag: str) -> None:
    blocks = re.findall(rf"^```sh {tag}\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    assert len(blocks[0].strip().splitlines()) == 1


def test_the_recipes_are_few() -> None:
    recipes = re.findall(r"^([a-z]+)[^:=\n]*:(?!=)", (ROOT / "justfile").read_text("utf-8"), re.MULTILINE)
    assert len(recipes) <= 12

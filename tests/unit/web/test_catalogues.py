"""Message catalogues: extracted, updated, checked and compiled without the gettext programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from maillage.web import catalogues, vendor


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "web" / "templates").mkdir(parents=True)
    (tmp_path / "a.py").write_text(
        "from django.utils.translation import gettext as _, ngettext\n"
        "def f(n):\n    return _('One'), ngettext('%(n)s day', '%(n)s days', n), _('two %(x)s')\n"
    )
    (tmp_path / "web" / "templates" / "b.html").write_text(
        '{% translate "It\'s <b>here</b>" %} {% blocktranslate count n=n %}{{ n }} hour{% plural %}{{ n }} hours{% endblocktranslate %}'
        '\n   {% include "x" with a=_("Three") %}{% translate "May" context "month" %}'
    )
    return tmp_path


def test_texts_are_found_in_python_and_in_templates(package: Path) -> None:
    found = {(text.id, text.context) for text in catalogues.found(package)}
    assert found == {
        ("One", None),
        (("%(n)s day", "%(n)s days"), None),
        ("two %(x)s", None),
        ("It's <b>here</b>", None),
        (("%(n)s hour", "%(n)s hours"), None),
        ("Three", None),
        ("May", "month"),
    }


def test_an_update_keeps_translations_and_drops_what_is_no_longer_used(package: Path, tmp_path: Path) -> None:
    locale = tmp_path / "locale"
    texts = catalogues.found(package)
    for language in catalogues.LANGUAGES:
        new = catalogues.updated(language, texts, locale)
        for message in new:
            if message.id and language != "en":
                message.string = message.id
        catalogues.save(new, language, locale)
    assert catalogues.problems(texts, locale) == []
    fewer = [text for text in texts if text.id != "One"]
    assert any("no longer used: One" in line for line in catalogues.problems(fewer, locale))
    catalogues.save(catalogues.updated("fr", fewer, locale), "fr", locale)
    assert catalogues.catalogue("fr", locale).get("One") is None
    more = [*texts, catalogues.Found("New", None, "c.py", False)]
    assert any("not in the catalogue: New" in line for line in catalogues.problems(more, locale))


def test_a_missing_or_broken_translation_is_told(package: Path, tmp_path: Path) -> None:
    locale = tmp_path / "locale"
    texts = catalogues.found(package)
    new = catalogues.updated("nl", texts, locale)
    new["two %(x)s"].string = "twee %(y)s"
    catalogues.save(new, "nl", locale)
    wrong = catalogues.problems(texts, locale)
    assert any(line.startswith("nl: not translated: One") for line in wrong)
    assert any("two %(x)s" in line and "not translated" not in line for line in wrong if line.startswith("nl"))


def test_compiling_writes_what_is_older_only(package: Path, tmp_path: Path) -> None:
    locale = tmp_path / "locale"
    catalogues.save(catalogues.updated("en", catalogues.found(package), locale), "en", locale)
    assert catalogues.compile_stale(locale) == 1
    assert catalogues.compile_stale(locale) == 0
    assert not list(locale.rglob("*.part"))


def test_the_catalogues_of_the_house_are_complete() -> None:
    call_command("messages", "--check")


def test_vendor_files_are_those_of_the_installed_wheels() -> None:
    finder = vendor.VendorFinder()
    assert "htmx" in Path(finder.find("vendor/htmx.min.js")).read_text()[:60]
    assert finder.find("vendor/nothing.js") == []
    assert finder.find("vendor/leaflet.css", find_all=True)
    assert {name for name, _ in finder.list(None)} == set(vendor.FILES)
    assert all(Path(storage.path(name)).is_file() for name, storage in finder.list(None))
    with pytest.raises(FileNotFoundError):
        vendor.VendorStorage().path("vendor/nothing.js")

"""Production's static files: every file that a page names is collected, under a name that holds its hash."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from maillage.web.collected import CollectedFiles


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> dict[str, str]:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "maillage.web.collected.CollectedFiles"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    manifest: dict[str, str] = json.loads((tmp_path / "staticfiles.json").read_text("utf-8"))["paths"]
    return manifest


def test_every_file_that_a_template_names_is_collected(collected: dict[str, str]) -> None:
    templates = Path(__file__).resolve().parents[3] / "src" / "maillage" / "web" / "templates"
    pages = [page.read_text("utf-8") for page in templates.rglob("*.html")]
    named = {name for page in pages for name in re.findall(r"{% static ['\"]([^'\"]+)['\"]", page)}
    assert named
    assert named <= set(collected)
    assert all(re.search(r"\.[0-9a-f]{12}\.", hashed) for hashed in collected.values())


def test_a_page_is_served_with_them(collected: dict[str, str], client: Any, testland: Any) -> None:
    page = client.get("/").content.decode()
    named = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    assert named
    assert set(named) <= set(collected.values())


def test_a_style_sheet_of_ours_that_names_a_missing_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ours.css").write_text("a { background: url(nowhere.png) }")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "theirs.css").write_text("a { background: url(nowhere.png) }")
    storage = CollectedFiles(location=tmp_path, base_url="/static/")
    found = {
        name: done for name, _, done in storage.post_process({"vendor/theirs.css": (storage, "vendor/theirs.css")})
    }
    assert found["vendor/theirs.css"] is True
    failed = [done for _, _, done in storage.post_process({"ours.css": (storage, "ours.css")})]
    assert any(isinstance(done, Exception) for done in failed)

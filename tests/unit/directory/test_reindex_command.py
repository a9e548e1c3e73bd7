from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from maillage.directory.models import SearchDocument
from maillage.directory.search.memory import StaleDocuments, forget, memory
from maillage.territory.models import Territory


def test_documents_are_written_again_once(indexed: Territory, capsys: pytest.CaptureFixture[str]) -> None:
    SearchDocument.objects.filter(territory=indexed).first().delete()  # type: ignore[union-attr]
    call_command("reindex", territory=indexed.code)
    assert "1 " in capsys.readouterr().out
    call_command("reindex")
    assert ": 0 " in capsys.readouterr().out


def test_a_territory_that_is_not_loaded_is_said(db: None) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("reindex", territory="nowhere")


def test_documents_of_another_version_say_what_to_do(indexed: Territory) -> None:
    forget()
    SearchDocument.objects.filter(territory=indexed).update(facets=b"\x91\x01")
    with pytest.raises(StaleDocuments, match="maillage reindex"):
        memory(indexed)
    forget()

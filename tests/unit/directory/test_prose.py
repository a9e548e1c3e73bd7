"""The text of a guide: links and notes are read, and nothing that a writer types becomes markup."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from maillage.directory import prose


def show(text: str) -> str:
    return prose.render(
        text, link=lambda found: f"[{prose.safe(found.kind)}|{prose.safe(found.text)}]", note=lambda code: f"({code})"
    )


def test_links_and_notes_are_read_with_their_line() -> None:
    text = "Call [[tel:0800 99 340]].[^samusocial]\n\n- a bed: [[need:bed|here]][^report][^page]\n"
    first, second = prose.blocks(text)
    assert first.links == (prose.Link("tel", "0800 99 340"),)
    assert (first.notes, first.line) == (("samusocial",), 1)
    assert second.links == (prose.Link("need", "bed", "here"),)
    assert (second.notes, second.line) == (("report", "page"), 3)


def test_headings_are_no_paragraphs() -> None:
    assert [block.text for block in prose.blocks("### Tonight\n\nSleep.")] == ["Sleep."]


def test_a_paragraph_becomes_html_and_its_links_what_the_page_makes_of_them() -> None:
    assert show("**Now**: [[need:bed|a bed]][^page]") == "<p><strong>Now</strong>: [need|a bed](page)</p>\n"


def test_html_images_and_foreign_links_stay_text() -> None:
    shown = show("<script>x</script> ![x](y) [z](javascript:alert(1)) <https://example.org>")
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<a" not in shown


def test_without_marks_for_an_index() -> None:
    assert prose.plain("**Call** [[tel:112]] or [[need:bed|a bed]].[^page]") == "Call 112 or a bed."
    assert prose.plain("[[need:bed]]", lambda link: link.code.upper()) == "BED"
    assert [link.code for link in prose.links("[[need:bed]] [[guide:x]]")] == ["bed", "x"]


@given(st.text(max_size=300))
def test_only_tags_of_ours_ever_come_out(text: str) -> None:
    tags = set(re.findall(r"<(/?[a-zA-Z][a-zA-Z0-9]*)", show(text)))
    assert tags <= {
        f"{end}{tag}"
        for end in ("", "/")
        for tag in ("p", "em", "strong", "ul", "ol", "li", "br", *[f"h{n}" for n in range(1, 7)])
    }

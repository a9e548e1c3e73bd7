"""Files from strangers: every value knows its line, nothing surprising is obeyed, nothing crashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.packs.problems import Problems
from maillage.packs.reading import Mapped, plain_value, read_csv, read_yaml


def _read(tmp_path: Path, text: str | bytes) -> tuple[Mapped | None, Problems]:
    path = tmp_path / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    problems = Problems()
    return read_yaml(path, problems), problems


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    read, problems = _read(tmp_path, "# a comment\na: 1\nb:\n  - x\n  - {c: d,\n     e: f}\n")
    assert read == {"a": 1, "b": ["x", {"c": "d", "e": "f"}]}
    assert not problems
    assert (read.line_of("a"), read.line_of("b")) == (2, 3)
    assert read["b"].lines == [4, 5]
    assert read["b"][1].lines == {"c": 5, "e": 6}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("18:00", "18:00"), ("2026-11-01", "2026-11-01"), ("012", "012"), ("1_000", "1_000"),
        ("'1'", "1"), ("true", True), ("false", False), ("~", None), ("-3", -3), ("0.5", 0.5), ("0x1F", "0x1F"), (".inf", ".inf"),
        ("9" * 30, 1e30), ("1e999999", "1e999999"),
    ],
)  # fmt: skip
def test_a_text_stays_a_text(tmp_path: Path, written: str, meant: object) -> None:
    read, problems = _read(tmp_path, f"a: {written}\n")
    assert not problems
    assert read == {"a": meant}
    assert type(read["a"]) is type(meant)


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "is written twice (first on line 1)"),
        ("a: &x [1]\nb: *x\n", 1, "anchors (&name) and aliases"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "tags"),
        ("a: !!str 1\n", 1, "tags"),
        ("a: {b: 1}\n<<: {c: 1}\n", 2, "merge keys"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key must be a text"),
        ("a: [1, 2\n", 2, "is not correct YAML"),
        ("a: 1\n\tb: 2\n", 2, "is not correct YAML"),
        ("- a\n", 1, "must hold keys and values"),
        ("", 1, "must hold keys and values"),
        ("a: b\x07\n", 1, "control character (code 7)"),
        ("a: " + "[" * 200, 1, "nested more than"),
        (b"a: 1\nb: caf\xe9\n", 2, "is not in UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "is not in UTF-8"),
    ],
)
def test_what_is_refused_is_said_with_its_line(tmp_path: Path, text: str | bytes, line: int, sentence: str) -> None:
    _, problems = _read(tmp_path, text)
    [problem] = list(problems)
    assert problem.line == line
    assert sentence in problem.sentence


def test_a_bomb_of_aliases_does_not_go_off(tmp_path: Path) -> None:
    layers = "\n".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]" for n in range(8))
    read, problems = _read(tmp_path, f"a: &a [x]\n{layers}\n")
    assert read is None
    assert len(problems) == 1


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maillage.packs.reading.MAX_BYTES", 10)
    _, problems = _read(tmp_path, "a: " + "b" * 100)
    assert "is larger than" in str(next(iter(problems)))


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    problems = Problems()
    assert read_yaml(tmp_path / "absent.yaml", problems) is None
    assert "cannot be read" in str(next(iter(problems)))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.binary(max_size=200), st.text(alphabet="ab:-[]{}#&*!|>'\"\n ?,~<0", max_size=120)))
def test_no_file_makes_the_reader_fail(tmp_path: Path, text: str | bytes) -> None:
    read, problems = _read(tmp_path, text)
    assert read is not None or problems


@given(st.one_of(st.integers(-(10**17), 10**17), st.booleans(), st.none()))
def test_a_plain_value_is_read_back(value: object) -> None:
    written = (
        {True: "true", False: "false", None: "null"}.get(value, str(value))
        if not isinstance(value, int) or isinstance(value, bool)
        else str(value)
    )  # type: ignore[call-overload]
    assert plain_value(written) == value


def _csv(tmp_path: Path, text: str) -> tuple[list[Mapped], list[str]]:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    problems = Problems()
    return read_csv(path, ["a", "b"], problems, optional=["c"]), [str(problem) for problem in problems]


def test_a_row_of_a_table_knows_its_line_even_after_a_cell_of_several_lines(tmp_path: Path) -> None:
    rows, problems = _csv(tmp_path, 'a,b\r\n"1\n2",x\r\n\r\n3, y \r\n')
    assert not problems
    assert rows == [{"a": "1\n2", "b": "x"}, {"a": "3", "b": "y"}]
    assert [row.line for row in rows] == [2, 5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n1\n", "t.csv:1: b: this column is missing"),
        ("a,b,d\n", "t.csv:1: d: this column is not known"),
        ("a,b,b\n", "t.csv:1: b: this column stands twice"),
        ("a,b\n1,2,3\n", "t.csv:2: has 3 values for 2 columns"),
        ('a,b\n1,"2\n', "t.csv:2: is not correct CSV"),
        ("", "t.csv:1: is empty"),
    ],
)
def test_a_table_that_is_not_one_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    _, problems = _csv(tmp_path, text)
    assert any(problem.startswith(said) for problem in problems), problems


def test_a_cell_that_is_too_long_is_refused(tmp_path: Path) -> None:
    rows, problems = _csv(tmp_path, f"a,b\n{'x' * 30_000},1\n")
    assert not rows
    assert "is longer than" in problems[0]

"""The pages of the methods: what each family says of itself, what its tests prove, and one picture that it made.

A family is a module or a package of `maillage.methods` that has a picture in tools/pictures/: `CAPTION` and `draw(figure)`.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parent.parent
METHODS, PICTURES, TESTS = ROOT / "src" / "maillage" / "methods", ROOT / "tools" / "pictures", ROOT / "tests"
STYLE = {
    "svg.hashsalt": "maillage", "svg.fonttype": "none", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": False, "legend.frameon": False,
}  # fmt: skip
Node = ast.FunctionDef | ast.ClassDef


def families() -> list[str]:
    return sorted(path.stem for path in PICTURES.glob("*.py"))


def picture(family: str) -> str:
    """The SVG that the family's own functions made: the same on every machine, so that it can be checked for being stale."""
    caption, draw = _drawing(family)
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    with mpl.rc_context(STYLE):
        draw(figure)
        made = BytesIO()
        figure.savefig(made, format="svg", metadata={"Date": None, "Creator": None, "Title": caption})
    text = re.sub(r"<[^>]+>", _rounded, made.getvalue().decode())
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _rounded(tag: re.Match[str]) -> str:
    """Coordinates to a tenth of a point: the last digits of a sine are not the same on every machine."""
    return re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", tag[0])


def overview() -> list[str]:
    """One line a family."""
    return [f"- [{family}](methods-{family}.md): {_first(_docstring(_files(family)[0]))}" for family in families()]


def page(family: str) -> tuple[str, list[str]]:
    """What it is for, and the lines of its page."""
    first, _, rest = _docstring(_files(family)[0]).partition("\n\n")
    lines = [*_plain(rest), "", f"![{family}](../../images/methods/{family}.svg)", "", _drawing(family)[0], ""]
    told = list(_told(family))
    for path in _files(family)[1:]:  # what the parts of a package say of themselves, when it is more than a line
        says, _, more = _docstring(path).partition("\n\n")
        if more and any(source == path.read_text("utf-8") for _node, source in told):
            lines += [f"**{' '.join(_plain(says))}**", "", *_plain(more), ""]
    for node, source in told:
        lines += _entry(node, source)
    for folder, title in (("reference", "Proven against published results"), ("unit", "Proven for whatever comes")):
        sentences = list(_proofs(family, folder))
        lines += [f"## {title}", "", *sentences, ""] if sentences else []
    return " ".join(_plain(first)), lines


def _files(family: str) -> list[Path]:
    """Its files, the one that introduces it first."""
    folder = METHODS / family
    if not folder.is_dir():
        return [METHODS / f"{family}.py"]
    return [folder / "__init__.py", *(path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py")]


def _drawing(family: str) -> tuple[str, Any]:
    spec = importlib.util.spec_from_file_location(f"picture_{family}", PICTURES / f"{family}.py")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"tools/pictures/{family}.py cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CAPTION, module.draw


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or path.stem


def _first(docstring: str) -> str:
    return " ".join(_plain(docstring.partition("\n\n")[0]))


def _told(family: str) -> Iterator[tuple[Node, str]]:
    """The public functions, then the public classes, in the order of the files; of a package those of its `__all__`."""
    found: list[tuple[Node, str]] = []
    files = _files(family)
    public = re.findall(r'"(\w+)"', files[0].read_text("utf-8").partition("__all__")[2]) if len(files) > 1 else None
    for path in files:
        text = path.read_text("utf-8")
        shown = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        found += [(node, text) for node in shown if (node.name in public if public else not node.name.startswith("_"))]
    yield from (one for one in found if isinstance(one[0], ast.FunctionDef))
    yield from (one for one in found if isinstance(one[0], ast.ClassDef))


def _entry(node: Node, source: str) -> list[str]:
    lines = [f"## {node.name}", ""]
    if isinstance(node, ast.FunctionDef):
        lines += _signature(node)
    lines += [*_plain(ast.get_docstring(node) or ""), ""]
    if isinstance(node, ast.ClassDef):
        lines += [*_fields(node, source), ""]
        for made in (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"):
            lines += [*_signature(made, node.name), *_plain(ast.get_docstring(made) or ""), ""]
        for one in node.body:
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_") and ast.get_docstring(one):
                lines += [
                    f"### {node.name}.{one.name}",
                    "",
                    *_signature(one),
                    *_plain(ast.get_docstring(one) or ""),
                    "",
                ]
    return lines


def _signature(node: ast.FunctionDef, of: str = "") -> list[str]:
    """As it is called: `of` a class, how one is made."""
    if any(ast.unparse(one) in {"property", "cached_property"} for one in node.decorator_list):
        return []
    given = re.sub(r"^self(, )?", "", ast.unparse(node.args))
    returned = "" if of or node.returns is None else f" -> {ast.unparse(node.returns)}"
    short = f"{of or node.name}({given}){returned}"
    if len(short) > 100:
        short = f"{of or node.name}(\n    " + re.sub(r", (?=\*|\w+: )", ",\n    ", given) + f"\n){returned}"
    return ["```python", *short.splitlines(), "```", ""]


def _fields(node: ast.ClassDef, source: str) -> Iterator[str]:
    rows = source.splitlines()
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and not one.target.id.startswith("_"):
            comment = rows[(one.end_lineno or 1) - 1].partition("  # ")[2]
            kind = ast.unparse(one.annotation).replace("|", "or")
            yield f"- `{one.target.id}` ({kind})" + (f": {' '.join(_plain(comment))}" if comment else "")
        elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):  # a choice of an enumeration
            comment = rows[(one.end_lineno or 1) - 1].partition("  # ")[2]
            yield f"- `{one.targets[0].id}` = {ast.unparse(one.value)}" + (
                f": {' '.join(_plain(comment))}" if comment else ""
            )


def _proofs(family: str, folder: str) -> Iterator[str]:
    """The tests that use the family, each a sentence."""
    for path in sorted((TESTS / folder).rglob("test_*.py")):
        text = path.read_text("utf-8")
        if folder == "unit" and path.parent.name != "methods":
            continue
        if not re.search(rf"maillage\.methods(\.{family}\b| import [^\n]*\b{family}\b)", text):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield "- " + node.name.removeprefix("test_").replace("_", " ").capitalize() + "."


def _plain(text: str) -> list[str]:
    """The lines of a docstring in Markdown: signs that mean something there are themselves, but between backquotes."""
    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [re.sub(r"(?m)(?<!^)([*_])", r"\\\1", part).replace("<", "&lt;") for part in parts[::2]]
    return "".join(parts).splitlines()

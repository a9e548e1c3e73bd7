"""Pin every dependency: the newest versions that fit, written to constraints.txt and to [tool.uv] in pyproject.toml.

`uv.lock` is not kept, since it holds the addresses of the registry that it was made with; the pins hold names only.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT, CONSTRAINTS = ROOT / "pyproject.toml", ROOT / "constraints.txt"
PINS = re.compile(r"^constraint-dependencies = \[[^\]]*\].*?\n", re.MULTILINE)
HEAD = "# Every version of every package, made by `just pins`: pip install -c constraints.txt .\n"


def main() -> None:
    without = PINS.sub("", PYPROJECT.read_text("utf-8"))
    PYPROJECT.write_text(without, "utf-8")
    uv = ["uv", "--quiet", "--project", str(ROOT)]
    subprocess.run([*uv, "lock", "--upgrade"], check=True)
    what = ["--no-hashes", "--no-annotate", "--no-header", "--no-emit-project", "--all-groups", "--all-extras"]
    pins = subprocess.run([*uv, "export", *what], check=True, capture_output=True, text=True).stdout.splitlines()
    rows = "".join(f"  {_quoted(pin)},\n" for pin in pins)
    CONSTRAINTS.write_text(HEAD + "\n".join(pins) + "\n", "utf-8")
    table = f"constraint-dependencies = [  # written by `just pins`\n{rows}]\n"
    PYPROJECT.write_text(without.replace("[tool.uv]\n", f"[tool.uv]\n{table}", 1), "utf-8")


def _quoted(pin: str) -> str:
    return '"' + " ".join(pin.replace('"', "'").split()) + '"'


if __name__ == "__main__":
    main()

"""The methods are a library: whoever has NumPy uses them without the rest of the house."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import maillage.methods

FAMILIES = sorted(path.stem for path in Path(maillage.methods.__path__[0]).iterdir() if path.stem.isidentifier())


def test_every_family_is_imported_where_there_is_no_django() -> None:
    families = [name for name in FAMILIES if not name.startswith("_") and name != "README"]
    code = "import sys, importlib; sys.modules['django'] = None\n"
    code += "".join(f"importlib.import_module('maillage.methods.{name}')\n" for name in families)
    code += "print(*(name for name in sys.modules if name in {'pandas', 'numba', 'matplotlib', 'scipy.stats'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []  # what is slow to import is not there before it is asked for
    assert len(families) > 10

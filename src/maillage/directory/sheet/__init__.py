"""The flat editable record of one service: field -> plain JSON. `read` and `write` are each other's inverse.

Forms, proposals, history, undo and merges all speak of these fields and know nothing of the tables under them.
"""

from maillage.directory.sheet.checks import SheetError, clean
from maillage.directory.sheet.fields import FIELDS, Field, base_of, choices, field_names, field_of, label, language_of
from maillage.directory.sheet.reading import differences, is_confidential, known_codes, read
from maillage.directory.sheet.writing import Written, restore_statuses, write

__all__ = [
    "FIELDS",
    "Field",
    "SheetError",
    "Written",
    "base_of",
    "choices",
    "clean",
    "differences",
    "field_names",
    "field_of",
    "is_confidential",
    "known_codes",
    "label",
    "language_of",
    "read",
    "restore_statuses",
    "write",
]

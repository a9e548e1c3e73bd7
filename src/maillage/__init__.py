"""Maillage: need -> orientation -> place -> follow-up -> what was missing -> plan, grant -> a new offer."""

__version__ = "0.1.0"

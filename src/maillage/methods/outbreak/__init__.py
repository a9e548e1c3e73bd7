"""Counts that rise above their own past: from years of weeks (Farrington flexible), from a short past (EARS), in space and time."""

from maillage.methods.outbreak.ears import Ears, ears

__all__ = ["Ears", "ears"]

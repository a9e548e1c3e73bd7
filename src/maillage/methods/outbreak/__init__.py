"""Counts that rise above their own past: from years of weeks (Farrington flexible), from a short past (EARS), in space and time."""

from maillage.methods.outbreak.ears import Ears, ears
from maillage.methods.outbreak.farrington import Farrington, Reason, farrington_flexible
from maillage.methods.outbreak.scan import Cluster, Scan, space_time_permutation

__all__ = ["Cluster", "Ears", "Farrington", "Reason", "Scan", "ears", "farrington_flexible", "space_time_permutation"]

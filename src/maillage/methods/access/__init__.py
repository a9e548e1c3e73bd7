"""How much of a service the people of each place can reach, when those who live nearby share it.

Doctors per inhabitant of a district say little: people cross its border, and a practice serves all who live around it. Floating
catchments count twice: how many people come to each practice (each counts for less the farther away), then how much of each practice
every place can have. The total given out is the total there is. `FloatingCatchment` knows three ways: "two_step", "enhanced" (with a
decay by distance) and "three_step" (people who have several practices ask less of each). It keeps its matrix, so that a question like
"what if this practice closes, and one opens there?" is answered in milliseconds. `rational_agents` (RAAM) lets people choose between a
near practice and a quiet one, and tells what the journey and the crowd cost them.

A place that reaches nobody has an access of 0, and `reaches_nobody` says so: it is the worst served, and must stay on the map. A practice
that nobody reaches is told by `reached_by_nobody`.

Sources: two steps: Luo and Wang, Environment and Planning B 30 (2003). Enhanced: Luo and Qi, Health & Place 15 (2009). Three steps:
Wan, Zou and Sternberg, International Journal of Geographical Information Science 26 (2012). Rational agents: Saxon and Snow, Annals of
the American Association of Geographers 110 (2020). Needs that differ with age: Barlet et al., Dossiers Solidarité et santé 17, DREES
(2010). Checked against the Python package `access` of PySAL 1.1.10, with these departures. There the places that reach nobody are
missing (NaN), and those without people around a practice give an infinite or missing access; here both are 0 and told. There a pair that
is given twice counts twice; here it is refused. In three steps, as there, `limit` cuts the pairs after the preference was shared out
over all of them; for the paper's rule (only those within reach share it) give the limit to the decay instead.
"""

from maillage.methods.access.agents import Agents, rational_agents
from maillage.methods.access.catchment import Access, FloatingCatchment
from maillage.methods.access.decay import ENHANCED, THREE_STEP, gaussian, gravity, steps, within

__all__ = [
    "ENHANCED",
    "THREE_STEP",
    "Access",
    "Agents",
    "FloatingCatchment",
    "gaussian",
    "gravity",
    "rational_agents",
    "steps",
    "within",
]

"""Residents and professionals say what matters most: orders, grades, approvals, duels of two needs, and a fund that is shared.

Which method for what:
- a meeting that ranks needs on paper or on a telephone: `schulze`, the hardest to capture (see below); `borda` only to compare;
- a meeting that grades needs in words ("must be done" to "not here"): `majority_judgment`;
- many residents, each shown a few needs: "which matters more here?", `bradley_terry` by quarter, weighted by census, with
  `next_pairs` for needs that arrive late; or `approval`, as a share of those who were asked;
- a fund to spend on projects: `equal_shares`, so that a minority of 30 % decides on about 30 % of the money.
`robustness` says of each result how often the first would be the same without two of the ballots.

Ballots are tables: a row for each voter, a column for each candidate (a need, a project). `counts` says how many voters cast a row.
Every result has `rank` (1 the best, equal ranks are ties) and `order` (best first, equal ranks by position in the list); of
`equal_shares`, what is funded has rank 1. What is drawn is drawn from the seed that is given.

Caveat. In a simulation of 20 voters, 12 needs and a bloc of 4, the bloc pushed its need into the first three in 12 % of runs with
Schulze, 24 % with majority judgment and with approval, 34 % with Borda, 99 % with three dots that may be stacked. Utilities and attacks were
invented, so these figures rank methods and certify none. A list read from 20 ballots changes easily: tell its robustness with it.
"""

from maillage.methods.voting.ballots import ranks_from_orders
from maillage.methods.voting.duels import BradleyTerry, Reason, bradley_terry, next_pairs
from maillage.methods.voting.grades import Approval, MajorityJudgment, approval, majority_judgment
from maillage.methods.voting.rankings import Borda, Schulze, borda, schulze
from maillage.methods.voting.robustness import Robustness, robustness
from maillage.methods.voting.shares import EqualShares, equal_shares

__all__ = [
    "Approval",
    "Borda",
    "BradleyTerry",
    "EqualShares",
    "MajorityJudgment",
    "Reason",
    "Robustness",
    "Schulze",
    "approval",
    "borda",
    "bradley_terry",
    "equal_shares",
    "majority_judgment",
    "next_pairs",
    "ranks_from_orders",
    "robustness",
    "schulze",
]

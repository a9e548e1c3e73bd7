"""Floating catchments: supply shared by those who reach it, with the matrix kept for what-ifs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csc_array

from maillage.methods.access import decay as decays
from maillage.methods.access import pairs as ways
from maillage.methods.arguments import Floats, among, floats, index, same_shape

Bools = NDArray[np.bool_]
FEW = 0.2  # what-ifs that touch less of the matrix than this only add the difference
LOST = 1e-6  # a difference that leaves less than this of what there was is not trusted: all is added up anew


@dataclass(frozen=True, slots=True)
class Access:
    """What each place can have. With scenarios, each array has them on a leading axis.

    `access` (origins,): supply for each unit of demand there (of need, where needs differ); 0 where nobody is reached, never NaN.
    `reaches_nobody` (origins,): no supplier with any supply is within reach. `ratio` (suppliers,): supply for each unit of demand that
    comes to the supplier, 0 where none comes. `reached_by_nobody` (suppliers,): it has supply, and no demand can come to it.
    """

    access: Floats
    reaches_nobody: Bools
    ratio: Floats
    reached_by_nobody: Bools


class FloatingCatchment:
    """Access by floating catchments: `now` holds the result, the methods answer what-ifs from the matrix that is kept.

    The attributes `demand` (times `need`) and `supply` tell what it was built from.

    `demand` (origins,): people of each place, at least 0. `supply` (suppliers,): what each supplier has to give, at least 0: full-time
    doctors, consultations a year, beds. `pairs`: three arrays (pairs,): origin and destination (whole numbers from 0: places in
    `demand` and in `supply`) and the cost of that journey, at least 0; what is not given cannot be reached, nor what costs inf. A
    journey has a direction: people go from the origin to the destination. `decay`: what a journey counts for by its cost: one number
    (a plain catchment up to that cost), a table of zones {10: 1, 20: 0.68, 30: 0.22}, `gaussian(sigma)`, `gravity(scale, power)`, or any
    function from an array of costs to weights of at least 0, each cost by itself; below 1e-200 it is out of reach. `limit`: pairs
    that cost more are out of reach whatever the decay. `need` (origins,): what one person there asks for, by age or deprivation; 1
    unless given. People from outside are further origins. Somebody must live somewhere, with a need.

    Two steps: each supplier l shares its supply among those who reach it, R_l = S_l / sum_k w_kl P_k; each place k adds up what it
    reaches, A_k = sum_l w_kl R_l. P is demand x need, w the weight of the pair. `method` says which w.
    "enhanced": the decay of the cost. "two_step": 1 wherever that decay is above 0. "three_step": the decay times the preference,
    G_kl = decay_kl / sum_l decay_kl: who has several suppliers asks less of each.

    The sum of P x access is the sum of the supply that anybody reaches. More supply anywhere never lowers any access. Doubling the
    demand halves it, doubling the supply doubles it, and a decay times a constant leaves it as it is. The order of the pairs changes
    nothing but rounding. A new supplier never lowers access in "two_step" and "enhanced"; in "three_step" it may, for people ask less of the others,
    and those who cannot reach the new one gain what some who can may lose.
    """

    __slots__ = (
        "_count",
        "_decay",
        "_drawn",
        "_limit",
        "_matrix",
        "_method",
        "_need",
        "_sums",
        "demand",
        "now",
        "supply",
    )

    def __init__(
        self,
        demand: ArrayLike,
        supply: ArrayLike,
        pairs: ways.Pairs,
        decay: decays.Decay | Mapping[float, float] | float,
        *,
        method: str = "enhanced",
        limit: float = np.inf,
        need: ArrayLike | None = None,
    ) -> None:
        self._method = among("method", method, ("two_step", "enhanced", "three_step"))
        self._limit = float(floats("limit", limit, ndim=0, least=0, infinite=True))
        self._decay = decays.read(decay)
        people = floats("demand", demand, ndim=1, least=0)
        self._need = np.ones_like(people) if need is None else floats("need", need, ndim=1, least=0).copy()
        same_shape(demand=people, need=self._need)
        self.demand = people * self._need
        self.supply = floats("supply", supply, ndim=1, least=0).copy()
        _somebody(self.demand)
        self.demand.flags.writeable = self.supply.flags.writeable = False
        self._sums, self._matrix = self._read(pairs, len(self.supply), np.zeros_like(people))
        self._drawn = self._matrix.T @ self.demand
        self._count = ways.reached(self._matrix, self.supply > 0)
        self.now = self._all(self._drawn, self.supply, self._count)
        for kept in (self.now.access, self.now.reaches_nobody, self.now.ratio, self.now.reached_by_nobody):
            kept.flags.writeable = False  # the what-ifs add to them

    def what_if(self, *, supply: ArrayLike | None = None, demand: ArrayLike | None = None) -> Access:
        """The `Access` with another `supply`, (suppliers,), or other people, `demand` (origins,), or both.

        Many scenarios are asked at once by a leading axis, (scenarios, suppliers) or (scenarios, origins); with both, one by one.

        The needs, the pairs and their weights stay; so do the preferences of "three_step", even for a supplier left with 0, as in the
        reference. Where little of the supply changes only the difference is added, and it equals what building anew would give.
        """
        given = self.supply if supply is None else floats("supply", supply, ndim=(1, 2), least=0)
        if given.shape[-1] != len(self.supply):
            raise ValueError(f"supply: (..., {len(self.supply)} suppliers) was expected, not the shape {given.shape}")
        count = self._counts(given)
        if demand is not None:
            people = floats("demand", demand, ndim=(1, 2), least=0)
            if people.shape[-1] != len(self.demand):
                raise ValueError(
                    f"demand: (..., {len(self.demand)} origins) was expected, not the shape {people.shape}"
                )
            if people.ndim == given.ndim == 2 and len(people) != len(given):
                raise ValueError(
                    f"demand: as many scenarios as of supply, {len(given)}, was expected, not {len(people)}"
                )
            people = people * self._need
            _somebody(people)
            return self._all((self._matrix.T @ people.T).T, given, count)
        changed = _columns(given != self.supply)
        if np.diff(self._matrix.indptr)[changed].sum() <= FEW * self._matrix.nnz:
            ratio = _shared(given, self._drawn)
            more = (ratio - self.now.ratio)[..., changed]
            found = self.now.access + (self._matrix[:, changed] @ more.T).T
            if not (found < LOST * self.now.access)[count > 0].any():
                return _told(found, count, given, self._drawn)
        return self._all(self._drawn, given, count)

    def closing(self, suppliers: ArrayLike) -> Access:
        """The `Access` when these `suppliers`, their places in `supply`, close: a `what_if` in which their supply is 0."""
        return self.what_if(supply=self._without("suppliers", suppliers))

    def opening(self, supply: ArrayLike, pairs: ways.Pairs, *, closing: ArrayLike = ()) -> Access:
        """The `Access` when new suppliers open, all together: `ratio` and `reached_by_nobody` have them last.

        `supply` (new,) and `pairs` are as for the others, destinations being places in this new `supply`. Those in `closing` close at
        the same time: a practice that moves. In "three_step" whoever reaches a new one shares out the preference anew. It equals what
        building all together would give.
        """
        given, left = floats("supply", supply, ndim=1, least=0), self._without("closing", closing)
        sums, new = self._read(pairs, len(given), self._sums)
        drawn, more = self._drawn, new.T @ self.demand
        if self._method == "three_step":
            kept = np.divide(self._sums, sums, out=np.ones_like(sums), where=sums > 0)
            drawn = self._matrix.T @ (self.demand * kept)
            access = kept * (self._matrix @ _shared(left, drawn))
        else:
            access = self.what_if(supply=left).access
        count = self._counts(left) + ways.reached(new, given > 0)
        return _told(access + new @ _shared(given, more), count, np.append(left, given), np.append(drawn, more))

    def _without(self, name: str, suppliers: ArrayLike) -> Floats:
        left = self.supply.copy()
        left[index(name, suppliers, size=len(left))] = 0.0
        return left

    def _read(self, pairs: ways.Pairs, suppliers: int, before: Floats) -> tuple[Floats, csc_array]:
        """The sum of the decays of each origin, `before` included, and the matrix of weights."""
        shape = (len(self.demand), suppliers)
        found = ways.by_supplier(*ways.read(pairs, *shape), shape)
        beyond = found.data > self._limit if self._limit < np.inf else None
        decays.weigh(self._decay, found.data)
        sums, weight = before, found.data
        if self._method == "two_step":
            np.sign(weight, out=weight)
        if self._method == "three_step":
            sums = before + found.sum(axis=1)
            weight *= weight / np.where(sums > 0, sums, 1.0)[found.indices]
        if beyond is not None:
            weight[beyond] = 0.0
        if weight.size and weight.min() == 0:
            found.eliminate_zeros()
        return sums, found

    def _counts(self, given: Floats) -> ways.Ints:
        """How many suppliers that have something each origin reaches, (..., origins): only what opened or closed is counted."""
        turned = _columns((given > 0) != (self.supply > 0))
        if not turned.size:
            return np.broadcast_to(self._count, (*given.shape[:-1], len(self._count)))
        part = self._matrix[:, turned]
        part.data = np.ones(part.nnz, np.int64)
        more = (given[..., turned] > 0).astype(np.int64) - (self.supply[turned] > 0)
        found: ways.Ints = self._count + (part @ more.T).T
        return found

    def _all(self, drawn: Floats, given: Floats, count: ways.Ints) -> Access:
        return _told((self._matrix @ _shared(given, drawn).T).T, count, given, drawn)


def _somebody(demand: Floats) -> None:
    if not demand.any(axis=-1).all():
        raise ValueError("demand: people with needs somewhere were expected, not 0 everywhere")


def _columns(differs: Bools) -> ways.Ints:
    """The suppliers, of the last axis, that differ in any scenario."""
    return np.flatnonzero(differs.any(axis=tuple(range(differs.ndim - 1))))


def _shared(supply: Floats, drawn: Floats) -> Floats:
    """Supply for each unit of the demand that comes, 0 where none comes."""
    found: Floats = np.divide(supply, drawn, out=np.zeros(np.broadcast(supply, drawn).shape), where=drawn > 0)
    return found


def _told(access: Floats, count: ways.Ints, supply: Floats, drawn: Floats) -> Access:
    nobody = np.broadcast_to(count == 0, access.shape)
    found = np.where(nobody, 0.0, np.maximum(access, 0.0))
    return Access(found, nobody, _shared(supply, drawn), (supply > 0) & (drawn == 0))

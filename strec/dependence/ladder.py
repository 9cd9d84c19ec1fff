"""The five nested models, fitted on given labels: M0, M_T, M_S, M_TS, M_TxS."""

from copy import copy
from dataclasses import dataclass

import numpy as np

from strec.dependence import evidence
from strec.dependence.evidence import Candidates
from strec.dependence.layout import TIME_BINS, Labels, Layout, pairs_of
from strec.dependence.logit import cross_fit

#: Evidence of a weight we have not fitted yet starts at this trust.
FIRST_TRUST = 0.5
#: What each model may use, in the order in which the evidence stands side by side.
RUNGS = {
    "M0": ("preference",),
    "M_T": ("preference", "time"),
    "M_S": ("preference", "space"),
    "M_TS": ("preference", "time", "space"),
    "M_TxS": ("preference", "time", "space", "joint"),
}


def climb(
    layout: Layout, labels: Labels, reasons: dict[str, str]
) -> tuple["Ladder", dict[str, "Rung"]]:
    """Fit every model that the table allows."""
    ladder = Ladder(layout, labels)
    rungs = {"M0": ladder.rung("M0")}
    if "time" not in reasons:
        ladder.add_time()
        rungs["M_T"] = ladder.rung("M_T", rungs["M0"])
    if "space" not in reasons:
        ladder.add_space()
        rungs["M_S"] = ladder.rung("M_S", rungs["M0"])
    if not reasons:
        rungs["M_TS"] = ladder.rung("M_TS", rungs["M_S"])
        ladder.add_joint(rungs["M_TS"].weights)
        rungs["M_TxS"] = ladder.rung("M_TxS", rungs["M_TS"])
    return ladder, rungs


@dataclass(frozen=True)
class Rung:
    """A fitted model: nats per scored check-in ``(n_scored,)`` and weights ``(2, d)``."""

    name: str
    gain: np.ndarray
    weights: np.ndarray
    owner: tuple[str, ...]


class Ladder:
    """Evidence for the scored check-ins, part by part, and the models that use some of it.

    Each part is counted when `add_…` is called, so that a null world pays only for what its
    shuffle changes (see `with_labels`).
    """

    def __init__(self, layout: Layout, labels: Labels):
        self.layout, self.labels = layout, labels
        self.total = evidence.pair_totals(layout, labels)
        self.scored = self._candidates(layout.scored, layout.scored_candidates, counted=False)
        self.parts = {"preference": self.columns("preference", self.scored)}
        self._past: Candidates | None = None

    def with_labels(self, labels: Labels) -> "Ladder":
        """Return a copy with other times or places for the same items."""
        other = copy(self)
        other.labels, other.parts = labels, dict(self.parts)
        return other

    def add_time(self) -> None:
        """Count by hour of the week."""
        self.time = evidence.count(
            self.layout, self.labels, self.labels.time_bin, TIME_BINS, self.total,
            evidence.blur_of_time(),
        )  # fmt: skip
        self.parts["time"] = self.columns("time", self.scored)

    def add_space(self) -> None:
        """Count by current zone and, where items are places, by distance."""
        layout, labels = self.layout, self.labels
        self.zone = evidence.count(layout, labels, labels.zone, layout.n_zones, self.total)
        if layout.place == "item":
            self.distance = evidence.distance_lift(evidence.distances(layout, labels, self.past))
        self.parts["space"] = self.columns("space", self.scored)

    def add_joint(self, weights: np.ndarray) -> None:
        """Count by time and place together, beyond the M_TS with these weights."""
        layout, labels, past = self.layout, self.labels, self.past
        known = np.stack([x for name in RUNGS["M_TS"] for x in self.columns(name, past)])
        score = np.tensordot(weights.mean(axis=0).astype(np.float32), known, 1)
        chance = np.exp(score - score.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        cells = evidence.joint_cells(layout, labels, past)
        self.joint = evidence.joint_lift(layout, cells, chance)
        if layout.place == "item":
            cells = evidence.distance_time_cells(layout, labels, past)
            self.distance_time = evidence.distance_time_lift(cells, chance)
        self.parts["joint"] = self.columns("joint", self.scored)

    def columns(self, part: str, candidates: Candidates) -> list[np.ndarray]:
        """Return the evidence of one part for any candidates, arrays of ``(n, C)``."""
        layout, labels, rows = self.layout, self.labels, candidates.rows
        places = layout.place == "item"
        if part == "preference":
            return evidence.preference(layout, labels, self.total, candidates)
        if part == "time":
            return evidence.lifts(layout, self.time, candidates, labels.time_bin[rows])
        if part == "space":
            found = evidence.lifts(layout, self.zone, candidates, labels.zone[rows])
            if places:
                found.append(self.distance[evidence.distances(layout, labels, candidates)])
            return found
        found = [self.joint[evidence.joint_cells(layout, labels, candidates)]]
        if places:
            cells = evidence.distance_time_cells(layout, labels, candidates)
            found.append(self.distance_time[cells])
        return found

    def rung(self, name: str, near: Rung | None = None) -> Rung:
        """Fit a model of `RUNGS`; it starts from the weights of `near` where they have them."""
        owner = tuple(part for part in RUNGS[name] for _ in self.parts[part])
        start = np.full((2, len(owner)), FIRST_TRUST)
        for part in set(owner) & set(near.owner if near else ()):
            here, there = (np.flatnonzero(np.array(x) == part) for x in (owner, near.owner))
            start[:, here] = near.weights[:, there]
        fold = self.layout.fold[self.layout.user[self.layout.scored]]
        halves = [np.flatnonzero(fold == f) for f in (0, 1)]
        evidence_of = [
            np.stack([x[rows].T for part in RUNGS[name] for x in self.parts[part]])
            for rows in halves
        ]
        found, weights = cross_fit(evidence_of, len(self.parts["preference"]), start)
        gain = np.empty(len(fold))
        for rows, part in zip(halves, found, strict=True):
            gain[rows] = part
        return Rung(name, gain, weights, owner)

    @property
    def past(self) -> Candidates:
        """The candidates of the first halves; their own check-in is among the counts."""
        if self._past is None:
            self._past = self._candidates(
                self.layout.past, self.layout.past_candidates, counted=True
            )
        return self._past

    def _candidates(self, rows: np.ndarray, drawn: np.ndarray, counted: bool) -> Candidates:
        item = self.labels.item[drawn]
        same = (item == item[:, :1]).astype(np.float32) if counted else None
        return Candidates(rows, item, pairs_of(self.layout, self.labels, rows, drawn), same)


def untestable(layout: Layout, labels: Labels) -> dict[str, str]:
    """Return the ingredients that this table cannot test, with the reason."""
    reasons = {}
    if len(np.unique(labels.time_bin)) < 2:
        reasons["time"] = "all check-ins carry the same time of day and kind of day"
    if layout.place == "none":
        reasons["space"] = "the check-ins have no places"
    elif len(np.unique(labels.zone)) < 2:
        reasons["space"] = "all check-ins are at the same place"
    if reasons:
        reasons["interaction"] = "it takes both time and place"
    return reasons

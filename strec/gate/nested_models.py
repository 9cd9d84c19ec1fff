"""The five nested models, fitted on given labels: M0, M_T, M_S, M_TS, M_TxS."""

from copy import copy
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from strec.gate import evidence
from strec.gate.design import TIME_BINS, Design, Labels, pairs_of
from strec.gate.evidence import Candidates
from strec.gate.logit import cross_fit

#: Evidence of a weight we have not fitted yet starts at this trust.
FIRST_TRUST = 0.5
#: What each model may use, in the order in which the evidence stands side by side.
PARTS_OF = {
    "M0": ("preference",),
    "M_T": ("preference", "time"),
    "M_S": ("preference", "space"),
    "M_TS": ("preference", "time", "space"),
    "M_TxS": ("preference", "time", "space", "joint"),
}


def fit_models(
    design: Design, labels: Labels, reasons: dict[str, str]
) -> tuple["NestedModels", dict[str, "FittedModel"]]:
    """Fit every model that the table allows."""
    nested = NestedModels(design, labels)
    fitted = {"M0": nested.fit("M0")}
    if "time" not in reasons:
        nested.add_time()
        fitted["M_T"] = nested.fit("M_T", fitted["M0"])
    if "space" not in reasons:
        nested.add_space()
        fitted["M_S"] = nested.fit("M_S", fitted["M0"])
    if not reasons:
        fitted["M_TS"] = nested.fit("M_TS", fitted["M_S"])
        nested.add_joint(fitted["M_TS"].weights)
        fitted["M_TxS"] = nested.fit("M_TxS", fitted["M_TS"])
    return nested, fitted


@dataclass(frozen=True)
class FittedModel:
    """Nats per scored check-in ``(n_scored,)``, weights ``(2, d)``, and the part each is of."""

    name: str
    gain: np.ndarray
    weights: np.ndarray
    owner: np.ndarray


class NestedModels:
    """Evidence for the scored check-ins, part by part, and the models that use some of it.

    Each part is counted when `add_…` is called, so that a null world pays only for what its
    shuffle changes (see `with_labels`).
    """

    def __init__(self, design: Design, labels: Labels):
        self.design, self.labels = design, labels
        self.total = evidence.pair_totals(design, labels)
        self.scored = self._candidates(design.scored, design.scored_candidates, counted=False)
        self.parts = {"preference": self.columns("preference", self.scored)}
        self._past: Candidates | None = None

    def with_labels(self, labels: Labels) -> "NestedModels":
        """Return a copy with other times or places for the same items."""
        other = copy(self)
        other.labels, other.parts = labels, dict(self.parts)
        return other

    def add_time(self) -> None:
        """Count by hour of the week."""
        self.time = evidence.count(
            self.design, self.labels, self.labels.time_bin, TIME_BINS, self.total,
            evidence.blur_of_time(),
        )  # fmt: skip
        self.parts["time"] = self.columns("time", self.scored)

    def add_space(self) -> None:
        """Count by current zone and, where items are places, by distance."""
        design, labels = self.design, self.labels
        self.zone = evidence.count(design, labels, labels.zone, design.n_zones, self.total)
        if design.place == "item":
            self.distance = evidence.distance_lift(evidence.distances(design, labels, self.past))
        self.parts["space"] = self.columns("space", self.scored)

    def add_joint(self, weights: np.ndarray) -> None:
        """Count by time and place together, beyond the M_TS with these weights."""
        design, labels, past = self.design, self.labels, self.past
        known = np.stack([x for name in PARTS_OF["M_TS"] for x in self.columns(name, past)])
        chance = softmax(np.tensordot(weights.mean(axis=0).astype(np.float32), known, 1), axis=1)
        self.joint = [
            evidence.lift_beyond_margins(cells, chance, shape)
            for cells, shape in evidence.joint_cells(design, labels, past)
        ]
        self.parts["joint"] = self.columns("joint", self.scored)

    def columns(self, part: str, candidates: Candidates) -> list[np.ndarray]:
        """Return the evidence of one part for any candidates, arrays of ``(n, C)``."""
        design, labels, rows = self.design, self.labels, candidates.rows
        if part == "preference":
            return evidence.preference(design, labels, self.total, candidates)
        if part == "time":
            return evidence.lifts(design, self.time, candidates, labels.time_bin[rows])
        if part == "space":
            found = evidence.lifts(design, self.zone, candidates, labels.zone[rows])
            if design.place == "item":
                found.append(self.distance[evidence.distances(design, labels, candidates)])
            return found
        cells = evidence.joint_cells(design, labels, candidates)
        return [lift[at] for lift, (at, _) in zip(self.joint, cells, strict=True)]

    def fit(self, name: str, near: FittedModel | None = None) -> FittedModel:
        """Fit a model of `PARTS_OF`; it starts from the weights of `near` where they have them."""
        owner = np.array([part for part in PARTS_OF[name] for _ in self.parts[part]])
        start = np.full((2, len(owner)), FIRST_TRUST)
        if near is not None:
            for part in set(owner) & set(near.owner):
                start[:, owner == part] = near.weights[:, near.owner == part]
        fold = self.design.fold[self.design.user[self.design.scored]]
        halves = [np.flatnonzero(fold == f) for f in (0, 1)]
        evidence_of = [
            np.stack([x[rows].T for part in PARTS_OF[name] for x in self.parts[part]])
            for rows in halves
        ]
        found, weights = cross_fit(evidence_of, len(self.parts["preference"]), start)
        gain = np.empty(len(fold))
        for rows, part in zip(halves, found, strict=True):
            gain[rows] = part
        return FittedModel(name, gain, weights, owner)

    @property
    def past(self) -> Candidates:
        """The candidates of the first halves; their own check-in is among the counts."""
        if self._past is None:
            self._past = self._candidates(
                self.design.past, self.design.past_candidates, counted=True
            )
        return self._past

    def _candidates(self, rows: np.ndarray, drawn: np.ndarray, counted: bool) -> Candidates:
        item = self.labels.item[drawn]
        same = (item == item[:, :1]).astype(np.float32) if counted else None
        return Candidates(rows, item, pairs_of(self.design, self.labels, rows, drawn), same)


def untestable(design: Design, labels: Labels) -> dict[str, str]:
    """Return the ingredients that this table cannot test, with the reason."""
    reasons = {}
    if len(np.unique(labels.time_bin)) < 2:
        reasons["time"] = "all check-ins carry the same time of day and kind of day"
    if design.place == "none":
        reasons["space"] = "the check-ins have no places"
    elif len(np.unique(labels.zone)) < 2:
        reasons["space"] = "all check-ins are at the same place"
    if reasons:
        reasons["interaction"] = "it takes both time and place"
    return reasons

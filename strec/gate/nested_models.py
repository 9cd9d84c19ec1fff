"""The nested models, fitted on given labels: M0, M_T, M_S, M_TS, M_TxS, and M_O with order."""

from copy import copy
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from strec.gate import evidence
from strec.gate.design import TIME_BINS, Design, Labels, pairs_of
from strec.gate.evidence import Candidates
from strec.gate.logit import cross_fit

#: Evidence of a weight we have not fitted yet starts at this trust; M0 drew the rivals, so its
#: own columns start at none.
FIRST_TRUST = 0.5
#: Parts whose weights are free; all other evidence is trusted or left, never turned around.
FREE = ("habits", "drift", "last")
#: What each model may use, in the order in which the evidence stands side by side. M_H knows no
#: calendar. M_O knows what follows what, and is compared with M_P, which does not know the
#: check-in before; where the place does not matter, M_Q with M_N, which do not know it.
PARTS_OF = {
    "M_H": ("habits",),
    "M0": ("habits", "drift", "last"),
    "M_T": ("habits", "drift", "last", "time"),
    "M_S": ("habits", "drift", "last", "space"),
    "M_TS": ("habits", "drift", "last", "time", "space"),
    "M_TxS": ("habits", "drift", "last", "time", "space", "joint"),
    "M_P": ("habits", "drift", "time", "space"),
    "M_O": ("habits", "drift", "last", "time", "space", "order"),
    "M_N": ("habits", "drift", "time"),
    "M_Q": ("habits", "drift", "last", "time", "order"),
}


def fit_models(
    design: Design, labels: Labels, reasons: dict[str, str]
) -> tuple["NestedModels", dict[str, "FittedModel"]]:
    """Fit every model that the table allows."""
    nested = NestedModels(design, labels)
    fitted = {"M_H": nested.fit("M_H")}
    fitted["M0"] = nested.fit("M0", fitted["M_H"])
    if "time" not in reasons:
        nested.add_time()
        fitted["M_T"] = nested.fit("M_T", fitted["M0"])
    if "space" not in reasons:
        nested.add_space()
        fitted["M_S"] = nested.fit("M_S", fitted["M0"])
    if not {"time", "space"} & reasons.keys():
        fitted["M_TS"] = nested.fit("M_TS", fitted["M_S"])
    if "interaction" not in reasons:
        nested.add_joint(fitted["M_TS"].weights)
        fitted["M_TxS"] = nested.fit("M_TxS", fitted["M_TS"])
    if "order" not in reasons:
        nested.add_order()
        for known, models in (("M_TS", ("M_P", "M_O")), ("M_T", ("M_N", "M_Q"))):
            near = next(fitted[name] for name in (known, "M_T", "M_S", "M0") if name in fitted)
            for name in models:
                fitted[name] = nested.fit(name, near)
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
        self.parts = {part: self.columns(part, self.scored) for part in FREE}
        self._past: Candidates | None = None
        self._of_half: dict[str, tuple[list[np.ndarray], list[np.ndarray]]] = {}

    def with_labels(self, labels: Labels) -> "NestedModels":
        """Return a copy with other times or places for the same items."""
        other = copy(self)
        other.labels, other.parts, other._of_half = labels, dict(self.parts), dict(self._of_half)
        return other

    def add_time(self) -> None:
        """Count by hour of the week, weekday, and whatever else of time can be tested."""
        design, labels, total = self.design, self.labels, self.total
        self.weekly = [
            evidence.count(design, labels, context, n, total, blur)
            for context, n, blur in weekly(design, labels)
        ]
        self.by_date = {
            part.name: evidence.count(
                design, labels, labels.dates[part.name], part.n_contexts, total, part.blur
            )
            for part in design.date_parts
        }
        self.season = evidence.season(design, labels, design.season) if design.season else None
        self.parts["time"] = self.columns("time", self.scored)

    def add_order(self) -> None:
        """Count what follows what."""
        self.transitions = evidence.transitions(self.design, self.labels, self.total)
        self.parts["order"] = self.columns("order", self.scored)

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
        if part == "habits":
            return evidence.habits(design, labels, self.total, candidates)
        if part == "drift":
            return evidence.drift(design, labels, candidates)
        if part == "last":
            return evidence.last(design, labels, candidates)
        if part == "order":
            return evidence.order(design, labels, self.total, self.transitions, candidates)
        if part == "time":
            return self._time_columns(candidates)
        if part == "space":
            found = evidence.lifts(design, self.zone, candidates, labels.zone[rows])
            if design.place == "item":
                found.append(self.distance[evidence.distances(design, labels, candidates)])
            return found
        cells = evidence.joint_cells(design, labels, candidates)
        return [lift[at] for lift, (at, _) in zip(self.joint, cells, strict=True)]

    def _time_columns(self, candidates: Candidates) -> list[np.ndarray]:
        design, labels, rows = self.design, self.labels, candidates.rows
        found: list[np.ndarray] = []
        for counts, (context, _, _) in zip(self.weekly, weekly(design, labels), strict=True):
            found += evidence.lifts(design, counts, candidates, context[rows])
        for name, counts in self.by_date.items():
            # What is everybody's: a payday of one's own would take years to be seen.
            found += evidence.lifts(design, counts, candidates, labels.dates[name][rows])[:1]
        if design.season and self.season is not None:
            month = labels.dates["month"][rows][:, None]
            month = (month + labels.turn[candidates.item]) % 12
            is_read = design.season.read[rows][:, None]
            found.append(self.season[candidates.item, month] * is_read)
        return found

    def fit(self, name: str, near: FittedModel | None = None) -> FittedModel:
        """Fit a model of `PARTS_OF`; it starts from the weights of `near` where they have them.

        Parts that the table cannot have are left out.
        """
        used = [part for part in PARTS_OF[name] if part in self.parts]
        owner = np.array([part for part in used for _ in self.parts[part]])
        start = np.tile(np.where(np.isin(owner, FREE), 0.0, FIRST_TRUST), (2, 1))
        if near is not None:
            for part in set(owner) & set(near.owner):
                start[:, owner == part] = near.weights[:, near.owner == part]
        evidence_of = [np.concatenate([self._halves(part)[f] for part in used]) for f in (0, 1)]
        n_free = sum(len(self.parts[part]) for part in used if part in FREE)
        found, weights = cross_fit(evidence_of, n_free, start)
        gain = np.empty(len(self.design.scored))
        for rows, part in zip(self.design.halves, found, strict=True):
            gain[rows] = part
        return FittedModel(name, gain, weights, owner)

    def _halves(self, part: str) -> list[np.ndarray]:
        """Return the columns of a part for each half of the users, ``(d, C, n)`` each."""
        columns = self.parts[part]
        kept = self._of_half.get(part)
        if kept is None or kept[0] is not columns:
            halves = [
                np.array([np.ascontiguousarray(x[rows].T) for x in columns])
                for rows in self.design.halves
            ]
            kept = self._of_half[part] = (columns, halves)
        return kept[1]

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


def weekly(design: Design, labels: Labels) -> list[tuple[np.ndarray, int, np.ndarray | None]]:
    """Return context, number of contexts and blur of the parts of time that return each week."""
    of = {
        "hour": (labels.time_bin, TIME_BINS, evidence.blur_of_time()),
        "weekday": (labels.weekday, 7, None),
    }
    return [of[name] for name in of if name in design.tested_parts]


def untestable(design: Design, labels: Labels) -> dict[str, str]:
    """Return the ingredients that this table cannot test, with the reason."""
    reasons = {}
    if not design.tested_parts:
        reasons["time"] = "; ".join(dict.fromkeys(part.why for part in design.time_parts))
    if design.place == "none":
        reasons["space"] = "the check-ins have no places"
    elif design.is_anonymous and design.place == "item":
        reasons["space"] = "nobody is named, and where they start is all that is known of them"
    elif len(np.unique(labels.zone)) < 2:
        reasons["space"] = "all check-ins are at the same place"
    if reasons:
        reasons["interaction"] = "it takes both time and place"
    elif "hour" not in design.tested_parts:
        reasons["interaction"] = "it takes the time of day, and these check-ins have none"
    if design.is_anonymous:
        reasons["order"] = "nobody is named, so that no check-in is known to follow another"
    return reasons

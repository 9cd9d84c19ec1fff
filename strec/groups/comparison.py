"""Two groups of check-ins side by side: rates, their ratio, how sure it is, and in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from h3ronpy.vector import cells_to_coordinates

from strec import export, schema
from strec.errors import AnalysisError, check_choice, check_is
from strec.export import MIN_USERS, enough_people
from strec.groups.counts import (
    FACETS,
    Measure,
    Sides,
    need_apart,
    over_days,
    over_week,
    picture,
    sides,
)
from strec.groups.inference import ratios
from strec.spatial.autocorrelation import false_discovery
from strec.spatial.hexagons import resolution_that_shows
from strec.store import Filters, HasStore, Store, need_store
from strec.wording import WEEKDAYS

#: How rates are counted, in words.
MEASURES = {"rate": "how often", "share": "which share of all"}
#: A group needs so many users and so many stretches of days; a cell so many check-ins.
FEWEST_USERS, FEWEST_BLOCKS, FEWEST_CHECKINS = 10, 6, 10


@dataclass(frozen=True)
class Comparison:
    """Two groups of check-ins, picture by picture.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row per cell of a picture: `facet` (a key of `strec.groups.FACETS`), `key`, `name`,
        `lat`, `lon`, `n_a`, `n_b`, `rate_a`, `rate_b`, `ratio`, `low`, `high` (its interval),
        `difference`, `difference_low`, `difference_high`, `p`, `q` (after Benjamini-Hochberg
        over all pictures, each with the same share of the risk) and `differs`. Intervals of
        cells that are named hold for 95 % of those named (Benjamini & Yekutieli), all others each
        by itself.
    names : tuple of str
        What A and B are called.
    filters : tuple of Filters
        A, and B where it is not all the rest.
    measure : str
        ``rate`` or ``share``.
    per : str
        What a rate is of, in words.
    n_checkins, n_users, n_blocks : tuple of int
        Check-ins, users and stretches of days of A and of B.
    weeks, days : tuple of pandas.DataFrame
        Check-ins of A and of B per hour of the week and per day, as `Store.hour_weekday` and
        `Store.calendar` count them.
    hidden, left_out : int
        Cells of too few users, and of too few check-ins.
    resolution : int
        Of the hexagons.
    alpha : float
    notes : tuple of str
        What was drawn, or could not be looked at.
    """

    frame: pd.DataFrame
    names: tuple[str, str]
    filters: tuple[Filters, Filters | None]
    measure: Measure
    per: str
    n_checkins: tuple[int, int]
    n_users: tuple[int, int]
    n_blocks: tuple[int, int]
    weeks: tuple[pd.DataFrame, pd.DataFrame]
    days: tuple[pd.DataFrame, pd.DataFrame]
    hidden: int
    left_out: int
    resolution: int
    alpha: float
    notes: tuple[str, ...]

    def of(self, facet: str) -> pd.DataFrame:
        """Return the cells of one picture, those that differ most first.

        Parameters
        ----------
        facet : str
            A key of `strec.groups.FACETS`.

        Examples
        --------
        >>> from strec.dataset import Dataset
        >>> weekends = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
        >>> weekends.of("kind")["key"][0]
        'Museum'
        """
        check_choice(facet, FACETS, "A picture", AnalysisError)
        found = self.frame[self.frame["facet"] == facet]
        return found.sort_values(["p", "key"], ignore_index=True)

    @property
    def found(self) -> pd.DataFrame:
        """What is more than chance, the surest first."""
        return self.frame[self.frame["differs"]].sort_values("p", ignore_index=True)

    @property
    def sentence(self) -> str:
        """The answer in one sentence: the surest difference, or that there is none."""
        found = self.found
        if not len(found):
            tested = int(self.frame["p"].notna().sum())
            return (
                f"{capital(self.names[0])} and {self.names[1]} cannot be told apart: none of "
                f"{tested:,} rates differs by more than {self._what_varies} differ anyway."
            )
        return self.in_words(found.iloc[0])

    def sentences(self, most: int = 5) -> list[str]:
        """Return what is more than chance in words, the surest first.

        Parameters
        ----------
        most : int
            How many.

        Examples
        --------
        >>> from strec.dataset import Dataset
        >>> weekends = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
        >>> len(weekends.sentences(3))
        3
        """
        return [self.in_words(row) for _, row in self.found.head(most).iterrows()]

    def in_words(self, row: pd.Series) -> str:
        """Return one difference in words, as times as many of the larger group.

        Parameters
        ----------
        row : pandas.Series
            A row of `frame`.

        Examples
        --------
        >>> from strec.dataset import Dataset
        >>> weekends = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
        >>> weekends.in_words(weekends.of("kind").iloc[0])[:49]
        'Weekends have 2.0 times as many visits of the kin'
        """
        more, less = self.names if row["ratio"] >= 1 else self.names[::-1]
        ends = [row["ratio"], row["low"], row["high"]]
        if row["ratio"] < 1:
            ends = [1 / row["ratio"], 1 / row["high"], 1 / row["low"]]
        digits = 2 if ends[1] < 1.1 or ends[0] < 1.1 else 1
        times, low, high = (f"{end:,.{digits}f}" if end < 100 else "over 100" for end in ends)
        what = {"kind": f"visits of the kind {row['name']}", "hour": f"check-ins at {row['name']}",
                "hour_of_week": f"check-ins on {row['name']}", "item": f"visits to {row['name']}",
                "cell": f"check-ins {row['name']}", "all": "check-ins"}[row["facet"]]  # fmt: skip
        if not min(row["n_a"], row["n_b"]):
            return (
                f"{capital(more)} have {what}, {less} none ({int(max(row['n_a'], row['n_b'])):,})."
            )
        many = "as large a share of" if self.measure == "share" else "as many"
        per = "" if self.measure == "share" else f" {self.per}"
        return f"{capital(more)} have {times} times {many} {what}{per} as {less} [{low}, {high}]."

    @property
    def basis(self) -> str:
        """What was compared, how many tests there were, and what chance means here."""
        tested, named = int(self.frame["p"].notna().sum()), int(self.frame["differs"].sum())
        words = (
            f"{_size(self, 0)} with {_size(self, 1)}. Of {tested:,} rates {named:,} differ by more "
            f"than {self._what_varies} differ anyway; at most {100 * self.alpha:.0f} % of those "
            "named are expected to be chance. In brackets: 95 % intervals."
        )
        if self.hidden:
            # Where nobody is named, check-ins are counted in place of people.
            whom = "users" if self.n_users[0] else "check-ins"
            words += f" {self.hidden:,} with fewer than {MIN_USERS} {whom} in a group are hidden."
        return " ".join([words, *self.notes])

    @property
    def _what_varies(self) -> str:
        return "days" if not self.n_users[0] else "users and days"

    def csv(self) -> str:
        """Return all cells as CSV, safe to open in a spreadsheet.

        Examples
        --------
        >>> from strec.dataset import Dataset
        >>> weekends = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
        >>> weekends.csv().split(",")[0]
        'facet'
        """
        return export.to_csv(self.frame.assign(a=self.names[0], b=self.names[1]))

    def html(self) -> str:
        """Return the comparison as one self-contained page.

        Examples
        --------
        >>> from strec.dataset import Dataset
        >>> weekends = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
        >>> weekends.html().startswith("<!doctype html>")
        True
        """
        return export.html_page(
            "comparison", width="70rem", title=f"{capital(self.names[0])} and {self.names[1]}",
            found=self, facets=[(facet, many, self.of(facet)) for facet, (_, many) in FACETS.items()
                                if len(self.of(facet))],
        )  # fmt: skip


def compare_groups(
    data: HasStore | Store,
    a: Filters,
    b: Filters | None = None,
    *,
    within: Filters | None = None,
    names: Sequence[str] | None = None,
    measure: str | None = None,
    resolution: int | None = None,
    alpha: float = 0.05,
) -> Comparison:
    """Compare two groups of check-ins: what is done more often, when and where, and how sure.

    Parameters
    ----------
    data : Dataset or Store
        Whose check-ins.
    a, b : Filters
        The groups, which have no check-in in common; without `b`, all that are not in `a`.
    within : Filters, optional
        What both are taken from.
    names : sequence of str, optional
        What A and B are called; what the filters say when not given.
    measure : str, optional
        ``rate``: check-ins per person and day (or hour, where the groups differ in hours);
        ``share``: of all check-ins of the group. Without it a rate where the groups differ in
        time alone, and a share otherwise.
    resolution : int, optional
        Of the hexagons, H3, 0 to 10.
    alpha : float
        The share of false ones that is accepted among the differences named.

    Raises
    ------
    AnalysisError
        If the groups overlap, or have too few users or days.

    Notes
    -----
    The log of the ratio of two rates varies by users and by days (weeks, from ten on), which
    cross each other: two-way clustered errors, bias-reduced (CR2), never below those of check-ins
    that come independently, with Student's t of as many degrees of freedom as there are users or
    days in effect. All cells of all pictures are one family of tests (Benjamini-Hochberg,
    weighted so that each picture has the same share of the risk), and intervals of those named
    allow for having been selected. ``docs/truth.md`` has the error rates.

    References
    ----------
    Cameron, Gelbach & Miller 2011, *Robust inference with multiway clustering*, JBES;
    Bell & McCaffrey 2002, *Bias reduction in standard errors*, Survey Methodology;
    Genovese, Roeder & Wasserman 2006, *False discovery control with p-value weighting*, Biometrika;
    Benjamini & Yekutieli 2005, *False discovery rate-adjusted multiple confidence intervals*, JASA.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> found = compare_groups(Dataset.sample("social"), Filters(weekdays=(5, 6)),
    ...                        Filters(weekdays=(0, 1, 2, 3, 4)))
    >>> found.names, found.measure
    (('weekends', 'workdays'), 'rate')
    """
    store = need_store(data)
    check_is(a, Filters, "A group is given as Filters.", AnalysisError)
    within = within or Filters()
    check_is(within, Filters, "What both groups are taken from is given as Filters.", AnalysisError)
    if b is not None:
        check_is(b, Filters, "A group is given as Filters.", AnalysisError)
    if not isinstance(alpha, float) or not 0 < alpha < 1:
        raise AnalysisError("alpha is between 0 and 1.", f"{alpha!r:.60}.", "Leave it at 0.05.")
    called = _names(a, b, names)
    one, other = within.narrowed(a), within if b is None else within.narrowed(b)
    if b is not None:
        need_apart(one, other, called)
    found = sides(store, a, b, within)
    _need_enough(found, called)
    measure = _measure(found, one, other, measure)
    notes = [found.note] if found.note else []
    facets = _facets(store, one, other, b is None, measure)
    if store.has_places and resolution is None and "cell" in facets:
        resolution = resolution_that_shows(store)
    frames, hidden, left_out = [], 0, 0
    for facet in facets:
        cells, few, rare = _cells(found, facet, measure, resolution or 0)
        frames.append(cells)
        hidden, left_out = hidden + few, left_out + rare
    frame = _with_tests(pd.concat(frames, ignore_index=True), alpha)
    frame = _named(store, frame, found, facets)
    # What says more than when could point at a person.
    says_more = one.says_whom_or_where or other.says_whom_or_where
    least = MIN_USERS if says_more else 1
    return Comparison(
        frame, called, (a, b), measure, _per(found, measure), found.sizes, found.n_users,
        found.n_blocks, over_week(found, least), over_days(found, least), hidden, left_out,
        resolution or 0, alpha, tuple(notes),
    )  # fmt: skip


# ---------------------------------------------------------------- what is asked


def _names(a: Filters, b: Filters | None, names: Sequence[str] | None) -> tuple[str, str]:
    if names is not None:
        if isinstance(names, str) or len(names) != 2 or not all(isinstance(n, str) for n in names):
            raise AnalysisError("Two groups have two names.", f"{names!r:.60}.", "Give two texts.")
        return names[0], names[1]
    return in_words(a), "all others" if b is None else in_words(b)


def in_words(group: Filters) -> str:
    """Return what a group is called: what its filters say.

    Parameters
    ----------
    group : Filters
        Which check-ins.

    Examples
    --------
    >>> in_words(Filters(weekdays=(5, 6), hours=(20, 21)))
    'weekends, 20:00–22:00'
    """
    said = group.words
    if not said:
        return "everything"
    field, first = next(iter(said.items()))
    lead = {"date_from": "the days ", "hours": "the hours ", "categories": "visits of ",
            "events": "the events ", "places": "visits to ", "cells": "the area of "}  # fmt: skip
    if field == "date_from" and group.date_from is not None and group.date_to is not None:
        first = f"of {first}"
    return ", ".join([lead.get(field, "") + first, *list(said.values())[1:]])


def _measure(found: Sides, one: Filters, other: Filters, asked: str | None) -> Measure:
    if asked is not None:
        check_choice(asked, MEASURES, "How groups are compared", AnalysisError)
    if asked == "rate" and not found.has_exposure:
        raise AnalysisError(
            "A rate needs one answer to how many people and days a group has.",
            "all others, apart from some users at some times.",
            "Compare shares, or choose users or times alone.",
        )
    in_time = replace(one, date_from=other.date_from, date_to=other.date_to,
                      hours=other.hours, weekdays=other.weekdays)  # fmt: skip
    usual = "rate" if in_time == other and found.has_exposure else "share"
    return asked or usual  # type: ignore[return-value]


def _facets(store: Store, one: Filters, other: Filters, is_rest: bool, measure: str) -> list[str]:
    """Return the pictures in which both groups can have all cells."""
    facets = ["all"] if measure == "rate" else []
    if store.has(schema.CATEGORY) and one.categories == other.categories:
        facets.append("kind")
    if store.has_clock and one.hours == other.hours:
        facets.append("hour")
        if one.weekdays == other.weekdays:
            facets.append("hour_of_week")
    if store.has_places and one.cells == other.cells:
        facets.append("cell")
    if one.cells == other.cells and one.places == other.places:
        facets.append("item")
    return facets


def _need_enough(found: Sides, names: tuple[str, str]) -> None:
    for name, n, n_users, n_blocks in zip(
        names, found.sizes, found.n_users, found.n_blocks, strict=True
    ):
        if not n:
            raise AnalysisError(
                "Both groups need check-ins.", f"none of {name}.", "Choose another group."
            )
        if not found.is_anonymous and n_users < FEWEST_USERS:
            raise AnalysisError(
                f"A difference is judged by how users differ: each group needs {FEWEST_USERS}.",
                f"{n_users:,} with check-ins of {name}.",
                "Choose larger groups.",
            )
        if n_blocks < FEWEST_BLOCKS:
            raise AnalysisError(
                f"A difference is judged by how days differ: each group needs {FEWEST_BLOCKS}.",
                f"{n_blocks:,} with check-ins of {name}.",
                "Choose longer spans, or add data over more days.",
            )


def _per(found: Sides, measure: str) -> str:
    if measure == "share":
        return "of all check-ins of the group"
    span = "day" if found.hours[0].max() == found.hours[1].max() else "hour"
    return f"per {span}" if found.is_anonymous else f"per person and {span}"


# ---------------------------------------------------------------- what is found


def _cells(
    found: Sides, facet: str, measure: Measure, resolution: int
) -> tuple[pd.DataFrame, int, int]:
    """Return the cells of a picture with their ratios, and how many are hidden and left out."""
    seen = picture(found, facet, measure, resolution, FEWEST_CHECKINS)
    counts, users = seen.counts, seen.users
    shown = np.ones(len(seen.keys), dtype=bool)
    for n, who in zip(counts, users, strict=True):
        group = pd.DataFrame({"n_checkins": n, "n_users": who})
        shown &= (enough_people(group) | (n == 0)).to_numpy()
    result = ratios(counts, seen.exposure, seen.ways, seen.both, measure == "share")
    few = np.full(len(seen.keys), 0.05)
    low, high = result.difference(few)
    frame = pd.DataFrame(
        {
            "facet": facet, "key": seen.keys, "n_a": counts[0].astype(int),
            "n_b": counts[1].astype(int), "rate_a": result.rate[0], "rate_b": result.rate[1],
            "ratio": np.exp(result.log_ratio), "log_ratio": result.log_ratio,
            "error": result.error, "freedom": result.freedom, "difference_low": low,
            "difference_high": high, "p": result.p,
        }
    )  # fmt: skip
    frame["key"] = frame["key"].astype(object)
    frame.insert(8, "difference", frame["rate_a"] - frame["rate_b"])
    return frame[shown], int((~shown).sum()), seen.left_out


def _with_tests(frame: pd.DataFrame, alpha: float) -> pd.DataFrame:
    from scipy.stats import t as student

    # Each picture has the same share of the risk, however many cells it has.
    of_facet = frame.groupby("facet")["p"].transform("size")
    weight = len(frame) / (frame["facet"].nunique() * of_facet)
    frame["q"] = false_discovery((frame["p"] / weight).clip(upper=1.0).to_numpy())
    frame["differs"] = (frame["q"] <= alpha) & (frame["p"] <= alpha)
    risk = np.minimum(0.05 * frame["differs"].sum() * weight / len(frame), 0.05)
    level = np.where(frame["differs"], risk, 0.05)
    half = student.ppf(1 - level / 2, frame["freedom"]) * frame["error"]
    frame["low"] = np.exp(frame["log_ratio"] - half)
    frame["high"] = np.exp(frame["log_ratio"] + half)
    return frame.drop(columns=["log_ratio", "error", "freedom"])


def _named(store: Store, frame: pd.DataFrame, found: Sides, facets: list[str]) -> pd.DataFrame:
    """Add what each cell is called, and where it is."""
    items = store.items().to_pandas()
    called = items["item_name"].fillna(items["item_id"])
    names: list[str] = []
    frame["lat"] = frame["lon"] = np.nan
    for facet in facets:
        mine = frame["facet"] == facet
        keys = frame.loc[mine, "key"]
        if facet == "cell" and len(keys):
            centre = cells_to_coordinates(keys.to_numpy(dtype="uint64"))
            frame.loc[mine, "lat"] = np.asarray(centre["lat"])
            frame.loc[mine, "lon"] = np.asarray(centre["lng"])
            near = _busiest(found, keys, called)
            names += [f"in the hexagon of {name}" for name in near]
            frame.loc[mine, "key"] = [format(int(key), "x") for key in keys]
        elif facet == "item":
            codes = keys.astype(int).to_numpy()
            frame.loc[mine, ["lat", "lon"]] = items[["lat", "lon"]].to_numpy()[codes]
            names += called.iloc[codes].astype(str).to_list()
            frame.loc[mine, "key"] = items["item_id"].iloc[codes].to_list()
        else:
            names += [_called(facet, key) for key in keys]
    # Ids of different kinds stand in one column.
    frame["key"] = frame["key"].astype(str)
    frame.insert(2, "name", names)
    last = ["lat", "lon"]
    order = [name for name in frame.columns if name not in last]
    place = order.index("n_a")
    return frame[[*order[:place], *last, *order[place:]]]


def _busiest(found: Sides, keys: pd.Series, called: pd.Series) -> list[str]:
    """Return the name of the item with most users in each hexagon, if it is of enough people."""
    import polars as pl

    resolution = int(keys.iloc[0]) >> 52 & 0xF
    unused = (1 << (3 * (15 - resolution))) - 1
    cleared = pl.col("cell") & pl.lit(~(0xF << 52) & (2**64 - 1), pl.UInt64)
    parent = cleared | pl.lit((resolution << 52) | unused, pl.UInt64)
    per = (
        found.rows.drop_nulls("cell").group_by(hexagon=parent, item="item")
        .agg(pl.col("n").sum(), users=pl.col("user").n_unique())
    )  # fmt: skip
    enough = pl.col("n") >= MIN_USERS if found.is_anonymous else pl.col("users") >= MIN_USERS
    best = (
        per.filter(enough)
        .sort("n", "item", descending=[True, False])
        .unique("hexagon", keep="first", maintain_order=True)
    )
    known = dict(best.select("hexagon", "item").iter_rows())
    return [
        str(called.iloc[known[int(key)]]) if int(key) in known else format(int(key), "x")
        for key in keys
    ]


def _called(facet: str, key) -> str:
    if facet == "hour":
        return f"{int(key)}:00–{int(key) + 1}:00"
    if facet == "hour_of_week":
        return f"{WEEKDAYS[int(key) // 24]} {int(key) % 24}:00–{int(key) % 24 + 1}:00"
    return "everything" if facet == "all" else str(key)


def _size(found: Comparison, g: int) -> str:
    n, who = found.n_checkins[g], found.n_users[g]
    people = f" of {who:,} users" if who else ""
    name = capital(found.names[g]) if not g else found.names[g]
    return f"{name} ({n:,} check-ins{people})"


def capital(text: str) -> str:
    """Return text with a capital first letter.

    Parameters
    ----------
    text : str
        Of any length.

    Examples
    --------
    >>> capital("weekends")
    'Weekends'
    """
    return text[:1].upper() + text[1:]

"""What is coming where, and what of it is more than usual."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from strec.demand.backtesting import BLEND, Backtest, backtest, standard_models
from strec.demand.bands import Bands
from strec.demand.base import DemandModel
from strec.demand.calendar import Calendar
from strec.demand.counting import HourOfWeek
from strec.demand.panels import Panel, need_panel
from strec.demand.rooms import risk, rooms
from strec.demand.words import changes, findings, leaning, reasons, unusual
from strec.errors import AnalysisError
from strec.progress import Progress, part_of, silent

_ONE_IN_TEN = (0.1, 0.9)


@dataclass(frozen=True)
class Demand:
    """A forecast per place and hour, with its bands, its backtest and its reasons.

    Parameters
    ----------
    panel : Panel
        What was counted.
    backtest : Backtest
        How forecasts of the past fared.
    model : str
        The one that forecasts: a name in the backtest.
    expected : numpy.ndarray
        Shape ``(n_hours, n_places)``: the coming hours.
    bands : numpy.ndarray
        Shape ``(len(QUANTILES), n_hours, n_places)``.
    usual : numpy.ndarray
        Shape of `expected`: the mean of the hour of the week.
    fitted : dict of str to DemandModel
    calendar : Calendar

    Examples
    --------
    Each morning at eight nine bikes more leave than come:

    >>> gone = np.tile(np.where(np.arange(24) == 8, -9.0, 0.0), 28)
    >>> week = Panel.of(gone, "2024-06-03", what="balance")
    >>> ahead = demand(week, horizon=24, models={HourOfWeek.label: HourOfWeek()})
    >>> ahead.window(6, 9)["expected"].round().tolist(), ahead.place("0")
    ([-8.0], 0)
    >>> float(ahead.series("0")["expected"].min().round())
    -8.0
    >>> ahead.findings()[-1]
    'Nowhere is it clearly busier or quieter than usual.'
    >>> holds = ahead.room(pd.DataFrame({"place": ["0"], "capacity": [12]}), otherwise=20)
    >>> ahead.risk(holds)[["runs", "hour"]].to_numpy().tolist()
    [['empty', Timestamp('2024-07-01 08:00:00')]]
    """

    panel: Panel
    backtest: Backtest
    model: str
    expected: np.ndarray
    bands: np.ndarray
    usual: np.ndarray
    fitted: dict[str, DemandModel]
    calendar: Calendar

    @property
    def hours(self) -> pd.DatetimeIndex:
        """The coming hours, local time."""
        return self.panel.clock(self.panel.n_hours, self.panel.n_hours + len(self.expected))

    @cached_property
    def _sums(self) -> dict[int, Bands]:
        """Bands of sums, by how many hours are summed."""
        return {}

    @cached_property
    def errors_by_place(self) -> pd.DataFrame:
        """What past forecasts of each place were wrong by; see `Backtest.by`."""
        return self.backtest.by("place", self.model)

    @cached_property
    def ends(self) -> dict[int, np.ndarray]:
        """Ends of the 80 % and of the 95 % band, each ``(2, n_hours, n_places)``.

        Of counts they are whole numbers; see `Bands.ends`.
        """
        bands, whole = self.backtest.bands(self.model), self.panel.is_whole
        return {each: bands.ends(self.expected, each / 100, whole) for each in (80, 95)}

    @cached_property
    def is_unusual(self) -> np.ndarray:
        """Where more than usual comes in nine of ten cases (1), or less (-1); 0 where not sure.

        Shape of `expected`.
        """
        low, high = self.backtest.bands(self.model).around(self.expected, _ONE_IN_TEN)
        return unusual(self.expected, low, high, self.usual, self.panel.is_whole)

    def window(self, first: int, last: int) -> pd.DataFrame:
        """Return a row per place: what some hours bring together.

        Parameters
        ----------
        first, last : int
            Of the coming hours, by number; the last is not included.

        Returns
        -------
        pandas.DataFrame
            `place`, `name`, `lat`, `lon` (`cell`), `expected`, `low_80`, `high_80`, `usual`,
            `more_than_usual` (1, 0 or -1: what comes in nine of ten cases), `leaning` (the same
            where at least a tenth more or less is expected, sure or not), `n_checkins`, `n_users`
            (of the past).
        """
        cut = slice(first, last)
        expected, usual = self.expected[cut].sum(axis=0), self.usual[cut].sum(axis=0)
        if last - first == 1:
            low, high = self.ends[80][:, first]
            more = self.is_unusual[first]
        else:
            n_hours = min(last - first, self.backtest.horizon)
            if n_hours not in self._sums:
                self._sums[n_hours] = self.backtest.sum_bands(self.model, n_hours)
            bands, whole = self._sums[n_hours], self.panel.is_whole
            low, high = bands.ends(expected[None], 0.8, whole)[:, 0]
            least, most = bands.around(expected[None], _ONE_IN_TEN)[:, 0]
            more = unusual(expected, least, most, usual, whole)
        found = self.panel.places.copy()
        columns = {"expected": expected, "low_80": low, "high_80": high, "usual": usual}
        for name, values in columns.items():
            found[name] = values.round(3)
        return found.assign(more_than_usual=more, leaning=leaning(expected, usual))

    def frame(self, hours: slice | None = None) -> pd.DataFrame:
        """Return a row per place and hour.

        Parameters
        ----------
        hours : slice, optional
            Of the coming hours, by number; all by default.

        Returns
        -------
        pandas.DataFrame
            `place`, `name`, `lat`, `lon`, `hour` (local), `expected`, `low_80`, `high_80`,
            `low_95`, `high_95`, `usual`, `more_than_usual` (1, 0 or -1).
        """
        cut = hours or slice(None)
        when = self.hours[cut]
        columns = {
            "expected": self.expected[cut],
            "low_80": self.ends[80][0][cut],
            "high_80": self.ends[80][1][cut],
            "low_95": self.ends[95][0][cut],
            "high_95": self.ends[95][1][cut],
            "usual": self.usual[cut],
        }
        about = [name for name in ("place", "name", "lat", "lon", "cell")
                 if name in self.panel.places]  # fmt: skip
        places = self.panel.places[about]
        found = pd.concat([places] * len(when), ignore_index=True)
        found["hour"] = np.repeat(when.to_numpy(), len(places))
        for name, values in columns.items():
            found[name] = values.ravel().round(3)
        found["more_than_usual"] = self.is_unusual[cut].ravel()
        return found

    def place(self, place: str) -> int:
        """Return the column of a place.

        Parameters
        ----------
        place : str
            Its id.

        Raises
        ------
        AnalysisError
            If it is not among those forecast.
        """
        found = np.flatnonzero(self.panel.places["place"].to_numpy() == place)
        if not len(found):
            raise AnalysisError(
                "A place is one of those forecast.", f"{place}.", "See panel.places."
            )
        return int(found[0])

    def series(self, place: str) -> pd.DataFrame:
        """Return the past and the coming hours of one place.

        Parameters
        ----------
        place : str
            Its id.

        Returns
        -------
        pandas.DataFrame
            `hour`, `came` (NaN where it is to come, unknown, or of too few people), `forecast`
            (by the latest forecast of the backtest made before), `expected`, `low_80`,
            `high_80`, `low_95`, `high_95`.
        """
        at = self.place(place)
        past = pd.DataFrame({"hour": self.panel.hours, "came": self.panel.shown()[:, at]})
        past["forecast"] = np.nan
        made = self.backtest.expected[self.model]
        # Later forecasts stand in place of earlier ones: the shortest way ahead is shown.
        for origin, one in zip(self.backtest.origins, made, strict=True):
            past.loc[np.arange(origin, origin + len(one)), "forecast"] = one[:, at]
        ahead = pd.DataFrame({"hour": self.hours, "expected": self.expected[:, at]})
        for share, (low, high) in self.ends.items():
            ahead[f"low_{share}"], ahead[f"high_{share}"] = low[:, at], high[:, at]
        return pd.concat([past, ahead], ignore_index=True)

    def why(self, place: str, step: int) -> pd.DataFrame:
        """Return what makes up the forecast of a place and hour: `part`, `share`; they add up.

        Parameters
        ----------
        place : str
            Its id.
        step : int
            Number of the coming hour, from 0.
        """
        return reasons(self, place, step)

    def findings(self, first: int = 0, last: int = 24, most: int = 6) -> list[str]:
        """Return what stands out in some of the coming hours, in sentences.

        Parameters
        ----------
        first, last : int
            Of the coming hours, by number; the last is not included.
        most : int
            Sentences of places.

        Returns
        -------
        list of str
            Where most is expected, and what is more or less than usual: only where that comes in
            nine of ten cases; else where most above usual is expected.
        """
        return findings(self, first, last, most)

    @cached_property
    def kept_promises(self) -> tuple[int, float]:
        """How many places and hours were marked in the backtest, and the share that were right."""
        made, truth = self.backtest.expected[self.model], self.backtest.truth
        usual = self.backtest.expected[HourOfWeek.label]
        low, high = self.backtest.bands(self.model).around(made, _ONE_IN_TEN)
        mark = unusual(made, low, high, usual, self.panel.is_whole)
        right = mark * (truth - usual) > 0
        marked = (mark != 0) & np.isfinite(truth)
        return int(marked.sum()), float(right[marked].mean()) if marked.any() else float("nan")

    @property
    def changes(self) -> list[str]:
        """Places that appeared or fell silent, in words."""
        return changes(self)

    def risk(self, capacity: float | np.ndarray, filled: float | np.ndarray = 0.5) -> pd.DataFrame:
        """Return when places run empty or full: more leave, or come, than there is room for.

        Parameters
        ----------
        capacity : float or numpy.ndarray
            How much a place holds; one number, or one per place.
        filled : float or numpy.ndarray
            Share that is there at the beginning.

        Returns
        -------
        pandas.DataFrame
            Per place that is likely to (in at least half of the past errors): `place`, `name`,
            `lat`, `lon`, `runs` (``empty`` or ``full``), `hour`, `chance`, `balance` (expected
            up to that hour).

        Raises
        ------
        AnalysisError
            If this is no forecast of the balance.
        """
        return risk(self, capacity, filled)

    def room(self, table: pd.DataFrame, otherwise: float) -> np.ndarray:
        """Return how much each place holds, for `risk`.

        Parameters
        ----------
        table : pandas.DataFrame
            `place` (id or name) and `capacity`.
        otherwise : float
            Of places that it leaves out.

        Raises
        ------
        AnalysisError
            If a column is missing, a capacity is no number above 0, or no place is known.
        """
        return rooms(self.panel.places, table, otherwise)

    def geojson(self, hours: slice | None = None) -> dict:
        """Return the forecast as GeoJSON: hexagons, or points where places are none.

        Parameters
        ----------
        hours : slice, optional
            Of the coming hours, by number; all by default.
        """
        from strec.spatial.hexagons import as_geojson

        frame = self.frame(hours)
        frame["hour"] = frame["hour"].dt.strftime("%Y-%m-%dT%H:00")
        if "cell" in frame:
            return as_geojson(frame.drop(columns=["lat", "lon"]))
        placed = frame.dropna(subset=["lat", "lon"])
        rows = placed.drop(columns=["lat", "lon"]).to_dict("records")
        features = [
            {"type": "Feature", "properties": row,
             "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}}
            for row, lat, lon in zip(rows, placed["lat"], placed["lon"], strict=True)
        ]  # fmt: skip
        return {"type": "FeatureCollection", "features": features}


def demand(
    panel: Panel,
    *,
    horizon: int = 168,
    model: str | None = None,
    models: Mapping[str, DemandModel] | None = None,
    calendar: Calendar | None = None,
    past: Backtest | None = None,
    known: Backtest | None = None,
    refit: bool = True,
    progress: Progress | None = None,
) -> Demand:
    """Forecast each place and hour, with bands that past forecasts would have needed.

    Parameters
    ----------
    panel : Panel
        What was counted; at least ten days.
    horizon : int
        Hours, 1 to 168; fewer where the data are short.
    model : str, optional
        Who forecasts, by name; by default what the backtest proposes.
    models : mapping of str to DemandModel, optional
        Name to unfitted model; `standard_models` by default.
    calendar : Calendar, optional
        Holidays and the person's own columns.
    past : Backtest, optional
        One made before with these models and this calendar.
    known : Backtest, optional
        One made before with some of these models and this calendar: see `backtest`.
    refit : bool
        Whether models learn also from the hours of the test; else they forecast as they were
        tested, which takes half the time.
    progress : callable, optional
        Called with what is done next, and the share done.

    Raises
    ------
    AnalysisError
        If the panel is too short or empty, or the model took no part.

    Examples
    --------
    >>> week = np.tile(np.arange(168.0), 4)
    >>> ahead = demand(Panel.of(week, "2024-06-03"), horizon=24)
    >>> ahead.expected[:3].round(1).ravel().tolist()
    [0.0, 1.0, 2.0]
    """
    panel = need_panel(panel)
    tell = progress or silent
    calendar = calendar or Calendar()
    # Before the test, which takes long: what is to come must be known of each column.
    calendar.need(panel, panel.n_hours + 1)
    if past is None:
        past = backtest(
            panel, models, horizon=horizon, calendar=calendar, known=known,
            progress=part_of(tell, 0.0, 0.7),
        )  # fmt: skip
    horizon = min(horizon, past.horizon)
    calendar.need(panel, panel.n_hours + horizon)
    name = model or past.proposed
    if name not in past.expected:
        raise AnalysisError(
            f"Demand is forecast by {', '.join(past.expected)}.",
            f"{name}.",
            "Choose one of them.",
        )
    blank = dict(models or standard_models(panel.n_hours))
    blank.setdefault(HourOfWeek.label, HourOfWeek())
    weights = past.weights if name == BLEND else {name: 1.0}
    needed = [each for each in blank if weights.get(each, 0) > 0 or each == HourOfWeek.label]
    origin = np.array([panel.n_hours])
    fitted, found = {}, {}
    for number, each in enumerate(needed):
        tell(f"{each} looks ahead", 0.7 + 0.3 * number / len(needed))
        tested = past.fitted.get(each)
        again = refit or tested is None
        fitted[each] = blank[each].fit(panel, horizon, calendar) if again else tested
        found[each] = fitted[each].predict(panel, origin, horizon)[0]
    members = [each for each in needed if weights.get(each, 0) > 0]
    expected = np.sum([weights[each] * found[each] for each in members], axis=0)
    bands = past.bands(name).around(expected)
    return Demand(
        panel, past, name, expected, bands, found[HourOfWeek.label], fitted, calendar
    )  # fmt: skip

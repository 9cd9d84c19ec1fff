"""What a calendar and a person's own columns say of each hour, also of those to come."""

from dataclasses import dataclass, field
from functools import cache, lru_cache

import numpy as np
import pandas as pd

from strec.demand.panels import Panel
from strec.errors import AnalysisError
from strec.parts import require
from strec.wording import plural

#: A column with more unknown hours than this share is refused.
_MOST_HOLES = 0.2


@dataclass(frozen=True)
class Calendar:
    """Holidays of a country, and columns of the person's own per hour or day.

    Parameters
    ----------
    country : str, optional
        Two letters of ISO 3166, such as US; with a part of it after a dash, such as US-CO.
    columns : pandas.DataFrame, optional
        Indexed by local time (hours or days); numeric columns, such as the temperature. They must
        go on over the hours that are forecast.

    Examples
    --------
    >>> Calendar("US").holidays(pd.date_range("2024-07-03", periods=3))
    array([False,  True, False])
    """

    country: str | None = None
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def with_columns(cls, table: pd.DataFrame, country: str | None = None) -> "Calendar":
        """Return a calendar with the numeric columns of a table.

        Parameters
        ----------
        table : pandas.DataFrame
            One column of times (hours or days, local), and numeric columns.
        country : str, optional
            As in `Calendar`.

        Raises
        ------
        AnalysisError
            If there is no column of times, or none of numbers.

        Examples
        --------
        >>> rain = pd.DataFrame({"day": ["2024-06-03", "2024-06-04"], "rain_mm": [0.0, 2.5]})
        >>> Calendar.with_columns(rain).names
        ['rain_mm']
        """
        numeric = table.select_dtypes("number")
        when = None
        for name in table.columns.difference(numeric.columns, sort=False):
            parsed = pd.to_datetime(table[name], errors="coerce", format="mixed")
            if parsed.notna().mean() > 0.9:
                when = parsed.dt.tz_localize(None) if parsed.dt.tz is not None else parsed
                break
        if when is None or numeric.empty:
            raise AnalysisError(
                "Columns of one's own need a column of times (2024-06-03 08:00, or 2024-06-03 for "
                "whole days) and at least one of numbers.",
                f"columns {', '.join(map(str, table.columns)) or 'none'}.",
                "Name the hour or day of each row in a column.",
            )
        rows = numeric.set_index(pd.DatetimeIndex(when))
        rows = rows[rows.index.notna()]
        return cls(country, rows.groupby(level=0).mean())

    @classmethod
    def usual(cls, time_zone: str | None) -> "Calendar":
        """Return a calendar with the holidays of a time zone's country, without where unknown.

        Parameters
        ----------
        time_zone : str, optional
            IANA name.

        Examples
        --------
        >>> Calendar.usual("Europe/Madrid").country, Calendar.usual("UTC").country
        ('ES', None)
        """
        home = country_of(time_zone)
        return cls(home if home in countries() else None)

    @property
    def names(self) -> list[str]:
        """The columns of the person's own."""
        return [str(name) for name in self.columns.columns]

    def holidays(self, hours: pd.DatetimeIndex) -> np.ndarray:
        """Return which hours lie on a public holiday, shape ``(n,)``, bool.

        Parameters
        ----------
        hours : pandas.DatetimeIndex
            Local time, shape ``(n,)``.
        """
        if self.country is None or not len(hours):
            return np.zeros(len(hours), dtype=bool)
        days = hours.normalize()
        known = _days(self.country, int(days.year.min()), int(days.year.max()))
        return np.asarray(days.isin(pd.DatetimeIndex(list(known))))

    def holiday_name(self, day: pd.Timestamp) -> str:
        """Return what a holiday is called, an empty text on other days.

        Parameters
        ----------
        day : pandas.Timestamp
            Local date.

        Examples
        --------
        >>> Calendar("US").holiday_name(pd.Timestamp("2024-07-04"))
        'Independence Day'
        """
        if self.country is None:
            return ""
        return _days(self.country, day.year, day.year).get(day.date(), "")

    def own(self, panel: Panel, first: int, last: int) -> np.ndarray:
        """Return the person's columns for hours by number, shape ``(n_hours, n_columns)``.

        Holes are filled by the last known value.

        Parameters
        ----------
        panel : Panel
            Whose hours are numbered.
        first, last : int
            The first hour, and the one after the last; they may lie in the future.

        Raises
        ------
        AnalysisError
            If a column does not reach over these hours.

        Examples
        --------
        >>> rain = pd.DataFrame({"day": ["2024-06-03", "2024-06-04"], "rain_mm": [0.0, 2.5]})
        >>> hours = Panel.of(np.ones(48), "2024-06-03")
        >>> Calendar.with_columns(rain).own(hours, 23, 25).ravel().tolist()
        [0.0, 2.5]
        """
        hours = panel.clock(first, last)
        if self.columns.empty:
            return np.empty((len(hours), 0))
        known = self.columns.sort_index()
        if not isinstance(known.index, pd.DatetimeIndex):
            raise AnalysisError(
                "A column of one's own says for which hour or day each value is.",
                "an index that is no time.",
                "Give a file with a column of times and numeric columns.",
            )
        # A value holds until the next one; rows without a value at the end are no future.
        known = known.ffill().where(known.bfill().notna())
        every = panel.clock(0, max(last, panel.n_hours))
        reach = pd.Timedelta(hours=24 if self._is_daily else 1)
        filled = known.reindex(every, method="ffill", tolerance=reach).ffill(limit_area="inside")
        is_known = filled.notna().all(axis=1).to_numpy()
        # Hours before the first value take that one.
        unknown = ~is_known[first:last] & np.maximum.accumulate(is_known)[first:last]
        if unknown.any() or not is_known.any():
            raise self._incomplete(hours[unknown] if unknown.any() else hours, every[-1])
        return filled.bfill().iloc[first:last].to_numpy(dtype=float)

    def need(self, panel: Panel, last: int) -> None:
        """Refuse columns that do not reach to an hour, or have too many holes before.

        Parameters
        ----------
        panel : Panel
            Whose hours are numbered.
        last : int
            The one after the last that must be known.

        Raises
        ------
        AnalysisError
            With the first hour that is missing.
        """
        if self.columns.empty:
            return
        self.own(panel, 0, last)
        hours = panel.clock(0, last)
        rows = self.columns.sort_index()
        found = rows.reindex(hours.floor("D") if self._is_daily else hours)
        holes = found.isna().any(axis=1).to_numpy()
        if holes.mean() > _MOST_HOLES:
            raise self._incomplete(hours[holes], hours[-1])

    @property
    def _is_daily(self) -> bool:
        steps = np.diff(self.columns.sort_index().index.to_numpy())
        return bool(len(steps) and np.median(steps) >= np.timedelta64(1, "D"))

    def _incomplete(self, missing: pd.DatetimeIndex, last: pd.Timestamp) -> AnalysisError:
        return AnalysisError(
            f"{', '.join(self.names)} must be known for every hour, also those forecast (to "
            f"{last:%Y-%m-%d %H:00}); one in five may be missing before.",
            f"{plural(len(missing), 'hour')} without a value, the first "
            f"{missing[0]:%Y-%m-%d %H:00}.",
            "Add these rows (for what is to come, a forecast such as that of the weather), or "
            "leave the column out.",
        )


@lru_cache(maxsize=256)
def _days(country: str, first: int, last: int) -> dict:
    """Return the holidays of some years by date: asked for each hour that is forecast from."""
    require("holidays")
    import holidays

    name, _, part = country.partition("-")
    years = range(first, last + 1)
    try:
        return dict(holidays.country_holidays(name, subdiv=part or None, years=years))
    except NotImplementedError as error:
        raise AnalysisError(
            "A country is named by two letters, such as US, or US-CO for a part of it.",
            f"{country}.",
            "Choose one from the list, or none.",
        ) from error


@cache
def countries() -> list[str]:
    """Return the countries whose holidays are known; none where the package is not installed.

    Examples
    --------
    >>> "ES" in countries()
    True
    """
    try:
        import holidays
    except ModuleNotFoundError:
        return []
    return sorted(holidays.list_supported_countries())


def country_of(time_zone: str | None) -> str | None:
    """Return the country of a time zone by the zone table of the system, None if unknown.

    Parameters
    ----------
    time_zone : str, optional
        IANA name.

    Examples
    --------
    >>> country_of("Europe/Madrid")
    'ES'
    """
    if not isinstance(time_zone, str):
        return None
    for name, zones in _zones().items():
        if time_zone in zones:
            return name
    return None


def _zones() -> dict[str, list[str]]:
    """Return the time zones of each country, from the table that comes with the zones."""
    import zoneinfo
    from importlib import resources
    from pathlib import Path

    roots = [Path(each) / "zone.tab" for each in zoneinfo.TZPATH]
    tables = [*roots, resources.files("tzdata") / "zoneinfo" / "zone.tab"]
    for table in tables:
        if table.is_file():
            found: dict[str, list[str]] = {}
            for line in table.read_text(encoding="utf-8").splitlines():
                if line and not line.startswith("#"):
                    country, _, zone = line.split("\t")[:3]
                    found.setdefault(country, []).append(zone)
            return found
    return {}

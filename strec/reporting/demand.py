"""A forecast of demand as a page that can be passed on: what stands out, where, how sure."""

from strec import plots, wording
from strec.demand import Demand
from strec.errors import AnalysisError
from strec.plots import demand as figures
from strec.reporting.analysis import Analysis
from strec.reporting.parts import Figure, Section
from strec.wording import percent

#: Places that are drawn, the largest first.
_MOST_DRAWN = 6


def demand_report(ahead: Demand) -> Analysis:
    """Return what a forecast says of each coming day, its largest places, and its test.

    Parameters
    ----------
    ahead : Demand
        From `strec.Dataset.demand`.

    Raises
    ------
    AnalysisError
        If it is none.

    Examples
    --------
    >>> import numpy as np
    >>> from strec.demand import Panel, demand
    >>> panel = Panel.of(np.tile(np.arange(168.0), 3), "2024-06-03")
    >>> [section.title for section in demand_report(demand(panel, horizon=24)).sections]
    ['What stands out?', 'How much comes where?', 'Can it be believed?']
    """
    if not isinstance(ahead, Demand):
        raise AnalysisError(
            "A report of demand is made of a forecast.", f"a {type(ahead).__name__}.",
            "Make one: strec.Dataset.demand().",
        )  # fmt: skip
    panel, hours, past = ahead.panel, ahead.hours, ahead.backtest
    days = hours.normalize()
    said = []
    for day in days.unique():
        inside = (days == day).nonzero()[0]
        words = " ".join(ahead.findings(int(inside[0]), int(inside[-1]) + 1, 3))
        said.append(f"{wording.moment(day, '%A, %-d %B')}: {words}")
    largest = ahead.window(0, len(hours)).nlargest(_MOST_DRAWN, "expected")
    tested = [past.sentence]
    for row in past.table.to_dict("records"):
        tested.append(
            f"{row['model']}: off by {row['mae']:.2f} per hour and place on average; its 80 % "
            f"bands held {percent(row['cover_80'])}, its 95 % bands {percent(row['cover_95'])}."
        )
    sections = [
        Section("What stands out?", _words(*said, *ahead.changes, *panel.notes)),
        Section("How much comes where?", [_drawn(ahead, place) for place in largest["place"]]),
        Section("Can it be believed?", _words(*tested)),
    ]
    span = f"{hours[0]:%Y-%m-%d %H:00} to {hours[-1]:%Y-%m-%d %H:00}"
    source = f"{panel.unit} per hour, {span}, forecast by {ahead.model}."
    return Analysis("Demand", source, sections)


def _words(*sentences: str) -> list[Figure]:
    return [Figure(sentence) for sentence in sentences]


def _drawn(ahead: Demand, place: str) -> Figure:
    series = ahead.series(place)
    mine = ahead.panel.places.iloc[ahead.place(place)]
    below = plots.note(int(mine["n_checkins"]), int(mine["n_users"]), ahead.panel.time_zone)
    picture = figures.demand_series(series, ahead.panel.unit, below=below)
    words = f"{mine['name']}: what came, and what is expected with its bands."
    return Figure(words, picture, series)

"""The sections of a report: each asks one question and answers it with figures and sentences."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import plotly.graph_objects as go

from strec import plots, schema, spatial, temporal
from strec.dependence import test_dependence, training_part
from strec.errors import AnalysisError, StrecError
from strec.plots import dependence as gate_figures
from strec.plots import series as time_figures
from strec.plots import space as space_figures
from strec.plots.places import hexagon_figure
from strec.quality import quality
from strec.quality.html import facts
from strec.store import Store

#: Check-ins that the gate looks at in a report, and shuffled worlds per test.
GATE_CHECKINS, GATE_PERMUTATIONS = 50_000, 99
FORECAST_WINDOWS, SEARCH_S = 3, 4.0


@dataclass(frozen=True)
class Figure:
    """A picture with what it means in words; without a picture, only the words.

    Attributes
    ----------
    words : str
        Plain text.
    picture : plotly.graph_objects.Figure, optional
    """

    words: str
    picture: go.Figure | None = None


@dataclass
class Section:
    """One question and its answer.

    Attributes
    ----------
    title : str
        The question.
    figures : list of Figure
    facts : dict
        The numbers behind the words, ready for JSON.
    """

    title: str
    figures: list[Figure] = field(default_factory=list)
    facts: dict = field(default_factory=dict)

    def add(self, make: Callable[[], Figure]) -> None:
        """Add a figure, or in its place the reason why there is none."""
        try:
            self.figures.append(make())
        except StrecError as error:
            self.figures.append(Figure(f"{error.needed} Found: {error.found} {error.mend}"))


def sections(store: Store) -> Iterator[tuple[str, Callable[[], Section]]]:
    """Yield the title of each section with the function that computes it."""
    yield "What is it?", lambda: _what(store)
    yield "When?", lambda: _when(store)
    yield "Is the rhythm real?", lambda: _rhythm(store)
    yield "What comes next?", lambda: _next(store)
    yield "Where?", lambda: _where(store)
    yield "Does time or place matter?", lambda: _gate(store)


def _what(store: Store) -> Section:
    section = Section("What is it?")
    report = quality(store.checkins())
    section.facts = report.to_dict()
    numbers = ", ".join(f"{label.lower()} {value}" for label, value, _ in facts(report))
    section.figures.append(Figure(f"{numbers[0].upper()}{numbers[1:]}."))
    for finding in report.findings:
        section.figures.append(Figure(f"{finding.title}: {finding.text}"))
    return section


def _when(store: Store) -> Section:
    section, below = Section("When?"), _below(store)
    week = store.hour_weekday()
    section.add(lambda: _counted("hour_weekday", week, plots.hour_weekday(week, below)))
    days = store.calendar()
    section.add(lambda: _counted("calendar", days, plots.calendar(days, below)))
    if store.has(schema.CATEGORY):
        hours = store.category_hours()
        section.add(lambda: _counted("category_hours", hours, plots.category_hours(hours, below)))
    return section


def _rhythm(store: Store) -> Section:
    section = Section("Is the rhythm real?")
    try:
        data = temporal.series(store, _grain(store))
    except StrecError as error:
        section.figures.append(Figure(f"{error.needed} Found: {error.found} {error.mend}"))
        return section

    def told(name: str, draw) -> Callable[[], Figure]:
        def make() -> Figure:
            found = getattr(temporal, name)(data)
            section.facts[name] = found.sentence
            return Figure(found.sentence, draw(found) if draw else None)

        return make

    below = data.footer
    section.figures.append(Figure(data.sentence))
    section.add(told("periodogram", lambda each: time_figures.periodogram(each, below)))
    section.add(told("decompose", lambda each: time_figures.decomposition(each, below)))
    section.add(told("autocorrelation", lambda each: time_figures.autocorrelation(each, below)))
    section.add(told("stationarity", None))
    section.add(told("anomalies", lambda each: time_figures.unusual(each, None, below)))
    section.add(told("level_shifts", None))
    return section


def _next(store: Store) -> Section:
    section = Section("What comes next?")

    def make() -> Figure:
        data = temporal.series(store, "day" if store.summary()["n_days"] >= 60 else _grain(store))
        models = temporal.standard_models(SEARCH_S)
        past = temporal.backtest(data, models, windows=FORECAST_WINDOWS)
        ahead = temporal.outlook(data, models[past.best], past.horizon, past=past, name=past.best)
        section.facts = {"backtest": past.table.to_dict("records"), "best": past.best}
        section.figures.append(
            Figure(past.sentence, time_figures.backtest(past, [past.best], data.footer))
        )
        return Figure(ahead.sentence, time_figures.forecast(ahead, data.footer))

    section.add(make)
    return section


def _where(store: Store) -> Section:
    section = Section("Where?")
    if not store.has_places:
        section.figures.append(Figure("None of the check-ins has a place."))
        return section
    below = _below(store)
    size = spatial.suggest_resolution(store.cells(schema.CELL_RESOLUTION, min_users=1))

    def hexagons() -> Figure:
        cells = store.cells(size)
        if not len(cells):
            raise AnalysisError(
                "A map shows hexagons in which several people were.",
                spatial.hidden_in_words(cells),
                "Add data, or look at the space page with smaller groups allowed.",
            )
        half = spatial.concentration(cells["n_checkins"])
        words = (
            f"Half of the check-ins shown fall in the {half:,} busiest of {len(cells):,} hexagons, "
            f"each about {spatial.hexagon_width_km(size):.1f} km wide. "
            f"{spatial.hidden_in_words(cells)}"
        )
        section.facts["n_hexagons"] = len(cells)
        return Figure(words, hexagon_figure(cells, "Check-ins per hexagon", below))

    def hotspots() -> Figure:
        found = spatial.hotspots(store.cells(size, min_users=1))
        section.facts["hotspots"] = found.sentence
        return Figure(found.sentence)

    def decay() -> Figure:
        found = spatial.distance_decay(store.flows(None, size, min_users=1))
        section.facts["distance_decay"] = found.sentence
        return Figure(found.sentence, space_figures.distance_decay(found, below))

    def guesses() -> Figure:
        found = spatial.predictability(store.sequences())
        section.facts["predictability"] = found.sentence
        return Figure(found.sentence)

    for make in (hexagons, hotspots, decay, guesses):
        section.add(make)
    return section


def _gate(store: Store) -> Section:
    section = Section("Does time or place matter?")

    def make() -> Figure:
        columns = [*schema.REQUIRED, *(c for c in (schema.CATEGORY, schema.TEXT) if store.has(c))]
        result = test_dependence(
            training_part(store.checkins(columns=columns)),
            max_checkins=GATE_CHECKINS,
            n_permutations=GATE_PERMUTATIONS,
        )
        section.facts = result.to_dict()
        section.figures.append(Figure(f"Route: {result.route}. {result.sentence}"))
        section.figures.append(
            Figure(
                "Dots: what each ingredient adds, with its 95 % interval over users. Grey ticks: "
                "what worlds gain in which it is shuffled away. A yes stands clear of its tick.",
                gate_figures.evidence(result),
            )
        )
        return Figure(
            "How often each counting model ranks the item that came first.",
            gate_figures.ladder(result),
        )

    section.add(make)
    return section


def _counted(kind: str, frame, picture: go.Figure) -> Figure:
    return Figure(plots.in_words(kind, frame), picture)


def _below(store: Store) -> str:
    summary = store.summary()
    return plots.note(summary["n_checkins"], summary["n_users"], store.time_zone)


def _grain(store: Store) -> str:
    """Hours for up to a hundred days, else days: fine enough to see, coarse enough to be quick."""
    return "hour" if store.summary()["n_days"] <= 100 else "day"

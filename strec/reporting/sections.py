"""The sections of a report: each asks one question and answers it with figures and sentences."""

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from strec import plots, schema, temporal
from strec.errors import StrecError
from strec.gate import dependence_test
from strec.plots import dependence as gate_figures
from strec.plots import series as time_figures
from strec.profiling import quality
from strec.profiling.html import facts
from strec.reporting import methods, places
from strec.reporting.parts import Figure, Section
from strec.split import split
from strec.stays import raw_fixes
from strec.store import Store
from strec.wording import days, of_users

#: Check-ins that the gate looks at in a report, and shuffled worlds per test.
GATE_CHECKINS, GATE_PERMUTATIONS = 50_000, 99
FORECAST_WINDOWS, SEARCH_S = 3, 4.0


def sections(store: Store, missing: str = "zero") -> Iterator[tuple[str, Callable[[], Section]]]:
    """Yield the title of each section with the function that computes it."""
    yield "What is it?", lambda: _what(store)
    yield "When?", lambda: _when(store)
    yield "Is the rhythm real?", lambda: _rhythm(store, missing)
    yield "What comes next?", lambda: _next(store, missing)
    yield "Where?", lambda: places.where(store)
    yield "How far do people go?", lambda: places.how_far(store)
    yield "Where is it changing?", lambda: places.changing(store)
    yield "Does time or place matter?", lambda: _gate(store)


def _what(store: Store) -> Section:
    section = Section("What is it?")
    if store.is_elsewhere:
        # Its quality is that of rows, which stay where they are.
        held = store.summary()
        section.facts = held | {name: str(held[name]) for name in ("first_date", "last_date")}
        people = "nobody named" if store.is_anonymous else f"{held['n_users']:,} users"
        section.figures.append(Figure(
            f"{held['n_checkins']:,} check-ins, {people}, {held['n_items']:,} items, "
            f"{days(held['first_date'], held['last_date'])}: a table counted where it is."
        ))  # fmt: skip
        return section
    report = quality(store.checkins())
    section.facts = report.to_dict()
    numbers = ", ".join(f"{label.lower()} {value}" for label, value, _ in facts(report))
    section.figures.append(Figure(f"{numbers[0].upper()}{numbers[1:]}."))
    for finding in report.findings:
        section.figures.append(Figure(f"{finding.title}: {finding.text}"))
    return section


def _when(store: Store) -> Section:
    section, below = Section("When?", method=methods.WHEN), places.note_of(store)
    week = store.hour_weekday()
    if store.has_clock:
        section.add(lambda: _counted("hour_weekday", week, plots.hour_weekday(week, below)))
    else:
        section.add(lambda: _counted("weekdays", week, plots.weekdays(week, below)))
        section.figures.append(Figure("The times say only the day: nothing is said of hours."))
    days = store.calendar()
    section.add(lambda: _counted("calendar", days, plots.calendar(days, below)))
    if store.has(schema.CATEGORY) and store.has_clock:
        hours = store.category_hours()
        section.add(lambda: _counted("category_hours", hours, plots.category_hours(hours, below)))
    return section


def _rhythm(store: Store, missing: str) -> Section:
    section = Section("Is the rhythm real?", method=methods.RHYTHM)
    try:
        data = temporal.series(store, _grain(store), missing=missing)
    except StrecError as error:
        section.figures.append(Figure(f"{error.needed} Found: {error.found} {error.mend}"))
        return section

    def told(find: Callable, draw: Callable | None = None) -> Callable[[], Figure]:
        def make() -> Figure:
            found = find(data)
            section.facts[find.__name__] = found.sentence
            picture = draw(found, below=data.footer) if draw else None
            return Figure(found.sentence, picture, _numbers(found) if draw else None)

        return make

    section.figures.append(Figure(data.sentence))
    section.add(told(temporal.periodogram, time_figures.periodogram))
    section.add(told(temporal.decompose, time_figures.decomposition))
    section.add(told(temporal.autocorrelation, time_figures.autocorrelation))
    section.add(told(temporal.stationarity))
    section.add(told(temporal.anomalies, partial(time_figures.anomalies, moved=None)))
    section.add(told(temporal.level_shifts))
    return section


def _next(store: Store, missing: str) -> Section:
    section = Section("What comes next?", method=methods.NEXT)

    def make() -> Figure:
        grain = "day" if store.summary()["n_days"] >= 60 else _grain(store)
        data = temporal.series(store, grain, missing=missing)
        models = temporal.standard_models(SEARCH_S)
        past = temporal.backtest(data, models, windows=FORECAST_WINDOWS)
        ahead = temporal.outlook(data, models[past.best], past.horizon, past=past, name=past.best)
        section.facts = {"backtest": past.table.to_dict("records"), "best": past.best}
        section.figures.append(
            Figure(
                past.sentence,
                time_figures.backtest(past, [past.best], data.footer),
                time_figures.as_table(past),
            )
        )
        return Figure(
            ahead.sentence,
            time_figures.forecast(ahead, data.footer),
            ahead.frame.reset_index(names="when"),
        )

    section.add(make)
    return section


def _gate(store: Store) -> Section:
    section = Section("Does time or place matter?", method=methods.GATE)

    def make() -> Figure:
        if store.is_raw_track:
            raise raw_fixes()
        optional = (schema.CATEGORY, schema.TEXT, *schema.ORIGINS)
        columns = [*schema.REQUIRED, *(c for c in optional if store.has(c))]
        result = dependence_test(
            split(store.checkins(columns=columns)).train,
            max_checkins=GATE_CHECKINS,
            n_permutations=GATE_PERMUTATIONS,
        )
        section.facts = result.to_dict()
        words = " ".join((result.sentence, *result.details))
        section.figures.append(Figure(f"Route: {result.route}. {words}"))
        zone = f"times in {store.time_zone}" if store.time_zone else "local times"
        below = f"{result.n_scored:,} held-out check-ins {of_users(result.n_users)}, {zone}."
        section.figures.append(
            Figure(
                "Dots: what each ingredient adds, with its 95 % interval over users. Grey ticks: "
                "what worlds gain in which it is shuffled away. A yes stands clear of its tick. "
                f"{below}",
                gate_figures.evidence(result),
                gate_figures.evidence_table(result),
            )
        )
        return Figure(
            "How often each counting model ranks the item that came first. A sample of the "
            f"{below}",
            gate_figures.nested_models(result),
            pd.DataFrame([(each.name, each.uses, each.gain_nats, each.acc1)
                          for each in result.models],
                         columns=["model", "uses", "gain_nats", "acc1"]),
        )  # fmt: skip

    section.add(make)
    return section


def _counted(kind: str, frame, picture: go.Figure) -> Figure:
    return Figure(plots.in_words(kind, frame), picture, frame)


def _numbers(found) -> pd.DataFrame:
    frame = found.frame
    return frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index(names="when")


def _grain(store: Store) -> str:
    """Hours for up to a hundred days, else days: fine enough to see, coarse enough to be quick."""
    return "hour" if store.has_clock and store.summary()["n_days"] <= 100 else "day"

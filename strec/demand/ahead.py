"""What is counted of a large store before anybody looks: the answers lie beside it."""

from collections.abc import Callable

from strec import schema, spatial
from strec.demand import kept
from strec.demand.asking import panel, usual_question
from strec.demand.calendar import Calendar
from strec.demand.forecast import demand
from strec.errors import AnalysisError
from strec.progress import Progress, part_of, silent
from strec.store import HasStore, Store, need_store


def count_ahead(data: HasStore | Store, *, progress: Progress = silent) -> int:
    """Ask what every look at a store begins with, so that each look finds its answers.

    They are kept beside the store (see `strec.store.answers`), by the questions themselves: what
    is asked otherwise, with filters say, is counted when it is asked, and then kept too. Of a
    store that is counted in a moment nothing is kept, and nothing is asked.

    Parameters
    ----------
    data : Dataset or Store
        Whose folder can be written.
    progress : callable, optional
        Called with a text and the share done.

    Returns
    -------
    int
        How many questions were asked; none of a small store.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> count_ahead(Dataset.sample("travel"))
    0
    """
    store = need_store(data)
    if not store.keeps_answers:
        return 0
    asked: list[Callable[[], object]] = [
        store.summary,
        store.hour_weekday,
        store.day_hours,
        store.calendar,
    ]
    if store.has(schema.CATEGORY):
        asked += [store.by_category, store.category_hours]
    if store.has_places:
        asked += [lambda: _places(store), store.points, store.steps, lambda: _on_the_way(store)]
    if store.has_clock:
        asked.append(lambda: panel(store, *usual_question(store)))
    for number, ask in enumerate(asked):
        progress("Counting what every look begins with", number / len(asked))
        try:
            ask()
        except AnalysisError:
            # What these data cannot be asked is said when somebody asks it.
            continue
    return len(asked)


def _places(store: Store) -> None:
    """Ask for hexagons of the sizes that the first maps have."""
    suits = spatial.suggest_resolution(store)
    shows = spatial.resolution_that_shows(store)
    for resolution in {shows, max(shows - 1, 0)}:
        store.cells(resolution)
    store.cell_steps(shows, "day")
    if store.has_clock:
        store.cell_hours(max(suits - 1, 0))
        store.cell_weeks(shows)
        store.cell_steps(shows, "hour")


def _on_the_way(store: Store) -> None:
    """Ask for the flows that are shown, and for those by which distance is judged."""
    shows = spatial.resolution_that_shows(store)
    store.flows(resolution=shows, min_users=store.least_users)
    store.busiest_flows(shows)
    if not store.is_anonymous:
        store.gyration()


def forecast_ahead(data: HasStore | Store, *, progress: Progress = silent) -> bool:
    """Test all models on what a first look at a large store asks; the test is kept with it.

    Parameters
    ----------
    data : Dataset or Store
        Whose folder can be written.
    progress : callable, optional
        Called with a text and the share done.

    Returns
    -------
    bool
        Whether a test was made: not of a small store, nor where one is kept, nor where no hour
        is known or the data are too short.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> forecast_ahead(Dataset.sample("travel"))
    False
    """
    store = need_store(data)
    if not (store.keeps_answers and store.has_clock):
        return False
    calendar = Calendar.usual(store.time_zone)
    try:
        progress("Counting", 0.0)
        counted = panel(store, *usual_question(store))
        if kept.load(store, counted, calendar) is not None:
            return False
        past = demand(
            counted, calendar=calendar, refit=False, progress=part_of(progress, 0.2, 1.0)
        ).backtest
    except AnalysisError:
        return False
    kept.keep(store, past, calendar)
    return True

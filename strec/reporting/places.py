"""The sections of a report about space: where, how far, and where it is changing."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd

from strec import palette, plots, spatial
from strec.errors import AnalysisError
from strec.export import MIN_USERS
from strec.palette import BAD, DIVERGING, USER
from strec.plots import space as figures
from strec.plots.places import hexagon_figure, kinds_figure
from strec.reporting import methods
from strec.reporting.parts import Figure, Section
from strec.spatial.emerging import KINDS, MIN_PERIODS
from strec.store import Filters, Store
from strec.wording import round_distance

HOT = {"hotspot": BAD, "coldspot": USER}
CHANGED = {"gained share": DIVERGING[-1], "lost share": DIVERGING[0]}
TRENDS: dict[str, str] = dict(zip(KINDS.values(), palette.TRENDS, strict=True))


def where(store: Store) -> Section:
    """Answer where check-ins are, whether it is more than chance, and which part lives when."""
    section = Section("Where?", method=methods.WHERE)
    if not store.has_places:
        section.figures.append(Figure("None of the check-ins has a place."))
        return section
    below, size = note_of(store), spatial.resolution_that_shows(store)

    def hexagons() -> Figure:
        cells = store.cells(size)
        hidden = spatial.hidden_in_words(cells)
        if not len(cells):
            raise AnalysisError(
                "A map shows hexagons in which several people were.",
                hidden,
                "Add data, or look at the space page with smaller groups allowed.",
            )
        section.facts["n_hexagons"] = len(cells)
        width = f"about {spatial.hexagon_width_km(size):.1f} km wide"
        half = spatial.concentration(cells["n_checkins"])
        words = (
            f"Half of the check-ins shown fall in the {half:,} busiest of {len(cells):,} hexagons, "
            f"each {width}. {hidden}"
            if len(cells) > 1
            else f"All check-ins shown fall into one hexagon, {width}. {hidden}"
        )
        return Figure(words, hexagon_figure(cells, "Check-ins per hexagon", below), cells)

    def hotspots() -> Figure:
        found = spatial.hotspots(store)
        section.facts["hotspots"] = found.sentence
        named = {"hot": "hotspot", "cold": "coldspot"}
        shown = found.frame.assign(shown=found.frame["kind"].map(named).fillna(""))
        shown["tip"] = [
            f"{name or 'as by chance'}\n{n:,} check-ins\nGi* z = {z:.1f}, q = {q:.3f}"
            for name, n, z, q in zip(
                shown["shown"], shown["n_checkins"], shown["gi_z"], shown["q"], strict=True
            )
        ]
        picture = kinds_figure(shown, HOT, "Busier or quieter than chance", below)
        return Figure(found.sentence, picture, found.frame)

    def weeks() -> Figure:
        found = spatial.activity_map(store, "cell")
        section.facts["rhythms_of_places"] = found.sentence
        return Figure(found.sentence, figures.activity_profiles(found, below), found.clusters)

    for make in (hexagons, hotspots, weeks):
        section.add(make)
    return section


def how_far(store: Store) -> Section:
    """Answer how distance keeps people away, how far they roam, and how predictable they are."""
    section = Section("How far do people go?", method=methods.FAR)
    below = note_of(store)

    def decay() -> Figure:
        found = spatial.distance_decay(store)
        section.facts["distance_decay"] = found.sentence
        return Figure(found.sentence, figures.distance_decay(found, below), found.frame)

    def steps() -> Figure:
        found = store.steps()
        if not len(found):
            raise AnalysisError(
                "Lengths of steps need users who go from one place to another within a day.",
                "nobody does.",
                "Add data.",
            )
        if not store.is_anonymous:
            _refuse_few_users(found.attrs["n_users"])
        half, most = spatial.step_quantiles(found)
        # No finer than ten metres: places are not known better.
        half, most = (round_distance(max(km, 0.01)) for km in (half, most))
        words = f"Half of the steps are shorter than {half}, nine of ten than {most}."
        return Figure(words, figures.step_lengths(found, below), found)

    def roaming() -> Figure:
        found = store.gyration()
        _refuse_few_users(len(found))
        middle = round_distance(max(found["gyration_km"].median(), 0.01))
        words = (
            f"The check-ins of half of the users lie within {middle} of their centre "
            "(radius of gyration)."
        )
        return Figure(words, figures.roaming(found, below), _spread(found, "gyration_km"))

    def guesses() -> Figure:
        found = spatial.predictability(store)
        _refuse_few_users(len(found.frame))
        section.facts["predictability"] = found.sentence
        picture = figures.predictability(found.frame, below)
        return Figure(found.sentence, picture, _spread(found.frame, "predictability"))

    if store.has_places:
        for make in (decay, steps, roaming):
            section.add(make)
    section.add(guesses)
    return section


def changing(store: Store) -> Section:
    """Answer where the second half differs from the first, and where heat rises or falls."""
    section = Section("Where is it changing?", method=methods.CHANGING)
    if not store.has_places:
        section.figures.append(Figure("None of the check-ins has a place."))
        return section
    below, size, summary = note_of(store), spatial.resolution_that_shows(store), store.summary()

    def halves() -> Figure:
        middle = summary["first_date"] + timedelta(days=summary["n_days"] // 2)
        early = Filters(date_to=middle - timedelta(days=1))
        late = replace(Filters(), date_from=middle)
        found = spatial.change(
            *(store.cells(size, early, min_users=1), store.cell_days(size, early, min_users=1)),
            *(store.cells(size, late, min_users=1), store.cell_days(size, late, min_users=1)),
        )
        section.facts["change"] = found.sentence
        if not len(found.frame):
            raise AnalysisError(
                "A change is shown for hexagons with several users in either half.",
                spatial.hidden_in_words(found.frame),
                "Add data.",
            )
        named = {"more": "gained share", "less": "lost share"}
        shown = found.frame.assign(shown=found.frame["kind"].map(named).fillna(""))
        shown["tip"] = [
            f"{100 * a:.1f} % before, {100 * b:.1f} % after"
            for a, b in zip(shown["share_before"], shown["share_after"], strict=True)
        ]
        words = f"From before {middle} to after. {found.sentence}"
        return Figure(words, kinds_figure(shown, CHANGED, "What changed", below), found.frame)

    def trends() -> Figure:
        grain = "week" if summary["n_days"] >= 7 * (MIN_PERIODS + 2) else "day"
        found = spatial.emerging(store, grain)
        section.facts["trends"] = found.sentence
        shown = found.frame.assign(shown=[KINDS.get(kind, "") for kind in found.frame["kind"]])
        shown["tip"] = [
            f"{name or 'no trend shown'}\nheat {a:.1f} → {b:.1f}, q = {q:.3f}"
            for name, a, b, q in zip(
                shown["shown"], shown["z_first"], shown["z_last"], shown["q"], strict=True
            )
        ]
        return Figure(
            found.sentence, kinds_figure(shown, TRENDS, "Where heat rises or falls", below),
            found.frame,
        )  # fmt: skip

    section.add(halves)
    section.add(trends)
    return section


def note_of(store: Store) -> str:
    """Return what stands under every figure: check-ins, users, time zone."""
    summary = store.summary()
    return plots.note(summary["n_checkins"], summary["n_users"], store.time_zone)


def _refuse_few_users(n_users: int) -> None:
    if n_users < MIN_USERS:
        raise AnalysisError(
            f"How users move is shown for {MIN_USERS} or more of them: fewer could be told apart.",
            f"{n_users:,}.",
            "Add data, or look at the space page.",
        )


def _spread(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Quantiles in place of users: a report is passed on."""
    shares = [k / 20 for k in range(21)]
    return pd.DataFrame({"share_of_users": shares, column: frame[column].quantile(shares)})

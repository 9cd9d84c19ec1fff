"""No table, picture, tooltip or download of the analysis pages has a count of one user."""

import pandas as pd
import polars as pl
import pytest

from pages.shared import ui
from strec import export
from strec.export import MIN_USERS
from strec.reporting import Analysis
from strec.reporting.sections import sections
from strec.store import Filters, Store
from tests import hermit
from tests.hermit import LONELY
from tests.pages import test_space_page as space
from tests.pages import test_time_page as time
from tests.pages.alone import alone

#: Tables with a row per user are of persons, and say so; their counts are not of groups.
OF_USERS = {"weeks-of-users", "similar-users"}


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("town") / "store"
    return Store.create(hermit.town(), folder, name="A town", time_zone="Europe/Madrid")


@pytest.fixture()
def leaving(monkeypatch) -> dict[str, list]:
    """Return what a page shows and offers: frames by name, and texts of figures and maps."""
    gone: dict[str, list] = {"frames": [], "texts": []}

    def downloads(name, frame, key):
        gone["frames"].append((name, pd.DataFrame(frame)))

    def download(label, make, file_name, mime, key, **more):
        made = make() if callable(make) else make
        gone["texts"].append(made if isinstance(made, str) else made.decode("utf-8", "ignore"))

    def watched(show):
        def shown(picture, *args, **more):
            gone["texts"].append(picture.to_json())
            return show(picture, *args, **more)

        return shown

    monkeypatch.setattr(ui, "downloads", downloads)
    monkeypatch.setattr(ui, "download", download)
    monkeypatch.setattr(ui, "figure", watched(ui.figure))
    monkeypatch.setattr(ui, "deck", watched(ui.deck))
    return gone


def nobody_stands_out(gone: dict[str, list]) -> None:
    assert gone["frames"] or gone["texts"]
    for name, frame in gone["frames"]:
        if name in OF_USERS:
            continue
        assert LONELY not in frame.to_csv(), name
        if "n_users" in frame and export._TELLING & set(frame.columns):
            assert not frame["n_users"].between(1, MIN_USERS - 1).any(), name
    assert not any(LONELY in text for text in gone["texts"])


@pytest.mark.slow
@pytest.mark.parametrize("part", space.PARTS)
def test_nobody_stands_out_in_space(town, leaving, part):
    space.fine(space.page(town, part))
    if part == "Change":
        app = space.page(town, part)
        app.segmented_control(key="change_kind").set_value("Trends").run()
        space.fine(app)
    nobody_stands_out(leaving)


@pytest.mark.slow
def test_nobody_stands_out_in_what_something_changed(town, leaving):
    app = alone("space", 120)
    app.session_state["store"] = town
    app.query_params["at"] = "hut"
    app.run()
    app.segmented_control(key="space_part").set_value("Did it work?").run()
    assert not app.exception
    offered = app.multiselect[-1]
    assert offered.options and LONELY not in offered.options and not offered.value
    offered.set_value([offered.options[0]]).run()
    assert "would have come without it" in space.words(app)
    nobody_stands_out(leaving)


@pytest.mark.slow
def test_nobody_stands_out_in_demand(town, leaving):
    app = alone("demand", 120)
    app.session_state["store"] = town
    app.run()
    assert not app.exception and {"demand", "demand-place"} <= {n for n, _ in leaving["frames"]}
    nobody_stands_out(leaving)


@pytest.mark.slow
def test_nobody_stands_out_in_an_evaluation(town, leaving):
    app = alone("evaluate", 120)
    app.session_state["store"] = town
    app.run()
    app.segmented_control(key="evaluate_view").set_value("Slices").run()
    app.selectbox(key="evaluate_by").set_value("category").run()
    assert not app.exception and {"slices", "comparison"} <= {n for n, _ in leaving["frames"]}
    nobody_stands_out(leaving)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["Kinds", "Hours of the day", "Hours of the week", "Map"])
def test_nobody_stands_out_in_a_comparison(town, leaving, part):
    app = alone("compare", 120)
    app.session_state["store"] = town
    app.session_state["compare_part_6"] = part
    app.run()
    assert not app.exception and leaving["texts"]
    assert LONELY not in space.words(app)
    nobody_stands_out(leaving)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["privacy", "data"])
def test_nobody_stands_out_where_the_data_are_judged(town, leaving, page):
    app = alone(page, 120)
    app.session_state["store"] = town
    app.run()
    assert not app.exception
    # The check-ins themselves belong to who gave them: a protected file is one of them.
    pictures = [text for text in leaving["texts"] if text.startswith("{")]
    assert not any(LONELY in text for text in pictures)
    assert not any(LONELY in frame.to_csv() for _, frame in leaving["frames"])


@pytest.mark.slow
def test_nobody_stands_out_in_the_week(town, leaving):
    app = time.page(town)
    assert not app.exception
    nobody_stands_out(leaving)


@pytest.mark.slow
def test_hours_of_a_slice_hide_what_few_did(town, leaving):
    """The counts of a chosen kind are shown hour by hour only where five people make them."""
    kind = town.by_category(1)["category"].iloc[0]
    app = time.page(town, filters=Filters(categories=(kind,)))
    assert not app.exception and "fewer than 5 users not shown" in time.words(app)
    frames = dict(leaving["frames"])
    for name in ("hours-of-the-week", "days", "hours-of-the-day"):
        assert not frames[name]["n_users"].between(1, MIN_USERS - 1).any(), name
        assert frames[name]["n_checkins"].isna().any() or name == "hours-of-the-day"
    true = town.checkins().filter(pl.col("category") == kind)
    few = true.group_by("local_date").agg(pl.col("user_id").n_unique()).filter(
        pl.col("user_id") < MIN_USERS
    )  # fmt: skip
    days = frames["days"]
    assert days["n_checkins"].isna().sum() == len(few)
    assert set(days["period"][days["n_checkins"].isna()].dt.date) == set(few["local_date"])


def test_a_series_of_a_slice_leaves_out_what_few_did(town):
    from strec import temporal

    kind = Filters(categories=(town.by_category(1)["category"].iloc[0],))
    shown = temporal.series(town, "day", filters=kind, min_users=MIN_USERS)
    whole = temporal.series(town, "day", filters=kind)
    assert shown.frame["value"].isna().sum() > 0 and whole.frame["value"].isna().sum() == 0
    assert any("fewer than 5 users left out" in note for note in shown.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "title",
    ["What is it?", "When?", "Where?", "How far do people go?", "Where is it changing?"],
)
def test_a_report_has_no_word_of_what_one_person_did(town, title):
    section = dict(sections(town))[title]()
    assert section.figures and LONELY not in Analysis(town.name, "", [section]).html()


def test_data_of_few_people_are_shown_to_their_owner(town, tmp_path):
    two = town.checkins().filter(pl.col("user_id").is_in(town.users()["user_id"][:2].to_list()))
    store = Store.create(two, tmp_path / "two", name="Two people")
    assert len(store.by_category()) and store.category_hours()["n_checkins"].notna().all()

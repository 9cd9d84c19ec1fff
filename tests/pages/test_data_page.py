"""The Data page: from any file to the data set in use, and nothing lost when a file is bad."""

from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from streamlit.testing.v1 import AppTest

from pages.shared import in_use
from strec.cleaning import Recipe, clean
from strec.cli import main
from strec.io import read, samples
from strec.profiling import quality
from strec.schema import example
from strec.store import Store
from strec.wording import moment
from tests import corpus
from tests.pages.alone import alone
from tests.tables import fixes

pytestmark = pytest.mark.slow

BEFORE = "The data set from before"


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Store:
    return Store.create(example(), tmp_path_factory.mktemp("before") / "store", name=BEFORE)


@pytest.fixture
def app(before, tmp_path, monkeypatch) -> AppTest:
    """The page with a small data set in use, and workspaces in a folder of the test."""
    monkeypatch.setattr(in_use, "_STORES", tmp_path / "workspaces")
    app = alone("data")
    app.session_state["store"] = before
    return app.run()


def upload(app: AppTest, *paths: Path) -> AppTest:
    files = [(path.name, path.read_bytes(), "application/octet-stream") for path in paths]
    return app.file_uploader(key="data_upload").set_value(files).run()


def use(app: AppTest) -> Store:
    app.button(key="data_use").click().run()
    assert not app.exception and not app.error
    return app.session_state["store"]


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.info, app.success, app.warning)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def metrics(app: AppTest) -> dict[str, str]:
    """Return the headline: the first number under each label."""
    return {metric.label: metric.value for metric in reversed(app.metric)}


def widget(elements, start: str):
    """Return the widget whose key begins so; keys end in the draft's version."""
    return next(each for each in elements if (each.key or "").startswith(start))


# ---------------------------------------------------------------- samples


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_each_sample_has_a_card_that_says_what_it_is_and_can_be_used(app, sample):
    said = text_of(app)
    assert sample.story in said and "Simulated" in said and "Real data" in said
    app.button(key=f"data_sample_{sample.name}").click().run()
    assert not app.exception and not app.error
    assert app.session_state["store"].name == sample.title
    assert app.button(key=f"data_sample_{sample.name}").disabled


# ---------------------------------------------------------------- good files


def test_a_good_file_needs_one_button(app, tmp_path):
    path = corpus.make("plain", tmp_path)
    upload(app, path)
    assert not app.exception and not app.error and not app.radio
    assert metrics(app)["Check-ins"] == "60" and metrics(app)["Users"] == "6"
    for line in ("**User** = user", "**Item** = venue", "**Time** = time"):
        assert line in text_of(app)
    assert app.session_state["store"].name == BEFORE
    store = use(app)
    assert store.name == "Plain" and store.time_zone == "America/New_York"
    assert_frame_equal(
        store.checkins(columns=list(read(path).checkins.columns)), clean(read(path).checkins)[0]
    )
    # An upload has no folder of pictures on this computer.
    assert store.pictures is None
    assert "Every page now shows this data set" in text_of(app)


def test_a_file_that_was_read_before_opens_at_once_and_can_be_read_anew(app, tmp_path):
    path = corpus.make("plain", tmp_path)
    upload(app, path)
    made = use(app)
    app.button(key="data_drop").click().run()
    app.session_state["store"] = Store(app.session_state["store"].folder)
    copy = path.with_name("called otherwise.csv")
    copy.write_bytes(path.read_bytes())
    upload(app, copy)
    assert not app.exception and not app.error and not app.metric
    assert app.session_state["store"].folder == made.folder
    assert "was read before, with the same content" in text_of(app)
    app.button(key="data_anew").click().run()
    assert metrics(app)["Check-ins"] == "60"
    # What was changed is another file, and what is gone is read again.
    app.button(key="data_drop").click().run()
    copy.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    upload(app, copy)
    assert "was read before" not in text_of(app) and metrics(app)["Check-ins"] == "60"
    app.button(key="data_drop").click().run()
    (made.folder / "checkins.parquet").unlink()
    upload(app, path)
    assert "was read before" not in text_of(app) and metrics(app)["Check-ins"] == "60"


def test_what_somebody_else_has_read_is_not_known(app, before, tmp_path):
    path = corpus.make("plain", tmp_path)
    upload(app, path)
    use(app)
    other = alone("data")
    other.session_state["store"] = before
    upload(other.run(), path)
    assert "was read before" not in text_of(other)
    assert other.session_state["store"].name == BEFORE


def test_two_files_that_belong_together(app, data_dir):
    folder = data_dir / "flickr_tours"
    upload(app, folder / "poi-Edin.csv", folder / "traj-Edin.csv")
    assert "Recognised: **Flickr visits to sights" in text_of(app)
    store = use(app)
    assert store.meta["n_items"] == 28 and store.has_places


@pytest.mark.parametrize(
    ("name", "title", "n"),
    [
        ("foursquare_calgary/checkins.csv.gz", "Foursquare check-ins joined", 5648),
        ("movielens_100k/u.data", "MovieLens 100k", 100_000),
        ("format_samples/loc-gowalla_format_sample.txt", "SNAP Gowalla", None),
        ("format_samples/dataset_TSMC2014_sample.txt", "Foursquare New York", None),
    ],
)
def test_known_files_are_recognised(app, data_dir, name, title, n):
    upload(app, data_dir / name)
    assert f"Recognised: **{title}" in text_of(app)
    store = use(app)
    assert n is None or store.meta["n_checkins"] == n


def test_one_file_of_two_says_which_is_missing(app, data_dir):
    upload(app, data_dir / "flickr_tours" / "poi-Edin.csv")
    assert "the file with the check-ins themselves is needed" in app.error[0].value
    assert app.session_state["store"].name == BEFORE


def test_a_spreadsheet_of_another_country(app, tmp_path):
    upload(app, corpus.make("german", tmp_path))
    assert "**User** = Kunde" in text_of(app) and "day first" in text_of(app)
    store = use(app)
    first = store.checkins().sort("timestamp").row(0, named=True)
    assert first["timestamp"].isoformat() == "2024-03-01T13:00:00+00:00"
    assert (first["lat"], first["value"]) == (40.7012, 0.5)


@pytest.mark.parametrize("name", ["json_lines", "parquet", "geojson", "gzipped", "one_row"])
def test_other_kinds_and_very_small_files(app, tmp_path, name):
    upload(app, corpus.make(name, tmp_path))
    assert use(app).meta["n_checkins"] == (1 if name == "one_row" else 60)


def test_a_local_path_is_read_where_it_lies(app, tmp_path, monkeypatch):
    path = corpus.make("plain", tmp_path)
    monkeypatch.setenv("STREC_LOCAL_FILES", "1")
    app.run()
    app.text_area(key="data_path").set_value(f'"{path}"')
    app.button(key="data_path_open").click().run()
    store = use(app)
    assert store.meta["n_checkins"] == 60 and path.exists()
    # Pictures are looked for beside it.
    assert store.pictures == tmp_path.resolve()


def test_a_local_folder_stands_for_its_files(app, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    corpus.make("plain", tmp_path / "mine")
    monkeypatch.setenv("STREC_LOCAL_FILES", "1")
    app.run()
    app.text_area(key="data_path").set_value(str(tmp_path / "mine"))
    app.button(key="data_path_open").click().run()
    store = use(app)
    assert store.meta["n_checkins"] == 60 and store.pictures == (tmp_path / "mine").resolve()


def test_the_folder_of_a_store_opens_as_it_is(app, tmp_path, monkeypatch):
    lies = Store.create(example(), tmp_path / "lies", name="A city of friends")
    monkeypatch.setenv("STREC_LOCAL_FILES", "1")
    app.run()
    app.text_area(key="data_path").set_value(str(tmp_path / "lies"))
    app.button(key="data_path_open").click().run()
    used = app.session_state["store"]
    assert not app.exception and used.folder == lies.folder and used.meta == lies.meta
    # A reload finds it again; a store that is called like a sample is none.
    again = alone("data")
    again.query_params["data"] = app.query_params["data"]
    assert again.run().session_state["store"].folder == lies.folder
    assert not again.error and "A city of friends" in text_of(again)


def test_the_app_may_be_started_with_a_store(tmp_path, monkeypatch):
    lies = Store.create(example(), tmp_path / "lies", name="Mine")
    monkeypatch.setenv("STREC_STORE", str(lies.folder))
    in_use._opened.clear()
    try:
        assert alone("data").run().session_state["store"].folder == lies.folder
    finally:
        monkeypatch.delenv("STREC_STORE")
        in_use._opened.clear()


@pytest.mark.parametrize(
    "text", ["user,item,time\n" + "u1,i1,2024-05-01T08:00:00,a remark of some length," * 99,
             "~nobody-here/visits.csv", "https://strec.example/visits.csv"]
)  # fmt: skip
def test_what_is_no_path_is_explained(app, text, monkeypatch):
    monkeypatch.setenv("STREC_LOCAL_FILES", "1")
    app.run()
    app.text_area(key="data_path").set_value(text)
    app.button(key="data_path_open").click().run()
    assert not app.exception and "there is no" in text_of(app)


def test_local_paths_are_for_the_person_at_this_computer(app, monkeypatch):
    monkeypatch.setenv("STREC_LOCAL_FILES", "0")
    app.run()
    assert not app.text_area


def test_a_large_table_is_cleaned_from_the_disk_and_measured_in_part(app, tmp_path, monkeypatch):
    from pages.parts.data import draft, quality
    from strec.cleaning import run

    for module in (draft, quality):
        monkeypatch.setattr(module, "MOST_IN_MEMORY", 30)
    monkeypatch.setattr(draft, "KEPT_CHECKINS", 30)
    monkeypatch.setattr(run, "IN_MEMORY", 30)
    path = corpus.make("null_islands", tmp_path)
    upload(app, path)
    assert not app.exception and not app.error
    assert app.toggle and "15 values changed" in text_of(app)
    assert metrics(app)["Check-ins"] == "60"
    assert "of 60 check-ins: those of some users" in text_of(app)
    assert use(app).checkins().filter(pl.col("lat").is_null()).height == 15


# ---------------------------------------------------------------- questions and columns


def test_day_or_month_is_asked_and_never_guessed(app, tmp_path):
    path = corpus.make("ambiguous_dates", tmp_path)
    upload(app, path)
    assert not any(button.key == "data_use" for button in app.button)
    question = widget(app.radio, "data_question_time_format")
    assert question.value is None and "day or the month" in question.label
    question.set_value(1).run()
    expected = clean(read(path, day_first=False).checkins)[0]
    assert_frame_equal(use(app).checkins(columns=expected.columns), expected)


def test_an_answer_can_be_changed(app, tmp_path):
    path = corpus.make("ambiguous_dates", tmp_path)
    upload(app, path)
    widget(app.radio, "data_question_time_format").set_value(1).run()
    widget(app.radio, "data_question_time_format").set_value(0).run()
    expected = clean(read(path, day_first=True).checkins)[0]
    assert_frame_equal(use(app).checkins(columns=expected.columns), expected)


def test_without_a_user_column_somebody_must_say_who(app, tmp_path):
    upload(app, corpus.make("no_user", tmp_path))
    question = widget(app.radio, "data_question_user")
    question.set_value(len(question.options) - 2).run()  # all rows are one user
    assert "Only one user" in text_of(app)
    assert use(app).meta["n_users"] == 1


def test_swapped_coordinates_are_asked(app, tmp_path):
    upload(app, corpus.make("swapped_new_york", tmp_path))
    widget(app.radio, "data_question_coordinate_order").set_value(0).run()
    assert use(app).items()["lat"].min() > 40


def test_metres_of_a_projection_are_asked_for_their_number(app, tmp_path):
    """UTM 32 is asked about with where each projection puts the middle, and read by PROJ."""
    from pyproj import Transformer

    to_metres = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True)
    lines = ["user,venue,time,x,y"]
    for i, row in enumerate(corpus.rows(30)):
        x, y = to_metres.transform(9.9 + i % 10 / 100, 53.5 + i % 10 / 200)
        lines.append(f"{row[0]},{row[1]},{row[2]},{x:.1f},{y:.1f}")
    path = tmp_path / "hamburg.csv"
    path.write_text("\n".join(lines))
    upload(app, path)
    question = widget(app.radio, "data_question_places")
    assert "EPSG" in question.label and not app.exception
    chosen = next(i for i, option in enumerate(question.options) if "25832" in option)
    question.set_value(chosen).run()
    used = use(app).items()
    assert 53.4 < used["lat"].min() < used["lat"].max() < 53.6 and used["lon"].max() < 10


def test_any_projection_can_be_typed(app, tmp_path):
    lines = ["user,venue,time,easting,northing"]
    lines += [f"{r[0]},{r[1]},{r[2]},{2_600_000 + i * 53},{1_200_000 + i * 31}"
              for i, r in enumerate(corpus.rows(30))]  # fmt: skip
    path = tmp_path / "bern.csv"
    path.write_text("\n".join(lines))
    upload(app, path)
    widget(app.text_input, "data_crs").set_value("EPSG:999999").run()
    assert "999999" in text_of(app)
    widget(app.text_input, "data_crs").set_value("EPSG:2056").run()
    items = use(app).items()
    assert 46.9 < items["lat"].min() < 47 and 7.4 < items["lon"].min() < 7.5


def test_a_raw_track_becomes_stays_by_thresholds_that_can_be_moved(app, tmp_path):
    path = tmp_path / "track.csv"
    fixes().select("user_id", "timestamp", "lat", "lon").write_csv(path)
    upload(app, path)
    assert "This looks like a raw track: 1,440 fixes became 3 stays at 2 places." in text_of(app)
    app.toggle(key="data_track_map").set_value(True).run()
    assert not app.exception and "Lines: the fixes" in text_of(app)
    widget(app.slider, "data_track_0_minutes").set_value(120).run()
    assert not app.exception and "1,440 fixes became" in text_of(app)
    assert 120 in [each.value for each in app.number_input if "stays" in (each.key or "")]
    app.toggle(key="data_track_1_on").set_value(False).run()
    assert "need stays first" in text_of(app)
    assert metrics(app)["Check-ins"] == "1,440"


def test_the_time_zone_is_said_and_can_be_changed(app, tmp_path):
    upload(app, corpus.make("plain", tmp_path))
    zone = widget(app.selectbox, "data_zone")
    assert zone.value == "America/New_York" and "Which zone" in zone.label
    zone.set_value("Asia/Tokyo").run()
    store = use(app)
    assert store.time_zone == "Asia/Tokyo"
    assert store.checkins()["utc_offset_min"].unique().to_list() == [540]


def test_columns_can_be_corrected(app, tmp_path):
    body = [(*row, row[1].upper()) for row in corpus.rows()]
    path = tmp_path / "shops.csv"
    path.write_text(corpus.table(body, (*corpus.HEADER, "brand")))
    upload(app, path)
    widget(app.selectbox, "data_column_item_id").set_value("brand")
    widget(app.selectbox, "data_column_category").set_value("venue")
    app.button(key="data_columns_apply").click().run()
    assert "**Item** = brand" in text_of(app)
    row = use(app).checkins().row(0, named=True)
    assert row["item_id"] == row["category"].upper()


def test_a_trip_ends_by_the_clock_that_it_begins_by(app, tmp_path):
    rows = "\n".join(
        f"2023-01-03 09:{n:02d}:34,2023-01-03 10:{n:02d}:34,311{n % 4}0,311{n % 3}1,W{n:02d},Member"
        for n in range(40)
    )
    path = tmp_path / "trips.csv"
    head = "Start date,End date,Start station number,End station number,Bike number,Member type"
    path.write_text(f"{head}\n{rows}\n")
    app = upload(app, path)
    shown = next(each.value for each in app.dataframe if "End" in each.value.columns)
    apart = pd.to_datetime(shown["End"]) - pd.to_datetime(shown["Local time"])
    assert (apart == pd.Timedelta(hours=1)).all()


def test_the_first_rows_are_the_files_own(app, tmp_path):
    """What strec put together of two columns stands in no file."""
    path = tmp_path / "visits.csv"
    path.write_text("who,what,date,clock\n" + "".join(
        f"u{k % 3},i{k % 4},2024-05-{k + 1:02d},{k:02d}:15\n" for k in range(20)
    ))  # fmt: skip
    upload(app, path)
    assert not app.exception and "put together" in text_of(app)
    assert list(app.dataframe[1].value.columns) == ["who", "what", "date", "clock"]
    # It can be taken for something, and other things are corrected beside it.
    widget(app.selectbox, "data_column_category").set_value("what")
    app.button(key="data_columns_apply").click().run()
    assert not app.exception and not app.error
    assert list(app.dataframe[1].value.columns) == ["who", "what", "date", "clock"]
    assert use(app).checkins()["timestamp"].dt.minute().unique().to_list() == [15]


def test_decimals_can_be_corrected(app, tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("user;item;time;price\nu1;i1;2024-05-01T08:00Z;3,125\n")
    upload(app, path)
    widget(app.selectbox, "data_setting_Decimals").set_value("point")
    app.button(key="data_columns_apply").click().run()
    assert use(app).checkins()["value"].to_list() == [3125]


def test_a_choice_that_cannot_be_read_is_explained_and_taken_back(app, tmp_path):
    upload(app, corpus.make("plain", tmp_path))
    widget(app.selectbox, "data_column_timestamp").set_value("venue")
    app.button(key="data_columns_apply").click().run()
    assert "The time column holds dates" in app.error[0].value
    assert use(app).meta["n_checkins"] == 60


# ---------------------------------------------------------------- rows left out, cleaning, quality


def test_rows_left_out_are_counted_by_reason(app, tmp_path):
    upload(app, corpus.make("gaps", tmp_path))
    assert [tab.label for tab in app.tabs][2] == "Rows left out (4)"
    reasons = next(f.value for f in app.dataframe if "Reason" in f.value.columns)
    assert dict(zip(reasons["Reason"], reasons["Rows"], strict=True)) == {
        "no user": 1, "no item": 1, "no time": 1, "the time is not understood": 1,
    }  # fmt: skip
    labels = [button.label for button in app.get("download_button")]
    assert labels == ["Rows left out, as CSV", "Recipe as YAML", "The report as a web page"]


def step_key(name: str, part: str) -> str:
    number = [step.name for step in Recipe.default().steps].index(name)
    return f"data_step_{number}_{name}_0_{part}"


def test_a_step_switched_on_cleans_anew_and_the_shell_does_the_same(app, tmp_path):
    path = tmp_path / "visits.csv"
    user, _, *when_and_where = corpus.rows(1)[0]
    path.write_text(corpus.table([*corpus.rows(), (user, "rare", *when_and_where)]))
    upload(app, path)
    app.toggle(key=step_key("k_core", "on")).set_value(True).run()
    assert "Cleaning removed every check-in" in app.warning[0].value
    app.number_input(key=step_key("k_core", "min_per_item")).set_value(6).run()
    app.toggle(key=step_key("impossible_speed", "on")).set_value(False).run()
    table = next(f.value for f in app.dataframe if "Check-ins before" in f.value.columns)
    assert table.iloc[-1].to_dict() == {
        "Step": "Rare users and items (k-core)", "Check-ins before": 61, "Check-ins after": 60,
        "Values changed": 0, "Users before": 6, "Users after": 6, "Items before": 11,
        "Items after": 10,
    }  # fmt: skip
    assert "Impossible speed" not in list(table["Step"])
    store = use(app)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(app.session_state["data_draft"].full_recipe().to_text(), encoding="utf-8")
    out = tmp_path / "shell.parquet"
    with pytest.raises(SystemExit) as end:
        main(["clean", str(path), "--recipe", str(recipe), "--out", str(out)])
    assert not end.value.code
    shell = pl.read_parquet(out)
    assert shell.height == 60
    assert_frame_equal(store.checkins(columns=shell.columns), shell)
    assert store.meta["recipe"] == Recipe.load(recipe).to_dict()


def test_missing_places_can_be_interpolated_from_the_page(app, tmp_path):
    body = corpus.rows()
    gone = [(*row[:3], "", "") if i in (20, 33) else row for i, row in enumerate(body)]
    path = tmp_path / "gone.csv"
    path.write_text(corpus.table(gone))
    upload(app, path)
    app.toggle(key=step_key("missing_place", "on")).set_value(True).run()
    app.selectbox(key=step_key("missing_place", "way")).set_value("linear").run()
    app.toggle(key=step_key("missing_place", "item_first")).set_value(False).run()
    app.number_input(key=step_key("missing_place", "max_gap_hours")).set_value(0.0).run()
    found = use(app).checkins().sort("user_id", "timestamp")
    frame = read(path).checkins.to_pandas().sort_values(["user_id", "timestamp"])
    expected = pd.concat(
        part.set_index("timestamp")["lat"].interpolate(method="time", limit_area="inside")
        for _, part in frame.groupby("user_id")
    )
    assert frame["lat"].isna().sum() == 2 and expected.notna().all()
    assert found["lat"].to_list() == pytest.approx(expected.to_list())


def test_a_recipe_saved_earlier_sets_steps_and_columns(app, tmp_path):
    path = corpus.make("ambiguous_dates", tmp_path)
    mapping = read(path, day_first=True).mapping.to_dict()
    recipe = Recipe(Recipe.default().change("near_duplicates", enabled=True).steps, mapping)
    upload(app, path)
    widget(app.radio, "data_question_time_format").set_value(1).run()
    uploader = widget(app.file_uploader, "data_recipe_upload")
    wrong = Recipe.default().to_text().replace("k_core", "l_core").encode()
    uploader.set_value(("wrong.yaml", wrong, "application/yaml")).run()
    assert "Did you mean 'k\\_core'" in app.error[0].value
    uploader = widget(app.file_uploader, "data_recipe_upload")
    uploader.set_value(("good.yaml", recipe.to_text().encode(), "application/yaml")).run()
    assert not app.error and "Columns and times are read as it says" in text_of(app)
    assert widget(app.toggle, "data_step_6_near_duplicates").value is True
    expected = clean(read(path, day_first=True).checkins, recipe)[0]
    assert_frame_equal(use(app).checkins(columns=expected.columns), expected)


def test_the_command_repeats_it(app, tmp_path):
    path = corpus.make("plain", tmp_path).rename(tmp_path / "my visits.csv")
    upload(app, path)
    assert app.code[0].value == (
        "strec clean 'my visits.csv' --recipe recipe.yaml --out checkins.parquet"
    )


def test_a_recipe_that_removes_everything_leaves_the_data_from_before(app, tmp_path):
    upload(app, corpus.make("one_row", tmp_path))
    app.toggle(key=step_key("k_core", "on")).set_value(True).run()
    assert not app.exception and not app.error
    assert "Cleaning removed every check-in" in app.warning[0].value
    assert app.session_state["store"].name == BEFORE
    app.toggle(key=step_key("k_core", "on")).set_value(False).run()
    assert use(app).meta["n_checkins"] == 1


def test_the_quality_is_that_of_the_table_and_of_the_store(app, tmp_path):
    path = corpus.make("null_islands", tmp_path)
    upload(app, path)
    cleaned = quality(clean(read(path).checkins)[0])
    assert metrics(app)["First day"] == moment(cleaned.first, "%-d %b %Y")
    app.segmented_control(key="data_quality_which").set_value("read.parquet").run()
    assert "15 places at latitude 0, longitude 0" in text_of(app)


# ---------------------------------------------------------------- bad files

ERRORS = [name for name, expected in corpus.NAMES.items() if expected == "error"]
ASKED = {"ambiguous_dates", "no_user", "swapped_new_york", "projected", "times_unreadable"}


@pytest.mark.parametrize("name", [n for n in ERRORS if n not in ASKED])
def test_a_bad_file_says_needed_found_and_mend_and_loses_nothing(app, tmp_path, name):
    upload(app, corpus.make(name, tmp_path))
    assert not app.exception
    assert "Found:" in app.error[0].value and ":material/build:" in app.error[0].value
    assert "Something went wrong" not in app.error[0].value
    assert app.session_state["store"].name == BEFORE
    assert not any(button.key == "data_use" for button in app.button)


def test_after_a_bad_file_a_good_one_can_be_given(app, tmp_path):
    upload(app, corpus.make("binary_junk", tmp_path))
    app.button(key="data_drop").click().run()
    upload(app, corpus.make("plain", tmp_path))
    assert use(app).meta["n_checkins"] == 60


@pytest.mark.parametrize("name", sorted(ASKED))
def test_what_only_a_person_knows_is_asked_before_anything_is_read(app, tmp_path, name):
    upload(app, corpus.make(name, tmp_path))
    assert not app.exception and not app.error and app.radio[0].value is None
    assert "Answer the question above" in app.info[0].value
    assert not any(button.key == "data_use" for button in app.button)
    assert app.session_state["store"].name == BEFORE


def test_an_answer_that_does_not_help_is_explained_and_taken_back(app, tmp_path):
    upload(app, corpus.make("times_unreadable", tmp_path))
    app.radio[0].set_value(0).run()
    assert "The time column holds dates" in app.error[0].value
    assert app.radio[0].value is None


def test_other_files_can_be_chosen_and_uploads_are_deleted(app, tmp_path):
    upload(app, corpus.make("plain", tmp_path))
    folder = app.session_state["data_draft"].folder
    assert (folder / "upload0").exists()
    app.button(key="data_drop").click().run()
    assert not folder.exists() and "data_draft" not in app.session_state
    assert app.session_state["store"].name == BEFORE


def test_names_from_the_browser_never_become_paths_or_markup(app, tmp_path):
    data = corpus.make("plain", tmp_path).read_bytes()
    name = "../../**bold**<img src=x>.csv"
    app.file_uploader(key="data_upload").set_value([(name, data, "text/csv")]).run()
    assert not app.exception and "\\*\\*bold\\*\\*" in text_of(app)
    folder = app.session_state["data_draft"].folder
    assert [path.name for path in folder.iterdir()] == ["upload0"]


def test_large_tables_wait_in_files_and_come_to_the_same(app, tmp_path, monkeypatch):
    from pages.parts.data import draft as drafts
    from pages.parts.data.draft import CLEANED, READ

    file = corpus.make("plain", tmp_path)
    upload(app, file)
    draft = app.session_state["data_draft"]
    small = {which: draft.rows(which).collect() for which in (READ, CLEANED)}
    monkeypatch.setattr(drafts, "KEPT_CHECKINS", 0)
    app.button(key="data_drop").click().run()
    upload(app, file)
    draft = app.session_state["data_draft"]
    assert (draft.folder / READ).exists()
    assert all(draft.rows(which).collect().equals(small[which]) for which in (READ, CLEANED))


# ---------------------------------------------------------------- items that nobody took yet


def tell(app: AppTest, text: str, name: str = "shops.csv") -> AppTest:
    uploader = widget(app.file_uploader, "data_untaken_")
    return uploader.set_value([(name, text.encode(), "text/csv")]).run()


def test_a_list_of_items_that_nobody_took_is_kept_with_the_data(app, before):
    tell(app, "id,name,type,lat,lon\ncafe,?,x,1,1\npool,The Pool,Park,40.78,-73.97\npool,,,,\n")
    assert not app.exception and not app.error
    told = app.session_state["store"]
    assert told.catalogue["item_id"].to_list() == ["cafe", "pool"]
    assert told.name == BEFORE and told.fingerprint != before.fingerprint
    assert told.folder.parent.parent == in_use._STORES and told.folder.exists()
    said = text_of(app)
    assert "Item = id" in said.replace("\\", "") and "names an item again" in said
    assert "1 of the 2 items has check-ins already" in said
    app.button(key="data_untaken_out").click().run()
    assert app.session_state["store"].catalogue is None
    assert app.session_state["store"].fingerprint == before.fingerprint


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("id,name\n", "no rows"), ("a,b\n1.5,2.5\n", "which item each row is")],
)
def test_a_list_that_is_none_says_why_and_changes_nothing(app, before, text, said):
    tell(app, text)
    assert not app.exception and said in "\n".join(each.value for each in app.error)
    assert app.session_state["store"] is before


def test_a_sample_told_of_new_items_is_a_person_s_own(app):
    app.button(key="data_sample_travel").click().run()
    shared = app.session_state["store"]
    tell(app, "id,type\nnew,Museum\n")
    own = app.session_state["store"]
    assert not app.exception and own.folder != shared.folder and shared.catalogue is None
    assert own.name.endswith(", and new items")
    assert app.button(key="data_sample_travel").label == "Use this sample"

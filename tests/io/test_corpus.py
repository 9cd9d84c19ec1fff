"""Every file of the corpus: a clear error that loses nothing, or check-ins."""

import polars as pl
import pytest

from strec import schema
from strec.errors import LimitError, MappingError, StrecError
from strec.io import Limits, Mapping, ingest, inspect, read
from tests import corpus

ERRORS = [name for name, expected in corpus.NAMES.items() if expected == "error"]
READABLE = [name for name, expected in corpus.NAMES.items() if expected == "ok"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_read_says_needed_found_and_mend(name, tmp_path):
    path = corpus.make(name, tmp_path)
    with pytest.raises(StrecError) as caught:
        read(path)
    error = caught.value
    for part in (error.needed, error.found, error.mend):
        assert len(part) > 8 and part.rstrip()[-1] in ".?)"
    assert str(tmp_path) not in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("name", ERRORS)
def test_a_failed_ingest_leaves_the_data_from_before(name, tmp_path):
    out = tmp_path / "out" / "checkins.parquet"
    out.parent.mkdir()
    out.write_bytes(b"the data from before")
    with pytest.raises(StrecError):
        ingest(corpus.make(name, tmp_path), out)
    assert out.read_bytes() == b"the data from before"
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.slow
@pytest.mark.parametrize("name", corpus.NAMES)
def test_a_look_gives_a_mapping_or_a_clear_error(name, tmp_path):
    path = corpus.make(name, tmp_path)
    try:
        look = inspect(path)
    except StrecError:
        assert corpus.NAMES[name] == "error"
        return
    assert look.preview.schema.dtypes() == [pl.String] * len(look.columns)
    assert set(look.mapping.columns().values()) <= set(look.columns)
    assert Mapping.from_dict(look.mapping.to_dict()) == look.mapping
    asked = any(question.must_be_answered for question in look.questions)
    assert asked == (corpus.NAMES[name] == "error")


@pytest.mark.slow
@pytest.mark.parametrize("name", READABLE)
def test_what_can_be_read_is_canonical_and_the_same_when_ingested(name, tmp_path):
    path = corpus.make(name, tmp_path)
    result = read(path)
    assert result.checkins.equals(schema.validate(result.checkins))
    assert result.n_rows == result.n_checkins + sum(result.reasons.values())
    assert result.n_checkins == len(result.checkins)
    streamed = ingest(path, tmp_path / "out.parquet")
    assert pl.read_parquet(tmp_path / "out.parquet").equals(result.checkins)
    assert (streamed.reasons, streamed.mapping) == (result.reasons, result.mapping)
    again = read(path, result.mapping)
    assert again.checkins.equals(result.checkins)


#: Rows of the corpus that are no check-ins, by file.
LOST = {"mixed_delimiters": 5, "coordinates_as_text": 1, "gaps": 4, "cut_upload": 1,
        "cut_json_lines": 1}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in READABLE if n not in ("late_latin1", "one_row")])
def test_no_row_is_lost(name, tmp_path):
    result = read(corpus.make(name, tmp_path))
    assert result.n_checkins == corpus.N_ROWS - LOST.get(name, 0)


SAME = ["pipes", "tabs", "utf16_without_mark", "utf8_mark", "duplicate_columns", "blank_lines",
        "old_mac", "windows_lines", "spreadsheet_sep", "title_above", "title_of_a_sheet",
        "r_row_names", "json_lines",
        "date_and_clock_apart", "pair_in_one_column", "gzipped", "parquet", "json_array",
        "zipped_with_readme", "geojson", "stray_quotes", "unclosed_quote", "surplus_cells",
        "stray_among_quoted"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SAME)
def test_the_same_check_ins_in_any_clothes(name, tmp_path):
    expected = read(corpus.make("plain", tmp_path)).checkins
    found = read(corpus.make(name, tmp_path)).checkins
    assert found.select(expected.columns).equals(expected)


def test_the_plain_file_by_hand(tmp_path):
    first = read(corpus.make("plain", tmp_path)).checkins.row(0, named=True)
    # 08:00 in New York in April is 12:00 UTC.
    assert first["timestamp"].isoformat() == "2024-04-01T12:00:00+00:00"
    del first["timestamp"]
    assert first == {
        "user_id": "u0",
        "item_id": "v0",
        "utc_offset_min": -240,
        "lat": 40.7012,
        "lon": -73.9966,
    }


@pytest.mark.slow
def test_texts_keep_their_letters(tmp_path):
    assert read(corpus.make("latin1", tmp_path)).checkins["item_id"][0] == "Café v0"
    assert read(corpus.make("utf16", tmp_path)).checkins["item_id"][0] == "Zoë v0"
    assert read(corpus.make("chinese", tmp_path)).checkins["item_id"][0] == "咖啡馆v0"
    assert read(corpus.make("late_latin1", tmp_path)).checkins["item_id"][-1] == "Café"
    assert read(corpus.make("inch_marks", tmp_path)).checkins["item_id"][1] == '5" pipe v7'
    quoted = read(corpus.make("quoted_cells", tmp_path)).checkins
    assert quoted["item_id"][0] == 'Joe\'s "Bar", v0' and quoted["text"][0] == "two\nlines"


def test_odd_ids_are_kept_as_they_are(tmp_path):
    users = read(corpus.make("odd_ids", tmp_path)).checkins["user_id"]
    assert users.unique(maintain_order=True).to_list() == [
        "007",
        "🍕 slice",
        "a, b",
        "NA",
        "Ωmega",
        "00",
    ]


def test_a_german_spreadsheet(tmp_path):
    result = read(corpus.make("german", tmp_path))
    # 13 March comes after the 12th, so 01.03. is the first of March.
    assert result.mapping.time_format == "day_first"
    first = result.checkins.row(0, named=True)
    assert first["timestamp"].isoformat() == "2024-03-01T13:00:00+00:00"
    assert (first["lat"], first["lon"], first["value"]) == (40.7012, -73.9966, 0.5)
    assert any("decimal commas" in note for note in result.notes)


def test_rejected_rows_have_number_reason_and_their_text(tmp_path):
    rejected = read(corpus.make("gaps", tmp_path)).rejected
    assert rejected.select("row", "reason").rows() == [
        (11, "no user"),
        (12, "no item"),
        (13, "no time"),
        (14, "the time is not understood"),
    ]
    assert rejected["time"][3] == "yesterday" and rejected.schema["lat"] == pl.String


def test_improbable_values_are_kept_for_cleaning(tmp_path):
    assert read(corpus.make("impossible_places", tmp_path)).checkins["lat"][3] == 95.5
    islands = read(corpus.make("null_islands", tmp_path)).checkins
    assert islands.filter(pl.col("lat") == 0, pl.col("lon") == 0).height == 15
    years = read(corpus.make("future_times", tmp_path)).checkins["timestamp"].dt.year()
    assert (years.min(), years.max()) == (2100, 2159)


def test_half_a_place_is_no_place(tmp_path):
    result = read(corpus.make("half_places", tmp_path))
    assert result.checkins["lat"].null_count() == result.checkins["lon"].null_count() == 2
    assert any(
        note.endswith("longitude: 2. They count as without a place.") for note in result.notes
    )


def test_swapped_coordinates_are_turned_and_said(tmp_path):
    result = read(corpus.make("swapped", tmp_path))
    assert result.mapping.coordinate_order == "lon_lat"
    assert result.checkins["lat"][0] == 39.9 and result.checkins["lon"][0] == 116.3
    assert any("swapped" in note for note in result.notes)


def test_a_swap_within_90_degrees_is_asked_and_then_done(tmp_path):
    path = corpus.make("swapped_new_york", tmp_path)
    (question,) = [q for q in inspect(path).questions if q.must_be_answered]
    assert question.key == "coordinate_order"
    answered = inspect(path).mapping.replace(**question.options[0].changes)
    assert read(path, answered).checkins["lat"][0] == 40.7012


@pytest.mark.slow
def test_projected_coordinates_can_be_left_out(tmp_path):
    path = corpus.make("projected", tmp_path)
    with pytest.raises(MappingError, match="metres of a map projection"):
        read(path)
    (question,) = [q for q in inspect(path).questions if q.key == "places"]
    answered = inspect(path).mapping.replace(**question.options[-1].changes)
    assert read(path, answered).checkins["lat"].null_count() == corpus.N_ROWS


@pytest.mark.slow
def test_day_or_month_first_is_asked_never_guessed(tmp_path):
    path = corpus.make("ambiguous_dates", tmp_path)
    with pytest.raises(MappingError, match="day_first=True or False"):
        read(path)
    second = {
        day_first: read(path, day_first=day_first).checkins["timestamp"][1].date().isoformat()
        for day_first in (True, False)
    }
    assert second == {True: "2024-02-02", False: "2024-02-02"}
    third = {
        day_first: read(path, day_first=day_first).checkins["timestamp"][7].date().isoformat()
        for day_first in (True, False)
    }
    # Row 7 says 08/01/2024.
    assert third == {True: "2024-01-08", False: "2024-08-01"}


def test_the_order_of_day_and_month_is_a_wish_for_dates_written_so_alone(tmp_path):
    iso = corpus.make("plain", tmp_path)
    assert read(iso, day_first=True).checkins.equals(read(iso).checkins)
    path = corpus.make("ambiguous_dates", tmp_path)
    recipe = read(path, day_first=True).mapping
    turned = read(path, recipe, day_first=False)
    assert turned.mapping.time_format == "month_first"


def test_a_late_day_above_12_settles_the_order_even_behind_compression(tmp_path):
    import gzip

    early = ["u1,v1,01/02/2024 08:00"] * 200_000
    text = "\n".join(["user,venue,time", *early, "u1,v1,25/02/2024 08:00"])
    path = tmp_path / "late.csv.gz"
    path.write_bytes(gzip.compress(text.encode(), 1))
    look = inspect(path)
    assert look.mapping.time_format == "day_first"
    assert not any(question.must_be_answered for question in look.questions)


def test_without_a_user_column_the_answers_are_offered(tmp_path):
    path = corpus.make("no_user", tmp_path)
    (question,) = [q for q in inspect(path).questions if q.key == "user"]
    changes = [option.changes for option in question.options]
    assert {"user_from": "constant"} in changes and {"user_from": "row"} in changes
    mapping = inspect(path).mapping
    one = read(path, mapping.replace(user_from="constant")).checkins["user_id"]
    each = read(path, mapping.replace(user_from="row")).checkins["user_id"]
    assert one.n_unique() == 1 and each.n_unique() == corpus.N_ROWS


def test_clock_changes_are_handled_and_counted(tmp_path):
    result = read(corpus.make("clock_changes", tmp_path))
    times = [stamp.isoformat() for stamp in result.checkins["timestamp"][3:5]]
    # 02:30 does not exist: with the offset before (-5 h) it is 07:30 UTC, that is 03:30 EDT.
    # 01:30 happens twice: the first is still EDT.
    assert times == ["2024-03-10T07:30:00+00:00", "2024-11-03T05:30:00+00:00"]
    assert result.checkins["utc_offset_min"][3:5].to_list() == [-240, -240]
    assert (
        len(
            [
                note
                for note in result.notes
                if note.startswith("Local times that") and ": 1." in note
            ]
        )
        == 2
    )


@pytest.mark.slow
def test_a_bomb_is_stopped_by_declared_sizes_and_while_it_expands(tmp_path):
    with pytest.raises(LimitError, match="bomb"):
        read(corpus.make("zip_bomb", tmp_path))
    with pytest.raises(LimitError, match="bomb"):
        read(corpus.make("gz_bomb", tmp_path))
    with pytest.raises(LimitError, match="after decompression"):
        read(corpus.make("gz_bomb", tmp_path), limits=Limits(max_bytes=2**20))


def test_limits_on_rows_and_columns(tmp_path):
    path = corpus.make("plain", tmp_path)
    with pytest.raises(LimitError, match="rows"):
        read(path, limits=Limits(max_rows=10))
    with pytest.raises(LimitError, match="5 columns"):
        read(path, limits=Limits(max_columns=4))
    with pytest.raises(LimitError, match="rows"):
        read(corpus.make("parquet", tmp_path), limits=Limits(max_rows=10))


def test_members_of_an_archive_never_name_a_file_on_disk(tmp_path):
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    read(corpus.make("zipped_with_readme", inside))
    assert sorted(path.name for path in tmp_path.rglob("*.csv")) == []


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = corpus.make("plain", tmp_path)

    def append(text, share):
        if "rows read" in text:
            with open(path, "a") as file:
                file.write("u9,v9,2024-05-01 08:00:00,40.7,-74.0\n")

    with pytest.raises(StrecError, match="changed during reading"):
        read(path, progress=append)


def test_progress_rises_to_one_and_can_stop_reading(tmp_path):
    path, shares = corpus.make("plain", tmp_path), []
    read(path, progress=lambda text, share: shares.append(share))
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1

    class Stop(Exception):
        pass

    def stop(text, share):
        raise Stop

    with pytest.raises(Stop):
        ingest(path, tmp_path / "out.parquet", progress=stop)
    assert not (tmp_path / "out.parquet").exists()


def test_names_of_uploads_are_shown_instead_of_temporary_paths(tmp_path):
    path = corpus.make("empty", tmp_path).rename(tmp_path / "tmpx7")
    with pytest.raises(StrecError, match="my visits.csv"):
        inspect(path, names=["my visits.csv"])

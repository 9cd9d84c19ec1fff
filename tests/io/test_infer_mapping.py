"""What a mapping leaves open is decided or asked."""

import pytest

from strec.errors import MappingError
from strec.io import Mapping, inspect, read
from tests import corpus


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_pickup_by_content_only_asks_who_and_what(tmp_path):
    text = "\n".join("\t".join(row[:3]) for row in corpus.rows())
    look = inspect(write(tmp_path, "bare.txt", text))
    assert look.mapping.timestamp == "column_3"
    asked = {question.key: question for question in look.questions if question.must_be_answered}
    assert set(asked) == {"user", "item"}
    mapping = look.mapping
    mapping = mapping.replace(user_id="column_1", item_id="column_2")
    assert read(tmp_path / "bare.txt", mapping).n_checkins == corpus.N_ROWS


def test_only_what_may_say_who_is_offered(tmp_path):
    lines = ["photo,owner,taken,uploaded,latitude,longitude,accuracy,views,about"]
    lines += [
        f"{i + 900000},{i % 7 + 1022}@N00,2023-03-{i % 28 + 1:02d} 09:25:{i % 60:02d},"
        f"2023-04-{i % 28 + 1:02d} 10:00:00,40.68896{i % 10},-73.942647,16,{i}.5,"
        f"a walk on a sunny day in the park {i}"
        for i in range(120)
    ]
    look = inspect(write(tmp_path, "photos.csv", "\n".join(lines)))
    (who,) = [question for question in look.questions if question.key == "user"]
    assert who.options[0].changes == {"user_id": "owner"}
    assert [each for option in who.options for each in option.changes] == ["user_id"] + 3 * [
        "user_from"
    ]


def test_a_changed_mapping_is_examined_anew(tmp_path):
    path = corpus.make("plain", tmp_path)
    changed = inspect(path, mapping=Mapping(user_id="venue", item_id="user", timestamp="time"))
    assert changed.mapping.user_id == "venue" and changed.mapping.lat is None
    assert changed.mapping.time_zone == "UTC"
    with pytest.raises(MappingError, match="no column 'x'"):
        inspect(path, mapping=Mapping(user_id="x", item_id="user", timestamp="time"))
    with pytest.raises(MappingError, match="together"):
        read(path, inspect(path).mapping.replace(lat=None))


def test_mapping_refuses_what_it_does_not_know():
    with pytest.raises(MappingError, match="unknown entries colour"):
        Mapping.from_dict({"colour": "red"})
    with pytest.raises(MappingError, match="one of utc, local"):
        Mapping(time_is="gmt")


def test_where_a_place_lies_opens_the_zone_again():
    """Coordinates that were swapped had the zone of another place."""
    asked = Mapping(lat="y", lon="x", time_zone="Etc/GMT-3", coordinate_order="lat_lon")
    assert asked.remap(coordinate_order="lon_lat").time_zone is None
    assert asked.remap(crs="EPSG:25833").time_zone is None
    kept = asked.remap(coordinate_order="lon_lat", time_zone="Europe/Berlin")
    assert kept.time_zone == "Europe/Berlin"


def test_a_table_without_anything_that_was_visited_is_refused_in_words(tmp_path):
    rows = [
        f"{card},2024-05-{day:02d},{8 + day % 10}:15"
        for card in (11, 12, 13)
        for day in range(1, 29)
    ]
    path = tmp_path / "library.csv"
    path.write_text("\n".join(["card,date,time", *rows]))
    with pytest.raises(MappingError, match="what was chosen, bought or visited"):
        read(path)

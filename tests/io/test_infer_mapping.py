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

"""A process of its own: results cross whole, and what breaks there breaks nothing here."""

import os
import time

import polars as pl
import pytest

from strec.errors import LimitError, ReadError
from strec.io import Mapping, inspect, read
from strec.io import apart as module
from strec.io.apart import apart
from tests import corpus


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return corpus.make("plain", tmp_path_factory.mktemp("plain"))


@pytest.mark.slow
def test_what_crosses_is_what_it_was(path):
    there, here = apart(read, path), read(path)
    assert there.checkins.equals(here.checkins) and there.rejected.equals(here.rejected)
    assert (there.mapping, there.notes, there.reasons) == (here.mapping, here.notes, here.reasons)
    look, own = apart(inspect, path, mapping=Mapping(user_from="row")), inspect(path)
    assert look.questions == inspect(path, mapping=Mapping(user_from="row")).questions
    assert look.preview.equals(own.preview) and look.files == own.files


def test_a_small_file_is_read_at_once(path):
    apart(inspect, path)
    begun = time.perf_counter()
    apart(inspect, path)
    assert time.perf_counter() - begun < 1


@pytest.mark.slow
def test_errors_and_progress_cross(path, tmp_path):
    with pytest.raises(ReadError, match="there is no"):
        apart(inspect, tmp_path / "nowhere.csv")
    heard = []
    apart(read, path, progress=lambda text, share: heard.append(share))
    assert heard[-1] == 1.0

    class Stop(Exception):
        pass

    def stop(text, share):
        raise Stop

    with pytest.raises(Stop):
        apart(read, path, progress=stop)
    assert apart(read, path).n_checkins == corpus.N_ROWS


@pytest.mark.slow
def test_on_a_server_for_strangers_reading_makes_way_for_the_pages(monkeypatch):
    module._end_all()
    monkeypatch.setenv("STREC_PUBLIC", "1")
    assert apart(os.nice, 0) - os.nice(0) == module._NICE
    module._end_all()
    monkeypatch.setenv("STREC_PUBLIC", "0")
    assert apart(os.nice, 0) == os.nice(0)


@pytest.mark.slow
def test_what_breaks_there_breaks_nothing_here(path, monkeypatch):
    with pytest.raises(ReadError, match="broke down"):
        apart(os.abort)
    monkeypatch.setattr(module, "SECONDS", 0.3)
    with pytest.raises(LimitError, match="took longer"):
        apart(time.sleep, 60)
    monkeypatch.setattr(module, "SECONDS", 60)
    monkeypatch.setattr(module, "MEMORY_GB", 0.05)
    with pytest.raises(LimitError, match="Memory is needed"):
        apart(time.sleep, 60)
    monkeypatch.undo()
    assert apart(read, path).n_checkins == corpus.N_ROWS


def test_only_records_of_strec_are_made():
    with pytest.raises(ReadError, match="A record of strec"):
        module._unpacked({module.MARK: "subprocess:Popen", "fields": {}}, None)
    assert apart(pl.DataFrame, {"a": [1]}).equals(pl.DataFrame({"a": [1]}))

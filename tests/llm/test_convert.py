"""The writer's GGUF file becomes safetensors once, whole or not at all, and is checked."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from strec.errors import MissingPartError
from strec.llm import convert


@pytest.fixture
def source(tmp_path, monkeypatch):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF, as far as this test goes")
    monkeypatch.setattr(convert, "locate", lambda name: path)
    return path


@pytest.fixture
def unpacked(monkeypatch):
    times = []

    def unpack(source, folder):
        times.append(source)
        (folder / "model.safetensors").write_bytes(b"weights")
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(convert, "_unpack", unpack)
    return times


def test_once_and_then_found(source, unpacked):
    folder = convert.converted()
    assert convert.converted() == folder and len(unpacked) == 1
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]


def test_other_weights_go_elsewhere(source, unpacked):
    first = convert.converted()
    source.write_bytes(b"other weights")
    assert convert.converted() != first and len(unpacked) == 2


@pytest.mark.parametrize("harm", ["change", "remove", "add", "record"])
def test_a_folder_that_was_changed_is_made_anew(source, unpacked, harm):
    folder = convert.converted()
    weights = folder / "model.safetensors"
    if harm == "change":
        weights.write_bytes(b"Weights")
    elif harm == "remove":
        weights.unlink()
    elif harm == "add":
        (folder / "tokenizer.json").write_text("{}")
    else:
        (folder / "converted.json").write_text("[]")
    assert not convert.is_whole(folder)
    assert convert.is_whole(convert.converted()) and len(unpacked) == 2
    assert weights.read_bytes() == b"weights"


def test_several_at_once_make_it_once(source, monkeypatch):
    times = []

    def unpack(source, folder):
        times.append(source)
        time.sleep(0.2)
        (folder / "model.safetensors").write_bytes(b"weights")

    monkeypatch.setattr(convert, "_unpack", unpack)
    with ThreadPoolExecutor(4) as threads:
        folders = list(threads.map(lambda _: convert.converted(), range(4)))
    assert len(times) == 1 and len(set(folders)) == 1


def test_what_a_killed_process_left_is_cleared_away(source, unpacked):
    models = convert.converted().parent
    stray = models / f".draft-{convert.converted().name}-abc"
    stray.mkdir()
    (stray / "model.safetensors").write_bytes(b"half")
    (convert.converted() / "model.safetensors").unlink()
    folder = convert.converted()
    assert [path.name for path in models.iterdir()] == [folder.name]


def test_a_full_disk_is_said_in_words_and_leaves_nothing(source, monkeypatch):
    def full(source, folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(convert, "_unpack", full)
    with pytest.raises(MissingPartError, match="No space left"):
        convert.converted()
    assert not list((convert.cache_folder() / "models").iterdir())


def test_transformers_opens_the_file_and_lists_the_names_once(monkeypatch):
    import gguf

    asked = []
    monkeypatch.setattr(gguf, "GGUFReader", lambda path: asked.append(path) or object())
    own = gguf.GGUFReader, gguf.get_tensor_name_map
    with pytest.raises(OSError, match="full"), convert.read_once():
        assert gguf.GGUFReader("a") is gguf.GGUFReader("a") and asked == ["a"]
        names = [gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2) for _ in range(2)]
        assert names[0] is names[1]
        raise OSError("full")
    assert (gguf.GGUFReader, gguf.get_tensor_name_map) == own

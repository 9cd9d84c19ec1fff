"""Tiny models of several architectures, made on the spot: random weights, a few hundred words."""

import string
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """No test writes into the cache of the person who runs it."""
    monkeypatch.setenv("STREC_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Return a function: architecture → folder with a tiny random model and its tokenizer."""
    made: dict[str, Path] = {}

    def make(architecture: str) -> Path:
        if architecture not in made:
            made[architecture] = tmp_path_factory.mktemp(architecture)
            save_tiny(architecture, made[architecture])
        return made[architecture]

    return make


def save_tiny(architecture: str, folder: Path, seed: int = 0) -> None:
    import torch
    import transformers

    tokenizer = _tokenizer()
    torch.manual_seed(seed)
    size = {"vocab_size": len(tokenizer)}
    narrow = size | {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config, kind = {
        "bert": (
            transformers.BertConfig(**narrow, intermediate_size=32, max_position_embeddings=64),
            transformers.BertModel,
        ),
        "gpt2": (
            transformers.GPT2Config(**size, n_embd=16, n_layer=2, n_head=2, n_positions=128),
            transformers.GPT2LMHeadModel,
        ),
        "xlnet": (
            transformers.XLNetConfig(**size, d_model=16, n_layer=2, n_head=2, d_inner=32),
            transformers.XLNetModel,
        ),
        "llama": (
            transformers.LlamaConfig(
                **narrow, intermediate_size=32, num_key_value_heads=1, max_position_embeddings=512,
                bos_token_id=2, eos_token_id=3,
            ),
            transformers.LlamaForCausalLM,
        ),
    }[architecture]  # fmt: skip
    kind(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer():
    """Return a tokenizer of characters, so that it knows any text of letters."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "<s>", "</s>"]
    words = [*special, *string.printable]
    core = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="[PAD]", unk_token="[UNK]", bos_token="<s>",
        eos_token="</s>",
    )  # fmt: skip

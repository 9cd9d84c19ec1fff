"""A tiny language model with random weights, to try a training out in seconds.

It reads any text, byte by byte, and knows nothing: what it ends up knowing, it learned here.
"""

from pathlib import Path

from strec.llm.convert import made_once
from strec.parts import require

_SPECIAL = ("<pad>", "<s>", "</s>")


def tiny() -> Path:
    """Return the folder of the tiny model, made on first use.

    Examples
    --------
    >>> sorted(path.suffix for path in tiny().glob("model.*"))
    ['.safetensors']
    """
    return made_once("tiny-llama-1", _make)


def _make(folder: Path) -> None:
    require("torch", "transformers")
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = [*_SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    # Without merges every byte is a token.
    core = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    names = dict(zip(("pad_token", "bos_token", "eos_token"), _SPECIAL, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=core, **names).save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(words),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=512,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
            )
        )
    model.save_pretrained(folder)

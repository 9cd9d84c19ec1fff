"""Prompts to words, by a language model on this machine."""

import warnings
from collections.abc import Sequence
from copy import deepcopy
from functools import cached_property
from inspect import signature
from pathlib import Path
from string import digits
from typing import Any, Protocol

import numpy as np

from strec.errors import ModelError
from strec.llm.encoder import best_device
from strec.llm.weights import fingerprint, library, load, resolve

#: Of so many of the likeliest next tokens, one should fit a guide; otherwise the answer ends.
_MOST_TRIED = 2_000
#: Stands for the prompt while the chat template is filled.
_MARK = "\u2402strec-prompt\u2403"
#: Fewer tokens than this are read again each time.
_WORTH_KEEPING = 32


class Guiding(Protocol):
    """What a guide tells of an answer while it is written (`explanation.ConstrainedDecoder`)."""

    def allows(self, text: str) -> bool:
        """Return whether an answer may begin like this."""
        ...

    def ends(self, text: str) -> bool:
        """Return whether an answer may end here."""
        ...


class Writer:
    """Let a causal language model answer prompts.

    The embedded model is SmolLM2-135M-Instruct, whose package brings a GGUF file. The first use
    converts it to safetensors in the cache folder (about 20 s and 540 MB); from then on it loads
    in a second. It is small: it writes fluent sentences, and invents facts. Whoever shows its
    words checks them first (`strec.explanation.rephrase`).

    Parameters
    ----------
    model : str or pathlib.Path
        ``"smollm2"``, the folder of any causal transformers model, or a hub id.
    device : str, optional
        Torch's name of the device; CUDA or MPS where there is one.
    online : bool
        Whether a hub id may be downloaded.
    seed : int
        Seed of answers that are drawn (``temperature`` above 0).
    int8 : bool
        On a CPU, keep weights in 8 bits and round activations to as many: about 2.5 times as
        fast, and an answer may depend a little on those written together with it.

    Examples
    --------
    >>> writer = Writer()  # doctest: +SKIP
    >>> writer.generate("The capital of France is?", max_new_tokens=12)  # doctest: +SKIP
    'The capital of France is Paris.'
    """

    #: Whether it takes a guide, which a server does not.
    is_guided = True

    def __init__(
        self,
        model: str | Path = "smollm2",
        *,
        device: str | None = None,
        online: bool = False,
        seed: int = 0,
        int8: bool = False,
    ):
        self.model = model
        self.device = device
        self.seed = seed
        self.int8 = int8
        self.folder = resolve(model, online=online)
        self._kept: tuple[list[int], Any] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Writers with the same fingerprint answer a prompt alike."""
        return f"{fingerprint(self.folder)}-{self.seed}{'-int8' if self.int8 else ''}"

    def generate(self, prompt: str, *, guide: Guiding | None = None, **options: Any) -> str:
        """Answer one prompt; takes the options of `generate_many`.

        Parameters
        ----------
        prompt : str
            What to answer.
        guide : Guiding, optional
            The likeliest token that it allows is taken each time.
        **options
            See `generate_many`.
        """
        return self.generate_many([prompt], guides=[guide] if guide else None, **options)[0]

    def generate_many(
        self,
        prompts: Sequence[str],
        *,
        system: str = "",
        max_new_tokens: int = 60,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        time_limit_s: float | None = None,
        guides: Sequence[Guiding] | None = None,
        shared: str = "",
    ) -> list[str]:
        """Answer prompts together, which is faster than one by one.

        Parameters
        ----------
        prompts : sequence of str
            What to answer; put into the model's chat template where it has one.
        system : str
            Instructions that precede each prompt.
        max_new_tokens : int
            Longest answer.
        stop : sequence of str
            An answer ends before the first of these.
        temperature : float
            0 takes the likeliest token each time; above, tokens are drawn with the seed.
        time_limit_s : float, optional
            Answers are cut when so much time has passed.
        guides : sequence of Guiding, optional
            One per prompt: the likeliest token that the guide allows is taken each time.
        shared : str
            How all prompts begin. The model reads it once, and remembers it from call to call.

        Returns
        -------
        list of str
            One answer per prompt, without white space at its ends.

        Raises
        ------
        MissingPartError
            If the model's files do not load.
        ModelError
            If a prompt is longer than the model can read.

        Examples
        --------
        >>> writer = Writer()  # doctest: +SKIP
        >>> writer.generate_many(["1 + 1 is?", "2 + 2 is?"], stop=["."])  # doctest: +SKIP
        ['1 + 1 is 2', '2 + 2 is 4']
        """
        import torch

        if not prompts:
            return []
        tokenizer, model = self._loaded
        head, tokens, mask = self._tokens(prompts, system, shared, max_new_tokens)
        n_read = tokens.shape[1]
        end = self._padding if tokenizer.eos_token_id is None else tokenizer.eos_token_id
        drawn = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(self.seed)
            answers = model.generate(
                input_ids=tokens,
                attention_mask=mask,
                max_new_tokens=max_new_tokens,
                max_time=time_limit_s,
                pad_token_id=self._padding,
                stopping_criteria=[_Stop(tokenizer, stop, n_read)] if stop else None,
                logits_processor=[_Guided(tokenizer, guides, tokens.shape[1], end)]
                if guides
                else None,
                **(drawn if temperature > 0 else {"do_sample": False}),
                **self._memory_of(head, len(prompts)),
            )
        texts = tokenizer.batch_decode(answers[:, n_read:], skip_special_tokens=True)
        return [cut(text, stop) for text in texts]

    def choose(
        self, prompts: Sequence[str], options: Sequence[str], system: str = ""
    ) -> np.ndarray:
        """Return the log-probability that each option begins the answer to each prompt.

        Parameters
        ----------
        prompts : sequence of str
            What to answer.
        options : sequence of str
            Single letters or short words that differ in their first token.
        system : str
            Instructions that precede each prompt.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_prompts, n_options)``, natural logarithms.

        Raises
        ------
        MissingPartError
            If the model's files do not load.
        ModelError
            If a prompt is longer than the model can read.

        Examples
        --------
        >>> Writer("tiny").choose(["A or B?"], ["A", "B"]).shape
        (1, 2)
        """
        import torch

        tokenizer, model = self._loaded
        _, tokens, mask = self._tokens(prompts, system, "", 1)
        # A word may stand behind a blank, as in "Answer: B".
        begin = [
            [tokenizer(f"{blank}{option}", add_special_tokens=False)["input_ids"][0]
             for blank in ("", " ")]
            for option in options
        ]  # fmt: skip
        with torch.inference_mode():
            said = model(input_ids=tokens, attention_mask=mask, logits_to_keep=1).logits[:, -1]
        chances = said.double().softmax(dim=-1)[:, torch.tensor(begin)]  # (n, n_options, 2)
        # An option that is one token either way counts once.
        same = torch.tensor([first == second for first, second in begin])
        return torch.where(same, chances[..., 0], chances.sum(-1)).clamp_min(1e-12).log().numpy()

    @cached_property
    def _loaded(self):
        tokenizer, model = load(self.folder, "write")
        model = model.to(self.device or best_device())
        return tokenizer, _in_int8(model) if self.int8 and model.device.type == "cpu" else model

    def _memory_of(self, head: list[int], n_rows: int) -> dict[str, Any]:
        """Return what the model makes of tokens that all prompts begin with; nothing of few."""
        import torch

        model = self._loaded[1]
        taken = signature(model.forward).parameters
        # Versions of transformers differ in the name.
        name = next((each for each in ("cache", "past_key_values") if each in taken), None)
        if len(head) < _WORTH_KEEPING or name is None:
            return {}
        if self._kept is None or self._kept[0] != head:
            memory = library().DynamicCache(config=model.config)
            model(torch.tensor([head], device=model.device), **{name: memory})
            self._kept = head, memory
        memory = deepcopy(self._kept[1])
        memory.batch_repeat_interleave(n_rows)
        return {name: memory}

    @property
    def _padding(self) -> int:
        tokenizer = self._loaded[0]
        known = (tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
        return next(token for token in known if token is not None)

    def _tokens(self, prompts: Sequence[str], system: str, shared: str, max_new_tokens: int):
        """Return the tokens all begin with; all tokens and their mask, ``(n_prompts, n_tokens)``.

        Shorter prompts are padded on the left of what is their own.
        """
        import torch

        tokenizer, model = self._loaded
        heads, rows = zip(
            *(_prompt_tokens(tokenizer, prompt, system, shared) for prompt in prompts), strict=True
        )
        n_head, longest = len(heads[0]), max(len(row) for row in rows)
        n_tokens = n_head + longest
        limit = getattr(model.config, "max_position_embeddings", None) or -1
        if 0 < limit < n_tokens + max_new_tokens:
            raise ModelError(
                f"A prompt of at most {limit - max_new_tokens:,} tokens is needed.",
                f"{n_tokens:,} tokens.",
                "Shorten the prompt, or use a model that reads more.",
            )
        tokens = torch.full((len(rows), n_tokens), self._padding)
        mask = torch.zeros_like(tokens)
        tokens[:, :n_head], mask[:, :n_head] = torch.tensor(heads[0]), 1
        for i, row in enumerate(rows):
            tokens[i, n_tokens - len(row) :] = torch.tensor(row)
            mask[i, n_tokens - len(row) :] = 1
        return heads[0], tokens.to(model.device), mask.to(model.device)


def cut(text: str, stop: Sequence[str]) -> str:
    """Return a text up to the first of some strings.

    Examples
    --------
    >>> cut(" One. Two.\\nThree.", ["\\n", "Three"])
    'One. Two.'
    """
    ends = [at for word in stop if (at := text.find(word)) >= 0]
    return text[: min(ends, default=len(text))].strip()


class _Stop:
    """Tells `generate` which answers hold one of the strings that end them."""

    def __init__(self, tokenizer, stop: Sequence[str], n_prompt: int):
        self.tokenizer, self.stop, self.n_prompt = tokenizer, stop, n_prompt

    def __call__(self, tokens, scores, **_):
        import torch

        texts = self.tokenizer.batch_decode(tokens[:, self.n_prompt :], skip_special_tokens=True)
        ended = [any(word in text for word in self.stop) for text in texts]
        return torch.tensor(ended, device=tokens.device)


class _Guided:
    """Leaves of each answer's next tokens the likeliest that its guide allows."""

    def __init__(self, tokenizer, guides: Sequence[Guiding], n_prompt: int, end: int):
        self.tokenizer, self.guides, self.n_prompt, self.end = tokenizer, guides, n_prompt, end

    def __call__(self, tokens, scores):
        for row, guide in enumerate(self.guides):
            likeliest = self._likeliest(guide, tokens[row, self.n_prompt :], scores[row])
            scores[row] = -float("inf")
            scores[row, likeliest] = 0.0
        return scores

    def _likeliest(self, guide: Guiding, tokens, scores) -> int:
        end = self.end
        if len(tokens) and tokens[-1] == end:
            return end
        begun = self.tokenizer.decode(tokens)
        likeliest = scores.topk(min(_MOST_TRIED, len(scores))).indices.tolist()
        unfinished = end
        for token in likeliest:
            text = begun if token == end else self.tokenizer.decode([*tokens, token])
            if token == end or text[len(begun) :].startswith("\n"):
                if guide.ends(begun):
                    return end
            elif len(text) > len(begun) and guide.allows(text):
                # Half a word may lead nowhere: it is taken where no whole one fits.
                if _is_whole(guide, text):
                    return token
                unfinished = token if unfinished == end else unfinished
        return unfinished


def _is_whole(guide: Guiding, text: str) -> bool:
    """Return whether a text that a guide allows ends with a word, or begins a number."""
    if text[-1].isspace():
        return any(guide.allows(text + digit) for digit in digits)
    return not text[-1].isalpha() or any(guide.allows(text + mark) for mark in " ,.")


def _prompt_tokens(
    tokenizer, prompt: str, system: str, shared: str = ""
) -> tuple[list[int], list[int]]:
    """Return the tokens of what prompts share, and of what is this prompt's own."""
    if not prompt.startswith(shared):
        raise ModelError(
            "All prompts begin with what they share.", f"{prompt[:40]!r}.", "Leave shared out."
        )
    own = _plain_tokens(tokenizer, prompt[len(shared) :])
    if not tokenizer.chat_template:
        head = f"{system}\n\n{shared}" if system else shared
        return _plain_tokens(tokenizer, head) if head else [], own
    said = [{"role": "user", "content": _MARK}]
    if system:
        said.insert(0, {"role": "system", "content": system})
    frame = tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=False)
    before, after = (
        tokenizer(part, add_special_tokens=False)["input_ids"] for part in frame.split(_MARK)
    )
    return before + (_plain_tokens(tokenizer, shared) if shared else []), own + after


def _plain_tokens(tokenizer, text: str) -> list[int]:
    # What others wrote (names of items) is never read as the model's own control tokens.
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]


def _in_int8(model):
    import torch

    with warnings.catch_warnings():
        # The torch that strec is bounded to has it; what follows it is a package of its own.
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(
            model, {torch.nn.Linear}, dtype=torch.qint8, inplace=True
        )

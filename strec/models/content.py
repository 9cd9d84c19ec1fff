"""Content: items that are like those the user took, in words, in kind, and in place.

Each item is a vector of blocks, each of length 1 or 0 where nothing is known:

    v_i = [ √w_text · text_i,  √w_category · category_i,  √w_place · place_i,  √w_given · given_i ]

The text block is a sentence embedding of the item's description (or weighted words), the
category block is one-hot, and the product of two place blocks is about exp(-(distance/reach)²/2)
(random Fourier features). The last block is there where vectors are given from outside, such as
embeddings of the items' pictures (`Content.with_vectors`). The user is the mean of the vectors of
the visible history, recent visits counting more, so that

    s(i) = v_i · Σ_j 2^(-age_j / half-life) v_j / Σ_j 2^(-age_j / half-life)

is a mean likeness between the item and the visits. A new item needs no check-in to be found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from strec.errors import ModelError
from strec.geo import EARTH_RADIUS_KM, unit_vectors
from strec.llm import Encoder, item_texts
from strec.models.language import Language
from strec.models.profiles import HistoryModel, profiles
from strec.split import Log, Queries, Vocabulary
from strec.train import Watch


@dataclass(repr=False, eq=False)
class Content(HistoryModel):
    """Likeness of words, category and place to the user's history.

    Parameters
    ----------
    text : str
        ``"words"``: words of the description, weighted by rarity; or an encoder for
        `strec.llm.Encoder`: ``"minilm"``, or the folder of a transformers model.
    text_weight, category_weight, place_weight : float
        Weights of the three blocks.
    given_weight : float
        Weight of the vectors given to `with_vectors`.
    reach_km : float
        Two places so far apart are alike by e^(-1/2).
    half_life_days : float, optional
        After so many days a check-in counts half.
    n_words, n_place_features : int
        Lengths of the text block of ``"words"`` at most, and of the place block.
    seed : int
        Seed of the random features.

    References
    ----------
    Lops, de Gemmis and Semeraro, "Content-based recommender systems", in Recommender Systems
    Handbook, 2011. Rahimi and Recht, "Random features for large-scale kernel machines", 2007.

    Examples
    --------
    >>> from strec import schema
    >>> model = Content(text="words").fit(schema.example())
    >>> model.recommend(schema.example(), ["bob"], k=1)["item_id"].to_list()
    ['cafe']
    """

    kind = "content"
    label = "Content"
    sentence = "Items whose words, category and place are like those the user took before."
    family = "traditional"
    order = 1
    language = Language("text", ("words", "minilm", "e5", "smollm2"))

    text: str = "words"
    text_weight: float = 1.0
    category_weight: float = 0.5
    place_weight: float = 2.0
    reach_km: float = 0.1
    half_life_days: float | None = 60.0
    n_words: int = 256
    n_place_features: int = 1024
    seed: int = 0
    given_weight: float = 1.0

    def __post_init__(self) -> None:
        #: Set it to use any function from texts to vectors, shape (n_texts, dim), for `text`.
        self.encode: Callable[[list[str]], np.ndarray] | None = None
        self._given: tuple[np.ndarray, np.ndarray] | None = None

    def with_vectors(self, item_ids: Sequence[str], vectors: np.ndarray) -> Self:
        """Give a vector for each of some items before `fit`, and return this model.

        Parameters
        ----------
        item_ids : sequence of str
            The items, in any order. Items that are not among them have no vector; ids that the
            data do not know are passed over.
        vectors : numpy.ndarray
            Shape ``(n_items, dim)``: for instance what an image model says of their pictures.
            The direction counts alone, not the length.

        Raises
        ------
        ModelError
            If there is not one finite vector per item.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.split import Vocabulary, encode
        >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
        >>> model = Content().with_vectors(["park", "cafe"], np.array([[2.0, 0], [0, 1]]))
        >>> model.fit(log).items_[:, -2:].tolist()
        [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
        """
        found = np.asarray(vectors, dtype=np.float64)
        if found.ndim != 2 or len(found) != len(item_ids) or not np.isfinite(found).all():
            raise ModelError(
                "Given vectors have one row of finite numbers per item.",
                f"{len(item_ids):,} items and an array of shape {found.shape}.",
                "Give the rows in the order of the ids, without gaps.",
            )
        self._given = np.array([str(each) for each in item_ids], dtype=object), _unit(found)
        return self

    def _learn(self, train: Log, watch: Watch) -> None:
        vocabulary = train.vocabulary
        blocks = [
            (self.text_weight, self._texts(item_texts(vocabulary), watch)),
            (self.category_weight, _categories(vocabulary)),
            (self.place_weight, self._places(vocabulary)),
        ]
        if self._given is not None:
            blocks.append((self.given_weight, _by_code(vocabulary, *self._given)))
        if min(weight for weight, _ in blocks) < 0:
            raise ModelError(
                "The weights of text, category, place and given vectors are not negative.",
                ", ".join(str(weight) for weight, _ in blocks) + ".",
                "Use 0 to leave a part out.",
            )
        #: Shape (n_items, dim), float32.
        self.items_ = np.hstack([np.sqrt(w) * block for w, block in blocks]).astype(np.float32)

    def _relate(self, queries: Queries) -> np.ndarray:
        history = profiles(queries, self.half_life_days)
        total = np.maximum(np.asarray(history.sum(axis=1)), 1e-300)
        mean = np.asarray(history @ self.items_) / total  # (n, dim)
        return mean @ self.items_.T

    def _texts(self, texts: list[str], watch: Watch) -> np.ndarray:
        if self.encode is not None:
            return _unit(np.asarray(self.encode(texts), dtype=np.float64))
        if self.text == "words":
            return self._words(texts)
        encoder = Encoder(self.text)
        return encoder.encode(texts, progress=lambda t, share: watch(t, 0.1 + 0.8 * share))

    def _words(self, texts: list[str]) -> np.ndarray:
        """Return weighted words, projected where there are more than `n_words` of them."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        try:
            words: Any = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
        except ValueError:  # no text has a word
            return np.zeros((len(texts), 1))
        if words.shape[1] <= self.n_words:
            return words.toarray()
        n = min(self.n_words, min(words.shape) - 1)
        svd = TruncatedSVD(max(n, 1), random_state=self.seed)
        return _unit(svd.fit_transform(words))

    def _places(self, vocabulary: Vocabulary) -> np.ndarray:
        """Return random features whose product is the Gaussian kernel of the distance."""
        from sklearn.kernel_approximation import RBFSampler

        is_place = vocabulary.item_is_place
        features = np.zeros((len(is_place), self.n_place_features if is_place.any() else 1))
        if is_place.any():
            at = unit_vectors(vocabulary.item_lat[is_place], vocabulary.item_lon[is_place])
            sampler = RBFSampler(
                gamma=0.5 / self.reach_km**2,
                n_components=self.n_place_features,
                random_state=self.seed,
            )
            features[is_place] = _unit(sampler.fit_transform(EARTH_RADIUS_KM * at))
        return features


def _categories(vocabulary: Vocabulary) -> np.ndarray:
    """Return one-hot categories, zeros where unknown; shape ``(n_items, n_categories)``."""
    n = len(vocabulary.categories)
    # Code -1 picks the last row.
    return np.vstack([np.eye(n), np.zeros((1, n))])[vocabulary.item_category]


def _by_code(vocabulary: Vocabulary, ids: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return vectors by item code, zeros where there is none."""
    block = np.zeros((len(vocabulary.items), vectors.shape[1]))
    code = vocabulary.item_codes(ids)
    block[code[code >= 0]] = vectors[code >= 0]
    return block


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1.0)

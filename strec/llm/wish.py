"""A wish in words ("quiet coffee near the park after work") as a number per item."""

import re
from dataclasses import dataclass, field

import numpy as np

from strec.llm.encoder import Encoder, encoder_for, is_latin
from strec.llm.texts import item_vectors
from strec.llm.weights import MODELS
from strec.progress import Progress
from strec.split import Log, Vocabulary

#: What an encoder reads at most; further words would be cut anyway.
MOST_CHARACTERS = 500
#: Frequent small words. English is what MiniLM was trained on; the others tell that it was not
#: meant: German, French, Spanish, Italian, Portuguese, Dutch.
_ENGLISH = frozenset(
    re.findall(r"\w+", "the a an in on at of to for with and or near my some after before")
)
_OTHERS = frozenset(
    re.findall(
        r"\w+",
        "der die das ein eine und mit für nach bei im am ich nicht zum zur "
        "le la les un une et avec pour dans après près du des au je "
        "el los las una con para cerca del después por y "
        "il lo gli uno di per vicino dopo che o os uma com perto depois da do "
        "het een met voor na dichtbij en de",
    )
)
_OTHER_SCRIPT = "安"
#: Words that the encoder reads too vaguely: who uses them, what is meant, and what is not.
_MEANT = (
    (
        frozenset(
            re.findall(r"\w+", "kid kids child children toddler baby babies family families")
        ),
        "a playground, park, zoo, museum or cinema for children and families",
        "bar, nightclub, beer, wine, alcohol",
    ),
)
#: Where nothing is more alike to a wish than this, MiniLM sees no more in it than in letters
#: typed at random: of those the likest item of the samples reaches 0.12 to 0.23.
_LEAST_LIKENESS = 0.27
#: So many kinds are named that a wish comes nearest to.
_MOST_KINDS = 3
_DENIALS = frozenset(("no", "not", "without", "never", "nothing", "except", "isn't", "don't"))


@dataclass(frozen=True)
class Wish:
    """How well each item fits a wish.

    Attributes
    ----------
    words : str
        The wish as it was read.
    scores : numpy.ndarray
        Shape ``(n_items,)``: how far the likeness of an item's text to the wish lies above the
        mean, in standard deviations; zeros where there is no wish, and where nothing known of
        the items comes near it.
    notes : list of str
        What the person should know.
    kinds : list of str
        The kinds of items that fit best, the best first.
    """

    words: str
    scores: np.ndarray
    notes: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def read_wish(
    words: str,
    vocabulary: Vocabulary,
    train: Log | None = None,
    encoder: Encoder | None = None,
    *,
    progress: Progress | None = None,
) -> Wish:
    """Compare a wish with what is known of each item: kind, name, description, and when it is busy.

    Parameters
    ----------
    words : str
        The wish; it may be empty, long, or anything else a person types.
    vocabulary : Vocabulary
        The items.
    train : Log, optional
        Training check-ins, which tell when an item is busy.
    encoder : Encoder, optional
        When not given, the embedded one that can read the wish and the items: MiniLM, or for other
        languages and scripts than English the multilingual E5 where it is installed.
    progress : callable, optional
        Called with a text and the share done while item texts are encoded for the first time.

    Raises
    ------
    MissingPartError
        If the encoder's weights are not installed.

    Examples
    --------
    >>> from strec import schema
    >>> vocabulary = Vocabulary.of(schema.example())
    >>> vocabulary.items[read_wish("an espresso, please", vocabulary).scores.argmax()]
    'cafe'
    """
    read = " ".join(words.split())
    n_items = len(vocabulary.items)
    if not re.search(r"\w", read) or not n_items:
        return Wish("", np.zeros(n_items))
    notes = []
    if len(read) > MOST_CHARACTERS:
        notes.append(
            f"A wish is read up to {MOST_CHARACTERS} characters; this one has {len(read):,}."
        )
        read = read[:MOST_CHARACTERS].rsplit(" ", 1)[0]
    if encoder is None:
        # A script of its own stands for any other language: one wish of another decides.
        said = [*vocabulary.categories, *vocabulary.item_name]
        encoder = Encoder(encoder_for(said if looks_english(read) else [_OTHER_SCRIPT]))
    if encoder.model == "minilm" and not looks_english(read):
        notes.append(
            "The embedded encoder knows English only: a wish in another language is understood "
            f"by chance, if at all. For a hundred languages: {MODELS['multilingual'].install}."
        )
    if denied := sorted(_DENIALS & set(_words(read))):
        notes.append(
            f"“{denied[0]}” is hardly understood: what it excludes may come up all the same. "
            "Say what is wanted instead."
        )
    # Items keep their vectors; a wish is asked once and need not be remembered.
    items = item_vectors(vocabulary, train, encoder, progress=progress)
    likeness = (items @ _vector(read, encoder)).astype(np.float64)
    if encoder.model == "minilm" and likeness.max() < _LEAST_LIKENESS:
        notes.append(
            f"“{read[:60]}” is not understood here: nothing known of the items comes near it, so "
            "the list is as it would be without a wish. Name a kind of thing instead."
        )
        return Wish(read, np.zeros(n_items), notes)
    spread = likeness.std()
    if spread < 1e-6:
        notes.append("What is known of the items is too alike for a wish to choose among them.")
        return Wish(read, np.zeros(n_items), notes)
    scores = (likeness - likeness.mean()) / spread
    return Wish(read, scores, notes, _best_kinds(vocabulary, scores))


def _vector(read: str, encoder: Encoder) -> np.ndarray:
    """Return the direction of a wish, with what its vague words mean and do not mean."""
    words = set(_words(read))
    texts, signs = [read], [1.0]
    for said, meant, other in _MEANT:
        if said & words:
            texts, signs = [*texts, meant, other], [*signs, 1.0, -1.0]
    direction = np.asarray(signs) @ encoder.encode(texts, keep=False)
    return direction / max(float(np.linalg.norm(direction)), 1e-9)


def _best_kinds(vocabulary: Vocabulary, scores: np.ndarray) -> list[str]:
    """Return the kinds whose items fit clearly better than most, the best first."""
    kind = vocabulary.item_category
    known = kind >= 0
    n_kinds = len(vocabulary.categories)
    if not known.any():
        return []
    count = np.bincount(kind[known], minlength=n_kinds)
    mean = np.bincount(kind[known], scores[known], n_kinds) / np.maximum(count, 1)
    fitting = np.flatnonzero((count > 0) & (mean >= 0.5))
    best = fitting[np.argsort(-mean[fitting], kind="stable")][:_MOST_KINDS]
    return [str(vocabulary.categories[code]) for code in best]


def looks_english(text: str) -> bool:
    """Return whether a short text may be English, by its script and its small words.

    Examples
    --------
    >>> [looks_english(text) for text in ("quiet coffee", "un café cerca del parque", "安静的咖啡")]
    [True, False, False]
    """
    if not is_latin(text):
        return False
    words = _words(text)
    return sum(word in _OTHERS for word in words) <= sum(word in _ENGLISH for word in words)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'’]+", text.lower().replace("’", "'"))

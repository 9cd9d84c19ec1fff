"""What each kind of model is, in words for people, and settings that train it in seconds."""

from dataclasses import dataclass, field
from typing import Any, Literal

Family = Literal["counting", "traditional", "spatio-temporal", "llm"]


@dataclass(frozen=True)
class Language:
    """The language model inside a model.

    Attributes
    ----------
    parameter : str
        Name of the model's parameter that takes it.
    choices : tuple of str
        What it can be, the model's default first; keys of `LANGUAGE_MODELS`.
    """

    parameter: str
    choices: tuple[str, ...]


#: Language models by the name that parameters take: a short name, and what it is like.
LANGUAGE_MODELS: dict[str, tuple[str, str]] = {
    "minilm": ("MiniLM", "knows what English words mean; quick"),
    "smollm2": ("SmolLM2", "larger, much slower; takes 540 MB of disk at the first use"),
    "tiny": ("tiny demo", "random numbers: shows how it works and understands nothing"),
    "words": ("words alone", "no language model: words count that two items share"),
    "": ("no language model", "time, place and order speak alone"),
}


@dataclass(frozen=True)
class About:
    """One kind of model, as a page shows it.

    Attributes
    ----------
    label : str
        Its name for people.
    sentence : str
        What it does, in one plain sentence.
    family : str
        ``"counting"``, ``"traditional"``, ``"spatio-temporal"`` or ``"llm"``.
    quick : dict
        Parameters with which it trains in seconds on a small table, to try it out; the language
        model is the tiny one then, or none.
    language : Language, optional
        Which language models it can take.
    """

    label: str
    sentence: str
    family: Family
    quick: dict[str, Any] = field(default_factory=dict)
    language: Language | None = None


#: By kind, in the order in which a page lists them.
ABOUT: dict[str, About] = {
    "popularity": About("Popularity", "What most people take, the same for everybody.", "counting"),
    "user_counts": About("Own counts", "What this user has taken most often.", "counting"),
    "markov": About(
        "What came next", "What this user took after the same item before.", "counting"
    ),
    "counting": About(
        "Counter mix",
        "Past visits weighed by how recent they are, hour, weekday, sequence and distance.",
        "counting",
        {"n_queries": 300},
    ),
    "content": About(
        "Content",
        "Items whose words, category and place are like those the user took before.",
        "traditional",
        language=Language("text", ("words", "minilm", "smollm2")),
    ),
    "user_knn": About(
        "Similar users", "What the users with the most similar history take.", "traditional"
    ),
    "item_knn": About(
        "Similar items", "Items taken by the same users as those in the history.", "traditional"
    ),
    "als": About(
        "Matrix factorisation (ALS)",
        "Hidden tastes that explain who took what how often.",
        "traditional",
        {"n_factors": 16, "n_iterations": 5},
    ),
    "bpr": About(
        "Matrix factorisation (BPR)",
        "Hidden tastes that rank what a user took above what the user did not.",
        "traditional",
        {"n_factors": 16, "n_iterations": 30},
    ),
    "hybrid": About(
        "Hybrid factorisation",
        "Hidden tastes for users and items, helped by categories and areas of the city.",
        "traditional",
        {"dim": 16, "epochs": 3},
    ),
    "neumf": About(
        "Neural collaborative filtering",
        "A network that learns who takes what, from who it is and what was taken before.",
        "traditional",
        {"dim": 16, "layers": [16, 8], "epochs": 3},
    ),
    "item2vec": About(
        "item2vec",
        "Items that stand close to the recent ones in other people's histories.",
        "traditional",
        {"n_factors": 16, "epochs": 3},
    ),
    "patterns": About(
        "Sequential patterns",
        "What followed the same last steps before, recent sessions counting more.",
        "traditional",
    ),
    "blend": About(
        "Blend",
        "Several models answer together; each has the weight that it has earned.",
        "traditional",
        {"models": ["user_counts", "markov", "counting"], "n_queries": 200},
    ),
    "lstm": About(
        "LSTM",
        "A recurrent network that reads the last items in order.",
        "traditional",
        {"dim": 24, "n_recent": 16, "epochs": 3},
    ),
    "st_lstm": About(
        "ST-LSTM",
        "A recurrent network over items, times and places, and a graph of which follow which.",
        "spatio-temporal",
        {"dim": 24, "n_recent": 16, "epochs": 3},
    ),
    "stgcn": About(
        "ST-GCN",
        "A graph network in which past visits fade with time and spread to neighbouring items.",
        "spatio-temporal",
        {"n_channels": 4, "n_queries": 64, "epochs": 2},
    ),
    "ctr": About(
        "Attention per context",
        "Looks at the few past steps that match this session, hour or place, and at purchases.",
        "spatio-temporal",
        {"dim": 16, "n_recent": 32, "n_per_context": 6, "epochs": 2},
    ),
    "stllm": About(
        "ST-LLM",
        "Past visits speak by time, place, order and meaning; a language model helps with the new.",
        "llm",
        {"epochs": 4, "text": ""},
        Language("text", ("minilm", "smollm2", "")),
    ),
    "llm_ranker": About(
        "LLM ranker",
        "A language model reads the last check-ins as text and re-ranks what counting suggests.",
        "llm",
        {"llm": "tiny", "n_queries": 120, "n_candidates": 5, "epochs": 1},
        Language("llm", ("minilm", "smollm2", "tiny")),
    ),
}

"""The language models that other models can take."""

from dataclasses import dataclass


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

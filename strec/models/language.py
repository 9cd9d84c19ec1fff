"""The language models that other models can take."""

from collections.abc import Iterable
from dataclasses import dataclass

from strec.llm import encoder_for


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

    def for_names(self, names: Iterable[str]) -> str:
        """Return the choice that can read names: the usual one, or another for other scripts.

        Parameters
        ----------
        names : iterable of str
            Names and kinds of items.

        Examples
        --------
        >>> Language("text", ("minilm", "e5")).for_names(["Café Luna"])
        'minilm'
        """
        usual = self.choices[0]
        reads = encoder_for(names) if usual == "minilm" else usual
        return reads if reads in self.choices else usual


#: Language models by the name that parameters take: a short name, and what it is like.
LANGUAGE_MODELS: dict[str, tuple[str, str]] = {
    "minilm": ("MiniLM", "knows what English words mean; quick"),
    "e5": ("multilingual E5", "knows what words of a hundred languages mean; a little slower"),
    "smollm2": ("SmolLM2", "larger, much slower; takes 540 MB of disk at the first use"),
    "tiny": ("tiny demo", "random numbers: shows how it works and understands nothing"),
    "server": ("a server of yours", "Ollama, vLLM and others; only facts without names are sent"),
    "words": ("words alone", "no language model: words count that two items share"),
    "": ("no language model", "time, place and order speak alone"),
}

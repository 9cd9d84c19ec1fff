"""Models that answer "where next?", all behind one contract (`Model`)."""

from pathlib import Path

from strec.errors import ModelError
from strec.models.about import ABOUT, LANGUAGE_MODELS, About, Language
from strec.models.base import Explanation, Model, ScorePart
from strec.models.blend import Blend
from strec.models.collaborative import ALS, BPR, ItemKNN, UserKNN
from strec.models.content import Content
from strec.models.counting import CounterMix, Markov, Popularity, UserCounts
from strec.models.ctr import CTR
from strec.models.hybrid import Hybrid
from strec.models.item2vec import Item2Vec
from strec.models.llm_ranker import LLMRanker
from strec.models.ncf import NeuMF
from strec.models.patterns import Patterns
from strec.models.recurrent import LSTM, STLSTM
from strec.models.saved import read_folder
from strec.models.stgcn import STGCN
from strec.models.stllm import STLLM

#: Every kind of model by its name in saved files.
KINDS: dict[str, type[Model]] = {
    model.kind: model
    for model in (
        *(Popularity, UserCounts, Markov, CounterMix),
        *(Content, UserKNN, ItemKNN, ALS, BPR),
        *(Hybrid, NeuMF, Item2Vec, Patterns),
        *(LSTM, STLSTM, STGCN, CTR),
        Blend,
        *(STLLM, LLMRanker),
    )
}


def load_model(folder: str | Path) -> Model:
    """Read a saved model of any kind.

    Raises
    ------
    ModelError
        If the folder holds no model of strec, an unknown kind, or files changed since.
    """
    kind = read_folder(Path(folder))[0]["kind"]
    if kind not in KINDS:
        raise ModelError(
            f"This version of strec knows the kinds {', '.join(KINDS)}.",
            f"kind {kind!r} in {folder}.",
            "Use the version of strec that saved the model.",
        )
    return KINDS[kind].load(folder)


__all__ = [
    "ABOUT",
    "ALS",
    "BPR",
    "Blend",
    "CTR",
    "KINDS",
    "LANGUAGE_MODELS",
    "About",
    "Content",
    "CounterMix",
    "Explanation",
    "Hybrid",
    "Item2Vec",
    "ItemKNN",
    "LLMRanker",
    "Language",
    "LSTM",
    "Markov",
    "Model",
    "NeuMF",
    "ScorePart",
    "Patterns",
    "Popularity",
    "STLLM",
    "STGCN",
    "STLSTM",
    "UserCounts",
    "UserKNN",
    "load_model",
]

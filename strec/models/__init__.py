"""Models that answer "where next?", all behind one contract (`Model`)."""

from pathlib import Path

from strec.errors import ModelError, as_path
from strec.models.base import FAMILIES, Explanation, Model, ScorePart
from strec.models.blend import Blend
from strec.models.collaborative import ALS, BPR, ItemKNN, UserKNN
from strec.models.content import Content
from strec.models.counting import CounterMix, Markov, Popularity, UserCounts
from strec.models.ctr import CTR
from strec.models.hybrid import Hybrid
from strec.models.item2vec import Item2Vec
from strec.models.language import LANGUAGE_MODELS, Language
from strec.models.llm_adviser import LLMAdviser
from strec.models.llm_ranker import LLMRanker
from strec.models.ncf import NeuMF
from strec.models.patterns import Patterns
from strec.models.recurrent import LSTM, STLSTM
from strec.models.saved import read_folder
from strec.models.stgcn import STGCN
from strec.models.stllm import STLLM
from strec.models.trees import Trees
from strec.registry import Registry


def _is_model(each: object) -> bool:
    return isinstance(each, type) and issubclass(each, Model) and "kind" in vars(each)


class _Models(Registry[type[Model]]):
    """Kinds of models; one that files of earlier versions call otherwise is found by that too."""

    def __getitem__(self, name: str) -> type[Model]:
        if name in self._found:
            return self._found[name]
        former = {old: model for model in self._found.values() for old in model.former_kinds}
        return former[name]


#: Every kind of model by its name in saved files, family by family; those of other packages too.
MODELS = _Models(
    "strec.models",
    belongs=_is_model,
    name_of=lambda model: model.kind,
    order_of=lambda model: (FAMILIES.index(model.family), model.order),
)


def load_model(folder: str | Path) -> Model:
    """Read a saved model of any kind.

    Parameters
    ----------
    folder : path
        As `Model.save` wrote it.

    Raises
    ------
    ModelError
        If the folder holds no model of strec, an unknown kind, or files changed since.

    Examples
    --------
    >>> import tempfile
    >>> from strec import Dataset, schema
    >>> from strec.models import MODELS
    >>> model = MODELS["popularity"]().fit(Dataset(schema.example()).everything)
    >>> load_model(model.save(Path(tempfile.mkdtemp()) / "model")).label
    'Popularity'
    """
    kind = read_folder(as_path(folder))[0]["kind"]
    if kind not in MODELS:
        raise ModelError(
            f"This version of strec knows the kinds {', '.join(MODELS)}.",
            f"kind {kind!r} in {folder}.",
            "Use the version of strec that saved the model.",
        )
    return MODELS[kind].load(folder)


__all__ = [
    "ALS",
    "BPR",
    "Blend",
    "CTR",
    "LANGUAGE_MODELS",
    "Content",
    "CounterMix",
    "Explanation",
    "FAMILIES",
    "Hybrid",
    "Item2Vec",
    "ItemKNN",
    "LLMAdviser",
    "LLMRanker",
    "Language",
    "LSTM",
    "MODELS",
    "Markov",
    "Model",
    "NeuMF",
    "ScorePart",
    "Patterns",
    "Popularity",
    "STLLM",
    "STGCN",
    "STLSTM",
    "Trees",
    "UserCounts",
    "UserKNN",
    "load_model",
]

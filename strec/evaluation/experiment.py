"""Models and a data set in, a leaderboard out."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from strec.dataset import Dataset
from strec.errors import ModelError, check_is
from strec.evaluation.proposal import Proposal, propose
from strec.evaluation.regime import Regime
from strec.evaluation.scoring import Result, evaluate_model
from strec.evaluation.summary import leaderboard
from strec.models import MODELS, CounterMix, Markov, Model, Popularity, UserCounts
from strec.progress import Progress, part_of

if TYPE_CHECKING:
    from strec.dataset import DatasetLike

    Models: TypeAlias = Model | str | Sequence[Model | str] | Mapping[str, Model | str]


class Evaluation(list[Result]):
    """The results of several models on the same queries.

    Parameters
    ----------
    iterable : iterable of Result
        One per model, on the same queries.

    Examples
    --------
    >>> from strec import Dataset, evaluate
    >>> evaluate(["popularity"], Dataset.sample("travel")).leaderboard["model"].to_list()
    ['Popularity']
    """

    @cached_property
    def leaderboard(self) -> pl.DataFrame:
        """One row per model, the best first; see `strec.evaluation.leaderboard`."""
        return leaderboard(self)

    @property
    def proposal(self) -> Proposal:
        """Which model to recommend with, and why."""
        return propose(self)

    def __repr__(self) -> str:
        shown = self.leaderboard.select("model", "acc@1", "acc@1 low", "acc@1 high", "mrr")
        return f"{self[0].regime.words()}\n{self.proposal.sentence}\n{shown}"


def evaluate(
    models: "Models | None",
    data: "DatasetLike",
    regime: Regime | None = None,
    *,
    reference: bool = True,
    progress: Progress | None = None,
) -> Evaluation:
    """Fit models on the training part of a data set, and score another part.

    Parameters
    ----------
    models : Model, str, sequence or mapping of these, optional
        Models or their kinds (see `strec.models.MODELS`), with their names where a mapping is
        given; ``"counting"`` stands for all that only count (`counting_models`), as when nothing
        is given. Those that are fitted are scored as they are.
    data : Dataset
        Or what `strec.Dataset.of` makes one of.
    regime : Regime, optional
        What is scored and known; by default the validation part, so that the test part stays
        unseen until the end.
    reference : bool
        Whether the counter mix, which needs no training, is scored too where no model that
        counts is among the models: a trained model is worth its training where it is better.
    progress : callable, optional
        Called with a text and the share done.

    Returns
    -------
    Evaluation
        A list of `Result` with a ``leaderboard`` and a ``proposal``.

    Raises
    ------
    StrecError
        If there is no such model, the data cannot be split, a model cannot be fitted, or the rows
        are raw fixes of tracks (see `Dataset.as_events`).

    Examples
    --------
    >>> results = evaluate(["popularity", "user_counts"], "flights")
    >>> results.leaderboard["model"].to_list()
    ['User counts', 'Popularity']
    """
    dataset, regime = Dataset.of(data).need_events(), Regime() if regime is None else regime
    check_is(regime, Regime, 'A regime is needed, such as Regime(part="test").', ModelError)
    named = counting_models(regime.time_known) if models is None else _named(models, regime)
    if reference and not any(model.family == "counting" for model in named.values()):
        named[CounterMix.label] = CounterMix(time_known=regime.time_known)
    results = Evaluation()
    for number, (name, model) in enumerate(named.items()):
        tell = part_of(progress, number / len(named), (number + 1) / len(named))
        seconds = None
        if not model.is_fitted:
            begun = perf_counter()
            model.fit(dataset, progress=part_of(tell, 0.0, 0.9))
            seconds = perf_counter() - begun
        results.append(
            evaluate_model(
                model,
                dataset.split,
                regime,
                name=name,
                progress=part_of(tell, 0.9, 1.0),
                fit_seconds=seconds,
            )
        )
    return results


def counting_models(time_known: bool = True) -> dict[str, Model]:
    """Return the unfitted models of the family "counting" by their names in a leaderboard.

    Parameters
    ----------
    time_known : bool
        Whether the time of the queries is given.

    Examples
    --------
    >>> list(counting_models())
    ['Popularity', 'User counts', 'Markov, user', 'Markov, global', 'Counter mix']
    """
    return {
        Popularity.label: Popularity(),
        UserCounts.label: UserCounts(),
        "Markov, user": Markov("user"),
        "Markov, global": Markov("global"),
        CounterMix.label: CounterMix(time_known=time_known),
    }


def _named(models: "Models", regime: Regime) -> dict[str, Model]:
    if isinstance(models, Mapping):
        return {str(name): _model(each, regime) for name, each in models.items()}
    listed: Sequence[Any] = [models]
    if isinstance(models, Sequence) and not isinstance(models, str):
        listed = models
    named: dict[str, Model] = {}
    for each in listed:
        if isinstance(each, str) and each == "counting":
            named |= counting_models(regime.time_known)
            continue
        model = _model(each, regime)
        name, number = model.label or model.kind, 2
        while name in named:
            name, number = f"{model.label or model.kind} {number}", number + 1
        named[name] = model
    return named


def _model(each: object, regime: Regime) -> Model:
    if isinstance(each, Model):
        return each
    if isinstance(each, str) and each in list(MODELS):
        model = MODELS[each]()
        if model.time_known is not None:
            model.set_params(time_known=regime.time_known)
        return model
    raise ModelError(
        "A model is an object such as strec.CounterMix(), 'counting' for all that only count, or "
        f"one of {', '.join(MODELS)}.",
        f"{each!r:.80}.",
        "Choose one of them.",
    )

"""The models that the Evaluate page compares, and what is kept of them between visits."""

from inspect import signature

from pages.shared.in_use import trainings
from pages.shared.later import is_large, soon
from pages.shared.results import found_before, keep, kept
from strec.dataset import Dataset
from strec.errors import ModelError
from strec.evaluation import Regime, Result, counting_models, evaluate_model
from strec.evaluation import kept as with_store
from strec.models import MODELS
from strec.progress import Progress, part_of
from strec.runs import Run
from strec.store import Store

#: Kinds of model that are fitted and scored within a blink.
AT_ONCE = ("popularity", "user_counts", "markov")
#: Trained runs that are shown, the newest first.
MOST_RUNS = 12


class Race:
    """The models on the start line, and what is known of each under the rules chosen.

    Parameters
    ----------
    store : Store
        The data set.
    regime : Regime
        The rules.
    """

    def __init__(self, store: Store, regime: Regime):
        self.store, self.regime = store, regime
        self.data_name = store.name
        dataset = soon(
            "split", store, None, lambda _: cut(store),
            "Dividing the check-ins into what is learned from and what is asked",
        )  # fmt: skip
        self.parts, self.notes = dataset.split, dataset.notes.copy()
        # By name: what the model is kept under (two runs of one kind differ by folder), and itself.
        self.models = {
            name: ((regime.time_known, name), model)
            for name, model in counting_models(regime.time_known).items()
        }
        for name, run in finished_runs(store).items():
            self._join(name, (str(run.folder), run.config["created"]), run)

    def waiting(self) -> list[str]:
        """Return the models that take time: not kept, and not as quick as plain counts."""
        quick = () if is_large(self.store) else AT_ONCE
        return [
            name
            for name, (key, model) in self.models.items()
            if model.kind not in quick and self._known(name) is None
        ]

    def _known(self, name: str) -> Result | ModelError | None:
        """Return what this server has scored, or what is kept with the store."""
        key, model = self.models[name]
        known = found_before("result", self.store, (key, self.regime))
        if known is None and model.vocabulary_ is None:
            known = with_store.load(self.store, name, self.regime)
            if known is not None:
                keep("result", self.store, (key, self.regime), known)
        return known

    def result(self, name: str, report: Progress | None = None) -> Result | None:
        """Return one model's result; counting models are fitted first.

        A trained model that cannot be scored leaves the race, which the notes say: None.
        """
        key, model = self.models[name]

        def scored() -> Result | ModelError:
            def fitted():
                return model.fit(self.parts.train, progress=report)

            is_trained = model.vocabulary_ is not None
            ready = model if is_trained else kept("model", self.store, key, fitted)
            try:
                found = evaluate_model(ready, self.parts, self.regime, name=name, progress=report)
            except ModelError as error:
                if is_trained:
                    return error
                raise
            if not is_trained:
                with_store.keep(self.store, found)
            return found

        found = self._known(name)
        if found is None:
            found = kept("result", self.store, (key, self.regime), scored)
        if isinstance(found, ModelError):
            del self.models[name]
            self.notes.append(f"{name} is left out: {found.found}")
            return None
        return found

    @property
    def asked(self) -> tuple:
        """What the results of all models are known by."""
        return tuple(key for key, _ in self.models.values()), self.regime

    def run(self, names: list[str], report: Progress) -> bool:
        """Fit and score some models, each kept as soon as it is there."""
        for k, name in enumerate(names):
            self.result(name, part_of(report, k / len(names), (k + 1) / len(names)))
        return True

    def _join(self, name: str, key, run: Run) -> None:
        if _is_a_usual_count(run):
            return  # It runs already: the same counts, fitted here.
        try:
            model = kept("model", self.store, key, run.model)
        except ModelError as error:
            # Where the folder lies is nobody's business here.
            why = error.found.removeprefix(f"{run.folder}: ")
            self.notes.append(f"{name} is left out: {why}")
            return
        known = model.vocabulary_
        if known is None or known.digest != self.parts.vocabulary.digest:
            self.notes.append(f"{name} was trained on all users, so it is not scored on some.")
        elif model.time_known not in (None, self.regime.time_known):
            knows = "knows" if model.time_known else "does not know"
            self.notes.append(f"{name} was trained for questions in which it {knows} the time.")
        else:
            self.models[name] = (key, model)


def cut(store: Store) -> Dataset:
    """Return a data set that is cut by time; of a large store some users."""
    dataset = Dataset.from_store(store)
    _ = dataset.split
    return dataset


def _is_a_usual_count(run: Run) -> bool:
    """Return whether a training is of a model that only counts, as it counts by default."""
    if MODELS[run.kind].family != "counting":
        return False
    usual = signature(MODELS[run.kind]).parameters
    asked = {name: value for name, value in run.config["params"].items() if name != "seed"}
    return all(value == usual[name].default for name, value in asked.items())


def finished_runs(store: Store) -> dict[str, Run]:
    """Return the trainings on this data set that are done, the newest of each kind first."""
    done = [run for run in trainings(store) if run.poll().state == "done"]
    named: dict[str, Run] = {}
    for run in done[:MOST_RUNS]:
        alone = sum(each.kind == run.kind for each in done) == 1
        when = run.config["created"][:19].replace("T", " ")
        named[run.label if alone else f"{run.label}, {when}"] = run
    return named

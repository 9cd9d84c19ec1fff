"""A recipe: the ordered cleaning steps, as YAML or JSON, to be run again on the next file."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from strec.cleaning.base import Step, suggestion
from strec.cleaning.improbable import ImpossiblePlaces, ImpossibleSpeed, ImpossibleTimes
from strec.cleaning.missing import MissingCategory, MissingPlace, MissingValue
from strec.cleaning.rows import Bots, ExactDuplicates, KCore, NearDuplicates, TidyText
from strec.cleaning.tracks import Stays
from strec.errors import RecipeError, as_path

#: The steps in the order of the default recipe: first what is plainly wrong, then what the rows
#: stand for, then what is repeated or automatic, then what is missing, and last the filter that
#: counts what is left.
STEPS: dict[str, type[Step]] = {
    step.name: step
    for step in (
        TidyText,
        ExactDuplicates,
        ImpossiblePlaces,
        ImpossibleTimes,
        ImpossibleSpeed,
        Stays,
        NearDuplicates,
        Bots,
        MissingPlace,
        MissingCategory,
        MissingValue,
        KCore,
    )
}
#: Written into every recipe, so that a later strec can tell what it reads.
VERSION = 1


@dataclass(frozen=True)
class Recipe:
    """Ordered cleaning steps and, where known, how the file's columns were read.

    Parameters
    ----------
    steps : tuple of Step
        Run from first to last; a step may come more than once.
    mapping : dict, optional
        How the columns of the file were read, as `strec.io.Mapping.to_dict` gives it.

    Raises
    ------
    RecipeError
        If a step or a parameter is unknown, or a value is not allowed.

    Examples
    --------
    >>> recipe = Recipe.default().change("k_core", enabled=True, min_per_user=5)
    >>> Recipe.from_text(recipe.to_text()) == recipe
    True
    """

    steps: tuple[Step, ...]
    mapping: dict[str, Any] | None = None

    @classmethod
    def default(cls) -> "Recipe":
        """Return every step once, with its default parameters."""
        return cls(tuple(step() for step in STEPS.values()))

    @classmethod
    def load(cls, path: str | Path) -> "Recipe":
        """Read a recipe from a file.

        Parameters
        ----------
        path : path
            A YAML or JSON file.

        Raises
        ------
        RecipeError
            If it cannot be read, or is no recipe.

        Examples
        --------
        >>> import tempfile
        >>> path = Recipe.default().save(Path(tempfile.mkdtemp()) / "recipe.yaml")
        >>> Recipe.load(path) == Recipe.default()
        True
        """
        try:
            text = as_path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(
                "A cleaning recipe is a YAML or JSON text file.",
                f"{path} cannot be read ({error.__class__.__name__}).",
                "Check the path, or start from the default: leave the recipe out.",
            ) from error
        return cls.from_text(text)

    @classmethod
    def from_text(cls, text: str) -> "Recipe":
        """Read a recipe from text.

        Parameters
        ----------
        text : str
            YAML or JSON, which is a part of YAML.

        Raises
        ------
        RecipeError
            If it is no recipe.

        Examples
        --------
        >>> Recipe.from_text("steps: [exact_duplicates]").steps
        (ExactDuplicates(enabled=True),)
        """
        import yaml

        try:
            # Tabs indent JSON, but not YAML.
            data = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
        except (yaml.YAMLError, ValueError) as error:
            raise RecipeError(
                "A cleaning recipe is YAML or JSON text.",
                " ".join(str(error).split())[:200],
                "Mend that line, or save a new recipe from the Data page.",
            ) from error
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> "Recipe":
        """Build a recipe from plain data.

        Parameters
        ----------
        data : dict
            As `to_dict` gives it.

        Raises
        ------
        RecipeError
            If it is no recipe of this version.

        Examples
        --------
        >>> recipe = Recipe.from_dict({"steps": [{"step": "k_core", "min_per_user": 5}]})
        >>> recipe.step("k_core").min_per_user
        5
        """
        if not isinstance(data, dict) or not isinstance(data.get("steps"), list):
            raise RecipeError(
                "A cleaning recipe has a list named steps.",
                f"{type(data).__name__}: {str(data)[:80]!r}.",
                "Write steps:, then one line such as '- step: exact_duplicates' per step.",
            )
        allowed = ["strec_recipe", "mapping", "steps"]
        for key in data:
            if key not in allowed:
                raise RecipeError(
                    f"A cleaning recipe holds {', '.join(allowed)}.",
                    f"{key!r}.",
                    suggestion(key, allowed) or f"Remove {key!r}.",
                )
        if data.get("strec_recipe", VERSION) != VERSION:
            raise RecipeError(
                f"This strec reads recipes of version {VERSION}.",
                f"version {data['strec_recipe']!r}.",
                "Install a newer strec, or save the recipe again from the Data page.",
            )
        mapping = data.get("mapping")
        if mapping is not None and not isinstance(mapping, dict):
            raise RecipeError(
                "The mapping of a recipe names a column for each part of a check-in.",
                f"{type(mapping).__name__}: {str(mapping)[:80]!r}.",
                "Remove the mapping, and strec guesses it from the file.",
            )
        return cls(tuple(_step(entry) for entry in data["steps"]), mapping)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain lists, dictionaries, numbers and texts."""
        data: dict[str, Any] = {"strec_recipe": VERSION}
        if self.mapping is not None:
            data["mapping"] = self.mapping
        return data | {"steps": [step.to_dict() for step in self.steps]}

    def to_text(self, form: str = "yaml") -> str:
        """Return the recipe as text.

        Parameters
        ----------
        form : str
            ``"yaml"`` or ``"json"``.

        Examples
        --------
        >>> Recipe((ExactDuplicates(),)).to_text().splitlines()[0]
        'strec_recipe: 1'
        """
        if form == "json":
            return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"
        import yaml

        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    def save(self, path: str | Path) -> Path:
        """Write the recipe and return its path.

        Parameters
        ----------
        path : path
            JSON if the name ends in ``.json``, YAML otherwise.

        Examples
        --------
        >>> import tempfile
        >>> Recipe.default().save(Path(tempfile.mkdtemp()) / "recipe.yaml").name
        'recipe.yaml'
        """
        path = Path(path)
        form = "json" if path.suffix.lower() == ".json" else "yaml"
        path.write_text(self.to_text(form), encoding="utf-8")
        return path

    def step(self, name: str) -> Step:
        """Return the first step of this name.

        Parameters
        ----------
        name : str
            A key of `STEPS`.

        Raises
        ------
        RecipeError
            If there is none.

        Examples
        --------
        >>> Recipe.default().step("k_core").min_per_user
        10
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise RecipeError(
            "The recipe names the step asked for.",
            f"{name!r} is not in {', '.join(step.name for step in self.steps) or 'it'}.",
            suggestion(name, list(STEPS)) or "Add the step.",
        )

    def change(self, name: str, **values: Any) -> "Recipe":
        """Return a recipe in which the steps of this name have other parameters.

        Parameters
        ----------
        name : str
            A key of `STEPS`.
        **values
            Parameters by name.

        Raises
        ------
        RecipeError
            If the recipe has no such step, or the step no such parameter.

        Examples
        --------
        >>> Recipe.default().change("k_core", min_per_user=5).step("k_core").min_per_user
        5
        """
        self.step(name)  # says so if there is none
        return replace(
            self,
            steps=tuple(
                type(step).from_dict(step.values() | values) if step.name == name else step
                for step in self.steps
            ),
        )


def _step(entry: Any) -> Step:
    # "- exact_duplicates" is a fair short form of "- step: exact_duplicates".
    values = {"step": entry} if isinstance(entry, str) else entry
    name = values.get("step") if isinstance(values, dict) else None
    if name not in STEPS:
        raise RecipeError(
            f"The steps are {', '.join(STEPS)}.",
            f"{str(name or entry)!r}.",
            suggestion(str(name or entry), list(STEPS)) or "Choose one of these steps.",
        )
    return STEPS[name].from_dict({k: v for k, v in values.items() if k != "step"})

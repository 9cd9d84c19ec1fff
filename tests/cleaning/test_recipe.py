"""A recipe survives YAML and JSON, and says what is wrong with a bad one."""

import json

import pytest

from strec.cleaning import STEPS, ImpossibleSpeed, KCore, Recipe
from strec.errors import RecipeError


@pytest.mark.parametrize("name", ["recipe.yaml", "recipe.yml", "recipe.json"])
def test_a_saved_recipe_loads_as_it_was(tmp_path, name):
    recipe = Recipe.default().change("k_core", enabled=True, way="one_pass", min_per_item=3)
    recipe = Recipe(recipe.steps, mapping={"user_id": "Käufer", "day_first": True})
    assert Recipe.load(recipe.save(tmp_path / name)) == recipe


def test_the_default_recipe_repairs_and_drops_only_what_cannot_be_true():
    on = {step.name for step in Recipe.default().steps if step.enabled}
    assert on == {
        "tidy_text",
        "exact_duplicates",
        "impossible_places",
        "impossible_times",
        "impossible_speed",
        "stays",
    }
    assert [step.name for step in Recipe.default().steps] == list(STEPS)


def test_json_with_tabs_and_short_steps_are_read():
    text = '{\n\t"steps": ["exact_duplicates", {"step": "k_core", "enabled": true}]\n}'
    assert [step.name for step in Recipe.from_text(text).steps] == ["exact_duplicates", "k_core"]


def test_a_date_needs_no_quotes_in_yaml():
    recipe = Recipe.from_text("steps:\n- step: impossible_times\n  earliest: 2001-02-03\n")
    assert recipe.step("impossible_times").earliest == "2001-02-03"


def test_steps_keep_the_order_of_the_file_and_may_repeat():
    text = "steps:\n- k_core\n- exact_duplicates\n- k_core\n"
    recipe = Recipe.from_text(text)
    assert [step.name for step in recipe.steps] == ["k_core", "exact_duplicates", "k_core"]
    # A change reaches each of them and keeps what it does not name.
    both = recipe.change("k_core", min_per_user=3).steps
    assert (both[0].min_per_user, both[2].min_per_user, both[0].min_per_item) == (3, 3, 10)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("steps: [exact_duplicate]", "exact_duplicates"),
        ("steps:\n- step: k_core\n  min_user: 5\n", "min_per_user"),
        ("steps:\n- step: k_core\n  min_per_user: 0\n", "from 1"),
        ("steps:\n- step: k_core\n  min_per_user: 2.5\n", "whole number"),
        ("steps:\n- step: k_core\n  min_per_user: true\n", "whole number"),
        ("steps:\n- step: k_core\n  way: twice\n", "one_pass"),
        ("steps:\n- step: k_core\n  enabled: 1\n", "true or false"),
        ("steps:\n- step: impossible_times\n  latest: tomorrow\n", "now"),
        ("steps:\n- step: impossible_speed\n  limit_kmh: .nan\n", "a number"),
        ("stepps: []", "steps"),
        ("steps: []\nmaping: {}", "mapping"),
        ("steps: []\nmapping: user", "mapping"),
        ("strec_recipe: 2\nsteps: []", "version 1"),
        ("- a\n- b", "steps"),
        ("", "steps"),
        ("steps: [", "YAML"),
        ('{"steps": ', "YAML"),
        ("steps: [3]", "exact_duplicates"),
        ("!!python/object/apply:os.getcwd []", "YAML"),
    ],
)
def test_a_bad_recipe_says_what_was_needed(text, word):
    with pytest.raises(RecipeError) as caught:
        Recipe.from_text(text)
    assert word in str(caught.value)
    assert caught.value.mend


def test_a_recipe_that_cannot_be_opened_is_said(tmp_path):
    (tmp_path / "junk.yaml").write_bytes(b"\xff\xfe\x00\x01")
    for path in (tmp_path / "none.yaml", tmp_path / "junk.yaml", tmp_path):
        with pytest.raises(RecipeError, match="cannot be read"):
            Recipe.load(path)


def test_python_checks_parameters_like_a_file_does():
    with pytest.raises(RecipeError, match="limit_kmh"):
        ImpossibleSpeed(limit_kmh=-1)
    assert KCore(enabled=True).to_dict() == {
        "step": "k_core", "enabled": True, "min_per_item": 10, "min_per_user": 10,
        "way": "iterated",
    }  # fmt: skip


def test_every_step_and_parameter_explains_itself():
    for step in STEPS.values():
        assert step.title and step.help.endswith(".")
        for spec in step.parameters().values():
            assert spec.metadata["label"] and spec.metadata["help"], (step.name, spec.name)


def test_yaml_is_made_of_plain_values():
    assert json.loads(Recipe.default().to_text("json")) == Recipe.default().to_dict()
    assert "!!" not in Recipe.default().to_text()

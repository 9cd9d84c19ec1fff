"""What pages say of models is true of them."""

import inspect

import pytest

from strec.models import LANGUAGE_MODELS, MODELS

WITH_LANGUAGE = [kind for kind in MODELS if MODELS[kind].language is not None]


@pytest.mark.parametrize("kind", MODELS)
def test_quick_parameters_are_the_models(kind):
    known = inspect.signature(MODELS[kind]).parameters
    assert set(MODELS[kind].quick) <= set(known)


def test_every_model_that_takes_a_language_model_says_so():
    takes = {kind for kind, model in MODELS.items()
             if {"llm", "text"} & set(inspect.signature(model).parameters)}  # fmt: skip
    assert set(WITH_LANGUAGE) == takes


@pytest.mark.parametrize("kind", WITH_LANGUAGE)
def test_the_first_choice_is_what_the_model_takes_by_itself(kind):
    language = MODELS[kind].language
    default = inspect.signature(MODELS[kind]).parameters[language.parameter].default
    assert language.choices[0] == default
    assert set(language.choices) <= set(LANGUAGE_MODELS)


def test_the_demo_is_called_one():
    name, what = LANGUAGE_MODELS["tiny"]
    assert "demo" in name.lower() and "random" in what

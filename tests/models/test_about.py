"""What pages say of models is true of them."""

import inspect

import pytest

from strec.models import ABOUT, KINDS, LANGUAGE_MODELS

WITH_LANGUAGE = [kind for kind in KINDS if ABOUT[kind].language is not None]


@pytest.mark.parametrize("kind", KINDS)
def test_quick_parameters_are_the_models(kind):
    known = inspect.signature(KINDS[kind]).parameters
    assert set(ABOUT[kind].quick) <= set(known)


def test_every_model_that_takes_a_language_model_says_so():
    takes = {kind for kind, model in KINDS.items()
             if {"llm", "text"} & set(inspect.signature(model).parameters)}  # fmt: skip
    assert set(WITH_LANGUAGE) == takes


@pytest.mark.parametrize("kind", WITH_LANGUAGE)
def test_the_first_choice_is_what_the_model_takes_by_itself(kind):
    language = ABOUT[kind].language
    default = inspect.signature(KINDS[kind]).parameters[language.parameter].default
    assert language.choices[0] == default
    assert set(language.choices) <= set(LANGUAGE_MODELS)


def test_the_demo_is_called_one():
    name, what = LANGUAGE_MODELS["tiny"]
    assert "demo" in name.lower() and "random" in what

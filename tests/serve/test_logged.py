"""Logs of a server for strangers say where something failed, and nothing of whom it concerns."""

import io
import logging

import pytest

from strec.serve import logged


@pytest.fixture
def written(monkeypatch):
    """What a library's own logger writes."""
    monkeypatch.setattr(logging.Formatter, "formatException", logging.Formatter.formatException)
    text = io.StringIO()
    handler, logger = logging.StreamHandler(text), logging.getLogger("a library")
    logger.addHandler(handler)
    yield logger, text
    logger.removeHandler(handler)


def looks_up(who: str) -> None:
    try:
        raise KeyError(f"no row of {who}")
    except KeyError as error:
        raise ValueError(f"{who} is not known") from error


@pytest.mark.parametrize("is_quiet", [False, True])
def test_an_error_is_written_without_its_words(written, is_quiet):
    logger, text = written
    if is_quiet:
        logged.without_words()
    try:
        looks_up("ann-of-berlin")
    except ValueError:
        logger.exception("a file could not be made")
    said = text.getvalue()
    assert ("ann-of-berlin" in said) is not is_quiet
    assert "KeyError" in said and "ValueError" in said and "looks_up" in said

"""The Live page in a real browser: a replay plays by itself, pauses, and counts hits."""

import re

import pytest

pytestmark = pytest.mark.slow


def test_a_replay_plays_pauses_and_ends(address, person):
    visitor = person()
    visitor.open(f"{address}/live?sample=traffic")
    assert visitor.sees("0 of 500 check-ins")

    visitor.page.get_by_role("button", name="Play").click()
    # Nobody presses anything more: it goes on by itself.
    assert visitor.sees(re.compile(r"^([4-9]|\d\d+) of 500 check-ins"))
    visitor.press_until("Pause", "Play")
    progress = visitor.page.get_by_text(re.compile(r"\d+ of 500 check-ins")).first
    paused = progress.inner_text()
    visitor.page.wait_for_timeout(2500)
    assert progress.inner_text() == paused
    visitor.keep("live-paused")

    visitor.press("To the end")
    assert visitor.sees("500 of 500 check-ins")
    assert visitor.sees("With the growing history")
    visitor.keep("live-end")
    visitor.nothing_broke()


def test_a_replay_on_a_telephone_in_the_dark(address, person):
    visitor = person(size=(390, 844), color_scheme="dark")
    visitor.open(f"{address}/live")
    visitor.press("One more")
    assert visitor.sees("1 of 500 check-ins")
    # The three counts share a row: below each other they would push the map away.
    assert visitor.sees("Missed")
    counts = visitor.page.get_by_test_id("stMetric").all()[:3]
    assert len({round(each.bounding_box()["y"]) for each in counts}) == 1
    visitor.keep("live-narrow-dark")
    visitor.nothing_broke()

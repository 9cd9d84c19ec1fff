"""A server just started: a bookmark, then the tour to its end without touching the sidebar."""

import re
import time

import pytest

from pages.shared.page import all_pages
from tests.browser.conftest import an_app

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(browsers, tmp_path_factory):
    """The address of an app that nobody has visited before these tests."""
    # The model that the tour trains takes all cores for a minute; tests/pages/test_tour.py sees
    # that it begins. Where nobody may train the tour goes on without.
    with an_app(tmp_path_factory.mktemp("app"), STREC_TRAININGS_EACH="0") as found:
        yield found


def test_a_bookmark_opens_the_whole_app_on_a_server_just_started(address, person):
    visitor = person()
    visitor.open(f"{address}/space?sample=travel")
    visitor.page.get_by_role("link", name="Dependence").wait_for()
    assert visitor.sees(re.compile("Three days in the old town"))
    # A world chosen on Start, and another page opened before it is there: nothing is lost.
    page = visitor.page
    page.get_by_role("link", name="Start").click()
    page.get_by_role("button", name="A city of friends").click()
    page.get_by_role("link", name="Time").click()
    page.get_by_role("heading", name="Time", level=1).wait_for()
    assert visitor.sees(re.compile("40,000 check-ins"))
    visitor.nothing_broke()


def test_the_tour_is_walked_to_its_end(address, person):
    visitor = person()
    visitor.open(address)
    visitor.press("Take the tour")
    stops = [page for page in all_pages().values() if page.tour]
    waits = {}
    for at, page in enumerate(stops, 1):
        assert visitor.sees(re.compile(f"Tour {at}/{len(stops)}"))
        # Train and Live show bars of their own: a model that learns, a replay at its beginning.
        if page.url not in ("train", "live"):
            visitor.page.locator("[data-testid=stProgress]").wait_for(state="detached")
        visitor.wait()
        assert not visitor.page.locator("[data-testid=stAlertContentError]").count(), page.url
        visitor.keep(f"tour-{at:02}-{page.url or 'start'}", whole=False)
        if at < len(stops):
            begun = time.monotonic()
            # By keyboard, as somebody without a mouse does.
            visitor.page.get_by_role("button", name="Next").first.press("Enter")
            visitor.page.get_by_text(re.compile(f"Tour {at + 1}/")).first.wait_for()
            waits[stops[at].url] = round(time.monotonic() - begun, 1)
    print("seconds until the next step stood there:", waits)
    visitor.press("That was the tour")
    assert visitor.sees("When, where, and what next")
    assert not visitor.page.get_by_text(re.compile(r"Tour \d+/")).count()
    visitor.nothing_broke()

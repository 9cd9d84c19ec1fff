"""Addresses in a real browser: widgets show what the address says, and what is answered."""

import re

import pytest

pytestmark = pytest.mark.slow
#: A browser that told of itself missed what widgets were set to at about every second visit.
VISITS = 4


def test_widgets_show_what_the_address_says(person, address):
    for _ in range(VISITS):
        visitor = person()
        visitor.open(f"{address}/recommend?sample=social&time=2024-08-30T22&new=1&diversity=0.5")
        page = visitor.page
        hour, diversity = (
            page.locator("[data-testid=stSlider]").filter(has_text=label)
            for label in ("Hour of the week", "Diversity")
        )
        assert hour.inner_text().split("\n\n")[1] == "Fri 22:00"
        page.get_by_role("button", name=re.compile("How$")).click()
        diversity.wait_for()
        assert diversity.inner_text().split("\n\n")[1] == "0.50"
        new = page.locator("[data-testid=stCheckbox]").filter(has_text="New venues only")
        assert new.locator("input").is_checked()
        visitor.nothing_broke()

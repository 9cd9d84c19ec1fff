"""The workshop of docs/workshop.md as people do it, on a laptop and on a phone."""

import os
import re

import pytest

from tests.browser.test_main_path import FAULTS, PHONE

pytestmark = pytest.mark.slow

DEVICES = {
    "laptop": {"size": (1366, 768)},
    "phone": {"size": (390, 844), "color_scheme": "dark", "user_agent": PHONE, "has_touch": True},
}


#: The laptop's walk is the phone's on a larger screen: it is walked where its pictures are wanted.
WALKED = ["phone", *(["laptop"] if "STREC_SCREENSHOTS" in os.environ else [])]


@pytest.mark.parametrize("device", WALKED)
def test_the_workshop_can_be_done(device, address, person):
    visitor = person(**DEVICES[device])
    page = visitor.page

    def go(where: str) -> None:
        visitor.open(f"{address}/{where}")
        page.locator("[data-testid=stProgress]").wait_for(state="detached")

    def choose(name: str) -> None:
        page.get_by_role("radio", name=name).first.click()
        visitor.wait()

    def keep(name: str) -> None:
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("each => each.scrollWidth <= each.clientWidth + 2"), name
        assert not page.evaluate(FAULTS), name
        visitor.keep(f"workshop-{device}-{name}")

    # When? The busiest hour is named below the figure, real rhythms in a sentence.
    go("time?sample=social")
    assert visitor.sees(re.compile(r"Busiest: \w+ \d+:00"))
    keep("time")
    choose("Rhythms")
    assert visitor.sees(re.compile("Real rhythms?: "))
    # Where? The city hour by hour, hotspots, how the choice of a place falls with distance.
    go("space?sample=social")
    page.get_by_role("combobox", name=re.compile("Play")).click()
    page.get_by_role("option", name="Hour by hour").click()
    visitor.wait()
    slider = page.get_by_role("slider", name=re.compile("Hour by hour"))
    for _ in range(9):
        # Each press is answered by another map; a person waits for it too.
        slider.press("ArrowRight")
        visitor.wait(150)
    assert visitor.sees("09:00–10:00")
    keep("space")
    choose("Hotspots")
    assert visitor.sees(re.compile("hotspot", re.IGNORECASE))
    choose("Flows")
    assert visitor.sees(re.compile("Arcs go from the light end"))
    keep("flows")
    # Does it matter? In the simulator a slider turns a no into a yes.
    go("dependence?sample=social")
    choose("Live simulator")
    assert visitor.sees(re.compile("Take a traditional recommender"))
    matters = page.get_by_role("slider", name=re.compile("Time matters"))
    matters.focus()
    matters.press("End")
    assert visitor.sees(re.compile("Time \\("))
    visitor.wait()
    keep("dependence")
    # Why this, and at what price?
    go("recommend?sample=social&time=2024-08-30T22")
    assert visitor.sees(re.compile("Why .* is number 1"))
    assert page.get_by_text(re.compile("Each bar begins where the one before ended")).count()
    keep("recommend")
    go("privacy?sample=social")
    assert visitor.sees(re.compile("singles out"))
    keep("privacy")
    visitor.nothing_broke()

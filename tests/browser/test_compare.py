"""Finding, exporting and taking along a difference between two groups, as a new user would."""

import time

import pytest

pytestmark = pytest.mark.slow

#: The walk is promised in five minutes; a computer clicks faster than a person, so it has two.
SECONDS = 120


def test_a_difference_is_found_exported_and_taken_along(address, person, tmp_path):
    somebody, began = person(size=(1440, 900)), time.monotonic()
    page = somebody.page
    somebody.open(f"{address}/compare?sample=social")
    sentence = page.locator("h4").first.inner_text()
    assert sentence.startswith("Weekends have ")
    somebody.keep("compare")

    page.get_by_role("radio", name="Hours of the day").click()
    somebody.wait()
    assert page.get_by_text("the difference is more than chance (diamonds)").count() == 1
    # Three clicks soon after another: each gives its file.
    downloads: list = []
    page.on("download", lambda each: downloads.append(each))
    labels = ("All numbers as CSV", "Report as HTML", "Data as CSV")
    for label in labels:
        page.get_by_role("button", name=label).first.click()
    for _ in range(120):
        if len(downloads) == len(labels):
            break
        page.wait_for_timeout(250)
    kept = {each.suggested_filename: each.path().read_text(encoding="utf-8") for each in downloads}
    assert len(kept) == len(labels), kept.keys()
    (report,) = (each for name, each in kept.items() if name.endswith(".html"))
    assert "Weekends" in report
    tables = [each.splitlines() for name, each in kept.items() if name.endswith(".csv")]
    assert any("ratio" in rows[0] and len(rows) > 50 for rows in tables)

    page.get_by_role("button", name="Pin", exact=True).first.click()
    somebody.wait()
    page.get_by_role("button", name="Keep and share (1 picture)").click()
    somebody.wait()
    somebody.keep("compare-kept", whole=False)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report as HTML").last.click()
    download.value.save_as(tmp_path / "pinned.html")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    somebody.wait()

    page.get_by_role("button", name="Only weekends").click()
    somebody.wait()
    assert page.locator("h1").inner_text() == "Time"
    assert page.locator(".st-key-chip_weekdays").inner_text().startswith("weekends")
    assert time.monotonic() - began < SECONDS

    # The report stands alone, and a browser makes a PDF of it.
    page.goto((tmp_path / "pinned.html").as_uri())
    page.wait_for_selector(".plot-container")
    assert page.get_by_text("Made on").count() == 1
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert not somebody.complaints


def test_a_span_is_drawn_over_the_trend_and_goes_by_its_chip(address, person):
    somebody = person(size=(1440, 1000))
    page = somebody.page
    somebody.open(f"{address}/time?sample=social")
    trend = page.locator(".js-plotly-plot", has_text="Check-ins per").first
    plot = trend.locator(".nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    across = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, across)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, across, steps=8)
    page.mouse.up()
    somebody.wait(1500)
    chip = page.locator(".st-key-chip_date_from")
    assert "2024" in chip.inner_text()
    somebody.keep("span")
    chip.get_by_role("button").click()
    somebody.wait()
    assert not chip.count()
    assert not somebody.complaints

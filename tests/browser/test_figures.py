"""Figures in a real browser: what draws them does it once for each."""

import pytest

pytestmark = pytest.mark.slow
#: Only the function of plotly that draws all of a figure asks for this.
DRAWS = ".drawFramework&&"


@pytest.mark.parametrize("page, n_figures", [("time", 6), ("recommend", 3)])
def test_each_figure_is_drawn_once(person, address, page, n_figures):
    visitor = person()
    asked, scripts = visitor.page.context.new_cdp_session(visitor.page), {}
    asked.on("Debugger.scriptParsed", lambda found: scripts.update({found["url"]: found}))
    for begin in ("Debugger.enable", "Profiler.enable"):
        asked.send(begin)
    asked.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": False})
    visitor.page.goto(f"{address}/{page}?sample=social")
    visitor.page.wait_for_function(
        f"document.querySelectorAll('.js-plotly-plot .main-svg').length >= {n_figures}"
    )
    # Long enough for a second time, where there is one.
    visitor.page.wait_for_timeout(1_500)
    found = visitor.page.locator(".js-plotly-plot").count()
    seen = asked.send("Profiler.takePreciseCoverage")["result"]
    url, functions = next(
        (each["url"], each["functions"]) for each in seen if "PlotlyChart" in each["url"]
    )
    source = asked.send("Debugger.getScriptSource", {"scriptId": scripts[url]["scriptId"]})
    source = source["scriptSource"]
    within = [
        (source[span["startOffset"] : span["endOffset"]], span["count"])
        for span in (each["ranges"][0] for each in functions)
    ]
    # The innermost function that holds it.
    _, n_drawn = min((each for each in within if DRAWS in each[0]), key=lambda each: len(each[0]))
    assert found == n_figures == n_drawn

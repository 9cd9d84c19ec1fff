"""The quality report as one HTML page: no script, no network, every text escaped."""

from html import escape

import polars as pl

from strec.palette import BAD, GOOD, SPACE, TIME, USER
from strec.profiling.report import QualityReport

MARKS = {"serious": ("Serious", BAD), "check": ("Check", TIME), "note": ("Note", SPACE)}
STYLE = """
:root { color-scheme: light dark; --ink: #1E2A32; --paper: #FBFAF7; --line: #DDD8CD;
  --soft: #F1EFE9; --faint: #66727B }
@media (prefers-color-scheme: dark) { :root { --ink: #E7ECEB; --paper: #11181D;
  --line: #2C3942; --soft: #1A242B; --faint: #9AA7AF } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { line-height: 1.2; overflow-wrap: anywhere } h2 { margin-top: 2.2rem }
.faint { color: var(--faint) }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem }
.fact { background: var(--soft); border-radius: .6rem; padding: .6rem .9rem }
.fact b { display: block; font-size: 1.35rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
.bar { background: var(--soft); border-radius: .3rem; height: .7rem; min-width: 2.5rem;
  margin-top: .45rem; overflow: hidden } .bar i { display: block; height: 100% }
.mark { color: #fff; border-radius: .3rem; padding: .05rem .5rem; font-size: .85rem;
  white-space: nowrap }
svg { width: 100%; height: auto; display: block } svg text { fill: var(--faint); font-size: 11px }
@media (max-width: 40rem) { svg text { font-size: 20px } }
@media print { body { max-width: none } }
"""


def page(report: QualityReport, name: str, notes: tuple[str, ...] = ()) -> str:
    """Return the report as an HTML page.

    Parameters
    ----------
    report : QualityReport
        From `strec.profiling.quality`.
    name : str
        How the data set is called.
    notes : tuple of str
        Further sentences, shown at the end.

    Examples
    --------
    >>> from strec.profiling import quality
    >>> from strec.schema import example
    >>> "&lt;b&gt;" in page(quality(example()), "<b>mine</b>")
    True
    """
    sections = [
        f"<h1>{escape(name)}</h1><p class=faint>Quality of {report.n_checkins:,} check-ins, "
        "measured by strec. Times are local.</p>",
        _facts(report),
        "<h2>What looks suspicious</h2>",
        _findings(report),
        "<h2>How complete</h2>",
        _columns(report),
        f"<h2>Check-ins per {_length(report.bar_days)}</h2>",
        _timeline(report),
        "<h2>Check-ins per hour of the day</h2>",
        _bars([(f"{hour}:00", n) for hour, n in enumerate(report.hours)], TIME, every=3),
        "<h2>How many check-ins users have</h2>",
        _bars(histogram_labels(report.users_by_checkins), USER),
        _noted(notes),
    ]
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>Quality of {escape(name)}</title><style>{STYLE}</style></head><body>"
        + "\n".join(sections)
        + "</body></html>\n"
    )


def histogram_labels(users: pl.DataFrame) -> list[tuple[str, int]]:
    """Return labels such as “3–5” with the number of users.

    Examples
    --------
    >>> histogram_labels(pl.DataFrame({"from": [1, 3], "to": [1, 5], "n_users": [7, 2]}))
    [('1', 7), ('3–5', 2)]
    """
    return [
        (f"{low:,}" if low == high else f"{low:,}–{high:,}", n) for low, high, n in users.rows()
    ]


def facts(report: QualityReport) -> list[tuple[str, str, str]]:
    """Return the main numbers as (label, value, explanation), for pages and tables.

    Examples
    --------
    >>> from strec.profiling import quality
    >>> from strec.schema import example
    >>> facts(quality(example()))[0][:2]
    ('Check-ins', '4')
    """
    per_user, per_item = report.per_user, report.per_item
    found = [
        ("Check-ins", f"{report.n_checkins:,}", "events in the table"),
        ("Users", f"{report.n_users:,}", f"{per_user['median']:,.0f} check-ins at the median, "
         f"{per_user['max']:,} at most"),
        ("Items", f"{report.n_items:,}", f"{per_item['median']:,.0f} check-ins at the median, "
         f"{per_item['max']:,} at most"),
        ("Days", f"{report.n_days:,}", f"{report.first:%Y-%m-%d} – {report.last:%Y-%m-%d}"),
        ("Days without data", f"{report.n_days_without:,}",
         f"longest silence {duration(report.silence_hours)}"),
        ("Returns", f"{report.return_share:.0%}", "check-ins at an item where the user was before"),
        ("Sparsity", f"{report.sparsity:.2%}", "of all user–item pairs never happen"),
        ("Duplicates", f"{report.n_exact_duplicates:,}",
         f"exact; {report.n_near_duplicates:,} more within {report.near_minutes:g} minutes"),
    ]  # fmt: skip
    if report.spread_km is not None:
        found.append(
            ("Spread of places", distance(report.spread_km),
             f"half are nearer to the middle; 95 % within {distance(report.reach_km)}")
        )  # fmt: skip
    return found


def duration(hours: float) -> str:
    """Return a length of time as a person says it.

    Examples
    --------
    >>> duration(0.5), duration(30), duration(24 * 90)
    ('30 minutes', '30 hours', '90 days')
    """
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:,.0f} days"


def distance(km: float) -> str:
    """Return a distance as a person says it.

    Examples
    --------
    >>> distance(0.42), distance(3.21), distance(1234.5)
    ('420 m', '3.2 km', '1,234 km')
    """
    if km < 1:
        return f"{km * 1000:.0f} m"
    return f"{km:.1f} km" if km < 100 else f"{km:,.0f} km"


def _facts(report: QualityReport) -> str:
    cards = [
        f"<div class=fact>{escape(label)}<b>{escape(value)}</b>"
        f"<span class=faint>{escape(text)}</span></div>"
        for label, value, text in facts(report)
    ]
    return f"<div class=facts>{''.join(cards)}</div>"


def _findings(report: QualityReport) -> str:
    if not report.findings:
        return "<p>Nothing.</p>"
    rows = []
    for finding in report.findings:
        word, colour = MARKS[finding.severity]
        rows.append(
            f"<tr><td><span class=mark style='background:{colour}'>{word}</span></td>"
            f"<td><b>{escape(finding.title)}</b><br>{escape(finding.text)}</td></tr>"
        )
    return f"<table>{''.join(rows)}</table>"


def _columns(report: QualityReport) -> str:
    rows = [
        f"<tr><td>{escape(column.title)}</td><td><div class=bar><i style='width:"
        f"{100 * column.share_known:.2f}%;background:{GOOD}'></i></div></td>"
        f"<td class=number>{column.share_known:.1%}</td><td class=number>{column.n_missing:,}</td>"
        f"<td class=number>{column.n_distinct:,}</td></tr>"
        for column in report.columns
    ]
    head = (
        "<tr><th>Column<th>Known<th class=number>Share<th class=number>Missing"
        "<th class=number>Different values</tr>"
    )
    return f"<table>{head}{''.join(rows)}</table>"


def _timeline(report: QualityReport) -> str:
    rows = report.timeline.rows()
    bars = [(start.isoformat(), n) for start, n in rows]
    return _bars(bars, TIME, every=max(1, -(-len(bars) // 6)))


def _bars(values: list[tuple[str, int]], colour: str, every: int = 1) -> str:
    """Return a bar chart as SVG, with a label below each `every`-th bar and the largest value."""
    width, height, top = 900, 180, 24
    step = width / max(len(values), 1)
    most = max((n for _, n in values), default=0) or 1
    parts = [
        f"<line x1=0 x2={width} y1={height + top} y2={height + top} stroke=currentColor "
        "stroke-opacity=.3 />",
        f"<text x=0 y=17>{most:,}</text>",
    ]
    for i, (label, n) in enumerate(values):
        tall = height * n / most
        parts.append(
            f"<rect x={i * step + 0.05 * step:.2f} y={height + top - tall:.2f} "
            f"width={0.9 * step:.2f} height={tall:.2f} fill='{colour}'>"
            f"<title>{escape(label)}: {n:,}</title></rect>"
        )
        if i % every == 0:
            parts.append(
                f"<text x={i * step + 0.05 * step:.2f} y={height + top + 18}>{escape(label)}</text>"
            )
    return f"<svg viewBox='0 0 {width} {height + top + 26}' role=img>{''.join(parts)}</svg>"


def _length(days: int) -> str:
    return {1: "day", 7: "week", 28: "four weeks", 91: "quarter", 364: "year", 3640: "decade"}[days]


def _noted(notes: tuple[str, ...]) -> str:
    if not notes:
        return ""
    return f"<h2>How it was read</h2><ul>{''.join(f'<li>{escape(n)}</li>' for n in notes)}</ul>"

"""The quality report as one HTML page: no script, no network, every text escaped."""

import polars as pl

from strec.export import html_page
from strec.palette import BAD, GOOD, SPACE, TIME, USER
from strec.profiling.report import QualityReport
from strec.wording import distance, duration

#: What a bar of the timeline spans, by its days.
BAR_LENGTHS = {
    1: "day", 7: "week", 28: "four weeks", 91: "quarter", 364: "year", 3640: "decade",
}  # fmt: skip
MARKS = {"serious": ("Serious", BAD), "check": ("Check", TIME), "note": ("Note", SPACE)}


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
    return html_page(
        "quality",
        name=name,
        report=report,
        facts=facts(report),
        marks=MARKS,
        colours={"known": GOOD, "time": TIME, "user": USER},
        bar_length=BAR_LENGTHS[report.bar_days],
        timeline=[(start.isoformat(), n) for start, n in report.timeline.rows()],
        hours=[(f"{hour}:00", n) for hour, n in enumerate(report.hours)],
        users=histogram_labels(report.users_by_checkins) if report.n_users else [],
        notes=notes,
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


#: Facts that there are none of where nobody is named.
_OF_PEOPLE = ("Users", "Returns", "Sparsity", "Duplicates")


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
        ("Returns", f"{100 * report.return_share:.0f} %",
         "check-ins at an item where the user was before"),
        ("Sparsity", f"{100 * report.sparsity:.2f} %", "of all user–item pairs never happen"),
        ("Duplicates", f"{report.n_exact_duplicates:,}",
         f"exact; {report.n_near_duplicates:,} more within {report.near_minutes:g} minutes"),
    ]  # fmt: skip
    if not report.n_users:
        found = [fact for fact in found if fact[0] not in _OF_PEOPLE]
    if report.spread_km is not None and report.reach_km is not None:
        found.append(
            ("Spread of places", distance(report.spread_km),
             f"half are nearer to the middle; 95 % within {distance(report.reach_km)}")
        )  # fmt: skip
    return found

"""How counts, distances, times and shares are said, the same in every sentence."""

import math
from collections.abc import Sequence
from datetime import date

__all__ = [
    "add_up", "days", "distance", "duration", "listed", "moment", "percent", "percent_digits",
    "plural", "rough_distance", "round_distance", "run_time", "share",
]  # fmt: skip

#: The days of the week as they are counted: 0 is Monday.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun; `many` where it does not end in s.

    Parameters
    ----------
    count : int
        How many.
    one, many : str
        The noun for one, and for more.

    Examples
    --------
    >>> plural(1, "check-in"), plural(1200, "check-in"), plural(2, "box", "boxes")
    ('1 check-in', '1,200 check-ins', '2 boxes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence; `last` joins the last one.

    Parameters
    ----------
    words : sequence of str
        At least one.
    last : str
        Stands before the last word.

    Examples
    --------
    >>> listed(["hour"]), listed(["hour", "day", "week"])
    ('hour', 'hour, day and week')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def distance(km: float) -> str:
    """Return a distance in km as people say it.

    Parameters
    ----------
    km : float
        Not negative.

    Examples
    --------
    >>> distance(0.42), distance(3.21), distance(1234.5)
    ('420 m', '3.2 km', '1,234 km')
    """
    if km < 0.95:
        return f"{km * 1000:,.0f} m"
    return f"{km:,.1f} km" if km < 100 else f"{km:,.0f} km"


def rough_distance(km: float) -> str:
    """Return how wide or far something is, in whole kilometres from ten on.

    Parameters
    ----------
    km : float
        Not negative.

    Examples
    --------
    >>> rough_distance(0.42), rough_distance(3.21), rough_distance(32.1)
    ('420 m', '3.2 km', '32 km')
    """
    return f"{km:,.0f} km" if km >= 10 else f"{km:.1f} km" if km >= 1 else f"{km * 1000:.0f} m"


def round_distance(km: float) -> str:
    """Return a distance in km with two digits that count.

    Parameters
    ----------
    km : float
        Not negative.

    Examples
    --------
    >>> round_distance(0.4231), round_distance(3.21), round_distance(1234.5)
    ('420 m', '3.2 km', '1,200 km')
    """
    if km < 0.995:
        return f"{float(f'{km * 1000:.2g}'):g} m"
    return f"{float(f'{km:.2g}'):,g} km"


def duration(hours: float) -> str:
    """Return a length of time in hours as a person says it.

    Parameters
    ----------
    hours : float
        Not negative.

    Examples
    --------
    >>> duration(0.5), duration(30), duration(24 * 90)
    ('30 minutes', '30 hours', '90 days')
    """
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:,.0f} days"


def run_time(seconds: float) -> str:
    """Return how long a machine works.

    Parameters
    ----------
    seconds : float
        Not negative.

    Examples
    --------
    >>> run_time(0.2), run_time(42.3), run_time(600), run_time(5400)
    ('under a second', '42 s', '10 min', '1.5 h')
    """
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5000 else f"{seconds / 3600:.1f} h"


def of_users(n: int) -> str:
    """Return whose something is, behind what it counts.

    Parameters
    ----------
    n : int
        How many users; 0 where nobody is named.

    Examples
    --------
    >>> of_users(31), of_users(0)
    ('of 31 users', 'that name nobody')
    """
    return f"of {plural(n, 'user')}" if n else "that name nobody"


def times_before(n: int, *, of_nobody: bool = False, of_trips: bool = True) -> str:
    """Return how often something was taken before, as one says it beside a name.

    Parameters
    ----------
    n : int
        How often.
    of_nobody : bool
        Whether nobody is named, so that nothing is new to anybody.
    of_trips : bool
        Whether what nobody did set out from somewhere.

    Examples
    --------
    >>> times_before(0), times_before(2), times_before(2, of_nobody=True)
    ('new', '2 times before', '2 times from here')
    >>> times_before(2, of_nobody=True, of_trips=False)
    '2 times so far'
    """
    if of_nobody and not of_trips:
        return f"{plural(n, 'time')} so far" if n else "not among those looked back at"
    if of_nobody:
        return f"{plural(n, 'time')} from here" if n else "never from here"
    if not n:
        return "new"
    return "once before" if n == 1 else f"{n:,} times before"


def percent(probability: float) -> str:
    """Return a probability as people read it.

    Parameters
    ----------
    probability : float
        0 to 1.

    Examples
    --------
    >>> percent(0.312), percent(0.0123), percent(0.0001)
    ('31 %', '1.2 %', 'under 0.1 %')
    """
    if probability < 0.001:
        return "under 0.1 %"
    return f"{100 * probability:.{0 if probability >= 0.0995 else 1}f} %"


def percent_digits(shares: Sequence[float]) -> int:
    """Return how many decimals percentages need so that the largest has two digits that count.

    Parameters
    ----------
    shares : sequence of float
        Parts of one whole, 0 to 1 in size.

    Examples
    --------
    >>> percent_digits([0.4, 0.01]), percent_digits([0.004, 0.0001]), percent_digits([])
    (1, 2, 1)
    """
    largest = max((abs(each) for each in shares), default=0.0)
    return max(1, -math.floor(math.log10(100 * largest)) + 1) if largest > 0 else 1


def moment(when: date, form: str) -> str:
    """Return a day or a moment in a form of `strftime` that is alike on every system.

    Parameters
    ----------
    when : datetime.date or datetime.datetime
        The day, or the moment.
    form : str
        Of `strftime`; ``%-d`` is the day of the month and ``%-H`` the hour without a leading
        nought, which Windows does not know.

    Examples
    --------
    >>> from datetime import datetime
    >>> moment(datetime(2024, 6, 5, 8, 30), "%a %-d %b, %-H:%M")
    'Wed 5 Jun, 8:30'
    """
    form = form.replace("%-d", str(when.day))
    if "%-H" in form:
        form = form.replace("%-H", str(getattr(when, "hour", 0)))
    return when.strftime(form)


def days(first: date, last: date) -> str:
    """Return a span of days as people write it.

    Parameters
    ----------
    first, last : datetime.date
        Both included.

    Examples
    --------
    >>> from datetime import date
    >>> days(date(2024, 3, 4), date(2024, 8, 30)), days(date(2013, 12, 30), date(2014, 1, 2))
    ('4 Mar – 30 Aug 2024', '30 Dec 2013 – 2 Jan 2014')
    """
    begin = f"{first.day} {first:%b}" + (f" {first.year}" if first.year != last.year else "")
    return f"{begin} – {last.day} {last:%b %Y}"


def add_up(parts: Sequence[float], whole: float, digits: int) -> list[float]:
    """Return parts rounded so that what is printed of them adds up to what is printed of the whole.

    Rounded one by one, parts may miss their sum; here those that lose most by it give way.

    Parameters
    ----------
    parts : sequence of float
        What adds up to `whole`, but for a rounding error.
    whole : float
        Their sum.
    digits : int
        Decimals that are printed.

    Examples
    --------
    >>> add_up([0.333, 0.333, 0.334], 1.0, 2)
    [0.33, 0.33, 0.34]
    >>> add_up([2.5, 2.5], 5.0, 0)
    [3.0, 2.0]
    """
    scaled = [part * 10**digits for part in parts]
    floors = [math.floor(each) for each in scaled]
    missing = round(whole * 10**digits) - sum(floors)
    order = sorted(range(len(parts)), key=lambda k: floors[k] - scaled[k])
    for k in order[: max(missing, 0)]:
        floors[k] += 1
    return [round(each / 10**digits, digits) for each in floors]


def share(part: float) -> str:
    """Return a share of all as a percentage that never rounds to all or nothing.

    Parameters
    ----------
    part : float
        0 to 1; NaN where unknown.

    Examples
    --------
    >>> share(0.9996), share(0.25), share(0.0)
    ('more than 99 %', '25 %', '0 %')
    """
    if part != part:
        return "an unknown share"
    if 0 < part < 0.01:
        return "less than 1 %"
    if 0.99 < part < 1:
        return "more than 99 %"
    return f"{part * 100:.0f} %"

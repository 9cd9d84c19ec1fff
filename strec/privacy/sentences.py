"""The privacy report in plain words."""

from typing import TYPE_CHECKING

from strec.privacy.averaging import NEAR_M, Averaged
from strec.privacy.exposure import LEAST_CHECKINS, Exposure
from strec.wording import plural, share

if TYPE_CHECKING:
    from strec.privacy.risk import RiskReport
    from strec.privacy.utility_loss import UtilityLoss

#: From this share of people found on a protection does not protect.
STILL_FOUND = 0.95
#: Of fewer users than this a share would say nothing.
FEWEST_USERS = 5


def sentences(report: "RiskReport") -> list[str]:
    """Return what a `RiskReport` says, the most telling first."""
    if not report.n_users:
        return ["No check-in is left, so nothing is given away."]
    if report.n_users < FEWEST_USERS:
        return [
            f"Only {plural(report.n_users, 'user')} with {report.n_checkins:,} check-ins: there is "
            "no crowd to hide in. Whoever knows one of them knows all of it."
        ]
    said = []
    if report.found is None:
        said.append(
            "The check-ins have no places, so the onlooker knows what was taken and when: "
            + _found(report.found_by_items, _items(report.hours))
        )
    else:
        where = f"points of somebody (a hexagon {width_words(report.resolution)} across and "
        said.append(_found(report.found, f"{where}{hours_words(report.hours)})"))
        said += [_exposed(report.home, "home", "at night", report.k)]
        said += [_exposed(report.work, "workplace", "in office hours", report.k)]
        if report.both is not None and report.both.n_guessed:
            said.append(
                f"Home and work together are shared by fewer than {report.k} for "
                f"{report.both.n_exposed:,} of {report.both.n_guessed:,} users."
            )
        said.append(
            f"{report.n_cells_below:,} of {report.n_cells:,} hexagons were visited by fewer than "
            f"{report.k} users; {share(report.share_below)} of the check-ins lie there."
        )
        said.append(
            "Items tell on people too, and blurring places and times leaves them as they are. "
            + _found(report.found_by_items, _items(report.hours))
        )
    if report.averaged is not None:
        said += _averaged(report.averaged)
    if report.n_without_place and report.found is not None:
        said.append(f"{report.n_without_place:,} check-ins have no place and are left out here.")
    if report.drawn:
        said.append(
            f"Looked at were {report.drawn} Among fewer people one is found more easily, so that "
            "these numbers are too high rather than too low."
        )
    return said


def width_words(resolution: int) -> str:
    """Return how wide an H3 hexagon is, in words.

    Parameters
    ----------
    resolution : int
        Of H3, 0 to 15.

    Examples
    --------
    >>> width_words(9), width_words(7)
    ('350 m', '2.4 km')
    """
    from strec.spatial import hexagon_width_km

    km = hexagon_width_km(resolution)
    if km < 0.95:
        return f"{round(km * 100) * 10} m"
    return f"{km:.1f} km" if km < 10 else f"{km:.0f} km"


def hours_words(hours: int) -> str:
    """Return the width of a time bin in words.

    Examples
    --------
    >>> hours_words(1), hours_words(6), hours_words(24)
    ('the hour', 'the 6 hours', 'the day')
    """
    return {1: "the hour", 24: "the day"}.get(hours, f"the {hours} hours")


def _found(shares: list[float], what: str) -> str:
    return (
        f"Knowing four random {what} singles out {share(shares[3])} of the users; knowing one, "
        f"{share(shares[0])}."
    )


def _items(hours: int) -> str:
    return f"items that somebody took, each with {hours_words(hours)},"


def _averaged(found: Averaged) -> list[str]:
    parts = [
        f"{what}, for {share(part)} of {whom}"
        for part, what, whom in (
            (found.items, "of an item", "the check-ins"),
            (found.homes, "of somebody's nights", "the homes"),
        )
        if part == part
    ]
    said = f"Whoever takes the mean of all places shown comes within {NEAR_M} m of the true one: "
    return [said + "; ".join(parts) + "."] if parts else []


def _exposed(found: Exposure | None, what: str, when: str, k: int) -> str:
    if found is None or not found.n_guessed:
        return (
            f"No {what} can be guessed: nobody has {LEAST_CHECKINS} or more check-ins with a "
            f"place {when}."
        )
    return (
        f"A stranger can guess a {what} (the most frequent hexagon {when}) that fewer than {k} "
        f"users share for {found.n_exposed:,} of {found.n_guessed:,} users "
        f"({share(found.share)})."
    )


def before_after(price: "UtilityLoss") -> list[tuple[str, str, str]]:
    """Return the rows of a table: what, before, after."""
    was, now = price.before, price.after
    rows = [("check-ins", f"{was.n_checkins:,}", f"{now.n_checkins:,}")]
    if was.found is not None and now.found is not None:
        points = enumerate(zip(was.found, now.found, strict=True), 1)
        rows += [
            (f"found by {plural(n, 'point')}", share(old), share(new)) for n, (old, new) in points
        ]
    for n in (1, 4):
        found = share(was.found_by_items[n - 1]), share(now.found_by_items[n - 1])
        rows.append((f"found by {plural(n, 'item')} and time", *found))
    if now.averaged is not None:
        # Without noise the mean of what is shown is the true place.
        rows += [
            (f"{what} within {NEAR_M} m by a mean", share(1.0), share(part))
            for what, part in (("items", now.averaged.items), ("homes", now.averaged.homes))
            if part == part
        ]
    for what, old, new in (
        ("home", was.home, now.home),
        ("workplace", was.work, now.work),
        ("home with workplace", was.both, now.both),
    ):
        if old is not None and new is not None and old.n_guessed:
            rows.append(
                (f"users whose {what} is exposed", f"{old.n_exposed:,}", f"{new.n_exposed:,}")
            )
    return rows


def bought_words(price: "UtilityLoss") -> str:
    """Say what a protection buys: how many people a few points still find."""
    was, now = price.before, price.after
    if was.found is None or now.found is None:
        what, old, new = "items with their times", was.found_by_items[3], now.found_by_items[3]
    else:
        what, old, new = "points", was.found[3], now.found[3]
    if old <= 0:
        return f"Four random {what} found nobody before, so there was nothing to hide."
    said = f"Four random {what} find {share(new)} of the users, {share(old)} before"
    if new >= STILL_FOUND:
        return f"{said}: this protection hides next to nobody, whatever it costs."
    return f"{said}." if new < old else f"{said}: it hides nobody."


def utility_loss_words(price: "UtilityLoss") -> str:
    """Say what a protection costs in accuracy."""
    if price.why:
        return f"What it costs in accuracy cannot be measured. {price.why}"
    hit = price.accuracy["acc@1"]
    verdict = (
        f"{'better' if hit.change > 0 else 'worse'} by {abs(hit.change) * 100:.1f} points"
        if hit.is_real
        else "no difference that is more than chance"
    )
    lost = f" {price.n_lost:,} more were left out by suppression." if price.n_lost else ""
    interval = "no interval: too few users, or no change"
    if hit.low is not None and hit.high is not None:
        ends = f"{hit.low * 100:+.1f} to {hit.high * 100:+.1f} points"
        interval = f"95 % interval of the change {ends}"
    mrr = price.accuracy["mrr"]
    return (
        f"Right at the first try: {hit.before * 100:.1f} % before, {hit.after * 100:.1f} % after: "
        f"{verdict} ({interval}). Mean of 1 / rank: {mrr.before:.3f} before, {mrr.after:.3f} "
        f"after. The same {price.n_queries:,} later check-ins, asked of the counter mix.{lost}"
    )

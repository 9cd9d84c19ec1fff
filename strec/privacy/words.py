"""The privacy report in plain words."""

from strec.privacy.exposure import LEAST_CHECKINS, Exposure

#: Of fewer users than this a share would say nothing.
FEWEST_USERS = 5


def sentences(report) -> list[str]:
    """Return what a `RiskReport` says, the most telling first."""
    if report.n_users < FEWEST_USERS:
        users = "user" if report.n_users == 1 else "users"
        return [
            f"Only {report.n_users:,} {users} with {report.n_checkins:,} check-ins: there is no "
            "crowd to hide in. Whoever knows one of them knows all of it."
        ]
    said = []
    if report.found is None:
        said.append(
            "The check-ins have no places, so the onlooker knows what was taken and when: "
            + _found(report.found_by_items, f"items with {hours_words(report.hours)}")
        )
    else:
        where = f"points (a hexagon {width_words(report.resolution)} across and "
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
            f"{report.k} users; {percent(report.share_below)} of the check-ins lie there."
        )
        said.append(
            "Items stay as they are. Where an item is a place, it tells the place: "
            + _found(report.found_by_items, f"items with {hours_words(report.hours)}")
        )
    if report.n_without_place and report.found is not None:
        said.append(f"{report.n_without_place:,} check-ins have no place and are left out here.")
    return said


def width_words(resolution: int) -> str:
    """Return how wide an H3 hexagon is, in words.

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


def percent(share: float) -> str:
    """Return a share as a percentage that never rounds to all or nothing.

    Examples
    --------
    >>> percent(0.9996), percent(0.25), percent(0.0)
    ('more than 99 %', '25 %', '0 %')
    """
    if share != share:
        return "an unknown share"
    if 0 < share < 0.01:
        return "less than 1 %"
    if 0.99 < share < 1:
        return "more than 99 %"
    return f"{share * 100:.0f} %"


def _found(shares: list[float], what: str) -> str:
    return (
        f"Four random {what} of somebody single out {percent(shares[3])} of the users; one alone "
        f"singles out {percent(shares[0])}."
    )


def _exposed(found: Exposure | None, what: str, when: str, k: int) -> str:
    if found is None or not found.n_guessed:
        return (
            f"No {what} can be guessed: nobody has {LEAST_CHECKINS} or more check-ins with a "
            f"place {when}."
        )
    return (
        f"A stranger can guess a {what} (the most frequent hexagon {when}) that fewer than {k} "
        f"users share for {found.n_exposed:,} of {found.n_guessed:,} users "
        f"({percent(found.share)})."
    )

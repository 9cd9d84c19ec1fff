"""Parts of the week in words: what a weekly profile is about."""

import numpy as np

#: Hours of the day that a part spans, first included, last excluded.
DAY_PARTS = {
    "nights": (0, 5),
    "early mornings": (5, 8),
    "mornings": (8, 11),
    "middays": (11, 14),
    "afternoons": (14, 18),
    "evenings": (18, 22),
    "late evenings": (22, 24),
}
#: A part is named when it holds so many times the share that it holds for everybody.
CLEAR, SLIGHT = 1.15, 1.02


def name_clusters(profiles: np.ndarray, overall: np.ndarray) -> list[str]:
    """Return a name for each profile that tells it from the others.

    Parameters
    ----------
    profiles : numpy.ndarray
        Shares per hour of the week (0 is Monday 00:00), shape ``(n, 168)``.
    overall : numpy.ndarray
        The profile of all together, shape ``(168,)``.

    Examples
    --------
    >>> weekday = np.zeros(168)
    >>> weekday[[24 * day + 9 for day in range(5)]] = 0.2
    >>> name_clusters(weekday[None, :], np.full(168, 1 / 168))
    ['weekday mornings']
    """
    parts = _parts()
    names: list[str] = []
    for profile in profiles:
        ranked = _ranked(profile, overall, parts, CLEAR)
        options = [_phrase(ranked[:n]) for n in (1, 2, 3) if len(ranked) >= n]
        if not options:
            slight = _ranked(profile, overall, parts, SLIGHT)
            options = [f"a little more on {_phrase(slight[:n])}" for n in (1, 2) if slight[:n]]
        if not options:
            options = ["all week, as everybody"]
        name = next((each for each in options if each not in names), None)
        names.append(
            name or f"{options[0]} ({1 + sum(each.startswith(options[0]) for each in names)})"
        )
    return names


def _parts() -> dict[str, np.ndarray]:
    hour, weekend = np.arange(168) % 24, np.arange(168) >= 120
    parts = {}
    for name, (start, end) in DAY_PARTS.items():
        inside = (hour >= start) & (hour < end)
        parts[f"weekday {name}"] = inside & ~weekend
        parts[f"weekend {name}"] = inside & weekend
    return parts


def _ranked(profile, overall, parts: dict[str, np.ndarray], times: float) -> list[str]:
    """Parts that hold so many times what they hold for everybody, the largest surplus first."""
    surplus = {}
    for name, inside in parts.items():
        mine, usual = profile[inside].sum(), overall[inside].sum()
        if mine > times * usual:
            surplus[name] = mine - usual
    return sorted(surplus, key=lambda name: -surplus[name])


def _phrase(names: list[str]) -> str:
    """Join parts, saying "weekday" once: "weekday mornings and middays"."""
    words = []
    for name in names:
        kind, part = name.split(" ", 1)
        same = words and words[-1].split(" ", 1)[0] == kind
        words.append(part if same and len(words) == 1 else name)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

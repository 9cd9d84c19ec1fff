"""Check-ins and distinct users of each group, counted in memory from columns of some users."""

import numpy as np
import pyarrow as pa

#: Groups that could be, for each row: with more, those that are get numbers of their own.
_SPARSE = 16
#: Pairs that could be, for each row: fewer are ticked off, more are sorted.
_DENSE = 16


def counted(rows: pa.Table, user: str) -> pa.Table:
    """Return check-ins and distinct users of each group, as `aggregates.count` does.

    An engine keeps a table of all pairs of user and group; sorting their numbers takes half of
    its time.

    Parameters
    ----------
    rows : pyarrow.Table
        One row per check-in: the number of the user, never null; all other columns are keys.
    user : str
        The column with the user.

    Examples
    --------
    >>> rows = pa.table({"user": [7, 7, 8], "hour": [9, 9, 9]})
    >>> counted(rows, "user").to_pylist()
    [{'hour': 9, 'n_checkins': 3, 'n_users': 2}]
    """
    encoded = {
        name: rows[name].combine_chunks().dictionary_encode("encode")
        for name in rows.column_names
        if name != user
    }
    group, n_groups = np.zeros(len(rows), dtype=np.int64), 1
    for each in encoded.values():
        group = group * len(each.dictionary) + each.indices.to_numpy()
        n_groups *= len(each.dictionary)
    there = None
    if n_groups > _SPARSE * len(rows):
        own = pa.array(group).dictionary_encode()
        there, group, n_groups = own.dictionary, own.indices.to_numpy(), len(own.dictionary)
    n_checkins = np.bincount(group, minlength=n_groups)
    pairs = distinct_pairs(rows[user].to_numpy(), group, n_groups)
    n_users = np.bincount(pairs % max(n_groups, 1), minlength=n_groups)
    position = np.flatnonzero(n_checkins)
    left = position if there is None else there.to_numpy()[position]
    columns = {}
    for name, each in reversed(encoded.items()):
        left, code = np.divmod(left, len(each.dictionary))
        columns[name] = each.dictionary.take(pa.array(code))
    counts = {"n_checkins": n_checkins[position], "n_users": n_users[position]}
    return pa.table({name: columns[name] for name in encoded} | counts)


def distinct_pairs(user: np.ndarray, group: np.ndarray, n_groups: int) -> np.ndarray:
    """Return the distinct pairs of user and group, in order: user × `n_groups` + group.

    Parameters
    ----------
    user : numpy.ndarray
        Numbers of users, shape ``(n,)``; the smallest one counts as 0.
    group : numpy.ndarray
        Whole numbers below `n_groups`, shape ``(n,)``.
    n_groups : int
        How many groups there can be.

    Examples
    --------
    >>> distinct_pairs(np.array([7, 8, 7]), np.array([1, 0, 1]), 10).tolist()
    [1, 10]
    """
    pairs = user.astype(np.int64)
    pairs = (pairs - pairs.min() if len(pairs) else pairs) * n_groups + group
    most = pairs.max(initial=0)
    if most < _DENSE * len(pairs):
        there = np.zeros(most + 1, dtype=bool)
        there[pairs] = True
        return np.flatnonzero(there)
    # Small numbers are sorted in half the time.
    pairs = np.sort(pairs.astype(np.uint32) if most < 2**32 else pairs)
    first = np.ones(len(pairs), dtype=bool)
    np.not_equal(pairs[1:], pairs[:-1], out=first[1:])
    return pairs[first]

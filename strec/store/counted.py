"""Check-ins and distinct users of each group, counted in memory from columns of some users."""

import math

import numpy as np
import pyarrow as pa

#: Groups that could be, for each row: with more, those that are get numbers of their own.
_SPARSE = 16
#: Pairs that could be, for each row: fewer are ticked off, more are sorted.
_DENSE = 16
#: Whole numbers that lie so near each other are counted from the least one.
_SPAN = 2**16


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
        name: _numbered(rows[name].combine_chunks()) for name in rows.column_names if name != user
    }
    n_groups = math.prod(len(values) for _, values in encoded.values())
    group = np.zeros(len(rows), dtype=np.uint32 if n_groups < 2**32 else np.int64)
    for number, values in encoded.values():
        group = group * group.dtype.type(len(values)) + number.astype(group.dtype)
    there = None
    if n_groups > _SPARSE * len(rows):
        own = pa.array(group).dictionary_encode()
        there, group, n_groups = own.dictionary, own.indices.to_numpy(), len(own.dictionary)
    n_checkins = np.bincount(group, minlength=n_groups)
    # Of a power of two the rest is a matter of bits, which takes a tenth of a division.
    n_slots = 1 << max(n_groups - 1, 0).bit_length()
    pairs = distinct_pairs(rows[user].to_numpy(), group, n_slots)
    n_users = np.bincount(pairs & (n_slots - 1), minlength=n_groups)
    position = np.flatnonzero(n_checkins)
    left = position if there is None else there.to_numpy()[position].astype(np.int64)
    columns = {}
    for name, (_, values) in reversed(encoded.items()):
        left, code = np.divmod(left, max(len(values), 1))
        columns[name] = values.take(pa.array(code))
    counts = {"n_checkins": n_checkins[position], "n_users": n_users[position]}
    return pa.table({name: columns[name] for name in encoded} | counts)


def _numbered(column: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return a number for each value, and the values by their numbers."""
    kind = column.type
    if (pa.types.is_integer(kind) or pa.types.is_date32(kind)) and not column.null_count:
        plain = column.view(pa.int32()) if pa.types.is_date32(kind) else column
        given = plain.to_numpy()
        low, high = (int(given.min()), int(given.max())) if len(given) else (0, -1)
        if high - low < _SPAN:
            # Hours and days are numbers already, and leave what is in order in order.
            values = pa.array(np.arange(low, high + 1).astype(given.dtype))
            return (given - given.dtype.type(low)).view(f"u{given.itemsize}"), values.view(kind)
    encoded = column.dictionary_encode("encode")
    return encoded.indices.to_numpy(), encoded.dictionary


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
    first = int(user.min()) if len(user) else 0
    most = (int(user.max()) - first + 1) * n_groups - 1 if len(user) else 0
    # Small numbers are sorted in half the time.
    kind = np.uint32 if most < 2**32 else np.int64
    pairs = (user - user.dtype.type(first)).astype(kind) * kind(n_groups) + group.astype(kind)
    begins = np.ones(len(pairs), dtype=bool)
    if not (pairs[1:] >= pairs[:-1]).all():
        if most < _DENSE * len(pairs):
            there = np.zeros(most + 1, dtype=bool)
            there[pairs] = True
            return np.flatnonzero(there)
        pairs = np.sort(pairs)
    np.not_equal(pairs[1:], pairs[:-1], out=begins[1:])
    return pairs[begins]

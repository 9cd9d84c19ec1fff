"""Records in JSON files that tell whether they were changed: each holds a digest of the rest."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

#: The entry of a record that holds the digest.
SEAL = "seal"


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with a digest of all it says.

    Parameters
    ----------
    record : mapping
        What JSON can hold.

    Examples
    --------
    >>> record = sealed({"n": 3})
    >>> is_whole(record), is_whole(record | {"n": 4})
    (True, False)
    """
    rest = {name: value for name, value in record.items() if name != SEAL}
    return rest | {SEAL: _digest(rest)}


def is_whole(record: Mapping[str, Any], earlier: Collection[str] = ()) -> bool:
    """Whether a record says what it said when it was sealed.

    Parameters
    ----------
    record : mapping
        As it was read.
    earlier : collection of str
        Entries of a record that an earlier version wrote without a seal: with no others, it is
        taken as it is.

    Examples
    --------
    >>> is_whole({"n": 3}), is_whole({"n": 3}, ["n"]), is_whole({"n": 3, "seak": "1f"}, ["n"])
    (False, True, False)
    """
    if SEAL not in record:
        return bool(earlier) and set(record) <= set(earlier)
    return record[SEAL] == _digest({k: v for k, v in record.items() if k != SEAL})


def _digest(rest: Mapping[str, Any]) -> str:
    text = json.dumps(rest, sort_keys=True, default=float, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

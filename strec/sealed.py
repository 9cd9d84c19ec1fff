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


def sealed_line(record: Mapping[str, Any]) -> str:
    """Return a record as a line of JSON that ends with a digest of the rest.

    Parameters
    ----------
    record : mapping
        What JSON can hold.

    Examples
    --------
    >>> line = sealed_line({"n": 3})
    >>> of_line(line), of_line(line.replace("3", "4"))
    ({'n': 3}, None)
    """
    text = json.dumps(record, default=float)
    return f"{text[:-1]}{_MARK}{_digest_of(text)}{_END}"


def of_line(line: str) -> Any:
    """Return what a line says, None where it is not whole; a line without a digest is taken.

    Parameters
    ----------
    line : str
        As `sealed_line` or an earlier version wrote it.

    Examples
    --------
    >>> of_line('{"n": 3}'), of_line('{"n": ')
    ({'n': 3}, None)
    """
    text, mark, digest = line.rpartition(_MARK)
    if mark:
        line = text + "}"
        if digest != _digest_of(line) + _END:
            return None
    try:
        return json.loads(line)
    except ValueError:
        return None


_MARK, _END = f', "{SEAL}": "', '"}'


def _digest(rest: Mapping[str, Any]) -> str:
    return _digest_of(json.dumps(rest, sort_keys=True, default=float, separators=(",", ":")))


def _digest_of(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

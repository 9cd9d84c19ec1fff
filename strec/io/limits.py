"""How much strec agrees to read: the guard against bombs, accidents and full disks."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from strec.errors import LimitError, ReadError, StrecError

#: A compressed file may be expanded this far before its ratio is looked at.
RATIO_FREE_BYTES = 50 * 2**20


@dataclass(frozen=True)
class Limits:
    """The largest input that is accepted; `LimitError` is raised beyond.

    Parameters
    ----------
    max_bytes : int
        Bytes of all files together, after decompression.
    max_ratio : float
        Decompressed bytes per compressed byte; real tables stay under 30.
    max_rows : int
        Rows of all check-in tables together.
    max_columns : int
        Columns of one table.
    max_files : int
        Files given, members of archives included.
    max_json_bytes : int
        Bytes of a JSON array, GeoJSON, workbook or geographic file, which are read as a whole.

    Examples
    --------
    >>> Limits(max_rows=1000).max_columns
    2000
    """

    max_bytes: int = 16 * 2**30
    max_ratio: float = 200.0
    max_rows: int = 500_000_000
    max_columns: int = 2000
    max_files: int = 1000
    max_json_bytes: int = 512 * 2**20

    def check_bytes(self, n_bytes: int, name: str) -> None:
        """Refuse files that are too large after decompression.

        Parameters
        ----------
        n_bytes : int
            Size after decompression.
        name : str
            The file, for the message.

        Raises
        ------
        LimitError
            If it is larger than `max_bytes`.

        Examples
        --------
        >>> Limits(max_bytes=1000).check_bytes(999, "visits.csv")
        """
        if n_bytes > self.max_bytes:
            raise LimitError(
                f"At most {size_text(self.max_bytes)} can be read here, after decompression.",
                f"{name} holds at least {size_text(n_bytes)}.",
                "Split the file, or raise the limit with Limits(max_bytes=...).",
            )

    def check_ratio(self, n_bytes: int, n_compressed: int, name: str) -> None:
        """Refuse a compressed file that expands implausibly far.

        Parameters
        ----------
        n_bytes, n_compressed : int
            Sizes after and before decompression, in bytes.
        name : str
            The file, for the message.

        Raises
        ------
        LimitError
            If it expands more than `max_ratio` times.

        Examples
        --------
        >>> Limits(max_ratio=100).check_ratio(1_000, 100, "visits.zip")
        """
        if n_bytes > RATIO_FREE_BYTES and n_bytes > self.max_ratio * max(n_compressed, 1):
            raise LimitError(
                f"A compressed table expands at most {self.max_ratio:g} times.",
                f"{name} expands {size_text(n_compressed)} to {size_text(n_bytes)} or more, "
                "as a decompression bomb does.",
                "If you trust the file, decompress it yourself and give the result.",
            )

    def check_whole(self, n_bytes: int, name: str) -> None:
        """Refuse a file that is too large to be read as a whole, as it must be.

        Parameters
        ----------
        n_bytes : int
            Size of the file.
        name : str
            The file, for the message.

        Raises
        ------
        LimitError
            If it is larger than `max_json_bytes`.

        Examples
        --------
        >>> Limits(max_json_bytes=1_000).check_whole(900, "visits.json")
        """
        if n_bytes > self.max_json_bytes:
            raise LimitError(
                "JSON arrays, workbooks and geographic files are read as a whole, up to "
                f"{size_text(self.max_json_bytes)}.",
                f"{name} has {size_text(n_bytes)}.",
                "Convert it to CSV, Parquet or JSON Lines, which are read piece by piece.",
            )

    def check_rows(self, n_rows: int, name: str) -> None:
        """Refuse a table with too many rows.

        Parameters
        ----------
        n_rows : int
            Rows of the table.
        name : str
            The file, for the message.

        Raises
        ------
        LimitError
            If there are more than `max_rows`.

        Examples
        --------
        >>> Limits(max_rows=10).check_rows(9, "visits.csv")
        """
        if n_rows > self.max_rows:
            raise LimitError(
                f"At most {self.max_rows:,} rows can be read here.",
                f"{name} has at least {n_rows:,}.",
                "Give a part of the file, or raise the limit with Limits(max_rows=...).",
            )

    def check_columns(self, n_columns: int, name: str) -> None:
        """Refuse a table with too many columns.

        Parameters
        ----------
        n_columns : int
            Columns of the table.
        name : str
            The file, for the message.

        Raises
        ------
        LimitError
            If there are more than `max_columns`.

        Examples
        --------
        >>> Limits(max_columns=10).check_columns(9, "visits.csv")
        """
        if n_columns > self.max_columns:
            raise LimitError(
                f"A table of check-ins has a row per event and at most {self.max_columns:,} "
                "columns.",
                f"{name} has {n_columns:,} columns.",
                "If it has a column per item or per day, turn it so that each event is a row.",
            )

    def check_files(self, n_files: int, found: str) -> None:
        """Refuse too many files, those in archives included.

        Parameters
        ----------
        n_files : int
            Files to be read together.
        found : str
            The sentence that says what was found.

        Raises
        ------
        LimitError
            If there are more than `max_files`.

        Examples
        --------
        >>> Limits(max_files=10).check_files(9, "9 files")
        """
        if n_files > self.max_files:
            raise LimitError(
                f"At most {self.max_files:,} files can be read together.",
                found,
                "Give the one or two files with the check-ins.",
            )


def size_text(n_bytes: float) -> str:
    """Return a number of bytes as a person reads it.

    Examples
    --------
    >>> size_text(1536), size_text(3 * 2**30)
    ('1.5 KB', '3.0 GB')
    """
    if n_bytes < 1024:
        return f"{n_bytes:.0f} bytes"
    size, unit = next(
        (n_bytes / 1024**power, unit)
        for power, unit in ((1, "KB"), (2, "MB"), (3, "GB"))
        if n_bytes < 1024 ** (power + 1) or unit == "GB"
    )
    return f"{size:.1f} {unit}"


def explain(problem: BaseException) -> str:
    """Return the first words of a library's error, without paths or lines of code.

    Examples
    --------
    >>> explain(ValueError("bad block at 7\\nTraceback …"))
    'bad block at 7'
    """
    lines = str(problem).strip().splitlines()
    return re.sub(r"(/[\w.-]+){2,}/", "", lines[0])[:160] if lines else type(problem).__name__


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what a library raises into an error that says what to do; a panic of Rust too.

    Parameters
    ----------
    what : str
        What is read, for the message.

    Raises
    ------
    ReadError
        Instead of anything that is no `StrecError`.
    """
    try:
        yield
    except (StrecError, KeyboardInterrupt, SystemExit, GeneratorExit, Interrupted):
        raise
    except MemoryError as problem:
        raise too_much_memory(what) from problem
    except BaseException as problem:
        if is_disk_full(problem):
            raise disk_full() from problem
        raise ReadError(
            "A file whose content can be read as a table is needed.",
            f"{what} makes a library fail ({explain(problem)}).",
            "Export it again, as CSV UTF-8 or as Parquet.",
        ) from problem


class Interrupted(BaseException):
    """What a caller's own function raised while reading, on its way out."""


def is_disk_full(problem: BaseException) -> bool:
    """Tell whether there was no room left to write; engines say so only in words.

    Examples
    --------
    >>> is_disk_full(OSError(28, "No space left on device")), is_disk_full(ValueError("x"))
    (True, False)
    """
    full = isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "no space left" in str(problem).lower()


def disk_full() -> LimitError:
    """Return the error of a full disk, which says nothing against the file."""
    return LimitError(
        "Room on the disk is needed to unpack, read or write.",
        "there is no space left on the device; the file itself may be fine.",
        "Make room, or set TMPDIR to a larger disk, and try again.",
    )


def too_much_memory(what: str) -> LimitError:
    """Return the error of a file that needs more memory than there is."""
    return LimitError(
        "Memory is needed to hold what a file expands to.",
        f"{what} takes more than there is.",
        "Give it as CSV, Parquet or JSON Lines, which are read piece by piece, or a part of it.",
    )

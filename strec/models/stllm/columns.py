"""A table that grows by columns, each of which belongs to a reason."""

import numpy as np


class Columns:
    """Collect columns; call it with a reason and arrays.

    Examples
    --------
    >>> put = Columns()
    >>> put("hour", np.array([True, False]), np.array([2, 3]))
    >>> put.stack(2).tolist(), put.reasons
    ([[1.0, 2.0], [0.0, 3.0]], ['hour', 'hour'])
    """

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._columns: list[np.ndarray] = []

    def __call__(self, reason: str, *columns: np.ndarray) -> None:
        self._columns += [np.asarray(column, dtype=np.float32) for column in columns]
        self.reasons += [reason] * len(columns)

    def stack(self, n_rows: int) -> np.ndarray:
        """Return the table, shape ``(n_rows, n_columns)``, float32."""
        table = np.empty((n_rows, len(self._columns)), dtype=np.float32)
        for place, column in enumerate(self._columns):
            table[:, place] = column
        return table
